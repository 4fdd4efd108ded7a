//! Processes that share a database share the key: what one seals, the others must be able to open.

use super::{Auth, Failure};

/// What the mark is sealed for, and what it says.
const PURPOSE: &str = "key mark";
const SAYS: &str = "vestibule";

/// Why this process may not use a database together with others.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(
        "Other processes use this database with another key, and would log out whom this one logs in. Set `secret_key` to \
         the same in all of them, or list theirs in `previous_secret_keys`. If the old key is lost, delete what is in the \
         table `key_marks`: everyone then has to log in again."
    )]
    Another,
    #[error("The database cannot be asked for its key: {0}.")]
    Failure(#[from] Failure),
}

impl Auth {
    /// Checks that this process can open what the others on the same database seal. A file has its key beside it, and
    /// nothing to check.
    pub async fn check_key(&self) -> Result<(), KeyError> {
        let Some(own) = self.seal.seal(PURPOSE, SAYS).filter(|_| self.store.may_be_shared()) else { return Ok(()) };
        let kept = self.store.keep_key_mark(&own).await?;
        if self.seal.open(PURPOSE, &kept).is_none() {
            return Err(KeyError::Another);
        }
        if !self.seal.is_current(PURPOSE, &kept) {
            self.store.replace_key_mark(&kept, &own).await?;
        }
        Ok(())
    }
}
