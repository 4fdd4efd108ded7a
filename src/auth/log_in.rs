use std::time::{Duration, Instant};

use rocket::tokio::time::sleep_until;

use super::admission::{Admission, Admitted, LogInError, Step};
use super::throttle::Subject;
use super::{Auth, Failure, TooMany};
use crate::model::{ClientInfo, Devices, EventKind, Password, PasswordHash, TokenHash, UserId, Username};

/// A login that someone tries.
#[derive(Debug)]
pub struct LogIn<'a> {
    /// The name as typed; one that nobody could have is an unknown one.
    pub username: &'a str,
    /// The password as typed.
    pub password: Password,
    /// The code of the second step, when it was sent along.
    pub code: Option<&'a str>,
    /// Whether they asked to stay signed in.
    pub remember: bool,
    /// From where they try.
    pub client: ClientInfo,
    /// What their browser is known as.
    pub devices: Devices,
    /// The session that their browser is in; it ends as the new one begins.
    pub replaces: Option<TokenHash>,
}

/// The longest that a failed login is held back for the sake of hashes that take longer than ours.
const LONGEST_HELD_BACK: Duration = Duration::from_secs(2);

impl Auth {
    /// Begins a session for whoever knows the password and, where one is asked for, the code. Every try costs one hash,
    /// also for a name that nobody has, and one that fails takes no less time than the hashes that were imported (ASVS
    /// 6.3.8).
    pub async fn log_in(&self, tried: LogIn<'_>) -> Result<Admitted, LogInError> {
        let began = Instant::now();
        let done = self.try_to_log_in(tried).await;
        if let Err(LogInError::NoMatch | LogInError::Failure(Failure::TooMany(TooMany { way_out: Some(_), .. }))) = done
        {
            let at_least = (self.hasher.slowest_foreign() * 5 / 4).min(LONGEST_HELD_BACK);
            sleep_until((began + at_least).into()).await;
        }
        self.counts.count_log_in(&done);
        done
    }

    async fn try_to_log_in(&self, tried: LogIn<'_>) -> Result<Admitted, LogInError> {
        let found = match Username::parse(tried.username) {
            Ok(username) => self.store.credentials(&username).await?,
            Err(_) => None,
        };
        let device = found.as_ref().and_then(|found| tried.devices.of(found.user.user_id));
        let user_id = found.as_ref().map(|found| found.user.user_id);
        let permit = self.permit(Subject::LogIn { username: tried.username, device }, &tried.client).await;
        let permit = permit.inspect_err(|no| {
            if let Failure::TooMany(_) = no {
                tracing::info!(user_id = user_id.map(tracing::field::display), "a login has to wait");
            }
        })?;

        let stored = found.as_ref().map(|found| &found.password_hash);
        let verdict = self.verify(&permit, tried.password.clone(), stored).await?;
        let Some(found) = found.filter(|found| verdict.matches && !found.is_disabled) else {
            let (user_id_told, is_locked) = (user_id.map(tracing::field::display), permit.is_locked);
            tracing::info!(user_id = user_id_told, is_locked, "a login failed");
            self.tell_later(user_id, EventKind::SignInFailed, &tried.client);
            return Err(if permit.is_locked { LogInError::locked() } else { LogInError::NoMatch });
        };
        // Not where the right password is not enough: the work would tell that it is right.
        if verdict.is_outdated && !permit.is_locked {
            self.rehash(found.user.user_id, tried.password, &found.password_hash, verdict.better).await;
        }
        let admission = Admission {
            user: found.user,
            password_version: found.password_version,
            remember: tried.remember,
            client: tried.client,
            devices: tried.devices,
            replaces: tried.replaces,
        };
        self.admit(admission, permit, Step::First(tried.code)).await
    }

    /// Keeps a password that was right under today's parameters. A login does not fail because this did.
    async fn rehash(&self, user_id: UserId, password: Password, old: &PasswordHash, better: Option<PasswordHash>) {
        let new = match better {
            Some(better) => better,
            None => match self.hasher.hash(password).await {
                Ok(new) => new,
                Err(_) => return,
            },
        };
        if let Err(error) = self.store.replace_hash(user_id, old, &new).await {
            tracing::warn!(%error, %user_id, "an outdated password hash could not be replaced");
        }
    }
}
