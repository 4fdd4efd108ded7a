//! When sessions were last used: known exactly in memory, and written to the database from time to time, never while
//! somebody waits for an answer.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::{Moment, Session, SessionId};

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

    /// Notes that the session is used now.
    pub fn note(&self, session: &Session, now: Moment) {
        let unused = Note { at: session.last_seen_at, written: session.last_seen_at, is_resting: false };
        let mut notes = self.notes();
        let note = notes.entry(session.session_id).or_insert(unused);
        note.at = note.at.max(now);
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
