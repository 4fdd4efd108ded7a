//! Deleting what is kept no longer, a bounded number of rows at a time, so that nobody waits long for their turn.

use std::time::Duration;

use super::{Result, Store};
use crate::model::{Moment, SessionLimits};

impl Store {
    /// Deletes the sessions whose time is up, at most `most` of them, and says how many.
    pub async fn sweep_sessions(&self, now: Moment, limits: &SessionLimits, most: i64) -> Result<u64> {
        // Another process may know of a use that it has not written yet.
        const UNWRITTEN: Duration = Duration::from_secs(2 * 60);
        const SQL: &str = "
            DELETE FROM sessions WHERE session_id IN (
                SELECT session_id FROM sessions
                WHERE (remembered_until IS NULL AND (created_at <= $1 OR last_seen_at <= $2))
                   OR (remembered_until IS NOT NULL AND (remembered_until <= $3 OR created_at <= $4))
                LIMIT $5)";

        let swept = writing!(self, db => sqlx::query(SQL)
            .bind(now.minus(limits.absolute).millis())
            .bind(now.minus(limits.idle).minus(UNWRITTEN).millis())
            .bind(now.millis())
            .bind(now.minus(limits.remembered).millis())
            .bind(most)
            .execute(db)
            .await?
            .rows_affected());
        Ok(swept)
    }

    /// Forgets why sessions ended before that, at most `most` of them, and says how many.
    pub async fn sweep_endings(&self, before: Moment, most: i64) -> Result<u64> {
        const SQL: &str = "
            DELETE FROM endings WHERE token_hash IN (SELECT token_hash FROM endings WHERE ended_at <= $1 LIMIT $2)";

        Ok(writing!(self, db =>
            sqlx::query(SQL).bind(before.millis()).bind(most).execute(db).await?.rows_affected()))
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
