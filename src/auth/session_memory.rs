//! What this process remembers of sessions: how they stood when they were last read, so that not every request asks the
//! database, and when they were last used, so that not every request writes to it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::CurrentSession;
use crate::model::{Moment, Session, SessionId, SessionLimits, TokenHash, UserId};

/// The parts of the memory, so that requests seldom wait for each other.
const SHARDS: usize = 16;
/// How many sessions a part holds at the most.
const MOST_IN_A_SHARD: usize = 1_024;
/// How often the use of one session is written, unless a sweep or the end asks for all.
const WRITTEN_EVERY: Duration = Duration::from_secs(60);

/// Sessions as they were last read. It never outlives `session_recheck_ms`, and nothing that ended here stays in it.
pub struct SessionMemory {
    recheck: Duration,
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Default)]
struct Shard {
    known: HashMap<TokenHash, (Instant, Arc<CurrentSession>)>,
    /// Goes up whenever something is forgotten, so that whoever was reading meanwhile cannot put it back.
    forgotten: u64,
}

/// Proof of when a reading began.
pub struct Reading {
    token_hash: TokenHash,
    began: Instant,
    forgotten: u64,
}

impl SessionMemory {
    pub fn new(recheck: Duration) -> Self {
        Self { recheck, shards: Default::default() }
    }

    /// A session that was read not long ago.
    pub fn recall(&self, token_hash: &TokenHash) -> Option<Arc<CurrentSession>> {
        if self.recheck.is_zero() {
            return None;
        }
        let shard = self.shard(token_hash);
        let (read, current) = shard.known.get(token_hash)?;
        (read.elapsed() < self.recheck).then(|| Arc::clone(current))
    }

    /// How many sessions it holds, those included that are too old to be relied on.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).known.len()).sum()
    }

    /// To be called before the database is asked.
    pub fn begin_reading(&self, token_hash: &TokenHash) -> Reading {
        let forgotten = self.shard(token_hash).forgotten;
        Reading { token_hash: *token_hash, began: Instant::now(), forgotten }
    }

    /// Keeps what was read, unless something was forgotten since the reading began: it may have been this.
    pub fn remember(&self, reading: Reading, current: &Arc<CurrentSession>) {
        if self.recheck.is_zero() {
            return;
        }
        let mut shard = self.shard(&reading.token_hash);
        if shard.forgotten != reading.forgotten {
            return;
        }
        if shard.known.len() >= MOST_IN_A_SHARD {
            shard.known.retain(|_, (read, _)| read.elapsed() < self.recheck);
        }
        if shard.known.len() >= MOST_IN_A_SHARD {
            shard.known.clear();
        }
        shard.known.insert(reading.token_hash, (reading.began, Arc::clone(current)));
    }

    /// Forgets one session, at once.
    pub fn forget(&self, token_hash: &TokenHash) {
        let mut shard = self.shard(token_hash);
        shard.forgotten += 1;
        shard.known.remove(token_hash);
    }

    /// Forgets all sessions of a user, at once.
    pub fn forget_user(&self, user_id: UserId) {
        for shard in &self.shards {
            let mut shard = lock(shard);
            shard.forgotten += 1;
            shard.known.retain(|_, (_, current)| current.user.user_id != user_id);
        }
    }

    fn shard(&self, token_hash: &TokenHash) -> MutexGuard<'_, Shard> {
        lock(&self.shards[token_hash.first_byte() as usize % SHARDS])
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// When sessions were last used: known exactly here, and written to the database from time to time, never while somebody
/// waits for an answer.
#[derive(Default)]
pub struct LastSeen(Mutex<HashMap<SessionId, Note>>);

struct Note {
    at: Moment,
    /// What the database has.
    written: Moment,
    /// Whether it has not been used since it was written. Such a note stays for one more round, because what this process
    /// read about the session may be older than that.
    is_resting: bool,
}

impl LastSeen {
    /// When the session was last used, as far as this process knows.
    pub fn of(&self, session: &Session) -> Moment {
        self.notes().get(&session.session_id).map_or(session.last_seen_at, |note| note.at.max(session.last_seen_at))
    }

    /// Notes that the session is used now, unless it has run out. Says whether it goes on.
    pub fn note_if_alive(&self, session: &Session, now: Moment, limits: &SessionLimits) -> bool {
        let mut notes = self.notes();
        let as_read = Note { at: session.last_seen_at, written: session.last_seen_at, is_resting: false };
        let last = notes.get(&session.session_id).map_or(as_read.at, |note| note.at.max(as_read.at));
        let is_alive = session.is_alive(last, now, limits);
        if is_alive {
            notes.entry(session.session_id).or_insert(as_read).at = last.max(now);
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
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::*;
    use crate::model::{DisplayName, Token, User, Username};

    fn someone() -> Arc<CurrentSession> {
        let now = Moment::from_millis(0);
        let username = Username::parse("ada").unwrap();
        Arc::new(CurrentSession {
            user: User {
                user_id: UserId::new(now),
                display_name: DisplayName::from(&username),
                username,
                created_at: now,
            },
            session: session(),
        })
    }

    fn token() -> TokenHash {
        Token::random().unwrap().hash()
    }

    #[test]
    fn a_reader_that_began_before_the_end_cannot_put_the_session_back() {
        let memory = SessionMemory::new(Duration::from_secs(60));
        let (token, ada) = (token(), someone());

        let reading = memory.begin_reading(&token);
        memory.forget_user(ada.user.user_id);
        memory.remember(reading, &ada);

        assert!(memory.recall(&token).is_none());
    }

    #[test]
    fn many_readers_race_one_end_and_none_brings_the_session_back() {
        const READERS: usize = 4;

        let memory = SessionMemory::new(Duration::from_secs(60));
        let ada = someone();
        for round in 0..2_000 {
            let token = token();
            let is_alive = AtomicBool::new(true);
            let start = Barrier::new(READERS + 1);
            thread::scope(|scope| {
                for _ in 0..READERS {
                    scope.spawn(|| {
                        start.wait();
                        let reading = memory.begin_reading(&token);
                        if is_alive.load(Ordering::SeqCst) {
                            thread::yield_now();
                            memory.remember(reading, &ada);
                        }
                    });
                }
                start.wait();
                is_alive.store(false, Ordering::SeqCst);
                match round % 2 {
                    0 => memory.forget(&token),
                    _ => memory.forget_user(ada.user.user_id),
                }
                assert!(memory.recall(&token).is_none(), "it is known although it has ended");
            });
            assert!(memory.recall(&token).is_none(), "a reader brought it back");
        }
    }

    #[test]
    fn forgetting_a_user_leaves_the_others_known() {
        let memory = SessionMemory::new(Duration::from_secs(60));
        let (adas, ada, eves, eve) = (token(), someone(), token(), someone());
        memory.remember(memory.begin_reading(&adas), &ada);
        memory.remember(memory.begin_reading(&eves), &eve);

        memory.forget_user(ada.user.user_id);

        assert!(memory.recall(&adas).is_none());
        assert!(memory.recall(&eves).is_some());
    }

    #[test]
    fn nothing_is_known_longer_than_allowed() {
        let (token, ada) = (token(), someone());
        for recheck in [Duration::ZERO, Duration::from_millis(1)] {
            let memory = SessionMemory::new(recheck);
            memory.remember(memory.begin_reading(&token), &ada);
            std::thread::sleep(Duration::from_millis(5));
            assert!(memory.recall(&token).is_none());
        }
    }

    #[test]
    fn the_memory_is_bounded() {
        let memory = SessionMemory::new(Duration::from_secs(60));
        let ada = someone();
        for _ in 0..3 * SHARDS * MOST_IN_A_SHARD {
            let token = token();
            memory.remember(memory.begin_reading(&token), &ada);
        }
        assert!(memory.shards.iter().all(|shard| lock(shard).known.len() <= MOST_IN_A_SHARD));
    }

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
        let (last_seen, session) = (LastSeen::default(), session());
        let mut written = 0;
        for second in 1..=600 {
            assert!(last_seen.note_if_alive(&session, at(second), &LIMITS));
            let unwritten = last_seen.unwritten(at(second));
            written += unwritten.len();
            last_seen.forget_written(&unwritten);
        }
        assert_eq!(written, 10);
        assert_eq!(last_seen.of(&session), at(600));
    }

    #[test]
    fn a_session_that_has_run_out_is_not_brought_back_by_being_used() {
        let (last_seen, session) = (LastSeen::default(), session());
        assert!(!last_seen.note_if_alive(&session, at(1_800), &LIMITS));
        assert!(!last_seen.note_if_alive(&session, at(1_800), &LIMITS));
        assert!(last_seen.all_unwritten().is_empty());
    }

    #[test]
    fn nothing_is_held_of_sessions_that_are_written_and_used_no_more() {
        let last_seen = LastSeen::default();
        for session in (0..100).map(|_| session()) {
            last_seen.note_if_alive(&session, at(1), &LIMITS);
        }
        // Written in the first round, resting in the second, over in the third.
        for _ in 0..3 {
            let unwritten = last_seen.all_unwritten();
            last_seen.forget_written(&unwritten);
        }
        assert!(last_seen.notes().is_empty());
    }
}
