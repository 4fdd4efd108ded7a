//! Asking for a new password: unseen on a terminal, or as one line of what is piped in. Never as an argument, which others
//! on the machine can read.

use std::fs::File;
use std::io::{self, BufRead, ErrorKind, IsTerminal, Read, Write, stdin};

use rocket::tokio::signal::unix::{SignalKind, signal};
use rocket::tokio::{select, task};
use rpassword::ConfigBuilder;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::stop::{Stop, stop};

/// More than any password is.
const MOST_BYTES: u64 = 8 * 1_024;

/// What was typed, twice the same; or the line that was piped in.
pub async fn ask_for_new(whose: &str) -> Result<Zeroizing<String>, Stop> {
    if !stdin().is_terminal() {
        return read_line().map_err(failed);
    }
    let (first, second) = ask_twice(whose).await.map_err(failed)?;
    if *first == *second { Ok(first) } else { Err(stop("The two are not the same, so nothing was done.")) }
}

async fn ask_twice(whose: &str) -> io::Result<(Zeroizing<String>, Zeroizing<String>)> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let terminal = Unseen::begin()?;
    let questions = (format!("Password of {whose}: "), "\nThe same again: ".to_owned());
    let asked = async { Ok((terminal.ask(questions.0).await?, terminal.ask(questions.1).await?)) };
    select! {
        typed = asked => typed,
        _ = interrupt.recv() => Err(ErrorKind::Interrupted.into()),
        _ = terminate.recv() => Err(ErrorKind::Interrupted.into()),
        _ = hangup.recv() => Err(ErrorKind::Interrupted.into()),
    }
}

/// The terminal, which shows nothing of what is typed until this is dropped, and is then as it was before.
struct Unseen {
    terminal: File,
    before: Termios,
}

impl Unseen {
    fn begin() -> io::Result<Self> {
        let terminal = File::options().read(true).write(true).open("/dev/tty")?;
        let before = tcgetattr(&terminal)?;
        let mut unseen = before.clone();
        unseen.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
        unseen.special_codes[SpecialCodeIndex::VMIN] = 1;
        unseen.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&terminal, OptionalActions::Now, &unseen)?;
        Ok(Self { terminal, before })
    }

    async fn ask(&self, question: String) -> io::Result<Zeroizing<String>> {
        let (input, output) = (self.terminal.try_clone()?, self.terminal.try_clone()?);
        let asked = task::spawn_blocking(move || {
            // Given what to read from and to write to, it leaves the terminal as it is.
            let config = ConfigBuilder::new().input_reader(input).output_writer(output).build();
            rpassword::prompt_password_with_config(question, config).map(Zeroizing::new)
        });
        let typed = asked.await.map_err(io::Error::other)??;
        // What stands for bytes that are no text.
        if typed.contains('\u{FFFD}') { Err(ErrorKind::InvalidData.into()) } else { Ok(typed) }
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        // What was typed did not begin a new line.
        let _ = writeln!(&self.terminal);
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
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
