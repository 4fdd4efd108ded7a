use sqlx::any::AnyRow;
use sqlx::{FromRow, Row, query, query_as, query_scalar};

use super::endings::{Which, end_sessions, end_sessions_from_elsewhere};
use super::events::{NewEvent, insert_event};
use super::known_browsers::forget_browsers;
use super::rows::{SECOND_FACTORS, Sql, USER, has_second_factor, moment_if_any};
use super::sessions::{NewSession, hold_session, insert_session};
use super::throttle::forget_tries_of;
use super::timings::reading;
use super::{Result, Store, Tx};
use crate::model::{DisplayName, Moment, PasswordHash, SessionId, User, UserId, Username};

/// An account that is to be made.
#[derive(Debug)]
pub struct NewUser {
    pub user: User,
    pub password_hash: PasswordHash,
    /// Since when it may not be used, where another system closed it.
    pub disabled_at: Option<Moment>,
}

/// A user with what a login is checked against.
#[derive(Debug)]
pub struct Credentials {
    pub user: User,
    pub password_hash: PasswordHash,
    /// Which password that is; see [`Store::start_session`].
    pub password_version: i64,
    pub is_disabled: bool,
    /// Whether the password alone is not enough.
    pub has_two_factor: bool,
}

impl FromRow<'_, AnyRow> for Credentials {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        Ok(Self {
            user: User::from_row(row)?,
            password_hash: PasswordHash::from_phc(row.try_get("password_hash")?),
            password_version: row.try_get("password_version")?,
            is_disabled: moment_if_any(row, "disabled_at")?.is_some(),
            has_two_factor: has_second_factor(row)?,
        })
    }
}

fn credentials_where(condition: &str) -> String {
    format!(
        "SELECT {USER}, users.password_hash, users.password_version, users.disabled_at, {SECOND_FACTORS}
        FROM users WHERE {condition}"
    )
}

/// Inserts an account. Answers whether it did; it does not where the name is taken, in whatever spelling.
pub(super) async fn insert_user(tx: &mut Tx, new: &NewUser) -> Result<bool> {
    const SQL: &str = "
        INSERT INTO users
            (user_id, username, username_key, display_name, password_hash, password_version, created_at, disabled_at)
        VALUES ($1, $2, $3, $4, $5, 1, $6, $7)
        ON CONFLICT (username_key) DO NOTHING";

    let insert = query(SQL)
        .bind(new.user.user_id.to_string())
        .bind(new.user.username.as_str())
        .bind(new.user.username.key())
        .bind(new.user.display_name.as_str())
        .bind(new.password_hash.phc())
        .bind(new.user.created_at.millis())
        .bind(new.disabled_at.map(Moment::millis));
    Ok(tx.execute(insert).await? == 1)
}

/// Sets the password of the user whom an event happens to, if it is still the one of that version, and forgets every browser
/// that the old one made known. Answers whether it did.
pub(super) async fn set_password(
    tx: &mut Tx,
    event: &NewEvent,
    new_hash: &PasswordHash,
    password_version: i64,
) -> Result<bool> {
    const SET: &str = "
        UPDATE users SET password_hash = $1, password_version = password_version + 1
        WHERE user_id = $2 AND password_version = $3 AND disabled_at IS NULL";
    // A secret that somebody may have seen while it was begun is not to be confirmed by accident later.
    const DROP_BEGUN: &str = "DELETE FROM second_factors WHERE user_id = $1 AND confirmed_at IS NULL";

    let user_id = event.user_id.to_string();
    let set = tx.execute(query(SET).bind(new_hash.phc()).bind(&user_id).bind(password_version)).await?;
    if set > 0 {
        tx.execute(query(DROP_BEGUN).bind(&user_id)).await?;
        forget_browsers(tx, event.user_id).await?;
    }
    Ok(set > 0)
}

impl Store {
    /// Makes an account and, where it is to be signed in at once, its first session: both or neither. False when the name is
    /// taken, in whatever spelling.
    pub async fn add_user(&self, new: &NewUser, session: Option<&NewSession<'_>>, event: &NewEvent) -> Result<bool> {
        let mut tx = self.begin().await?;
        if !insert_user(&mut tx, new).await? {
            return Ok(false);
        }
        if let Some(session) = session {
            insert_session(&mut tx, session, 1, false).await?;
        }
        insert_event(&mut tx, event).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The user of that name, in whatever spelling, with what a login is checked against.
    pub async fn credentials(&self, username: &Username) -> Result<Option<Credentials>> {
        static SQL: Sql = Sql::new(|| credentials_where("users.username_key = $1"));

        reading(query_as(SQL.as_str()).bind(username.key()).fetch_optional(&self.readers)).await
    }

    /// The same of a user who is known.
    pub async fn credentials_by_id(&self, user_id: UserId) -> Result<Option<Credentials>> {
        static SQL: Sql = Sql::new(|| credentials_where("users.user_id = $1"));

        reading(query_as(SQL.as_str()).bind(user_id.to_string()).fetch_optional(&self.readers)).await
    }

    /// Changes a password, ends every session of its user and begins a new one, all or nothing. False when the password is
    /// no longer the one of `password_version`, the session has ended, or the user is gone or disabled: then nothing
    /// changes.
    pub async fn change_password(
        &self,
        new_hash: &PasswordHash,
        password_version: i64,
        this_session: SessionId,
        session: &NewSession<'_>,
        event: &NewEvent,
    ) -> Result<bool> {
        let mut tx = self.begin().await?;
        if !hold_session(&mut tx, event.user_id, this_session).await? {
            return Ok(false);
        }
        if !set_password(&mut tx, event, new_hash, password_version).await? {
            return Ok(false);
        }
        end_sessions_from_elsewhere(&mut tx, Which::AllBut(this_session), event).await?;
        end_sessions(&mut tx, event.user_id, Which::Only(this_session)).await?;
        insert_session(&mut tx, session, password_version + 1, true).await?;
        insert_event(&mut tx, event).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Deletes an account with everything that is kept about it, if the password is still the one of that version and the
    /// session that asks is still there.
    pub async fn delete_user(
        &self,
        user_id: UserId,
        password_version: i64,
        this_session: SessionId,
        bucket_of_name: &str,
    ) -> Result<bool> {
        const DELETE: &str = "DELETE FROM users WHERE user_id = $1 AND password_version = $2";

        let mut tx = self.begin().await?;
        if !hold_session(&mut tx, user_id, this_session).await? {
            return Ok(false);
        }
        if tx.execute(query(DELETE).bind(user_id.to_string()).bind(password_version)).await? == 0 {
            return Ok(false);
        }
        forget_tries_of(&mut tx, user_id, bucket_of_name).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Changes what a user is called. False when there is no such user any more.
    pub async fn set_display_name(&self, user_id: UserId, name: &DisplayName) -> Result<bool> {
        const SQL: &str = "UPDATE users SET display_name = $1 WHERE user_id = $2";

        Ok(self.write(query(SQL).bind(name.as_str()).bind(user_id.to_string())).await? == 1)
    }

    /// Keeps a better hash of the same password, unless the password changed meanwhile.
    pub async fn replace_hash(&self, user_id: UserId, old: &PasswordHash, new: &PasswordHash) -> Result<()> {
        const SQL: &str = "UPDATE users SET password_hash = $1 WHERE user_id = $2 AND password_hash = $3";

        self.write(query(SQL).bind(new.phc()).bind(user_id.to_string()).bind(old.phc())).await?;
        Ok(())
    }

    pub async fn count_users(&self) -> Result<i64> {
        reading(query_scalar("SELECT COUNT(*) FROM users").fetch_one(&self.readers)).await
    }
}
