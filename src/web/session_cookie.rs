use percent_encoding::percent_decode_str;
use rocket::Request;
use rocket::http::{Cookie, CookieJar, SameSite};
use rocket::outcome::Outcome;
use rocket::request::{self, FromRequest};
use rocket::time::{Duration, OffsetDateTime};

use super::Site;
use crate::auth::Begun;
use crate::model::{Token, TokenHash};

/// The one cookie: a Rocket private cookie that holds a session's token.
pub struct SessionCookie<'r> {
    site: &'r Site,
    jar: &'r CookieJar<'r>,
    token: Option<Token>,
}

impl SessionCookie<'_> {
    /// The token that the browser holds, whether or not it still opens anything.
    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// The same, as the store knows it.
    pub fn token_hash(&self) -> Option<TokenHash> {
        self.token.as_ref().map(Token::hash)
    }

    /// Gives the browser the token of a session that has begun. How long the browser keeps it is a courtesy; the server
    /// decides how long it is good for.
    pub fn set(&self, begun: &Begun) {
        let mut cookie = self.build(begun.token.reveal().to_string());
        match begun.session.remembered_until {
            None => cookie.set_expires(None),
            Some(until) => {
                let millis = i128::from(until.millis());
                let expires = OffsetDateTime::from_unix_timestamp_nanos(millis * 1_000_000).ok();
                cookie.set_expires(expires);
                let left = until.since(begun.session.created_at);
                cookie.set_max_age(Duration::seconds(left.as_secs().try_into().unwrap_or(i64::MAX)));
            }
        }
        self.jar.add_private(cookie);
    }

    /// Takes the cookie from the browser. It has every flag of the one that was set: browsers keep a `__Host-` cookie that
    /// they are asked to drop without `Secure`, which is what `CookieJar::remove_private` would do.
    pub fn clear(&self) {
        let mut cookie = self.build(String::new());
        cookie.make_removal();
        self.jar.add(cookie);
    }

    fn build(&self, value: String) -> Cookie<'static> {
        Cookie::build((name(self.site), value))
            .path("/")
            .secure(self.site.is_https())
            .http_only(true)
            .same_site(SameSite::Lax)
            .build()
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SessionCookie<'r> {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Self::Error> {
        let site = request.rocket().state::<Site>().expect("the site is managed before any route is mounted");
        let token = sealed(request, name(site)).and_then(|sealed| unseal(site, sealed));
        Outcome::Success(Self { site, jar: request.cookies(), token })
    }
}

fn name(site: &Site) -> &'static str {
    if site.is_https() { "__Host-session_id" } else { "session_id" }
}

/// The cookie of exactly this name, as it was sent. Rocket decodes the names of cookies and trims them by Unicode's
/// white space, so that another site's `%5F%5FHost-session_id` would pass for ours; the bytes of the header do not lie.
/// A cookie that is there twice is not believed: browsers never hold two `__Host-` cookies of one name.
fn sealed(request: &Request<'_>, name: &'static str) -> Option<Cookie<'static>> {
    let mut lines = request.headers().get("Cookie").peekable();
    if lines.peek().is_none() {
        // A request that was made in this process, by a test, has a jar and no header.
        return request.cookies().get(name).cloned();
    }
    let mut values = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim_matches([' ', '\t']).split_once('='))
        .filter(|(sent, _)| sent.as_bytes() == name.as_bytes())
        .map(|(_, value)| value);
    let value = values.next().filter(|_| values.next().is_none())?;
    let value = percent_decode_str(value).decode_utf8().ok()?;
    Some(Cookie::new(name, value.into_owned()))
}

/// The token in a cookie that one of our keys sealed under this name.
fn unseal(site: &Site, sealed: Cookie<'static>) -> Option<Token> {
    let jar = cookie::CookieJar::new();
    let opened = site.keys().iter().find_map(|key| jar.private(key).decrypt(sealed.clone()))?;
    Token::parse(opened.value())
}
