use rocket::tokio::time::timeout;

use super::{PATIENCE, Result, Store};
use crate::model::Failure;

impl Store {
    /// Whether the database answers: it reads a row, and waits no longer than any statement would for its turn.
    pub async fn is_ready(&self) -> Result<()> {
        const SQL: &str = "SELECT COUNT(*) FROM (SELECT user_id FROM users LIMIT 1) AS one";

        let asked = async {
            let _: i64 = reading!(self, db => sqlx::query_scalar(SQL).fetch_one(db).await?);
            Ok(())
        };
        timeout(PATIENCE, asked).await.unwrap_or_else(|_| Err(Failure::from(sqlx::Error::PoolTimedOut)))
    }

    /// Which database it is, for the log.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "SQLite",
            Self::Postgres { .. } => "PostgreSQL",
        }
    }
}
