//! Asking for a new password: unseen on a terminal, or as one line of what is piped in. Never as an argument, which others
//! on the machine can read.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use rocket::tokio::signal::unix::{SignalKind, signal};
use rocket::tokio::{select, task};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::Stop;

/// More than any password is.
const MOST_BYTES: u64 = 8 * 1_024;

/// What was typed, twice the same; or the line that was piped in.
pub async fn ask_for_new(whose: &str) -> Result<Zeroizing<String>, Stop> {
    if !io::stdin().is_terminal() {
        return read_line().map_err(|error| failed(&error));
    }
    let first = ask(&format!("Password of {whose}: ")).await?;
    let second = ask("The same again: ").await?;
    match *first == *second {
        true => Ok(first),
        false => Err(Stop("The two are not the same, so nothing was done.".to_owned())),
    }
}

async fn ask(question: &str) -> Result<Zeroizing<String>, Stop> {
    // Were the program ended while nothing is shown, it would leave a terminal on which nobody sees what they type.
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| failed(&error))?;
    // Before the question: whoever answers at once is not seen either.
    let echo_off = EchoOff::begin().map_err(|error| failed(&error))?;
    let _ = write!(io::stderr(), "{question}").and_then(|()| io::stderr().flush());
    let typed = select! {
        typed = task::spawn_blocking(read_line) => typed.map_err(io::Error::other).flatten(),
        _ = interrupt.recv() => Err(io::ErrorKind::Interrupted.into()),
    };
    drop(echo_off);
    let _ = writeln!(io::stderr());
    typed.map_err(|error| failed(&error))
}

fn read_line() -> io::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::new());
    io::stdin().lock().take(MOST_BYTES).read_line(&mut line)?;
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Ok(line)
}

fn failed(error: &io::Error) -> Stop {
    match error.kind() {
        io::ErrorKind::Interrupted => Stop("Interrupted, so nothing was done.".to_owned()),
        io::ErrorKind::InvalidData => Stop("The password must be text in UTF-8.".to_owned()),
        _ => Stop(format!("The password cannot be read: {error}.")),
    }
}

/// While it lives, nothing that is typed is shown.
struct EchoOff(Termios);

impl EchoOff {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &quiet)?;
        Ok(Self(before))
    }
}

impl Drop for EchoOff {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}
