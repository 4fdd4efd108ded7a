use std::sync::Arc;

use rocket::Request;
use rocket::http::Status;
use rocket::outcome::Outcome;
use rocket::request::{self, FromRequest};
use serde::Serialize;

use super::{Failed, SessionCookie};
use crate::auth::{Auth, Resumed};
use crate::model::{DisplayName, Session, User, Username};

/// Who is looking, found once a request.
pub struct Viewer(Result<Option<Arc<Resumed>>, Status>);

/// What the frame of every page shows of whoever is looking.
#[derive(Serialize)]
pub(super) struct ViewerView<'a> {
    username: &'a Username,
    display_name: &'a DisplayName,
}

impl Viewer {
    /// Finds out who is looking, by the cookie.
    pub async fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache_async(async { Self(find(request).await) }).await
    }

    /// Who is looking, if a guard has found it out already; else nobody that we know.
    pub(super) fn found<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache(|| Self(Ok(None)))
    }

    pub(super) fn view(&self) -> Option<ViewerView<'_>> {
        let user = &self.0.as_ref().ok()?.as_ref()?.user;
        Some(ViewerView { username: &user.username, display_name: &user.display_name })
    }
}

/// The verbs, for whatever route wants them.
#[rocket::async_trait]
impl<'r> FromRequest<'r> for &'r Auth {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        match request.rocket().state::<Arc<Auth>>() {
            Some(auth) => Outcome::Success(auth),
            None => Outcome::Error((Status::ServiceUnavailable, ())),
        }
    }
}

async fn find(request: &Request<'_>) -> Result<Option<Arc<Resumed>>, Status> {
    let Outcome::Success(cookie) = request.guard::<SessionCookie>().await else { return Ok(None) };
    let Some(token) = cookie.token() else { return Ok(None) };
    let auth = request.rocket().state::<Arc<Auth>>().ok_or(Status::ServiceUnavailable)?;
    let resumed = auth.resume_session(token).await.map_err(|failure| Failed(failure).status(request))?;
    Ok(resumed.map(Arc::new))
}

/// Anyone, signed in or not. When that cannot be known (the database is away) the route answers 503, not "signed out".
pub struct Visitor<'r> {
    /// Who they are, if they are signed in.
    pub user: Option<&'r User>,
}

/// Someone with a session. Without one the route answers 401, and people are led to log in; when that cannot be known it
/// answers 503.
pub struct SignedIn<'r> {
    /// Who they are.
    pub user: &'r User,
    /// In which session.
    pub session: &'r Session,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Visitor<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        match &Viewer::of(request).await.0 {
            Ok(resumed) => Outcome::Success(Self { user: resumed.as_ref().map(|resumed| &resumed.user) }),
            Err(status) => Outcome::Error((*status, ())),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SignedIn<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        match &Viewer::of(request).await.0 {
            Ok(Some(resumed)) => Outcome::Success(Self { user: &resumed.user, session: &resumed.session }),
            Ok(None) => Outcome::Error((Status::Unauthorized, ())),
            Err(status) => Outcome::Error((*status, ())),
        }
    }
}
