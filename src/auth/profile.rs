use super::{Auth, Failure};
use crate::model::{DisplayName, User};

impl Auth {
    /// Changes what a user is called, and answers the user as they are then; none when the account is gone.
    pub async fn change_display_name(&self, user: &User, name: DisplayName) -> Result<Option<User>, Failure> {
        let changed = self.store.set_display_name(user.user_id, &name).await?;
        self.memory.forget_user(user.user_id);
        Ok(changed.then(|| User { display_name: name, ..user.clone() }))
    }
}
