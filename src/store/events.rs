use std::time::Duration;

use super::columns::read_client;
use super::sessions::take_turns;
use super::{Result, Store, unreadable};
use crate::model::{Event, EventId, EventKind, Moment, UserId};

/// An event to be kept.
#[derive(Debug)]
pub struct NewEvent {
    /// Names it.
    pub event_id: EventId,
    /// Whose account it happened to.
    pub user_id: UserId,
    /// What, when and from where.
    pub event: Event,
}

/// Keeps an event, in the transaction at hand; nothing is kept when the account is gone.
macro_rules! insert_event {
    ($tx:ident, $new:expr) => {{
        const SQL: &str = "
            INSERT INTO events (event_id, user_id, at, kind, user_agent, address)
            SELECT $1, user_id, $2, $3, $4, $5 FROM users WHERE user_id = $6";

        let new: &$crate::store::NewEvent = $new;
        sqlx::query(SQL)
            .bind(new.event_id.to_string())
            .bind(new.event.at.millis())
            .bind(new.event.kind.name())
            .bind(new.event.client.user_agent.as_deref())
            .bind(new.event.client.address.map(|address| address.to_string()))
            .bind(new.user_id.to_string())
            .execute(&mut *$tx)
            .await?;
    }};
}
pub(super) use insert_event;

impl Store {
    /// Keeps an event by itself.
    pub async fn add_event(&self, new: &NewEvent) -> Result<()> {
        transaction!(self, tx => insert_event!(tx, new));
        Ok(())
    }

    /// Keeps an event, unless one of its kind was kept so lately.
    pub async fn add_event_once(&self, new: &NewEvent, lately: Duration) -> Result<()> {
        const SQL: &str = "SELECT COUNT(*) FROM events WHERE user_id = $1 AND kind = $2 AND at > $3";

        transaction!(self, tx => {
            take_turns!(tx, new.user_id);
            let kept: i64 = sqlx::query_scalar(SQL)
                .bind(new.user_id.to_string())
                .bind(new.event.kind.name())
                .bind(new.event.at.minus(lately).millis())
                .fetch_one(&mut *tx)
                .await?;
            if kept == 0 {
                insert_event!(tx, new);
            }
        });
        Ok(())
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

        type Row = (i64, String, Option<String>, Option<String>);
        let rows: Vec<Row> = reading!(self, db => sqlx::query_as(SQL)
            .bind(user_id.to_string())
            .bind(most)
            .bind(most_failures)
            .bind(EventKind::LogInFailed.name())
            .bind(EventKind::CodeRefused.name())
            .bind(EventKind::ConfirmationFailed.name())
            .bind(EventKind::KeptOut.name())
            .fetch_all(db)
            .await?);
        let read = |(at, kind, user_agent, address): Row| {
            Ok(Event {
                at: Moment::from_millis(at),
                kind: EventKind::parse(&kind).ok_or_else(|| unreadable("events.kind"))?,
                client: read_client(user_agent, address),
            })
        };
        rows.into_iter().map(read).collect()
    }
}
