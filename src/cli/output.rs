//! What the operator reads.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use serde::Serialize;

use super::stop::{Stop, stop};

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

/// Writes a line to the standard error: beside the result, or instead of it.
pub fn tell(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A number with its noun.
pub fn count(number: impl Into<i128>, noun: &str) -> String {
    let number = number.into();
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{s}")
}
