//! The cookies of this site: private ones of Rocket's, found by the exact bytes of their names.

use std::borrow::Cow;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use rocket::Request;
use rocket::http::{Cookie, SameSite};
use rocket::time;

use super::Site;
use crate::model::{Token, TokenHash};

/// A cookie that only this site can make and read.
#[derive(Clone, Copy)]
pub(super) enum OwnCookie {
    /// The token of a session.
    Session,
    /// What shows who has logged in from this browser before.
    Marks,
    /// Somebody between the two steps of a login.
    Ticket,
}

impl OwnCookie {
    fn name(self, site: &Site) -> &'static str {
        match (self, site.is_https()) {
            // Its name is as old as the site; what is in it is the token.
            (Self::Session, false) => "session_id",
            (Self::Session, true) => "__Host-session_id",
            // As OWASP calls it.
            (Self::Marks, false) => "device",
            (Self::Marks, true) => "__Host-device",
            (Self::Ticket, false) => "login_ticket",
            (Self::Ticket, true) => "__Host-login_ticket",
        }
    }

    /// What the browser sent in it, if one of our keys sealed it under this name.
    pub fn read(self, request: &Request<'_>) -> Option<String> {
        let site = Site::of(request);
        let sent = sent(request, self.name(site))?;
        site.seal.open(self.name(site), &percent_decode_str(&sent).decode_utf8().ok()?)
    }

    /// Gives it to the browser, to keep for so long or until it is closed. How long the browser keeps it is a courtesy; the
    /// server decides how long it is good for.
    pub fn set(self, request: &Request<'_>, value: String, kept_for: Option<Duration>) {
        let mut cookie = self.build(Site::of(request), value);
        match kept_for.and_then(|kept_for| time::Duration::try_from(kept_for).ok()) {
            None => cookie.set_expires(None),
            Some(kept_for) => {
                cookie.set_max_age(kept_for);
                #[expect(clippy::disallowed_methods, reason = "for the browser's own clock")]
                cookie.set_expires(time::OffsetDateTime::now_utc() + kept_for);
            }
        }
        request.cookies().add_private(cookie);
    }

    /// Takes it from the browser. It has every flag of the one that was set: browsers keep a `__Host-` cookie that they are
    /// asked to drop without `Secure`, which is what `CookieJar::remove_private` would do.
    pub fn clear(self, request: &Request<'_>) {
        let mut cookie = self.build(Site::of(request), String::new());
        cookie.make_removal();
        request.cookies().add(cookie);
    }

    /// The same where the browser has it, and nothing where it has not.
    pub fn clear_if_sent(self, request: &Request<'_>) {
        if sent(request, self.name(Site::of(request))).is_some() {
            self.clear(request);
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
    only_one(lines, name).map(Cow::Borrowed)
}

/// The value of the one cookie of this name in the lines of the header.
fn only_one<'h>(lines: impl Iterator<Item = &'h str>, name: &str) -> Option<&'h str> {
    let mut values = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim_matches([' ', '\t']).split_once('='))
        .filter(|(sent, _)| sent.as_bytes() == name.as_bytes())
        .map(|(_, value)| value);
    values.next().filter(|_| values.next().is_none())
}

/// The token in the cookie of a session, as the store knows it, whether or not it still opens anything.
pub(super) fn session_token(request: &Request<'_>) -> Option<TokenHash> {
    Some(Token::parse(&OwnCookie::Session.read(request)?)?.hash())
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const NAME: &str = "session_id";
    /// Ours, what other sites may pass off as ours, and any.
    const NAMES: &str =
        "session_id|Session_id|session_id2|_session_id|%73ession_id|__Host-session_id|[!-~&&[^=;]]{1,8}";

    proptest! {
        #[test]
        fn a_cookie_is_found_among_any_others_by_its_exact_name_and_never_when_it_is_there_twice(
            cookies in vec((NAMES, "[!-~&&[^;]]{0,20}"), 0..6),
            in_one_line in any::<bool>(),
        ) {
            let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let lines = if in_one_line { vec![pairs.join("; ")] } else { pairs };

            let ours: Vec<&str> =
                cookies.iter().filter(|(name, _)| name == NAME).map(|(_, value)| value.as_str()).collect();
            let expected = if let [only] = ours[..] { Some(only) } else { None };
            prop_assert_eq!(only_one(lines.iter().map(String::as_str), NAME), expected);
        }

        #[test]
        fn of_any_text_as_a_header_only_what_follows_our_name_is_a_value(
            line in prop_oneof![any::<String>(), "([;a%]?[ \t\u{a0}\u{2003}]?session_id=?[a-z]{0,3}[; ]?){0,6}"],
        ) {
            if let Some(value) = only_one([line.as_str()].into_iter(), NAME) {
                let is_a_beginning = |(at, _): (usize, &str)| {
                    let before = line[..at].trim_end_matches([' ', '\t']);
                    before.is_empty() || before.ends_with(';')
                };
                prop_assert!(line.match_indices(&format!("{NAME}={value}")).any(is_a_beginning), "{:?}", line);
            }
        }
    }
}
