use super::users::{UserRow, read_user, user_columns};
use super::{Result, Store, unreadable};
use crate::model::{Moment, Session, SessionId, SessionLimits, TokenHash, User, UserId, Visit};

/// A session to be begun.
#[derive(Debug)]
pub struct NewSession {
    /// Names it in public.
    pub session_id: SessionId,
    /// Finds it.
    pub token_hash: TokenHash,
    /// Whose it is.
    pub user_id: UserId,
    /// When it begins.
    pub created_at: Moment,
    /// How long its owner asked to stay signed in, if they did.
    pub remembered_until: Option<Moment>,
    /// From where it is begun.
    pub visit: Visit,
    /// The session that this browser was in until now; it ends as the new one begins.
    pub replaces: Option<TokenHash>,
}

/// Ends the session that is replaced and inserts the new one, in the transaction at hand. Answers the rows inserted:
/// none when the user is gone, disabled, or has another password than the one of that version.
macro_rules! insert_session {
    ($tx:ident, $new:expr, $password_version:expr) => {{
        const END: &str = "DELETE FROM sessions WHERE token_hash = $1";
        const BEGIN: &str = "
            INSERT INTO sessions
                (session_id, token_hash, user_id, created_at, last_seen_at, remembered_until, user_agent, address)
            SELECT $1, $2, user_id, $3, $3, $4, $5, $6
            FROM users
            WHERE user_id = $7 AND password_version = $8 AND disabled_at IS NULL";

        if let Some(replaced) = &$new.replaces {
            sqlx::query(END).bind(replaced.to_text()).execute(&mut *$tx).await?;
        }
        sqlx::query(BEGIN)
            .bind($new.session_id.to_string())
            .bind($new.token_hash.to_text())
            .bind($new.created_at.millis())
            .bind($new.remembered_until.map(|until| until.millis()))
            .bind($new.visit.user_agent.as_deref())
            .bind($new.visit.address.map(|address| address.to_string()))
            .bind($new.user_id.to_string())
            .bind::<i64>($password_version)
            .execute(&mut *$tx)
            .await?
            .rows_affected()
    }};
}
pub(super) use insert_session;

impl Store {
    /// Begins a session and ends the one it replaces, both or neither. False when the password is no longer the one of
    /// `password_version`, or the user is gone or disabled: then nothing changes.
    pub async fn start_session(&self, new: &NewSession, password_version: i64) -> Result<bool> {
        transaction!(self, tx => {
            if insert_session!(tx, new, password_version) == 0 {
                return Ok(false);
            }
        });
        Ok(true)
    }

    /// The session of that token and its user, however old it is. None when there is none or the user is disabled.
    pub async fn session(&self, token_hash: &TokenHash) -> Result<Option<(User, Session)>> {
        const SQL: &str = concat!(
            "SELECT ",
            user_columns!(),
            ",
                sessions.session_id, sessions.created_at, sessions.last_seen_at, sessions.remembered_until
            FROM sessions JOIN users ON users.user_id = sessions.user_id
            WHERE sessions.token_hash = $1 AND users.disabled_at IS NULL"
        );

        type Row = (String, String, String, i64, String, i64, i64, Option<i64>);
        let row: Option<Row> =
            reading!(self, db => sqlx::query_as(SQL).bind(token_hash.to_text()).fetch_optional(db).await?);
        row.map(|(user_id, username, display_name, joined, session_id, created_at, last_seen_at, remembered_until)| {
            let user: UserRow = (user_id, username, display_name, joined);
            let session = Session {
                session_id: SessionId::parse(&session_id).ok_or_else(|| unreadable("sessions.session_id"))?,
                created_at: Moment::from_millis(created_at),
                last_seen_at: Moment::from_millis(last_seen_at),
                remembered_until: remembered_until.map(Moment::from_millis),
            };
            Ok((read_user(user)?, session))
        })
        .transpose()
    }

    /// Ends a session for good. False when it had ended before.
    pub async fn end_session(&self, session_id: SessionId) -> Result<bool> {
        const SQL: &str = "DELETE FROM sessions WHERE session_id = $1";

        let ended =
            writing!(self, db => sqlx::query(SQL).bind(session_id.to_string()).execute(db).await?.rows_affected());
        Ok(ended == 1)
    }

    /// Notes when sessions were last used. One that has ended stays ended, and no time goes backwards.
    pub async fn note_last_seen(&self, seen: &[(SessionId, Moment)]) -> Result<()> {
        const SQL: &str = "UPDATE sessions SET last_seen_at = $1 WHERE session_id = $2 AND last_seen_at < $1";

        transaction!(self, tx => {
            for (session_id, at) in seen {
                sqlx::query(SQL).bind(at.millis()).bind(session_id.to_string()).execute(&mut *tx).await?;
            }
        });
        Ok(())
    }

    /// Deletes the sessions whose time is up, at most `most` of them, and says how many.
    pub async fn sweep_sessions(&self, now: Moment, limits: &SessionLimits, most: i64) -> Result<u64> {
        const SQL: &str = "
            DELETE FROM sessions WHERE session_id IN (
                SELECT session_id FROM sessions
                WHERE (remembered_until IS NULL AND (created_at <= $1 OR last_seen_at <= $2))
                   OR remembered_until <= $3
                   OR created_at <= $4
                LIMIT $5)";

        let swept = writing!(self, db => sqlx::query(SQL)
            .bind(now.minus(limits.absolute).millis())
            .bind(now.minus(limits.idle).millis())
            .bind(now.millis())
            .bind(now.minus(limits.remembered).millis())
            .bind(most)
            .execute(db)
            .await?
            .rows_affected());
        Ok(swept)
    }

    /// How many sessions are kept, those included whose time is up and that are not swept yet.
    pub async fn count_sessions(&self) -> Result<i64> {
        Ok(reading!(self, db => sqlx::query_scalar("SELECT COUNT(*) FROM sessions").fetch_one(db).await?))
    }
}
