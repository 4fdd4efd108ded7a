//! What the operator asks about accounts and sessions, and does to them.

use super::columns::{read_user, user_columns};
use super::events::insert_event;
use super::sessions::{NO_SESSION, SessionRow, note_endings, session_columns, take_turns};
use super::users::insert_user;
use super::{NewEvent, NewUser, Result, Store, unreadable};
use crate::model::{EventKind, Moment, Session, SessionId, SessionLimits, User, UserId, Username};

/// An account, as the operator sees it.
#[derive(Debug)]
pub struct Account {
    /// As everyone may see them.
    pub user: User,
    /// Since when the account may not be used.
    pub disabled_at: Option<Moment>,
    /// Whether a second step is asked for.
    pub has_second_factor: bool,
    /// How many sessions are open.
    pub open_sessions: i64,
    /// When they last signed in, as far as that is kept.
    pub last_sign_in: Option<Moment>,
}

/// Which sessions are open at `now`, and whose.
#[derive(Clone, Copy, Debug)]
pub struct Open<'a> {
    /// The moment.
    pub now: Moment,
    /// How long sessions may last.
    pub limits: &'a SessionLimits,
}

/// What is open; its parameters are those of [`Open`], from `$1` to `$4`.
macro_rules! is_open {
    () => {
        "((sessions.remembered_until IS NULL AND sessions.created_at > $1 AND sessions.last_seen_at > $2)
          OR (sessions.remembered_until > $3 AND sessions.created_at > $4))"
    };
}

/// Binds the parameters of `is_open!`.
macro_rules! bind_open {
    ($query:expr, $open:expr) => {
        $query
            .bind($open.now.minus($open.limits.absolute).millis())
            .bind($open.now.minus($open.limits.idle).millis())
            .bind($open.now.millis())
            .bind($open.now.minus($open.limits.remembered).millis())
    };
}

/// Ends every session of the user whom an event happens to, in the transaction at hand, and notes why. Answers how many.
macro_rules! end_sessions_of {
    ($tx:ident, $event:expr) => {{
        const SQL: &str = "DELETE FROM sessions WHERE user_id = $1";

        let event: &$crate::store::NewEvent = $event;
        note_endings!($tx, event.user_id, NO_SESSION, event.event.kind, event.event.at);
        sqlx::query(SQL).bind(event.user_id.to_string()).execute(&mut *$tx).await?.rows_affected()
    }};
}

#[derive(sqlx::FromRow)]
struct SessionOfRow {
    username: String,
    #[sqlx(flatten)]
    session: SessionRow,
}

impl Store {
    /// The accounts whose user names hold this text, by name, at most so many.
    pub async fn accounts(&self, search: &str, most: i64, open: Open<'_>) -> Result<Vec<Account>> {
        const SQL: &str = concat!(
            "SELECT ",
            user_columns!(),
            ", users.disabled_at,
                (SELECT COUNT(*) FROM second_factors
                 WHERE second_factors.user_id = users.user_id AND second_factors.confirmed_at IS NOT NULL),
                (SELECT COUNT(*) FROM sessions WHERE sessions.user_id = users.user_id AND ",
            is_open!(),
            "),
                (SELECT MAX(events.at) FROM events
                 WHERE events.user_id = users.user_id AND events.kind IN ($5, $6))
            FROM users WHERE users.username_key LIKE $7 ESCAPE '!' ORDER BY users.username_key LIMIT $8"
        );

        type Row = (String, String, String, i64, Option<i64>, i64, i64, Option<i64>);
        let rows: Vec<Row> = reading!(self, db => bind_open!(sqlx::query_as(SQL), open)
            .bind(EventKind::LoggedIn.name())
            .bind(EventKind::SignedUp.name())
            .bind(holding(search))
            .bind(most)
            .fetch_all(db)
            .await?);
        let read = |row: Row| {
            let (user_id, username, display_name, created_at, disabled_at, second_factors, open_sessions, last) = row;
            Ok(Account {
                user: read_user((user_id, username, display_name, created_at))?,
                disabled_at: disabled_at.map(Moment::from_millis),
                has_second_factor: second_factors > 0,
                open_sessions,
                last_sign_in: last.map(Moment::from_millis),
            })
        };
        rows.into_iter().map(read).collect()
    }

    /// How many accounts have user names that hold this text.
    pub async fn count_accounts(&self, search: &str) -> Result<i64> {
        const SQL: &str = "SELECT COUNT(*) FROM users WHERE username_key LIKE $1 ESCAPE '!'";

        Ok(reading!(self, db => sqlx::query_scalar(SQL).bind(holding(search)).fetch_one(db).await?))
    }

    /// Makes an account without a session. False when the name is taken, in whatever spelling.
    pub async fn add_account(&self, new: &NewUser, event: &NewEvent) -> Result<bool> {
        transaction!(self, tx => {
            if insert_user!(tx, new, None) == 0 {
                return Ok(false);
            }
            insert_event!(tx, event);
        });
        Ok(true)
    }

    /// Closes an account: its sessions end, and a link to set a new password is worth nothing. None when it was closed
    /// before, or is gone; else how many sessions ended.
    pub async fn disable_user(&self, event: &NewEvent) -> Result<Option<u64>> {
        const DISABLE: &str = "UPDATE users SET disabled_at = $1 WHERE user_id = $2 AND disabled_at IS NULL";
        const DROP_LINK: &str = "DELETE FROM resets WHERE user_id = $1";

        let mut ended = 0;
        transaction!(self, tx => {
            let disabled = sqlx::query(DISABLE)
                .bind(event.event.at.millis())
                .bind(event.user_id.to_string())
                .execute(&mut *tx)
                .await?
                .rows_affected();
            if disabled == 0 {
                return Ok(None);
            }
            sqlx::query(DROP_LINK).bind(event.user_id.to_string()).execute(&mut *tx).await?;
            ended += end_sessions_of!(tx, event);
            insert_event!(tx, event);
        });
        Ok(Some(ended))
    }

    /// Opens an account again. False when it was open, or is gone.
    pub async fn enable_user(&self, event: &NewEvent) -> Result<bool> {
        const SQL: &str = "UPDATE users SET disabled_at = NULL WHERE user_id = $1 AND disabled_at IS NOT NULL";

        transaction!(self, tx => {
            let enabled = sqlx::query(SQL).bind(event.user_id.to_string()).execute(&mut *tx).await?.rows_affected();
            if enabled == 0 {
                return Ok(false);
            }
            insert_event!(tx, event);
        });
        Ok(true)
    }

    /// The open sessions of one user or of all with who is in them, the last used first, at most so many.
    pub async fn open_sessions(
        &self,
        of: Option<UserId>,
        most: i64,
        open: Open<'_>,
    ) -> Result<Vec<(Username, Session)>> {
        const SQL: &str = concat!(
            "SELECT users.username, ",
            session_columns!(),
            " FROM sessions JOIN users ON users.user_id = sessions.user_id
            WHERE users.disabled_at IS NULL AND ",
            is_open!(),
            " AND ($5 = '' OR sessions.user_id = $5)
            ORDER BY sessions.last_seen_at DESC, sessions.session_id DESC LIMIT $6"
        );

        let rows: Vec<SessionOfRow> = reading!(self, db => bind_open!(sqlx::query_as(SQL), open)
            .bind(of.map_or_else(String::new, |user_id| user_id.to_string()))
            .bind(most)
            .fetch_all(db)
            .await?);
        rows.into_iter().map(|row| Ok((Username::from_kept(row.username), row.session.read()?))).collect()
    }

    /// Who is in a session.
    pub async fn user_of_session(&self, session_id: SessionId) -> Result<Option<UserId>> {
        const SQL: &str = "SELECT user_id FROM sessions WHERE session_id = $1";

        let row: Option<String> =
            reading!(self, db => sqlx::query_scalar(SQL).bind(session_id.to_string()).fetch_optional(db).await?);
        row.map(|user_id| UserId::parse(&user_id).ok_or_else(|| unreadable("sessions.user_id"))).transpose()
    }

    /// Users who have sessions, whose ids come after that one, at most so many in the order of the ids.
    pub async fn users_with_sessions(&self, after: Option<UserId>, most: i64) -> Result<Vec<UserId>> {
        const SQL: &str = "SELECT DISTINCT user_id FROM sessions WHERE user_id > $1 ORDER BY user_id LIMIT $2";

        let rows: Vec<String> = reading!(self, db => sqlx::query_scalar(SQL)
            .bind(after.map_or_else(String::new, |user_id| user_id.to_string()))
            .bind(most)
            .fetch_all(db)
            .await?);
        rows.iter().map(|user_id| UserId::parse(user_id).ok_or_else(|| unreadable("sessions.user_id"))).collect()
    }

    /// Ends every session of the users whom these events happen to, and keeps the events of those who had one. Says how
    /// many sessions there were.
    pub async fn end_all_sessions(&self, events: &[NewEvent]) -> Result<u64> {
        let mut ended = 0;
        transaction!(self, tx => {
            for event in events {
                take_turns!(tx, event.user_id);
                let of_this_user = end_sessions_of!(tx, event);
                if of_this_user > 0 {
                    insert_event!(tx, event);
                }
                ended += of_this_user;
            }
        });
        Ok(ended)
    }
}

/// What finds texts that hold this one; nothing in it stands for other characters.
fn holding(text: &str) -> String {
    let escaped = text.to_lowercase().replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{escaped}%")
}
