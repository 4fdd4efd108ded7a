//! Proving who you are inside a session: before a page that changes how one gets in, and to change the password or leave.

use super::throttle::Subject;
use super::{Auth, Caller, CodeError, Failure, StartedSession};
use crate::model::{EventKind, Password, Token};
use crate::store::Credentials;

/// What somebody proves who they are with.
#[derive(Debug)]
pub enum Proof<'a> {
    Password(Password),
    /// A code as typed: of a phone, or for when that is gone.
    Code(&'a str),
}

/// Why somebody did not prove who they are.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    #[error("This is not your password.")]
    WrongPassword,
    #[error(transparent)]
    Code(#[from] CodeError),
    /// The session has ended meanwhile, or the account has.
    #[error("The session has ended.")]
    Ended,
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl Auth {
    /// Proves who is there. The session goes on under a new token, and the old one is dead (ASVS 7.2.4).
    pub async fn confirm(&self, me: &Caller<'_>, proof: Proof<'_>) -> Result<StartedSession, ProofError> {
        match proof {
            Proof::Password(password) => {
                self.check_password(me, password).await?;
            }
            Proof::Code(code) => self.use_code_to_confirm(me.user.user_id, code, &me.client).await??,
        }
        self.renew(me).await
    }

    /// The credentials of whoever is in this session and knows the password.
    pub(super) async fn check_password(&self, me: &Caller<'_>, password: Password) -> Result<Credentials, ProofError> {
        let user_id = me.user.user_id;
        let found = self.store.credentials_by_id(user_id).await?.ok_or(ProofError::Ended)?;
        let mut permit = self.permit(Subject::Confirmation(user_id), None, &me.client).await?;
        if permit.is_locked {
            self.take_back(&permit).await;
            return Err(Failure::Locked("Log in again; then you can confirm.").into());
        }
        let verdict = self.verify(&permit, password, Some(&found.password_hash)).await?;
        if verdict.matches {
            // Whoever is in and knows the password has shown another way in than the one that strangers used up.
            permit.clear_too(Subject::LogIn(me.user.username.as_str()), &me.client);
            self.clear(permit).await;
            Ok(found)
        } else {
            self.keep_event_later(Some(user_id), EventKind::ConfirmationFailed, &me.client);
            Err(ProofError::WrongPassword)
        }
    }

    async fn renew(&self, me: &Caller<'_>) -> Result<StartedSession, ProofError> {
        let token = Token::random()?;
        let event = self.event(me.user.user_id, EventKind::Confirmed, &me.client);
        let renewed = self.store.renew_token(me.session.session_id, &me.token_hash, &token.hash(), &event).await?;
        self.memory.forget(&me.token_hash);
        if !renewed {
            return Err(ProofError::Ended);
        }
        let mut session = me.session.clone();
        session.confirmed_at = event.event.at;
        Ok(StartedSession { user: me.user.clone(), session, token, mark: None })
    }
}
