//! `vestibule users import FILE`: takes the users of another system in, and reports on everyone who was refused.

mod csv_rows;
mod file;
mod json_rows;
mod report;
mod row;

use std::collections::HashMap;
use std::collections::hash_map;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use sha2::{Digest, Sha256};

use crate::auth::{Auth, Failure, Import, ImportProblem, WrittenUser};
use crate::cli::output::progress;
use crate::cli::stop::{Stop, stop};
use crate::model::Moment;

use file::{Format, open};
use report::{Entry, Report};
use row::{Row, Rows};

/// How many users one transaction takes in: few enough that a site which is being served waits for none of them.
const AT_ONCE: usize = 500;

/// What to import, and how.
#[derive(Args)]
pub struct ImportUsers {
    /// CSV with the names of the columns in its first line, or JSON Lines; it is read twice, so that a pipe will not do.
    file: PathBuf,
    /// What the file is, where its name ends neither in .csv nor in .jsonl or .ndjson.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Reports what would happen, and writes nothing into the database.
    #[arg(long)]
    dry_run: bool,
    /// A column to leave out; may be given several times.
    #[arg(long, value_name = "COLUMN")]
    ignore: Vec<String>,
    /// Writes what became of each row into this file, as JSON Lines.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// The line of everyone so far who may be taken in, by name; hashed, so that of a million names little is kept.
type Names = HashMap<[u8; 16], u64>;

impl ImportUsers {
    pub async fn run(self, auth: &Auth) -> Result<ExitCode, Stop> {
        let imported = self.import(auth).await;
        auth.close().await;
        imported
    }

    /// Reads the whole file once before anything is written, so that one which is broken in the middle leaves nothing
    /// behind; then takes in whoever can be, and reports on everyone else.
    async fn import(&self, auth: &Auth) -> Result<ExitCode, Stop> {
        let mut report = Report::open(self.report.as_deref(), self.dry_run)?;
        let bar = progress(0, "{msg} {wide_bar} {percent}% {eta}");
        if !self.dry_run {
            bar.set_message("reading");
            for row in self.rows(&bar)? {
                row?;
            }
        }

        bar.set_message(if self.dry_run { "checking" } else { "taking in" });
        let mut rows = self.rows(&bar)?;
        let mut names = Names::new();
        loop {
            let batch: Vec<Row> = rows.by_ref().take(AT_ONCE).collect::<Result<_, _>>()?;
            if batch.is_empty() {
                bar.finish_and_clear();
                return report.finish();
            }
            let judged = batch.into_iter().map(|row| judge(row, auth.clock().now(), &mut names)).collect();
            let entries = self.decide(judged, auth).await.map_err(|because| gave_up(report.taken, &because))?;
            bar.suspend(|| report.tell(entries))?;
        }
    }

    fn rows(&self, bar: &indicatif::ProgressBar) -> Result<Rows, Stop> {
        open(&self.file, self.format, &self.ignore, bar)
    }

    /// Takes in whoever may be, or asks in a dry run whether their names are free.
    async fn decide(&self, judged: Vec<(Entry, Option<Import>)>, auth: &Auth) -> Result<Vec<Entry>, Failure> {
        let (mut entries, imports): (Vec<Entry>, Vec<Option<Import>>) = judged.into_iter().unzip();
        let imports: Vec<Import> = imports.into_iter().flatten().collect();
        let taken_in = if self.dry_run { auth.could_import(&imports).await? } else { auth.import(imports).await? };
        let candidates = entries.iter_mut().filter(|entry| entry.because.is_none());
        for (entry, is_taken_in) in candidates.zip(taken_in) {
            entry.because = (!is_taken_in).then(|| ImportProblem::NameTaken.to_string());
        }
        Ok(entries)
    }
}

/// What can be said of a row without the database, and whoever may be taken in of it.
fn judge(row: Row, now: Moment, names: &mut Names) -> (Entry, Option<Import>) {
    let name = row.user.as_ref().ok().and_then(|user| user.username.clone());
    match row.user.and_then(|user| check(&user, row.line, now, names)) {
        Ok(import) => (Entry::new(row.line, name, None), Some(import)),
        Err(because) => (Entry::new(row.line, name, Some(because)), None),
    }
}

fn check(user: &WrittenUser, line: u64, now: Moment, names: &mut Names) -> Result<Import, String> {
    let import = Import::check(user, now).map_err(|problem| problem.to_string())?;
    let digest = Sha256::digest(import.username().key());
    match names.entry(*digest.first_chunk().expect("a digest is longer than that")) {
        hash_map::Entry::Vacant(free) => {
            free.insert(line);
            Ok(import)
        }
        hash_map::Entry::Occupied(first) => {
            Err(format!("username: Line {} has this name already, in this or another spelling.", first.get()))
        }
    }
}

fn gave_up(taken: u64, because: &Failure) -> Stop {
    stop(format!(
        "The database gave up after {taken} users were taken in: {because}. Run the same again: whoever is in is refused \
         as such."
    ))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::row::Columns;
    use super::*;

    const COLUMNS: [&str; 5] = ["username", "password_hash", "display_name", "created_at", "disabled"];

    fn columns() -> Columns {
        Columns { ignored: vec!["email".to_owned()] }
    }

    /// The fields of everyone in a file, or what is said of the row or the file; up to the first that ends the reading.
    fn read(rows: Result<impl Iterator<Item = Result<Row, String>>, String>) -> Vec<Result<[String; 5], String>> {
        let fields = |user: WrittenUser| {
            [user.username, user.password_hash, user.display_name, user.created_at, user.disabled]
                .map(Option::unwrap_or_default)
        };
        let mut read = Vec::new();
        match rows {
            Err(because) => read.push(Err(because)),
            Ok(rows) => {
                for row in rows {
                    let is_end = row.is_err();
                    read.push(row.and_then(|row| row.user.map(fields)));
                    if is_end {
                        break;
                    }
                }
            }
        }
        read
    }

    /// Anything, or what looks like CSV or JSON with controls and marks in it.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        const CSV: &str = "[\",\r\n\ta-c\\\\{}:\u{1b}\u{202e}]{0,100}";
        const JSON: &str = "(\\{\"(username|disabled|email|a\u{1b})\":(\"[a-c]{0,3}\"|true|null|\\[\\]|1)\
            (,\"username\":\"a\")?\\}?\n){0,5}";

        prop_oneof![vec(any::<u8>(), 0..300), CSV.prop_map(String::into_bytes), JSON.prop_map(String::into_bytes)]
    }

    proptest! {
        #[test]
        fn users_are_read_as_they_were_written_as_csv_and_as_json_lines(
            users in vec(prop::array::uniform5(prop_oneof![any::<String>(), "[ -~\r\n]{0,20}", "[\",\n]{0,5}"]), 0..5),
        ) {
            let mut csv = csv::Writer::from_writer(Vec::new());
            csv.write_record(COLUMNS).unwrap();
            let mut json = Vec::new();
            for user in &users {
                csv.write_record(user).unwrap();
                let members: HashMap<_, _> = COLUMNS.iter().zip(user).collect();
                json.extend(serde_json::to_vec(&members).unwrap());
                json.push(b'\n');
            }
            let csv = csv.into_inner().unwrap();

            let written: Vec<_> = users.into_iter().map(Ok).collect();
            prop_assert_eq!(&read(csv_rows::rows(&csv[..], columns())), &written);
            prop_assert_eq!(&read(json_rows::rows(&json[..], columns())), &written);
        }

        #[test]
        fn no_bytes_of_a_file_are_more_than_rows_and_sentences(
            header in "(username,password_hash|\u{feff}username,password_hash,email|)\n",
            bytes in bytes(),
        ) {
            let file = || header.as_bytes().chain(&bytes[..]);
            for read in [read(csv_rows::rows(file(), columns())), read(json_rows::rows(file(), columns()))] {
                prop_assert!(read.len() <= bytes.len() + 1);
                for because in read.into_iter().filter_map(Result::err) {
                    prop_assert!(!because.contains(char::is_control), "{:?}", because);
                }
            }
        }
    }
}
