//! What happened here, counted for the operator. No count tells of a single person.

use prometheus::proto::MetricFamily;
use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts, Registry};

use super::hashing::Hasher;
use crate::store::register_timings;

/// The counters, and those of the floors below.
pub(super) struct Metrics {
    registry: Registry,
    log_ins: IntCounterVec,
    sign_ups: IntCounterVec,
    pub throttled: IntCounter,
    queue: IntGauge,
    queue_most: IntGauge,
    sessions: IntGauge,
}

impl Metrics {
    pub fn new(hasher: &Hasher) -> Self {
        let by_outcome =
            |name, help| IntCounterVec::new(Opts::new(name, help), &["outcome"]).expect("a well-formed name");
        let gauge = |name, help| IntGauge::new(name, help).expect("a well-formed name");
        let metrics = Self {
            registry: Registry::new(),
            log_ins: by_outcome("vestibule_log_ins_total", "Steps of logins, by what came of them."),
            sign_ups: by_outcome("vestibule_sign_ups_total", "Sign-ups, by what came of them."),
            throttled: IntCounter::new(
                "vestibule_throttled_total",
                "Tries that were refused because too many came before.",
            )
            .expect("a well-formed name"),
            queue: gauge("vestibule_hash_queue_length", "Passwords that wait to be hashed."),
            queue_most: gauge("vestibule_hash_queue_capacity", "How many may wait before the answer is 503."),
            sessions: gauge("vestibule_sessions_in_memory", "Sessions that this process has read lately."),
        };
        hasher.register(&metrics.registry);
        register_timings(&metrics.registry);
        metrics.register();
        metrics
    }

    fn register(&self) {
        let register = |collector| self.registry.register(collector).expect("a name that is used once");
        register(Box::new(self.log_ins.clone()));
        register(Box::new(self.sign_ups.clone()));
        register(Box::new(self.throttled.clone()));
        register(Box::new(self.queue.clone()));
        register(Box::new(self.queue_most.clone()));
        register(Box::new(self.sessions.clone()));
    }

    pub fn count_log_in(&self, outcome: &'static str) {
        self.log_ins.with_label_values(&[outcome]).inc();
    }

    pub fn count_sign_up(&self, outcome: &'static str) {
        self.sign_ups.with_label_values(&[outcome]).inc();
    }

    /// Everything that is counted here and below, with what stands as it does now.
    pub fn gather(&self, hasher: &Hasher, sessions: usize) -> Vec<MetricFamily> {
        self.queue.set(hasher.waiting() as i64);
        self.queue_most.set(hasher.most_waiting() as i64);
        self.sessions.set(sessions as i64);
        self.registry.gather()
    }
}
