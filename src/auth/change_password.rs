use super::{Auth, Caller, ProofError, StartedSession};
use crate::model::{EventKind, Password};

impl Auth {
    /// Changes the password. Every session ends, this one too, and a new one begins in its place; a login that was verifying
    /// the old password meanwhile gets none, and browsers that the old one made known are known no more (ASVS 6.2.2, 6.2.3,
    /// 7.4.3).
    pub async fn change_password(
        &self,
        me: &Caller<'_>,
        current: Password,
        new: Password,
    ) -> Result<StartedSession, ProofError> {
        let found = self.check_password(me, current).await?;
        let new_hash = self.hasher.hash(new).await?;

        let started = self.new_session(me.user, &me.client, me.session.remembered_until.is_some())?;
        let event = self.event(me.user.user_id, EventKind::PasswordChanged, &me.client);
        let (this, version) = (me.session.session_id, found.password_version);
        let changed =
            self.store.change_password(&new_hash, version, this, &started.to_keep(None, None), &event).await?;
        self.memory.forget_user(me.user.user_id);
        if !changed {
            return Err(ProofError::Ended);
        }
        Ok(started)
    }
}
