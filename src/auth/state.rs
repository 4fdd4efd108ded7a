//! What all verbs work on.

use std::time::Duration;

use super::Seal;
use super::failed_attempts::FailedAttempts;
use super::hashing::{Hasher, HashingError, HashingRules};
use super::metrics::Metrics;
use super::session_memory::{LastSeen, SessionMemory};
use crate::model::{ClientInfo, Clock, Event, EventId, EventKind, PasswordRules, SessionLimits, UserId};
use crate::store::{NewEvent, Store};

/// What this site asks of its users and allows them.
#[derive(Clone, Debug)]
pub struct Rules {
    pub passwords: PasswordRules,
    pub hashing: HashingRules,
    pub sessions: SessionLimits,
    /// How long this process may rely on what it last read about a session.
    pub session_recheck: Duration,
    pub sign_up_is_open: bool,
    /// Whether tries are counted and slowed down; only a benchmark may do without.
    pub throttle: bool,
}

/// The verbs' home: everything that a person can do here.
pub struct Auth {
    pub(super) store: Store,
    pub(super) hasher: Hasher,
    pub(super) rules: Rules,
    pub(super) seal: Seal,
    pub(super) clock: Clock,
    pub(super) memory: SessionMemory,
    pub(super) last_seen: LastSeen,
    pub(super) failed_attempts: FailedAttempts,
    pub(super) metrics: Metrics,
}

impl Auth {
    /// Takes the database into use and starts the hashing threads.
    pub fn new(store: Store, rules: Rules, seal: Seal, clock: Clock) -> Result<Self, HashingError> {
        let hasher = Hasher::start(&rules.hashing)?;
        let memory = SessionMemory::new(rules.session_recheck);
        Ok(Self {
            store,
            hasher,
            rules,
            seal,
            clock,
            memory,
            last_seen: LastSeen::default(),
            failed_attempts: FailedAttempts::default(),
            metrics: Metrics::default(),
        })
    }

    /// What is asked of users and allowed to them.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The clock that the rules go by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// An event of now.
    pub(super) fn event(&self, user_id: UserId, kind: EventKind, client: &ClientInfo) -> NewEvent {
        let at = self.clock.now();
        NewEvent { event_id: EventId::new(at), user_id, event: Event::once(at, kind, client.clone()) }
    }
}
