//! What became of each row, for the operator.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;

use serde::Serialize;

use super::{ImportArgs, ImportError, Imported};

/// The longest name that is shown, in characters: what is no user name may be anything.
const LONGEST: usize = 64;

/// What became of a row.
pub(super) struct Entry {
    pub line: u64,
    pub username: Option<String>,
    /// Why they were not taken in.
    pub refused: Option<String>,
}

/// The same as a line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    line: u64,
    username: Option<String>,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<&'a str>,
}

/// Tells of everyone who was refused, and in a file of everyone.
pub(super) struct Report {
    pub imported: Imported,
    is_dry_run: bool,
    file: Option<BufWriter<File>>,
}

impl Report {
    /// Before anything is done, so that no import goes unreported. Nothing is overwritten: it might be what is imported.
    pub fn open(args: &ImportArgs) -> Result<Self, ImportError> {
        let open = |path| OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let file = args.report.as_ref().map(open).transpose().map_err(ImportError::Report)?;
        Ok(Self { imported: Imported::default(), is_dry_run: args.dry_run, file: file.map(BufWriter::new) })
    }

    pub fn tell(&mut self, entries: &[Entry]) -> Result<(), ImportError> {
        self.write(entries).map_err(ImportError::Report)
    }

    pub fn finish(mut self) -> Result<Imported, ImportError> {
        let Imported { taken, refused } = self.imported;
        let would = if self.is_dry_run { "would be " } else { "" };
        let said = writeln!(std::io::stdout(), "{taken} {would}taken in, {refused} {would}refused.");
        let written = self.file.as_mut().map_or(Ok(()), |file| file.flush());
        said.and(written).map_err(ImportError::Report)?;
        Ok(self.imported)
    }

    fn write(&mut self, entries: &[Entry]) -> std::io::Result<()> {
        let mut out = BufWriter::new(std::io::stdout().lock());
        for entry in entries {
            let username = entry.username.as_deref().filter(|name| !name.is_empty());
            let username = username.map(|name| name.chars().take(LONGEST).collect::<String>());
            match &entry.refused {
                None => self.imported.taken += 1,
                Some(because) => {
                    self.imported.refused += 1;
                    // Escaped, so that nothing in a file makes a terminal do anything.
                    let name = username.as_ref().map(|name| format!(" {}:", name.escape_debug())).unwrap_or_default();
                    writeln!(out, "line {}:{name} {because}", entry.line)?;
                }
            }
            if let Some(file) = &mut self.file {
                let because = entry.refused.as_deref();
                let outcome = match (because, self.is_dry_run) {
                    (Some(_), _) => "refused",
                    (None, true) => "would be taken in",
                    (None, false) => "taken in",
                };
                serde_json::to_writer(&mut *file, &Line { line: entry.line, username, outcome, because })?;
                writeln!(file)?;
            }
        }
        out.flush()
    }
}
