//! How often something was tried, in counters that hold tries back.

use std::time::Duration;

use sqlx::{query, query_scalar};

use super::{Result, Store, Tx};
use crate::model::{Moment, UserId};

const FORGET: &str = "DELETE FROM throttle WHERE bucket = $1";

/// A counter of tries, and how it holds them back.
#[derive(Debug)]
pub struct Counter {
    pub bucket: String,
    pub limit: Limit,
}

/// How a counter holds tries back.
#[derive(Clone, Copy, Debug)]
pub enum Limit {
    /// Each failure makes the next try wait longer: none for the first three, then 1, 4 and 15 seconds, 1, 4 and 15 minutes.
    Delay,
    /// There may be so many in a span of time.
    InSpan { span: Duration, most: i64 },
    /// It only counts.
    Never,
}

/// What came of asking whether something may be tried.
#[derive(Debug, PartialEq, Eq)]
pub enum Tries {
    /// It may, and it counts already: as which, in each of the counters.
    Counted(Vec<i64>),
    /// It may not, until then; it was counted nowhere.
    NotBefore(Moment),
}

impl Store {
    /// Counts a try in all of these counters, or, when one of them holds it back, in none. The first that does decides for
    /// how long. Counted before its outcome is known, so that many at once cannot overtake the counters. They are touched in
    /// the order of their names, as everywhere, so that no two transactions wait for each other.
    pub async fn count_try(&self, counters: &[Counter], now: Moment) -> Result<Tries> {
        debug_assert!(counters.is_sorted_by_key(|counter| &counter.bucket), "{counters:?}");
        let mut tries = Vec::with_capacity(counters.len());
        let mut tx = self.begin().await?;
        for counter in counters {
            match count(&mut tx, counter, now).await? {
                Some(counted) => tries.push(counted),
                None => return Ok(Tries::NotBefore(free_again(&mut tx, &counter.bucket).await?.unwrap_or(now))),
            }
        }
        tx.commit().await?;
        Ok(Tries::Counted(tries))
    }

    /// Forgets every try in some counters, and takes back in others the one that was counted at that time; there the rest
    /// stays counted.
    pub async fn forget_tries(&self, forgotten: &[String], taken_back: &[String], counted_at: Moment) -> Result<()> {
        // The delay that it began is over with it, unless it is another's by now.
        const TAKE_BACK: &str = "
            UPDATE throttle SET
                tries = tries - 1,
                blocked_until = CASE WHEN last_at = $2 THEN 0 ELSE blocked_until END
            WHERE bucket = $1 AND tries > 0";

        let forget = forgotten.iter().map(|bucket| query(FORGET).bind(bucket));
        let take_back = taken_back.iter().map(|bucket| query(TAKE_BACK).bind(bucket).bind(counted_at.millis()));
        self.write_each(forget.chain(take_back)).await?;
        Ok(())
    }
}

const COUNT_AND_DELAY: &str = "
    INSERT INTO throttle (bucket, tries, began_at, last_at, blocked_until) VALUES ($1, 1, $2, $2, 0)
    ON CONFLICT (bucket) DO UPDATE SET
        tries = throttle.tries + 1,
        last_at = $2,
        blocked_until = CASE
            WHEN throttle.tries < 3 THEN 0
            WHEN throttle.tries = 3 THEN $2 + 1000
            WHEN throttle.tries = 4 THEN $2 + 4000
            WHEN throttle.tries = 5 THEN $2 + 15000
            WHEN throttle.tries = 6 THEN $2 + 60000
            WHEN throttle.tries = 7 THEN $2 + 240000
            ELSE $2 + 900000 END
    -- Nothing is blocked for longer than that, also when a clock was set back meanwhile.
    WHERE throttle.blocked_until <= $2 OR throttle.blocked_until > $2 + 900000
    RETURNING tries";
const COUNT_IN_SPAN: &str = "
    INSERT INTO throttle (bucket, tries, began_at, last_at, blocked_until) VALUES ($1, 1, $2, $2, $2 + $3)
    ON CONFLICT (bucket) DO UPDATE SET
        -- A span that began in a time to come began before a clock was set back: it is over.
        tries = CASE WHEN throttle.began_at <= $2 - $3 OR throttle.began_at > $2 THEN 1 ELSE throttle.tries + 1 END,
        began_at = CASE WHEN throttle.began_at <= $2 - $3 OR throttle.began_at > $2 THEN $2 ELSE throttle.began_at END,
        last_at = $2,
        blocked_until = CASE
            WHEN throttle.began_at <= $2 - $3 OR throttle.began_at > $2 THEN $2 + $3
            ELSE throttle.began_at + $3 END
    WHERE throttle.began_at <= $2 - $3 OR throttle.began_at > $2 OR throttle.tries < $4
    RETURNING tries";
const COUNT: &str = "
    INSERT INTO throttle (bucket, tries, began_at, last_at, blocked_until) VALUES ($1, 1, $2, $2, 0)
    ON CONFLICT (bucket) DO UPDATE SET tries = throttle.tries + 1, last_at = $2
    RETURNING tries";

/// Counts a try: as which. None when the counter holds it back.
async fn count(tx: &mut Tx, counter: &Counter, now: Moment) -> Result<Option<i64>> {
    let sql = match counter.limit {
        Limit::Delay => COUNT_AND_DELAY,
        Limit::InSpan { .. } => COUNT_IN_SPAN,
        Limit::Never => COUNT,
    };
    let mut count = query_scalar(sql).bind(&counter.bucket).bind(now.millis());
    if let Limit::InSpan { span, most } = counter.limit {
        count = count.bind(span.as_millis() as i64).bind(most);
    }
    Ok(count.fetch_optional(tx.connection()).await?)
}

/// When a counter that holds a try back does so no longer.
async fn free_again(tx: &mut Tx, bucket: &str) -> Result<Option<Moment>> {
    const SQL: &str = "SELECT blocked_until FROM throttle WHERE bucket = $1";

    let millis: Option<i64> = query_scalar(SQL).bind(bucket).fetch_optional(tx.connection()).await?;
    Ok(millis.map(Moment::from_millis))
}

/// Forgets every try that was counted for a user: all their buckets begin with the one of the name or hold the id
/// (`auth/throttle.rs`).
pub(super) async fn forget_tries_of(tx: &mut Tx, user_id: UserId, bucket_of_name: &str) -> Result<()> {
    const FIND: &str = "SELECT bucket FROM throttle WHERE bucket LIKE $1 || '%' OR bucket LIKE '%:' || $2 || '%'";

    let find = query_scalar(FIND).bind(bucket_of_name).bind(user_id.to_string());
    let mut buckets: Vec<String> = find.fetch_all(tx.connection()).await?;
    buckets.sort_unstable();
    for bucket in &buckets {
        tx.execute(query(FORGET).bind(bucket)).await?;
    }
    Ok(())
}
