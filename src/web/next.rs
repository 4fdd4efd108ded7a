//! Where one goes on to: after a form that was taken, or after a login that stood in the way.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use rocket::Request;
use rocket::http::{Header, Method, Status};
use rocket::response::{self, Responder, Response};
use rocket::serde::json::Json;
use serde::{Deserialize, Deserializer, Serialize};

use super::{FormError, Format};

/// The longest address that somebody is led back to, in bytes.
const LONGEST: usize = 512;

/// What must not stand bare in the value of a query; `/` may, and keeps the address readable.
const QUERY_VALUE: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'&').add(b'+').add(b'<').add(b'=').add(b'>').add(b'?');

/// What follows on a form that was taken: people are led on, programs get what was made.
pub struct Next<D> {
    /// One of our own addresses.
    to: String,
    /// What programs get, and under which status.
    made: (Status, D),
}

/// What programs get where there is nothing else to tell them.
#[derive(Serialize)]
pub struct Message {
    pub message: &'static str,
}

/// How a form's handler ends.
pub type Submitted<D, P> = Result<Next<D>, FormError<P>>;

impl<D> Next<D> {
    /// Leads people there, and gives programs what was made.
    pub fn to(address: impl Into<String>, made: D) -> Self {
        Self { to: address.into(), made: (Status::Ok, made) }
    }

    /// The same, under another status than 200 for programs.
    pub fn with_status(self, status: Status) -> Self {
        Self { made: (status, self.made.1), ..self }
    }
}

impl<'r, D: Serialize> Responder<'r, 'static> for Next<D> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let (status, made) = self.made;
        match Format::of(request) {
            Format::Json => (status, Json(made)).respond_to(request),
            Format::Html => Response::build().status(Status::SeeOther).header(Header::new("Location", self.to)).ok(),
        }
    }
}

/// A path and query of our own that somebody may be led to after a login (ASVS 1.2.2, 3.7.2). Nothing else can be one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NextPath(String);

impl NextPath {
    /// Reads a path that came from outside. Another site's address, in whatever disguise, is none.
    pub fn parse(text: &str) -> Option<Self> {
        let path = text.split('?').next().unwrap_or_default();
        // Browsers read `//host` and `/\host` as another site, drop tabs and line ends, and resolve dots; whatever they
        // might read differently from us is left out, encoded or not.
        let is_plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'/' | b'-' | b'_' | b'.' | b'~');
        let is_in_query = |c: u8| is_plain(c) || matches!(c, b'?' | b'=' | b'&' | b'%' | b'+' | b',' | b':');
        let is_ours = text.len() <= LONGEST
            && path.starts_with('/')
            && !path.contains("//")
            && path.bytes().all(is_plain)
            && path.split('/').all(|segment| segment != "." && segment != "..")
            && text.bytes().all(is_in_query)
            && !text.contains("//");
        is_ours.then(|| Self(text.to_owned()))
    }

    /// Where a person wanted to go when they were asked to log in. Only a GET can be taken up again.
    pub fn wanted(request: &Request<'_>) -> Option<Self> {
        let is_get = matches!(request.method(), Method::Get | Method::Head);
        is_get.then(|| Self::parse(&request.uri().to_string())).flatten()
    }

    /// The path without its query and without a slash at its end.
    pub fn path(&self) -> &str {
        self.0.split('?').next().unwrap_or_default().trim_end_matches('/')
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address of a page that leads on to here when it is done.
    pub fn after(&self, page: &str) -> String {
        format!("{page}?next={}", utf8_percent_encode(&self.0, QUERY_VALUE))
    }
}

/// Reads a field of a form; what is no path of ours is none.
pub fn next_field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NextPath>, D::Error> {
    String::deserialize(deserializer).map(|text| NextPath::parse(&text))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use url::{Position, Url};

    use super::*;

    #[test]
    fn our_own_paths_are_led_to() {
        for path in ["/", "/profile", "/sessions?page=2&sort=last_seen", "/a-b_c.d~e/f?next=%2Fprofile"] {
            assert_eq!(NextPath::parse(path).unwrap().as_str(), path);
        }
    }

    #[test]
    fn no_disguise_of_another_site_is_led_to() {
        let others = [
            "",
            "profile",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/%5Cevil.example",
            "/%2Fevil.example",
            "/\t/evil.example",
            "/%09/evil.example",
            "/\n/evil.example",
            "/.//evil.example",
            "/..//evil.example",
            "/./profile",
            "/../profile",
            "https:evil.example",
            "https://evil.example",
            "https:/evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            " /profile",
            "/profile ",
            "/profile\r\nSet-Cookie: a=b",
            "/prof\u{ef}le",
            "/profile#//evil.example",
            "/profile@evil.example",
            "/profile;x",
            "/?a=//evil.example",
            "/profile\0",
        ];
        for other in others {
            assert!(NextPath::parse(other).is_none(), "{other:?}");
        }
        assert!(NextPath::parse(&format!("/{}", "a".repeat(LONGEST))).is_none());
    }

    #[test]
    fn a_path_with_a_query_fits_into_a_query() {
        let next = NextPath::parse("/sessions?page=2&sort=a+b").unwrap();
        assert_eq!(next.after("/login"), "/login?next=/sessions%3Fpage%3D2%26sort%3Da%2Bb");
        assert_eq!(NextPath::parse("/protected").unwrap().after("/login"), "/login?next=/protected");
    }

    fn addresses() -> impl Strategy<Value = String> {
        const PARTS: &[&str] = &[
            "/",
            "//",
            "\\",
            ".",
            "..",
            "/.",
            "%2f",
            "%2e",
            "%5c",
            "\t",
            "\n",
            "\r",
            " ",
            "@",
            ":",
            "?",
            "#",
            "&",
            "=",
            ";",
            "https:",
            "javascript:",
            "evil.example",
            "profile",
            "\u{ff0f}",
            "\u{2025}",
            "é",
            "\0",
        ];
        prop_oneof![
            any::<String>(),
            "/[ -~]{0,40}",
            "/[a-z/._~-]{0,30}(\\?[a-z/?=&%+,:.0-9]{0,30})?",
            vec(proptest::sample::select(PARTS), 0..10).prop_map(|parts| parts.concat()),
            "/(\\\\|/|\\.|@|:|a){0,5}",
        ]
    }

    proptest! {
        /// The url crate resolves addresses as browsers do (WHATWG URL).
        #[test]
        fn whatever_is_led_to_is_for_a_browser_the_same_address_of_this_site(text in addresses()) {
            let Some(next) = NextPath::parse(&text) else { return Ok(()) };
            for page in ["https://example.org/login", "https://example.org/login/code?next=//evil.example"] {
                let page = Url::parse(page).unwrap();
                let led = page.join(next.as_str()).unwrap();
                prop_assert_eq!(led.origin(), page.origin());
                prop_assert_eq!(&led[Position::BeforePath..], &text);

                let by_way_of = page.join(&next.after("/login")).unwrap();
                prop_assert_eq!((by_way_of.origin(), by_way_of.path()), (page.origin(), "/login"));
                let query: Vec<_> = by_way_of.query_pairs().collect();
                prop_assert_eq!(query, vec![("next".into(), text.as_str().into())]);
            }
        }
    }
}
