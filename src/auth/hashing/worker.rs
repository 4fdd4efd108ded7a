//! What a hashing thread does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash as Phc, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use crossbeam_channel::{Receiver, RecvTimeoutError};
use rocket::tokio::sync::oneshot;
use subtle::ConstantTimeEq;

use super::Verdict;
use crate::model::{Password, PasswordHash, random_bytes};

/// Something to hash, and where the answer is waited for.
pub(super) enum Job {
    Hash { password: Password, answer: oneshot::Sender<Option<PasswordHash>> },
    Verify { password: Password, stored: PasswordHash, answer: oneshot::Sender<Verdict> },
}

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
    computed: Arc<AtomicU64>,
}

impl Worker {
    pub(super) fn new(params: &Params, computed: &Arc<AtomicU64>) -> Self {
        Self { params: params.clone(), memory: Vec::new(), computed: Arc::clone(computed) }
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
        let params = self.params.clone();
        let output = self.compute(password, &salt, &params, Version::V0x13, Params::DEFAULT_OUTPUT_LEN)?;
        let phc = Phc {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).ok()?,
            salt: Some(Salt::new(&salt).ok()?),
            hash: Some(Output::new(&output).ok()?),
        };
        Some(PasswordHash::from_phc(phc.to_string()))
    }

    /// None when the machine has not the memory: whether it is the password is not known then.
    fn verify(&mut self, password: &[u8], stored: &PasswordHash) -> Option<Verdict> {
        let Some(stored) = Stored::read(stored) else {
            tracing::error!("a stored password hash cannot be used; its user cannot log in");
            // As much work as for any other, so that nobody learns of it.
            let _ = self.hash(password);
            return Some(Verdict { matches: false, is_outdated: false });
        };
        self.take_memory(stored.params.block_count())?;
        let computed = self.compute(password, &stored.salt, &stored.params, stored.version, stored.output.len());
        let matches = computed.is_some_and(|computed| computed.ct_eq(&stored.output).into());
        Some(Verdict { matches, is_outdated: !stored.is_like(&self.params) })
    }

    /// One Argon2id in the memory of this thread. What a stored hash asks for beyond that of the rules is not kept.
    fn compute(
        &mut self,
        password: &[u8],
        salt: &[u8],
        params: &Params,
        version: Version,
        length: usize,
    ) -> Option<Vec<u8>> {
        let blocks = params.block_count();
        self.take_memory(blocks)?;
        let mut output = vec![0; length];
        let done = Argon2::new(Algorithm::Argon2id, version, params.clone()).hash_password_into_with_memory(
            password,
            salt,
            &mut output,
            &mut self.memory[..blocks],
        );
        if blocks > self.params.block_count() {
            self.give_back_memory();
        }
        self.computed.fetch_add(1, Ordering::Relaxed);
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

/// A stored hash taken apart. Whoever can write to the database must not be able to make a login cost gigabytes, so
/// absurd parameters are no hash at all.
struct Stored {
    version: Version,
    params: Params,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Stored {
    const MOST_MEMORY_KIB: u32 = 256 * 1024;
    const MOST_PASSES: u32 = 10;
    const MOST_LANES: u32 = 8;

    fn read(stored: &PasswordHash) -> Option<Self> {
        let phc = Phc::new(stored.phc()).ok()?;
        if phc.algorithm != Algorithm::Argon2id.ident() {
            return None;
        }
        let params = Params::try_from(&phc).ok()?;
        let is_sane = params.m_cost() <= Self::MOST_MEMORY_KIB
            && params.t_cost() <= Self::MOST_PASSES
            && params.p_cost() <= Self::MOST_LANES;
        if !is_sane {
            return None;
        }
        let output = phc.hash?.as_bytes().to_vec();
        if output.len() < 16 {
            return None;
        }
        Some(Self {
            version: phc.version.map_or(Ok(Version::V0x13), Version::try_from).ok()?,
            params,
            salt: phc.salt?.as_ref().to_vec(),
            output,
        })
    }

    fn is_like(&self, params: &Params) -> bool {
        self.version == Version::V0x13
            && self.params.m_cost() == params.m_cost()
            && self.params.t_cost() == params.t_cost()
            && self.params.p_cost() == params.p_cost()
            && self.output.len() == Params::DEFAULT_OUTPUT_LEN
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

        assert_eq!(verdict, Verdict { matches: true, is_outdated: true });
        assert_eq!(worker.memory.capacity(), 0);
    }

    #[test]
    fn memory_that_is_not_to_be_had_is_no_panic() {
        let mut worker = Worker::new(&Params::new(7_168, 5, 1, None).unwrap(), &Arc::default());
        assert!(worker.take_memory(usize::MAX / Block::SIZE).is_none());
        assert!(worker.hash(b"a long enough password").is_some());
    }
}
