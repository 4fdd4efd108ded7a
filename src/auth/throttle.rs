//! How often a secret may be tried. Every path that verifies one needs a [`Permit`], and a try counts before its outcome
//! is known, so that many at once cannot overtake the counter (ASVS 6.3.1; NIST SP 800-63B-4 §3.2.2).

use std::time::Duration;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::hashing::Verdict;
use super::{Auth, Failure};
use crate::model::{ClientInfo, Device, Moment, Password, PasswordHash, UserId, Username, network_of};
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

/// Leave to try a secret once; it is made in this file alone.
pub(super) struct Permit {
    /// What a success clears: the counters of this user, and no other.
    pub(super) clears: Vec<String>,
    /// What a success takes back by one.
    uncounts: Option<String>,
    /// Whether so many have failed in a row that the secret alone is not enough any more.
    pub(super) is_locked: bool,
}

impl Permit {
    fn new() -> Self {
        Self { clears: Vec::new(), uncounts: None, is_locked: false }
    }
}

/// What is tried.
pub(super) enum Subject<'a> {
    /// To log in under a name, as typed, perhaps from a browser that its user has used before.
    LogIn { username: &'a str, device: Option<&'a Device> },
    /// A code by time in the second step of a login of this user, perhaps from a browser that they have used before.
    Code { user_id: UserId, device: Option<&'a Device> },
    /// A recovery code: nobody guesses 128 bits, so only its cost is limited.
    RecoveryCode { device: Option<&'a Device> },
    /// To confirm in a session of this user by the password who is there.
    Confirmation(UserId),
    /// The same by a code. Counted by itself: whoever can make codes in a session shall not win guesses of the password.
    ConfirmationCode(UserId),
}

impl Auth {
    /// Counts a try and gives leave for it.
    pub(super) async fn permit(&self, subject: Subject<'_>, client: &ClientInfo) -> Result<Permit, Failure> {
        let mut permit = Permit::new();
        let is_allowed = !self.rules.throttle || self.count_in_own_budget(&subject, &mut permit).await?;
        if is_allowed {
            return Ok(permit);
        }
        if let Some(network) = network_bucket("network", client).filter(|_| subject.counts_for_network()) {
            self.count_in_span(&network, NETWORK_SPAN, MOST_FAILURES_OF_A_NETWORK).await?;
            permit.uncounts = Some(network);
        }
        if let Some(bucket) = subject.bucket() {
            permit.is_locked = self.count_one(&bucket).await? > MOST_FAILURES_IN_A_ROW;
            permit.clears.push(bucket);
        }
        Ok(permit)
    }

    /// Counts the try for a browser that has logged in before, and says whether that is enough. Such a browser has a budget
    /// of its own: neither strangers' failures under this name nor those of its neighbours count against it, until it fails
    /// as often itself.
    async fn count_in_own_budget(&self, subject: &Subject<'_>, permit: &mut Permit) -> Result<bool, Failure> {
        let bucket = match subject {
            Subject::LogIn { device: Some(device), .. } => device_bucket("device", device),
            Subject::Code { device: Some(device), .. } => device_bucket("code-device", device),
            Subject::RecoveryCode { device: Some(_) } => return Ok(true),
            _ => return Ok(false),
        };
        let failures = self.count_one(&bucket).await?;
        permit.clears.push(bucket);
        let is_in_it = failures <= MOST_FAILURES_IN_A_ROW;
        if is_in_it {
            permit.clears.extend(subject.bucket());
        }
        Ok(is_in_it)
    }

    /// No password is tried: it was right a moment ago, and that counted. Once the code is right too, this user's counters
    /// begin anew.
    pub(super) fn permit_after_password(&self, username: &Username, device: Option<&Device>) -> Permit {
        let own = device.map(|device| device_bucket("device", device));
        Permit { clears: [name_bucket(username.as_str())].into_iter().chain(own).collect(), ..Permit::new() }
    }

    /// Counts a sign-up; those that succeed count too.
    pub(super) async fn permit_sign_up(&self, client: &ClientInfo) -> Result<(), Failure> {
        if let Some(network) = network_bucket("sign-up", client).filter(|_| self.rules.throttle) {
            self.count_in_span(&network, SIGN_UP_SPAN, MOST_SIGN_UPS_OF_A_NETWORK).await?;
        }
        Ok(())
    }

    /// Compares a password with a stored hash, or with nobody's. The permit stands for the try that was counted.
    pub(super) async fn verify(
        &self,
        _: &Permit,
        password: Password,
        stored: Option<&PasswordHash>,
    ) -> Result<Verdict, Failure> {
        self.hasher.verify(password, stored).await
    }

    /// The secret was right, and something else is asked for: this was no failure of the network's.
    pub(super) async fn take_back(&self, permit: &Permit) {
        if permit.uncounts.is_some() {
            self.forget_tries(&[], permit.uncounts.as_deref()).await;
        }
    }

    /// The secret was right: this user's counters begin anew. The network's failures stay counted, whoever succeeds.
    pub(super) async fn clear(&self, permit: Permit) {
        if self.rules.throttle {
            self.forget_tries(&permit.clears, permit.uncounts.as_deref()).await;
        }
    }

    /// The same after a login, which also shows who confirms in the sessions of this user.
    pub(super) async fn clear_all(&self, mut permit: Permit, user_id: UserId) {
        let confirmations = [Subject::Confirmation(user_id), Subject::ConfirmationCode(user_id)];
        permit.clears.extend(confirmations.iter().filter_map(Subject::bucket));
        self.clear(permit).await;
    }

    /// What has been done is done by now, so that a counter which cannot be cleared is no reason to say otherwise.
    async fn forget_tries(&self, cleared: &[String], uncounted: Option<&str>) {
        if let Err(error) = self.store.forget_tries(cleared, uncounted).await {
            tracing::warn!(%error, "a counter of failed tries could not be cleared");
        }
    }

    async fn count_one(&self, bucket: &str) -> Result<i64, Failure> {
        let now = self.clock.now();
        let counted = self.store.count_try(bucket, now).await?;
        self.allowed(counted, now)
    }

    async fn count_in_span(&self, bucket: &str, span: Duration, most: i64) -> Result<i64, Failure> {
        let now = self.clock.now();
        let counted = self.store.count_try_in(bucket, now, span, most).await?;
        self.allowed(counted, now)
    }

    fn allowed(&self, counted: Try, now: Moment) -> Result<i64, Failure> {
        match counted {
            Try::Counted(tries) => Ok(tries),
            Try::NotBefore(until) => {
                self.metrics.throttled.inc();
                // Rounded up, so that whoever waits as long as they are told is let in.
                let wait = Duration::from_secs(until.since(now).as_millis().div_ceil(1_000) as u64);
                Err(Failure::TooMany(wait))
            }
        }
    }
}

impl Subject<'_> {
    /// Where strangers' tries count. The store finds a user's buckets by the id in them, and the networks' by their beginning.
    pub(super) fn bucket(&self) -> Option<String> {
        match self {
            Self::LogIn { username, .. } => Some(name_bucket(username)),
            Self::Code { user_id, .. } => Some(format!("code:{user_id}")),
            Self::RecoveryCode { .. } => None,
            Self::Confirmation(user_id) => Some(format!("confirmation:{user_id}")),
            Self::ConfirmationCode(user_id) => Some(format!("confirmation-code:{user_id}")),
        }
    }

    /// What is tried inside a session, or after a right password, is counted for its user alone.
    fn counts_for_network(&self) -> bool {
        matches!(self, Self::LogIn { .. } | Self::RecoveryCode { .. })
    }
}

fn device_bucket(what: &str, device: &Device) -> String {
    format!("{what}:{}:{}", device.user_id, device.mark)
}

/// One bucket for every spelling of a name, whether or not anybody has it. Hashed, because anything may be typed there.
pub(super) fn name_bucket(username: &str) -> String {
    format!("login:{}", HEXLOWER.encode(&Sha256::digest(username.to_lowercase())[..16]))
}

/// One bucket for an address, or for the /64 that somebody with IPv6 has to themselves.
fn network_bucket(what: &str, client: &ClientInfo) -> Option<String> {
    client.address.map(|address| format!("{what}:{}", network_of(address, 32, 64)))
}
