//! How often a secret may be tried. Every path that verifies one needs a [`Permit`], and a try counts before its outcome
//! is known, so that many at once cannot overtake the counters (ASVS 6.3.1; NIST SP 800-63B-4 §3.2.2).

use std::time::Duration;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::hashing::Verdict;
use super::{Auth, Failure};
use crate::model::{BrowserId, ClientInfo, Moment, Password, PasswordHash, UserId, network_of};
use crate::store::{Counter, Limit, Tries};

/// After so many failures in a row, from wherever, the password alone does not open an account from a browser that it does
/// not know.
pub const MOST_FAILURES_IN_A_ROW: i64 = 100;
/// After so many failures in a row of its own, a known browser is treated like any other, and goes on waiting for its own.
pub const MOST_FAILURES_OF_A_BROWSER: i64 = 20;
/// After so many in a row of all browsers known to a user together, each of them is.
pub const MOST_FAILURES_OF_KNOWN_BROWSERS: i64 = 50;
/// How many tries from one network may fail in [`NETWORK_SPAN`].
pub const MOST_FAILURES_OF_A_NETWORK: i64 = 100;
/// The span in which the failures of a network are counted.
pub const NETWORK_SPAN: Duration = Duration::from_secs(15 * 60);
/// How many may sign up from one network in [`SIGN_UP_SPAN`].
pub const MOST_SIGN_UPS_OF_A_NETWORK: i64 = 120;
/// The span in which the sign-ups of a network are counted.
pub const SIGN_UP_SPAN: Duration = Duration::from_secs(60 * 60);

/// How many times a user may get new recovery codes in [`NEW_CODES_SPAN`].
pub const MOST_NEW_CODES: i64 = 5;
/// The span in which new recovery codes are counted.
pub const NEW_CODES_SPAN: Duration = Duration::from_secs(60 * 60);

/// Leave to try a secret once; it is made in this file alone. The try counts as a failure from now on, and goes on to
/// unless it is cleared, because the secret was right, or taken back, because nobody looked at it.
pub(super) struct Permit {
    /// Where it counts.
    counted: Vec<String>,
    counted_at: Moment,
    /// What begins anew when the secret is right.
    clears: Vec<String>,
    /// Whether so many have failed in a row that the secret alone is not enough any more.
    pub(super) is_locked: bool,
}

/// What is tried.
#[derive(Clone, Copy)]
pub(super) enum Subject<'a> {
    /// To log in under a name, as typed.
    LogIn(&'a str),
    /// A code by time in the second step of a login of this user.
    Code(UserId),
    /// A recovery code there: nobody guesses 128 bits, so only its cost is limited.
    RecoveryCode(UserId),
    /// To confirm in a session of this user by the password who is there.
    Confirmation(UserId),
    /// The same by a code. Counted by itself: whoever can make codes in a session shall not win guesses of the password.
    ConfirmationCode(UserId),
}

impl Auth {
    /// Counts a try and gives leave for it; perhaps in a browser that is known to the user.
    pub(super) async fn permit(
        &self,
        subject: Subject<'_>,
        known: Option<BrowserId>,
        client: &ClientInfo,
    ) -> Result<Permit, Failure> {
        let mut permit = self.new_permit(subject.clears(known, client));
        if !self.rules.throttle {
            return Ok(permit);
        }
        // A known browser has a budget of its own: neither strangers' failures under this name nor those of its network
        // count against it, until it, or all known browsers together, fail too often.
        if let Some(known) = known
            && self.count_in_own_budget(&mut permit, subject, known).await?
        {
            return Ok(permit);
        }
        let failures = self.count_in(&mut permit, subject.counters(client)).await?;
        // The first counter is that of failures in a row.
        permit.is_locked = subject.is_guessed() && failures[0] > MOST_FAILURES_IN_A_ROW;
        Ok(permit)
    }

    /// Counts a try in a known browser, and says whether that is enough. What it tries beyond its own budget uses nothing up
    /// of the one that it shares with the others: one stolen mark alone cannot use that up.
    async fn count_in_own_budget(
        &self,
        permit: &mut Permit,
        subject: Subject<'_>,
        known: BrowserId,
    ) -> Result<bool, Failure> {
        let [own, all] = subject.buckets_of_known(known);
        let own = self.count_in(permit, vec![Counter { bucket: own, limit: Limit::Delay }]).await?;
        if own[0] > MOST_FAILURES_OF_A_BROWSER {
            return Ok(false);
        }
        let all = self.count_in(permit, vec![Counter { bucket: all, limit: Limit::Never }]).await?;
        Ok(all[0] <= MOST_FAILURES_OF_KNOWN_BROWSERS)
    }

    /// Nothing is tried: the secret was right a moment ago, and that counted. Once what is asked for beside it is right too,
    /// the counts begin anew.
    pub(super) fn permit_after(&self, subject: Subject<'_>, known: Option<BrowserId>, client: &ClientInfo) -> Permit {
        self.new_permit(subject.clears(known, client))
    }

    /// Counts a sign-up. Those that make an account count.
    pub(super) async fn permit_sign_up(&self, client: &ClientInfo) -> Result<Permit, Failure> {
        let bucket = network(client).map(|network| format!("sign-up:{network}"));
        self.permit_in_span(bucket, SIGN_UP_SPAN, MOST_SIGN_UPS_OF_A_NETWORK).await
    }

    /// Counts that a user gets new recovery codes, which costs them nothing and us much to write.
    pub(super) async fn permit_new_codes(&self, user_id: UserId) -> Result<Permit, Failure> {
        self.permit_in_span(Some(format!("new-codes:{user_id}")), NEW_CODES_SPAN, MOST_NEW_CODES).await
    }

    async fn permit_in_span(&self, bucket: Option<String>, span: Duration, most: i64) -> Result<Permit, Failure> {
        let mut permit = self.new_permit(Vec::new());
        if let Some(bucket) = bucket.filter(|_| self.rules.throttle) {
            self.count_in(&mut permit, vec![Counter { bucket, limit: Limit::InSpan { span, most } }]).await?;
        }
        Ok(permit)
    }

    /// Compares a password with a stored hash, or with nobody's. The permit stands for the try that was counted; where
    /// nobody came to look at the password, it is no failure.
    pub(super) async fn verify(
        &self,
        permit: &Permit,
        password: Password,
        stored: Option<&PasswordHash>,
    ) -> Result<Verdict, Failure> {
        let verdict = self.hasher.verify(password, stored).await;
        if verdict.is_err() {
            self.take_back(permit).await;
        }
        verdict
    }

    /// This was no failure: nobody came to look at what was tried, or it was right and something else is asked for.
    pub(super) async fn take_back(&self, permit: &Permit) {
        self.forget_tries(&[], &permit.counted, permit.counted_at).await;
    }

    /// The secret was right: this user's counts begin anew. The network's other failures stay counted, whoever succeeds.
    pub(super) async fn clear(&self, permit: Permit) {
        let taken_back: Vec<String> =
            permit.counted.into_iter().filter(|bucket| !permit.clears.contains(bucket)).collect();
        self.forget_tries(&permit.clears, &taken_back, permit.counted_at).await;
    }

    /// The same after a login, which also shows who confirms in the sessions of this user.
    pub(super) async fn clear_all(&self, mut permit: Permit, user_id: UserId, client: &ClientInfo) {
        permit.clear_too(Subject::Confirmation(user_id), client);
        permit.clear_too(Subject::ConfirmationCode(user_id), client);
        self.clear(permit).await;
    }

    fn new_permit(&self, clears: Vec<String>) -> Permit {
        Permit { counted: Vec::new(), counted_at: self.clock.now(), clears, is_locked: false }
    }

    /// What has been done is done by now, so that a counter which cannot be cleared is no reason to say otherwise.
    async fn forget_tries(&self, forgotten: &[String], taken_back: &[String], counted_at: Moment) {
        let is_nothing = forgotten.is_empty() && taken_back.is_empty();
        if is_nothing || !self.rules.throttle {
            return;
        }
        if let Err(error) = self.store.forget_tries(forgotten, taken_back, counted_at).await {
            tracing::warn!(%error, "a counter of failed tries could not be cleared");
        }
    }

    /// Counts a try in these counters: as which in each.
    async fn count_in(&self, permit: &mut Permit, counters: Vec<Counter>) -> Result<Vec<i64>, Failure> {
        match self.store.count_try(&counters, permit.counted_at).await? {
            Tries::Counted(tries) => {
                permit.counted.extend(counters.into_iter().map(|counter| counter.bucket));
                Ok(tries)
            }
            Tries::NotBefore(until) => {
                self.take_back(permit).await;
                self.metrics.throttled.inc();
                // Rounded up, so that whoever waits as long as they are told is let in.
                let wait = Duration::from_secs(until.since(permit.counted_at).as_millis().div_ceil(1_000) as u64);
                Err(Failure::TooMany(wait))
            }
        }
    }
}

impl Permit {
    /// Has the counts of something else begin anew too, when the secret is right.
    pub(super) fn clear_too(&mut self, subject: Subject<'_>, client: &ClientInfo) {
        self.clears.extend(subject.clears(None, client));
    }
}

impl Subject<'_> {
    /// Where failures in a row are counted, from wherever they come. All buckets of a subject begin with it, and the store
    /// finds a user's by that of the name and by the id in the others.
    fn bucket(&self) -> String {
        match self {
            Self::LogIn(username) => name_bucket(username),
            Self::Code(user_id) => format!("code:{user_id}"),
            Self::RecoveryCode(user_id) => format!("recovery-code:{user_id}"),
            Self::Confirmation(user_id) => format!("confirmation:{user_id}"),
            Self::ConfirmationCode(user_id) => format!("confirmation-code:{user_id}"),
        }
    }

    /// Where a stranger's try counts: in a row, which only locks; from their network under this name, which delays, so that
    /// nobody elsewhere is kept waiting; and, where more names than one can be tried, from their network alone.
    fn counters(&self, client: &ClientInfo) -> Vec<Counter> {
        let mut counters = Vec::with_capacity(3);
        if self.is_guessed() {
            counters.push(Counter { bucket: self.bucket(), limit: Limit::Never });
            counters.push(Counter { bucket: self.bucket_from(client), limit: Limit::Delay });
        }
        // What is tried inside a session, or after a right password, is counted for its user alone.
        let of_any_user = matches!(self, Self::LogIn(_) | Self::RecoveryCode(_));
        if let Some(network) = network(client).filter(|_| of_any_user) {
            let limit = Limit::InSpan { span: NETWORK_SPAN, most: MOST_FAILURES_OF_A_NETWORK };
            counters.push(Counter { bucket: format!("network:{network}"), limit });
        }
        counters
    }

    /// What begins anew when it is right. Other networks that have failed go on waiting.
    fn clears(&self, known: Option<BrowserId>, client: &ClientInfo) -> Vec<String> {
        let of_known = known.map(|known| self.buckets_of_known(known));
        [self.bucket(), self.bucket_from(client)].into_iter().chain(of_known.into_iter().flatten()).collect()
    }

    fn bucket_from(&self, client: &ClientInfo) -> String {
        format!("{}@{}", self.bucket(), network(client).unwrap_or_default())
    }

    /// Where a try in a known browser counts: its own, and that of all of them.
    fn buckets_of_known(&self, known: BrowserId) -> [String; 2] {
        let bucket = self.bucket();
        [format!("{bucket}+{known}"), format!("{bucket}+known")]
    }

    fn is_guessed(&self) -> bool {
        !matches!(self, Self::RecoveryCode(_))
    }
}

/// One bucket for every spelling of a name, whether or not anybody has it. Hashed, because anything may be typed there.
pub(super) fn name_bucket(username: &str) -> String {
    format!("login:{}", HEXLOWER.encode(&Sha256::digest(username.to_lowercase())[..16]))
}

/// An address, or the /64 that somebody with IPv6 has to themselves.
fn network(client: &ClientInfo) -> Option<String> {
    client.address.map(|address| network_of(address, 32, 64).to_string())
}
