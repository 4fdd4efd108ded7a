//! Logging in, in one step or two. Whatever path a login takes, it becomes a session in `admit`, and there the code of
//! two-factor authentication is asked for.

use std::time::{Duration, Instant};

use rocket::tokio::time::sleep_until;

use super::throttle::{Permit, Subject};
use super::{Auth, Browser, CodeError, Failure, StartedSession};
use crate::log::EACH;
use crate::model::{BrowserId, EventKind, Moment, PROOF_LASTS, Password, PasswordHash, UserId, Username};
use crate::store::Credentials;

/// A login that someone tries.
#[derive(Debug)]
pub struct LogIn<'a> {
    /// The name as typed; one that nobody could have is an unknown one.
    pub username: &'a str,
    pub password: Password,
    /// The code of two-factor authentication, when it was sent along.
    pub code: Option<&'a str>,
    /// Whether they asked to stay signed in.
    pub remember: bool,
    pub browser: &'a Browser,
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
    #[error("The password is right. Send the code of two-factor authentication as `code` too.")]
    CodeNeeded(Ticket),
    #[error(transparent)]
    Code(#[from] CodeError),
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// Somebody who knew the password.
struct Admission<'a> {
    who: Credentials,
    remember: bool,
    browser: &'a Browser,
    /// What the browser is known to them as.
    known: Option<BrowserId>,
}

/// The longest that a failed login is held back for the sake of outdated hashes, which take longer than those of today.
const LONGEST_HELD_BACK: Duration = Duration::from_secs(2);

impl Auth {
    /// Begins a session for whoever knows the password and, where one is asked for, the code. Every try costs one hash,
    /// also for a name that nobody has, and one that fails takes no less time than one whose hash is outdated (ASVS 6.3.8).
    pub async fn log_in(&self, tried: LogIn<'_>) -> Result<StartedSession, LogInError> {
        let began = Instant::now();
        let done = self.try_password(tried).await;
        self.hold_back(began, &done).await;
        self.metrics.log_ins.with_label_values(&[outcome(&done)]).inc();
        done
    }

    /// Begins a session for somebody who knew the password a moment ago, as their ticket says, and has the code now: of a
    /// phone, or for when that is gone, as typed.
    pub async fn log_in_with_code(
        &self,
        ticket: Ticket,
        code: &str,
        browser: &Browser,
    ) -> Result<StartedSession, LogInError> {
        let done = self.try_ticket(ticket, code, browser).await;
        self.metrics.log_ins.with_label_values(&[outcome(&done)]).inc();
        done
    }

    async fn try_password(&self, tried: LogIn<'_>) -> Result<StartedSession, LogInError> {
        let LogIn { username, password, code, remember, browser } = tried;
        let found = match Username::parse(username) {
            Ok(username) => self.store.credentials(&username).await?,
            Err(_) => None,
        };
        let user_id = found.as_ref().map(|found| found.user.user_id);
        let known = match user_id {
            Some(user_id) => self.known_browser(user_id, browser).await?,
            None => None,
        };
        let permit = self.permit(Subject::LogIn(username), known, &browser.client).await.inspect_err(|failure| {
            if let Failure::TooMany(_) = failure {
                tracing::info!(user_id = user_id.map(tracing::field::display), "a login has to wait");
            }
        })?;

        let stored = found.as_ref().map(|found| &found.password_hash);
        let verdict = self.verify(&permit, password, stored).await?;
        let Some(who) = found.filter(|found| verdict.matches && !found.is_disabled) else {
            tracing::info!(
                user_id = user_id.map(tracing::field::display),
                is_locked = permit.is_locked,
                "a login failed"
            );
            // Of a disabled account too, whatever the password was: nobody is told which.
            self.keep_event_later(user_id, EventKind::LogInFailed, &browser.client);
            return Err(if permit.is_locked { password_is_not_enough() } else { LogInError::NoMatch });
        };
        // Not where the right password is not enough: the work would tell that it is right.
        if let Some(better) = verdict.better.filter(|_| !permit.is_locked) {
            self.keep_better_hash(&who, &better).await;
        }
        self.admit(Admission { who, remember, browser, known }, permit, code).await
    }

    async fn try_ticket(&self, ticket: Ticket, code: &str, browser: &Browser) -> Result<StartedSession, LogInError> {
        let is_fresh = self.clock.now().since(ticket.issued_at) < PROOF_LASTS;
        let found = self.store.credentials_by_id(ticket.user_id).await?;
        let found = found.filter(|found| is_fresh && found.password_version == ticket.password_version);
        // Where two-factor was turned off meanwhile the first step alone decides, with all that belongs to it.
        let who = found.filter(|found| found.has_two_factor && !found.is_disabled).ok_or(LogInError::NoMatch)?;

        let known = self.known_browser(ticket.user_id, browser).await?;
        let permit = self.permit_after(Subject::LogIn(who.user.username.as_str()), known, &browser.client);
        self.admit(Admission { who, remember: ticket.remember, browser, known }, permit, Some(code)).await
    }

    /// The one place where a login becomes a session.
    async fn admit(
        &self,
        admission: Admission<'_>,
        permit: Permit,
        code: Option<&str>,
    ) -> Result<StartedSession, LogInError> {
        let Admission { who, browser, known, .. } = &admission;
        if who.has_two_factor {
            let Some(code) = code else { return Err(self.ask_for_code(&admission, &permit).await) };
            let used = self.use_code_to_log_in(who.user.user_id, code, *known, &browser.client).await;
            if used.is_err() {
                // Nobody came to look at the code, and the password was right.
                self.take_back(&permit).await;
            }
            used??;
        } else if permit.is_locked {
            return Err(self.keep_out(&admission));
        }
        let started = self.start_session(&admission).await;
        if let Err(LogInError::Failure(_)) = started {
            self.take_back(&permit).await;
        }
        let started = started?;
        self.clear_all(permit, started.user.user_id, &browser.client).await;
        Ok(started)
    }

    async fn ask_for_code(&self, admission: &Admission<'_>, permit: &Permit) -> LogInError {
        self.take_back(permit).await;
        LogInError::CodeNeeded(Ticket {
            user_id: admission.who.user.user_id,
            password_version: admission.who.password_version,
            remember: admission.remember,
            issued_at: self.clock.now(),
        })
    }

    fn keep_out(&self, admission: &Admission<'_>) -> LogInError {
        let user_id = admission.who.user.user_id;
        tracing::info!(%user_id, "a login was kept out: the password was right, and too many have failed");
        self.keep_event_later(Some(user_id), EventKind::KeptOut, &admission.browser.client);
        password_is_not_enough()
    }

    async fn start_session(&self, admission: &Admission<'_>) -> Result<StartedSession, LogInError> {
        let Admission { who, browser, known, .. } = admission;
        let user_id = who.user.user_id;
        let mut started = self.new_session(&who.user, &browser.client, admission.remember)?;
        started.session.failed_before = self.failed_before(user_id).await?;
        let mut events = vec![self.event(user_id, EventKind::LoggedIn, &browser.client)];
        if known.is_some() {
            started.mark = browser.marks.of(user_id).cloned();
        } else {
            events.push(self.event(user_id, EventKind::NewBrowser, &browser.client));
        }
        let oldest_ended = self.event(user_id, EventKind::OldestEnded, &browser.client);
        let new = started.to_keep(browser.token_hash, *known);
        // Whoever has turned two-factor authentication on by now was not asked for a code, and gets no session.
        let ended =
            self.store.start_session(&new, who.password_version, who.has_two_factor, &events, &oldest_ended).await?;
        let ended = ended.ok_or(LogInError::NoMatch)?;

        self.forget_ended(browser.token_hash, user_id, ended);
        tracing::info!(target: EACH, %user_id, session_id = %started.session.session_id, "signed in");
        Ok(started)
    }

    /// Keeps a password that was right under today's parameters. A login does not fail because this did.
    async fn keep_better_hash(&self, who: &Credentials, better: &PasswordHash) {
        let user_id = who.user.user_id;
        if let Err(error) = self.store.replace_hash(user_id, &who.password_hash, better).await {
            tracing::warn!(%error, %user_id, "an outdated password hash could not be replaced");
        }
    }

    /// Makes a failed login take as long as one whose hash is outdated: another system's, or made with other parameters.
    async fn hold_back(&self, began: Instant, done: &Result<StartedSession, LogInError>) {
        if let Err(LogInError::NoMatch | LogInError::Failure(Failure::Locked(_))) = done {
            let at_least = (self.hasher.metrics().slowest_outdated() * 5 / 4).min(LONGEST_HELD_BACK);
            sleep_until((began + at_least).into()).await;
        }
    }
}

/// So many tries have failed that the password alone does not open the account to a browser that it does not know. Names
/// every way in, whichever of them the account has: nobody is told.
fn password_is_not_enough() -> LogInError {
    Failure::Locked(
        "From here the password alone does not open the account. These do: a browser where you have logged in before; the \
         password and a code, if you have turned on two-factor authentication; a link to set a new password with, which the \
         operator of this site can make.",
    )
    .into()
}

/// What came of a login, as it is counted.
fn outcome(done: &Result<StartedSession, LogInError>) -> &'static str {
    match done {
        Ok(_) => "signed_in",
        Err(LogInError::NoMatch) => "no_match",
        Err(LogInError::CodeNeeded(_)) => "code_needed",
        Err(LogInError::Code(_)) => "wrong_code",
        Err(LogInError::Failure(Failure::TooMany(_) | Failure::Locked(_))) => "too_many",
        Err(LogInError::Failure(_)) => "failed",
    }
}
