//! What a hashing thread does and counts.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use crossbeam_channel::{Receiver, RecvTimeoutError};
use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{Histogram, HistogramOpts, IntCounter};
use rocket::tokio::sync::oneshot;
use subtle::ConstantTimeEq;

use super::stored::{Stored, StoredArgon2};
use crate::model::{Password, PasswordHash, random_bytes};

/// Something to hash, and where the answer is waited for.
pub(super) enum Job {
    Hash { password: Password, answer: oneshot::Sender<Option<PasswordHash>> },
    Verify { password: Password, stored: PasswordHash, answer: oneshot::Sender<Verdict> },
}

/// What verifying a password found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it is the password.
    pub matches: bool,
    /// A hash as the rules want it, where it is the password and the stored one was made in another way or with other
    /// parameters.
    pub better: Option<PasswordHash>,
}

/// In seconds: ours takes some hundredths, another system's perhaps seconds.
const BUCKETS: [f64; 9] = [0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.5, 1.0, 4.0];

/// How long a thread keeps its memory when there is nothing to hash.
const MEMORY_KEPT: Duration = Duration::from_secs(60);
/// The least that is reserved for Argon2. glibc gives freed memory back to the system where it had more than 32 MiB of it in
/// one piece, and may keep smaller pieces for ever. What is reserved and never touched costs nothing.
const LEAST_RESERVED: usize = 33 * 1024 * 1024 / Block::SIZE;

/// What each thread has for itself.
pub(super) struct Worker {
    params: Params,
    /// Taken when there is something to hash, and given back when there has been nothing for a while.
    memory: Vec<Block>,
    metrics: Arc<HashingMetrics>,
}

impl Worker {
    pub(super) fn new(params: &Params, metrics: &Arc<HashingMetrics>) -> Self {
        Self { params: params.clone(), memory: Vec::new(), metrics: Arc::clone(metrics) }
    }

    /// Works until the program ends. A job whose asker has gone is dropped before it starts.
    pub(super) fn work(mut self, jobs: &Receiver<Job>) {
        loop {
            let job = match jobs.recv_timeout(MEMORY_KEPT) {
                Ok(job) => job,
                Err(RecvTimeoutError::Timeout) => {
                    self.give_back_memory();
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            };
            // A panic costs one answer, not the thread.
            let done = catch_unwind(AssertUnwindSafe(|| match job {
                Job::Hash { answer, .. } if answer.is_closed() => {}
                Job::Verify { answer, .. } if answer.is_closed() => {}
                Job::Hash { password, answer } => {
                    let _ = answer.send(self.hash(password.as_bytes()));
                }
                Job::Verify { password, stored, answer } => {
                    if let Some(verdict) = self.verify(password.as_bytes(), &stored) {
                        let _ = answer.send(verdict);
                    }
                }
            }));
            if done.is_err() {
                tracing::error!("a hashing thread panicked and goes on");
            }
        }
    }

    /// Lets the rest of the machine have it, until there is something to hash again.
    pub(super) fn give_back_memory(&mut self) {
        self.memory = Vec::new();
    }

    pub(super) fn hash(&mut self, password: &[u8]) -> Option<PasswordHash> {
        let salt: [u8; 16] = random_bytes().ok()?;
        let mut new = StoredArgon2 {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            params: self.params.clone(),
            salt: salt.to_vec(),
            output: vec![0; Params::DEFAULT_OUTPUT_LEN],
        };
        new.output = self.compute(password, &new)?;
        Some(PasswordHash::from_phc(new.to_string()))
    }

    /// None when the machine has not the memory: whether it is the password is not known then.
    fn verify(&mut self, password: &[u8], stored: &PasswordHash) -> Option<Verdict> {
        match Stored::read(stored.phc()) {
            Ok(Stored::Argon2(stored)) => {
                self.take_memory(stored.params.block_count())?;
                let began = Instant::now();
                let computed = self.compute(password, &stored);
                let matches = computed.is_some_and(|computed| computed.ct_eq(&stored.output).into());
                if stored.is_like(&self.params) {
                    Some(Verdict { matches, better: None })
                } else {
                    Some(self.improve(password, matches, began))
                }
            }
            Ok(Stored::Foreign(stored)) => {
                let began = Instant::now();
                let matches = stored.matches(password)?;
                self.metrics.note_hash(began.elapsed());
                Some(self.improve(password, matches, began))
            }
            Err(problem) => {
                tracing::error!(%problem, "a stored password hash cannot be used; its user cannot log in");
                // As much work as for any other, so that nobody learns of it.
                let _ = self.hash(password);
                Some(Verdict { matches: false, better: None })
            }
        }
    }

    /// A hash as the rules want it follows on another one, whatever came out: the cheapest then takes no less time than
    /// nobody's, and a right password has its new hash.
    fn improve(&mut self, password: &[u8], matches: bool, began: Instant) -> Verdict {
        let better = self.hash(password).filter(|_| matches);
        self.metrics.note_outdated(began.elapsed());
        Verdict { matches, better }
    }

    /// One Argon2 in the memory of this thread. What a stored hash asks for beyond that of the rules is not kept.
    fn compute(&mut self, password: &[u8], stored: &StoredArgon2) -> Option<Vec<u8>> {
        let blocks = stored.params.block_count();
        self.take_memory(blocks)?;
        let began = Instant::now();
        let mut output = vec![0; stored.output.len()];
        let argon2 = Argon2::new(stored.algorithm, stored.version, stored.params.clone());
        let done =
            argon2.hash_password_into_with_memory(password, &stored.salt, &mut output, &mut self.memory[..blocks]);
        if blocks > self.params.block_count() {
            self.give_back_memory();
        }
        self.metrics.note_hash(began.elapsed());
        done.ok().map(|()| output)
    }

    fn take_memory(&mut self, blocks: usize) -> Option<()> {
        if blocks > self.memory.len() {
            let wanted = blocks.max(LEAST_RESERVED) - self.memory.len();
            if let Err(error) = self.memory.try_reserve_exact(wanted) {
                tracing::error!(%error, "there is no memory to hash a password");
                return None;
            }
            self.memory.resize(blocks, Block::default());
        }
        Some(())
    }
}

/// What the threads count.
pub struct HashingMetrics {
    computed: IntCounter,
    seconds: Histogram,
    pub refused: IntCounter,
    slowest_outdated_micros: AtomicU64,
}

impl Default for HashingMetrics {
    fn default() -> Self {
        let counter = |name, help| IntCounter::new(name, help).expect("a well-formed name");
        let seconds =
            HistogramOpts::new("vestibule_hash_seconds", "How long one hash took to compute, without its wait.");
        Self {
            computed: counter("vestibule_hashes_computed_total", "Hashes of passwords that have been computed."),
            seconds: Histogram::with_opts(seconds.buckets(BUCKETS.to_vec())).expect("a well-formed name"),
            refused: counter("vestibule_hash_refused_total", "Passwords that found the queue full or waited too long."),
            slowest_outdated_micros: AtomicU64::new(0),
        }
    }
}

impl HashingMetrics {
    pub fn note_hash(&self, took: Duration) {
        self.computed.inc();
        self.seconds.observe(took.as_secs_f64());
    }

    pub fn note_outdated(&self, took: Duration) {
        self.slowest_outdated_micros.fetch_max(took.as_micros() as u64, Ordering::Relaxed);
    }

    /// How many hashes of whatever kind have been computed since the start: one a password, and one more where the stored
    /// one was made in another way or with other parameters.
    pub fn computed(&self) -> u64 {
        self.computed.get()
    }

    /// The longest that a password took so far whose hash was made in another way than the rules want; nothing when there
    /// was none.
    pub fn slowest_outdated(&self) -> Duration {
        Duration::from_micros(self.slowest_outdated_micros.load(Ordering::Relaxed))
    }

    pub fn collect(&self) -> Vec<MetricFamily> {
        [self.computed.collect(), self.seconds.collect(), self.refused.collect()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_with_nothing_to_do_holds_no_memory_and_takes_it_again() {
        let params = Params::new(7_168, 5, 1, None).unwrap();
        let mut worker = Worker::new(&params, &Arc::default());
        assert_eq!(worker.memory.capacity(), 0);

        let hash = worker.hash(b"a long enough password").unwrap();
        assert!(worker.memory.len() >= params.block_count());
        worker.give_back_memory();
        assert_eq!(worker.memory.capacity(), 0);

        assert!(worker.verify(b"a long enough password", &hash).unwrap().matches);
    }

    #[test]
    fn what_a_stored_hash_asks_for_beyond_the_rules_is_not_kept() {
        let large = Params::new(65_536, 2, 1, None).unwrap();
        let hash = Worker::new(&large, &Arc::default()).hash(b"a long enough password").unwrap();
        let mut worker = Worker::new(&Params::new(7_168, 5, 1, None).unwrap(), &Arc::default());

        let verdict = worker.verify(b"a long enough password", &hash).unwrap();

        assert!(verdict.matches && verdict.better.is_some());
        assert_eq!(worker.memory.len(), worker.params.block_count());
    }

    #[test]
    fn memory_that_is_not_to_be_had_is_no_panic() {
        let mut worker = Worker::new(&Params::new(7_168, 5, 1, None).unwrap(), &Arc::default());
        assert!(worker.take_memory(usize::MAX / Block::SIZE).is_none());
        assert!(worker.hash(b"a long enough password").is_some());
    }
}
