use std::fmt::Display;

use crate::auth::WrittenUser;
use crate::cli::stop::Stop;

/// The longest row, in bytes: more is not of one user, but of a quote that is never closed.
pub const LONGEST: usize = 64 * 1024;
const COLUMNS: [&str; 5] = ["username", "password_hash", "display_name", "created_at", "disabled"];

/// A row of the file.
pub struct Row {
    pub line: u64,
    /// Who it is, or why that cannot be read, as a sentence.
    pub user: Result<WrittenUser, String>,
}

/// The rows of a file, in their order; an error when it cannot be read any further.
pub type Rows = Box<dyn Iterator<Item = Result<Row, Stop>>>;

/// The columns that may be there.
pub struct Columns {
    pub ignored: Vec<String>,
}

impl Columns {
    pub fn check(&self, name: &str) -> Result<(), String> {
        if COLUMNS.contains(&name) || self.is_ignored(name) {
            return Ok(());
        }
        Err(format!(
            "There is no column `{}`: leave it out by --ignore, or name it one of {}.",
            name.escape_debug(),
            COLUMNS.join(", ")
        ))
    }

    pub fn is_ignored(&self, name: &str) -> bool {
        self.ignored.iter().any(|ignored| ignored == name)
    }
}

pub fn set(user: &mut WrittenUser, column: &str, text: String) {
    let field = match column {
        "username" => &mut user.username,
        "password_hash" => &mut user.password_hash,
        "display_name" => &mut user.display_name,
        "created_at" => &mut user.created_at,
        _ => &mut user.disabled,
    };
    *field = Some(text);
}

/// What a sentence about a file goes on with.
pub fn unreadable(because: impl Display) -> String {
    format!("cannot be read: {because}.")
}
