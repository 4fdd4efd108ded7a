//! How sessions end: their time is up, or somebody ends them; and what an ending leaves behind.

use sqlx::{query, query_as};

use super::events::{NewEvent, insert_event};
use super::sessions::hold_session;
use super::timings::reading;
use super::{Result, Statement, Store, Tx, take_turns};
use crate::model::{EventKind, Moment, SessionId, SessionLimits, TokenHash, UserId};

/// Whether a session may still be used, as `Session::is_alive` says it of what is written. Its parameters are those of
/// [`asked_at`].
pub(super) const IS_ALIVE: &str = "
    CASE WHEN sessions.remembered_until IS NULL
        THEN sessions.created_at > $1 AND sessions.last_seen_at > $2
        ELSE sessions.remembered_until > $3 AND sessions.created_at > $4
    END";

/// A statement whose first four parameters are those of [`IS_ALIVE`].
pub(super) fn asked_at<'q>(sql: &'static str, now: Moment, limits: &SessionLimits) -> Statement<'q> {
    query(sql)
        .bind(now.minus(limits.absolute).millis())
        .bind(now.minus(limits.idle).millis())
        .bind(now.millis())
        .bind(now.minus(limits.remembered).millis())
}

/// Which sessions of a user.
#[derive(Clone, Copy)]
pub(super) enum Which {
    All,
    AllBut(SessionId),
    Only(SessionId),
}

impl Which {
    /// What stands for it in SQL: the one that is meant and the one that is not, each empty where there is none.
    fn only_and_but(self) -> (String, String) {
        match self {
            Self::All => (String::new(), String::new()),
            Self::AllBut(session_id) => (String::new(), session_id.to_string()),
            Self::Only(session_id) => (session_id.to_string(), String::new()),
        }
    }
}

/// Ends sessions of a user. Answers how many.
pub(super) async fn end_sessions(tx: &mut Tx, user_id: UserId, which: Which) -> Result<u64> {
    const SQL: &str = "
        DELETE FROM sessions WHERE user_id = $1 AND ($2 = '' OR session_id = $2) AND session_id <> $3";

    let (only, but) = which.only_and_but();
    tx.execute(query(SQL).bind(user_id.to_string()).bind(only).bind(but)).await
}

/// Ends sessions of the user whom an event happens to, and leaves behind why, so that their browsers can be told. Answers
/// how many.
pub(super) async fn end_sessions_from_elsewhere(tx: &mut Tx, which: Which, event: &NewEvent) -> Result<u64> {
    const NOTE: &str = "
        INSERT INTO endings (token_hash, user_id, why, ended_at)
        SELECT token_hash, user_id, $4, $5 FROM sessions
        WHERE user_id = $1 AND ($2 = '' OR session_id = $2) AND session_id <> $3
        ON CONFLICT (token_hash) DO NOTHING";

    let (only, but) = which.only_and_but();
    let note = query(NOTE)
        .bind(event.user_id.to_string())
        .bind(only)
        .bind(but)
        .bind(event.event.kind.name())
        .bind(event.event.at.millis());
    tx.execute(note).await?;
    end_sessions(tx, event.user_id, which).await
}

impl Store {
    /// Ends one session of a user for good, and keeps the event. False when it had ended before or is another user's.
    pub async fn end_session(&self, session_id: SessionId, from_elsewhere: bool, event: &NewEvent) -> Result<bool> {
        let mut tx = self.begin().await?;
        take_turns(&mut tx, event.user_id).await?;
        let this = Which::Only(session_id);
        let ended = if from_elsewhere {
            end_sessions_from_elsewhere(&mut tx, this, event).await?
        } else {
            end_sessions(&mut tx, event.user_id, this).await?
        };
        if ended == 0 {
            return Ok(false);
        }
        insert_event(&mut tx, event).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Ends all sessions of a user but one, keeps the event, and says how many there were.
    pub async fn end_other_sessions(&self, but: SessionId, event: &NewEvent) -> Result<u64> {
        let mut tx = self.begin().await?;
        if !hold_session(&mut tx, event.user_id, but).await? {
            return Ok(0);
        }
        let ended = end_sessions_from_elsewhere(&mut tx, Which::AllBut(but), event).await?;
        if ended > 0 {
            insert_event(&mut tx, event).await?;
        }
        tx.commit().await?;
        Ok(ended)
    }

    /// Why a session was ended from elsewhere, and when.
    pub async fn ending(&self, token_hash: &TokenHash) -> Result<Option<(EventKind, Moment)>> {
        const SQL: &str = "SELECT why, ended_at FROM endings WHERE token_hash = $1";

        let ending = query_as(SQL).bind(token_hash.to_text());
        let row: Option<(String, i64)> = reading(ending.fetch_optional(&self.readers)).await?;
        Ok(row.and_then(|(why, at)| Some((EventKind::parse(&why)?, Moment::from_millis(at)))))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::{ClientInfo, DisplayName, Event, EventId, PasswordHash, Session, User, Username};
    use crate::store::sessions::insert_session;
    use crate::store::{Database, NewSession, NewUser};

    const LIMITS: SessionLimits = SessionLimits {
        idle: Duration::from_secs(30 * 60),
        absolute: Duration::from_secs(12 * 3_600),
        remembered: Duration::from_secs(30 * 24 * 3_600),
    };

    /// A moment on each side of a limit, and the limit itself.
    fn around(at: Moment) -> [Moment; 3] {
        [-1, 0, 1].map(|millis| Moment::from_millis(at.millis() + millis))
    }

    /// Sessions at every limit, as tuples of when they began, when they were last used, and until when they are remembered.
    fn grid(now: Moment) -> Vec<(Moment, Moment, Option<Moment>)> {
        let began = [LIMITS.absolute, LIMITS.remembered, LIMITS.idle].map(|limit| around(now.minus(limit)));
        let seen = around(now.minus(LIMITS.idle));
        let until = around(now).map(Some).into_iter().chain([None]);
        let all = until.flat_map(|until| began.as_flattened().iter().map(move |began| (*began, until)));
        all.flat_map(|(began, until)| seen.map(|seen| (began, seen, until))).collect()
    }

    fn session(created_at: Moment, remembered_until: Option<Moment>) -> Session {
        Session {
            session_id: SessionId::new(created_at),
            created_at,
            last_seen_at: created_at,
            confirmed_at: created_at,
            remembered_until,
            client: ClientInfo::default(),
            failed_before: None,
            notice: None,
        }
    }

    async fn store_with_sessions(file: &std::path::Path, now: Moment) -> (Store, UserId) {
        let store = Store::open(&Database::Sqlite(file.to_owned())).await.unwrap();
        let username = Username::choose("ada").unwrap();
        let user =
            User { user_id: UserId::new(now), display_name: DisplayName::from(&username), username, created_at: now };
        let user_id = user.user_id;
        let event = Event::once(now, EventKind::AccountMade, ClientInfo::default());
        let event = NewEvent { event_id: EventId::new(now), user_id, event };
        let new = NewUser { user, password_hash: PasswordHash::from_phc(String::new()), disabled_at: None };
        assert!(store.add_user(&new, None, &event).await.unwrap());

        let mut seen = Vec::new();
        let mut tx = store.begin().await.unwrap();
        for (began, last_seen, until) in grid(now) {
            let session = session(began, until);
            let token_hash = crate::model::Token::random().unwrap().hash();
            let new = NewSession { user_id, session: &session, token_hash, replaces: None, browser: None };
            assert!(insert_session(&mut tx, &new, 1, false).await.unwrap());
            seen.push((session.session_id, last_seen));
        }
        tx.commit().await.unwrap();
        store.note_last_seen(&seen).await.unwrap();
        (store, user_id)
    }

    #[rocket::async_test]
    async fn sql_and_the_model_agree_on_which_sessions_may_still_be_used() {
        let folder = tempfile::tempdir().unwrap();
        let now = Moment::from_millis(100 * 24 * 3_600_000);
        let (store, user_id) = store_with_sessions(&folder.path().join("a.db"), now).await;

        let kept = store.sessions(user_id).await.unwrap();
        let open = store.open_sessions(None, 1_000, now, &LIMITS).await.unwrap();

        assert_eq!(kept.len(), grid(now).len());
        let is_open = |kept: &Session| open.iter().any(|(_, session)| session.session_id == kept.session_id);
        for session in &kept {
            assert_eq!(is_open(session), session.is_alive(session.last_seen_at, now, &LIMITS), "{session:?}");
        }
        assert!(!open.is_empty() && open.len() < kept.len());
        store.close().await;
    }
}
