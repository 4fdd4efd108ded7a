//! What happened to an account. What happens again within a day, at the same browser and address, is one event: however
//! often somebody repeats something, it makes no more rows, and nothing else is lost among them.

use std::time::Duration;

use sqlx::any::AnyRow;
use sqlx::{FromRow, Row, query, query_as, query_scalar};

use super::rows::parsed;
use super::timings::reading;
use super::{Kind, Result, Statement, Store, Tx, take_turns};
use crate::model::{ClientInfo, Event, EventId, EventKind, FailedBefore, Moment, UserId};

/// How long after it first happened something is kept as the same event when it happens again.
const A_DAY: Duration = Duration::from_secs(24 * 3_600);
/// Of how many browsers and addresses the events of one kind in a day are told apart; those of all others are one together.
pub const MOST_TOLD_APART: i64 = 10;

#[derive(Debug)]
pub struct NewEvent {
    pub event_id: EventId,
    /// Whose account it happened to.
    pub user_id: UserId,
    pub event: Event,
}

impl FromRow<'_, AnyRow> for Event {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        Ok(Self {
            at: Moment::from_millis(row.try_get("at")?),
            last_at: Moment::from_millis(row.try_get("last_at")?),
            times: row.try_get("times")?,
            kind: parsed(row, "kind", EventKind::parse)?,
            client: ClientInfo::from_row(row)?,
        })
    }
}

/// Keeps an event, in the turn of the user whom it happens to; nothing is kept when the account is gone.
pub(super) async fn insert_event(tx: &mut Tx, new: &NewEvent) -> Result<()> {
    // The first failure after a login is an event of its own, so that the next login can tell how many there were since.
    let since =
        if EventKind::FAILED_LOG_INS.contains(&new.event.kind) { last_login(tx, new.user_id).await? } else { None };
    if count_again(tx, new, &new.event.client, since).await? {
        return Ok(());
    }
    if count_of_the_day(tx, new).await? < MOST_TOLD_APART {
        return insert(tx, new, &new.event.client).await;
    }
    let anywhere = ClientInfo::default();
    if !count_again(tx, new, &anywhere, None).await? {
        insert(tx, new, &anywhere).await?;
    }
    Ok(())
}

async fn insert(tx: &mut Tx, new: &NewEvent, client: &ClientInfo) -> Result<()> {
    const SQL: &str = "
        INSERT INTO events (event_id, user_id, at, last_at, times, kind, user_agent, address)
        SELECT $1, user_id, $2, $3, $4, $5, $6, $7 FROM users WHERE user_id = $8";

    let insert = query(SQL)
        .bind(new.event_id.to_string())
        .bind(new.event.at.millis())
        .bind(new.event.last_at.millis())
        .bind(new.event.times)
        .bind(new.event.kind.name())
        .bind(client.user_agent.as_deref())
        .bind(client.address.map(|address| address.to_string()))
        .bind(new.user_id.to_string());
    tx.execute(insert).await?;
    Ok(())
}

/// Counts an event as one more time of what happened there earlier on that day, and since then. False when nothing did.
async fn count_again(tx: &mut Tx, new: &NewEvent, client: &ClientInfo, since: Option<Moment>) -> Result<bool> {
    const SQL: &str = "
        UPDATE events SET times = times + $1, last_at = CASE WHEN last_at < $2 THEN $2 ELSE last_at END
        WHERE event_id = (
            SELECT event_id FROM events
            WHERE user_id = $3 AND kind = $4 AND at > $5
                AND user_agent IS NOT DISTINCT FROM $6 AND address IS NOT DISTINCT FROM $7
            ORDER BY at DESC, event_id DESC LIMIT 1)";

    let a_day_before = new.event.at.minus(A_DAY);
    let count = query(SQL)
        .bind(new.event.times)
        .bind(new.event.last_at.millis())
        .bind(new.user_id.to_string())
        .bind(new.event.kind.name())
        .bind(since.map_or(a_day_before, |since| since.max(a_day_before)).millis())
        .bind(client.user_agent.as_deref())
        .bind(client.address.map(|address| address.to_string()));
    Ok(tx.execute(count).await? > 0)
}

/// How many events of its kind are kept of the day before an event.
async fn count_of_the_day(tx: &mut Tx, new: &NewEvent) -> Result<i64> {
    const SQL: &str = "SELECT COUNT(*) FROM events WHERE user_id = $1 AND kind = $2 AND at > $3";

    let count = query_scalar(SQL)
        .bind(new.user_id.to_string())
        .bind(new.event.kind.name())
        .bind(new.event.at.minus(A_DAY).millis());
    Ok(count.fetch_one(tx.connection()).await?)
}

async fn last_login(tx: &mut Tx, user_id: UserId) -> Result<Option<Moment>> {
    const SQL: &str = "SELECT MAX(last_at) FROM events WHERE user_id = $1 AND kind IN ($2, $3)";

    let last = query_scalar(SQL).bind(user_id.to_string());
    let last = EventKind::LOG_INS.iter().fold(last, |last, kind| last.bind(kind.name()));
    let last: Option<i64> = last.fetch_one(tx.connection()).await?;
    Ok(last.map(Moment::from_millis))
}

impl Store {
    /// Runs one statement in the turn of the user whom an event happens to, and keeps the event: both, or neither when the
    /// statement changes nothing. Answers whether it did.
    pub(super) async fn write_with_event(&self, statement: Statement<'_>, event: &NewEvent) -> Result<bool> {
        let mut tx = self.begin().await?;
        take_turns(&mut tx, event.user_id).await?;
        if tx.execute(statement).await? == 0 {
            return Ok(false);
        }
        insert_event(&mut tx, event).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Keeps events by themselves, all or none. A SQLite file is written to where there are none too: whoever writes next
    /// waits for that as long.
    pub async fn add_events(&self, events: &[NewEvent]) -> Result<()> {
        // A row that comes and goes, in a small table that nobody reads meanwhile: SQLite does not write what an update leaves as it is.
        const COME: &str = "INSERT INTO key_marks (name, mark) VALUES ('nobody', '')";
        const GO: &str = "DELETE FROM key_marks WHERE name = 'nobody'";

        let mut tx = self.begin().await?;
        for event in events {
            take_turns(&mut tx, event.user_id).await?;
            insert_event(&mut tx, event).await?;
        }
        if self.kind == Kind::Sqlite {
            tx.execute(query(COME)).await?;
            tx.execute(query(GO)).await?;
        }
        tx.commit().await
    }

    /// What happened to an account, the latest first, at most so many events of a kind.
    pub async fn events(&self, user_id: UserId, most_of_a_kind: i64) -> Result<Vec<Event>> {
        const SQL: &str = "
            SELECT at, last_at, times, kind, user_agent, address FROM (
                SELECT events.*, ROW_NUMBER() OVER (PARTITION BY kind ORDER BY last_at DESC, event_id DESC) AS place
                FROM events WHERE user_id = $1) AS placed
            WHERE place <= $2
            ORDER BY last_at DESC, event_id DESC";

        reading(query_as(SQL).bind(user_id.to_string()).bind(most_of_a_kind).fetch_all(&self.readers)).await
    }

    /// The failed attempts to log in since the user last did; none when there were none.
    pub async fn failed_before(&self, user_id: UserId) -> Result<Option<FailedBefore>> {
        const SQL: &str = "
            SELECT CAST(COALESCE(SUM(events.times), 0) AS BIGINT), MIN(since.at), MIN(events.at)
            FROM events, (
                SELECT COALESCE(MAX(last_at), 0) AS at FROM events WHERE user_id = $1 AND kind IN ($2, $3)) AS since
            WHERE events.user_id = $1 AND events.kind IN ($4, $5, $6) AND events.last_at > since.at";

        let kinds = EventKind::LOG_INS.iter().chain(&EventKind::FAILED_LOG_INS);
        let failures = query_as(SQL).bind(user_id.to_string());
        let failures = kinds.fold(failures, |failures, kind| failures.bind(kind.name()));
        let (attempts, since, first): (i64, Option<i64>, Option<i64>) =
            reading(failures.fetch_one(&self.readers)).await?;
        // The login before may be so long ago that it is not kept any more.
        let since = since.filter(|since| *since > 0).or(first);
        Ok(since.filter(|_| attempts > 0).map(|since| FailedBefore { attempts, since: Moment::from_millis(since) }))
    }
}
