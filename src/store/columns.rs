//! What several tables' rows are read by.

use super::{Result, unreadable};
use crate::model::{ClientInfo, DisplayName, Moment, User, UserId, Username};

/// The columns of a user, in the order of [`UserRow`].
macro_rules! user_columns {
    () => {
        "users.user_id, users.username, users.display_name, users.created_at"
    };
}
pub(super) use user_columns;

pub(super) type UserRow = (String, String, String, i64);

pub(super) fn read_user((user_id, username, display_name, created_at): UserRow) -> Result<User> {
    Ok(User {
        user_id: UserId::parse(&user_id).ok_or_else(|| unreadable("users.user_id"))?,
        username: Username::from_kept(username),
        display_name: DisplayName::from_kept(display_name),
        created_at: Moment::from_millis(created_at),
    })
}

/// Reads a client from its two columns.
pub(super) fn read_client(user_agent: Option<String>, address: Option<String>) -> ClientInfo {
    ClientInfo { user_agent, address: address.and_then(|address| address.parse().ok()) }
}
