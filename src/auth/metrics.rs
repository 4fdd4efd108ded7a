//! What happened here, counted for the operator. No count tells of a single person.

use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts};

use super::hashing::Hasher;
use crate::store::timings;

pub(super) struct Metrics {
    pub log_ins: IntCounterVec,
    pub sign_ups: IntCounterVec,
    pub throttled: IntCounter,
    pub events_lost: IntCounter,
    queue: IntGauge,
    queue_most: IntGauge,
    sessions: IntGauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let by_outcome =
            |name, help| IntCounterVec::new(Opts::new(name, help), &["outcome"]).expect("a well-formed name");
        let gauge = |name, help| IntGauge::new(name, help).expect("a well-formed name");
        let count = |name, help| IntCounter::new(name, help).expect("a well-formed name");
        Self {
            log_ins: by_outcome("vestibule_log_ins_total", "Steps of logins, by what came of them."),
            sign_ups: by_outcome("vestibule_sign_ups_total", "Sign-ups, by what came of them."),
            throttled: count("vestibule_throttled_total", "Tries that were refused because too many came before."),
            events_lost: count(
                "vestibule_events_lost_total",
                "Failed attempts that no owner reads of: too many at once.",
            ),
            queue: gauge("vestibule_hash_queue_length", "Passwords that wait to be hashed."),
            queue_most: gauge("vestibule_hash_queue_capacity", "How many may wait before the answer is 503."),
            sessions: gauge("vestibule_sessions_in_memory", "Sessions that this process has read lately."),
        }
    }
}

impl Metrics {
    /// Everything that is counted here and below, with what stands as it does now.
    pub fn collect(&self, hasher: &Hasher, sessions: usize) -> Vec<MetricFamily> {
        self.queue.set(hasher.waiting() as i64);
        self.queue_most.set(hasher.most_waiting() as i64);
        self.sessions.set(sessions as i64);
        let counted =
            [self.log_ins.collect(), self.sign_ups.collect(), self.throttled.collect(), self.events_lost.collect()]
                .concat();
        let standing = [self.queue.collect(), self.queue_most.collect(), self.sessions.collect()].concat();
        [counted, standing, hasher.metrics().collect(), timings()].concat()
    }
}
