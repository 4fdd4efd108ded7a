//! What a hashing thread does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash as Phc, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use crossbeam_channel::Receiver;
use rocket::tokio::sync::oneshot;
use subtle::ConstantTimeEq;

use super::{StartError, Verdict};
use crate::model::{Password, PasswordHash, random_bytes};

/// Something to hash, and where the answer is waited for.
pub(super) enum Job {
    Hash { password: Password, answer: oneshot::Sender<Option<PasswordHash>> },
    Verify { password: Password, stored: PasswordHash, answer: oneshot::Sender<Verdict> },
}

/// What each thread has for itself.
pub(super) struct Worker {
    params: Params,
    memory: Vec<Block>,
    computed: Arc<AtomicU64>,
}

impl Worker {
    pub(super) fn new(params: &Params, computed: &Arc<AtomicU64>) -> Result<Self, StartError> {
        let mut memory = Vec::new();
        memory
            .try_reserve_exact(params.block_count())
            .map_err(|error| StartError::Threads(std::io::Error::new(std::io::ErrorKind::OutOfMemory, error)))?;
        memory.resize(params.block_count(), Block::default());
        Ok(Self { params: params.clone(), memory, computed: Arc::clone(computed) })
    }

    /// Works until the program ends. A job whose asker has gone is dropped before it starts.
    pub(super) fn work(mut self, jobs: &Receiver<Job>) {
        for job in jobs {
            // A panic costs one answer, not the thread.
            let done = catch_unwind(AssertUnwindSafe(|| match job {
                Job::Hash { answer, .. } if answer.is_closed() => {}
                Job::Verify { answer, .. } if answer.is_closed() => {}
                Job::Hash { password, answer } => {
                    let _ = answer.send(self.hash(password.as_bytes()));
                }
                Job::Verify { password, stored, answer } => {
                    let _ = answer.send(self.verify(password.as_bytes(), &stored));
                }
            }));
            if done.is_err() {
                tracing::error!("a hashing thread panicked and goes on");
            }
        }
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

    fn verify(&mut self, password: &[u8], stored: &PasswordHash) -> Verdict {
        let Some(stored) = Stored::read(stored) else {
            tracing::error!("a stored password hash cannot be used; its user cannot log in");
            // As much work as for any other, so that nobody learns of it.
            let _ = self.hash(password);
            return Verdict { matches: false, is_outdated: false };
        };
        let computed = self.compute(password, &stored.salt, &stored.params, stored.version, stored.output.len());
        let matches = computed.is_some_and(|computed| computed.ct_eq(&stored.output).into());
        Verdict { matches, is_outdated: !stored.is_like(&self.params) }
    }

    /// One Argon2id in the memory that this thread keeps; more is lent for a stored hash that asks for it.
    fn compute(
        &mut self,
        password: &[u8],
        salt: &[u8],
        params: &Params,
        version: Version,
        length: usize,
    ) -> Option<Vec<u8>> {
        let blocks = params.block_count();
        let own = self.memory.len();
        if blocks > own {
            self.memory.try_reserve_exact(blocks - own).ok()?;
            self.memory.resize(blocks, Block::default());
        }
        let mut output = vec![0; length];
        let done = Argon2::new(Algorithm::Argon2id, version, params.clone()).hash_password_into_with_memory(
            password,
            salt,
            &mut output,
            &mut self.memory[..blocks],
        );
        if blocks > own {
            self.memory.truncate(own);
            self.memory.shrink_to_fit();
        }
        self.computed.fetch_add(1, Ordering::Relaxed);
        done.ok().map(|()| output)
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
