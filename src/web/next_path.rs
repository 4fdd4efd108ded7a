use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use rocket::Request;
use rocket::http::Method;

/// The longest address that somebody is led back to, in bytes.
const LONGEST: usize = 512;

/// What must not stand bare in the value of a query; `/` may, and keeps the address readable.
const QUERY_VALUE: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'&').add(b'+').add(b'<').add(b'=').add(b'>').add(b'?');

/// A path and query of our own that somebody may be led to after a login (ASVS 1.2.2, 3.7.2). Nothing else can be one.
#[derive(Clone, Debug, PartialEq, Eq)]
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
            && !text.contains("//")
            // Nobody logs in to be asked to log in, or to be logged out.
            && !["/login", "/login/code", "/logout", "/signup"].contains(&path.trim_end_matches('/'));
        is_ours.then(|| Self(text.to_owned()))
    }

    /// Where a person wanted to go when they were asked to log in. Only a GET can be taken up again.
    pub fn wanted(request: &Request<'_>) -> Option<Self> {
        let is_get = matches!(request.method(), Method::Get | Method::Head);
        is_get.then(|| Self::parse(&request.uri().to_string())).flatten()
    }

    /// The path and query.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address of a page that leads on to here when it is done.
    pub fn after(&self, page: &str) -> String {
        format!("{page}?next={}", utf8_percent_encode(&self.0, QUERY_VALUE))
    }
}

#[cfg(test)]
mod tests {
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
            "/login",
            "/login?next=/",
            "/logout",
            "/signup/",
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
}
