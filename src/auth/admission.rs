//! The one place where a login becomes a session. Whatever path a login takes, it ends here, and here the second step is
//! asked for.

use super::code::CodeFor;
use super::throttle::{Permit, confirmation_buckets, locked};
use super::{Auth, Begun, CodeError, Failure};
use crate::model::{ClientInfo, Device, Devices, EventKind, Moment, PROOF_LASTS, TokenHash, User, UserId};

/// Somebody who knew the password.
pub(super) struct Admission {
    pub user: User,
    /// Which password it was.
    pub password_version: i64,
    pub remember: bool,
    pub client: ClientInfo,
    pub devices: Devices,
    pub replaces: Option<TokenHash>,
}

/// Somebody who is in.
#[derive(Debug)]
pub struct Admitted {
    /// The session.
    pub begun: Begun,
    /// What their browser is known as from now on.
    pub devices: Devices,
}

/// A second step that someone tries, after the first.
#[derive(Debug)]
pub struct SecondStep<'a> {
    /// What the first step left with them.
    pub ticket: Ticket,
    /// The code as typed.
    pub code: &'a str,
    /// From where they try.
    pub client: ClientInfo,
    /// What their browser is known as.
    pub devices: Devices,
    /// The session that their browser is in.
    pub replaces: Option<TokenHash>,
}

/// What somebody holds between the two steps of a login: it is no session and opens nothing by itself.
#[derive(Clone, Debug)]
pub struct Ticket {
    /// Who knew the password.
    pub user_id: UserId,
    /// Which password that was.
    pub password_version: i64,
    /// Whether they asked to stay signed in.
    pub remember: bool,
    /// When they knew it.
    pub issued_at: Moment,
}

/// Why nobody was logged in.
#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    /// The name is unknown, the password is wrong or the account is disabled: nobody is told which.
    #[error("The user name or the password is not right.")]
    NoMatch,
    /// The password was right, and a code is asked for.
    #[error("Now the code from your phone.")]
    CodeNeeded(Ticket),
    /// The password was right, and the code that was sent along is not.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// It could not be done now.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl LogInError {
    /// So many tries have failed that the password alone is not enough for a browser that the account does not know.
    pub(super) fn locked() -> Self {
        Self::Failure(locked(
            "Sign in from a browser where you have signed in before; from here the password alone does not open the account.",
        ))
    }
}

/// Where in a login somebody is.
pub(super) enum Step<'a> {
    /// At the first step, perhaps with the code of the second sent along.
    First(Option<&'a str>),
    /// At the second step, with its code.
    Second(&'a str),
}

impl Auth {
    /// Begins a session for somebody who knew the password a moment ago and has the code now.
    pub async fn log_in_with_code(&self, tried: SecondStep<'_>) -> Result<Admitted, LogInError> {
        let done = self.try_code(tried).await;
        self.counts.count_log_in(&done);
        done
    }

    async fn try_code(&self, tried: SecondStep<'_>) -> Result<Admitted, LogInError> {
        let ticket = &tried.ticket;
        let is_fresh = self.clock.now().since(ticket.issued_at) < PROOF_LASTS;
        let found = self.store.credentials_by_id(ticket.user_id).await?;
        let found =
            found.filter(|found| is_fresh && found.password_version == ticket.password_version && !found.is_disabled);
        let found = found.ok_or(LogInError::NoMatch)?;

        let admission = Admission {
            user: found.user,
            password_version: found.password_version,
            remember: ticket.remember,
            client: tried.client,
            devices: tried.devices,
            replaces: tried.replaces,
        };
        let device = admission.devices.of(admission.user.user_id);
        let permit = self.permit_after_password(admission.user.username.as_str(), device);
        self.admit(admission, permit, Step::Second(tried.code)).await
    }

    pub(super) async fn admit(&self, who: Admission, permit: Permit, step: Step<'_>) -> Result<Admitted, LogInError> {
        let user_id = who.user.user_id;
        let device = who.devices.of(user_id);
        let has_second_factor = self.has_second_factor(user_id).await?;
        match step {
            // It was turned off meanwhile: the first step alone decides, with all that belongs to it.
            Step::Second(_) if !has_second_factor => return Err(LogInError::NoMatch),
            Step::First(_) if !has_second_factor && permit.is_locked => {
                tracing::info!(%user_id, "a login was kept out: the password was right, and too many have failed");
                self.tell_later(Some(user_id), EventKind::KeptOut, &who.client);
                return Err(LogInError::locked());
            }
            Step::First(_) if !has_second_factor => {}
            Step::First(None) => {
                self.take_back(&permit).await;
                return Err(LogInError::CodeNeeded(Ticket {
                    user_id,
                    password_version: who.password_version,
                    remember: who.remember,
                    issued_at: self.clock.now(),
                }));
            }
            Step::First(Some(code)) | Step::Second(code) => {
                self.use_code(user_id, code, CodeFor::LogIn { device }, &who.client).await??;
            }
        }

        let failed_before = self.store.failed_before(user_id).await?;
        let (mut begun, mut session) =
            self.prepare_session(who.user.clone(), who.client.clone(), who.replaces, who.remember)?;
        (begun.session.failed_before, session.failed_before) = (failed_before, failed_before);
        let mut events = vec![self.event(user_id, EventKind::SignedIn, &who.client)];
        let device = match device {
            Some(device) => device.clone(),
            None => {
                events.push(self.event(user_id, EventKind::NewBrowser, &who.client));
                Device::new(user_id)?
            }
        };
        let oldest = self.event(user_id, EventKind::OldestEnded, &who.client);
        let version = who.password_version;
        let ended = self.store.start_session(&session, version, has_second_factor, &events, &oldest).await?;
        let ended = ended.ok_or(LogInError::NoMatch)?;

        tracing::info!(%user_id, session_id = %session.session_id, "signed in");
        let begun = self.begun(begun, &session);
        if ended > 0 {
            self.memory.forget_user(user_id);
        }
        let mut permit = permit;
        permit.clears.extend(confirmation_buckets(user_id));
        self.clear(permit).await;
        Ok(Admitted { begun, devices: who.devices.with(device) })
    }
}
