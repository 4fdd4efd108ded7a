//! Argon2id on a fixed number of threads of their own, so that a storm of logins leaves the rest of the program fast and
//! its memory bounded (ASVS 11.4.2; RFC 9106).

mod foreign;
mod stored;
mod worker;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use argon2::Params;
use crossbeam_channel::{Sender, TrySendError};
use rocket::tokio::sync::oneshot;
use rocket::tokio::time::timeout;

use crate::model::{Failure, Password, PasswordHash, random_bytes};

pub use foreign::HashProblem;
use stored::Stored;
pub use worker::Verdict;
use worker::{HashingMetrics, Job, Worker};

/// How long an asker waits before giving up. What it asked for is then dropped before it starts.
const PATIENCE: Duration = Duration::from_secs(8);
/// How much work may wait when no length of the queue is set.
const WORK_AHEAD: Duration = Duration::from_secs(2);

/// How passwords are hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashingRules {
    /// Argon2's memory, in KiB.
    pub memory_kib: u32,
    /// Argon2's passes over that memory.
    pub passes: u32,
    /// How many threads hash; each has its memory for as long as there is something to hash.
    pub threads: usize,
    /// How many passwords may wait for a thread; when absent, two seconds of work.
    pub queue: Option<usize>,
}

/// Why the hashing threads could not be started.
#[derive(Debug, thiserror::Error)]
pub enum HashingError {
    #[error("Argon2 does not accept these parameters: {0}.")]
    Parameters(argon2::Error),
    #[error("The hashing threads could not be started: {0}.")]
    Threads(std::io::Error),
    #[error("The hashing threads could not be started: {0}.")]
    NoRandomness(#[from] Failure),
}

/// Hashes and verifies passwords on threads of its own, of which so many may wait.
pub struct Hasher {
    queue: Sender<Job>,
    metrics: Arc<HashingMetrics>,
    nobody: PasswordHash,
}

impl Hasher {
    /// Starts the threads. One password is hashed at once: it measures the machine, and its hash stands in wherever there
    /// is no user to verify against.
    pub fn start(rules: &HashingRules) -> Result<Self, HashingError> {
        let params = Params::new(rules.memory_kib, rules.passes, 1, None).map_err(HashingError::Parameters)?;
        let metrics = Arc::<HashingMetrics>::default();

        let nobodys: [u8; 32] = random_bytes()?;
        // This one is nobody's login, and is not counted.
        let mut first = Worker::new(&params, &Arc::default());
        let began = Instant::now();
        let nobody = first.hash(&nobodys).ok_or_else(no_memory)?;
        let one_hash = began.elapsed().max(Duration::from_micros(100));
        drop(first);

        let work_ahead = (WORK_AHEAD.as_micros() / one_hash.as_micros()) as usize * rules.threads;
        let (queue, jobs) = crossbeam_channel::bounded(rules.queue.unwrap_or(work_ahead.max(rules.threads)));
        for number in 0..rules.threads {
            let (worker, jobs) = (Worker::new(&params, &metrics), jobs.clone());
            thread::Builder::new()
                .name(format!("hash-{number}"))
                .spawn(move || worker.work(&jobs))
                .map_err(HashingError::Threads)?;
        }
        Ok(Self { queue, metrics, nobody })
    }

    /// Hashes a new password with a fresh salt.
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, Failure> {
        let (answer, hash) = oneshot::channel();
        self.ask(Job::Hash { password, answer }, hash).await?.ok_or(Failure::Busy)
    }

    /// Compares a password with a stored hash, or with nobody's: the work is the same, the answer then always no.
    pub async fn verify(&self, password: Password, stored: Option<&PasswordHash>) -> Result<Verdict, Failure> {
        let (answer, verdict) = oneshot::channel();
        let stored = stored.unwrap_or(&self.nobody).clone();
        self.ask(Job::Verify { password, stored, answer }, verdict).await
    }

    /// What the threads have counted.
    pub fn metrics(&self) -> &HashingMetrics {
        &self.metrics
    }

    /// How many passwords wait.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// How many may wait.
    pub fn most_waiting(&self) -> usize {
        self.queue.capacity().unwrap_or(usize::MAX)
    }

    /// Whether one more would be refused.
    pub fn is_full(&self) -> bool {
        self.queue.is_full()
    }

    async fn ask<T>(&self, job: Job, answer: oneshot::Receiver<T>) -> Result<T, Failure> {
        let answered = match self.queue.try_send(job) {
            Ok(()) => timeout(PATIENCE, answer).await.ok().and_then(Result::ok),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => None,
        };
        answered.ok_or_else(|| {
            self.metrics.refused.inc();
            Failure::Busy
        })
    }
}

/// What a first hash can fail of, where the parameters are right.
fn no_memory() -> HashingError {
    HashingError::Threads(std::io::ErrorKind::OutOfMemory.into())
}

/// Reads a hash as another system wrote it and brings it to the form in which it is kept.
pub fn read_hash(text: &str) -> Result<PasswordHash, HashProblem> {
    Ok(PasswordHash::from_phc(Stored::read(text)?.to_string()))
}

/// How long one hash takes on this machine under these rules.
pub fn time_of_one_hash(rules: &HashingRules) -> Result<Duration, HashingError> {
    let params = Params::new(rules.memory_kib, rules.passes, 1, None).map_err(HashingError::Parameters)?;
    let mut worker = Worker::new(&params, &Arc::default());
    let nobodys: [u8; 32] = random_bytes()?;
    // The first one also asks the system for the memory, page by page.
    worker.hash(&nobodys);
    let began = Instant::now();
    worker.hash(&nobodys);
    Ok(began.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: HashingRules = HashingRules { memory_kib: 7_168, passes: 5, threads: 1, queue: Some(4) };

    fn password(text: &str) -> Password {
        Password::given(text).unwrap()
    }

    #[rocket::async_test]
    async fn a_hash_knows_its_password_and_no_other() {
        let hasher = Hasher::start(&RULES).unwrap();
        let hash = hasher.hash(password("a long enough password")).await.unwrap();

        assert!(hash.phc().starts_with("$argon2id$v=19$m=7168,t=5,p=1$"), "{}", hash.phc());
        let right = hasher.verify(password("a long enough password"), Some(&hash)).await.unwrap();
        let wrong = hasher.verify(password("a long enough passworD"), Some(&hash)).await.unwrap();
        let nobodys = hasher.verify(password("a long enough password"), None).await.unwrap();
        assert_eq!([right.matches, wrong.matches, nobodys.matches], [true, false, false]);
        assert_eq!(hasher.metrics.computed(), 4);
    }

    #[rocket::async_test]
    async fn passwords_that_differ_only_at_their_end_are_different() {
        let hasher = Hasher::start(&RULES).unwrap();
        let long = "x7 ".repeat(85);
        let hash = hasher.hash(password(&format!("{long}a"))).await.unwrap();

        assert!(!hasher.verify(password(&format!("{long}b")), Some(&hash)).await.unwrap().matches);
        assert!(!hasher.verify(password(&long), Some(&hash)).await.unwrap().matches);
    }

    #[rocket::async_test]
    async fn a_hash_made_with_other_parameters_is_outdated() {
        let before = Hasher::start(&HashingRules { memory_kib: 12_288, passes: 3, ..RULES }).unwrap();
        let hash = before.hash(password("a long enough password")).await.unwrap();

        let verdict = Hasher::start(&RULES).unwrap().verify(password("a long enough password"), Some(&hash)).await;
        let verdict = verdict.unwrap();
        assert!(verdict.matches);
        assert!(verdict.better.unwrap().phc().contains("m=7168,t=5,p=1"));
    }

    /// What a failed login is held back by, so that the time does not tell whose hash is another system's.
    #[rocket::async_test]
    async fn the_longest_that_another_systems_hash_took_is_remembered_and_ours_are_not() {
        let hasher = Hasher::start(&RULES).unwrap();
        hasher.verify(password("a long enough password"), None).await.unwrap();
        assert_eq!(hasher.metrics.slowest_outdated(), Duration::ZERO);

        let bcrypt = read_hash("$2b$05$9RkNMpo8b3EiNU3wrFtRku7EJPuuDHkxKXWuIGauJCZ53YthUVvoK").unwrap();
        hasher.verify(password("a wrong password"), Some(&bcrypt)).await.unwrap();
        let longest = hasher.metrics.slowest_outdated();
        assert!(longest > Duration::ZERO);
        hasher.verify(password("a long enough password"), None).await.unwrap();
        assert_eq!(hasher.metrics.slowest_outdated(), longest);
    }

    #[rocket::async_test]
    async fn absurd_stored_parameters_match_nothing_and_cost_one_hash() {
        let hasher = Hasher::start(&RULES).unwrap();
        let hash = hasher.hash(password("a long enough password")).await.unwrap();

        let absurd = [
            hash.phc().replace("m=7168", "m=4194304"),
            hash.phc().replace("t=5", "t=4000000"),
            hash.phc().replace("p=1", "p=255"),
            hash.phc().rsplit_once('$').unwrap().0.to_owned(),
            "plain".to_owned(),
            String::new(),
        ];
        for phc in absurd {
            let before = hasher.metrics.computed();
            let stored = PasswordHash::from_phc(phc.clone());
            let verdict = hasher.verify(password("a long enough password"), Some(&stored)).await.unwrap();
            assert!(!verdict.matches, "{phc}");
            assert_eq!(hasher.metrics.computed() - before, 1, "{phc}");
        }
    }

    #[rocket::async_test]
    async fn the_queue_is_bounded_and_what_waits_for_nobody_is_never_started() {
        let hasher = Hasher::start(&HashingRules { memory_kib: 65_536, passes: 10, ..RULES }).unwrap();
        let ask = || {
            let (answer, hash) = oneshot::channel();
            (hasher.queue.try_send(Job::Hash { password: password("a long enough password"), answer }), hash)
        };

        let until_empty = || {
            while !hasher.queue.is_empty() {
                thread::yield_now();
            }
        };
        let (_, first) = ask();
        until_empty();
        let waiting: Vec<_> = (0..4).map(|_| ask()).collect();
        assert!(waiting.iter().all(|(sent, _)| sent.is_ok()));
        assert!(matches!(hasher.hash(password("one too many to wait")).await, Err(Failure::Busy)));

        drop(waiting);
        assert!(first.await.unwrap().is_some());
        until_empty();
        hasher.hash(password("asked after the others left")).await.unwrap();
        assert_eq!(hasher.metrics.computed(), 2, "only the first and the last were worth computing");
    }
}
