use std::io::{self, Read};
use std::iter::from_fn;

use csv::{ByteRecord, ReaderBuilder};

use super::row::{Columns, LONGEST, Row, set, unreadable};
use crate::auth::WrittenUser;

/// The rows under the header, whose names are checked at once.
pub fn rows(file: impl Read, columns: Columns) -> Result<impl Iterator<Item = Result<Row, String>>, String> {
    let bounded = Bounded { file, left: 2 * LONGEST };
    let mut reader = ReaderBuilder::new().flexible(true).buffer_capacity(LONGEST).from_reader(bounded);
    let names = reader.byte_headers().map_err(unreadable)?;
    let header = header(names, &columns).map_err(|because| format!("cannot be taken: {because}"))?;

    let mut next = move || {
        reader.get_mut().left = 2 * LONGEST;
        let mut record = ByteRecord::new();
        let is_there = reader.read_byte_record(&mut record).map_err(unreadable)?;
        let line = record.position().map_or(0, csv::Position::line);
        Ok(is_there.then(|| Row { line, user: user(&record, &header, &columns) }))
    };
    Ok(from_fn(move || next().transpose()))
}

fn header(record: &ByteRecord, columns: &Columns) -> Result<Vec<String>, String> {
    let mut names: Vec<String> = Vec::new();
    for name in record {
        let name = str::from_utf8(name).map_err(|_| "The names of its columns are not UTF-8.")?.to_owned();
        if names.contains(&name) {
            return Err(format!("It has two columns `{}`.", name.escape_debug()));
        }
        columns.check(&name)?;
        names.push(name);
    }
    match ["username", "password_hash"].into_iter().find(|needed| !names.iter().any(|name| name == needed)) {
        Some(missing) => Err(format!("It has no column `{missing}`; the first line must name the columns.")),
        None => Ok(names),
    }
}

fn user(record: &ByteRecord, header: &[String], columns: &Columns) -> Result<WrittenUser, String> {
    if record.len() != header.len() {
        return Err(format!("It has {} fields, and the header names {}.", record.len(), header.len()));
    }
    let mut user = WrittenUser::default();
    for (name, field) in header.iter().zip(record).filter(|(name, _)| !columns.is_ignored(name)) {
        let text = str::from_utf8(field).map_err(|_| format!("{name}: This is not UTF-8."))?;
        set(&mut user, name, text.to_owned());
    }
    Ok(user)
}

/// A file of which no more than so much is read for one row: a quote that is never closed would make a row of all that
/// follows.
struct Bounded<F> {
    file: F,
    left: usize,
}

impl<F: Read> Read for Bounded<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        match self.left.checked_sub(read) {
            Some(left) => self.left = left,
            None => return Err(io::Error::other("a row is longer than any user's; is a quote never closed?")),
        }
        Ok(read)
    }
}
