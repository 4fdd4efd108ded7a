//! How often a secret may be tried. Every path that verifies one needs a [`Permit`], and a try counts before its outcome
//! is known, so that many at once cannot overtake the counter (ASVS 6.3.1; NIST SP 800-63B-4 §3.2.2).

use std::fmt;
use std::time::Duration;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::{Auth, Failure};
use crate::model::{Device, Moment, UserId, Visit, network_of};
use crate::store::Try;

/// After so many failures in a row the password alone does not open an account from a browser that it does not know.
pub const MOST_FAILURES_IN_A_ROW: i64 = 100;
/// How many tries from one network may fail in [`NETWORK_SPAN`].
pub const MOST_FAILURES_OF_A_NETWORK: i64 = 100;
/// The span in which the failures of a network are counted.
pub const NETWORK_SPAN: Duration = Duration::from_secs(15 * 60);
/// How many may sign up from one network in [`SIGN_UP_SPAN`].
pub const MOST_SIGN_UPS_OF_A_NETWORK: i64 = 120;
/// The span in which the sign-ups of a network are counted.
pub const SIGN_UP_SPAN: Duration = Duration::from_secs(60 * 60);

/// Leave to try a secret once.
pub struct Permit {
    /// What a success clears: the counters of this user, and no other.
    clears: Vec<String>,
    /// What a success takes back by one.
    uncounts: Option<String>,
    /// Whether so many have failed in a row that the secret alone is not enough any more.
    pub(super) is_locked: bool,
}

/// How long whoever is locked is asked to wait; it is not the wait that opens, but another way in.
pub(super) const WHEN_LOCKED: TooMany = TooMany { wait: Duration::from_secs(60 * 60) };

/// What is tried.
pub(super) enum Subject<'a> {
    /// To sign in under a name, as typed, perhaps from a browser that its user has used before.
    LogIn { username: &'a str, device: Option<&'a Device> },
    /// The second step of this user.
    Code(UserId),
    /// To confirm in a session of this user who is there.
    Confirmation(UserId),
}

/// Too many tries have failed; the next may come in a while.
#[derive(Debug, PartialEq, Eq)]
pub struct TooMany {
    /// How long to wait.
    pub wait: Duration,
}

/// Why a secret may not be tried now.
#[derive(Debug, thiserror::Error)]
pub enum NoPermit {
    /// Too many tries have failed.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The counters cannot be reached, and nothing is tried uncounted.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl std::error::Error for TooMany {}

impl fmt::Display for TooMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.wait.as_secs().max(1);
        let (count, unit) = if seconds < 100 { (seconds, "second") } else { (seconds.div_ceil(60), "minute") };
        let s = if count == 1 { "" } else { "s" };
        write!(f, "Too many attempts. Please try again in {count} {unit}{s}.")
    }
}

impl Auth {
    /// Counts a try and gives leave for it.
    pub(super) async fn permit(&self, subject: Subject<'_>, visit: &Visit) -> Result<Permit, NoPermit> {
        let mut permit = Permit { clears: Vec::new(), uncounts: None, is_locked: false };
        if !self.rules.throttle {
            return Ok(permit);
        }
        let now = self.clock.now();
        // A browser that has signed in before has a budget of its own: neither strangers' failures under this name nor
        // those of its neighbours count against it, until it fails as often itself.
        if let Subject::LogIn { username, device: Some(device) } = subject {
            let bucket = format!("device:{}:{}", device.user_id, device.mark);
            if self.count_in_bucket(&bucket, now).await? <= MOST_FAILURES_IN_A_ROW {
                permit.clears = vec![bucket, name_bucket(username)];
                return Ok(permit);
            }
        }
        if let Some(network) = network_bucket("network", visit) {
            let counted = self.store.count_try_in(&network, now, NETWORK_SPAN, MOST_FAILURES_OF_A_NETWORK).await;
            allowed(counted.map_err(Failure::from)?, now)?;
            permit.uncounts = Some(network);
        }
        let bucket = match subject {
            Subject::LogIn { username, .. } => name_bucket(username),
            Subject::Code(user_id) => format!("code:{user_id}"),
            Subject::Confirmation(user_id) => format!("confirmation:{user_id}"),
        };
        permit.is_locked = self.count_in_bucket(&bucket, now).await? > MOST_FAILURES_IN_A_ROW;
        permit.clears.push(bucket);
        Ok(permit)
    }

    /// No password is tried: it was right a moment ago, and that counted. Once the code is right too, this user's counters
    /// begin anew.
    pub(super) fn permit_after_password(&self, username: &str) -> Permit {
        let clears = if self.rules.throttle { vec![name_bucket(username)] } else { Vec::new() };
        Permit { clears, uncounts: None, is_locked: false }
    }

    /// Whoever has signed in may confirm that it is they anew.
    pub(super) async fn clear_confirmations(&self, user_id: UserId) -> Result<(), Failure> {
        Ok(self.store.forget_tries(&[format!("confirmation:{user_id}")]).await?)
    }

    /// Counts a sign-up; those that succeed count too.
    pub(super) async fn permit_sign_up(&self, visit: &Visit) -> Result<(), NoPermit> {
        let Some(network) = network_bucket("sign-up", visit).filter(|_| self.rules.throttle) else { return Ok(()) };
        let now = self.clock.now();
        let counted = self.store.count_try_in(&network, now, SIGN_UP_SPAN, MOST_SIGN_UPS_OF_A_NETWORK).await;
        allowed(counted.map_err(Failure::from)?, now)?;
        Ok(())
    }

    /// The secret was right: this user's counters begin anew. The network's failures stay counted, whoever succeeds.
    pub(super) async fn clear(&self, permit: Permit) -> Result<(), Failure> {
        if let Some(network) = &permit.uncounts {
            self.store.uncount_try(network).await?;
        }
        if !permit.clears.is_empty() {
            self.store.forget_tries(&permit.clears).await?;
        }
        Ok(())
    }

    async fn count_in_bucket(&self, bucket: &str, now: Moment) -> Result<i64, NoPermit> {
        let counted = self.store.count_try(bucket, now).await.map_err(Failure::from)?;
        allowed(counted, now).map_err(NoPermit::from)
    }
}

fn allowed(counted: Try, now: Moment) -> Result<i64, TooMany> {
    match counted {
        Try::Counted(tries) => Ok(tries),
        // Rounded up, so that whoever waits as long as they are told is let in.
        Try::NotBefore(until) => {
            Err(TooMany { wait: Duration::from_secs(until.since(now).as_millis().div_ceil(1_000) as u64) })
        }
    }
}

/// One bucket for every spelling of a name, whether or not anybody has it. Hashed, because anything may be typed there.
fn name_bucket(username: &str) -> String {
    format!("login:{}", HEXLOWER.encode(&Sha256::digest(username.to_lowercase())[..16]))
}

/// One bucket for an address, or for the /64 that somebody with IPv6 has to themselves.
fn network_bucket(what: &str, visit: &Visit) -> Option<String> {
    visit.address.map(|address| format!("{what}:{}", network_of(address, 32, 64)))
}
