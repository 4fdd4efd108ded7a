//! Files as the operator names them: shown safely, and refused where they are none.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;

use super::user::disturbs;

/// A path as it is shown: nothing in the name of a file makes a terminal do anything, ends a line or hides what it is.
pub fn shown(path: &Path) -> String {
    escaped(&path.to_string_lossy())
}

/// The same of a text that somebody else wrote.
pub fn escaped(text: &str) -> String {
    // What stands for bytes that are no text may be seen.
    let escape = |c: char| {
        if disturbs(c) && c != char::REPLACEMENT_CHARACTER { c.escape_unicode().to_string() } else { c.to_string() }
    };
    text.chars().map(escape).collect()
}

/// What is known of a file. A pipe would be waited for, perhaps for ever, and a device may have no end.
pub fn only_file(path: &Path) -> io::Result<Metadata> {
    let found = fs::metadata(path)?;
    if found.is_file() { Ok(found) } else { Err(io::Error::other("it is no file, but a folder, a pipe or a device")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_letter_is_shown_by_its_number_and_all_else_as_it_is() {
        assert_eq!(shown(Path::new("/srv/dätä 'x' \"y\" \\z")), "/srv/dätä 'x' \"y\" \\z");
        assert_eq!(shown(Path::new("a\u{1b}[31m\n\u{9b}\u{202e}b")), "a\\u{1b}[31m\\u{a}\\u{9b}\\u{202e}b");
    }
}
