//! What became of each row, for the operator.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

use crate::cli::stop::{Stop, stop};

/// The longest name that is shown, in characters: what is no user name may be anything.
const LONGEST_NAME: usize = 64;

/// What became of a row.
#[derive(Serialize)]
pub struct Entry {
    line: u64,
    username: Option<String>,
    outcome: &'static str,
    /// Why they were not taken in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// Tells of everyone who was refused, and in a file of everyone.
pub struct Report {
    pub taken: u64,
    refused: u64,
    is_dry_run: bool,
    file: Option<BufWriter<File>>,
}

impl Entry {
    pub fn new(line: u64, username: Option<String>, because: Option<String>) -> Self {
        let username = username.filter(|name| !name.is_empty()).map(|name| name.chars().take(LONGEST_NAME).collect());
        Self { line, username, outcome: "", because }
    }
}

impl Report {
    /// Before anything is done, so that no import goes unreported. Nothing is overwritten: it might be what is imported.
    pub fn open(file: Option<&Path>, is_dry_run: bool) -> Result<Self, Stop> {
        let open = |path| OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let file = file.map(open).transpose().map_err(cannot_write)?.map(BufWriter::new);
        Ok(Self { taken: 0, refused: 0, is_dry_run, file })
    }

    pub fn tell(&mut self, entries: Vec<Entry>) -> Result<(), Stop> {
        let mut out = BufWriter::new(io::stdout().lock());
        for entry in entries {
            self.tell_one(entry, &mut out).map_err(cannot_write)?;
        }
        out.flush().map_err(cannot_write)
    }

    /// Says how many there were. The exit status is 1 when somebody was refused.
    pub fn finish(mut self) -> Result<ExitCode, Stop> {
        let (taken, refused) = (self.taken, self.refused);
        let would = if self.is_dry_run { "would be " } else { "" };
        let said = writeln!(io::stdout(), "{taken} {would}taken in, {refused} {would}refused.");
        let written = self.file.as_mut().map_or(Ok(()), |file| file.flush());
        said.and(written).map_err(cannot_write)?;
        Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn tell_one(&mut self, mut entry: Entry, out: &mut impl Write) -> io::Result<()> {
        if let Some(because) = &entry.because {
            self.refused += 1;
            entry.outcome = "refused";
            // Escaped, so that nothing in a file makes a terminal do anything.
            let name = entry.username.as_ref().map(|name| format!(" {}:", name.escape_debug())).unwrap_or_default();
            writeln!(out, "line {}:{name} {because}", entry.line)?;
        } else {
            self.taken += 1;
            entry.outcome = if self.is_dry_run { "would be taken in" } else { "taken in" };
        }
        if let Some(file) = &mut self.file {
            serde_json::to_writer(&mut *file, &entry)?;
            writeln!(file)?;
        }
        Ok(())
    }
}

fn cannot_write(error: io::Error) -> Stop {
    stop(format!("The report cannot be written: {error}."))
}
