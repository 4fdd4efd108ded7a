//! Asking for a new password: unseen on a terminal, or as one line of what is piped in. Never as an argument, which others
//! on the machine can read.

use std::io::{self, BufRead, ErrorKind, IsTerminal, Read, stdin};
use std::time::Duration;

use rocket::tokio::signal::unix::{SignalKind, signal};
use rocket::tokio::time::timeout;
use rocket::tokio::{select, task};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::output::tell;
use super::stop::{Stop, stop};

/// More than any password is.
const MOST_BYTES: u64 = 8 * 1_024;

/// What was typed, twice the same; or the line that was piped in.
pub async fn ask_for_new(whose: &str) -> Result<Zeroizing<String>, Stop> {
    if !stdin().is_terminal() {
        return read_line().map_err(failed);
    }
    let first = ask(format!("Password of {whose}: ")).await.map_err(failed)?;
    let second = ask("The same again: ".to_owned()).await.map_err(failed)?;
    if *first == *second { Ok(first) } else { Err(stop("The two are not the same, so nothing was done.")) }
}

/// Asks on the terminal, which shows nothing of what is typed, also before the question is there, and is left as it was found,
/// also when the program is interrupted.
async fn ask(question: String) -> io::Result<Zeroizing<String>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let terminal = tcgetattr(stdin())?;
    let mut unseen = terminal.clone();
    unseen.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
    tcsetattr(stdin(), OptionalActions::Now, &unseen)?;
    let mut asked = task::spawn_blocking(|| rpassword::prompt_password(question));
    let typed = select! {
        typed = &mut asked => typed.map_err(io::Error::other)?,
        _ = interrupt.recv() => {
            // An interrupt that was typed ends the asking, which puts the terminal back to `unseen`; another program's does not.
            let _ = timeout(Duration::from_millis(500), asked).await;
            Err(ErrorKind::Interrupted.into())
        }
    };
    tcsetattr(stdin(), OptionalActions::Now, &terminal)?;
    if typed.is_err() {
        tell("");
    }
    let typed = Zeroizing::new(typed?);
    // What stands for bytes that are no text.
    if typed.contains('\u{FFFD}') { Err(ErrorKind::InvalidData.into()) } else { Ok(typed) }
}

fn read_line() -> io::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::new());
    stdin().lock().take(MOST_BYTES).read_line(&mut line)?;
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Ok(line)
}

fn failed(error: io::Error) -> Stop {
    match error.kind() {
        ErrorKind::Interrupted => stop("Interrupted, so nothing was done."),
        ErrorKind::InvalidData => stop("The password must be text in UTF-8."),
        _ => stop(format!("The password cannot be read: {error}.")),
    }
}
