//! What this process lately read about sessions, so that not every request asks the database. It never outlives
//! `session_recheck_ms`, and nothing that ended here stays in it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Resumed;
use crate::model::{TokenHash, UserId};

/// The parts of the memory, so that requests seldom wait for each other.
const SHARDS: usize = 16;
/// How many sessions a part holds at the most.
const MOST_IN_A_SHARD: usize = 1_024;

/// Sessions as they were last read, for a short while.
pub struct SessionMemory {
    recheck: Duration,
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Default)]
struct Shard {
    known: HashMap<TokenHash, (Instant, Arc<Resumed>)>,
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
    pub fn recall(&self, token_hash: &TokenHash) -> Option<Arc<Resumed>> {
        if self.recheck.is_zero() {
            return None;
        }
        let shard = self.shard(token_hash);
        let (read, resumed) = shard.known.get(token_hash)?;
        (read.elapsed() < self.recheck).then(|| Arc::clone(resumed))
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
    pub fn remember(&self, reading: Reading, resumed: &Arc<Resumed>) {
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
        shard.known.insert(reading.token_hash, (reading.began, Arc::clone(resumed)));
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
            shard.known.retain(|_, (_, resumed)| resumed.user.user_id != user_id);
        }
    }

    fn shard(&self, token_hash: &TokenHash) -> MutexGuard<'_, Shard> {
        lock(&self.shards[token_hash.first_byte() as usize % SHARDS])
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::*;
    use crate::model::{DisplayName, Moment, Session, SessionId, Token, User, Username};

    fn someone() -> Arc<Resumed> {
        let now = Moment::from_millis(0);
        let username = Username::parse("ada").unwrap();
        Arc::new(Resumed {
            user: User {
                user_id: UserId::new(now),
                display_name: DisplayName::from(&username),
                username,
                created_at: now,
            },
            session: Session {
                session_id: SessionId::new(now),
                created_at: now,
                last_seen_at: now,
                confirmed_at: now,
                remembered_until: None,
                client: Default::default(),
                failed_before: None,
                notice: None,
            },
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
}
