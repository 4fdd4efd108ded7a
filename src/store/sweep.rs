//! Deleting what is kept no longer, a bounded number of rows at a time, so that nobody waits long for their turn.

use std::time::Duration;

use super::{Result, Store};
use crate::model::{Moment, SessionLimits};

/// Whether a session's time is up, by four moments.
macro_rules! is_over {
    () => {
        "(remembered_until IS NULL AND (created_at <= $1 OR last_seen_at <= $2))
            OR (remembered_until IS NOT NULL AND (remembered_until <= $3 OR created_at <= $4))"
    };
}

impl Store {
    /// Deletes the sessions whose time is up, at most `most` of them at a time, and says how many. All sessions are looked
    /// at, which takes a second where there are a million: by a reader, so that nobody who writes waits for it.
    pub async fn sweep_sessions(&self, now: Moment, limits: &SessionLimits, most: i64) -> Result<u64> {
        // Another process may know of a use that it has not written yet.
        const UNWRITTEN: Duration = Duration::from_secs(2 * 60);
        const FIND: &str = concat!(
            "SELECT session_id FROM sessions WHERE session_id > $5 AND (",
            is_over!(),
            ") ORDER BY session_id LIMIT $6"
        );
        // Asked again: it may have been used meanwhile.
        const DELETE: &str = concat!("DELETE FROM sessions WHERE session_id = $5 AND (", is_over!(), ")");

        let latest =
            [now.minus(limits.absolute), now.minus(limits.idle).minus(UNWRITTEN), now, now.minus(limits.remembered)];
        let [absolute, idle, remembered_until, remembered] = latest.map(Moment::millis);
        let (mut swept, mut after) = (0, String::new());
        loop {
            let over: Vec<String> = reading!(self, db => sqlx::query_scalar(FIND)
                .bind(absolute)
                .bind(idle)
                .bind(remembered_until)
                .bind(remembered)
                .bind(&after)
                .bind(most)
                .fetch_all(db)
                .await?);
            let Some(last) = over.last() else { return Ok(swept) };
            after.clone_from(last);
            macro_rules! delete {
                ($db:expr, $session_id:expr) => {
                    sqlx::query(DELETE)
                        .bind(absolute)
                        .bind(idle)
                        .bind(remembered_until)
                        .bind(remembered)
                        .bind($session_id)
                        .execute($db)
                        .await?
                        .rows_affected()
                };
            }
            match self {
                Self::Sqlite { .. } => transaction!(self, tx => {
                    for session_id in &over {
                        swept += delete!(&mut *tx, session_id);
                    }
                }),
                // Each by itself: a transaction that holds the rows of many users would make them wait for one another.
                Self::Postgres { pool } => {
                    for session_id in &over {
                        swept += delete!(pool, session_id);
                    }
                }
            }
        }
    }

    /// Forgets why sessions ended before that, at most `most` of them, and says how many.
    pub async fn sweep_endings(&self, before: Moment, most: i64) -> Result<u64> {
        const SQL: &str = "
            DELETE FROM endings WHERE token_hash IN (SELECT token_hash FROM endings WHERE ended_at <= $1 LIMIT $2)";

        Ok(writing!(self, db =>
            sqlx::query(SQL).bind(before.millis()).bind(most).execute(db).await?.rows_affected()))
    }

    /// Deletes the links to set a new password with whose time is up, at most `most` of them, and says how many.
    pub async fn sweep_resets(&self, now: Moment, most: i64) -> Result<u64> {
        const SQL: &str = "
            DELETE FROM resets WHERE token_hash IN (SELECT token_hash FROM resets WHERE expires_at <= $1 LIMIT $2)";

        Ok(writing!(self, db =>
            sqlx::query(SQL).bind(now.millis()).bind(most).execute(db).await?.rows_affected()))
    }

    /// Deletes the events older than that, at most `most` of them, and says how many.
    pub async fn sweep_events(&self, now: Moment, kept: Duration, most: i64) -> Result<u64> {
        const SQL: &str = "
            DELETE FROM events WHERE event_id IN (SELECT event_id FROM events WHERE at <= $1 LIMIT $2)";

        Ok(writing!(self, db =>
            sqlx::query(SQL).bind(now.minus(kept).millis()).bind(most).execute(db).await?.rows_affected()))
    }

    /// Deletes the counters that nobody has touched for a day, and those of long runs of failures when nobody has for
    /// `kept`; at most `most` of them. Says how many.
    pub async fn sweep_tries(&self, now: Moment, kept: Duration, most: i64) -> Result<u64> {
        const SQL: &str = "
            DELETE FROM throttle WHERE bucket IN (
                SELECT bucket FROM throttle
                WHERE last_at <= $1 AND (tries < 10 OR bucket LIKE 'network:%' OR bucket LIKE 'sign-up:%' OR last_at <= $2)
                LIMIT $3)";
        const A_DAY: Duration = Duration::from_secs(24 * 3_600);

        Ok(writing!(self, db => sqlx::query(SQL)
            .bind(now.minus(A_DAY).millis())
            .bind(now.minus(kept).millis())
            .bind(most)
            .execute(db)
            .await?
            .rows_affected()))
    }
}
