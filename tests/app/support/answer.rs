use std::fmt;

use rocket::http::Status;
use serde_json::Value;
use ureq::Body;
use ureq::http::{HeaderMap, Response};

/// What came back.
#[derive(Debug, PartialEq)]
pub struct Answer {
    pub status: Status,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    /// One that came over a connection; none where it did not come whole.
    pub fn received(mut response: Response<Body>) -> Option<Self> {
        let body = response.body_mut().read_to_vec().ok()?;
        Some(Self {
            status: Status::new(response.status().as_u16()),
            headers: pairs(response.headers()),
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    /// Reads the bytes of one, as far as they came; none where they do not begin as an answer does.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let (first, lines) = head.split_once("\r\n").unwrap_or((head, ""));
        let headers = lines.lines().filter_map(|line| line.split_once(": "));
        Some(Self {
            status: Status::new(first.split(' ').nth(1)?.parse().ok()?),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            body: body.to_owned(),
        })
    }

    /// Whether the body is as long as the head says.
    pub fn is_whole(&self) -> bool {
        self.header("Content-Length").and_then(|length| length.parse().ok()) == Some(self.body.len())
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// What it says of the cookie of the session.
    pub fn session_cookie(&self) -> &str {
        self.any_session_cookie().unwrap_or_else(|| panic!("no cookie of a session: {:?}", self.headers))
    }

    /// The same where it may say nothing of it.
    pub fn any_session_cookie(&self) -> Option<&str> {
        let is_sessions = |value: &&str| value.split('=').next().is_some_and(|name| name.ends_with("session_id"));
        self.all("Set-Cookie").find(is_sessions)
    }

    /// The cookie of the session as it is sent back.
    pub fn session(&self) -> String {
        self.session_cookie().split(';').next().unwrap_or_default().to_owned()
    }

    /// Asserts that it leads there.
    pub fn leads_to(&self, path: &str) {
        assert_eq!((self.status, self.header("Location")), (Status::SeeOther, Some(path)), "{}", self.body);
    }

    /// Asserts that it is a problem of that status (RFC 9457), and gives its `errors`.
    pub fn is_problem(&self, status: Status) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.header("Content-Type"), Some("application/problem+json"), "{}", self.body);
        let problem = self.json();
        assert_eq!(problem["status"], status.code);
        for member in ["type", "title", "detail", "request_id"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {problem}");
        }
        let errors = problem.get("errors").map(|errors| errors.as_object().expect("sentences by field"));
        assert!(errors.is_none_or(|errors| !errors.is_empty()), "{problem}");
        problem["errors"].clone()
    }

    /// Asserts that it is a page of that status.
    pub fn is_page(&self, status: Status) -> &str {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.header("Content-Type"), Some("text/html; charset=utf-8"));
        assert!(self.body.starts_with("<!doctype html>") && self.body.trim_end().ends_with("</html>"), "{}", self.body);
        &self.body
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}\n{}", self.status, self.headers, self.body)
    }
}

fn pairs(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect()
}

/// The tag of the input of that name, for looking at its attributes.
pub fn input<'a>(page: &'a str, name: &str) -> &'a str {
    let start = page.find(&format!("<input id=\"{name}\"")).unwrap_or_else(|| panic!("no input {name} in {page}"));
    &page[start..start + page[start..].find('>').expect("the end of the tag")]
}
