use std::io::{self, BufRead, BufReader, Read};
use std::iter::from_fn;

use serde::Deserialize;
use serde_json::Value;
use serde_with::{Map, serde_as};

use super::row::{Columns, LONGEST, Row, set, unreadable};
use crate::auth::WrittenUser;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A JSON object as it was written: a map would keep the last of two values and say nothing.
#[serde_as]
#[derive(Deserialize)]
struct Pairs(#[serde_as(as = "Map<_, _>")] Vec<(String, Value)>);

/// The lines that are not blank.
pub fn rows(file: impl Read, columns: Columns) -> Result<impl Iterator<Item = Result<Row, String>>, String> {
    let mut file = BufReader::new(file);
    if file.fill_buf().map_err(unreadable)?.starts_with(BYTE_ORDER_MARK) {
        file.consume(BYTE_ORDER_MARK.len());
    }
    let lines = from_fn(move || next_line(&mut file).map_err(unreadable).transpose());
    let is_blank = |line: &Result<Vec<u8>, String>| line.as_ref().is_ok_and(|bytes| bytes.trim_ascii().is_empty());
    let written = (1..).zip(lines).filter(move |(_, line)| !is_blank(line));
    Ok(written.map(move |(line, bytes)| Ok(Row { line, user: user(&bytes?, &columns) })))
}

/// The next line with its end; of one that is too long the beginning, without an end.
fn next_line(file: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    file.take(LONGEST as u64).read_until(b'\n', &mut bytes)?;
    if is_cut_off(&bytes) {
        file.skip_until(b'\n')?;
    }
    Ok((!bytes.is_empty()).then_some(bytes))
}

fn is_cut_off(line: &[u8]) -> bool {
    line.len() == LONGEST && !line.ends_with(b"\n")
}

fn user(line: &[u8], columns: &Columns) -> Result<WrittenUser, String> {
    if is_cut_off(line) {
        return Err("The line is longer than any user's.".to_owned());
    }
    let line = str::from_utf8(line).map_err(|_| "The line is not UTF-8.")?;
    let Pairs(pairs) = serde_json::from_str(line).map_err(|_| "The line is no JSON object.")?;
    let mut user = WrittenUser::default();
    for (index, (name, value)) in pairs.iter().enumerate() {
        columns.check(name)?;
        if pairs[..index].iter().any(|(known, _)| known == name) {
            return Err(format!("`{name}` is there twice."));
        }
        match value {
            _ if columns.is_ignored(name) => {}
            Value::Null => {}
            Value::String(text) => set(&mut user, name, text.clone()),
            Value::Bool(is_so) if name == "disabled" => set(&mut user, name, is_so.to_string()),
            _ => return Err(format!("{name}: This must be text.")),
        }
    }
    Ok(user)
}
