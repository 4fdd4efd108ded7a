//! WHERE IT IS KEPT: all the SQL. `sqlx` is named in this folder and nowhere else.
//!
//! The SQL is the part that SQLite and PostgreSQL both speak: `$1` parameters, TEXT and BIGINT, ids and times made in
//! Rust, a time instead of a flag; sqlx's `Any` carries it to whichever is open. Races are settled by `ON CONFLICT`,
//! `RETURNING` or the number of rows affected, never by looking first and writing after. What only one of the two needs
//! is in `sqlite` and `postgres`.

mod backup;
mod database;
mod endings;
mod events;
mod known_browsers;
mod open;
mod operator;
mod postgres;
mod resets;
mod rows;
mod second_factors;
mod sessions;
mod sqlite;
mod sweep;
mod throttle;
mod timings;
mod users;

use std::time::Duration;

use prometheus::HistogramTimer;
use rocket::tokio::time::timeout;
use sqlx::any::{Any, AnyArguments};
use sqlx::postgres::PgDatabaseError;
use sqlx::query::Query;
use sqlx::{AnyConnection, AnyPool, Transaction, query, query_scalar};

use crate::model::{Failure, UserId};
use timings::{reading, writing};

pub use backup::{Copied, CopyError, check_copy, copy_sqlite};
pub use database::{Database, Inspected, Tables};
pub use events::{MOST_TOLD_APART, NewEvent};
pub use known_browsers::UsedBrowser;
pub use open::OpenError;
pub use operator::Account;
pub use postgres::Server;
pub use resets::Reset;
pub use second_factors::SecondFactor;
pub use sessions::NewSession;
pub use throttle::{Counter, Limit, Tries};
pub use timings::timings;
pub use users::{Credentials, NewUser};

/// How long a statement waits for its turn before the database counts as away.
const PATIENCE: Duration = Duration::from_secs(2);

type Result<T> = std::result::Result<T, Failure>;

/// A statement with its parameters.
type Statement<'q> = Query<'q, Any, AnyArguments>;

#[derive(Clone, Debug)]
pub struct Store {
    kind: Kind,
    /// Many may read at once.
    readers: AnyPool,
    /// Of a SQLite file there is one, and the others wait in line instead of failing. On PostgreSQL they are the readers.
    writers: AnyPool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A file of this process's machine.
    Sqlite,
    /// A server that other processes may use at the same time.
    Postgres,
}

impl Store {
    /// Which database it is, for the log.
    pub fn kind(&self) -> &'static str {
        if self.kind == Kind::Sqlite { "SQLite" } else { "PostgreSQL" }
    }

    /// Whether other machines may have this database open too.
    pub fn may_be_shared(&self) -> bool {
        self.kind == Kind::Postgres
    }

    /// Whether the database answers: it reads a row, and waits no longer than any statement would for its turn.
    pub async fn is_ready(&self) -> Result<()> {
        const SQL: &str = "SELECT COUNT(*) FROM (SELECT user_id FROM users LIMIT 1) AS one";

        let row = reading(query_scalar::<_, i64>(SQL).fetch_one(&self.readers));
        timeout(PATIENCE, row).await.unwrap_or_else(|_| Err(sqlx::Error::PoolTimedOut.into()))?;
        Ok(())
    }

    /// Lets go of the database; every later call answers [`Failure::Away`].
    pub async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
    }

    /// Runs one statement, whole by itself, and answers how many rows it changed.
    async fn write(&self, statement: Statement<'_>) -> Result<u64> {
        Ok(writing(statement.execute(&self.writers)).await?.rows_affected())
    }

    /// Runs statements that have nothing to do with each other, and answers how many rows they changed. SQLite waits for
    /// the disk once for all of them. PostgreSQL runs each by itself: a transaction that holds the rows of many users would
    /// make them wait for one another.
    async fn write_each<'q>(&self, statements: impl Iterator<Item = Statement<'q>>) -> Result<u64> {
        let mut changed = 0;
        if self.kind == Kind::Sqlite {
            let mut tx = self.begin().await?;
            for statement in statements {
                changed += tx.execute(statement).await?;
            }
            tx.commit().await?;
        } else {
            for statement in statements {
                changed += self.write(statement).await?;
            }
        }
        Ok(changed)
    }

    /// Begins a transaction. On SQLite it is `IMMEDIATE`: one that reads first and writes later would fail at once when
    /// another wrote between. On PostgreSQL several run at once, each statement seeing what was committed before it; what
    /// writes several rows of a user therefore calls [`take_turns`] first.
    async fn begin(&self) -> Result<Tx> {
        let timer = timings::time_transaction();
        let begin = if self.kind == Kind::Sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" };
        Ok(Tx { transaction: self.writers.begin_with(begin).await?, _timer: timer })
    }
}

/// A transaction: all of it or nothing. Leaving it without a commit takes it back.
struct Tx {
    transaction: Transaction<'static, Any>,
    _timer: HistogramTimer,
}

impl Tx {
    async fn execute(&mut self, statement: Statement<'_>) -> Result<u64> {
        Ok(statement.execute(self.connection()).await?.rows_affected())
    }

    /// Where a statement that reads is run.
    fn connection(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }

    async fn commit(self) -> Result<()> {
        Ok(self.transaction.commit().await?)
    }
}

/// Lets whatever changes several rows of a user come one after the other: all of it touches the user first, so that no
/// two wait for each other.
async fn take_turns(tx: &mut Tx, user_id: UserId) -> Result<()> {
    const SQL: &str = "UPDATE users SET password_version = password_version WHERE user_id = $1";

    tx.execute(query(SQL).bind(user_id.to_string())).await?;
    Ok(())
}

/// SQLite's primary result codes for trouble that is not of our making: BUSY, LOCKED, READONLY, IOERR, CORRUPT, FULL,
/// CANTOPEN, NOTADB. The rest of an extended code is in its higher bits.
const SQLITE_AWAY: [u32; 8] = [5, 6, 8, 10, 11, 13, 14, 26];

/// Classes of PostgreSQL's error codes for trouble that may be gone the next time: lost connections, transactions that
/// were taken back for another's sake, lack of resources (disk, memory, connections), an operator's intervention, errors
/// of the system; a lock that was waited for too long, a server that only reads, and a row whose user was deleted meanwhile.
const POSTGRES_AWAY: [&str; 8] = ["08", "40", "53", "57", "58", "55P03", "25006", "23503"];

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        timings::count_error();
        let is_away = match &error {
            sqlx::Error::Database(refusal) => {
                let code = refusal.code().unwrap_or_default();
                if refusal.try_downcast_ref::<PgDatabaseError>().is_some() {
                    is_away_in_postgres(&code)
                } else {
                    is_away_in_sqlite(&code)
                }
            }
            sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::Decode(_)
            | sqlx::Error::RowNotFound => false,
            _ => true,
        };
        if is_away { Self::Away(error.to_string()) } else { Self::Unexpected(error.to_string()) }
    }
}

/// Whether an error of this code may be gone the next time.
fn is_away_in_sqlite(code: &str) -> bool {
    code.parse::<u32>().is_ok_and(|code| SQLITE_AWAY.contains(&(code & 0xff)))
}

fn is_away_in_postgres(code: &str) -> bool {
    POSTGRES_AWAY.iter().any(|away| code.starts_with(away))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_server_is_away_and_a_broken_rule_is_not() {
        for code in ["57P01", "57P03", "53100", "53300", "40P01", "40001", "08006", "55P03", "57014", "25006"] {
            assert!(is_away_in_postgres(code), "{code}");
        }
        for code in ["23505", "42P01", "22021"] {
            assert!(!is_away_in_postgres(code), "{code}");
        }
    }
}
