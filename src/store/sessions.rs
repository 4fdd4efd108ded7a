use super::columns::{UserRow, read_client, read_user, user_columns};
use super::events::insert_event;
use super::{NewEvent, Result, Store, unreadable};
use crate::model::{
    ClientInfo, EventKind, FailedBefore, MOST_SESSIONS, Moment, Session, SessionId, TokenHash, User, UserId,
};

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
    pub client: ClientInfo,
    /// Failed attempts before it.
    pub failed_before: Option<FailedBefore>,
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
                (session_id, token_hash, user_id, created_at, last_seen_at, confirmed_at, remembered_until, user_agent,
                 address, failed_attempts, failed_since, notice)
            SELECT $1, $2, user_id, $3, $3, $3, $4, $5, $6, $7, $8, NULL
            FROM users
            WHERE user_id = $9 AND password_version = $10 AND disabled_at IS NULL";

        if let Some(replaced) = &$new.replaces {
            sqlx::query(END).bind(replaced.to_text()).execute(&mut *$tx).await?;
        }
        sqlx::query(BEGIN)
            .bind($new.session_id.to_string())
            .bind($new.token_hash.to_text())
            .bind($new.created_at.millis())
            .bind($new.remembered_until.map(|until| until.millis()))
            .bind($new.client.user_agent.as_deref())
            .bind($new.client.address.map(|address| address.to_string()))
            .bind($new.failed_before.map_or(0, |failed| failed.attempts))
            .bind($new.failed_before.map(|failed| failed.since.millis()))
            .bind($new.user_id.to_string())
            .bind::<i64>($password_version)
            .execute(&mut *$tx)
            .await?
            .rows_affected()
    }};
}
pub(super) use insert_session;

/// What stands in the place of a session's id where none is left out.
pub(super) const NO_SESSION: &str = "";

/// Notes that the sessions of a user but one are about to be ended from elsewhere, in the transaction at hand.
macro_rules! note_endings {
    ($tx:ident, $user_id:expr, $but:expr, $why:expr, $at:expr) => {{
        const SQL: &str = "
            INSERT INTO endings (token_hash, user_id, why, ended_at)
            SELECT token_hash, user_id, $1, $2 FROM sessions WHERE user_id = $3 AND session_id <> $4
            ON CONFLICT (token_hash) DO NOTHING";

        let why: EventKind = $why;
        sqlx::query(SQL)
            .bind(why.name())
            .bind($at.millis())
            .bind($user_id.to_string())
            .bind($but.to_string())
            .execute(&mut *$tx)
            .await?;
    }};
}
pub(super) use note_endings;

/// Lets whatever changes several rows of a user come one after the other, in the transaction at hand: all of it touches
/// the user first.
macro_rules! take_turns {
    ($tx:ident, $user_id:expr) => {{
        const SQL: &str = "UPDATE users SET password_version = password_version WHERE user_id = $1";

        sqlx::query(SQL).bind($user_id.to_string()).execute(&mut *$tx).await?;
    }};
}
pub(super) use take_turns;

/// Whether the session of a user that asks has not been ended meanwhile, in the transaction at hand: one that was changes
/// nothing any more. It touches the row, so that whoever ends the session at the same time comes before or after.
macro_rules! is_still_there {
    ($tx:ident, $user_id:expr, $session_id:expr) => {{
        const SQL: &str = "UPDATE sessions SET last_seen_at = last_seen_at WHERE session_id = $1 AND user_id = $2";

        $crate::store::sessions::take_turns!($tx, $user_id);
        sqlx::query(SQL)
            .bind($session_id.to_string())
            .bind($user_id.to_string())
            .execute(&mut *$tx)
            .await?
            .rows_affected()
            > 0
    }};
}
pub(super) use is_still_there;

/// The columns of a session, in the order of [`SessionRow`].
macro_rules! session_columns {
    () => {
        "sessions.session_id, sessions.created_at AS began_at, sessions.last_seen_at, sessions.confirmed_at,
         sessions.remembered_until, sessions.user_agent, sessions.address, sessions.failed_attempts,
         sessions.failed_since, sessions.notice"
    };
}
pub(super) use session_columns;

#[derive(sqlx::FromRow)]
pub(super) struct SessionRow {
    session_id: String,
    began_at: i64,
    last_seen_at: i64,
    confirmed_at: i64,
    remembered_until: Option<i64>,
    user_agent: Option<String>,
    address: Option<String>,
    failed_attempts: i64,
    failed_since: Option<i64>,
    notice: Option<String>,
}

impl SessionRow {
    pub(super) fn read(self) -> Result<Session> {
        Ok(Session {
            session_id: SessionId::parse(&self.session_id).ok_or_else(|| unreadable("sessions.session_id"))?,
            created_at: Moment::from_millis(self.began_at),
            last_seen_at: Moment::from_millis(self.last_seen_at),
            confirmed_at: Moment::from_millis(self.confirmed_at),
            remembered_until: self.remembered_until.map(Moment::from_millis),
            client: read_client(self.user_agent, self.address),
            failed_before: self
                .failed_since
                .map(|since| FailedBefore { attempts: self.failed_attempts, since: Moment::from_millis(since) }),
            notice: self.notice.as_deref().and_then(EventKind::parse),
        })
    }
}

impl Store {
    /// Begins a session and ends the one it replaces, both or neither, and keeps the events. Of more sessions than a user
    /// may have, the oldest end. None when the password is no longer the one of `password_version`, the user is gone or
    /// disabled, or asks for a second factor by now and had none to show: then nothing changes. Else how many sessions had
    /// to go.
    pub async fn start_session(
        &self,
        new: &NewSession,
        password_version: i64,
        showed_second_factor: bool,
        events: &[NewEvent],
        when_oldest_ends: &NewEvent,
    ) -> Result<Option<u64>> {
        const END_OLDEST: &str = "
            DELETE FROM sessions WHERE user_id = $1 AND session_id NOT IN (
                SELECT session_id FROM sessions WHERE user_id = $1
                ORDER BY created_at DESC, session_id DESC LIMIT $2)";

        const ASKS_FOR_MORE: &str = "
            SELECT COUNT(*) FROM second_factors WHERE user_id = $1 AND confirmed_at IS NOT NULL";

        let mut ended = 0;
        transaction!(self, tx => {
            take_turns!(tx, new.user_id);
            let asks_for_more: i64 =
                sqlx::query_scalar(ASKS_FOR_MORE).bind(new.user_id.to_string()).fetch_one(&mut *tx).await?;
            if asks_for_more > 0 && !showed_second_factor {
                return Ok(None);
            }
            if insert_session!(tx, new, password_version) == 0 {
                return Ok(None);
            }
            ended += sqlx::query(END_OLDEST)
                .bind(new.user_id.to_string())
                .bind(MOST_SESSIONS)
                .execute(&mut *tx)
                .await?
                .rows_affected();
            for event in events {
                insert_event!(tx, event);
            }
            if ended > 0 {
                insert_event!(tx, when_oldest_ends);
            }
        });
        Ok(Some(ended))
    }

    /// The failed attempts to sign in since the user last did; none when there were none.
    pub async fn failed_before(&self, user_id: UserId) -> Result<Option<FailedBefore>> {
        const SQL: &str = "
            SELECT COUNT(*), MIN(since.at), MIN(events.at)
            FROM events, (
                SELECT COALESCE(MAX(at), 0) AS at FROM events WHERE user_id = $1 AND kind IN ($2, $3)) AS since
            WHERE events.user_id = $1 AND events.kind IN ($4, $5, $6) AND events.at > since.at";

        let (attempts, since, first): (i64, Option<i64>, Option<i64>) = reading!(self, db => sqlx::query_as(SQL)
            .bind(user_id.to_string())
            .bind(EventKind::LoggedIn.name())
            .bind(EventKind::SignedUp.name())
            .bind(EventKind::LogInFailed.name())
            .bind(EventKind::CodeRefused.name())
            .bind(EventKind::KeptOut.name())
            .fetch_one(db)
            .await?);
        // The sign-in before may be so long ago that it is not kept any more.
        let since = since.filter(|since| *since > 0).or(first);
        Ok(since.filter(|_| attempts > 0).map(|since| FailedBefore { attempts, since: Moment::from_millis(since) }))
    }

    /// The session of that token and its user, however old it is. None when there is none or the user is disabled.
    pub async fn session(&self, token_hash: &TokenHash) -> Result<Option<(User, Session)>> {
        const SQL: &str = concat!(
            "SELECT ",
            user_columns!(),
            " AS joined_at, ",
            session_columns!(),
            " FROM sessions JOIN users ON users.user_id = sessions.user_id
            WHERE sessions.token_hash = $1 AND users.disabled_at IS NULL"
        );

        #[derive(sqlx::FromRow)]
        struct Row {
            user_id: String,
            username: String,
            display_name: String,
            joined_at: i64,
            #[sqlx(flatten)]
            session: SessionRow,
        }

        let row: Option<Row> =
            reading!(self, db => sqlx::query_as(SQL).bind(token_hash.to_text()).fetch_optional(db).await?);
        row.map(|row| {
            let user: UserRow = (row.user_id, row.username, row.display_name, row.joined_at);
            Ok((read_user(user)?, row.session.read()?))
        })
        .transpose()
    }

    /// All sessions of a user, however old, the last used first.
    pub async fn sessions(&self, user_id: UserId) -> Result<Vec<Session>> {
        const SQL: &str = concat!(
            "SELECT ",
            session_columns!(),
            " FROM sessions WHERE user_id = $1 ORDER BY last_seen_at DESC, session_id DESC"
        );

        let rows: Vec<SessionRow> =
            reading!(self, db => sqlx::query_as(SQL).bind(user_id.to_string()).fetch_all(db).await?);
        rows.into_iter().map(SessionRow::read).collect()
    }

    /// Ends one session of a user for good, and keeps the event. False when it had ended before or is another user's.
    pub async fn end_session(&self, session_id: SessionId, from_elsewhere: bool, event: &NewEvent) -> Result<bool> {
        const NOTE: &str = "
            INSERT INTO endings (token_hash, user_id, why, ended_at)
            SELECT token_hash, user_id, $1, $2 FROM sessions WHERE session_id = $3 AND user_id = $4
            ON CONFLICT (token_hash) DO NOTHING";
        const END: &str = "DELETE FROM sessions WHERE session_id = $1 AND user_id = $2";

        transaction!(self, tx => {
            take_turns!(tx, event.user_id);
            if from_elsewhere {
                sqlx::query(NOTE)
                    .bind(event.event.kind.name())
                    .bind(event.event.at.millis())
                    .bind(session_id.to_string())
                    .bind(event.user_id.to_string())
                    .execute(&mut *tx)
                    .await?;
            }
            let ended = sqlx::query(END)
                .bind(session_id.to_string())
                .bind(event.user_id.to_string())
                .execute(&mut *tx)
                .await?
                .rows_affected();
            if ended == 0 {
                return Ok(false);
            }
            insert_event!(tx, event);
        });
        Ok(true)
    }

    /// Ends all sessions of a user but one, keeps the event, and says how many there were.
    pub async fn end_other_sessions(&self, but: SessionId, event: &NewEvent) -> Result<u64> {
        const SQL: &str = "DELETE FROM sessions WHERE user_id = $1 AND session_id <> $2";

        let mut ended = 0;
        transaction!(self, tx => {
            if !is_still_there!(tx, event.user_id, but) {
                return Ok(0);
            }
            note_endings!(tx, event.user_id, but, event.event.kind, event.event.at);
            ended += sqlx::query(SQL)
                .bind(event.user_id.to_string())
                .bind(but.to_string())
                .execute(&mut *tx)
                .await?
                .rows_affected();
            if ended > 0 {
                insert_event!(tx, event);
            }
        });
        Ok(ended)
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

        transaction!(self, tx => {
            take_turns!(tx, event.user_id);
            let renewed = sqlx::query(SQL)
                .bind(new.to_text())
                .bind(event.event.at.millis())
                .bind(session_id.to_string())
                .bind(old.to_text())
                .execute(&mut *tx)
                .await?
                .rows_affected();
            if renewed == 0 {
                return Ok(false);
            }
            insert_event!(tx, event);
        });
        Ok(true)
    }

    /// Takes the notice from a session, because its user has seen it.
    pub async fn drop_notice(&self, session_id: SessionId) -> Result<()> {
        const SQL: &str = "UPDATE sessions SET notice = NULL WHERE session_id = $1";

        writing!(self, db => {
            sqlx::query(SQL).bind(session_id.to_string()).execute(db).await?;
        });
        Ok(())
    }

    /// Why a session was ended from elsewhere, and when.
    pub async fn ending(&self, token_hash: &TokenHash) -> Result<Option<(EventKind, Moment)>> {
        const SQL: &str = "SELECT why, ended_at FROM endings WHERE token_hash = $1";

        let row: Option<(String, i64)> =
            reading!(self, db => sqlx::query_as(SQL).bind(token_hash.to_text()).fetch_optional(db).await?);
        Ok(row.and_then(|(why, at)| Some((EventKind::parse(&why)?, Moment::from_millis(at)))))
    }

    /// Notes when sessions were last used. One that has ended stays ended, and no time goes backwards.
    pub async fn note_last_seen(&self, seen: &[(SessionId, Moment)]) -> Result<()> {
        const SQL: &str = "UPDATE sessions SET last_seen_at = $1 WHERE session_id = $2 AND last_seen_at < $1";

        match self {
            Self::Sqlite { .. } => transaction!(self, tx => {
                for (session_id, at) in seen {
                    sqlx::query(SQL).bind(at.millis()).bind(session_id.to_string()).execute(&mut *tx).await?;
                }
            }),
            // Each by itself: a transaction that holds the rows of many users would make them wait for one another.
            Self::Postgres { pool } => {
                for (session_id, at) in seen {
                    sqlx::query(SQL).bind(at.millis()).bind(session_id.to_string()).execute(pool).await?;
                }
            }
        }
        Ok(())
    }

    /// How many sessions are kept, those included whose time is up and that are not swept yet.
    pub async fn count_sessions(&self) -> Result<i64> {
        Ok(reading!(self, db => sqlx::query_scalar("SELECT COUNT(*) FROM sessions").fetch_one(db).await?))
    }
}
