//! What is done beside the requests: writing down failed attempts and when sessions were last used, sweeping what is kept no
//! longer, and telling whether all is well.

use prometheus::proto::MetricFamily;

use super::{Auth, EVENTS_KEPT, Failure};
use crate::model::{ClientInfo, EventKind, Moment, SessionId, UserId};
use crate::store::NewEvent;

/// How many rows one statement of the sweep deletes at the most, so that none blocks the others for long.
const SWEPT_AT_ONCE: i64 = 500;
/// How many uses of sessions, or events, one transaction writes at the most, for the same reason.
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
        if let Err(error) = self.write_failed_attempts().await {
            tracing::warn!(%error, "failed attempts could not be written at the end");
        }
        self.store.close().await;
    }

    /// Notes that something failed, for its owner to read of; under a name that nobody has, that something did.
    pub(super) fn keep_event_later(&self, user_id: Option<UserId>, kind: EventKind, client: &ClientInfo) {
        self.note(user_id.map(|user_id| self.event(user_id, kind, client)));
    }

    /// Writes down what has failed.
    pub async fn write_failed_attempts(&self) -> Result<(), Failure> {
        let _writing = self.failed_attempts.begin_writing().await;
        self.write_failed(self.failed_attempts.take_all()).await
    }

    /// The same of one user, who is about to read of it. What else was noted is left to the round, so that it does not show
    /// in how long that takes.
    pub(super) async fn write_failed_attempts_of(&self, user_id: UserId) -> Result<(), Failure> {
        let _writing = self.failed_attempts.begin_writing().await;
        self.write_failed(self.failed_attempts.take_those_of(user_id)).await
    }

    /// What cannot be written waits for the next time.
    async fn write_failed(&self, taken: Option<Vec<NewEvent>>) -> Result<(), Failure> {
        let Some(mut events) = taken else { return Ok(()) };
        // Where others write too, each by itself: nobody's login shall wait for what happened to many.
        let at_once = if self.store.may_be_shared() { 1 } else { WRITTEN_AT_ONCE };
        loop {
            let some = events.split_off(events.len().saturating_sub(at_once));
            if let Err(failure) = self.store.add_events(&some).await {
                // So that the next round writes, also where only nobody's failed.
                self.note(None);
                events.into_iter().chain(some).for_each(|event| self.note(Some(event)));
                return Err(failure);
            }
            if events.is_empty() {
                return Ok(());
            }
        }
    }

    fn note(&self, event: Option<NewEvent>) {
        if !self.failed_attempts.note(event) {
            self.metrics.events_lost.inc();
        }
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
