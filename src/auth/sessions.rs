//! Sessions: how they begin, go on and end.

use std::sync::Arc;

use super::{Auth, Caller, CurrentSession, Failure, StartedSession};
use crate::model::{BrowserId, BrowserMark, ClientInfo, EventKind, Session, SessionId, Token, TokenHash, User, UserId};
use crate::store::{NewSession, UsedBrowser};

impl Auth {
    /// The session that a token opens and its user; none when it has ended or run out. Never makes one: a token that
    /// this site did not give is worth nothing.
    pub async fn current_session(&self, token_hash: &TokenHash) -> Result<Option<Arc<CurrentSession>>, Failure> {
        let found = match self.memory.recall(token_hash) {
            Some(known) => Some(known),
            None => self.read_session(token_hash).await?,
        };

        let (now, limits) = (self.clock.now(), &self.rules.sessions);
        Ok(found.filter(|current| self.last_seen.note_if_alive(&current.session, now, limits)))
    }

    /// Ends one session of whoever is in this one, and says whether there was one: it may have ended before, or be another
    /// user's. Once this has answered, nothing brings it back.
    pub async fn end_session(&self, me: &Caller<'_>, session_id: SessionId) -> Result<bool, Failure> {
        let from_elsewhere = session_id != me.session.session_id;
        let kind = if from_elsewhere { EventKind::SessionEnded } else { EventKind::LoggedOut };
        let event = self.event(me.user.user_id, kind, &me.client);
        let has_ended = self.store.end_session(session_id, from_elsewhere, &event).await?;
        self.memory.forget_user(me.user.user_id);
        Ok(has_ended)
    }

    /// Ends every other session of whoever is in this one, and says how many there were.
    pub async fn end_other_sessions(&self, me: &Caller<'_>) -> Result<u64, Failure> {
        let event = self.event(me.user.user_id, EventKind::OthersEnded, &me.client);
        let ended = self.store.end_other_sessions(me.session.session_id, &event).await?;
        self.memory.forget_user(me.user.user_id);
        Ok(ended)
    }

    /// Where a user is signed in, the last used first.
    pub async fn sessions(&self, user_id: UserId) -> Result<Vec<Session>, Failure> {
        let now = self.clock.now();
        let mut sessions = self.store.sessions(user_id).await?;
        for session in &mut sessions {
            session.last_seen_at = self.last_seen.of(session);
        }
        sessions.retain(|session| session.is_alive(session.last_seen_at, now, &self.rules.sessions));
        Ok(sessions)
    }

    /// A session of this user that has begun once the database has it, in a browser that is new to them.
    pub(super) fn new_session(
        &self,
        user: &User,
        client: &ClientInfo,
        remember: bool,
    ) -> Result<StartedSession, Failure> {
        let now = self.clock.now();
        let mark = Some(BrowserMark::new(user.user_id)?);
        let session = Session {
            session_id: SessionId::new(now),
            created_at: now,
            last_seen_at: now,
            confirmed_at: now,
            remembered_until: remember.then(|| now.plus(self.rules.sessions.remembered)),
            client: client.clone(),
            failed_before: None,
            notice: None,
        };
        Ok(StartedSession { user: user.clone(), session, token: Token::random()?, mark })
    }

    /// To be called when the database has begun a session: the one that it replaces is forgotten, and where the oldest had
    /// to go, all of its user.
    pub(super) fn forget_ended(&self, replaced: Option<TokenHash>, user_id: UserId, oldest_ended: u64) {
        if let Some(replaced) = replaced {
            self.memory.forget(&replaced);
        }
        if oldest_ended > 0 {
            self.memory.forget_user(user_id);
        }
    }

    async fn read_session(&self, token_hash: &TokenHash) -> Result<Option<Arc<CurrentSession>>, Failure> {
        let reading = self.memory.begin_reading(token_hash);
        let Some((user, session)) = self.store.session(token_hash).await? else {
            return Ok(None);
        };
        let current = Arc::new(CurrentSession { user, session });
        self.memory.remember(reading, &current);
        Ok(Some(current))
    }
}

impl StartedSession {
    /// What the database keeps of it; `replaces` is the session that this browser was in until now, and `known` what it is
    /// known as already.
    pub(super) fn to_keep(&self, replaces: Option<TokenHash>, known: Option<BrowserId>) -> NewSession<'_> {
        let new = || self.mark.as_ref().map(|mark| UsedBrowser::New(mark.token.hash()));
        NewSession {
            user_id: self.user.user_id,
            session: &self.session,
            token_hash: self.token.hash(),
            replaces,
            browser: known.map(UsedBrowser::Known).or_else(new),
        }
    }
}
