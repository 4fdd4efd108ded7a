//! Who asks: a browser that may be in no session, or somebody in theirs.

use crate::model::{BrowserMark, BrowserMarks, ClientInfo, Session, Token, TokenHash, User};

/// The browser or program that asks, signed in or not. [`crate::web::Browser`], which a route is given, is one too.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    /// From where it asks, and what it calls itself.
    pub client: ClientInfo,
    /// What it holds to show who has logged in there before, whether or not that is still known.
    pub marks: BrowserMarks,
    /// The token that it holds, whether or not that still opens anything. A login ends this session.
    pub token_hash: Option<TokenHash>,
}

/// A session that goes on, as database and memory have it.
#[derive(Clone, Debug)]
pub struct CurrentSession {
    pub user: User,
    pub session: Session,
}

/// Somebody in their session, and from where they ask. Verbs take it that end or renew sessions, or prove
/// who is there.
#[derive(Debug)]
pub struct Caller<'a> {
    pub user: &'a User,
    pub session: &'a Session,
    pub token_hash: TokenHash,
    pub client: ClientInfo,
}

/// A session that has just begun, or goes on under a new token.
#[derive(Debug)]
pub struct StartedSession {
    pub user: User,
    pub session: Session,
    /// What the browser must hold to stay in it. Nobody else knows it.
    pub token: Token,
    /// What shows from now on that the browser is known to this user; none where a session goes on.
    pub mark: Option<BrowserMark>,
}
