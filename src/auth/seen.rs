//! When sessions were last used: known exactly in memory, and written to the database from time to time, never while
//! somebody waits for an answer.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::{Moment, Session, SessionId, SessionLimits};

/// How often the use of one session is written, unless a sweep or the end asks for all.
const WRITTEN_EVERY: Duration = Duration::from_secs(60);

/// What this process knows of the use of sessions, and the database may not.
#[derive(Default)]
pub struct Seen(Mutex<HashMap<SessionId, Note>>);

struct Note {
    at: Moment,
    /// What the database has.
    written: Moment,
    /// Whether it has not been used since it was written. Such a note stays for one more round, because what this process
    /// read about the session may be older than that.
    is_resting: bool,
}

impl Seen {
    /// When the session was last used, as far as this process knows.
    pub fn last(&self, session: &Session) -> Moment {
        self.notes().get(&session.session_id).map_or(session.last_seen_at, |note| note.at.max(session.last_seen_at))
    }

    /// Notes that the session is used now, unless it has run out. Says whether it goes on.
    pub fn note_if_alive(&self, session: &Session, now: Moment, limits: &SessionLimits) -> bool {
        let mut notes = self.notes();
        let unused = Note { at: session.last_seen_at, written: session.last_seen_at, is_resting: false };
        let last = notes.get(&session.session_id).map_or(unused.at, |note| note.at.max(unused.at));
        let is_alive = session.is_alive(last, now, limits);
        if is_alive {
            notes.entry(session.session_id).or_insert(unused).at = last.max(now);
        }
        is_alive
    }

    /// What is worth writing now: each session at most once a minute.
    pub fn unwritten(&self, now: Moment) -> Vec<(SessionId, Moment)> {
        self.later_than_written(|note| now.since(note.written) >= WRITTEN_EVERY)
    }

    /// Everything that the database does not have.
    pub fn all_unwritten(&self) -> Vec<(SessionId, Moment)> {
        self.later_than_written(|_| true)
    }

    /// Called when these have been written; drops the notes of sessions that nobody uses any more.
    pub fn forget_written(&self, written: &[(SessionId, Moment)]) {
        let mut notes = self.notes();
        notes.retain(|_, note| {
            let is_over = note.is_resting && note.at == note.written;
            note.is_resting = note.at == note.written;
            !is_over
        });
        for (session_id, at) in written {
            if let Some(note) = notes.get_mut(session_id) {
                note.written = note.written.max(*at);
            }
        }
    }

    fn later_than_written(&self, is_worth_it: impl Fn(&Note) -> bool) -> Vec<(SessionId, Moment)> {
        let notes = self.notes();
        let later = notes.iter().filter(|(_, note)| note.at > note.written && is_worth_it(note));
        later.map(|(session_id, note)| (*session_id, note.at)).collect()
    }

    fn notes(&self) -> MutexGuard<'_, HashMap<SessionId, Note>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: SessionLimits = SessionLimits {
        idle: Duration::from_secs(30 * 60),
        absolute: Duration::from_secs(12 * 3_600),
        remembered: Duration::from_secs(30 * 24 * 3_600),
    };

    fn session() -> Session {
        let now = Moment::from_millis(0);
        Session {
            session_id: SessionId::new(now),
            created_at: now,
            last_seen_at: now,
            confirmed_at: now,
            remembered_until: None,
            client: Default::default(),
            failed_before: None,
            notice: None,
        }
    }

    fn at(seconds: i64) -> Moment {
        Moment::from_millis(seconds * 1_000)
    }

    #[test]
    fn the_use_of_a_session_is_written_at_most_once_a_minute() {
        let (seen, session) = (Seen::default(), session());
        let mut written = 0;
        for second in 1..=600 {
            assert!(seen.note_if_alive(&session, at(second), &LIMITS));
            let unwritten = seen.unwritten(at(second));
            written += unwritten.len();
            seen.forget_written(&unwritten);
        }
        assert_eq!(written, 10);
        assert_eq!(seen.last(&session), at(600));
    }

    #[test]
    fn a_session_that_has_run_out_is_not_brought_back_by_being_used() {
        let (seen, session) = (Seen::default(), session());
        assert!(!seen.note_if_alive(&session, at(1_800), &LIMITS));
        assert!(!seen.note_if_alive(&session, at(1_800), &LIMITS));
        assert!(seen.all_unwritten().is_empty());
    }

    #[test]
    fn nothing_is_held_of_sessions_that_are_written_and_used_no_more() {
        let seen = Seen::default();
        for session in (0..100).map(|_| session()) {
            seen.note_if_alive(&session, at(1), &LIMITS);
        }
        // Written in the first round, resting in the second, over in the third.
        for _ in 0..3 {
            let unwritten = seen.all_unwritten();
            seen.forget_written(&unwritten);
        }
        assert!(seen.notes().is_empty());
    }
}
