//! A copy of a SQLite file that is made while others read and write it, and what is checked of the copy.

use std::path::Path;
use std::time::Duration;

use sqlx::{Connection, query, query_as};

use super::sqlite::{damage, read_only};
use crate::model::Moment;

/// A row is stamped with the moment before it is written: what is younger than this may have come after the copy.
const YOUNG: Duration = Duration::from_secs(10);

/// What was seen of a copy.
#[derive(Debug)]
pub struct Copied {
    pub users: i64,
    pub sessions: i64,
}

/// Why there is no copy that can be relied on.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error("{0}")]
    Database(#[from] sqlx::Error),
    #[error("the copy is damaged: {0}")]
    Damaged(String),
    #[error("the copy lacks {users} accounts and {sessions} sessions")]
    Incomplete { users: i64, sessions: i64 },
}

/// Copies a SQLite file as it is at one moment into one that is empty or not there. Nobody waits for it.
pub async fn copy_sqlite(file: &Path, to: &Path) -> Result<(), CopyError> {
    let mut original = read_only(file).await?;
    query("VACUUM INTO $1").bind(to.to_string_lossy().as_ref()).execute(&mut original).await?;
    Ok(original.close().await?)
}

/// Opens a copy that was begun at `began`, checks every page of it, and compares it with the original: every account and
/// session that was there before and still is must be in it.
pub async fn check_copy(file: &Path, copy: &Path, began: Moment) -> Result<Copied, CopyError> {
    const COUNT: &str = "SELECT (SELECT COUNT(*) FROM users), (SELECT COUNT(*) FROM sessions)";

    let mut connection = read_only(copy).await?;
    if let Some(damage) = damage(&mut connection).await? {
        return Err(CopyError::Damaged(damage));
    }
    let (users, sessions) = query_as(COUNT).fetch_one(&mut connection).await?;
    connection.close().await?;

    match missing(file, copy, began.minus(YOUNG)).await? {
        (0, 0) => Ok(Copied { users, sessions }),
        (users, sessions) => Err(CopyError::Incomplete { users, sessions }),
    }
}

/// How many accounts and sessions of before that moment are in the original alone.
async fn missing(file: &Path, copy: &Path, before: Moment) -> sqlx::Result<(i64, i64)> {
    const SQL: &str = "
        SELECT
            (SELECT COUNT(*) FROM users
             WHERE created_at < $1 AND user_id NOT IN (SELECT copied.user_id FROM copy.users AS copied)),
            (SELECT COUNT(*) FROM sessions
             WHERE created_at < $1 AND session_id NOT IN (SELECT copied.session_id FROM copy.sessions AS copied))";

    let mut connection = read_only(file).await?;
    query("ATTACH DATABASE $1 AS copy").bind(copy.to_string_lossy().as_ref()).execute(&mut connection).await?;
    let missing = query_as(SQL).bind(before.millis()).fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(missing)
}
