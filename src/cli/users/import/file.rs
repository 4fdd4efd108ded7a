//! A file of users, read a row at a time, however large it is.

use std::fs::File;
use std::path::Path;

use clap::ValueEnum;
use indicatif::ProgressBar;

use super::row::{Columns, Rows, unreadable};
use super::{csv_rows, json_rows};
use crate::cli::stop::{Stop, stop};
use crate::model::{only_file, shown};

/// What a file of users is.
#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    /// Comma-separated values, with a header.
    Csv,
    /// A JSON object on each line.
    Jsonl,
}

/// Opens the file, and checks the names of its columns where it has them. The bar shows how much of it has been read.
pub fn open(path: &Path, format: Option<Format>, ignored: &[String], bar: &ProgressBar) -> Result<Rows, Stop> {
    let Some(format) = format.or_else(|| format_of(path)) else {
        return Err(stop(format!(
            "{} may be CSV or JSON Lines: say which by --format csv or --format jsonl.",
            shown(path)
        )));
    };
    let shown = shown(path);
    let cannot = move |because: String| stop(format!("{shown} {because}"));

    // What comes through a pipe could not be read twice.
    let found = only_file(path).map_err(|error| cannot(unreadable(error)))?;
    let file = File::open(path).map_err(|error| cannot(unreadable(error)))?;
    bar.reset();
    bar.set_length(found.len());
    let file = bar.wrap_read(file);
    let columns = Columns { ignored: ignored.to_vec() };
    Ok(match format {
        Format::Csv => Box::new(csv_rows::rows(file, columns).map_err(&cannot)?.map(move |row| row.map_err(&cannot))),
        Format::Jsonl => {
            Box::new(json_rows::rows(file, columns).map_err(&cannot)?.map(move |row| row.map_err(&cannot)))
        }
    })
}

fn format_of(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" => Some(Format::Csv),
        "jsonl" | "ndjson" => Some(Format::Jsonl),
        _ => None,
    }
}
