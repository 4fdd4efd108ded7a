//! `/sessions`: where you are signed in; end one, or all others; and which browsers are known to you.

use rocket::http::Status;
use rocket::{get, post};
use serde::Serialize;

use crate::auth::Auth;
use crate::model::{BrowserId, KnownBrowser, Moment, Session, SessionId};
use crate::web::{Browser, Confirmed, Error, Next, Page, Show, SignedIn, browser_of};

#[derive(Serialize)]
pub struct SessionsPage {
    sessions: Vec<SessionView>,
    known_browsers: Vec<KnownBrowserView>,
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

/// A browser that is known to its owner, as they see it.
#[derive(Serialize)]
pub struct KnownBrowserView {
    browser_id: BrowserId,
    browser: String,
    network: Option<String>,
    since: Moment,
    last_used_at: Moment,
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
            browser: browser_of(&session.client),
            network: session.client.network(),
            since: session.created_at,
            last_seen_at: session.last_seen_at,
            remembered_until: session.remembered_until,
            is_this: session.session_id == this,
        }
    }
}

impl KnownBrowserView {
    /// The browser as it looks from `this` one.
    pub fn new(known: &KnownBrowser, this: Option<BrowserId>) -> Self {
        Self {
            browser_id: known.browser_id,
            browser: browser_of(&known.client),
            network: known.client.network(),
            since: known.created_at,
            last_used_at: known.last_used_at,
            is_this: this == Some(known.browser_id),
        }
    }
}

#[derive(Serialize)]
pub struct SessionEnded {
    pub message: &'static str,
    pub session_id: SessionId,
}

#[derive(Serialize)]
pub struct OthersEnded {
    message: &'static str,
    ended: u64,
}

#[derive(Serialize)]
pub struct BrowserForgotten {
    message: &'static str,
    browser_id: BrowserId,
}

#[get("/sessions")]
pub async fn show(me: SignedIn<'_>, auth: &Auth, browser: Browser<'_>) -> Result<Show<SessionsPage>, Error> {
    let mut sessions = auth.sessions(me.user.user_id).await?;
    // Their own browser first, then the others as they were seen last.
    sessions.sort_by_key(|session| session.session_id != me.session.session_id);
    let (known, this) = auth.known_browsers(me.user.user_id, &browser).await?;
    Ok(Show(SessionsPage {
        sessions: sessions.iter().map(|session| SessionView::new(session, me.session.session_id)).collect(),
        known_browsers: known.iter().map(|known| KnownBrowserView::new(known, this)).collect(),
    }))
}

#[post("/sessions/<id>/end")]
pub async fn end(me: Confirmed<'_>, auth: &Auth, browser: Browser<'_>, id: &str) -> Result<Next<SessionEnded>, Error> {
    // It has ended before, never was, or is another person's: nobody is told which.
    let not_found = || Error::of(Status::NotFound);
    let session_id = SessionId::parse(id).ok_or_else(not_found)?;
    if !auth.end_session(&me.caller(), session_id).await? {
        return Err(not_found());
    }
    let ended = SessionEnded { message: "The session has ended.", session_id };
    if session_id == me.session.session_id {
        browser.end();
        Ok(Next::to("/", ended))
    } else {
        Ok(Next::to("/sessions", ended))
    }
}

#[post("/sessions/end-others")]
pub async fn end_others(me: Confirmed<'_>, auth: &Auth) -> Result<Next<OthersEnded>, Error> {
    let ended = auth.end_other_sessions(&me.caller()).await?;
    Ok(Next::to("/sessions", OthersEnded { message: "All other sessions have ended.", ended }))
}

#[post("/sessions/browsers/<id>/forget")]
pub async fn forget(me: Confirmed<'_>, auth: &Auth, id: &str) -> Result<Next<BrowserForgotten>, Error> {
    // It has been forgotten before, never was known, or is another person's: nobody is told which.
    let not_found = || Error::of(Status::NotFound);
    let browser_id = BrowserId::parse(id).ok_or_else(not_found)?;
    if !auth.forget_browser(&me.caller(), browser_id).await? {
        return Err(not_found());
    }
    Ok(Next::to("/sessions", BrowserForgotten { message: "The browser is forgotten.", browser_id }))
}
