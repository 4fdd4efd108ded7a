//! Two-factor authentication: turning it on and off, and new recovery codes.

use super::codes::{CodeError, without_spaces};
use super::throttle::Subject;
use super::totp::TimeCode;
use super::{Auth, Caller, Failure};
use crate::model::{EventKind, Moment, PROOF_LASTS, RecoveryCode, RecoveryCodeHash, TotpSecret, UserId};
use crate::store::SecondFactor;

/// How a user's two-factor authentication stands.
#[derive(Debug)]
pub enum TwoFactorState {
    /// No code is asked for.
    Off,
    /// A secret waits for the first right code of the phone that has it.
    Begun(TotpSecret),
    /// A code is asked for; so many recovery codes are left.
    On { codes_left: i64 },
}

/// Why two-factor authentication was not turned on, off or given new codes.
#[derive(Debug, thiserror::Error)]
pub enum TwoFactorError {
    #[error("This cannot be done now: two-factor authentication was changed meanwhile. Look at it again.")]
    State,
    #[error(transparent)]
    Code(#[from] CodeError),
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl Auth {
    /// How a user's two-factor authentication stands.
    pub async fn two_factor(&self, user_id: UserId) -> Result<TwoFactorState, Failure> {
        let now = self.clock.now();
        Ok(match self.store.second_factor(user_id).await? {
            None => TwoFactorState::Off,
            Some(SecondFactor { confirmed_at: Some(_), .. }) => {
                TwoFactorState::On { codes_left: self.store.count_recovery_codes(user_id).await? }
            }
            Some(begun) => match self.open_secret(user_id, &begun).filter(|_| is_fresh(&begun, now)) {
                Some(secret) => TwoFactorState::Begun(secret),
                None => TwoFactorState::Off,
            },
        })
    }

    /// Makes a secret for a phone to keep; nothing is asked for until its first code was right, and one that waits too long
    /// for it is none: somebody else may have seen it.
    pub async fn begin_two_factor(&self, user_id: UserId) -> Result<(), TwoFactorError> {
        let secret = TotpSecret::random()?;
        let sealed = self.seal_secret(user_id, &secret).ok_or(TwoFactorError::State)?;
        let begun = self.store.begin_second_factor(user_id, &sealed, self.clock.now()).await?;
        if begun { Ok(()) } else { Err(TwoFactorError::State) }
    }

    /// Asks for a code from now on, because the phone has shown that it has the secret. Answers the recovery codes, which
    /// nobody can see again.
    pub async fn turn_on_two_factor(&self, me: &Caller<'_>, code: &str) -> Result<Vec<RecoveryCode>, TwoFactorError> {
        let user_id = me.user.user_id;
        let now = self.clock.now();
        let begun = self.store.second_factor(user_id).await?;
        let begun = begun.filter(|found| found.confirmed_at.is_none() && is_fresh(found, now));
        let begun = begun.ok_or(TwoFactorError::State)?;
        let secret = self.open_secret(user_id, &begun).ok_or(TwoFactorError::State)?;
        // However many have failed: the secret is not in force yet, and only its owner has seen it.
        let permit = self.permit(Subject::ConfirmationCode(user_id), None, &me.client).await?;
        let step = match self.check_time_code(&permit, &secret, &without_spaces(code)) {
            TimeCode::Right { step } => step,
            // None is burnt: whoever sets up a phone reads the secret beside it.
            TimeCode::OtherTime { seconds_ahead, .. } => return Err(CodeError::OtherTime { seconds_ahead }.into()),
            TimeCode::Wrong => return Err(CodeError::Wrong.into()),
        };
        self.clear(permit).await;
        self.permit_new_codes(user_id).await?;

        let (codes, hashes) = new_codes(user_id)?;
        let event = self.event(user_id, EventKind::TwoFactorOn, &me.client);
        let this = me.session.session_id;
        let confirmed = self.store.confirm_second_factor(&begun.sealed_secret, step, &hashes, this, &event).await?;
        self.memory.forget_user(user_id);
        if confirmed { Ok(codes) } else { Err(TwoFactorError::State) }
    }

    /// Asks for no code any more.
    pub async fn turn_off_two_factor(&self, me: &Caller<'_>) -> Result<(), TwoFactorError> {
        let event = self.event(me.user.user_id, EventKind::TwoFactorOff, &me.client);
        let ended = self.store.end_second_factor(me.session.session_id, &event).await?;
        self.memory.forget_user(me.user.user_id);
        if ended { Ok(()) } else { Err(TwoFactorError::State) }
    }

    /// Makes new recovery codes, which nobody can see again; the old ones are worth nothing any more.
    pub async fn new_recovery_codes(&self, me: &Caller<'_>) -> Result<Vec<RecoveryCode>, TwoFactorError> {
        self.permit_new_codes(me.user.user_id).await?;
        let (codes, hashes) = new_codes(me.user.user_id)?;
        let event = self.event(me.user.user_id, EventKind::RecoveryCodesMade, &me.client);
        let replaced = self.store.replace_recovery_codes(&hashes, me.session.session_id, &event).await?;
        self.memory.forget_user(me.user.user_id);
        if replaced { Ok(codes) } else { Err(TwoFactorError::State) }
    }
}

/// Whether a secret was begun lately enough to be confirmed.
fn is_fresh(begun: &SecondFactor, now: Moment) -> bool {
    now.since(begun.created_at) < PROOF_LASTS
}

fn new_codes(user_id: UserId) -> Result<(Vec<RecoveryCode>, Vec<RecoveryCodeHash>), Failure> {
    let codes = (0..RecoveryCode::AT_ONCE).map(|_| RecoveryCode::random()).collect::<Result<Vec<_>, _>>()?;
    let hashes = codes.iter().map(|code| code.hash(user_id)).collect();
    Ok((codes, hashes))
}
