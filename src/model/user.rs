use serde::Serialize;

use super::{DisplayName, Moment, UserId, Username};

/// A person with an account, as anyone may see them: nothing in here is secret.
#[derive(Clone, Debug, Serialize)]
pub struct User {
    pub user_id: UserId,
    /// What they log in with.
    pub username: Username,
    /// What they want to be called.
    pub display_name: DisplayName,
    pub created_at: Moment,
}
