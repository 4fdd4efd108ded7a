//! Codes by time, and codes for when the phone is gone.

use super::throttle::{NoPermit, Subject, TooMany};
use super::{Auth, Failure, Resumed};
use crate::model::{
    Device, EventKind, Moment, PROOF_LASTS, RecoveryCode, RecoveryCodeHash, TimeCode, TotpSecret, UserId, Visit,
};
use crate::store::{self, SecondFactor};

/// What purpose the shared secret is sealed for, beside whose it is.
const PURPOSE: &str = "second factor of";

/// How a user's second factor stands.
#[derive(Debug)]
pub enum SecondFactorState {
    /// None is asked for.
    Off,
    /// A secret waits for the first right code.
    Begun(TotpSecret),
    /// It is asked for; so many recovery codes are left.
    On {
        /// How many are left.
        codes_left: i64,
    },
}

/// What a code is typed for.
pub(super) enum CodeFor<'a> {
    /// To sign in, perhaps from a browser that the user has signed in with before.
    LogIn { device: Option<&'a Device> },
    /// To confirm inside a session who is there.
    Confirmation,
}

/// Why a code was not taken.
#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    /// It is none.
    #[error("This code is not right.")]
    Wrong,
    /// It was used before, and each works once.
    #[error("This code was used already. Wait for the next one.")]
    Used,
    /// It would be right at another time.
    #[error("This code belongs to another time: the clock of your phone is about {} {}. Set it right, and try the next code.",
        minutes(*.seconds_ahead), if *.seconds_ahead > 0 { "ahead" } else { "behind" })]
    OtherTime {
        /// How far the phone's clock is ahead; behind, when negative.
        seconds_ahead: i64,
    },
    /// Too many have failed lately.
    #[error(transparent)]
    TooMany(TooMany),
    /// It could not be done now.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// Why a second factor was not turned on, off or given new codes.
#[derive(Debug, thiserror::Error)]
pub enum SecondFactorError {
    /// It is not in the state for that.
    #[error("This cannot be done now: the second step was changed meanwhile. Look at it again.")]
    State,
    /// The code was not right.
    #[error(transparent)]
    Code(CodeError),
    /// It could not be done now.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl Auth {
    /// How a user's second factor stands.
    pub async fn second_factor(&self, user_id: UserId) -> Result<SecondFactorState, Failure> {
        let now = self.clock.now();
        Ok(match self.store.second_factor(user_id).await? {
            None => SecondFactorState::Off,
            Some(SecondFactor { confirmed_at: Some(_), .. }) => {
                SecondFactorState::On { codes_left: self.store.count_recovery_codes(user_id).await? }
            }
            Some(begun) => match self.open_secret(user_id, &begun).filter(|_| is_fresh(&begun, now)) {
                Some(secret) => SecondFactorState::Begun(secret),
                None => SecondFactorState::Off,
            },
        })
    }

    /// Makes a secret for a phone to keep; nothing is asked for until its first code was right, and one that waits too long
    /// for it is none: somebody else may have seen it.
    pub async fn begin_second_factor(&self, user_id: UserId) -> Result<(), SecondFactorError> {
        let secret = TotpSecret::random().map_err(Failure::from)?;
        let sealed = self.seal.seal(&purpose(user_id), &secret.to_base32()).ok_or(SecondFactorError::State)?;
        match self.store.begin_second_factor(user_id, &sealed, self.clock.now()).await? {
            true => Ok(()),
            false => Err(SecondFactorError::State),
        }
    }

    /// Asks for the second factor from now on, because the phone has shown that it has the secret. Answers the recovery
    /// codes, which nobody can see again.
    pub async fn turn_on_second_factor(
        &self,
        me: &Resumed,
        code: &str,
        visit: &Visit,
    ) -> Result<Vec<RecoveryCode>, SecondFactorError> {
        let user_id = me.user.user_id;
        let now = self.clock.now();
        let begun = self.store.second_factor(user_id).await?;
        let begun = begun.filter(|found| found.confirmed_at.is_none() && is_fresh(found, now));
        let begun = begun.ok_or(SecondFactorError::State)?;
        let secret = self.open_secret(user_id, &begun).ok_or(SecondFactorError::State)?;
        let permit = self.permit(Subject::ConfirmationCode(user_id), visit).await.map_err(CodeError::from)?;
        let step = self.right_step(user_id, &secret, &without_spaces(code)).await?;

        let (codes, hashes) = new_codes(user_id)?;
        let event = self.event(user_id, EventKind::SecondFactorOn, visit)?;
        let confirmed = self
            .store
            .confirm_second_factor(&begun.sealed_secret, step, &hashes, me.session.session_id, &event)
            .await?;
        self.memory.forget_user(user_id);
        self.clear(permit).await;
        if confirmed { Ok(codes) } else { Err(SecondFactorError::State) }
    }

    /// Asks for no second factor any more.
    pub async fn turn_off_second_factor(&self, me: &Resumed, visit: &Visit) -> Result<(), SecondFactorError> {
        let event = self.event(me.user.user_id, EventKind::SecondFactorOff, visit)?;
        let ended = self.store.end_second_factor(me.session.session_id, &event).await?;
        self.memory.forget_user(me.user.user_id);
        if ended { Ok(()) } else { Err(SecondFactorError::State) }
    }

    /// Makes new recovery codes, which nobody can see again; the old ones are worth nothing any more.
    pub async fn new_recovery_codes(
        &self,
        me: &Resumed,
        visit: &Visit,
    ) -> Result<Vec<RecoveryCode>, SecondFactorError> {
        let (codes, hashes) = new_codes(me.user.user_id)?;
        let event = self.event(me.user.user_id, EventKind::RecoveryCodesMade, visit)?;
        let replaced = self.store.replace_recovery_codes(&hashes, me.session.session_id, &event).await?;
        self.memory.forget_user(me.user.user_id);
        if replaced { Ok(codes) } else { Err(SecondFactorError::State) }
    }

    pub(super) async fn has_second_factor(&self, user_id: UserId) -> Result<bool, Failure> {
        let found = self.store.second_factor(user_id).await?;
        Ok(found.is_some_and(|found| found.confirmed_at.is_some()))
    }

    /// Uses a code of either kind up: whatever follows, it does not work again.
    pub(super) async fn use_code(
        &self,
        user_id: UserId,
        code: &str,
        typed_for: CodeFor<'_>,
        visit: &Visit,
    ) -> Result<(), CodeError> {
        let typed = without_spaces(code);
        let is_time_code = typed.len() == 6;
        let (subject, refused, way_out) = match typed_for {
            CodeFor::Confirmation => (
                Subject::ConfirmationCode(user_id),
                EventKind::ConfirmationFailed,
                "Log in again; then you can confirm.",
            ),
            CodeFor::LogIn { device } if is_time_code => (
                Subject::Code { user_id, device },
                EventKind::CodeRefused,
                "Use a recovery code; then codes from your phone work again.",
            ),
            CodeFor::LogIn { device } => (Subject::RecoveryCode { device }, EventKind::CodeRefused, ""),
        };
        let mut permit = self.permit(subject, visit).await?;
        if permit.is_locked {
            return Err(CodeError::TooMany(TooMany::until(way_out)));
        }
        let used = match is_time_code {
            true => self.use_time_code(user_id, &typed).await,
            false => self.use_recovery_code(user_id, &typed, visit).await,
        };
        match used {
            Ok(()) => {
                // A recovery code begins the count of the other codes anew.
                permit.clears.extend(Subject::Code { user_id, device: None }.bucket());
                self.clear(permit).await;
                Ok(())
            }
            Err(CodeError::Failure(failure)) => Err(CodeError::Failure(failure)),
            Err(error) => {
                self.tell_later(Some(user_id), refused, visit);
                Err(error)
            }
        }
    }

    async fn use_time_code(&self, user_id: UserId, code: &str) -> Result<(), CodeError> {
        let found = self.store.second_factor(user_id).await.map_err(Failure::from)?;
        let found = found.filter(|found| found.confirmed_at.is_some()).ok_or(CodeError::Wrong)?;
        let Some(secret) = self.open_secret(user_id, &found) else {
            tracing::error!(%user_id, "a second factor is sealed with a key that is not listed any more");
            return Err(CodeError::Wrong);
        };
        let step = self.right_step(user_id, &secret, code).await?;
        if !self.store.use_step(user_id, step).await.map_err(Failure::from)? {
            return Err(CodeError::Used);
        }
        self.reseal(user_id, &found, &secret).await;
        Ok(())
    }

    /// The step of a right code. The latest code that was of a time to come is worth nothing at its time: whoever tries
    /// codes must not learn of one that will be right.
    async fn right_step(&self, user_id: UserId, secret: &TotpSecret, code: &str) -> Result<i64, CodeError> {
        match secret.check(code, self.clock.now()) {
            TimeCode::Right { step } => Ok(step),
            TimeCode::OtherTime { step, seconds_ahead } => {
                if seconds_ahead > 0 {
                    self.store.burn_step(user_id, step).await.map_err(Failure::from)?;
                }
                Err(CodeError::OtherTime { seconds_ahead })
            }
            TimeCode::Wrong => Err(CodeError::Wrong),
        }
    }

    /// Seals a secret with the key in use, so that the one before it can be dropped some day.
    async fn reseal(&self, user_id: UserId, found: &SecondFactor, secret: &TotpSecret) {
        if self.seal.is_current(&purpose(user_id), &found.sealed_secret) {
            return;
        }
        let Some(sealed) = self.seal.seal(&purpose(user_id), &secret.to_base32()) else { return };
        if let Err(error) = self.store.reseal_second_factor(user_id, &found.sealed_secret, &sealed).await {
            tracing::warn!(%error, %user_id, "a second factor could not be sealed anew");
        }
    }

    async fn use_recovery_code(&self, user_id: UserId, code: &str, visit: &Visit) -> Result<(), CodeError> {
        let code = RecoveryCode::parse(code).ok_or(CodeError::Wrong)?.hash(user_id);
        let event = self.event(user_id, EventKind::RecoveryCodeUsed, visit)?;
        match self.store.use_recovery_code(&code, &event).await.map_err(Failure::from)? {
            true => Ok(()),
            false => Err(CodeError::Wrong),
        }
    }

    fn open_secret(&self, user_id: UserId, found: &SecondFactor) -> Option<TotpSecret> {
        self.seal.open(&purpose(user_id), &found.sealed_secret).and_then(|secret| TotpSecret::parse(&secret))
    }
}

fn purpose(user_id: UserId) -> String {
    format!("{PURPOSE} {user_id}")
}

/// Whether a secret was begun lately enough to be confirmed.
fn is_fresh(begun: &SecondFactor, now: Moment) -> bool {
    now.since(begun.created_at) < PROOF_LASTS
}

fn without_spaces(code: &str) -> String {
    code.chars().filter(|c| !c.is_whitespace()).take(64).collect()
}

fn new_codes(user_id: UserId) -> Result<(Vec<RecoveryCode>, Vec<RecoveryCodeHash>), Failure> {
    let codes = (0..RecoveryCode::AT_ONCE).map(|_| RecoveryCode::random()).collect::<Result<Vec<_>, _>>()?;
    let hashes = codes.iter().map(|code| code.hash(user_id)).collect();
    Ok((codes, hashes))
}

fn minutes(seconds: i64) -> String {
    match (seconds.unsigned_abs() + 30) / 60 {
        0 | 1 => "a minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}

impl From<NoPermit> for CodeError {
    fn from(no: NoPermit) -> Self {
        match no {
            NoPermit::TooMany(too_many) => Self::TooMany(too_many),
            NoPermit::Failure(failure) => Self::Failure(failure),
        }
    }
}

impl From<CodeError> for SecondFactorError {
    fn from(error: CodeError) -> Self {
        match error {
            CodeError::Failure(failure) => Self::Failure(failure),
            error => Self::Code(error),
        }
    }
}

impl From<store::Error> for SecondFactorError {
    fn from(error: store::Error) -> Self {
        Self::Failure(error.into())
    }
}
