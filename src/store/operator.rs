//! What the operator asks about accounts and sessions, and does to them.

use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{FromRow, Row, query, query_scalar};

use super::endings::{IS_ALIVE, Which, asked_at, end_sessions_from_elsewhere};
use super::events::{NewEvent, insert_event};
use super::rows::{SECOND_FACTORS, SESSION, Sql, USER, has_second_factor, moment_if_any, parsed};
use super::timings::reading;
use super::users::{NewUser, insert_user};
use super::{Result, Store, take_turns};
use crate::model::{EventKind, Moment, Session, SessionId, SessionLimits, User, UserId, Username};

/// An account, as the operator sees it.
#[derive(Debug, Serialize)]
pub struct Account {
    #[serde(flatten)]
    pub user: User,
    pub disabled_at: Option<Moment>,
    pub has_two_factor: bool,
    pub open_sessions: i64,
    /// When they last logged in, as far as that is kept.
    pub last_login: Option<Moment>,
}

impl FromRow<'_, AnyRow> for Account {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        Ok(Self {
            user: User::from_row(row)?,
            disabled_at: moment_if_any(row, "disabled_at")?,
            has_two_factor: has_second_factor(row)?,
            open_sessions: row.try_get("open_sessions")?,
            last_login: moment_if_any(row, "last_login")?,
        })
    }
}

impl Store {
    /// The accounts whose user names hold this text, by name, at most so many.
    pub async fn accounts(&self, search: &str, most: i64, now: Moment, limits: &SessionLimits) -> Result<Vec<Account>> {
        static SQL: Sql = Sql::new(|| {
            format!(
                "SELECT {USER}, users.disabled_at, {SECOND_FACTORS},
                    (SELECT COUNT(*) FROM sessions
                     WHERE sessions.user_id = users.user_id AND {IS_ALIVE}) AS open_sessions,
                    (SELECT MAX(events.last_at) FROM events
                     WHERE events.user_id = users.user_id AND events.kind IN ($5, $6)) AS last_login
                FROM users WHERE users.username_key LIKE $7 ESCAPE '!' ORDER BY users.username_key LIMIT $8"
            )
        });

        let accounts =
            EventKind::LOG_INS.iter().fold(asked_at(&SQL, now, limits), |asked, kind| asked.bind(kind.name()));
        let accounts = accounts.bind(holding(search)).bind(most).try_map(|row: AnyRow| Account::from_row(&row));
        reading(accounts.fetch_all(&self.readers)).await
    }

    /// How many accounts have user names that hold this text.
    pub async fn count_accounts(&self, search: &str) -> Result<i64> {
        const SQL: &str = "SELECT COUNT(*) FROM users WHERE username_key LIKE $1 ESCAPE '!'";

        reading(query_scalar(SQL).bind(holding(search)).fetch_one(&self.readers)).await
    }

    /// Makes these accounts of another system's, without sessions, in one transaction. Answers for each whether it was made;
    /// it was not where the name is taken, in whatever spelling.
    pub async fn import_users(&self, users: &[(NewUser, NewEvent)]) -> Result<Vec<bool>> {
        // In the order of the names, so that of two imports at once neither waits for the other while that waits for it.
        let mut order: Vec<usize> = (0..users.len()).collect();
        order.sort_by_cached_key(|place| users[*place].0.user.username.key());
        let mut made = vec![false; users.len()];
        let mut tx = self.begin().await?;
        for place in order {
            let (new, event) = &users[place];
            made[place] = insert_user(&mut tx, new).await?;
            if made[place] {
                insert_event(&mut tx, event).await?;
            }
        }
        tx.commit().await?;
        Ok(made)
    }

    /// Closes an account: its sessions end, and a link to set a new password is worth nothing. None when it was closed
    /// before, or is gone; else how many sessions ended.
    pub async fn disable_user(&self, event: &NewEvent) -> Result<Option<u64>> {
        const DISABLE: &str = "UPDATE users SET disabled_at = $1 WHERE user_id = $2 AND disabled_at IS NULL";
        const DROP_LINK: &str = "DELETE FROM resets WHERE user_id = $1";

        let mut tx = self.begin().await?;
        let disable = query(DISABLE).bind(event.event.at.millis()).bind(event.user_id.to_string());
        if tx.execute(disable).await? == 0 {
            return Ok(None);
        }
        tx.execute(query(DROP_LINK).bind(event.user_id.to_string())).await?;
        let ended = end_sessions_from_elsewhere(&mut tx, Which::All, event).await?;
        insert_event(&mut tx, event).await?;
        tx.commit().await?;
        Ok(Some(ended))
    }

    /// Opens an account again. False when it was open, or is gone.
    pub async fn enable_user(&self, event: &NewEvent) -> Result<bool> {
        const SQL: &str = "UPDATE users SET disabled_at = NULL WHERE user_id = $1 AND disabled_at IS NOT NULL";

        self.write_with_event(query(SQL).bind(event.user_id.to_string()), event).await
    }

    /// The open sessions of one user or of all with who is in them, the last used first, at most so many.
    pub async fn open_sessions(
        &self,
        of: Option<UserId>,
        most: i64,
        now: Moment,
        limits: &SessionLimits,
    ) -> Result<Vec<(Username, Session)>> {
        static SQL: Sql = Sql::new(|| {
            format!(
                "SELECT users.username, {SESSION} FROM sessions JOIN users ON users.user_id = sessions.user_id
                WHERE users.disabled_at IS NULL AND {IS_ALIVE} AND ($5 = '' OR sessions.user_id = $5)
                ORDER BY sessions.last_seen_at DESC, sessions.session_id DESC LIMIT $6"
            )
        });

        let sessions = asked_at(&SQL, now, limits)
            .bind(of.map_or_else(String::new, |user_id| user_id.to_string()))
            .bind(most)
            .try_map(|row: AnyRow| Ok((Username::from_kept(row.try_get("username")?), Session::from_row(&row)?)));
        reading(sessions.fetch_all(&self.readers)).await
    }

    pub async fn user_of_session(&self, session_id: SessionId) -> Result<Option<UserId>> {
        const SQL: &str = "SELECT user_id FROM sessions WHERE session_id = $1";

        let user = query(SQL).bind(session_id.to_string()).try_map(user_id);
        reading(user.fetch_optional(&self.readers)).await
    }

    /// Users who have sessions, whose ids come after that one, at most so many in the order of the ids.
    pub async fn users_with_sessions(&self, after: Option<UserId>, most: i64) -> Result<Vec<UserId>> {
        const SQL: &str = "SELECT DISTINCT user_id FROM sessions WHERE user_id > $1 ORDER BY user_id LIMIT $2";

        let after = after.map_or_else(String::new, |user_id| user_id.to_string());
        let users = query(SQL).bind(after).bind(most).try_map(user_id);
        reading(users.fetch_all(&self.readers)).await
    }

    /// Ends every session of the users whom these events happen to, and keeps the events of those who had one. Says how
    /// many sessions there were.
    pub async fn end_all_sessions(&self, events: &[NewEvent]) -> Result<u64> {
        let mut ended = 0;
        let mut tx = self.begin().await?;
        for event in events {
            take_turns(&mut tx, event.user_id).await?;
            let of_this_user = end_sessions_from_elsewhere(&mut tx, Which::All, event).await?;
            if of_this_user > 0 {
                insert_event(&mut tx, event).await?;
            }
            ended += of_this_user;
        }
        tx.commit().await?;
        Ok(ended)
    }
}

fn user_id(row: AnyRow) -> sqlx::Result<UserId> {
    parsed(&row, "user_id", UserId::parse)
}

/// What finds texts that hold this one; nothing in it stands for other characters.
fn holding(text: &str) -> String {
    let escaped = text.to_lowercase().replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{escaped}%")
}
