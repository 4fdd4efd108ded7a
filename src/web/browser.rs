use rocket::Request;
use rocket::request::{self, FromRequest};
use serde::Serialize;

use super::client_info::client_info;
use super::cookies::OwnCookie;
use super::visitor::{Viewer, outcome};
use super::{Error, NextPath};
use crate::auth::{self, StartedSession, Ticket};
use crate::model::{BROWSER_KNOWN_FOR, BrowserMarks, Moment, PROOF_LASTS, SessionId, User, UserId};

/// The browser that asks, with the cookies of ours that it holds. What the verbs want to know of it is an
/// [`auth::Browser`]. When it cannot be known who asks from it, the route answers 503 and does nothing.
#[derive(derive_more::Deref)]
pub struct Browser<'r> {
    request: &'r Request<'r>,
    #[deref]
    asking: auth::Browser,
}

/// Who is signed in now, for programs. The token itself is in the cookie alone.
#[derive(Serialize)]
pub struct Welcome {
    message: &'static str,
    user: User,
    session_id: SessionId,
}

impl<'r> Browser<'r> {
    fn of(request: &'r Request<'_>) -> Result<Self, Error> {
        let token_hash = Viewer::of(request)?.token_hash;
        let marks = OwnCookie::Marks.read(request).map(|text| BrowserMarks::parse(&text)).unwrap_or_default();
        let asking = auth::Browser { client: client_info(request), marks, token_hash };
        Ok(Self { request, asking })
    }

    /// Gives the browser the cookies by which it is in a session and known, and answers what programs get.
    pub fn welcome(&self, message: &'static str, started: StartedSession) -> Welcome {
        let session = &started.session;
        let kept_for = session.remembered_until.map(|until| until.since(session.confirmed_at));
        OwnCookie::Session.set(self.request, started.token.reveal().to_string(), kept_for);
        if let Some(mark) = &started.mark {
            self.keep_marks(&self.marks.clone().with(mark.clone()));
        }
        OwnCookie::Ticket.clear_if_sent(self.request);
        Welcome { message, session_id: session.session_id, user: started.user }
    }

    /// Takes the token from the browser; who logged in from it stays known.
    pub fn end(&self) {
        OwnCookie::Session.clear(self.request);
    }

    /// Takes the token from the browser, which forgets that this user was ever there.
    pub fn leave_no_trace(&self, user_id: UserId) {
        self.end();
        OwnCookie::Ticket.clear_if_sent(self.request);
        let marks = self.marks.clone().without(user_id);
        if marks.is_empty() {
            OwnCookie::Marks.clear_if_sent(self.request);
        } else {
            self.keep_marks(&marks);
        }
    }

    /// How long they are good for is for the database to say.
    fn keep_marks(&self, marks: &BrowserMarks) {
        OwnCookie::Marks.set(self.request, marks.reveal(), Some(BROWSER_KNOWN_FOR));
    }

    /// Gives the browser what the first step of a login leaves, and where that was to lead.
    pub fn keep_ticket(&self, ticket: &Ticket, next: Option<&NextPath>) {
        OwnCookie::Ticket.set(self.request, write_ticket(ticket, next), Some(PROOF_LASTS));
    }

    /// What the first step of a login left, and where it was to lead. How old it may be is for the login to say.
    pub fn ticket(&self) -> Option<(Ticket, Option<NextPath>)> {
        read_ticket(&OwnCookie::Ticket.read(self.request)?)
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Browser<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        outcome(request, Self::of(request))
    }
}

fn write_ticket(ticket: &Ticket, next: Option<&NextPath>) -> String {
    let Ticket { user_id, password_version, remember, issued_at } = ticket;
    let (issued_at, next) = (issued_at.millis(), next.map_or("", NextPath::as_str));
    format!("{user_id} {password_version} {remember} {issued_at} {next}")
}

fn read_ticket(text: &str) -> Option<(Ticket, Option<NextPath>)> {
    let mut parts = text.splitn(5, ' ');
    let ticket = Ticket {
        user_id: UserId::parse(parts.next()?)?,
        password_version: parts.next()?.parse().ok()?,
        remember: parts.next()?.parse().ok()?,
        issued_at: Moment::from_millis(parts.next()?.parse().ok()?),
    };
    Some((ticket, parts.next().and_then(NextPath::parse)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_kept_between_two_steps_of_a_login_is_read_as_it_was_written(
            password_version: i64,
            remember: bool,
            millis: i64,
            next in "/[a-z/]{0,20}(\\?[a-z=&%]{0,20})?",
        ) {
            let issued_at = Moment::from_millis(millis);
            let ticket = Ticket { user_id: UserId::new(issued_at), password_version, remember, issued_at };
            let written = write_ticket(&ticket, NextPath::parse(&next).as_ref());
            let (read, next) = read_ticket(&written).unwrap();
            prop_assert_eq!(write_ticket(&read, next.as_ref()), written);
        }

        #[test]
        fn no_text_in_place_of_what_is_kept_does_any_harm(
            text in prop_oneof![any::<String>(), "[0-9a-f-]{36}( -?[0-9]{0,25}| true| false| /[a-z]{0,9}){0,5}"],
        ) {
            if let Some((ticket, next)) = read_ticket(&text) {
                prop_assert!(read_ticket(&write_ticket(&ticket, next.as_ref())).is_some());
            }
        }
    }
}
