//! Codes by time, and codes for when the phone is gone.

use super::throttle::{NoPermit, Subject, TooMany, WHEN_LOCKED};
use super::{Auth, Failure, Resumed};
use crate::model::{EventKind, RecoveryCode, RecoveryCodeHash, TimeCode, TotpSecret, UserId, Visit};
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
        Ok(match self.store.second_factor(user_id).await? {
            None => SecondFactorState::Off,
            Some(SecondFactor { confirmed_at: Some(_), .. }) => {
                SecondFactorState::On { codes_left: self.store.count_recovery_codes(user_id).await? }
            }
            Some(begun) => match self.open_secret(user_id, &begun) {
                Some(secret) => SecondFactorState::Begun(secret),
                None => SecondFactorState::Off,
            },
        })
    }

    /// Makes a secret for a phone to keep; nothing is asked for until its first code was right.
    pub async fn begin_second_factor(&self, user_id: UserId) -> Result<TotpSecret, SecondFactorError> {
        let secret = TotpSecret::random().map_err(Failure::from)?;
        let sealed = self.seal.seal(&purpose(user_id), &secret.to_base32()).ok_or(SecondFactorError::State)?;
        match self.store.begin_second_factor(user_id, &sealed, self.clock.now()).await? {
            true => Ok(secret),
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
        let permit = self.permit(Subject::Code(user_id), visit).await.map_err(CodeError::from)?;
        let begun = self.store.second_factor(user_id).await?.filter(|found| found.confirmed_at.is_none());
        let begun = begun.ok_or(SecondFactorError::State)?;
        let secret = self.open_secret(user_id, &begun).ok_or(SecondFactorError::State)?;
        let step = right_step(&secret, code, self.clock.now())?;

        let (codes, hashes) = new_codes(user_id)?;
        let event = self.event(user_id, EventKind::SecondFactorOn, visit)?;
        let confirmed = self
            .store
            .confirm_second_factor(&begun.sealed_secret, step, &hashes, me.session.session_id, &event)
            .await?;
        self.memory.forget_user(user_id);
        self.clear(permit).await?;
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
    pub(super) async fn use_code(&self, user_id: UserId, code: &str, visit: &Visit) -> Result<(), CodeError> {
        let permit = self.permit(Subject::Code(user_id), visit).await?;
        let typed: String = code.chars().filter(|c| !c.is_whitespace()).take(64).collect();
        let used = match typed.len() {
            // After too many wrong ones only a recovery code, which nobody guesses, opens and begins the count anew.
            6 if permit.is_locked => return Err(CodeError::TooMany(WHEN_LOCKED)),
            6 => self.use_time_code(user_id, &typed).await,
            _ => self.use_recovery_code(user_id, &typed, visit).await,
        };
        match used {
            Ok(()) => Ok(self.clear(permit).await?),
            Err(error) => {
                self.tell_later(Some(user_id), EventKind::CodeRefused, visit);
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
        let step = right_step(&secret, code, self.clock.now())?;
        match self.store.use_step(user_id, step).await.map_err(Failure::from)? {
            true => Ok(()),
            false => Err(CodeError::Used),
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

fn right_step(secret: &TotpSecret, code: &str, now: crate::model::Moment) -> Result<i64, CodeError> {
    let typed: String = code.chars().filter(|c| !c.is_whitespace()).take(64).collect();
    match secret.check(&typed, now) {
        TimeCode::Right { step } => Ok(step),
        TimeCode::OtherTime { seconds_ahead } => Err(CodeError::OtherTime { seconds_ahead }),
        TimeCode::Wrong => Err(CodeError::Wrong),
    }
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
