use super::admission::Admitted;
use super::{Auth, Failure};
use crate::model::{ClientInfo, Device, Devices, DisplayName, EventKind, Password, TokenHash, User, UserId, Username};
use crate::store::NewUser;

/// A new account that someone asks for.
#[derive(Debug)]
pub struct SignUp {
    /// What they will sign in with.
    pub username: Username,
    /// What proves that it is they.
    pub password: Password,
    /// From where they ask.
    pub client: ClientInfo,
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
        self.permit_sign_up(&wanted.client).await?;
        let password_hash = self.hasher.hash(wanted.password).await?;

        let now = self.clock.now();
        let user = User {
            user_id: UserId::new(now),
            display_name: DisplayName::from(&wanted.username),
            username: wanted.username,
            created_at: now,
        };
        let event = self.event(user.user_id, EventKind::SignedUp, &wanted.client);
        let device = Device::new(user.user_id)?;
        let (begun, session) = self.prepare_session(user.clone(), wanted.client, wanted.replaces, false)?;
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
