//! Asking for a new password: unseen on a terminal, or as one line of what is piped in. Never as an argument, which others
//! on the machine can read.

use std::io::{self, BufRead, ErrorKind, IsTerminal, Read, stdin};

use rocket::tokio::signal::unix::{SignalKind, signal};
use rocket::tokio::{select, task};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
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

/// Asks on the terminal, which is left as it was found also when the program is interrupted while nothing is shown.
async fn ask(question: String) -> io::Result<Zeroizing<String>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let terminal = tcgetattr(stdin())?;
    let typed = select! {
        typed = task::spawn_blocking(|| rpassword::prompt_password(question)) => typed.map_err(io::Error::other)?,
        _ = interrupt.recv() => Err(ErrorKind::Interrupted.into()),
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
