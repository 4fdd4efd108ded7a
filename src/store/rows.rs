//! What several statements share: columns, and how the model is read from rows of them.

use std::sync::LazyLock;

use sqlx::any::AnyRow;
use sqlx::{FromRow, Row};

use crate::model::{
    ClientInfo, DisplayName, EventKind, FailedBefore, Moment, Session, SessionId, User, UserId, Username,
};

/// A statement that is put together from shared parts, once.
pub(super) type Sql = LazyLock<String>;

pub(super) const USER: &str = "users.user_id, users.username, users.display_name, users.created_at AS joined_at";

pub(super) const SESSION: &str = "sessions.session_id, sessions.created_at, sessions.last_seen_at,
    sessions.confirmed_at, sessions.remembered_until, sessions.user_agent, sessions.address, sessions.failed_attempts,
    sessions.failed_since, sessions.notice";

/// How many confirmed second factors a user has: one or none.
pub(super) const SECOND_FACTORS: &str = "(
    SELECT COUNT(*) FROM second_factors
    WHERE second_factors.user_id = users.user_id AND second_factors.confirmed_at IS NOT NULL) AS second_factors";

impl FromRow<'_, AnyRow> for User {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        Ok(Self {
            user_id: parsed(row, "user_id", UserId::parse)?,
            username: Username::from_kept(row.try_get("username")?),
            display_name: DisplayName::from_kept(row.try_get("display_name")?),
            created_at: Moment::from_millis(row.try_get("joined_at")?),
        })
    }
}

impl FromRow<'_, AnyRow> for Session {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        let attempts = row.try_get("failed_attempts")?;
        let notice: Option<&str> = row.try_get("notice")?;
        Ok(Self {
            session_id: parsed(row, "session_id", SessionId::parse)?,
            created_at: Moment::from_millis(row.try_get("created_at")?),
            last_seen_at: Moment::from_millis(row.try_get("last_seen_at")?),
            confirmed_at: Moment::from_millis(row.try_get("confirmed_at")?),
            remembered_until: moment_if_any(row, "remembered_until")?,
            client: ClientInfo::from_row(row)?,
            failed_before: moment_if_any(row, "failed_since")?.map(|since| FailedBefore { attempts, since }),
            notice: notice.and_then(EventKind::parse),
        })
    }
}

impl FromRow<'_, AnyRow> for ClientInfo {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        let address: Option<&str> = row.try_get("address")?;
        Ok(Self { user_agent: row.try_get("user_agent")?, address: address.and_then(|address| address.parse().ok()) })
    }
}

/// Reads text that must be what the model accepts.
pub(super) fn parsed<T>(row: &AnyRow, column: &str, parse: impl FnOnce(&str) -> Option<T>) -> sqlx::Result<T> {
    let unreadable = || sqlx::Error::ColumnDecode { index: column.to_owned(), source: "it cannot be read".into() };
    parse(row.try_get(column)?).ok_or_else(unreadable)
}

/// Whether [`SECOND_FACTORS`] found one.
pub(super) fn has_second_factor(row: &AnyRow) -> sqlx::Result<bool> {
    let second_factors: i64 = row.try_get("second_factors")?;
    Ok(second_factors > 0)
}

pub(super) fn moment_if_any(row: &AnyRow, column: &str) -> sqlx::Result<Option<Moment>> {
    let millis: Option<i64> = row.try_get(column)?;
    Ok(millis.map(Moment::from_millis))
}
