use std::sync::Arc;

use rocket::Request;
use rocket::http::Status;
use rocket::outcome::Outcome;
use rocket::request::{self, FromRequest};
use serde::Serialize;

use super::{Failed, Refusal, SessionCookie, refuse};
use crate::auth::{Auth, Here, Resumed};
use crate::model::{ClientInfo, Clock, DisplayName, Moment, Session, TokenHash, User, Username};

/// Who is looking, found once a request.
pub struct Viewer(Result<Option<(Arc<Resumed>, TokenHash)>, Status>);

/// What the frame of every page shows of whoever is looking.
#[derive(Serialize)]
pub(super) struct ViewerView<'a> {
    username: &'a Username,
    display_name: &'a DisplayName,
    /// What changed about the account elsewhere.
    notice: Option<&'static str>,
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

    /// The present moment, by the clock that the rules go by.
    pub(super) fn now(request: &Request<'_>) -> Moment {
        match request.rocket().state::<Arc<Auth>>() {
            Some(auth) => auth.clock().now(),
            None => Clock::system().now(),
        }
    }

    /// Who is signed in; an error when that cannot be known.
    pub(super) fn signed_in(&self) -> Result<Option<&Resumed>, Status> {
        self.0.as_ref().map(|found| found.as_ref().map(|(resumed, _)| &**resumed)).map_err(|status| *status)
    }

    pub(super) fn view(&self) -> Option<ViewerView<'_>> {
        let Resumed { user, session } = self.signed_in().ok()??;
        Some(ViewerView {
            username: &user.username,
            display_name: &user.display_name,
            notice: session.notice.map(|kind| kind.says()),
        })
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

async fn find(request: &Request<'_>) -> Result<Option<(Arc<Resumed>, TokenHash)>, Status> {
    let Outcome::Success(cookie) = request.guard::<SessionCookie<'_>>().await else { return Ok(None) };
    let Some(token) = cookie.token() else { return Ok(None) };
    let auth = request.rocket().state::<Arc<Auth>>().ok_or(Status::ServiceUnavailable)?;
    let resumed = auth.resume_session(&token).await.map_err(|failure| Failed(failure).status(request))?;
    Ok(resumed.map(|resumed| (resumed, token)))
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
    /// Both, as the verbs want them.
    pub resumed: &'r Resumed,
    token_hash: TokenHash,
}

/// Someone with a session who has proved lately who they are. Without the proof the route answers 403, and people are led
/// to `/confirm` and back (ASVS 7.5.1).
pub struct Confirmed<'r>(pub SignedIn<'r>);

impl<'r> SignedIn<'r> {
    /// The same, asking from there, for the verbs that give the session a new token.
    pub fn here(&self, client: ClientInfo) -> Here<'r> {
        Here { me: self.resumed, token_hash: self.token_hash, client }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Visitor<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        match Viewer::of(request).await.signed_in() {
            Ok(resumed) => Outcome::Success(Self { user: resumed.map(|resumed| &resumed.user) }),
            Err(status) => Outcome::Error((status, ())),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SignedIn<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        match &Viewer::of(request).await.0 {
            Ok(Some((resumed, token_hash))) => Outcome::Success(Self {
                user: &resumed.user,
                session: &resumed.session,
                resumed,
                token_hash: *token_hash,
            }),
            Ok(None) => Outcome::Error((Status::Unauthorized, ())),
            Err(status) => Outcome::Error((*status, ())),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Confirmed<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        match request.guard::<SignedIn<'r>>().await {
            Outcome::Success(me) if me.session.is_confirmed(Viewer::now(request)) => Outcome::Success(Self(me)),
            Outcome::Success(_) => Outcome::Error((refuse(request, Status::Forbidden, Refusal::needing_proof()), ())),
            Outcome::Error(error) => Outcome::Error(error),
            Outcome::Forward(status) => Outcome::Forward(status),
        }
    }
}
