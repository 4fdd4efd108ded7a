use std::time::Duration;

use sqlx::any::AnyRow;
use sqlx::{FromRow, Row, query, query_as, query_scalar};

use super::rows::parsed;
use super::timings::reading;
use super::{Result, Statement, Store, Tx, take_turns};
use crate::model::{ClientInfo, Event, EventId, EventKind, FailedBefore, Moment, UserId};

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
            kind: parsed(row, "kind", EventKind::parse)?,
            client: ClientInfo::from_row(row)?,
        })
    }
}

/// Keeps an event; nothing is kept when the account is gone.
pub(super) async fn insert_event(tx: &mut Tx, new: &NewEvent) -> Result<()> {
    const SQL: &str = "
        INSERT INTO events (event_id, user_id, at, kind, user_agent, address)
        SELECT $1, user_id, $2, $3, $4, $5 FROM users WHERE user_id = $6";

    let insert = query(SQL)
        .bind(new.event_id.to_string())
        .bind(new.event.at.millis())
        .bind(new.event.kind.name())
        .bind(new.event.client.user_agent.as_deref())
        .bind(new.event.client.address.map(|address| address.to_string()))
        .bind(new.user_id.to_string());
    tx.execute(insert).await?;
    Ok(())
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

    /// Keeps an event by itself.
    pub async fn add_event(&self, new: &NewEvent) -> Result<()> {
        let mut tx = self.begin().await?;
        insert_event(&mut tx, new).await?;
        tx.commit().await
    }

    /// Keeps an event, unless one of its kind was kept so lately.
    pub async fn add_event_once(&self, new: &NewEvent, lately: Duration) -> Result<()> {
        const SQL: &str = "SELECT COUNT(*) FROM events WHERE user_id = $1 AND kind = $2 AND at > $3";

        let mut tx = self.begin().await?;
        take_turns(&mut tx, new.user_id).await?;
        let kept: i64 = query_scalar(SQL)
            .bind(new.user_id.to_string())
            .bind(new.event.kind.name())
            .bind(new.event.at.minus(lately).millis())
            .fetch_one(tx.connection())
            .await?;
        if kept == 0 {
            insert_event(&mut tx, new).await?;
        }
        tx.commit().await
    }

    /// What happened to an account, the latest first, at most so many, and of failures fewer.
    pub async fn events(&self, user_id: UserId, most: i64, most_failures: i64) -> Result<Vec<Event>> {
        const SQL: &str = "
            SELECT at, kind, user_agent, address FROM (
                SELECT * FROM (
                    SELECT * FROM events WHERE user_id = $1 AND kind NOT IN ($4, $5, $6, $7)
                    ORDER BY at DESC, event_id DESC LIMIT $2) AS others
                UNION ALL
                SELECT * FROM (
                    SELECT * FROM events WHERE user_id = $1 AND kind IN ($4, $5, $6, $7)
                    ORDER BY at DESC, event_id DESC LIMIT $3) AS failures) AS shown
            ORDER BY at DESC, event_id DESC";

        let events = query_as(SQL)
            .bind(user_id.to_string())
            .bind(most)
            .bind(most_failures)
            .bind(EventKind::LogInFailed.name())
            .bind(EventKind::CodeRefused.name())
            .bind(EventKind::ConfirmationFailed.name())
            .bind(EventKind::KeptOut.name());
        reading(events.fetch_all(&self.readers)).await
    }

    /// The failed attempts to log in since the user last did; none when there were none.
    pub async fn failed_before(&self, user_id: UserId) -> Result<Option<FailedBefore>> {
        const SQL: &str = "
            SELECT COUNT(*), MIN(since.at), MIN(events.at)
            FROM events, (
                SELECT COALESCE(MAX(at), 0) AS at FROM events WHERE user_id = $1 AND kind IN ($2, $3)) AS since
            WHERE events.user_id = $1 AND events.kind IN ($4, $5, $6) AND events.at > since.at";

        let failures = query_as(SQL)
            .bind(user_id.to_string())
            .bind(EventKind::LoggedIn.name())
            .bind(EventKind::SignedUp.name())
            .bind(EventKind::LogInFailed.name())
            .bind(EventKind::CodeRefused.name())
            .bind(EventKind::KeptOut.name());
        let (attempts, since, first): (i64, Option<i64>, Option<i64>) =
            reading(failures.fetch_one(&self.readers)).await?;
        // The login before may be so long ago that it is not kept any more.
        let since = since.filter(|since| *since > 0).or(first);
        Ok(since.filter(|_| attempts > 0).map(|since| FailedBefore { attempts, since: Moment::from_millis(since) }))
    }
}
