//! Browsers in which a user has logged in before.

use super::{Auth, Browser, Caller, Failure};
use crate::model::{BROWSER_KNOWN_FOR, BrowserId, EventKind, KnownBrowser, Moment, UserId};

impl Auth {
    /// The browsers that are known to a user, the last used first, and which of them this one is.
    pub async fn known_browsers(
        &self,
        user_id: UserId,
        browser: &Browser,
    ) -> Result<(Vec<KnownBrowser>, Option<BrowserId>), Failure> {
        let known = self.store.known_browsers(user_id, self.known_since()).await?;
        Ok((known, self.known_browser(user_id, browser).await?))
    }

    /// Makes a stranger of a browser that is known to this user, whoever holds its mark; a session in it
    /// goes on. Says whether it was known.
    pub async fn forget_browser(&self, me: &Caller<'_>, browser_id: BrowserId) -> Result<bool, Failure> {
        let event = self.event(me.user.user_id, EventKind::BrowserForgotten, &me.client);
        self.store.forget_browser(browser_id, &event).await
    }

    /// What this browser is known to a user as, if it is: its mark alone is not believed.
    pub(super) async fn known_browser(&self, user_id: UserId, browser: &Browser) -> Result<Option<BrowserId>, Failure> {
        let Some(mark) = browser.marks.of(user_id) else { return Ok(None) };
        self.store.known_browser(user_id, &mark.token.hash(), self.known_since()).await
    }

    /// One that was last used before is known no more.
    fn known_since(&self) -> Moment {
        self.clock.now().minus(BROWSER_KNOWN_FOR)
    }
}
