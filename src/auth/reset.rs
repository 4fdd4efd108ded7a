//! A way back for whoever lost the password: a link that the operator makes, good for one new password (ASVS 6.4.3, 6.4.6).
//! Two-factor authentication stays as it is.

use super::throttle::name_bucket;
use super::{Auth, Failure};
use crate::model::{ClientInfo, EventKind, Moment, Password, RESET_LASTS, Token, UserId};
pub use crate::store::Reset;

impl Auth {
    /// Makes a link's token in the place of one that was made before, and says until when it is good. None when the user is
    /// gone or disabled.
    pub async fn make_reset(&self, user_id: UserId) -> Result<Option<(Token, Moment)>, Failure> {
        let token = Token::random()?;
        let event = self.event(user_id, EventKind::ResetLinkMade, &ClientInfo::default());
        let expires_at = event.event.at.plus(RESET_LASTS);
        let made = self.store.add_reset(&token.hash(), expires_at, &event).await?;
        Ok(made.then_some((token, expires_at)))
    }

    /// Whose password a token sets. None when it is worth nothing: nobody is told why. Asking uses nothing up.
    pub async fn reset(&self, token: &Token) -> Result<Option<Reset>, Failure> {
        self.store.reset(&token.hash(), self.clock.now()).await
    }

    /// Sets a new password by a token that was found good, and uses it up. Every session of the user ends, and what
    /// strangers failed at is not counted any more. False when it is worth nothing by now: of two at once one wins.
    ///
    /// Nobody guesses 256 bits, so no permit is asked for; and only whoever holds a good one makes us hash.
    pub async fn reset_password(
        &self,
        token: &Token,
        found: &Reset,
        new: Password,
        client: &ClientInfo,
    ) -> Result<bool, Failure> {
        let user = &found.user;
        let new_hash = self.hasher.hash(new).await?;
        let event = self.event(user.user_id, EventKind::PasswordReset, client);
        let bucket = name_bucket(user.username.as_str());
        let set = self.store.reset_password(&token.hash(), found.password_version, &new_hash, &bucket, &event).await?;
        self.memory.forget_user(user.user_id);
        Ok(set)
    }
}
