//! What the operator reads: lines, lists in columns, and how far something is.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::iter::once;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::stop::{Stop, stop};
pub use crate::log::tell;
use crate::model::Moment;

/// How often something that takes its time is looked at.
pub const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Writes lines to the standard output. Whoever reads no further, such as `head`, has seen enough.
pub fn print(text: impl Display) -> Result<(), Stop> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(stop(format!("Nothing can be written: {error}."))),
        _ => Ok(()),
    }
}

/// Writes a list, for programs as JSON or for people as these lines.
pub fn print_list<T: Serialize>(is_json: bool, list: &[T], lines: impl FnOnce(&[T]) -> String) -> Result<(), Stop> {
    if !is_json {
        return print(lines(list));
    }
    let json = serde_json::to_string_pretty(list);
    print(json.map_err(|error| stop(format!("This cannot be written as JSON: {error}.")))?)
}

/// A number with its noun.
pub fn count(number: impl Into<i128>, noun: &str) -> String {
    let number = number.into();
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{s}")
}

/// The rows under their header, each column as wide as its widest cell.
pub fn table<const N: usize>(header: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let rows: Vec<_> = once(header.map(str::to_owned)).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |cells: &[String; N]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A moment in a cell, in UTC, to the minute.
pub fn minute(moment: Moment) -> String {
    moment.written("%Y-%m-%d %H:%M")
}

/// The same, where there may be none.
pub fn minute_or_dash(moment: Option<Moment>) -> String {
    moment.map_or_else(|| "-".to_owned(), minute)
}

/// How far something is on its way, drawn by this template; nothing where the standard error is no terminal.
pub fn progress(length: u64, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("a template of ours is well formed");
    let bar = ProgressBar::new(length).with_style(style);
    bar.enable_steady_tick(LOOK_EVERY);
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other_and_no_line_ends_in_blanks() {
        let rows = [["ada".to_owned(), "1".to_owned()], ["Éléonore".to_owned(), String::new()]];
        assert_eq!(table(["NAME", "N"], rows.into_iter()), "NAME      N\nada       1\nÉléonore");
    }
}
