use super::{Auth, Begun, Failure};
use crate::model::{DisplayName, Password, TokenHash, User, UserId, Username, Visit};
use crate::store::{self, NewUser};

/// A new account that someone asks for.
#[derive(Debug)]
pub struct SignUp {
    /// What they will sign in with.
    pub username: Username,
    /// What proves that it is they.
    pub password: Password,
    /// From where they ask.
    pub visit: Visit,
    /// The session that their browser is in; it ends as the new one begins.
    pub replaces: Option<TokenHash>,
}

/// Why there is no new account.
#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    /// Someone has that name, in this or another spelling.
    #[error("This name is taken. Choose another one.")]
    NameTaken,
    /// Nobody may sign up here.
    #[error("Signing up is closed on this site.")]
    Closed,
    /// It could not be done now.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl Auth {
    /// Makes an account and signs it in, both or neither. However many ask for a name at once, one gets it.
    pub async fn sign_up(&self, wanted: SignUp) -> Result<Begun, SignUpError> {
        if !self.rules.sign_up_is_open {
            return Err(SignUpError::Closed);
        }
        let password_hash = self.hasher.hash(wanted.password).await.map_err(Failure::from)?;

        let now = self.clock.now();
        let user = User {
            user_id: UserId::new(now).map_err(Failure::from)?,
            display_name: DisplayName::from(&wanted.username),
            username: wanted.username,
            created_at: now,
        };
        let (begun, session) = self.prepare_session(user.clone(), wanted.visit, wanted.replaces, false)?;
        let new = NewUser { user, password_hash };

        match self.store.add_user(&new, &session).await? {
            true => Ok(self.begun(begun, &session)),
            false => Err(SignUpError::NameTaken),
        }
    }
}

impl From<store::Error> for SignUpError {
    fn from(error: store::Error) -> Self {
        Self::Failure(error.into())
    }
}
