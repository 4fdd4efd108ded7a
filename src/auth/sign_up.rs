use super::admission::Admitted;
use super::throttle::{NoPermit, TooMany};
use super::{Auth, Failure};
use crate::model::{Device, Devices, DisplayName, EventKind, Password, TokenHash, User, UserId, Username, Visit};
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
    /// What their browser is known as.
    pub devices: Devices,
    /// The session that their browser is in; it ends as the new one begins.
    pub replaces: Option<TokenHash>,
}

/// Why there is no new account.
#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    /// Someone has that name, in this or another spelling.
    #[error("This name is taken. Choose another one.")]
    NameTaken,
    /// Too many have signed up from there lately.
    #[error(transparent)]
    TooMany(TooMany),
    /// Nobody may sign up here.
    #[error("Signing up is closed on this site.")]
    Closed,
    /// It could not be done now.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl Auth {
    /// Makes an account and signs it in, both or neither. However many ask for a name at once, one gets it.
    pub async fn sign_up(&self, wanted: SignUp) -> Result<Admitted, SignUpError> {
        let done = self.try_to_sign_up(wanted).await;
        self.counts.count_sign_up(&done);
        done
    }

    async fn try_to_sign_up(&self, wanted: SignUp) -> Result<Admitted, SignUpError> {
        if !self.rules.sign_up_is_open {
            return Err(SignUpError::Closed);
        }
        self.permit_sign_up(&wanted.visit).await?;
        let password_hash = self.hasher.hash(wanted.password).await.map_err(Failure::from)?;

        let now = self.clock.now();
        let user = User {
            user_id: UserId::new(now).map_err(Failure::from)?,
            display_name: DisplayName::from(&wanted.username),
            username: wanted.username,
            created_at: now,
        };
        let event = self.event(user.user_id, EventKind::SignedUp, &wanted.visit)?;
        let device = Device::new(user.user_id).map_err(Failure::from)?;
        let (begun, session) = self.prepare_session(user.clone(), wanted.visit, wanted.replaces, false)?;
        let new = NewUser { user, password_hash };

        match self.store.add_user(&new, &session, &event).await? {
            true => {
                tracing::info!(user_id = %new.user.user_id, session_id = %session.session_id, "signed up");
                Ok(Admitted { begun: self.begun(begun, &session), devices: wanted.devices.with(device) })
            }
            false => Err(SignUpError::NameTaken),
        }
    }
}

impl From<store::Error> for SignUpError {
    fn from(error: store::Error) -> Self {
        Self::Failure(error.into())
    }
}

impl From<NoPermit> for SignUpError {
    fn from(no: NoPermit) -> Self {
        match no {
            NoPermit::TooMany(too_many) => Self::TooMany(too_many),
            NoPermit::Failure(failure) => Self::Failure(failure),
        }
    }
}
