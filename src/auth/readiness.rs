//! Whether the verbs can be done right now, for whoever spreads the load.

use super::Auth;

/// Which of what is needed is there.
#[derive(Clone, Copy, Debug)]
pub struct Readiness {
    /// Whether the database answers.
    pub database: bool,
    /// Whether a password would find a place in the queue.
    pub hashing: bool,
}

impl Auth {
    /// Asks the database, and looks at the queue.
    pub async fn readiness(&self) -> Readiness {
        let database = self.store.is_ready().await;
        if let Err(error) = &database {
            tracing::warn!(%error, "not ready: the database does not answer");
        }
        Readiness { database: database.is_ok(), hashing: !self.hasher.is_full() }
    }

    /// Which kind of database is open, for the log.
    pub fn database_kind(&self) -> &'static str {
        self.store.kind()
    }
}
