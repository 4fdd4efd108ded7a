//! Proving who you are inside a session: before a sensitive page, and to change the password or leave.

use super::code::CodeFor;
use super::throttle::{Permit, Subject, locked, name_bucket};
use super::{Auth, Begun, CodeError, Failure, Resumed};
use crate::model::{ClientInfo, EventKind, Password, TokenHash, User};
use crate::store::Credentials;

/// What somebody proves who they are with.
#[derive(Debug)]
pub enum Proof<'a> {
    /// Their password.
    Password(Password),
    /// A code of their second factor.
    Code(&'a str),
}

/// Why somebody did not prove who they are.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The password is not right.
    #[error("This is not your password.")]
    WrongPassword,
    /// The code is not right.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// The session has ended meanwhile, or the account has.
    #[error("The session has ended.")]
    Ended,
    /// It could not be done now.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// Somebody in a session, and from where they ask.
#[derive(Debug)]
pub struct Here<'a> {
    /// Who they are, in which session.
    pub me: &'a Resumed,
    /// What their browser holds.
    pub token_hash: TokenHash,
    /// From where they ask.
    pub client: ClientInfo,
}

impl Auth {
    /// Proves who is there. The session goes on under a new token, and the old one is dead (ASVS 7.2.4).
    pub async fn confirm(&self, here: Here<'_>, proof: Proof<'_>) -> Result<Begun, ProofError> {
        let user = &here.me.user;
        match proof {
            Proof::Password(password) => {
                let (mut permit, _) = self.check_password(user, password, &here.client).await?;
                // Whoever is in and knows the password has shown another way in than the one that strangers used up.
                permit.clears.push(name_bucket(user.username.as_str()));
                self.clear(permit).await;
            }
            Proof::Code(code) => self.use_code(user.user_id, code, CodeFor::Confirmation, &here.client).await??,
        }
        self.renew(here).await
    }

    /// Changes the password. Every other session ends, this one goes on under a new token, and a login that was verifying
    /// the old password meanwhile gets no session (ASVS 6.2.2, 6.2.3, 7.4.3).
    pub async fn change_password(&self, here: Here<'_>, current: Password, new: Password) -> Result<Begun, ProofError> {
        let user = here.me.user.clone();
        let (permit, found) = self.check_password(&user, current, &here.client).await?;
        let new_hash = self.hasher.hash(new).await?;

        let remember = here.me.session.remembered_until.is_some();
        let (begun, session) = self.prepare_session(user.clone(), here.client.clone(), None, remember)?;
        let event = self.event(user.user_id, EventKind::PasswordChanged, &here.client);
        let this = here.me.session.session_id;
        let changed = self.store.change_password(&new_hash, found.password_version, this, &session, &event).await?;
        self.memory.forget_user(user.user_id);
        if !changed {
            return Err(ProofError::Ended);
        }
        self.clear(permit).await;
        Ok(begun)
    }

    /// Deletes the account of whoever knows its password, with everything that is kept about it, sessions everywhere too.
    pub async fn delete_account(&self, here: Here<'_>, password: Password) -> Result<(), ProofError> {
        let user = &here.me.user;
        let (permit, found) = self.check_password(user, password, &here.client).await?;
        let (this, bucket) = (here.me.session.session_id, name_bucket(user.username.as_str()));
        let deleted = self.store.delete_user(user.user_id, found.password_version, this, &bucket).await?;
        self.memory.forget_user(user.user_id);
        self.clear(permit).await;
        if deleted { Ok(()) } else { Err(ProofError::Ended) }
    }

    async fn check_password(
        &self,
        user: &User,
        password: Password,
        client: &ClientInfo,
    ) -> Result<(Permit, Credentials), ProofError> {
        let permit = self.permit(Subject::Confirmation(user.user_id), client).await?;
        if permit.is_locked {
            return Err(locked("Log in again; then you can confirm.").into());
        }
        let found = self.store.credentials_by_id(user.user_id).await?.ok_or(ProofError::Ended)?;
        let verdict = self.verify(&permit, password, Some(&found.password_hash)).await?;
        if !verdict.matches {
            self.tell_later(Some(user.user_id), EventKind::ConfirmationFailed, client);
            return Err(ProofError::WrongPassword);
        }
        Ok((permit, found))
    }

    async fn renew(&self, here: Here<'_>) -> Result<Begun, ProofError> {
        let token = crate::model::Token::random()?;
        let event = self.event(here.me.user.user_id, EventKind::Confirmed, &here.client);
        let session_id = here.me.session.session_id;
        let renewed = self.store.renew_token(session_id, &here.token_hash, &token.hash(), &event).await?;
        self.memory.forget(&here.token_hash);
        if !renewed {
            return Err(ProofError::Ended);
        }
        let mut session = here.me.session.clone();
        session.confirmed_at = event.event.at;
        Ok(Begun { user: here.me.user.clone(), session, token })
    }
}
