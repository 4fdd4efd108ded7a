//! `vestibule users import FILE`: takes the users of another system in, and reports on everyone who was refused.

mod report;
mod rows;

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest, Sha256};

use super::super::{Stop, verbs_on_a_new_one};
use crate::auth::{Auth, Failure, Import, ImportProblem};

use report::{Entry, Report};
use rows::{Row, Rows};

/// How many users one transaction takes in: few enough that a site which is being served waits for none of them.
const AT_ONCE: usize = 500;

/// What to import, and how.
#[derive(Args, Debug)]
pub struct ImportArgs {
    /// CSV with the names of the columns in its first line, or JSON Lines.
    pub file: PathBuf,
    /// What the file is, where its name ends neither in .csv nor in .jsonl or .ndjson.
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Reports what would happen, and writes nothing into the database.
    #[arg(long)]
    pub dry_run: bool,
    /// A column to leave out; may be given several times.
    #[arg(long, value_name = "COLUMN")]
    pub ignore: Vec<String>,
    /// Writes what became of each row into this file, as JSON Lines.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

/// What a file of users is.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Format {
    /// Comma-separated values, with a header.
    Csv,
    /// A JSON object on each line.
    Jsonl,
}

/// How many users were taken in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Imported {
    /// So many; in a dry run, so many would be.
    pub taken: u64,
    /// So many were not.
    pub refused: u64,
}

/// Why an import could not be done, as a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Its name does not tell what is in the file.
    #[error("{} may be CSV or JSON Lines: say which by --format csv or --format jsonl.", .0.display())]
    WhichFormat(PathBuf),
    /// The file cannot be read to its end.
    #[error("{} cannot be read: {because}.", .file.display())]
    File {
        /// Which one.
        file: PathBuf,
        /// Why.
        because: String,
    },
    /// The columns are not those that can be taken.
    #[error("{} cannot be taken: {because}", .file.display())]
    Columns {
        /// Which file.
        file: PathBuf,
        /// Why, as a sentence.
        because: String,
    },
    /// The report cannot be written.
    #[error("The report cannot be written: {0}.")]
    Report(std::io::Error),
    /// The database stopped answering on the way.
    #[error(
        "The database gave up after {taken} users were taken in: {because}. Run the same again: whoever is in is refused as such."
    )]
    Stopped {
        /// How many are in.
        taken: u64,
        /// Why.
        because: Failure,
    },
}

impl Imported {
    /// 0 when everyone was taken in, 1 when somebody was refused.
    pub fn exit_code(self) -> ExitCode {
        ExitCode::from(u8::from(self.refused > 0))
    }
}

impl ImportArgs {
    pub(super) async fn run(self) -> Result<ExitCode, Stop> {
        let auth = verbs_on_a_new_one().await?;
        let imported = run(&self, &auth).await;
        auth.close().await;
        Ok(imported.map_err(|error| Stop(error.to_string()))?.exit_code())
    }
}

/// Reads the whole file once before anything is written, so that one which is broken in the middle leaves nothing behind;
/// then takes in whoever can be, and reports on everyone else.
async fn run(args: &ImportArgs, auth: &Auth) -> Result<Imported, ImportError> {
    let mut report = Report::open(args)?;
    if !args.dry_run {
        let (mut rows, progress) = open(args, "reading")?;
        while rows.next()?.is_some() {
            progress.set_position(rows.bytes_read());
        }
        progress.finish_and_clear();
    }

    let (mut rows, progress) = open(args, if args.dry_run { "checking" } else { "taking in" })?;
    let mut names = HashMap::new();
    let mut batch = Vec::with_capacity(AT_ONCE);
    loop {
        let row = rows.next()?;
        let is_end = row.is_none();
        batch.extend(row.map(|row| judge(row, auth, &mut names)));
        if is_end || batch.len() == AT_ONCE {
            let entries = decide(std::mem::take(&mut batch), args, auth)
                .await
                .map_err(|because| ImportError::Stopped { taken: report.imported.taken, because })?;
            progress.suspend(|| report.tell(&entries))?;
            progress.set_position(rows.bytes_read());
        }
        if is_end {
            progress.finish_and_clear();
            return report.finish();
        }
    }
}

fn open(args: &ImportArgs, what: &'static str) -> Result<(Rows, ProgressBar), ImportError> {
    let rows = Rows::open(args)?;
    let style =
        ProgressStyle::with_template("{msg} {wide_bar} {percent}% {eta}").expect("a template that is well formed");
    // Draws nothing where the standard error is no terminal.
    let progress = ProgressBar::new(rows.bytes()).with_style(style).with_message(what);
    Ok((rows, progress))
}

/// A row, and whoever may be taken in of it.
type Judged = (Entry, Option<Import>);

/// Checks what can be without the database. `names` knows the line of everyone so far who may be taken in; hashed, so that
/// of a million names little is kept.
fn judge(row: Row, auth: &Auth, names: &mut HashMap<[u8; 16], u64>) -> Judged {
    let refused =
        |username: Option<String>, because: String| (Entry { line: row.line, username, refused: Some(because) }, None);
    let written = match row.user {
        Ok(written) => written,
        Err(because) => return refused(None, because),
    };
    let import = match Import::check(&written, auth.clock().now()) {
        Ok(import) => import,
        Err(problem) => return refused(written.username, problem.to_string()),
    };
    let digest = Sha256::digest(import.username().key());
    let name = digest.first_chunk().expect("a digest is longer than that");
    if let Some(line) = names.get(name) {
        return refused(
            written.username,
            format!("username: Line {line} has this name already, in this or another spelling."),
        );
    }
    names.insert(*name, row.line);
    (Entry { line: row.line, username: written.username, refused: None }, Some(import))
}

/// Takes in whoever may be, or asks in a dry run whether their names are free.
async fn decide(batch: Vec<Judged>, args: &ImportArgs, auth: &Auth) -> Result<Vec<Entry>, Failure> {
    let (mut entries, imports): (Vec<Entry>, Vec<Option<Import>>) = batch.into_iter().unzip();
    let imports: Vec<Import> = imports.into_iter().flatten().collect();
    let taken_in = match args.dry_run {
        false => auth.import(imports).await?,
        true => auth.could_import(&imports).await?,
    };
    let candidates = entries.iter_mut().filter(|entry| entry.refused.is_none());
    for (entry, is_taken_in) in candidates.zip(taken_in) {
        entry.refused = (!is_taken_in).then(|| ImportProblem::NameTaken.to_string());
    }
    Ok(entries)
}
