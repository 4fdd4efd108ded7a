//! What opening a database needs, whichever it is.

use std::path::PathBuf;

use sqlx::AnyConnection;
use sqlx::migrate::{MigrateError, Migrator};

use crate::model::shown;

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("src/store/migrations");

/// Why a database was not opened, as a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("The database {} cannot be opened: {because}.", shown(.file))]
    File { file: PathBuf, because: String },
    #[error(
        "The database {} is damaged: restore it from a backup, or move it away to begin with an empty one.", shown(.0)
    )]
    Damaged(PathBuf),
    #[error("The database {} is locked by another process: end that, and start again.", shown(.0))]
    Locked(PathBuf),
    #[error("The database {server} cannot be opened: {because}. Check `database_url`, and that the server runs.")]
    Server {
        /// The server's address, without a password.
        server: String,
        because: String,
    },
    #[error(
        "The database was written by a newer version of Vestibule. Start that version, or restore an older backup."
    )]
    Newer,
    #[error("The database could not be brought up to date: {0}.")]
    Migration(String),
}

/// Brings the tables up to date.
pub(super) async fn migrate(connection: &mut AnyConnection) -> Result<(), OpenError> {
    // `run` takes a connection too, but then no future that waits for it can move between threads.
    MIGRATIONS.run_direct(None, connection, false).await.map_err(|error| match error {
        MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => OpenError::Newer,
        error => OpenError::Migration(error.to_string()),
    })
}
