use std::time::Duration;

use serde::Serialize;

use super::{ClientInfo, EventKind, Moment, SessionId};

/// A browser or program that is signed in, without the token that proves it.
#[derive(Clone, Debug)]
pub struct Session {
    /// Names it in public.
    pub session_id: SessionId,
    pub created_at: Moment,
    /// When it was last used, as far as that is written down.
    pub last_seen_at: Moment,
    /// When its user last proved who they are.
    pub confirmed_at: Moment,
    /// How long its owner asked to stay signed in, if they did.
    pub remembered_until: Option<Moment>,
    pub client: ClientInfo,
    /// Failed attempts to log in before this one succeeded.
    pub failed_before: Option<FailedBefore>,
    /// What changed about the account elsewhere and has not been seen here.
    pub notice: Option<EventKind>,
}

/// Failed attempts to log in, and since when they are counted: the login before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FailedBefore {
    #[serde(rename = "count")]
    pub attempts: i64,
    pub since: Moment,
}

/// How long a session may last (ASVS 7.3.1, 7.3.2). Decided here, whatever a cookie says.
#[derive(Clone, Copy, Debug)]
pub struct SessionLimits {
    /// Without a request, unless its owner asked to stay signed in.
    pub idle: Duration,
    /// In all, however busy, unless its owner asked to stay signed in.
    pub absolute: Duration,
    /// In all, when its owner asked to stay signed in.
    pub remembered: Duration,
}

/// How long a proof of who somebody is lasts, before the pages that change how one gets in ask for it again (ASVS 7.5.1).
pub const PROOF_LASTS: Duration = Duration::from_secs(10 * 60);

/// How long a link to set a new password with is good for (ASVS 6.4.1).
pub const RESET_LASTS: Duration = Duration::from_secs(60 * 60);

/// How many sessions a user may have at once; of more, the oldest goes (ASVS 7.1.2).
pub const MOST_SESSIONS: i64 = 20;

impl Session {
    /// Whether it may still be used at `now`, when it was last used at `last_used`, which may be later than is written down.
    pub fn is_alive(&self, last_used: Moment, now: Moment, limits: &SessionLimits) -> bool {
        match self.remembered_until {
            Some(until) => now < until && now.since(self.created_at) < limits.remembered,
            None => now.since(self.created_at) < limits.absolute && now.since(last_used) < limits.idle,
        }
    }

    pub fn is_confirmed(&self, now: Moment) -> bool {
        now.since(self.confirmed_at) < PROOF_LASTS
    }
}
