use sqlx::any::AnyRow;
use sqlx::{FromRow, Row, query, query_as, query_scalar};

use super::events::NewEvent;
use super::rows::parsed;
use super::timings::reading;
use super::{Result, Store, Tx};
use crate::model::{BrowserId, ClientInfo, KnownBrowser, MOST_KNOWN_BROWSERS, Moment, TokenHash, UserId};

/// The browser in which a session begins.
#[derive(Clone, Copy, Debug)]
pub enum UsedBrowser {
    /// It is known to the user.
    Known(BrowserId),
    /// It will be, by the mark of this hash.
    New(TokenHash),
}

impl FromRow<'_, AnyRow> for KnownBrowser {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        Ok(Self {
            browser_id: parsed(row, "browser_id", BrowserId::parse)?,
            created_at: Moment::from_millis(row.try_get("created_at")?),
            last_used_at: Moment::from_millis(row.try_get("last_used_at")?),
            client: ClientInfo::from_row(row)?,
        })
    }
}

/// Notes that a session begins in this browser. One that has been forgotten meanwhile stays forgotten; of more than a user
/// may have, the one that was not used for the longest time goes.
pub(super) async fn use_browser(
    tx: &mut Tx,
    user_id: UserId,
    used: UsedBrowser,
    now: Moment,
    client: &ClientInfo,
) -> Result<()> {
    const USE: &str = "
        UPDATE known_browsers SET last_used_at = $1, user_agent = $2, address = $3 WHERE browser_id = $4 AND user_id = $5";
    const ADD: &str = "
        INSERT INTO known_browsers (last_used_at, user_agent, address, browser_id, user_id, mark_hash, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $1)";
    const DROP: &str = "
        DELETE FROM known_browsers WHERE user_id = $1 AND browser_id NOT IN (
            SELECT browser_id FROM known_browsers WHERE user_id = $1
            ORDER BY last_used_at DESC, browser_id DESC LIMIT $2)";

    let (sql, browser_id) = match used {
        UsedBrowser::Known(browser_id) => (USE, browser_id),
        UsedBrowser::New(_) => (ADD, BrowserId::new(now)),
    };
    let change = query(sql)
        .bind(now.millis())
        .bind(client.user_agent.as_deref())
        .bind(client.address.map(|address| address.to_string()))
        .bind(browser_id.to_string())
        .bind(user_id.to_string());
    if let UsedBrowser::New(mark_hash) = used {
        tx.execute(change.bind(mark_hash.to_text())).await?;
        tx.execute(query(DROP).bind(user_id.to_string()).bind(MOST_KNOWN_BROWSERS)).await?;
    } else {
        tx.execute(change).await?;
    }
    Ok(())
}

/// Forgets every browser of a user: whoever holds its mark is a stranger from now on.
pub(super) async fn forget_browsers(tx: &mut Tx, user_id: UserId) -> Result<()> {
    const SQL: &str = "DELETE FROM known_browsers WHERE user_id = $1";

    tx.execute(query(SQL).bind(user_id.to_string())).await?;
    Ok(())
}

impl Store {
    /// The browser that this mark shows, if it is known to the user and was used after `not_before`.
    pub async fn known_browser(
        &self,
        user_id: UserId,
        mark_hash: &TokenHash,
        not_before: Moment,
    ) -> Result<Option<BrowserId>> {
        const SQL: &str = "
            SELECT browser_id FROM known_browsers WHERE mark_hash = $1 AND user_id = $2 AND last_used_at > $3";

        let found = query_scalar(SQL).bind(mark_hash.to_text()).bind(user_id.to_string()).bind(not_before.millis());
        let found: Option<String> = reading(found.fetch_optional(&self.readers)).await?;
        Ok(found.as_deref().and_then(BrowserId::parse))
    }

    /// The browsers that are known to a user and were used after `not_before`, the last used first.
    pub async fn known_browsers(&self, user_id: UserId, not_before: Moment) -> Result<Vec<KnownBrowser>> {
        const SQL: &str = "
            SELECT browser_id, created_at, last_used_at, user_agent, address
            FROM known_browsers WHERE user_id = $1 AND last_used_at > $2
            ORDER BY last_used_at DESC, browser_id DESC";

        let browsers = query_as(SQL).bind(user_id.to_string()).bind(not_before.millis());
        reading(browsers.fetch_all(&self.readers)).await
    }

    /// Forgets a browser of the user whom an event happens to, and keeps the event. False when it was forgotten before or is
    /// another user's.
    pub async fn forget_browser(&self, browser_id: BrowserId, event: &NewEvent) -> Result<bool> {
        const SQL: &str = "DELETE FROM known_browsers WHERE browser_id = $1 AND user_id = $2";

        let forget = query(SQL).bind(browser_id.to_string()).bind(event.user_id.to_string());
        self.write_with_event(forget, event).await
    }
}
