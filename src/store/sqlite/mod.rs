//! A SQLite file: for one machine, with nothing to install.

mod damage;

use std::fs::{File, OpenOptions};
use std::future::ready;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::open::{MIGRATIONS, OpenError, migrated};
use super::{PATIENCE, Store};

/// How long a start waits for a file that another process has locked.
const START_PATIENCE: Duration = Duration::from_secs(10);
/// How many may read at once.
const READERS: u32 = 4;

/// SQLite's primary result codes for trouble that is not of our making: BUSY, LOCKED, READONLY, IOERR, CORRUPT, FULL,
/// CANTOPEN, NOTADB. The rest of an extended code is in its higher bits.
const AWAY: [u32; 8] = [5, 6, 8, 10, 11, 13, 14, 26];

/// Whether an error of this code may be gone the next time.
pub(super) fn is_away(code: Option<&str>) -> bool {
    let code = code.and_then(|code| code.parse::<u32>().ok());
    code.is_some_and(|code| AWAY.contains(&(code & 0xff)))
}

pub(super) async fn open(file: &Path) -> Result<Store, OpenError> {
    let failed =
        |because: &dyn std::fmt::Display| OpenError::File { file: file.to_owned(), because: because.to_string() };
    open_private(file).map_err(|error| failed(&error))?;

    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(false)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        .journal_mode(SqliteJournalMode::Wal)
        // In WAL mode only FULL makes a commit survive a loss of power, and what was answered must.
        .synchronous(SqliteSynchronous::Full);
    // Several processes may start at once on a new folder, and SQLite lets two of them read what is to be done before
    // either does it. The lock is let go of with the file.
    let lock = open_private(&file.with_extension("lock")).map_err(|error| failed(&error))?;
    if lock.try_lock().is_err() {
        tracing::warn!("another process is bringing the database up to date; the start waits for it");
        lock.lock().map_err(|error| failed(&error))?;
    }

    let patient = options.clone().busy_timeout(START_PATIENCE);
    let patient = SqlitePoolOptions::new().max_connections(1).acquire_timeout(START_PATIENCE).connect_with(patient);
    let patient = patient.await.map_err(|error| damage::not_opened(file, &error))?;
    damage::refuse(file, &patient).await?;
    migrated(MIGRATIONS.run(&patient).await)?;
    patient.close().await;

    let pool = |most| SqlitePoolOptions::new().max_connections(most).acquire_timeout(PATIENCE);
    // When a disk is full, SQLite ends a transaction by itself, and sqlx goes on believing in it.
    let writer = pool(1).before_acquire(|connection, _| Box::pin(ready(Ok(!connection.is_in_transaction()))));
    let writer = writer.connect_lazy_with(options.clone());
    let readers = pool(READERS).connect_lazy_with(options.pragma("query_only", "ON"));

    Ok(Store::Sqlite { readers, writer })
}

/// Opens the file, and makes it readable to its owner alone if it is not there. SQLite gives the companions of a database
/// (`-wal`, `-shm`) the same mode.
fn open_private(file: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(file)
}
