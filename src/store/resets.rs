use sqlx::any::AnyRow;
use sqlx::{FromRow, Row, query, query_as};

use super::endings::{Which, end_sessions_from_elsewhere};
use super::events::{NewEvent, insert_event};
use super::rows::{Sql, USER};
use super::throttle::forget_tries_of;
use super::timings::reading;
use super::users::set_password;
use super::{Result, Store, take_turns};
use crate::model::{Moment, PasswordHash, TokenHash, User};

#[derive(Debug)]
pub struct Reset {
    pub user: User,
    /// Which password it replaces.
    pub password_version: i64,
    pub expires_at: Moment,
}

impl FromRow<'_, AnyRow> for Reset {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        Ok(Self {
            user: User::from_row(row)?,
            password_version: row.try_get("password_version")?,
            expires_at: Moment::from_millis(row.try_get("expires_at")?),
        })
    }
}

impl Store {
    /// Keeps a link in the place of one that was made before, and the event. False when the user is gone or disabled.
    pub async fn add_reset(&self, token_hash: &TokenHash, expires_at: Moment, event: &NewEvent) -> Result<bool> {
        const SQL: &str = "
            INSERT INTO resets (user_id, token_hash, password_version, expires_at)
            SELECT user_id, $1, password_version, $2 FROM users WHERE user_id = $3 AND disabled_at IS NULL
            ON CONFLICT (user_id) DO UPDATE SET
                token_hash = excluded.token_hash,
                password_version = excluded.password_version,
                expires_at = excluded.expires_at";

        let add = query(SQL).bind(token_hash.to_text()).bind(expires_at.millis()).bind(event.user_id.to_string());
        self.write_with_event(add, event).await
    }

    /// The link of that token. None when there is none or its time is up, the user is disabled, or the password has
    /// changed since it was made.
    pub async fn reset(&self, token_hash: &TokenHash, now: Moment) -> Result<Option<Reset>> {
        static SQL: Sql = Sql::new(|| {
            format!(
                "SELECT {USER}, resets.password_version, resets.expires_at
                FROM resets JOIN users ON users.user_id = resets.user_id
                WHERE resets.token_hash = $1 AND resets.expires_at > $2
                    AND users.password_version = resets.password_version AND users.disabled_at IS NULL"
            )
        });

        let reset = query_as(SQL.as_str()).bind(token_hash.to_text()).bind(now.millis());
        reading(reset.fetch_optional(&self.readers)).await
    }

    /// Uses a link up and sets the password; every session of its user ends, and no try is counted against them any more.
    /// All or nothing: false when the link was used or replaced meanwhile, the password has changed, or the user is
    /// disabled.
    pub async fn reset_password(
        &self,
        token_hash: &TokenHash,
        password_version: i64,
        new_hash: &PasswordHash,
        bucket_of_name: &str,
        event: &NewEvent,
    ) -> Result<bool> {
        const USE: &str = "DELETE FROM resets WHERE token_hash = $1 AND user_id = $2 AND expires_at > $3";

        let mut tx = self.begin().await?;
        take_turns(&mut tx, event.user_id).await?;
        let use_up =
            query(USE).bind(token_hash.to_text()).bind(event.user_id.to_string()).bind(event.event.at.millis());
        if tx.execute(use_up).await? == 0 || !set_password(&mut tx, event, new_hash, password_version).await? {
            return Ok(false);
        }
        end_sessions_from_elsewhere(&mut tx, Which::All, event).await?;
        forget_tries_of(&mut tx, event.user_id, bucket_of_name).await?;
        insert_event(&mut tx, event).await?;
        tx.commit().await?;
        Ok(true)
    }
}
