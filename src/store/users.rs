use super::columns::{read_user, user_columns};
use super::events::insert_event;
use super::sessions::{insert_session, is_still_there, note_endings};
use super::{NewEvent, NewSession, Result, Store};
use crate::model::{DisplayName, EventKind, PasswordHash, SessionId, User, UserId, Username};

/// An account to be made.
#[derive(Debug)]
pub struct NewUser {
    /// As everyone will see them.
    pub user: User,
    /// Of the password they chose.
    pub password_hash: PasswordHash,
}

/// A user with what a login is checked against.
#[derive(Debug)]
pub struct Credentials {
    /// As everyone may see them.
    pub user: User,
    /// What the password must match.
    pub password_hash: PasswordHash,
    /// Which password that is; see [`Store::start_session`].
    pub password_version: i64,
    /// Whether the account may not be used.
    pub is_disabled: bool,
    pub has_two_factor: bool,
}

/// The columns of what a login is checked against, in the order of [`CredentialsRow`].
macro_rules! credential_columns {
    () => {
        concat!(user_columns!(), ", password_hash, password_version, disabled_at, (SELECT COUNT(*) FROM second_factors WHERE second_factors.user_id = users.user_id AND confirmed_at IS NOT NULL)")
    };
}

type CredentialsRow = (String, String, String, i64, String, i64, Option<i64>, i64);

fn read_credentials(row: CredentialsRow) -> Result<Credentials> {
    let (user_id, username, display_name, created_at, hash, password_version, disabled_at, two_factor) = row;
    Ok(Credentials {
        user: read_user((user_id, username, display_name, created_at))?,
        password_hash: PasswordHash::from_phc(hash),
        password_version,
        is_disabled: disabled_at.is_some(),
        has_two_factor: two_factor > 0,
    })
}

/// Inserts an account, in the transaction at hand. Answers the rows inserted: none when the name is taken, in whatever
/// spelling.
macro_rules! insert_user {
    ($tx:ident, $new:expr, $disabled_at:expr) => {{
        const SQL: &str = "
            INSERT INTO users
                (user_id, username, username_key, display_name, password_hash, password_version, created_at, disabled_at)
            VALUES ($1, $2, $3, $4, $5, 1, $6, $7)
            ON CONFLICT (username_key) DO NOTHING";

        let new: &$crate::store::NewUser = $new;
        sqlx::query(SQL)
            .bind(new.user.user_id.to_string())
            .bind(new.user.username.as_str())
            .bind(new.user.username.key())
            .bind(new.user.display_name.as_str())
            .bind(new.password_hash.phc())
            .bind(new.user.created_at.millis())
            .bind::<Option<i64>>($disabled_at)
            .execute(&mut *$tx)
            .await?
            .rows_affected()
    }};
}
pub(super) use insert_user;

/// Sets the password of the user whom an event happens to, in the transaction at hand, if it is still the one of that
/// version. Answers the rows changed.
macro_rules! set_password {
    ($tx:ident, $event:expr, $new_hash:expr, $password_version:expr) => {{
        const SET: &str = "
            UPDATE users SET password_hash = $1, password_version = password_version + 1
            WHERE user_id = $2 AND password_version = $3 AND disabled_at IS NULL";
        // A secret that somebody may have seen while it was begun is not to be confirmed by accident later.
        const DROP_BEGUN: &str = "DELETE FROM second_factors WHERE user_id = $1 AND confirmed_at IS NULL";

        let user_id = $event.user_id.to_string();
        let set = sqlx::query(SET)
            .bind($new_hash.phc())
            .bind(&user_id)
            .bind::<i64>($password_version)
            .execute(&mut *$tx)
            .await?
            .rows_affected();
        if set > 0 {
            sqlx::query(DROP_BEGUN).bind(&user_id).execute(&mut *$tx).await?;
        }
        set
    }};
}
pub(super) use set_password;

/// Forgets every try that was counted for a user, in the transaction at hand.
macro_rules! forget_tries_of {
    ($tx:ident, $user_id:expr, $bucket_of_name:expr) => {{
        const SQL: &str = "DELETE FROM throttle WHERE bucket = $1 OR bucket LIKE '%:' || $2 || '%'";

        sqlx::query(SQL).bind($bucket_of_name).bind($user_id.to_string()).execute(&mut *$tx).await?;
    }};
}
pub(super) use forget_tries_of;

impl Store {
    /// Makes an account and its first session, both or neither. False when the name is taken, in whatever spelling.
    pub async fn add_user(&self, new: &NewUser, session: &NewSession, event: &NewEvent) -> Result<bool> {
        transaction!(self, tx => {
            if insert_user!(tx, new, None) == 0 {
                return Ok(false);
            }
            insert_session!(tx, session, 1);
            insert_event!(tx, event);
        });
        Ok(true)
    }

    /// The user of that name, in whatever spelling, with what a login is checked against.
    pub async fn credentials(&self, username: &Username) -> Result<Option<Credentials>> {
        const SQL: &str = concat!("SELECT ", credential_columns!(), " FROM users WHERE username_key = $1");

        let row: Option<CredentialsRow> =
            reading!(self, db => sqlx::query_as(SQL).bind(username.key()).fetch_optional(db).await?);
        row.map(read_credentials).transpose()
    }

    /// The same of a user who is known.
    pub async fn credentials_by_id(&self, user_id: UserId) -> Result<Option<Credentials>> {
        const SQL: &str = concat!("SELECT ", credential_columns!(), " FROM users WHERE user_id = $1");

        let row: Option<CredentialsRow> =
            reading!(self, db => sqlx::query_as(SQL).bind(user_id.to_string()).fetch_optional(db).await?);
        row.map(read_credentials).transpose()
    }

    /// Changes a password, ends every session of its user and begins a new one, all or nothing. False when the password is
    /// no longer the one of `password_version`, or the user is gone or disabled: then nothing changes.
    pub async fn change_password(
        &self,
        new_hash: &PasswordHash,
        password_version: i64,
        this_session: SessionId,
        session: &NewSession,
        event: &NewEvent,
    ) -> Result<bool> {
        const END_ALL: &str = "DELETE FROM sessions WHERE user_id = $1";

        transaction!(self, tx => {
            let changed = set_password!(tx, event, new_hash, password_version);
            if changed == 0 || !is_still_there!(tx, event.user_id, this_session) {
                return Ok(false);
            }
            note_endings!(tx, event.user_id, this_session, EventKind::PasswordChanged, event.event.at);
            sqlx::query(END_ALL).bind(event.user_id.to_string()).execute(&mut *tx).await?;
            insert_session!(tx, session, password_version + 1);
            insert_event!(tx, event);
        });
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

        transaction!(self, tx => {
            if !is_still_there!(tx, user_id, this_session) {
                return Ok(false);
            }
            let deleted = sqlx::query(DELETE)
                .bind(user_id.to_string())
                .bind(password_version)
                .execute(&mut *tx)
                .await?
                .rows_affected();
            if deleted == 0 {
                return Ok(false);
            }
            forget_tries_of!(tx, user_id, bucket_of_name);
        });
        Ok(true)
    }

    /// Changes what a user is called. False when there is no such user any more.
    pub async fn set_display_name(&self, user_id: UserId, name: &DisplayName) -> Result<bool> {
        const SQL: &str = "UPDATE users SET display_name = $1 WHERE user_id = $2";

        let changed = writing!(self, db =>
            sqlx::query(SQL).bind(name.as_str()).bind(user_id.to_string()).execute(db).await?.rows_affected());
        Ok(changed == 1)
    }

    /// Keeps a better hash of the same password, unless the password changed meanwhile.
    pub async fn replace_hash(&self, user_id: UserId, old: &PasswordHash, new: &PasswordHash) -> Result<()> {
        const SQL: &str = "UPDATE users SET password_hash = $1 WHERE user_id = $2 AND password_hash = $3";

        writing!(self, db => {
            sqlx::query(SQL).bind(new.phc()).bind(user_id.to_string()).bind(old.phc()).execute(db).await?;
        });
        Ok(())
    }

    /// How many accounts there are.
    pub async fn count_users(&self) -> Result<i64> {
        Ok(reading!(self, db => sqlx::query_scalar("SELECT COUNT(*) FROM users").fetch_one(db).await?))
    }
}
