//! How long the database takes to answer, of all stores in this process together.

use std::sync::LazyLock;
use std::time::Instant;

use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, Registry};

use crate::model::Failure;

/// In seconds: from a row that is in memory to one that waits for its turn.
const BUCKETS: [f64; 9] = [0.000_1, 0.000_25, 0.001, 0.002_5, 0.01, 0.025, 0.1, 0.5, 2.0];

static SECONDS: LazyLock<HistogramVec> = LazyLock::new(|| {
    let help = "How long the database took, the wait for a turn included.";
    let opts = HistogramOpts::new("vestibule_database_seconds", help).buckets(BUCKETS.to_vec());
    HistogramVec::new(opts, &["kind"]).expect("a well-formed name")
});
static READING: LazyLock<Histogram> = LazyLock::new(|| SECONDS.with_label_values(&["reading"]));
static WRITING: LazyLock<Histogram> = LazyLock::new(|| SECONDS.with_label_values(&["writing"]));
static TRANSACTION: LazyLock<Histogram> = LazyLock::new(|| SECONDS.with_label_values(&["transaction"]));

static ERRORS: LazyLock<IntCounter> = LazyLock::new(|| {
    let help = "How often the database did not answer as it should.";
    IntCounter::new("vestibule_database_errors_total", help).expect("a well-formed name")
});

/// Notes, when it is dropped, how long it was there, also where an error ends the work early.
pub(super) struct Timed {
    began: Instant,
    seconds: &'static Histogram,
}

impl Timed {
    fn begin(seconds: &'static Histogram) -> Self {
        Self { began: Instant::now(), seconds }
    }

    pub(super) fn transaction() -> Self {
        Self::begin(&TRANSACTION)
    }
}

impl Drop for Timed {
    fn drop(&mut self) {
        self.seconds.observe(self.began.elapsed().as_secs_f64());
    }
}

/// Waits for what a statement reads.
pub(super) async fn reading<T>(answer: impl Future<Output = sqlx::Result<T>>) -> Result<T, Failure> {
    let _timed = Timed::begin(&READING);
    Ok(answer.await?)
}

/// Waits for a statement that writes.
pub(super) async fn writing<T>(answer: impl Future<Output = sqlx::Result<T>>) -> Result<T, Failure> {
    let _timed = Timed::begin(&WRITING);
    Ok(answer.await?)
}

pub(super) fn count_error() {
    ERRORS.inc();
}

/// Adds what is known of the database to what a registry gathers.
pub fn register_timings(registry: &Registry) {
    // All three are there from the start, also those that have nothing to tell yet.
    for kind in [&READING, &WRITING, &TRANSACTION] {
        LazyLock::force(kind);
    }
    registry.register(Box::new(SECONDS.clone())).expect("a name that is used once");
    registry.register(Box::new(ERRORS.clone())).expect("a name that is used once");
}
