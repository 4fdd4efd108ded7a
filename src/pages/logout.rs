//! `POST /logout`: the session ends on the server, and the browser drops its cookie.

use rocket::http::{Header, Status};
use rocket::{Responder, post};
use serde::Serialize;

use crate::auth::{Auth, Ended};
use crate::model::SessionId;
use crate::web::{Client, Failed, Next, SessionCookie, SignedIn};

/// What programs get.
#[derive(Serialize)]
pub struct Goodbye {
    message: &'static str,
    session_id: SessionId,
}

/// Asks the browser to drop what it kept of our pages too (ASVS 14.3.1). Not `"cookies"`: that would reach the cookies
/// of every other site under the same registered domain.
#[derive(Responder)]
pub struct LoggedOut<D = Goodbye> {
    next: Next<D>,
    clear: Header<'static>,
}

impl<D> LoggedOut<D> {
    /// Leads people to the start, and gives programs what was made.
    pub fn leading_home(made: (Status, D)) -> Self {
        Self { next: Next { to: "/".to_owned(), made }, clear: Header::new("Clear-Site-Data", r#""cache", "storage""#) }
    }
}

#[post("/logout")]
pub async fn submit(
    me: SignedIn<'_>,
    auth: &Auth,
    client: Client,
    cookie: SessionCookie<'_>,
) -> Result<LoggedOut, Result<Failed, Status>> {
    match auth.end_session(me.resumed, me.session.session_id, &client.0).await {
        Ok(Ended::Now(session_id)) => {
            cookie.clear();
            let made = (Status::Ok, Goodbye { message: "You are signed out.", session_id });
            Ok(LoggedOut::leading_home(made))
        }
        // Another request ended it first: there was no session to end.
        Ok(Ended::Before) => Err(Err(Status::Unauthorized)),
        Err(failure) => Err(Ok(Failed(failure))),
    }
}
