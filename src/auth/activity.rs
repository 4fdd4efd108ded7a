//! What happened to an account, for its owner.

use std::time::Duration;

use super::{Auth, Browser, Caller, Failure, TwoFactorState};
use crate::model::{BrowserId, Event, EventKind, FailedBefore, KnownBrowser, Moment, Session, TokenHash, UserId};

pub const EVENTS_KEPT: Duration = Duration::from_secs(90 * 24 * 3_600);
/// How many events of a kind are shown at the most, so that somebody who does one thing again and again hides no other.
pub const MOST_OF_A_KIND_SHOWN: i64 = 50;
/// An export holds every event: how many there may be is bounded where they are kept.
const ALL: i64 = i64::MAX;

/// Everything that is kept about a user, without any secret.
#[derive(Debug)]
pub struct Export {
    /// Every session, those included that have run out and are not swept yet.
    pub sessions: Vec<Session>,
    pub known_browsers: Vec<KnownBrowser>,
    /// Which of them this one is.
    pub this_browser: Option<BrowserId>,
    pub events: Vec<Event>,
    pub two_factor: TwoFactorState,
}

impl Auth {
    /// The failed attempts to log in since a user last did; none when there were none.
    pub(super) async fn failed_before(&self, user_id: UserId) -> Result<Option<FailedBefore>, Failure> {
        self.write_failed_attempts_of(user_id).await?;
        self.store.failed_before(user_id).await
    }

    /// What happened to an account, the latest first.
    pub async fn activity(&self, user_id: UserId) -> Result<Vec<Event>, Failure> {
        if let Err(error) = self.write_failed_attempts_of(user_id).await {
            tracing::warn!(%error, "failed attempts could not be written, and what is read does not tell of them");
        }
        self.store.events(user_id, MOST_OF_A_KIND_SHOWN).await
    }

    /// Takes the notice from a session, because its user has seen it.
    pub async fn drop_notice(&self, me: &Caller<'_>) -> Result<(), Failure> {
        self.store.drop_notice(me.session.session_id).await?;
        self.memory.forget_user(me.user.user_id);
        Ok(())
    }

    /// Why the session of a token was ended from elsewhere, if it was.
    pub async fn ending(&self, token_hash: &TokenHash) -> Result<Option<(EventKind, Moment)>, Failure> {
        self.store.ending(token_hash).await
    }

    pub async fn export(&self, me: &Caller<'_>, browser: &Browser) -> Result<Export, Failure> {
        let user_id = me.user.user_id;
        let noted = self.event(user_id, EventKind::Exported, &me.client);
        self.store.add_events(&[noted]).await?;
        self.write_failed_attempts_of(user_id).await?;
        let (known_browsers, this_browser) = self.known_browsers(user_id, browser).await?;
        Ok(Export {
            known_browsers,
            this_browser,
            sessions: self.store.sessions(user_id).await?,
            events: self.store.events(user_id, ALL).await?,
            two_factor: self.two_factor(user_id).await?,
        })
    }
}
