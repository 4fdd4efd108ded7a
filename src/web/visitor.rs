//! Who is looking: found once a request, before the pages, and told to them by the guards in their signatures.

use std::sync::Arc;

use rocket::Request;
use rocket::outcome::Outcome;
use rocket::request::{self, FromRequest};
use serde::Serialize;

use super::Error;
use super::client_info::client_info;
use super::cookies::session_token;
use crate::auth::{Auth, Caller, CurrentSession, Failure};
use crate::model::{DisplayName, Session, TokenHash, User, Username};

/// Who is looking, as it was found; nobody, for requests that went around the request filter.
#[derive(Default)]
pub struct Viewer {
    /// The token that their browser holds, whether or not it still opens anything.
    pub(super) token_hash: Option<TokenHash>,
    current: Option<Arc<CurrentSession>>,
}

/// As it is kept with the request.
type Looked = Result<Viewer, Failure>;

/// What the frame of every page shows of whoever is looking.
#[derive(Serialize)]
pub(super) struct ViewerView<'a> {
    username: &'a Username,
    display_name: &'a DisplayName,
    /// What changed about the account elsewhere.
    notice: Option<&'static str>,
}

impl Viewer {
    /// Finds out who is looking, by the cookie. The request filter does it, for all that comes after.
    pub(super) async fn find(request: &Request<'_>) {
        let looked = async {
            let Some(token_hash) = session_token(request) else { return Ok(Self::default()) };
            let current = auth_of(request).current_session(&token_hash).await?;
            Ok(Self { token_hash: Some(token_hash), current })
        };
        request.local_cache_async::<Looked, _>(looked).await;
    }

    /// Who is looking; an error when that cannot be known, because the database is away.
    pub fn of<'r>(request: &'r Request<'_>) -> Result<&'r Self, Error> {
        let looked: &Looked = request.local_cache(|| Ok(Self::default()));
        looked.as_ref().map_err(|failure| failure.clone().into())
    }

    pub(super) fn view(&self) -> Option<ViewerView<'_>> {
        let CurrentSession { user, session } = self.current.as_deref()?;
        let notice = session.notice.map(|kind| kind.says());
        Some(ViewerView { username: &user.username, display_name: &user.display_name, notice })
    }
}

/// The verbs, for whatever route wants them.
#[rocket::async_trait]
impl<'r> FromRequest<'r> for &'r Auth {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Self::Error> {
        Outcome::Success(auth_of(request))
    }
}

pub(super) fn auth_of<'r>(request: &'r Request<'_>) -> &'r Auth {
    request.rocket().state::<Arc<Auth>>().expect("the database is open before anybody asks")
}

/// Anyone, signed in or not. When that cannot be known the route answers 503, not "signed out".
pub struct Visitor<'r> {
    pub user: Option<&'r User>,
}

/// Someone with a session. Without one the route answers 401, and people are led to log in; when that cannot be known it
/// answers 503.
pub struct SignedIn<'r> {
    pub user: &'r User,
    pub session: &'r Session,
    token_hash: TokenHash,
    request: &'r Request<'r>,
}

/// Someone with a session who has proved lately who they are. Without the proof the route answers 403, and people are led
/// to `/confirm` and back (ASVS 7.5.1).
#[derive(derive_more::Deref)]
pub struct Confirmed<'r>(SignedIn<'r>);

impl<'r> SignedIn<'r> {
    /// The same as the verbs want it that change something.
    pub fn caller(&self) -> Caller<'r> {
        let client = client_info(self.request);
        Caller { user: self.user, session: self.session, token_hash: self.token_hash, client }
    }

    fn of(request: &'r Request<'r>) -> Result<Self, Error> {
        let viewer = Viewer::of(request)?;
        let (current, token_hash) = viewer.current.as_ref().zip(viewer.token_hash).ok_or_else(Error::no_session)?;
        Ok(Self { user: &current.user, session: &current.session, token_hash, request })
    }
}

impl<'r> Confirmed<'r> {
    fn of(request: &'r Request<'r>) -> Result<Self, Error> {
        let me = SignedIn::of(request)?;
        if me.session.is_confirmed(auth_of(request).clock().now()) { Ok(Self(me)) } else { Err(Error::proof_needed()) }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Visitor<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        let found = Viewer::of(request).map(|viewer| viewer.current.as_ref());
        outcome(request, found.map(|current| Self { user: current.map(|current| &current.user) }))
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SignedIn<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        outcome(request, Self::of(request))
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Confirmed<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        outcome(request, Self::of(request))
    }
}

pub(super) fn outcome<T>(request: &Request<'_>, found: Result<T, Error>) -> request::Outcome<T, ()> {
    match found {
        Ok(found) => Outcome::Success(found),
        Err(error) => Outcome::Error((error.note(request), ())),
    }
}
