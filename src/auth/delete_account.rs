use super::throttle::name_bucket;
use super::{Auth, Caller, ProofError};
use crate::model::Password;

impl Auth {
    /// Deletes the account of whoever knows its password, with everything that is kept about it, sessions everywhere too.
    pub async fn delete_account(&self, me: &Caller<'_>, password: Password) -> Result<(), ProofError> {
        let found = self.check_password(me, password).await?;
        let user_id = me.user.user_id;
        let (this, bucket) = (me.session.session_id, name_bucket(me.user.username.as_str()));
        let deleted = self.store.delete_user(user_id, found.password_version, this, &bucket).await?;
        self.memory.forget_user(user_id);
        if deleted { Ok(()) } else { Err(ProofError::Ended) }
    }
}
