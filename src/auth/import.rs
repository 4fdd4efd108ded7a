//! Taking in the users of another system, with their old hashes: they log in with their old passwords, and have one of our
//! hashes from then on.

use super::hashing::{HashProblem, read_hash};
use super::{Auth, Failure};
use crate::model::{
    ClientInfo, DisplayName, DisplayNameProblem, EventKind, Moment, PasswordHash, User, UserId, Username,
    UsernameProblem,
};
use crate::store::NewUser;

/// A user as the other system's file has them: text that nobody has looked at yet.
#[derive(Default)]
pub struct WrittenUser {
    /// What they log in with.
    pub username: Option<String>,
    /// What the other system compares their password with.
    pub password_hash: Option<String>,
    /// What they are called; the user name, when absent.
    pub display_name: Option<String>,
    /// When they signed up there, in RFC 3339; now, when absent.
    pub created_at: Option<String>,
    /// `true` for an account that may not be used.
    pub disabled: Option<String>,
}

/// A user who may be taken in.
#[derive(Debug)]
pub struct Import {
    username: Username,
    password_hash: PasswordHash,
    display_name: DisplayName,
    created_at: Option<Moment>,
    is_disabled: bool,
}

/// Why a user is not taken in, as a sentence for the operator.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportProblem {
    #[error("{0} is missing.")]
    Missing(&'static str),
    #[error("username: {0}")]
    Username(#[from] UsernameProblem),
    #[error("username: An account has this name already, in this or another spelling.")]
    NameTaken,
    #[error("password_hash: {0}")]
    Hash(#[from] HashProblem),
    #[error("display_name: {0}")]
    DisplayName(#[from] DisplayNameProblem),
    #[error("created_at: Write a time that has passed since 1970, like 2024-02-29T12:00:00Z.")]
    CreatedAt,
    #[error("disabled: Write true or false.")]
    Disabled,
}

impl Import {
    /// Checks what is written of a user by the rules for new ones, but for the password, which nobody knows.
    pub fn check(written: &WrittenUser, now: Moment) -> Result<Self, ImportProblem> {
        let username = given(&written.username).ok_or(ImportProblem::Missing("username"))?;
        let username = Username::choose(username)?;
        let password_hash = given(&written.password_hash).ok_or(ImportProblem::Missing("password_hash"))?;
        let created_at = match given(&written.created_at) {
            None => None,
            Some(text) => {
                let at = Moment::parse(text).filter(|at| (0..=now.millis()).contains(&at.millis()));
                Some(at.ok_or(ImportProblem::CreatedAt)?)
            }
        };
        Ok(Self {
            password_hash: read_hash(password_hash)?,
            display_name: match given(&written.display_name) {
                Some(name) => DisplayName::parse(name)?,
                None => DisplayName::from(&username),
            },
            username,
            created_at,
            is_disabled: match given(&written.disabled) {
                None | Some("false") => false,
                Some("true") => true,
                Some(_) => return Err(ImportProblem::Disabled),
            },
        })
    }

    /// What they will log in with.
    pub fn username(&self) -> &Username {
        &self.username
    }
}

/// An empty field is the same as none.
fn given(field: &Option<String>) -> Option<&str> {
    field.as_deref().filter(|text| !text.is_empty())
}

impl Auth {
    /// Takes users in, all in one transaction, and answers for each whether their name was still free.
    pub async fn import(&self, users: Vec<Import>) -> Result<Vec<bool>, Failure> {
        let now = self.clock.now();
        let prepare = |import: Import| {
            let user = User {
                user_id: UserId::new(now),
                username: import.username,
                display_name: import.display_name,
                created_at: import.created_at.unwrap_or(now),
            };
            let event = self.event(user.user_id, EventKind::Imported, &ClientInfo::default());
            let disabled_at = import.is_disabled.then_some(now);
            (NewUser { user, password_hash: import.password_hash, disabled_at }, event)
        };
        let users = users.into_iter().map(prepare).collect::<Vec<_>>();
        self.store.import_users(&users).await
    }

    /// Answers for each whether their name is free, and takes nobody in.
    pub async fn could_import(&self, users: &[Import]) -> Result<Vec<bool>, Failure> {
        let mut free = Vec::with_capacity(users.len());
        for user in users {
            free.push(self.store.credentials(&user.username).await?.is_none());
        }
        Ok(free)
    }
}

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    /// A few of the forms; `hashing::foreign` has them all.
    const HASHES: &str = "\\$2b\\$[01][0-9]\\$[./A-Za-z0-9]{53}|\
        \\$argon2id\\$v=19\\$m=[0-9]{1,6},t=[0-9]{1,2},p=[0-9]\\$[A-Za-z0-9]{22}\\$[A-Za-z0-9]{43}";

    fn field(usual: &'static str) -> impl Strategy<Value = Option<String>> {
        option::weighted(0.9, prop_oneof![6 => usual, 1 => any::<String>()])
    }

    proptest! {
        #[test]
        fn whoever_may_be_taken_in_has_a_name_a_hash_and_a_past_by_the_rules_of_this_site(
            username in field("[a-zA-Z0-9._-]{1,34}"),
            hash in field(HASHES),
            display_name in field("\\PC{0,70}"),
            created_at in field("(19|20)[0-9]{2}-0[1-9]-[0-2][0-9]T[0-2][0-9]:00:00(Z|[+-]0[0-9]:30)"),
            disabled in field("true|false|yes|"),
        ) {
            let now = Moment::from_millis(1_800_000_000_000);
            let written = WrittenUser { username, password_hash: hash, display_name, created_at, disabled };
            let Ok(user) = Import::check(&written, now) else { return Ok(()) };
            prop_assert_eq!(Some(user.username.as_str()), written.username.as_deref());
            prop_assert!(Username::choose(user.username.as_str()).is_ok());
            let read_again = read_hash(user.password_hash.phc()).unwrap();
            prop_assert_eq!(read_again.phc(), user.password_hash.phc());
            prop_assert!(DisplayName::parse(user.display_name.as_str()).is_ok_and(|name| name == user.display_name));
            prop_assert!(user.created_at.is_none_or(|at| (0..=now.millis()).contains(&at.millis())));
            prop_assert_eq!(user.is_disabled, written.disabled.as_deref() == Some("true"));
        }
    }
}
