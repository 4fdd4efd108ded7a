use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::{PATIENCE, Store};

static MIGRATIONS: Migrator = sqlx::migrate!("src/store/migrations");

/// How many may read a SQLite file at once.
const READERS: u32 = 4;

/// Runs the same expression on a place to read from, of whichever database is open.
macro_rules! reading {
    ($store:expr, $db:ident => $run:expr) => {
        match $store {
            $crate::store::Store::Sqlite { readers: $db, .. } => $run,
        }
    };
}

/// Runs the same expression on a place to write to: one statement, whole by itself.
macro_rules! writing {
    ($store:expr, $db:ident => $run:expr) => {
        match $store {
            $crate::store::Store::Sqlite { writer: $db, .. } => $run,
        }
    };
}

/// Runs the same expression in a transaction, all of it or nothing: leaving it early takes it back.
///
/// On SQLite it begins `IMMEDIATE`: one that reads first and writes later would fail at once when another wrote between.
macro_rules! transaction {
    ($store:expr, $tx:ident => $run:expr) => {
        match $store {
            $crate::store::Store::Sqlite { writer, .. } => {
                let mut $tx = writer.begin_with("BEGIN IMMEDIATE").await?;
                let done = $run;
                $tx.commit().await?;
                done
            }
        }
    };
}

/// Which database to open.
#[derive(Clone, Debug)]
pub enum Database {
    /// A SQLite file, made when it is not there.
    Sqlite(PathBuf),
}

/// Why a database was not opened, as a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be made or read.
    #[error("The database {} cannot be opened: {because}.", .file.display())]
    File {
        /// The SQLite file.
        file: PathBuf,
        /// What the system said.
        because: String,
    },
    /// A newer version of this program has been here.
    #[error(
        "The database was written by a newer version of Vestibule. Start that version, or restore an older backup."
    )]
    Newer,
    /// A step of the migrations failed; nothing of it was kept.
    #[error("The database could not be brought up to date: {0}.")]
    Migration(String),
}

impl Store {
    /// Opens the database, makes it if need be and brings its tables up to date.
    pub async fn open(database: &Database) -> Result<Self, OpenError> {
        let Database::Sqlite(file) = database;
        let failed =
            |because: &dyn std::fmt::Display| OpenError::File { file: file.clone(), because: because.to_string() };
        open_private(file).map_err(|error| failed(&error))?;

        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(false)
            .foreign_keys(true)
            .busy_timeout(PATIENCE)
            .journal_mode(SqliteJournalMode::Wal)
            // In WAL mode only FULL makes a commit survive a loss of power, and what was answered must.
            .synchronous(SqliteSynchronous::Full);
        let pool = |most| SqlitePoolOptions::new().max_connections(most).acquire_timeout(PATIENCE);

        // Several processes may start at once on a new folder, and SQLite lets two of them read what is to be done before
        // either does it. The lock is let go of with the file.
        let lock = open_private(&file.with_extension("lock")).map_err(|error| failed(&error))?;
        lock.lock().map_err(|error| failed(&error))?;

        let writer = pool(1).connect_with(options.clone()).await.map_err(|error| failed(&error))?;
        MIGRATIONS.run(&writer).await.map_err(|error| match error {
            MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => OpenError::Newer,
            error => OpenError::Migration(error.to_string()),
        })?;
        let readers = options.pragma("query_only", "ON");
        let readers = pool(READERS).connect_with(readers).await.map_err(|error| failed(&error))?;

        Ok(Self::Sqlite { readers, writer })
    }
}

/// Opens the file, and makes it readable to its owner alone if it is not there. SQLite gives the companions of a database
/// (`-wal`, `-shm`) the same mode.
fn open_private(file: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(file)
}
