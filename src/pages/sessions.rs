//! `/sessions`: where you are signed in; end one, or all others.

use rocket::http::Status;
use rocket::{get, post};
use serde::Serialize;

use crate::auth::{Auth, Ended};
use crate::model::{Moment, Session, SessionId};
use crate::web::{Client, Confirmed, Failed, Next, Page, SessionCookie, Show, SignedIn};

/// Where you are signed in.
#[derive(Serialize)]
pub struct SessionsPage {
    sessions: Vec<SessionView>,
}

/// A session, as its owner sees it.
#[derive(Serialize)]
pub struct SessionView {
    session_id: SessionId,
    browser: String,
    network: Option<String>,
    since: Moment,
    last_seen_at: Moment,
    remembered_until: Option<Moment>,
    is_this: bool,
}

impl Page for SessionsPage {
    const TEMPLATE: &'static str = "sessions";
}

impl SessionView {
    /// The session as it looks from `this` one.
    pub fn new(session: &Session, this: SessionId) -> Self {
        Self {
            session_id: session.session_id,
            browser: session.client.browser(),
            network: session.client.network(),
            since: session.created_at,
            last_seen_at: session.last_seen_at,
            remembered_until: session.remembered_until,
            is_this: session.session_id == this,
        }
    }
}

/// What programs get of one that ended.
#[derive(Serialize)]
pub struct SessionEnded {
    message: &'static str,
    session_id: SessionId,
}

/// What programs get of all others that ended.
#[derive(Serialize)]
pub struct OthersEnded {
    message: &'static str,
    ended: u64,
}

#[get("/sessions")]
pub async fn show(me: SignedIn<'_>, auth: &Auth) -> Result<Show<SessionsPage>, Failed> {
    let mut sessions = auth.sessions(me.user.user_id).await?;
    // Their own browser first, then the others as they were seen last.
    sessions.sort_by_key(|session| session.session_id != me.session.session_id);
    let view = |session| SessionView::new(session, me.session.session_id);
    Ok(Show(SessionsPage { sessions: sessions.iter().map(view).collect() }))
}

#[post("/sessions/<id>/end")]
pub async fn end(
    me: Confirmed<'_>,
    auth: &Auth,
    client: Client,
    cookie: SessionCookie<'_>,
    id: &str,
) -> Result<Next<SessionEnded>, Result<Failed, Status>> {
    let Confirmed(me) = me;
    let session_id = SessionId::parse(id).ok_or(Err(Status::NotFound))?;
    match auth.end_session(me.resumed, session_id, &client.0).await {
        Ok(Ended::Now(_)) => {
            let is_this = session_id == me.session.session_id;
            if is_this {
                cookie.clear();
            }
            let to = if is_this { "/" } else { "/sessions" };
            let message = "The session has ended.";
            Ok(Next { to: to.to_owned(), made: (Status::Ok, SessionEnded { message, session_id }) })
        }
        // It has ended before, never was, or is another person's: nobody is told which.
        Ok(Ended::Before) => Err(Err(Status::NotFound)),
        Err(failure) => Err(Ok(Failed(failure))),
    }
}

#[post("/sessions/end-others")]
pub async fn end_others(me: Confirmed<'_>, auth: &Auth, client: Client) -> Result<Next<OthersEnded>, Failed> {
    let ended = auth.end_other_sessions(me.0.resumed, &client.0).await?;
    let message = "All other sessions have ended.";
    Ok(Next { to: "/sessions".to_owned(), made: (Status::Ok, OthersEnded { message, ended }) })
}
