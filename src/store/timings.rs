//! How long the database takes to answer, of all stores in this process together.

use std::sync::LazyLock;
use std::time::Instant;

use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, Registry};

/// In seconds: from a row that is in memory to one that waits for its turn.
const BUCKETS: [f64; 9] = [0.000_1, 0.000_25, 0.001, 0.002_5, 0.01, 0.025, 0.1, 0.5, 2.0];

static TIMINGS: LazyLock<Timings> = LazyLock::new(|| {
    let opts =
        HistogramOpts::new("vestibule_database_seconds", "How long the database took, the wait for a turn included.");
    let seconds = HistogramVec::new(opts.buckets(BUCKETS.to_vec()), &["kind"]).expect("a well-formed name");
    Timings {
        reading: seconds.with_label_values(&["reading"]),
        writing: seconds.with_label_values(&["writing"]),
        transaction: seconds.with_label_values(&["transaction"]),
        seconds,
        errors: IntCounter::new(
            "vestibule_database_errors_total",
            "How often the database did not answer as it should.",
        )
        .expect("a well-formed name"),
    }
});

struct Timings {
    seconds: HistogramVec,
    reading: Histogram,
    writing: Histogram,
    transaction: Histogram,
    errors: IntCounter,
}

/// Notes, when it is dropped, how long it was there, also where an error ends the work early.
pub(super) struct Timed {
    began: Instant,
    seconds: &'static Histogram,
}

pub(super) fn reading() -> Timed {
    Timed { began: Instant::now(), seconds: &TIMINGS.reading }
}

pub(super) fn writing() -> Timed {
    Timed { began: Instant::now(), seconds: &TIMINGS.writing }
}

pub(super) fn transaction() -> Timed {
    Timed { began: Instant::now(), seconds: &TIMINGS.transaction }
}

pub(super) fn count_error() {
    TIMINGS.errors.inc();
}

impl Drop for Timed {
    fn drop(&mut self) {
        self.seconds.observe(self.began.elapsed().as_secs_f64());
    }
}

/// Adds what is known of the database to what a registry gathers.
pub fn register_timings(registry: &Registry) {
    registry.register(Box::new(TIMINGS.seconds.clone())).expect("a name that is used once");
    registry.register(Box::new(TIMINGS.errors.clone())).expect("a name that is used once");
}
