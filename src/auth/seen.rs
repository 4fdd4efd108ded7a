//! When sessions were last used, noted in memory and written to the database from time to time, never while somebody
//! waits for an answer.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::{Moment, Session, SessionId};

/// How exact the note in the database is.
const TO_THE_MINUTE: Duration = Duration::from_secs(60);

/// The notes that the database may not have yet.
#[derive(Default)]
pub struct Seen(Mutex<HashMap<SessionId, Note>>);

struct Note {
    at: Moment,
    /// What the database has. A note stays for one more round after it was written, because what this process read
    /// about the session may be older than that.
    written: Option<Moment>,
}

impl Seen {
    /// When the session was last used, as far as this process knows.
    pub fn last(&self, session: &Session, now: Moment) -> Moment {
        if now.since(session.last_seen_at) < TO_THE_MINUTE {
            return session.last_seen_at;
        }
        self.notes().get(&session.session_id).map_or(session.last_seen_at, |note| note.at.max(session.last_seen_at))
    }

    /// Notes that the session is used now, at most once a minute.
    pub fn note(&self, session: &Session, now: Moment) {
        if now.since(session.last_seen_at) >= TO_THE_MINUTE {
            let mut notes = self.notes();
            let note = notes.entry(session.session_id).or_insert(Note { at: now, written: None });
            note.at = note.at.max(now);
        }
    }

    /// What the database does not have yet.
    pub fn unwritten(&self) -> Vec<(SessionId, Moment)> {
        let notes = self.notes();
        notes.iter().filter(|(_, note)| note.written != Some(note.at)).map(|(id, note)| (*id, note.at)).collect()
    }

    /// Called when these have been written; drops the notes that were written the time before.
    pub fn forget_written(&self, written: &[(SessionId, Moment)]) {
        let mut notes = self.notes();
        notes.retain(|_, note| note.written != Some(note.at));
        for (session_id, at) in written {
            if let Some(note) = notes.get_mut(session_id) {
                note.written = Some(*at);
            }
        }
    }

    fn notes(&self) -> MutexGuard<'_, HashMap<SessionId, Note>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
