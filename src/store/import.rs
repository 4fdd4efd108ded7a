//! Users of another system, taken in by the hundred.

use super::events::insert_event;
use super::users::insert_user;
use super::{NewEvent, NewUser, Result, Store};
use crate::model::{Moment, Username};

/// An account that another system made.
#[derive(Debug)]
pub struct ImportedUser {
    /// The account, with the hash of the other system.
    pub new: NewUser,
    /// Since when it may not be used.
    pub disabled_at: Option<Moment>,
    /// What its owner will read of it.
    pub event: NewEvent,
}

impl Store {
    /// Makes these accounts, without sessions, in one transaction. Answers for each whether it was made; it was not where
    /// the name is taken, in whatever spelling.
    pub async fn import_users(&self, users: &[ImportedUser]) -> Result<Vec<bool>> {
        // In the order of the names, so that of two imports at once neither waits for the other while that waits for it.
        let mut order: Vec<usize> = (0..users.len()).collect();
        order.sort_by_cached_key(|place| users[*place].new.user.username.key());
        let mut made = vec![false; users.len()];
        transaction!(self, tx => {
            for place in order {
                let ImportedUser { new, disabled_at, event } = &users[place];
                let added = insert_user!(tx, new, disabled_at.map(Moment::millis));
                if added == 1 {
                    insert_event!(tx, event);
                }
                made[place] = added == 1;
            }
        });
        Ok(made)
    }

    /// Whether somebody has that name, in whatever spelling.
    pub async fn is_taken(&self, username: &Username) -> Result<bool> {
        const SQL: &str = "SELECT COUNT(*) FROM users WHERE username_key = $1";

        let found: i64 = reading!(self, db => sqlx::query_scalar(SQL).bind(username.key()).fetch_one(db).await?);
        Ok(found > 0)
    }
}
