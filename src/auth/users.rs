//! What the operator can do to users and their sessions, and what a user is called.

use super::{Auth, Failure, SignUpError};
use crate::model::{ClientInfo, DisplayName, EventKind, Password, Session, SessionId, User, UserId, Username};
pub use crate::store::Account;

/// How many users' sessions are ended in one transaction, so that nobody who logs in meanwhile waits for long.
const ENDED_AT_ONCE: i64 = 200;

impl Auth {
    /// Changes what a user is called, and answers the user as they are then; none when the account is gone.
    pub async fn change_display_name(&self, user: &User, name: DisplayName) -> Result<Option<User>, Failure> {
        let changed = self.store.set_display_name(user.user_id, &name).await?;
        self.memory.forget_user(user.user_id);
        Ok(changed.then(|| User { display_name: name, ..user.clone() }))
    }

    /// The accounts whose user names hold a text, by name, at most so many; and how many there are in all.
    pub async fn accounts(&self, search: &str, most: i64) -> Result<(Vec<Account>, i64), Failure> {
        let accounts = self.store.accounts(search, most, self.clock.now(), &self.rules.sessions).await?;
        Ok((accounts, self.store.count_accounts(search).await?))
    }

    /// Who has a name, in whatever spelling.
    pub async fn find_user(&self, username: &str) -> Result<Option<User>, Failure> {
        let Ok(username) = Username::parse(username) else { return Ok(None) };
        let found = self.store.credentials(&username).await?;
        Ok(found.map(|found| found.user))
    }

    /// Makes an account for somebody else, also where signing up is closed. Nobody is signed in by it.
    pub async fn make_account(&self, username: Username, password: Password) -> Result<User, SignUpError> {
        let new = self.new_user(username, password).await?;
        let event = self.event(new.user.user_id, EventKind::AccountMade, &ClientInfo::default());
        if self.store.add_user(&new, None, &event).await? { Ok(new.user) } else { Err(SignUpError::NameTaken) }
    }

    /// Closes an account and ends its sessions (ASVS 7.4.2). None when it was closed before; else how many ended.
    pub async fn disable(&self, user_id: UserId) -> Result<Option<u64>, Failure> {
        let event = self.event(user_id, EventKind::Disabled, &ClientInfo::default());
        let ended = self.store.disable_user(&event).await?;
        self.memory.forget_user(user_id);
        Ok(ended)
    }

    /// Opens an account again. False when it was open.
    pub async fn enable(&self, user_id: UserId) -> Result<bool, Failure> {
        let event = self.event(user_id, EventKind::Enabled, &ClientInfo::default());
        self.store.enable_user(&event).await
    }

    /// The open sessions of one user or of all with who is in them, the last used first, at most so many.
    pub async fn open_sessions(&self, of: Option<UserId>, most: i64) -> Result<Vec<(Username, Session)>, Failure> {
        self.store.open_sessions(of, most, self.clock.now(), &self.rules.sessions).await
    }

    /// Ends one session, whosever it is (ASVS 7.4.5). False when it had ended before, or never was.
    pub async fn end_any_session(&self, session_id: SessionId) -> Result<bool, Failure> {
        let Some(user_id) = self.store.user_of_session(session_id).await? else { return Ok(false) };
        let event = self.event(user_id, EventKind::EndedByOperator, &ClientInfo::default());
        let ended = self.store.end_session(session_id, true, &event).await?;
        self.memory.forget_user(user_id);
        Ok(ended)
    }

    /// Ends every session of a user, and says how many there were.
    pub async fn end_sessions_of(&self, user_id: UserId) -> Result<u64, Failure> {
        let event = self.event(user_id, EventKind::EndedByOperator, &ClientInfo::default());
        let ended = self.store.end_all_sessions(&[event]).await?;
        self.memory.forget_user(user_id);
        Ok(ended)
    }

    /// Ends every session of everybody, and says how many there were; `told` is told from time to time how many so far.
    /// One that begins meanwhile may go on.
    pub async fn end_all_sessions(&self, told: impl Fn(u64)) -> Result<u64, Failure> {
        let (mut ended, mut after) = (0, None);
        loop {
            let users = self.store.users_with_sessions(after, ENDED_AT_ONCE).await?;
            let Some(last) = users.last() else { return Ok(ended) };
            let event = |user_id: &UserId| self.event(*user_id, EventKind::EndedByOperator, &ClientInfo::default());
            let events: Vec<_> = users.iter().map(event).collect();
            ended += self.store.end_all_sessions(&events).await?;
            for user_id in &users {
                self.memory.forget_user(*user_id);
            }
            told(ended);
            after = Some(*last);
        }
    }
}
