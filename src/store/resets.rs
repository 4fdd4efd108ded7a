use super::columns::{UserRow, read_user, user_columns};
use super::events::insert_event;
use super::sessions::{NO_SESSION, note_endings, take_turns};
use super::users::{forget_tries_of, set_password};
use super::{NewEvent, Result, Store};
use crate::model::{EventKind, Moment, PasswordHash, TokenHash, User};

/// A link to set a new password with, as it is kept.
#[derive(Debug)]
pub struct Reset {
    /// Whose password it sets.
    pub user: User,
    /// Which password it replaces.
    pub password_version: i64,
    /// Until when it may.
    pub expires_at: Moment,
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

        transaction!(self, tx => {
            // With disabling the account, which drops the link.
            take_turns!(tx, event.user_id);
            let added = sqlx::query(SQL)
                .bind(token_hash.to_text())
                .bind(expires_at.millis())
                .bind(event.user_id.to_string())
                .execute(&mut *tx)
                .await?
                .rows_affected();
            if added == 0 {
                return Ok(false);
            }
            insert_event!(tx, event);
        });
        Ok(true)
    }

    /// The link of that token. None when there is none or its time is up, the user is disabled, or the password has
    /// changed since it was made.
    pub async fn reset(&self, token_hash: &TokenHash, now: Moment) -> Result<Option<Reset>> {
        const SQL: &str = concat!(
            "SELECT ",
            user_columns!(),
            ", resets.password_version, resets.expires_at
            FROM resets JOIN users ON users.user_id = resets.user_id
            WHERE resets.token_hash = $1 AND resets.expires_at > $2
                AND users.password_version = resets.password_version AND users.disabled_at IS NULL"
        );

        type Row = (String, String, String, i64, i64, i64);
        let row: Option<Row> = reading!(self, db => sqlx::query_as(SQL)
            .bind(token_hash.to_text())
            .bind(now.millis())
            .fetch_optional(db)
            .await?);
        row.map(|(user_id, username, display_name, created_at, password_version, expires_at)| {
            let user: UserRow = (user_id, username, display_name, created_at);
            Ok(Reset { user: read_user(user)?, password_version, expires_at: Moment::from_millis(expires_at) })
        })
        .transpose()
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
        const END_ALL: &str = "DELETE FROM sessions WHERE user_id = $1";

        transaction!(self, tx => {
            // Whatever else changes the account touches the user first too: nobody waits for the other in a circle.
            take_turns!(tx, event.user_id);
            let used = sqlx::query(USE)
                .bind(token_hash.to_text())
                .bind(event.user_id.to_string())
                .bind(event.event.at.millis())
                .execute(&mut *tx)
                .await?
                .rows_affected();
            if used == 0 {
                return Ok(false);
            }
            let set = set_password!(tx, event, new_hash, password_version);
            if set == 0 {
                return Ok(false);
            }
            note_endings!(tx, event.user_id, NO_SESSION, event.event.kind, event.event.at);
            sqlx::query(END_ALL).bind(event.user_id.to_string()).execute(&mut *tx).await?;
            forget_tries_of!(tx, event.user_id, bucket_of_name);
            insert_event!(tx, event);
        });
        Ok(true)
    }
}
