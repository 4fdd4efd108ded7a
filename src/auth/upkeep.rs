//! What is done beside the requests: writing down when sessions were last used, sweeping what is kept no longer, and telling
//! whether all is well.

use prometheus::proto::MetricFamily;

use super::{Auth, EVENTS_KEPT, Failure};
use crate::model::{ClientInfo, EventKind, Moment, SessionId, UserId};

/// How many rows one statement of the sweep deletes at the most, so that none blocks the others for long.
const SWEPT_AT_ONCE: i64 = 500;
/// How many uses of sessions one transaction writes at the most, for the same reason.
const WRITTEN_AT_ONCE: usize = 500;

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

    /// Everything that is counted here and below, as it stands now.
    pub fn metrics(&self) -> Vec<MetricFamily> {
        self.metrics.collect(&self.hasher, self.memory.len())
    }

    /// Which kind of database is open, for the log.
    pub fn database_kind(&self) -> &'static str {
        self.store.kind()
    }

    /// How many hashes have been computed since the start: one a password, and one more where the stored one is not as the
    /// rules want it. For tests that count work instead of time.
    pub fn hashes_computed(&self) -> u64 {
        self.hasher.metrics().computed()
    }

    /// How many accounts and sessions are kept, those sessions included that have run out and are not swept yet.
    pub async fn count(&self) -> Result<(i64, i64), Failure> {
        Ok((self.store.count_users().await?, self.store.count_sessions().await?))
    }

    /// Deletes what is kept no longer: the sessions whose time is up, old events, and counters that count no more, and lets
    /// nothing of it or of deleted accounts stay readable. Says how many sessions there were.
    pub async fn sweep(&self) -> Result<u64, Failure> {
        // What was used a moment ago is not swept for what the database knows of it.
        self.write_all_last_seen().await?;
        let (now, limits, most) = (self.clock.now(), &self.rules.sessions, SWEPT_AT_ONCE);
        while self.store.sweep_rest(now, EVENTS_KEPT, most).await? {}
        let swept = self.store.sweep_sessions(now, limits, most).await?;
        self.store.empty_log().await?;
        Ok(swept)
    }

    /// Writes to the database when sessions were last used, each at most once a minute.
    pub async fn write_last_seen(&self) -> Result<(), Failure> {
        self.write_seen(&self.last_seen.unwritten(self.clock.now())).await
    }

    /// Writes down what is still in memory and lets go of the database.
    pub async fn close(&self) {
        if let Err(error) = self.write_all_last_seen().await {
            tracing::warn!(%error, "when sessions were last used could not be written at the end");
        }
        self.store.close().await;
    }

    /// Keeps an event while the answer goes out already: were it waited for, the time would tell whether a name has an
    /// account.
    pub(super) fn keep_event_later(&self, user_id: Option<UserId>, kind: EventKind, client: &ClientInfo) {
        let Some(event) = user_id.map(|user_id| self.event(user_id, kind, client)) else { return };
        let store = self.store.clone();
        rocket::tokio::spawn(async move {
            if let Err(error) = store.add_event(&event).await {
                tracing::warn!(%error, "an event could not be kept");
            }
        });
    }

    async fn write_all_last_seen(&self) -> Result<(), Failure> {
        self.write_seen(&self.last_seen.all_unwritten()).await
    }

    async fn write_seen(&self, unwritten: &[(SessionId, Moment)]) -> Result<(), Failure> {
        for some in unwritten.chunks(WRITTEN_AT_ONCE) {
            self.store.note_last_seen(some).await?;
        }
        self.last_seen.forget_written(unwritten);
        Ok(())
    }
}
