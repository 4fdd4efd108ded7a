use std::time::Duration;

use super::{Result, Store};
use crate::model::Moment;

/// What came of asking whether something may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Try {
    /// It may, and it counts already: the so-manieth.
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

        let counted: Option<i64> = writing!(self, db =>
            sqlx::query_scalar(SQL).bind(bucket).bind(now.millis()).fetch_optional(db).await?);
        match counted {
            Some(tries) => Ok(Try::Counted(tries)),
            None => self.blocked_until(bucket, now).await,
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

        let counted: Option<i64> = writing!(self, db => sqlx::query_scalar(SQL)
            .bind(bucket)
            .bind(now.millis())
            .bind(now.minus(span).millis())
            .bind(most)
            .fetch_optional(db)
            .await?);
        match counted {
            Some(tries) => Ok(Try::Counted(tries)),
            None => {
                const SQL: &str = "SELECT began_at FROM throttle WHERE bucket = $1";
                let began_at: Option<i64> =
                    reading!(self, db => sqlx::query_scalar(SQL).bind(bucket).fetch_optional(db).await?);
                Ok(Try::NotBefore(began_at.map_or(now, Moment::from_millis).plus(span)))
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
        transaction!(self, tx => {
            for bucket in &cleared {
                sqlx::query(FORGET).bind(bucket.as_str()).execute(&mut *tx).await?;
            }
            if let Some(bucket) = uncounted {
                sqlx::query(TAKE_BACK).bind(bucket).execute(&mut *tx).await?;
            }
        });
        Ok(())
    }

    async fn blocked_until(&self, bucket: &str, now: Moment) -> Result<Try> {
        const SQL: &str = "SELECT blocked_until FROM throttle WHERE bucket = $1";

        let until: Option<i64> = reading!(self, db => sqlx::query_scalar(SQL).bind(bucket).fetch_optional(db).await?);
        Ok(Try::NotBefore(until.map_or(now, Moment::from_millis)))
    }
}
