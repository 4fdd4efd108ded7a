//! Using a code of two-factor authentication up: one by time, or one for when the phone is gone.

use super::throttle::{Permit, Subject};
use super::totp::{self, TimeCode};
use super::{Auth, Failure};
use crate::model::{BrowserId, ClientInfo, EventKind, RecoveryCode, TotpSecret, UserId};
use crate::store::SecondFactor;

/// What purpose the shared secret is sealed for, beside whose it is.
const PURPOSE: &str = "second factor of";

#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    #[error("This code is not right.")]
    Wrong,
    /// It or a later one was used or typed too early before, and each works once.
    #[error("This code was used already, or a later one was. Wait for a newer one.")]
    Used,
    /// It would be right at another time; the phone's clock is behind where the seconds are negative.
    #[error("This code belongs to another time: the clock of your phone is about {} {}. Set it right, and try the next code.",
        minutes(*.seconds_ahead), if *.seconds_ahead > 0 { "ahead" } else { "behind" })]
    OtherTime { seconds_ahead: i64 },
    /// It would be right at a time to come, and is worth nothing then, nor are those before it.
    #[error("This code belongs to another time: the clock of your phone is about {} ahead. Set it right, and try again in {}.",
        minutes(*.seconds_ahead), minutes(*.seconds_ahead + TotpSecret::STEP))]
    TooEarly { seconds_ahead: i64 },
}

/// What came of a code; the failure outside is none of the code's.
pub(super) type Checked<T> = Result<Result<T, CodeError>, Failure>;

struct TriedCode<'a> {
    user_id: UserId,
    typed: String,
    /// What is counted of it, and in which browser that is known to them.
    subject: Subject<'a>,
    known: Option<BrowserId>,
    /// What its owner reads where it was not taken.
    refused: EventKind,
    /// What helps when too many have failed, as a sentence.
    way_out: &'static str,
    client: &'a ClientInfo,
}

impl Auth {
    /// Uses a code up that is typed to log in.
    pub(super) async fn use_code_to_log_in(
        &self,
        user_id: UserId,
        code: &str,
        known: Option<BrowserId>,
        client: &ClientInfo,
    ) -> Checked<()> {
        let typed = without_spaces(code);
        let subject = if is_time_code(&typed) { Subject::Code(user_id) } else { Subject::RecoveryCode(user_id) };
        self.use_code(TriedCode {
            user_id,
            typed,
            subject,
            known,
            refused: EventKind::CodeRefused,
            way_out: "Use a recovery code, or a browser where you have logged in before; then codes work here again.",
            client,
        })
        .await
    }

    /// Uses a code up that is typed inside a session, to confirm who is there.
    pub(super) async fn use_code_to_confirm(&self, user_id: UserId, code: &str, client: &ClientInfo) -> Checked<()> {
        self.use_code(TriedCode {
            user_id,
            typed: without_spaces(code),
            subject: Subject::ConfirmationCode(user_id),
            known: None,
            refused: EventKind::ConfirmationFailed,
            way_out: "Log in again; then you can confirm.",
            client,
        })
        .await
    }

    /// Whatever follows, the code does not work again.
    async fn use_code(&self, tried: TriedCode<'_>) -> Checked<()> {
        let TriedCode { user_id, typed, subject, known, refused, way_out, client } = tried;
        let mut permit = self.permit(subject, known, client).await?;
        let used = if permit.is_locked {
            Err(Failure::Locked(way_out))
        } else if is_time_code(&typed) {
            self.use_time_code(&permit, user_id, &typed).await
        } else {
            self.use_recovery_code(user_id, &typed, client).await
        };
        match &used {
            Ok(Ok(())) => {
                // A recovery code begins the count of the other codes anew; inside a session no code does.
                if let Subject::RecoveryCode(_) = subject {
                    permit.clear_too(Subject::Code(user_id), client);
                }
                self.clear(permit).await;
            }
            Ok(Err(_)) => self.keep_event_later(Some(user_id), refused, client),
            Err(_) => self.take_back(&permit).await,
        }
        used
    }

    async fn use_time_code(&self, permit: &Permit, user_id: UserId, code: &str) -> Checked<()> {
        let found = self.store.second_factor(user_id).await?.filter(|found| found.confirmed_at.is_some());
        let Some(found) = found else { return Ok(Err(CodeError::Wrong)) };
        let Some(secret) = self.open_secret(user_id, &found) else {
            tracing::error!(%user_id, "a second factor is sealed with a key that is not listed any more");
            return Ok(Err(CodeError::Wrong));
        };
        match self.check_time_code(permit, &secret, code) {
            TimeCode::Right { step } if self.store.use_step(user_id, step).await? => {
                self.reseal(user_id, &found, &secret).await;
                Ok(Ok(()))
            }
            TimeCode::Right { .. } => Ok(Err(CodeError::Used)),
            // Whoever tries codes must not learn of one that will be right, and not by a database that was away either.
            TimeCode::OtherTime { step, seconds_ahead } if seconds_ahead > 0 => {
                let burnt = self.store.burn_step(user_id, step).await;
                Ok(Err(burnt.map_or(CodeError::Wrong, |()| CodeError::TooEarly { seconds_ahead })))
            }
            TimeCode::OtherTime { seconds_ahead, .. } => Ok(Err(CodeError::OtherTime { seconds_ahead })),
            TimeCode::Wrong => Ok(Err(CodeError::Wrong)),
        }
    }

    /// The time of a code. The permit stands for the try that was counted.
    pub(super) fn check_time_code(&self, _: &Permit, secret: &TotpSecret, code: &str) -> TimeCode {
        totp::check(secret, code, self.clock.now())
    }

    async fn use_recovery_code(&self, user_id: UserId, code: &str, client: &ClientInfo) -> Checked<()> {
        let event = self.event(user_id, EventKind::RecoveryCodeUsed, client);
        let is_taken = match RecoveryCode::parse(code) {
            Some(code) => self.store.use_recovery_code(&code.hash(user_id), &event).await?,
            None => false,
        };
        Ok(if is_taken { Ok(()) } else { Err(CodeError::Wrong) })
    }

    /// The secret as it is kept; none when there is no key to seal it with.
    pub(super) fn seal_secret(&self, user_id: UserId, secret: &TotpSecret) -> Option<String> {
        self.seal.seal(&purpose(user_id), &secret.to_base32())
    }

    pub(super) fn open_secret(&self, user_id: UserId, found: &SecondFactor) -> Option<TotpSecret> {
        self.seal.open(&purpose(user_id), &found.sealed_secret).and_then(|secret| TotpSecret::parse(&secret))
    }

    /// Seals a secret with the key in use, so that the one before it can be dropped some day.
    async fn reseal(&self, user_id: UserId, found: &SecondFactor, secret: &TotpSecret) {
        if self.seal.is_current(&purpose(user_id), &found.sealed_secret) {
            return;
        }
        let Some(sealed) = self.seal_secret(user_id, secret) else { return };
        if let Err(error) = self.store.reseal_second_factor(user_id, &found.sealed_secret, &sealed).await {
            tracing::warn!(%error, %user_id, "a second factor could not be sealed anew");
        }
    }
}

fn purpose(user_id: UserId) -> String {
    format!("{PURPOSE} {user_id}")
}

/// A code as it is compared: people type it in groups.
pub(super) fn without_spaces(code: &str) -> String {
    code.chars().filter(|c| !c.is_whitespace()).take(64).collect()
}

/// Six characters are a phone's; a recovery code is longer.
fn is_time_code(typed: &str) -> bool {
    typed.len() == 6
}

fn minutes(seconds: i64) -> String {
    match (seconds.unsigned_abs() + 30) / 60 {
        0 | 1 => "a minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}
