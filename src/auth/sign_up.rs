use super::{Auth, Browser, Failure, StartedSession};
use crate::log::EACH;
use crate::model::{DisplayName, EventKind, Password, User, UserId, Username};
use crate::store::NewUser;

/// Why there is no new account.
#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    #[error("This name is taken. Choose another one.")]
    NameTaken,
    #[error("Signing up is closed on this site.")]
    Closed,
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl Auth {
    /// Makes an account and begins its first session, both or neither. However many ask for a name at once, one gets it.
    pub async fn sign_up(
        &self,
        username: Username,
        password: Password,
        browser: &Browser,
    ) -> Result<StartedSession, SignUpError> {
        let done = self.try_to_sign_up(username, password, browser).await;
        let outcome = match &done {
            Ok(_) => "signed_up",
            Err(SignUpError::NameTaken) => "name_taken",
            Err(SignUpError::Closed) => "closed",
            Err(SignUpError::Failure(Failure::TooMany(_) | Failure::Locked(_))) => "too_many",
            Err(SignUpError::Failure(_)) => "failed",
        };
        self.metrics.sign_ups.with_label_values(&[outcome]).inc();
        done
    }

    async fn try_to_sign_up(
        &self,
        username: Username,
        password: Password,
        browser: &Browser,
    ) -> Result<StartedSession, SignUpError> {
        if !self.rules.sign_up_is_open {
            return Err(SignUpError::Closed);
        }
        let permit = self.permit_sign_up(&browser.client).await?;
        let done = self.let_in(username, password, browser).await;
        if done.is_err() {
            // Nobody was let in, so that this closes signing up for nobody.
            self.take_back(&permit).await;
        }
        done
    }

    async fn let_in(
        &self,
        username: Username,
        password: Password,
        browser: &Browser,
    ) -> Result<StartedSession, SignUpError> {
        let new = self.new_user(username, password).await?;
        let user_id = new.user.user_id;
        let started = self.new_session(&new.user, &browser.client, false)?;
        let event = self.event(user_id, EventKind::SignedUp, &browser.client);
        if !self.store.add_user(&new, Some(&started.to_keep(browser.token_hash, None)), &event).await? {
            return Err(SignUpError::NameTaken);
        }
        self.forget_ended(browser.token_hash, user_id, 0);
        tracing::info!(target: EACH, %user_id, session_id = %started.session.session_id, "signed up");
        Ok(started)
    }

    /// A user of now, with the hash of their password.
    pub(super) async fn new_user(&self, username: Username, password: Password) -> Result<NewUser, Failure> {
        let password_hash = self.hasher.hash(password).await?;
        let now = self.clock.now();
        let user =
            User { user_id: UserId::new(now), display_name: DisplayName::from(&username), username, created_at: now };
        Ok(NewUser { user, password_hash, disabled_at: None })
    }
}
