//! WHERE IT IS KEPT: all the SQL. `sqlx` is named in this folder and nowhere else.
//!
//! The SQL is the part that SQLite and PostgreSQL both speak: `$1` parameters, TEXT and BIGINT, ids and times made in
//! Rust, a time instead of a flag. Races are settled by `ON CONFLICT`, `RETURNING` or the number of rows affected,
//! never by looking first and writing after. [`Store`] is an enum so that another database is a variant, not a trait; what
//! only one of them needs is in `sqlite` and `postgres`.

#[macro_use]
mod open;
mod accounts;
mod backup;
mod columns;
mod events;
mod import;
mod inspect;
mod keys;
mod postgres;
mod ready;
mod resets;
mod second_factors;
mod sessions;
mod sqlite;
mod sweep;
mod throttle;
mod timings;
mod users;

use std::time::Duration;

use sqlx::postgres::{PgDatabaseError, PgPool};
use sqlx::sqlite::SqlitePool;

use crate::model::Failure;

pub use accounts::{Account, Open};
pub use backup::{Copied, CopyError, check_copy, copy_sqlite};
pub use events::NewEvent;
pub use import::ImportedUser;
pub use inspect::{Inspected, Tables};
pub use open::{Database, OpenError};
pub use postgres::Server;
pub use resets::Reset;
pub use second_factors::SecondFactor;
pub use sessions::NewSession;
pub use throttle::Try;
pub use timings::register_timings;
pub use users::{Credentials, NewUser};

/// How long a statement waits for its turn before the database counts as away.
const PATIENCE: Duration = Duration::from_secs(2);

/// An open database.
#[derive(Clone, Debug)]
pub enum Store {
    /// A file of this process's machine.
    Sqlite {
        /// Many may read at once.
        readers: SqlitePool,
        /// One writes at a time; the others wait in line instead of failing.
        writer: SqlitePool,
    },
    /// A server that other processes may use at the same time.
    Postgres {
        /// Its connections, for reading and for writing.
        pool: PgPool,
    },
}

/// What every verb of the store answers.
type Result<T> = std::result::Result<T, Failure>;

impl Store {
    /// Lets go of the database; every later call answers [`Failure::Away`].
    pub async fn close(&self) {
        match self {
            Self::Sqlite { readers, writer } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres { pool } => pool.close().await,
        }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        timings::count_error();
        match &error {
            sqlx::Error::Database(refusal) => {
                let is_away = match refusal.try_downcast_ref::<PgDatabaseError>() {
                    Some(refusal) => postgres::is_away(refusal.code()),
                    None => sqlite::is_away(refusal.code().as_deref()),
                };
                match is_away {
                    true => Self::Away(error.to_string()),
                    false => Self::Unexpected(error.to_string()),
                }
            }
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::RowNotFound => {
                Self::Unexpected(error.to_string())
            }
            _ => Self::Away(error.to_string()),
        }
    }
}

/// A value in the database that the model does not accept.
fn unreadable(column: &'static str) -> Failure {
    Failure::Unexpected(format!("{column} cannot be read"))
}
