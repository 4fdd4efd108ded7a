use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{Histogram, HistogramOpts, IntCounter};

/// In seconds: ours takes some hundredths, another system's perhaps seconds.
const BUCKETS: [f64; 9] = [0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.5, 1.0, 4.0];

/// What the threads count.
pub struct HashingMetrics {
    computed: IntCounter,
    seconds: Histogram,
    pub refused: IntCounter,
    slowest_outdated_micros: AtomicU64,
}

impl Default for HashingMetrics {
    fn default() -> Self {
        let counter = |name, help| IntCounter::new(name, help).expect("a well-formed name");
        let seconds =
            HistogramOpts::new("vestibule_hash_seconds", "How long one hash took to compute, without its wait.");
        Self {
            computed: counter("vestibule_hashes_computed_total", "Hashes of passwords that have been computed."),
            seconds: Histogram::with_opts(seconds.buckets(BUCKETS.to_vec())).expect("a well-formed name"),
            refused: counter("vestibule_hash_refused_total", "Passwords that found the queue full or waited too long."),
            slowest_outdated_micros: AtomicU64::new(0),
        }
    }
}

impl HashingMetrics {
    pub fn note_hash(&self, took: Duration) {
        self.computed.inc();
        self.seconds.observe(took.as_secs_f64());
    }

    pub fn note_outdated(&self, took: Duration) {
        self.slowest_outdated_micros.fetch_max(took.as_micros() as u64, Ordering::Relaxed);
    }

    /// How many hashes of whatever kind have been computed since the start: one a password, and one more where the stored
    /// one was made in another way or with other parameters.
    pub fn computed(&self) -> u64 {
        self.computed.get()
    }

    /// The longest that a password took so far whose hash was made in another way than the rules want; nothing when there was
    /// none.
    pub fn slowest_outdated(&self) -> Duration {
        Duration::from_micros(self.slowest_outdated_micros.load(Ordering::Relaxed))
    }

    pub fn collect(&self) -> Vec<MetricFamily> {
        [self.computed.collect(), self.seconds.collect(), self.refused.collect()].concat()
    }
}
