use std::sync::Arc;

use super::{Auth, Begun, EVENTS_KEPT, Ended, Failure, Resumed};
use crate::model::{ClientInfo, EventKind, Moment, Session, SessionId, Token, TokenHash, User, UserId};
use crate::store::NewSession;

/// How many rows one statement of the sweep deletes at the most, so that none blocks the others for long.
const SWEPT_AT_ONCE: i64 = 500;

/// How many uses of sessions one transaction writes at the most, for the same reason.
const WRITTEN_AT_ONCE: usize = 500;

impl Auth {
    /// The session that a token opens and its user; none when it has ended or run out. Never makes one: a token that
    /// this site did not give is worth nothing.
    pub async fn resume_session(&self, token_hash: &TokenHash) -> Result<Option<Arc<Resumed>>, Failure> {
        let found = match self.memory.recall(token_hash) {
            Some(known) => Some(known),
            None => self.read_session(token_hash).await?,
        };

        let (now, limits) = (self.clock.now(), &self.rules.sessions);
        Ok(found.filter(|resumed| self.seen.note_if_alive(&resumed.session, now, limits)))
    }

    /// Ends one session of whoever is in this one. Once this has answered, nothing brings it back. Another user's session
    /// is none of theirs.
    pub async fn end_session(
        &self,
        me: &Resumed,
        session_id: SessionId,
        client: &ClientInfo,
    ) -> Result<Ended, Failure> {
        let from_elsewhere = session_id != me.session.session_id;
        let kind = if from_elsewhere { EventKind::SessionEnded } else { EventKind::SignedOut };
        let event = self.event(me.user.user_id, kind, client);
        if !self.store.end_session(session_id, from_elsewhere, &event).await? {
            return Ok(Ended::Before);
        }
        self.memory.forget_user(me.user.user_id);
        Ok(Ended::Now(session_id))
    }

    /// Ends every other session of whoever is in this one, and says how many there were.
    pub async fn end_other_sessions(&self, me: &Resumed, client: &ClientInfo) -> Result<u64, Failure> {
        let event = self.event(me.user.user_id, EventKind::OthersEnded, client);
        let ended = self.store.end_other_sessions(me.session.session_id, &event).await?;
        self.memory.forget_user(me.user.user_id);
        Ok(ended)
    }

    /// Where a user is signed in, the last used first.
    pub async fn sessions(&self, user_id: UserId) -> Result<Vec<Session>, Failure> {
        let now = self.clock.now();
        let mut sessions = self.store.sessions(user_id).await?;
        for session in &mut sessions {
            session.last_seen_at = self.seen.last(session);
        }
        sessions.retain(|session| session.is_alive(session.last_seen_at, now, &self.rules.sessions));
        Ok(sessions)
    }

    /// Deletes what is kept no longer: the sessions whose time is up, old events, and counters that count no more. Says how
    /// many sessions there were.
    pub async fn sweep(&self) -> Result<u64, Failure> {
        // What was used a moment ago is not swept for what the database knows of it.
        self.write_all_last_seen().await?;
        let (now, limits, most) = (self.clock.now(), &self.rules.sessions, SWEPT_AT_ONCE);
        let is_whole = |some: u64| some >= most.unsigned_abs();
        while is_whole(self.store.sweep_events(now, EVENTS_KEPT, most).await?) {}
        while is_whole(self.store.sweep_tries(now, EVENTS_KEPT, most).await?) {}
        while is_whole(self.store.sweep_endings(now.minus(EVENTS_KEPT), most).await?) {}
        while is_whole(self.store.sweep_resets(now, most).await?) {}
        Ok(self.store.sweep_sessions(now, limits, most).await?)
    }

    /// Writes to the database when sessions were last used, each at most once a minute.
    pub async fn write_last_seen(&self) -> Result<(), Failure> {
        let unwritten = self.seen.unwritten(self.clock.now());
        self.write_seen(&unwritten).await
    }

    /// Writes all of it: before a sweep, and at the end.
    pub(super) async fn write_all_last_seen(&self) -> Result<(), Failure> {
        let unwritten = self.seen.all_unwritten();
        self.write_seen(&unwritten).await
    }

    async fn write_seen(&self, unwritten: &[(SessionId, Moment)]) -> Result<(), Failure> {
        for some in unwritten.chunks(WRITTEN_AT_ONCE) {
            self.store.note_last_seen(some).await?;
        }
        self.seen.forget_written(unwritten);
        Ok(())
    }

    /// A session that is about to begin, and what the database shall keep of it.
    pub(super) fn prepare_session(
        &self,
        user: User,
        client: ClientInfo,
        replaces: Option<TokenHash>,
        remember: bool,
    ) -> Result<(Begun, NewSession), Failure> {
        let now = self.clock.now();
        let token = Token::random()?;
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
        let new = NewSession {
            session_id: session.session_id,
            token_hash: token.hash(),
            user_id: user.user_id,
            created_at: now,
            remembered_until: session.remembered_until,
            client,
            failed_before: None,
            replaces,
        };
        Ok((Begun { user, session, token }, new))
    }

    /// Called when the database has begun the session: the one it replaces is forgotten.
    pub(super) fn begun(&self, begun: Begun, session: &NewSession) -> Begun {
        if let Some(replaced) = &session.replaces {
            self.memory.forget(replaced);
        }
        begun
    }

    async fn read_session(&self, token_hash: &TokenHash) -> Result<Option<Arc<Resumed>>, Failure> {
        let reading = self.memory.begin_reading(token_hash);
        let Some((user, session)) = self.store.session(token_hash).await? else {
            return Ok(None);
        };
        let resumed = Arc::new(Resumed { user, session });
        self.memory.remember(reading, &resumed);
        Ok(Some(resumed))
    }
}
