//! A file of users, read a row at a time, however large it is.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use csv::{ByteRecord, ReaderBuilder};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::{Format, ImportArgs, ImportError};
use crate::auth::WrittenUser;

const COLUMNS: [&str; 5] = ["username", "password_hash", "display_name", "created_at", "disabled"];
/// The longest row, in bytes: more is not of one user, but of a quote that is never closed.
const LONGEST: usize = 64 * 1024;

/// A row of the file.
pub(super) struct Row {
    pub line: u64,
    /// Who it is, or why that cannot be read, as a sentence.
    pub user: Result<WrittenUser, String>,
}

/// The rows of a file, in their order.
pub(super) struct Rows {
    path: PathBuf,
    ignored: Vec<String>,
    bytes: u64,
    kind: Kind,
}

enum Kind {
    Csv { reader: csv::Reader<Bounded>, header: Vec<String> },
    Jsonl { reader: BufReader<File>, line: u64, bytes_read: u64 },
}

impl Rows {
    /// Opens the file, and checks the names of its columns where it has them.
    pub fn open(args: &ImportArgs) -> Result<Self, ImportError> {
        let path = args.file.clone();
        let format = match args.format.or_else(|| format_of(&path)) {
            Some(format) => format,
            None => return Err(ImportError::WhichFormat(path)),
        };
        let cannot =
            |because: &dyn fmt::Display| ImportError::File { file: path.clone(), because: because.to_string() };
        let file = File::open(&path).map_err(|error| cannot(&error))?;
        let known = file.metadata().map_err(|error| cannot(&error))?;
        // It is read twice.
        if !known.is_file() {
            return Err(cannot(&"it is no file"));
        }
        let kind = match format {
            Format::Csv => {
                let mut reader = ReaderBuilder::new()
                    .flexible(true)
                    .buffer_capacity(LONGEST)
                    .from_reader(Bounded { file, left: 2 * LONGEST });
                let header = reader.byte_headers().map_err(|error| cannot(&error))?;
                let header = header_of(header, &args.ignore)
                    .map_err(|because| ImportError::Columns { file: path.clone(), because })?;
                Kind::Csv { reader, header }
            }
            Format::Jsonl => Kind::Jsonl { reader: BufReader::new(file), line: 0, bytes_read: 0 },
        };
        Ok(Self { path, ignored: args.ignore.clone(), bytes: known.len(), kind })
    }

    /// How long the file is.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How much of it has been read.
    pub fn bytes_read(&self) -> u64 {
        match &self.kind {
            Kind::Csv { reader, .. } => reader.position().byte(),
            Kind::Jsonl { bytes_read, .. } => *bytes_read,
        }
    }

    /// The next row; none at the end. Fails when the file cannot be read any further.
    pub fn next(&mut self) -> Result<Option<Row>, ImportError> {
        let read = match &mut self.kind {
            Kind::Csv { reader, header } => next_record(reader, header, &self.ignored),
            Kind::Jsonl { reader, line, bytes_read } => next_line(reader, line, bytes_read, &self.ignored),
        };
        read.map_err(|because| ImportError::File { file: self.path.clone(), because })
    }
}

fn format_of(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" => Some(Format::Csv),
        "jsonl" | "ndjson" => Some(Format::Jsonl),
        _ => None,
    }
}

fn header_of(header: &ByteRecord, ignored: &[String]) -> Result<Vec<String>, String> {
    let mut names: Vec<String> = Vec::new();
    for name in header {
        let name = str::from_utf8(name).map_err(|_| "The names of its columns are not UTF-8.".to_owned())?;
        if names.iter().any(|known| known == name) {
            return Err(format!("It has two columns `{}`.", name.escape_debug()));
        }
        check_column(name, ignored)?;
        names.push(name.to_owned());
    }
    match ["username", "password_hash"].iter().find(|needed| !names.iter().any(|name| name == *needed)) {
        None => Ok(names),
        Some(missing) => Err(format!("It has no column `{missing}`; the first line must name the columns.")),
    }
}

fn check_column(name: &str, ignored: &[String]) -> Result<(), String> {
    match COLUMNS.contains(&name) || ignored.iter().any(|ignored| ignored == name) {
        true => Ok(()),
        false => Err(format!(
            "There is no column `{}`: leave it out by --ignore, or name it one of {}.",
            name.escape_debug(),
            COLUMNS.join(", ")
        )),
    }
}

fn next_record(
    reader: &mut csv::Reader<Bounded>,
    header: &[String],
    ignored: &[String],
) -> Result<Option<Row>, String> {
    reader.get_mut().left = 2 * LONGEST;
    let mut record = ByteRecord::new();
    if !reader.read_byte_record(&mut record).map_err(|error| error.to_string())? {
        return Ok(None);
    }
    let line = record.position().map_or(0, csv::Position::line);
    Ok(Some(Row { line, user: user_of_record(&record, header, ignored) }))
}

fn user_of_record(record: &ByteRecord, header: &[String], ignored: &[String]) -> Result<WrittenUser, String> {
    if record.len() != header.len() {
        return Err(format!("It has {} fields, and the header names {}.", record.len(), header.len()));
    }
    let mut user = WrittenUser::default();
    for (name, field) in header.iter().zip(record) {
        if !ignored.contains(name) {
            let text = str::from_utf8(field).map_err(|_| format!("{name}: This is not UTF-8."))?;
            set(&mut user, name, text.to_owned());
        }
    }
    Ok(user)
}

fn next_line(
    reader: &mut BufReader<File>,
    line: &mut u64,
    bytes_read: &mut u64,
    ignored: &[String],
) -> Result<Option<Row>, String> {
    loop {
        let mut bytes = Vec::new();
        let read =
            reader.by_ref().take(LONGEST as u64).read_until(b'\n', &mut bytes).map_err(|error| error.to_string())?;
        if read == 0 {
            return Ok(None);
        }
        *line += 1;
        *bytes_read += read as u64;
        if read == LONGEST && !bytes.ends_with(b"\n") {
            *bytes_read += reader.skip_until(b'\n').map_err(|error| error.to_string())? as u64;
            return Ok(Some(Row { line: *line, user: Err("The line is longer than any user's.".to_owned()) }));
        }
        let text = bytes.strip_prefix(b"\xEF\xBB\xBF").filter(|_| *line == 1).unwrap_or(&bytes);
        if !text.trim_ascii().is_empty() {
            return Ok(Some(Row { line: *line, user: user_of_line(text, ignored) }));
        }
    }
}

fn user_of_line(line: &[u8], ignored: &[String]) -> Result<WrittenUser, String> {
    let line = str::from_utf8(line).map_err(|_| "The line is not UTF-8.".to_owned())?;
    let pairs: Pairs = serde_json::from_str(line).map_err(|_| "The line is no JSON object.".to_owned())?;
    let mut user = WrittenUser::default();
    let mut known: Vec<&str> = Vec::new();
    for (name, value) in &pairs.0 {
        check_column(name, ignored)?;
        if known.contains(&name.as_str()) {
            return Err(format!("`{name}` is there twice."));
        }
        known.push(name);
        match value {
            _ if ignored.contains(name) => {}
            Value::Null => {}
            Value::String(text) => set(&mut user, name, text.clone()),
            Value::Bool(is_so) if name == "disabled" => set(&mut user, name, is_so.to_string()),
            _ => return Err(format!("{name}: This must be text.")),
        }
    }
    Ok(user)
}

fn set(user: &mut WrittenUser, column: &str, text: String) {
    let field = match column {
        "username" => &mut user.username,
        "password_hash" => &mut user.password_hash,
        "display_name" => &mut user.display_name,
        "created_at" => &mut user.created_at,
        _ => &mut user.disabled,
    };
    *field = Some(text);
}

/// A JSON object as it was written: a map would keep the last of two values and say nothing.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// A file of which no more than so much is read for one row: a quote that is never closed would make a row of all that
/// follows.
struct Bounded {
    file: File,
    left: usize,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        match self.left.checked_sub(read) {
            Some(left) => self.left = left,
            None => return Err(std::io::Error::other("a row is longer than any user's; is a quote never closed?")),
        }
        Ok(read)
    }
}
