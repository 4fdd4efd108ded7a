//! Deleting what is kept no longer, a bounded number of rows at a time, so that nobody waits long for their turn.

use std::time::Duration;

use sqlx::any::AnyRow;
use sqlx::{FromRow, query};

use super::endings::{IS_ALIVE, asked_at};
use super::rows::Sql;
use super::timings::reading;
use super::{Result, Store};
use crate::model::{BROWSER_KNOWN_FOR, Moment, SessionLimits};

/// How long another process may know of a use of a session that it has not written yet.
const UNWRITTEN: Duration = Duration::from_secs(2 * 60);
const A_DAY: Duration = Duration::from_secs(24 * 3_600);

impl Store {
    /// Deletes the sessions whose time is up, at most `most` of them at a time, and says how many. All sessions are looked
    /// at, which takes a second where there are a million: by a reader, so that nobody who writes waits for it.
    pub async fn sweep_sessions(&self, now: Moment, limits: &SessionLimits, most: i64) -> Result<u64> {
        static FIND: Sql = Sql::new(|| {
            format!(
                "SELECT session_id, last_seen_at FROM sessions WHERE session_id > $5 AND NOT {IS_ALIVE}
                ORDER BY session_id LIMIT $6"
            )
        });
        // It may have been used meanwhile.
        const DELETE: &str = "DELETE FROM sessions WHERE session_id = $1 AND last_seen_at = $2";

        let limits = SessionLimits { idle: limits.idle + UNWRITTEN, ..*limits };
        let (mut swept, mut after) = (0, String::new());
        loop {
            let find = asked_at(&FIND, now, &limits).bind(&after).bind(most);
            let find = find.try_map(|row: AnyRow| <(String, i64)>::from_row(&row));
            let over = reading(find.fetch_all(&self.readers)).await?;
            let Some((last, _)) = over.last() else { return Ok(swept) };
            after.clone_from(last);
            swept += self.write_each(over.iter().map(|(id, seen)| query(DELETE).bind(id).bind(seen))).await?;
        }
    }

    /// Deletes what is kept for a while alone: events and endings for `kept`, links until their time is up, browsers as long
    /// as they are known, counters until nobody has touched them for a day, those of runs of failures for `kept`. At most
    /// `most` rows of each; answers whether there may be more.
    pub async fn sweep_rest(&self, now: Moment, kept: Duration, most: i64) -> Result<bool> {
        const EVENTS: &str = "
            DELETE FROM events WHERE event_id IN (SELECT event_id FROM events WHERE at <= $1 LIMIT $2)";
        const ENDINGS: &str = "
            DELETE FROM endings WHERE token_hash IN (SELECT token_hash FROM endings WHERE ended_at <= $1 LIMIT $2)";
        const RESETS: &str = "
            DELETE FROM resets WHERE token_hash IN (SELECT token_hash FROM resets WHERE expires_at <= $1 LIMIT $2)";
        const BROWSERS: &str = "
            DELETE FROM known_browsers WHERE browser_id IN (
                SELECT browser_id FROM known_browsers WHERE last_used_at <= $1 LIMIT $2)";
        const TRIES: &str = "
            DELETE FROM throttle WHERE last_at <= $1 AND bucket IN (
                SELECT bucket FROM throttle
                WHERE last_at <= $1 AND (last_at <= $3 OR tries < 4
                    -- What delays, or counts in a span, is over by then.
                    OR bucket LIKE '%@%' OR bucket LIKE 'network:%' OR bucket LIKE 'sign-up:%' OR bucket LIKE 'new-codes:%')
                LIMIT $2)";

        let (long_ago, yesterday) = (now.minus(kept).millis(), now.minus(A_DAY).millis());
        let last_known = now.minus(BROWSER_KNOWN_FOR).millis();
        let mut deleted = 0;
        for (sql, before) in [(EVENTS, long_ago), (ENDINGS, long_ago), (RESETS, now.millis()), (BROWSERS, last_known)] {
            deleted = deleted.max(self.write(query(sql).bind(before).bind(most)).await?);
        }
        let tries = self.write(query(TRIES).bind(yesterday).bind(most).bind(long_ago)).await?;
        Ok(deleted.max(tries) >= most.unsigned_abs())
    }
}
