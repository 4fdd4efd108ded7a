use rocket::Request;
use rocket::http::{Accept, MediaType};
use rocket::outcome::Outcome;
use rocket::request::{self, FromRequest};

/// Addresses that have no page: whoever does not ask for one there is a program.
const DATA_ONLY: [&str; 5] = ["/export", "/getusers/me", "/health/live", "/health/ready", "/metrics"];

/// Who asks: the one place that decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// Somebody at a browser: they get pages.
    Person,
    /// Something that sends JSON, prefers JSON, or signs in by HTTP Basic without asking for a page: it gets data.
    Program,
}

impl Asker {
    /// Who asks for this.
    pub fn of(request: &Request<'_>) -> Self {
        let sends_json = request.content_type().is_some_and(|kind| is_json(kind));
        let has_only_data = || request.route().is_some_and(|route| DATA_ONLY.contains(&route.uri.path()));
        match Wish::of(request) {
            _ if sends_json => Self::Program,
            Wish::Data => Self::Program,
            Wish::Page => Self::Person,
            Wish::Anything if request.headers().contains("Authorization") || has_only_data() => Self::Program,
            Wish::Anything => Self::Person,
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Asker {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Self::Error> {
        Outcome::Success(Self::of(request))
    }
}

/// What the `Accept` header prefers.
enum Wish {
    Page,
    Data,
    Anything,
}

impl Wish {
    fn of(request: &Request<'_>) -> Self {
        let preferred = request.accept().map(Accept::preferred).filter(|kind| kind.weight() != Some(0.0));
        match preferred {
            Some(kind) if is_json(kind.media_type()) => Self::Data,
            Some(kind) if kind.is_html() || kind.is_xhtml() => Self::Page,
            _ => Self::Anything,
        }
    }
}

fn is_json(kind: &MediaType) -> bool {
    kind.is_json() || (kind.top() == "application" && kind.sub().as_str().ends_with("+json"))
}
