//! What is being answered, for the end: it waits for that, and for nothing else.

use std::future::ready;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use rocket::fairing::AdHoc;
use rocket::tokio::time::sleep;
use rocket::{Build, Rocket};

use super::submission::LAST_PATIENCE;

/// How often the end looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Held by the site, and so by every connection, which holds the site; and once more by every request that is being
/// answered.
struct Hold;

/// The connections and requests of a site that is asked to stop.
pub struct InFlight(Weak<Hold>);

impl InFlight {
    /// Has the site hold what tells of its connections and requests.
    pub fn watch(rocket: Rocket<Build>) -> (Rocket<Build>, Self) {
        let hold = Arc::new(Hold);
        let in_flight = Self(Arc::downgrade(&hold));
        let hold = AdHoc::on_request("in flight", move |request, _| {
            // Dropped with the request, when the whole answer has been handed over.
            request.local_cache(|| Arc::clone(&hold));
            Box::pin(ready(()))
        });
        (rocket.attach(hold), in_flight)
    }

    /// Waits, when no more connections are taken, until all are closed; and where some are left, until no request has been
    /// answered for as long as one may still arrive. Says whether that came about in time.
    pub async fn end(&self, longest: Duration) -> bool {
        let began = Instant::now();
        let mut busy = began;
        while self.0.strong_count() > 0 && busy.elapsed() < LAST_PATIENCE {
            if began.elapsed() > longest {
                return false;
            }
            if self.0.strong_count() > 1 {
                busy = Instant::now();
            }
            sleep(LOOK_EVERY).await;
        }
        true
    }
}
