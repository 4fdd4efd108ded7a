use std::path::PathBuf;

use sqlx::migrate::{MigrateError, Migrator};

use super::postgres::Server;
use super::{Store, postgres, sqlite};

/// Once for both databases.
pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("src/store/migrations");

/// Runs the same expression on a place to read from, of whichever database is open.
macro_rules! reading {
    ($store:expr, $db:ident => $run:expr) => {{
        let _timed = $crate::store::timings::reading();
        match $store {
            $crate::store::Store::Sqlite { readers: $db, .. } => $run,
            $crate::store::Store::Postgres { pool: $db } => $run,
        }
    }};
}

/// Runs the same expression on a place to write to: one statement, whole by itself.
macro_rules! writing {
    ($store:expr, $db:ident => $run:expr) => {{
        let _timed = $crate::store::timings::writing();
        match $store {
            $crate::store::Store::Sqlite { writer: $db, .. } => $run,
            $crate::store::Store::Postgres { pool: $db } => $run,
        }
    }};
}

/// Runs the same expression in a transaction, all of it or nothing: leaving it early takes it back.
///
/// On SQLite it begins `IMMEDIATE`: one that reads first and writes later would fail at once when another wrote between.
/// On PostgreSQL several run at once, each statement seeing what was committed before it. What writes several rows of a
/// user therefore touches the user first (`take_turns!`): those of one user then come one after the other, and no two
/// wait for each other.
macro_rules! transaction {
    ($store:expr, $tx:ident => $run:expr) => {{
        let _timed = $crate::store::timings::transaction();
        match $store {
            $crate::store::Store::Sqlite { writer, .. } => {
                let mut $tx = writer.begin_with("BEGIN IMMEDIATE").await?;
                let done = $run;
                $tx.commit().await?;
                done
            }
            $crate::store::Store::Postgres { pool } => {
                let mut $tx = pool.begin().await?;
                let done = $run;
                $tx.commit().await?;
                done
            }
        }
    }};
}

/// Which database to open.
#[derive(Clone, Debug)]
pub enum Database {
    /// A SQLite file, made when it is not there.
    Sqlite(PathBuf),
    /// A database of a PostgreSQL server, which several processes may share.
    Postgres(Box<Server>),
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
    /// The file is not what SQLite wrote.
    #[error(
        "The database {} is damaged: restore it from a backup, or move it away to begin with an empty one.", .0.display()
    )]
    Damaged(PathBuf),
    /// Another process does not let anyone at it.
    #[error("The database {} is locked by another process: end that, and start again.", .0.display())]
    Locked(PathBuf),
    /// The server cannot be reached, or does not let us in.
    #[error("The database {server} cannot be opened: {because}. Check `database_url`, and that the server runs.")]
    Server {
        /// The server's address, without a password.
        server: String,
        /// What it or the system said.
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

impl Database {
    /// Reads what stands behind `database_url`; `None` when it names neither a SQLite file nor a PostgreSQL server.
    pub fn parse(url: &str) -> Option<Result<Self, String>> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Some(Server::parse(url).map(Box::new).map(Self::Postgres));
        }
        let file = url.strip_prefix("sqlite:")?;
        let file = file.strip_prefix("//").unwrap_or(file);
        // A database in memory would be another one for each connection.
        let is_file = !file.is_empty() && !file.starts_with([':', '?']) && !file.contains(['?', '#']);
        is_file.then(|| Ok(Self::Sqlite(file.into())))
    }
}

impl Store {
    /// Opens the database, makes a SQLite file if need be, and brings the tables up to date.
    pub async fn open(database: &Database) -> Result<Self, OpenError> {
        match database {
            Database::Sqlite(file) => sqlite::open(file).await,
            Database::Postgres(server) => postgres::open(server).await,
        }
    }
}

/// What came of bringing the tables up to date.
pub(super) fn migrated(outcome: Result<(), MigrateError>) -> Result<(), OpenError> {
    outcome.map_err(|error| match error {
        MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => OpenError::Newer,
        error => OpenError::Migration(error.to_string()),
    })
}
