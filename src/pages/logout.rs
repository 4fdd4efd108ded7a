//! `POST /logout`: the session ends on the server, and the browser drops its cookie.

use rocket::http::Header;
use rocket::{Responder, post};

use super::sessions::SessionEnded;
use crate::auth::Auth;
use crate::web::{Browser, Error, Next, SignedIn};

/// Asks the browser to drop what it kept of our pages too (ASVS 14.3.1). Not `"cookies"`: that would reach the cookies
/// of every other site under the same registered domain.
#[derive(Responder)]
pub struct LoggedOut<D = SessionEnded> {
    next: Next<D>,
    clear: Header<'static>,
}

impl<D> LoggedOut<D> {
    /// Leads people to the start, and gives programs what was made.
    pub fn leading_home(made: D) -> Self {
        Self { next: Next::to("/", made), clear: Header::new("Clear-Site-Data", r#""cache", "storage""#) }
    }
}

#[post("/logout")]
pub async fn submit(me: SignedIn<'_>, auth: &Auth, browser: Browser<'_>) -> Result<LoggedOut, Error> {
    let session_id = me.session.session_id;
    if !auth.end_session(&me.caller(), session_id).await? {
        // Another request ended it first.
        return Err(Error::no_session());
    }
    browser.end();
    Ok(LoggedOut::leading_home(SessionEnded { message: "You are signed out.", session_id }))
}
