use std::time::Duration;

use rocket::Request;
use rocket::http::CookieJar;
use rocket::outcome::Outcome;
use rocket::request::{self, FromRequest};

use super::own_cookie::OwnCookie;
use super::{NextPath, Site};
use crate::auth::{Admitted, Begun, Ticket};
use crate::model::{Devices, Moment, TokenHash, UserId};

/// How long a browser is known: the longest that browsers allow.
const DEVICE_KEPT: Duration = Duration::from_secs(400 * 24 * 3_600);
/// How long a login may rest between its two steps.
const TICKET_KEPT: Duration = Duration::from_secs(10 * 60);

/// What a browser holds of ours: the token of its session, and whom it is known to.
pub struct SessionCookie<'r> {
    request: &'r Request<'r>,
    site: &'r Site,
    jar: &'r CookieJar<'r>,
    token: Option<TokenHash>,
}

impl SessionCookie<'_> {
    /// The token that the browser holds, as the store knows it, whether or not it still opens anything.
    pub fn token(&self) -> Option<TokenHash> {
        self.token
    }

    /// Who has signed in from this browser before.
    pub fn devices(&self) -> Devices {
        OwnCookie::Device.read(self.request).map(|text| Devices::parse(&text)).unwrap_or_default()
    }

    /// Gives the browser what it needs after a login.
    pub fn admit(&self, admitted: &Admitted) {
        self.set(&admitted.begun);
        OwnCookie::Device.set(self.site, self.jar, admitted.devices.to_text(), Some(DEVICE_KEPT));
        OwnCookie::Ticket.clear_if_sent(self.request);
    }

    /// Gives the browser the token of a session.
    pub fn set(&self, begun: &Begun) {
        let session = &begun.session;
        let kept_for = session.remembered_until.map(|until| until.since(session.confirmed_at));
        OwnCookie::Session.set(self.site, self.jar, begun.token.reveal().to_string(), kept_for);
    }

    /// Takes the token from the browser; it stays known.
    pub fn clear(&self) {
        OwnCookie::Session.clear(self.site, self.jar);
    }

    /// Takes the token from the browser, which forgets that this user was ever there.
    pub fn forget(&self, user_id: UserId) {
        self.clear();
        OwnCookie::Ticket.clear_if_sent(self.request);
        OwnCookie::Held.clear_if_sent(self.request);
        match self.devices().without(user_id) {
            devices if devices == Devices::default() => OwnCookie::Device.clear_if_sent(self.request),
            devices => OwnCookie::Device.set(self.site, self.jar, devices.to_text(), Some(DEVICE_KEPT)),
        }
    }

    /// Gives the browser what the first step of a login leaves.
    pub fn set_ticket(&self, ticket: &Ticket, next: Option<&NextPath>) {
        let next = next.map_or("", NextPath::as_str);
        let text = format!(
            "{} {} {} {} {next}",
            ticket.user_id,
            ticket.password_version,
            ticket.remember,
            ticket.issued_at.millis()
        );
        OwnCookie::Ticket.set(self.site, self.jar, text, Some(TICKET_KEPT));
    }

    /// What the first step of a login left, and where it was to lead. How old it may be is for the login to say.
    pub fn ticket(&self) -> Option<(Ticket, Option<NextPath>)> {
        let text = OwnCookie::Ticket.read(self.request)?;
        let mut parts = text.splitn(5, ' ');
        let ticket = Ticket {
            user_id: UserId::parse(parts.next()?)?,
            password_version: parts.next()?.parse().ok()?,
            remember: parts.next()?.parse().ok()?,
            issued_at: Moment::from_millis(parts.next()?.parse().ok()?),
        };
        Some((ticket, parts.next().and_then(NextPath::parse)))
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SessionCookie<'r> {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Self::Error> {
        let token = OwnCookie::token(request);
        Outcome::Success(Self { request, site: Site::of(request), jar: request.cookies(), token })
    }
}
