//! Using a code up: one by time, or one for when the phone is gone.

use super::throttle::{Subject, locked};
use super::{Auth, Failure};
use crate::model::{ClientInfo, Device, EventKind, RecoveryCode, TimeCode, TotpSecret, UserId};
use crate::store::SecondFactor;

/// What purpose the shared secret is sealed for, beside whose it is.
const PURPOSE: &str = "second factor of";

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
}

impl Auth {
    /// Uses a code of either kind up: whatever follows, it does not work again.
    pub(super) async fn use_code(
        &self,
        user_id: UserId,
        code: &str,
        typed_for: CodeFor<'_>,
        client: &ClientInfo,
    ) -> Result<Result<(), CodeError>, Failure> {
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
        // A recovery code begins the count of the other codes anew; inside a session no code does.
        let begins_anew = match subject {
            Subject::RecoveryCode { .. } => Subject::Code { user_id, device: None }.bucket(),
            _ => None,
        };
        let mut permit = self.permit(subject, client).await?;
        if permit.is_locked {
            return Err(locked(way_out));
        }
        let used = match is_time_code {
            true => self.use_time_code(user_id, &typed).await?,
            false => self.use_recovery_code(user_id, &typed, client).await?,
        };
        match used {
            Ok(()) => {
                permit.clears.extend(begins_anew);
                self.clear(permit).await;
            }
            Err(_) => self.tell_later(Some(user_id), refused, client),
        }
        Ok(used)
    }

    async fn use_time_code(&self, user_id: UserId, code: &str) -> Result<Result<(), CodeError>, Failure> {
        let found = self.store.second_factor(user_id).await?;
        let Some(found) = found.filter(|found| found.confirmed_at.is_some()) else { return Ok(Err(CodeError::Wrong)) };
        let Some(secret) = self.open_secret(user_id, &found) else {
            tracing::error!(%user_id, "a second factor is sealed with a key that is not listed any more");
            return Ok(Err(CodeError::Wrong));
        };
        let step = match self.right_step(user_id, &secret, code).await? {
            Ok(step) => step,
            Err(error) => return Ok(Err(error)),
        };
        if !self.store.use_step(user_id, step).await? {
            return Ok(Err(CodeError::Used));
        }
        self.reseal(user_id, &found, &secret).await;
        Ok(Ok(()))
    }

    /// The step of a right code. The latest code that was of a time to come is worth nothing at its time: whoever tries
    /// codes must not learn of one that will be right.
    pub(super) async fn right_step(
        &self,
        user_id: UserId,
        secret: &TotpSecret,
        code: &str,
    ) -> Result<Result<i64, CodeError>, Failure> {
        Ok(match secret.check(code, self.clock.now()) {
            TimeCode::Right { step } => Ok(step),
            TimeCode::OtherTime { step, seconds_ahead } => {
                if seconds_ahead > 0 {
                    self.store.burn_step(user_id, step).await?;
                }
                Err(CodeError::OtherTime { seconds_ahead })
            }
            TimeCode::Wrong => Err(CodeError::Wrong),
        })
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

    async fn use_recovery_code(
        &self,
        user_id: UserId,
        code: &str,
        client: &ClientInfo,
    ) -> Result<Result<(), CodeError>, Failure> {
        let Some(code) = RecoveryCode::parse(code) else { return Ok(Err(CodeError::Wrong)) };
        let event = self.event(user_id, EventKind::RecoveryCodeUsed, client);
        match self.store.use_recovery_code(&code.hash(user_id), &event).await? {
            true => Ok(Ok(())),
            false => Ok(Err(CodeError::Wrong)),
        }
    }

    pub(super) fn open_secret(&self, user_id: UserId, found: &SecondFactor) -> Option<TotpSecret> {
        self.seal.open(&purpose(user_id), &found.sealed_secret).and_then(|secret| TotpSecret::parse(&secret))
    }
}

/// What the secret of a user is sealed for.
pub(super) fn purpose(user_id: UserId) -> String {
    format!("{PURPOSE} {user_id}")
}

/// A code as it is compared: people type it in groups.
pub(super) fn without_spaces(code: &str) -> String {
    code.chars().filter(|c| !c.is_whitespace()).take(64).collect()
}

fn minutes(seconds: i64) -> String {
    match (seconds.unsigned_abs() + 30) / 60 {
        0 | 1 => "a minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}
