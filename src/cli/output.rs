//! What the operator reads.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use serde::Serialize;

use super::Stop;

/// Writes lines to the standard output. Whoever reads no further, such as `head`, has seen enough.
pub fn print(text: impl Display) -> Result<(), Stop> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Stop(format!("Nothing can be written: {error}."))),
        _ => Ok(()),
    }
}

/// The same as JSON.
pub fn print_json(value: &impl Serialize) -> Result<(), Stop> {
    let text = serde_json::to_string_pretty(value);
    print(text.map_err(|error| Stop(format!("This cannot be written as JSON: {error}.")))?)
}

/// Writes a line to the standard error: beside the result, or instead of it.
pub fn tell(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
