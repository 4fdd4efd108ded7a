use std::time::Duration;

use sqlx::{query, query_scalar};

use super::timings::{reading, writing};
use super::{Result, Store, Tx};
use crate::model::{Moment, UserId};

/// What came of asking whether something may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Try {
    /// It may, and it counts already: as which in a row.
    Counted(i64),
    /// It may not, until then.
    NotBefore(Moment),
}

impl Store {
    /// Counts a try that waits longer with each one before it: none for the first three, then 1, 2, 4, 8, 16 and 30
    /// seconds. Counted before its outcome is known, so that many at once cannot overtake the counter.
    pub async fn count_try(&self, bucket: &str, now: Moment) -> Result<Try> {
        const SQL: &str = "
            INSERT INTO throttle (bucket, tries, began_at, last_at, blocked_until) VALUES ($1, 1, $2, $2, 0)
            ON CONFLICT (bucket) DO UPDATE SET
                tries = throttle.tries + 1,
                last_at = $2,
                blocked_until = CASE
                    WHEN throttle.tries < 3 THEN 0
                    WHEN throttle.tries = 3 THEN $2 + 1000
                    WHEN throttle.tries = 4 THEN $2 + 2000
                    WHEN throttle.tries = 5 THEN $2 + 4000
                    WHEN throttle.tries = 6 THEN $2 + 8000
                    WHEN throttle.tries = 7 THEN $2 + 16000
                    ELSE $2 + 30000 END
            -- Nothing is blocked for longer than that, also when a clock was set back meanwhile.
            WHERE throttle.blocked_until <= $2 OR throttle.blocked_until > $2 + 30000
            RETURNING tries";

        let count = query_scalar(SQL).bind(bucket).bind(now.millis());
        match writing(count.fetch_optional(&self.writers)).await? {
            Some(tries) => Ok(Try::Counted(tries)),
            None => {
                const SQL: &str = "SELECT blocked_until FROM throttle WHERE bucket = $1";
                Ok(Try::NotBefore(self.kept_moment(SQL, bucket).await?.unwrap_or(now)))
            }
        }
    }

    /// Counts a try of which there may be so many in a span of time.
    pub async fn count_try_in(&self, bucket: &str, now: Moment, span: Duration, most: i64) -> Result<Try> {
        const SQL: &str = "
            INSERT INTO throttle (bucket, tries, began_at, last_at, blocked_until) VALUES ($1, 1, $2, $2, $2)
            ON CONFLICT (bucket) DO UPDATE SET
                -- A span that began in a time to come began before a clock was set back: it is over.
                tries = CASE WHEN throttle.began_at <= $3 OR throttle.began_at > $2 THEN 1 ELSE throttle.tries + 1 END,
                began_at = CASE WHEN throttle.began_at <= $3 OR throttle.began_at > $2 THEN $2 ELSE throttle.began_at END,
                last_at = $2,
                blocked_until = $2
            WHERE throttle.began_at <= $3 OR throttle.began_at > $2 OR throttle.tries < $4
            RETURNING tries";

        let count = query_scalar(SQL).bind(bucket).bind(now.millis()).bind(now.minus(span).millis()).bind(most);
        match writing(count.fetch_optional(&self.writers)).await? {
            Some(tries) => Ok(Try::Counted(tries)),
            None => {
                const SQL: &str = "SELECT began_at FROM throttle WHERE bucket = $1";
                Ok(Try::NotBefore(self.kept_moment(SQL, bucket).await?.unwrap_or(now).plus(span)))
            }
        }
    }

    /// Forgets every try in some buckets, and takes one back in another, where the others stay counted.
    pub async fn forget_tries(&self, cleared: &[String], uncounted: Option<&str>) -> Result<()> {
        const FORGET: &str = "DELETE FROM throttle WHERE bucket = $1";
        const TAKE_BACK: &str = "UPDATE throttle SET tries = tries - 1 WHERE bucket = $1 AND tries > 0";

        // In one order, so that no two that clear the same wait for each other.
        let mut cleared: Vec<&String> = cleared.iter().collect();
        cleared.sort_unstable();
        let mut tx = self.begin().await?;
        for bucket in cleared {
            tx.execute(query(FORGET).bind(bucket)).await?;
        }
        if let Some(bucket) = uncounted {
            tx.execute(query(TAKE_BACK).bind(bucket)).await?;
        }
        tx.commit().await
    }

    async fn kept_moment(&self, sql: &'static str, bucket: &str) -> Result<Option<Moment>> {
        let millis: Option<i64> = reading(query_scalar(sql).bind(bucket).fetch_optional(&self.readers)).await?;
        Ok(millis.map(Moment::from_millis))
    }
}

/// Forgets every try that was counted for a user: all names of buckets but that of the login hold the id (`auth/throttle.rs`).
pub(super) async fn forget_tries_of(tx: &mut Tx, user_id: UserId, bucket_of_name: &str) -> Result<()> {
    const SQL: &str = "DELETE FROM throttle WHERE bucket = $1 OR bucket LIKE '%:' || $2 || '%'";

    tx.execute(query(SQL).bind(bucket_of_name).bind(user_id.to_string())).await?;
    Ok(())
}
