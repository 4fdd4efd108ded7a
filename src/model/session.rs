use std::net::IpAddr;
use std::time::Duration;

use super::{Moment, SessionId};

/// A browser or program that is signed in, without the token that proves it.
#[derive(Clone, Debug)]
pub struct Session {
    /// Names it in public.
    pub session_id: SessionId,
    /// When it began.
    pub created_at: Moment,
    /// When it was last used, to the minute.
    pub last_seen_at: Moment,
    /// How long its owner asked to stay signed in, if they did.
    pub remembered_until: Option<Moment>,
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

impl Session {
    /// Whether it may still be used at `now`.
    pub fn is_alive(&self, now: Moment, limits: &SessionLimits) -> bool {
        match self.remembered_until {
            Some(until) => now < until && now.since(self.created_at) < limits.remembered,
            None => now.since(self.created_at) < limits.absolute && now.since(self.last_seen_at) < limits.idle,
        }
    }
}

/// From where a session was begun, kept so that its owner can recognise it.
#[derive(Clone, Debug, Default)]
pub struct Visit {
    /// What the browser or program calls itself.
    pub user_agent: Option<String>,
    /// The client's address, where one is known.
    pub address: Option<IpAddr>,
}
