//! What happened to an account, for its owner.

use std::time::Duration;

use super::{Auth, Failure, Resumed};
use crate::model::{ClientInfo, Event, EventId, EventKind, Moment, Session, TokenHash, UserId};
use crate::store::NewEvent;

/// How long events are kept.
pub const EVENTS_KEPT: Duration = Duration::from_secs(90 * 24 * 3_600);
/// How many events are shown at the most; of failures fewer, so that somebody who fails on purpose hides nothing.
const MOST_SHOWN: i64 = 200;
const MOST_FAILURES_SHOWN: i64 = 50;
/// How many events an export holds at the most.
const MOST_EXPORTED: i64 = 10_000;
/// How often a download is noted.
const NOTED_EVERY: Duration = Duration::from_secs(10 * 60);

/// Everything that is kept about a user, without any secret.
#[derive(Debug)]
pub struct Export {
    /// Every session, those included that have run out and are not swept yet.
    pub sessions: Vec<Session>,
    /// What happened, the latest first.
    pub events: Vec<Event>,
    /// Whether a second step is asked for, and how many recovery codes are left.
    pub second_factor: Option<i64>,
}

impl Auth {
    /// What happened to an account, the latest first.
    pub async fn activity(&self, user_id: UserId) -> Result<Vec<Event>, Failure> {
        Ok(self.store.events(user_id, MOST_SHOWN, MOST_FAILURES_SHOWN).await?)
    }

    /// Takes the notice from a session, because its user has seen it.
    pub async fn drop_notice(&self, me: &Resumed) -> Result<(), Failure> {
        self.store.drop_notice(me.session.session_id).await?;
        self.memory.forget_user(me.user.user_id);
        Ok(())
    }

    /// Why the session of a token was ended from elsewhere, if it was.
    pub async fn ending(&self, token_hash: &TokenHash) -> Result<Option<(EventKind, Moment)>, Failure> {
        Ok(self.store.ending(token_hash).await?)
    }

    /// Everything that is kept about a user.
    pub async fn export(&self, user_id: UserId, client: &ClientInfo) -> Result<Export, Failure> {
        let noted = self.event(user_id, EventKind::Exported, client);
        self.store.add_event_once(&noted, NOTED_EVERY).await?;
        let second_factor = match self.has_second_factor(user_id).await? {
            true => Some(self.store.count_recovery_codes(user_id).await?),
            false => None,
        };
        Ok(Export {
            sessions: self.store.sessions(user_id).await?,
            events: self.store.events(user_id, MOST_EXPORTED, MOST_EXPORTED).await?,
            second_factor,
        })
    }

    /// An event of now.
    pub(super) fn event(&self, user_id: UserId, kind: EventKind, client: &ClientInfo) -> NewEvent {
        let at = self.clock.now();
        NewEvent { event_id: EventId::new(at), user_id, event: Event { at, kind, client: client.clone() } }
    }

    /// Keeps an event while the answer goes out already: were it waited for, the time would tell whether a name has an
    /// account.
    pub(super) fn tell_later(&self, user_id: Option<UserId>, kind: EventKind, client: &ClientInfo) {
        let Some(event) = user_id.map(|user_id| self.event(user_id, kind, client)) else { return };
        let store = self.store.clone();
        rocket::tokio::spawn(async move {
            if let Err(error) = store.add_event(&event).await {
                tracing::warn!(%error, "an event could not be kept");
            }
        });
    }
}
