//! Of each kind of line one a second, and then how many more there would have been: whoever is refused a thousand times a
//! second cannot fill the disk with it.

use std::collections::HashMap;
use std::fmt::Debug;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// The target of lines that are written each: there are no more of them than logins that succeed, or than the operator asks
/// for.
pub const EACH: &str = "vestibule::each";

/// How long after a line no other of its kind is written.
const PAUSE: Duration = Duration::from_secs(1);

static KINDS: LazyLock<Mutex<HashMap<Kind, Written>>> = LazyLock::new(Mutex::default);
static LEFT_OUT: AtomicU64 = AtomicU64::new(0);

/// Where in the code a line arises, and of a request its status: a few, however many requests come.
type Kind = (Identifier, Option<u64>);

/// When one of a kind was last written, and how many were not since.
struct Written {
    at: Instant,
    left_out: u64,
    message: String,
}

/// How many lines were not written because one like them had just been.
pub(super) fn left_out_in_all() -> u64 {
    LEFT_OUT.load(Ordering::Relaxed)
}

/// Writes a line for each kind of which some were left out, with their number.
pub fn tell_of_left_out() {
    let some = |((_, status), written): (&Kind, &mut Written)| {
        let left_out = mem::take(&mut written.left_out);
        (left_out > 0).then(|| (*status, left_out, written.message.clone()))
    };
    // Told when the kinds are free again: a line of its own looks at them.
    let told: Vec<_> = kinds().iter_mut().filter_map(some).collect();
    for (status, left_out, like) in told {
        tracing::info!(target: EACH, status, left_out, like, "lines were left out");
    }
}

/// Lets a line through when none of its kind was written for a second.
pub(super) struct Seldom;

impl<S: Subscriber> Layer<S> for Seldom {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        event.metadata().target() == EACH || is_due(event)
    }
}

fn is_due(event: &Event<'_>) -> bool {
    let mut said = Said::default();
    event.record(&mut said);
    let now = Instant::now();
    let mut kinds = kinds();
    let Some(written) = kinds.get_mut(&(event.metadata().callsite(), said.status)) else {
        let first = Written { at: now, left_out: 0, message: said.message };
        kinds.insert((event.metadata().callsite(), said.status), first);
        return true;
    };
    let is_due = now.duration_since(written.at) >= PAUSE;
    if is_due {
        written.at = now;
    } else {
        written.left_out += 1;
        LEFT_OUT.fetch_add(1, Ordering::Relaxed);
    }
    is_due
}

fn kinds() -> MutexGuard<'static, HashMap<Kind, Written>> {
    KINDS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What of a line says which kind it is.
#[derive(Default)]
struct Said {
    status: Option<u64>,
    message: String,
}

impl Visit for Said {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "status" {
            self.status = Some(value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        }
    }
}
