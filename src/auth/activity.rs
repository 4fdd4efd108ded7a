//! What happened to an account, for its owner.

use std::time::Duration;

use super::{Auth, Browser, Caller, Failure, TwoFactorState};
use crate::model::{BrowserId, Event, EventKind, KnownBrowser, Moment, Session, TokenHash, UserId};

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
    pub known_browsers: Vec<KnownBrowser>,
    /// Which of them this one is.
    pub this_browser: Option<BrowserId>,
    pub events: Vec<Event>,
    pub two_factor: TwoFactorState,
}

impl Auth {
    /// What happened to an account, the latest first.
    pub async fn activity(&self, user_id: UserId) -> Result<Vec<Event>, Failure> {
        self.store.events(user_id, MOST_SHOWN, MOST_FAILURES_SHOWN).await
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
        self.store.add_event_once(&noted, NOTED_EVERY).await?;
        let (known_browsers, this_browser) = self.known_browsers(user_id, browser).await?;
        Ok(Export {
            known_browsers,
            this_browser,
            sessions: self.store.sessions(user_id).await?,
            events: self.store.events(user_id, MOST_EXPORTED, MOST_EXPORTED).await?,
            two_factor: self.two_factor(user_id).await?,
        })
    }
}
