//! Whether a SQLite file may be used as it is. One that is damaged is refused before anything is written to it.

use std::path::Path;

use sqlx::sqlite::SqlitePool;

use crate::store::OpenError;

/// The largest file that is looked through at every start, in bytes: a fraction of a second. What a larger one takes would
/// keep the site away after a crash, and its damage is found where it is read and by `vestibule doctor`.
const LOOKED_THROUGH: u64 = 64 * 1024 * 1024;

/// SQLite's primary result codes CORRUPT and NOTADB.
const DAMAGE: [u32; 2] = [11, 26];

/// Looks through the file for pages that are torn, missing or not SQLite's.
pub(super) async fn refuse(file: &Path, writer: &SqlitePool) -> Result<(), OpenError> {
    if file.metadata().is_ok_and(|found| found.len() > LOOKED_THROUGH) {
        return Ok(());
    }
    let found: String = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(writer)
        .await
        .map_err(|error| not_opened(file, &error))?;
    match found.as_str() {
        "ok" => Ok(()),
        _ => Err(OpenError::Damaged(file.to_owned())),
    }
}

/// Why SQLite did not open the file.
pub(super) fn not_opened(file: &Path, error: &sqlx::Error) -> OpenError {
    let code = error.as_database_error().and_then(|refusal| refusal.code()?.parse::<u32>().ok());
    match error {
        _ if code.is_some_and(|code| DAMAGE.contains(&(code & 0xff))) => OpenError::Damaged(file.to_owned()),
        // Waiting for its turn took all the time that there was to open it.
        sqlx::Error::PoolTimedOut => OpenError::Locked(file.to_owned()),
        _ => OpenError::File { file: file.to_owned(), because: error.to_string() },
    }
}
