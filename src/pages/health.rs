//! `/health/live` and `/health/ready`: whether to leave this process alone, and whether to send it requests. They tell
//! everyone the same, and nothing of what is inside.

use std::pin::pin;
use std::task::{Context, Waker};

use rocket::http::Status;
use rocket::serde::json::Json;
use rocket::{Shutdown, get};
use serde::Serialize;

use crate::auth::Auth;

#[derive(Serialize)]
pub struct Live {
    live: bool,
}

/// Whether requests can be answered, and what is missing for it.
#[derive(Serialize)]
pub struct Ready {
    ready: bool,
    database: &'static str,
    /// Told, and no part of `ready`: a flood of logins would take every process out, and whoever is signed in with it.
    hashing: &'static str,
    server: &'static str,
}

#[get("/health/live")]
pub fn live() -> Json<Live> {
    Json(Live { live: true })
}

#[get("/health/ready")]
pub async fn ready(auth: &Auth, shutdown: Shutdown) -> (Status, Json<Ready>) {
    let is_stopping = is_over(shutdown);
    let readiness = auth.readiness().await;
    let ready = Ready {
        ready: readiness.database && !is_stopping,
        database: if readiness.database { "ok" } else { "away" },
        hashing: if readiness.hashing { "ok" } else { "full" },
        server: if is_stopping { "stopping" } else { "ok" },
    };
    let status = if ready.ready { Status::Ok } else { Status::ServiceUnavailable };
    (status, Json(ready))
}

/// Rocket tells that it stops to those alone who wait for it; looked at once, the waiting is over or it is not.
fn is_over(shutdown: Shutdown) -> bool {
    pin!(shutdown).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}
