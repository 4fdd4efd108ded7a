use sqlx::any::AnyRow;
use sqlx::{FromRow, query, query_as, query_scalar};

use super::events::{NewEvent, insert_event};
use super::known_browsers::{UsedBrowser, use_browser};
use super::rows::{SESSION, Sql, USER};
use super::timings::reading;
use super::{Result, Store, Tx, take_turns};
use crate::model::{MOST_SESSIONS, Moment, Session, SessionId, TokenHash, User, UserId};

/// A session that is about to begin.
#[derive(Debug)]
pub struct NewSession<'a> {
    pub user_id: UserId,
    pub session: &'a Session,
    pub token_hash: TokenHash,
    /// What this browser was in until now; it ends as the new one begins.
    pub replaces: Option<TokenHash>,
    /// The browser, where it is known to the user from now on.
    pub browser: Option<UsedBrowser>,
}

/// Ends the session that is replaced, inserts the new one and makes its browser known. Answers whether it did; it does not
/// when the user is gone, disabled, has another password than the one of that version, or asks for a second factor that was
/// not shown.
pub(super) async fn insert_session(
    tx: &mut Tx,
    new: &NewSession<'_>,
    password_version: i64,
    showed_second_factor: bool,
) -> Result<bool> {
    const END: &str = "DELETE FROM sessions WHERE token_hash = $1";
    const BEGIN: &str = "
        INSERT INTO sessions
            (session_id, token_hash, user_id, created_at, last_seen_at, confirmed_at, remembered_until, user_agent,
             address, failed_attempts, failed_since, notice)
        SELECT $1, $2, user_id, $3, $3, $3, $4, $5, $6, $7, $8, NULL
        FROM users
        WHERE user_id = $9 AND password_version = $10 AND disabled_at IS NULL
            AND ($11 OR NOT EXISTS (SELECT 1 FROM second_factors WHERE user_id = $9 AND confirmed_at IS NOT NULL))";

    if let Some(replaced) = &new.replaces {
        tx.execute(query(END).bind(replaced.to_text())).await?;
    }
    let session = new.session;
    let begin = query(BEGIN)
        .bind(session.session_id.to_string())
        .bind(new.token_hash.to_text())
        .bind(session.created_at.millis())
        .bind(session.remembered_until.map(Moment::millis))
        .bind(session.client.user_agent.as_deref())
        .bind(session.client.address.map(|address| address.to_string()))
        .bind(session.failed_before.map_or(0, |failed| failed.attempts))
        .bind(session.failed_before.map(|failed| failed.since.millis()))
        .bind(new.user_id.to_string())
        .bind(password_version)
        .bind(showed_second_factor);
    let begun = tx.execute(begin).await? == 1;
    if let Some(browser) = new.browser.filter(|_| begun) {
        use_browser(tx, new.user_id, browser, session.created_at, &session.client).await?;
    }
    Ok(begun)
}

/// Whether the session of a user that asks has not been ended meanwhile: one that was changes nothing any more. It touches
/// the row, so that whoever ends the session at the same time comes before or after.
pub(super) async fn hold_session(tx: &mut Tx, user_id: UserId, session_id: SessionId) -> Result<bool> {
    const SQL: &str = "UPDATE sessions SET last_seen_at = last_seen_at WHERE session_id = $1 AND user_id = $2";

    take_turns(tx, user_id).await?;
    let found = tx.execute(query(SQL).bind(session_id.to_string()).bind(user_id.to_string())).await?;
    Ok(found > 0)
}

impl Store {
    /// Begins a session and ends the one it replaces, both or neither, and keeps the events. Of more sessions than a user
    /// may have, the oldest end. None when the password is no longer the one of `password_version`, the user is gone or
    /// disabled, or asks for a second factor by now and had none to show: then nothing changes. Else how many sessions had
    /// to go.
    pub async fn start_session(
        &self,
        new: &NewSession<'_>,
        password_version: i64,
        showed_second_factor: bool,
        events: &[NewEvent],
        when_oldest_ends: &NewEvent,
    ) -> Result<Option<u64>> {
        let mut tx = self.begin().await?;
        take_turns(&mut tx, new.user_id).await?;
        if !insert_session(&mut tx, new, password_version, showed_second_factor).await? {
            return Ok(None);
        }
        let ended = end_oldest(&mut tx, new.user_id).await?;
        for event in events {
            insert_event(&mut tx, event).await?;
        }
        if ended > 0 {
            insert_event(&mut tx, when_oldest_ends).await?;
        }
        tx.commit().await?;
        Ok(Some(ended))
    }

    /// The session of that token and its user, however old it is. None when there is none or the user is disabled.
    pub async fn session(&self, token_hash: &TokenHash) -> Result<Option<(User, Session)>> {
        static SQL: Sql = Sql::new(|| {
            format!(
                "SELECT {USER}, {SESSION} FROM sessions JOIN users ON users.user_id = sessions.user_id
                WHERE sessions.token_hash = $1 AND users.disabled_at IS NULL"
            )
        });

        let session = query(SQL.as_str())
            .bind(token_hash.to_text())
            .try_map(|row: AnyRow| Ok((User::from_row(&row)?, Session::from_row(&row)?)));
        reading(session.fetch_optional(&self.readers)).await
    }

    /// All sessions of a user, however old, the last used first.
    pub async fn sessions(&self, user_id: UserId) -> Result<Vec<Session>> {
        static SQL: Sql = Sql::new(|| {
            format!("SELECT {SESSION} FROM sessions WHERE user_id = $1 ORDER BY last_seen_at DESC, session_id DESC")
        });

        reading(query_as(SQL.as_str()).bind(user_id.to_string()).fetch_all(&self.readers)).await
    }

    /// Gives a session a new token because its user proved who they are: the old one is dead in the same moment. False
    /// when the session has ended or has another token by now.
    pub async fn renew_token(
        &self,
        session_id: SessionId,
        old: &TokenHash,
        new: &TokenHash,
        event: &NewEvent,
    ) -> Result<bool> {
        const SQL: &str = "
            UPDATE sessions SET token_hash = $1, confirmed_at = $2, last_seen_at = $2
            WHERE session_id = $3 AND token_hash = $4";

        let renew = query(SQL)
            .bind(new.to_text())
            .bind(event.event.at.millis())
            .bind(session_id.to_string())
            .bind(old.to_text());
        self.write_with_event(renew, event).await
    }

    /// Takes the notice from a session, because its user has seen it.
    pub async fn drop_notice(&self, session_id: SessionId) -> Result<()> {
        const SQL: &str = "UPDATE sessions SET notice = NULL WHERE session_id = $1";

        self.write(query(SQL).bind(session_id.to_string())).await?;
        Ok(())
    }

    /// Notes when sessions were last used. One that has ended stays ended, and no time goes backwards.
    pub async fn note_last_seen(&self, seen: &[(SessionId, Moment)]) -> Result<()> {
        const SQL: &str = "UPDATE sessions SET last_seen_at = $1 WHERE session_id = $2 AND last_seen_at < $1";

        let notes = seen.iter().map(|(session_id, at)| query(SQL).bind(at.millis()).bind(session_id.to_string()));
        self.write_each(notes).await?;
        Ok(())
    }

    /// How many sessions are kept, those included whose time is up and that are not swept yet.
    pub async fn count_sessions(&self) -> Result<i64> {
        reading(query_scalar("SELECT COUNT(*) FROM sessions").fetch_one(&self.readers)).await
    }
}

/// Of more sessions than a user may have, ends the oldest.
async fn end_oldest(tx: &mut Tx, user_id: UserId) -> Result<u64> {
    const SQL: &str = "
        DELETE FROM sessions WHERE user_id = $1 AND session_id NOT IN (
            SELECT session_id FROM sessions WHERE user_id = $1
            ORDER BY created_at DESC, session_id DESC LIMIT $2)";

    tx.execute(query(SQL).bind(user_id.to_string()).bind(MOST_SESSIONS)).await
}
