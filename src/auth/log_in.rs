use super::{Auth, Begun, Failure};
use crate::model::{Password, PasswordHash, TokenHash, UserId, Username, Visit};
use crate::store;

/// A login that someone tries.
#[derive(Debug)]
pub struct LogIn<'a> {
    /// The name as typed; one that nobody could have is an unknown one.
    pub username: &'a str,
    /// The password as typed.
    pub password: Password,
    /// Whether they asked to stay signed in.
    pub remember: bool,
    /// From where they try.
    pub visit: Visit,
    /// The session that their browser is in; it ends as the new one begins.
    pub replaces: Option<TokenHash>,
}

/// Why nobody was logged in.
#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    /// The name is unknown, the password is wrong or the account is disabled: nobody is told which.
    #[error("The user name or the password is not right.")]
    NoMatch,
    /// It could not be done now.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl Auth {
    /// Begins a session for whoever knows the password. Every try costs one hash, also for a name that nobody has
    /// (ASVS 6.3.8).
    pub async fn log_in(&self, tried: LogIn<'_>) -> Result<Begun, LogInError> {
        let found = match Username::parse(tried.username) {
            Ok(username) => self.store.credentials(&username).await?,
            Err(_) => None,
        };
        let stored = found.as_ref().map(|found| &found.password_hash);
        let verdict = self.hasher.verify(tried.password.clone(), stored).await.map_err(Failure::from)?;

        let Some(found) = found.filter(|found| verdict.matches && !found.is_disabled) else {
            return Err(LogInError::NoMatch);
        };
        if verdict.is_outdated {
            self.rehash(found.user.user_id, tried.password, &found.password_hash).await;
        }
        let (begun, session) = self.prepare_session(found.user, tried.visit, tried.replaces, tried.remember)?;
        match self.store.start_session(&session, found.password_version).await? {
            true => Ok(self.begun(begun, &session)),
            false => Err(LogInError::NoMatch),
        }
    }

    /// Hashes a password that was right with today's parameters. A login does not fail because this did.
    async fn rehash(&self, user_id: UserId, password: Password, old: &PasswordHash) {
        let Ok(new) = self.hasher.hash(password).await else { return };
        if let Err(error) = self.store.replace_hash(user_id, old, &new).await {
            tracing::warn!(%error, %user_id, "an outdated password hash could not be replaced");
        }
    }
}

impl From<store::Error> for LogInError {
    fn from(error: store::Error) -> Self {
        Self::Failure(error.into())
    }
}
