//! WHAT THE OPERATOR IS TOLD: lines on the standard error. Whoever writes one waits for nobody and never fails: a thread of
//! its own hands the lines on, and those that cannot be written are lost and counted.

mod output;
mod seldom;

use std::io::{self, IsTerminal, Write};
use std::panic;
use std::sync::OnceLock;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{IntCounterVec, Opts};
use tracing::Level;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use output::Output;
use seldom::Seldom;

pub use seldom::{EACH, tell_of_left_out};

/// How many lines wait for a reader who is slow, at about 300 bytes each. At one a second of each kind that is more than any
/// flood makes in minutes, and of every request's it is a moment.
const MOST_WAITING: usize = 8_192;
/// How long the end waits for them to be written.
const LONGEST_FLUSH: Duration = Duration::from_millis(1_500);

static FOUND_NO_PLACE: OnceLock<ErrorCounter> = OnceLock::new();

/// The log of this program; when it is dropped, what waits is written.
pub struct Log(Option<WorkerGuard>);

/// Begins to log: readable lines on a terminal, JSON lines elsewhere, so that what a user sends cannot make two lines of
/// one.
pub fn start(most: Level) -> Log {
    let (waiting, worker) = NonBlockingBuilder::default().buffered_lines_limit(MOST_WAITING).finish(Output);
    FOUND_NO_PLACE.get_or_init(|| waiting.error_counter());
    let lines = tracing_subscriber::fmt().with_writer(waiting).with_max_level(most).log_internal_errors(false);
    if io::stderr().is_terminal() {
        lines.finish().with(Seldom).init();
    } else {
        lines.json().finish().with(Seldom).init();
    }
    // The usual one writes to the standard error itself, and would wait there for a reader.
    panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a thread panicked")));
    Log(Some(worker))
}

impl Drop for Log {
    fn drop(&mut self) {
        tell_of_left_out();
        let worker = self.0.take();
        let (at_the_end, ended) = mpsc::channel::<()>();
        // In a thread: where nobody reads, the guard says so on the standard output, and perhaps nobody reads that either.
        let flushing = thread::Builder::new().spawn(move || {
            drop(worker);
            drop(at_the_end);
        });
        if flushing.is_ok() {
            let _ = ended.recv_timeout(LONGEST_FLUSH);
        }
    }
}

/// Writes a line to the standard error that is for whoever started the program, beside the log.
pub fn tell(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// What came of the lines, for the metrics.
pub fn lines() -> Vec<MetricFamily> {
    let opts = Opts::new("vestibule_log_lines_total", "Lines of the log, by what came of them.");
    let lines = IntCounterVec::new(opts, &["outcome"]).expect("a well-formed name");
    let (written, refused) = output::counts();
    let found_no_place = FOUND_NO_PLACE.get().map_or(0, ErrorCounter::dropped_lines) as u64;
    for (outcome, number) in
        [("written", written), ("left_out", seldom::left_out_in_all()), ("lost", refused + found_no_place)]
    {
        lines.with_label_values(&[outcome]).inc_by(number);
    }
    lines.collect()
}
