//! How long the database takes to answer, of all stores in this process together.

use std::sync::LazyLock;

use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{Histogram, HistogramOpts, HistogramTimer, HistogramVec, IntCounter};

use crate::model::Failure;

/// In seconds: from a row that is in memory to one that waits for its turn.
const BUCKETS: [f64; 9] = [0.000_1, 0.000_25, 0.001, 0.002_5, 0.01, 0.025, 0.1, 0.5, 2.0];

static TIMINGS: LazyLock<Timings> = LazyLock::new(|| {
    let help = "How long the database took, the wait for a turn included.";
    let opts = HistogramOpts::new("vestibule_database_seconds", help).buckets(BUCKETS.to_vec());
    let seconds = HistogramVec::new(opts, &["kind"]).expect("a well-formed name");
    let help = "How often the database did not answer as it should.";
    Timings {
        reading: seconds.with_label_values(&["reading"]),
        writing: seconds.with_label_values(&["writing"]),
        transaction: seconds.with_label_values(&["transaction"]),
        seconds,
        errors: IntCounter::new("vestibule_database_errors_total", help).expect("a well-formed name"),
    }
});

struct Timings {
    seconds: HistogramVec,
    reading: Histogram,
    writing: Histogram,
    transaction: Histogram,
    errors: IntCounter,
}

/// Waits for what a statement reads.
pub(super) async fn reading<T>(answer: impl Future<Output = sqlx::Result<T>>) -> Result<T, Failure> {
    // Also noted when it is dropped where an error ends the work early.
    let _timer = TIMINGS.reading.start_timer();
    Ok(answer.await?)
}

pub(super) async fn writing<T>(answer: impl Future<Output = sqlx::Result<T>>) -> Result<T, Failure> {
    let _timer = TIMINGS.writing.start_timer();
    Ok(answer.await?)
}

/// Notes, when it is dropped, how long a transaction took.
pub(super) fn time_transaction() -> HistogramTimer {
    TIMINGS.transaction.start_timer()
}

pub(super) fn count_error() {
    TIMINGS.errors.inc();
}

/// What is known of the database, for the metrics.
pub fn timings() -> Vec<MetricFamily> {
    [TIMINGS.seconds.collect(), TIMINGS.errors.collect()].concat()
}
