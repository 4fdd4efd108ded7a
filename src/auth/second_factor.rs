//! Codes by time, and codes for when the phone is gone.

use super::code::{CodeError, purpose, without_spaces};
use super::throttle::Subject;
use super::{Auth, Failure, Resumed};
use crate::model::{ClientInfo, EventKind, Moment, PROOF_LASTS, RecoveryCode, RecoveryCodeHash, TotpSecret, UserId};
use crate::store::SecondFactor;

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

/// Why a second factor was not turned on, off or given new codes.
#[derive(Debug, thiserror::Error)]
pub enum SecondFactorError {
    /// It is not in the state for that.
    #[error("This cannot be done now: the second step was changed meanwhile. Look at it again.")]
    State,
    /// The code was not right.
    #[error(transparent)]
    Code(#[from] CodeError),
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
        let secret = TotpSecret::random()?;
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
        client: &ClientInfo,
    ) -> Result<Vec<RecoveryCode>, SecondFactorError> {
        let user_id = me.user.user_id;
        let now = self.clock.now();
        let begun = self.store.second_factor(user_id).await?;
        let begun = begun.filter(|found| found.confirmed_at.is_none() && is_fresh(found, now));
        let begun = begun.ok_or(SecondFactorError::State)?;
        let secret = self.open_secret(user_id, &begun).ok_or(SecondFactorError::State)?;
        let permit = self.permit(Subject::ConfirmationCode(user_id), client).await?;
        let step = self.right_step(user_id, &secret, &without_spaces(code)).await??;

        let (codes, hashes) = new_codes(user_id)?;
        let event = self.event(user_id, EventKind::SecondFactorOn, client);
        let confirmed = self
            .store
            .confirm_second_factor(&begun.sealed_secret, step, &hashes, me.session.session_id, &event)
            .await?;
        self.memory.forget_user(user_id);
        self.clear(permit).await;
        if confirmed { Ok(codes) } else { Err(SecondFactorError::State) }
    }

    /// Asks for no second factor any more.
    pub async fn turn_off_second_factor(&self, me: &Resumed, client: &ClientInfo) -> Result<(), SecondFactorError> {
        let event = self.event(me.user.user_id, EventKind::SecondFactorOff, client);
        let ended = self.store.end_second_factor(me.session.session_id, &event).await?;
        self.memory.forget_user(me.user.user_id);
        if ended { Ok(()) } else { Err(SecondFactorError::State) }
    }

    /// Makes new recovery codes, which nobody can see again; the old ones are worth nothing any more.
    pub async fn new_recovery_codes(
        &self,
        me: &Resumed,
        client: &ClientInfo,
    ) -> Result<Vec<RecoveryCode>, SecondFactorError> {
        let (codes, hashes) = new_codes(me.user.user_id)?;
        let event = self.event(me.user.user_id, EventKind::RecoveryCodesMade, client);
        let replaced = self.store.replace_recovery_codes(&hashes, me.session.session_id, &event).await?;
        self.memory.forget_user(me.user.user_id);
        if replaced { Ok(codes) } else { Err(SecondFactorError::State) }
    }

    pub(super) async fn has_second_factor(&self, user_id: UserId) -> Result<bool, Failure> {
        let found = self.store.second_factor(user_id).await?;
        Ok(found.is_some_and(|found| found.confirmed_at.is_some()))
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
