//! The cookies of this site: private ones of Rocket's, found by the exact bytes of their names.

use std::borrow::Cow;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use rocket::Request;
use rocket::http::{Cookie, CookieJar, SameSite};
use rocket::time;

use super::Site;
use crate::model::{Token, TokenHash};

/// A cookie that only this site can make and read.
#[derive(Clone, Copy)]
pub enum OwnCookie {
    /// The token of a session.
    Session,
    /// Who has signed in from this browser before.
    Device,
    /// Somebody between the two steps of a login.
    Ticket,
    /// A form that was being sent when the session ran out.
    Held,
}

impl OwnCookie {
    fn name(self, site: &Site) -> &'static str {
        match (self, site.is_https()) {
            (Self::Session, false) => "session_id",
            (Self::Session, true) => "__Host-session_id",
            (Self::Device, false) => "device",
            (Self::Device, true) => "__Host-device",
            (Self::Ticket, false) => "login_ticket",
            (Self::Ticket, true) => "__Host-login_ticket",
            (Self::Held, false) => "held_form",
            (Self::Held, true) => "__Host-held_form",
        }
    }

    /// What the browser sent in it, if one of our keys sealed it under this name.
    pub fn read(self, request: &Request<'_>) -> Option<String> {
        let site = Site::of(request);
        self.open(site, &sent(request, self.name(site))?)
    }

    /// The token in the cookie of a session, as the store knows it.
    pub fn token(request: &Request<'_>) -> Option<TokenHash> {
        let site = Site::of(request);
        let sent = sent(request, Self::Session.name(site))?;
        site.opened().recall_or(&sent, || Some(Token::parse(&Self::Session.open(site, &sent)?)?.hash()))
    }

    fn open(self, site: &Site, sent: &str) -> Option<String> {
        site.seal().open(self.name(site), &percent_decode_str(sent).decode_utf8().ok()?)
    }

    /// Gives it to the browser, to keep for so long or until it is closed. How long the browser keeps it is a courtesy; the
    /// server decides how long it is good for.
    pub fn set(self, site: &Site, jar: &CookieJar<'_>, value: String, kept_for: Option<Duration>) {
        let mut cookie = self.build(site, value);
        match kept_for.and_then(|kept_for| time::Duration::try_from(kept_for).ok()) {
            None => cookie.set_expires(None),
            Some(kept_for) => {
                cookie.set_max_age(kept_for);
                #[expect(clippy::disallowed_methods, reason = "for the browser's own clock")]
                cookie.set_expires(time::OffsetDateTime::now_utc() + kept_for);
            }
        }
        jar.add_private(cookie);
    }

    /// Takes it from the browser. It has every flag of the one that was set: browsers keep a `__Host-` cookie that they are
    /// asked to drop without `Secure`, which is what `CookieJar::remove_private` would do.
    pub fn clear(self, site: &Site, jar: &CookieJar<'_>) {
        let mut cookie = self.build(site, String::new());
        cookie.make_removal();
        jar.add(cookie);
    }

    /// The same where the browser has it, and nothing where it has not.
    pub fn clear_if_sent(self, request: &Request<'_>) {
        let site = Site::of(request);
        if sent(request, self.name(site)).is_some() {
            self.clear(site, request.cookies());
        }
    }

    fn build(self, site: &Site, value: String) -> Cookie<'static> {
        Cookie::build((self.name(site), value))
            .path("/")
            .secure(site.is_https())
            .http_only(true)
            .same_site(SameSite::Lax)
            .build()
    }
}

/// The cookie of exactly this name, as it was sent. Rocket decodes the names of cookies and trims them by Unicode's
/// white space, so that another site's `%5F%5FHost-session_id` would pass for ours; the bytes of the header do not lie.
/// A cookie that is there twice is not believed: browsers never hold two `__Host-` cookies of one name.
fn sent<'r>(request: &'r Request<'_>, name: &'static str) -> Option<Cow<'r, str>> {
    let mut lines = request.headers().get("Cookie").peekable();
    if lines.peek().is_none() {
        // A request that was made in this process, by a test, has a jar and no header.
        return request.cookies().get(name).map(|cookie| Cow::Owned(cookie.value().to_owned()));
    }
    let mut values = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim_matches([' ', '\t']).split_once('='))
        .filter(|(sent, _)| sent.as_bytes() == name.as_bytes())
        .map(|(_, value)| value);
    values.next().filter(|_| values.next().is_none()).map(Cow::Borrowed)
}
