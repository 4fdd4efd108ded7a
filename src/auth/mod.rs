//! WHAT A PERSON CAN DO: verbs on one value, [`Auth`]. Knows no HTTP.

mod accounts;
mod activity;
mod admission;
mod code;
mod confirmation;
mod counts;
mod hashing;
mod import;
mod keys;
mod log_in;
mod profile;
mod readiness;
mod reset;
mod second_factor;
mod seen;
mod session_memory;
mod sessions;
mod sign_up;
mod throttle;

use std::time::Duration;

use crate::model::{
    Clock, Password, PasswordHash, PasswordRules, Seal, Session, SessionId, SessionLimits, Token, User,
};
use crate::store::Store;

use counts::Counts;
use hashing::{Hasher, Verdict};
use seen::Seen;
use session_memory::SessionMemory;
use throttle::Permit;

pub use crate::model::{Failure, TooMany};
pub use accounts::{Account, Found, MakeAccountError};
pub use activity::{EVENTS_KEPT, Export};
pub use admission::{Admitted, LogInError, SecondStep, Ticket};
pub use code::CodeError;
pub use confirmation::{Here, Proof, ProofError};
pub use hashing::{HashProblem, HashingRules, StartError, time_of_one_hash};
pub use import::{Import, ImportProblem, WrittenUser};
pub use keys::KeyError;
pub use log_in::LogIn;
pub use readiness::Readiness;
pub use reset::Reset;
pub use second_factor::{SecondFactorError, SecondFactorState};
pub use sign_up::{SignUp, SignUpError};
pub use throttle::{
    MOST_FAILURES_IN_A_ROW, MOST_FAILURES_OF_A_NETWORK, MOST_SIGN_UPS_OF_A_NETWORK, NETWORK_SPAN, SIGN_UP_SPAN,
};

/// What this site asks of its users and allows them.
#[derive(Clone, Debug)]
pub struct Rules {
    /// What a new password must be.
    pub passwords: PasswordRules,
    /// How passwords are hashed.
    pub hashing: HashingRules,
    /// How long sessions last.
    pub sessions: SessionLimits,
    /// How long this process may rely on what it last read about a session.
    pub session_recheck: Duration,
    /// Whether new people may sign up.
    pub sign_up_is_open: bool,
    /// Whether tries are counted and slowed down; only a benchmark may do without.
    pub throttle: bool,
}

/// The verbs' home: everything that a person can do here.
pub struct Auth {
    store: Store,
    hasher: Hasher,
    rules: Rules,
    seal: Seal,
    clock: Clock,
    memory: SessionMemory,
    seen: Seen,
    counts: Counts,
}

/// A session that has just begun.
#[derive(Debug)]
pub struct Begun {
    /// Who is in it.
    pub user: User,
    /// The session, as it may be shown.
    pub session: Session,
    /// What the browser must hold to stay in it.
    pub token: Token,
}

/// A session that goes on.
#[derive(Clone, Debug)]
pub struct Resumed {
    /// Who is in it.
    pub user: User,
    /// The session, as it may be shown.
    pub session: Session,
}

impl Auth {
    /// Takes the database into use and starts the hashing threads.
    pub fn new(store: Store, rules: Rules, seal: Seal, clock: Clock) -> Result<Self, StartError> {
        let hasher = Hasher::start(&rules.hashing)?;
        let memory = SessionMemory::new(rules.session_recheck);
        let counts = Counts::new(&hasher);
        Ok(Self { store, hasher, rules, seal, clock, memory, seen: Seen::default(), counts })
    }

    /// What is asked of users and allowed to them.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The clock that the rules go by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// How many hashes have been computed since the start: one a password, and one more for a user who was imported and
    /// has not logged in since. For metrics and for tests that count work instead of time.
    pub fn hashes_computed(&self) -> u64 {
        self.hasher.computed()
    }

    /// How many accounts and sessions are kept, those sessions included that have run out and are not swept yet.
    pub async fn count(&self) -> Result<(i64, i64), Failure> {
        Ok((self.store.count_users().await?, self.store.count_sessions().await?))
    }

    /// Compares a password with a stored hash, or with nobody's. The permit stands for the try that was counted.
    async fn verify(&self, _: &Permit, password: Password, stored: Option<&PasswordHash>) -> Result<Verdict, Failure> {
        self.hasher.verify(password, stored).await
    }

    /// Writes down what is still in memory and lets go of the database.
    pub async fn close(&self) {
        if let Err(error) = self.write_all_last_seen().await {
            tracing::warn!(%error, "when sessions were last used could not be written at the end");
        }
        self.store.close().await;
    }
}

/// What became of ending a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It has ended now.
    Now(SessionId),
    /// It had ended before, or never was.
    Before,
}
