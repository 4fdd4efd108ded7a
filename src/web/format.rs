use rocket::Request;
use rocket::http::{Accept, MediaType, QMediaType};
use rocket::outcome::Outcome;
use rocket::request::{self, FromRequest};

use super::RouteMark;

/// In which form an answer goes out: the one place that decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Pages, for somebody at a browser.
    Html,
    /// Data, for a program: it sends JSON, prefers JSON, logs in by HTTP Basic without asking for a page, or asks at an
    /// address that has no page.
    Json,
}

impl Format {
    /// The format of the answer to this.
    pub fn of(request: &Request<'_>) -> Self {
        let sends_json = request.content_type().is_some_and(|kind| is_json(kind));
        match preferred(request) {
            _ if sends_json => Self::Json,
            Some(format) => format,
            None if request.headers().contains("Authorization") => Self::Json,
            None if RouteMark::NO_PAGE.is_on(request) => Self::Json,
            None => Self::Html,
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Format {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Self::Error> {
        Outcome::Success(Self::of(request))
    }
}

/// What the `Accept` header prefers of these two; none where it names neither.
fn preferred(request: &Request<'_>) -> Option<Format> {
    let first = request.accept().into_iter().flat_map(|line| line.iter().filter_map(weighed));
    // Rocket itself looks at the first line alone.
    let others = request.headers().get("Accept").skip(1).filter_map(|line| line.parse::<Accept>().ok());
    let others = others.flat_map(|line| line.iter().filter_map(weighed).collect::<Vec<_>>());
    // Of two that weigh the same the first.
    let best = first.chain(others).reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.filter(|(_, weight)| *weight > 0.0).map(|(format, _)| format)
}

fn weighed(kind: &QMediaType) -> Option<(Format, f32)> {
    let format = match kind.media_type() {
        kind if is_json(kind) => Format::Json,
        kind if kind.is_html() || kind.is_xhtml() => Format::Html,
        _ => return None,
    };
    Some((format, kind.weight_or(1.0)))
}

fn is_json(kind: &MediaType) -> bool {
    kind.is_json() || (kind.top() == "application" && kind.sub().as_str().ends_with("+json"))
}
