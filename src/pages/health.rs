//! `/health/live` and `/health/ready`: whether to leave this process alone, and whether to send it requests. They tell
//! everyone the same, and nothing of what is inside.

use rocket::get;
use rocket::http::Status;
use rocket::serde::json::Json;
use serde::Serialize;

use crate::auth::Auth;
use crate::web::Stopping;

#[derive(Serialize)]
pub struct Live {
    live: bool,
}

/// Whether requests can be answered, and what is missing for it.
#[derive(Serialize)]
pub struct Ready {
    ready: bool,
    database: &'static str,
    hashing: &'static str,
    server: &'static str,
}

#[get("/health/live")]
pub fn live() -> Json<Live> {
    Json(Live { live: true })
}

#[get("/health/ready")]
pub async fn ready(auth: &Auth, stopping: Stopping) -> (Status, Json<Ready>) {
    let readiness = auth.readiness().await;
    let ready = Ready {
        ready: readiness.database && readiness.hashing && !stopping.0,
        database: if readiness.database { "ok" } else { "away" },
        hashing: if readiness.hashing { "ok" } else { "full" },
        server: if stopping.0 { "stopping" } else { "ok" },
    };
    let status = if ready.ready { Status::Ok } else { Status::ServiceUnavailable };
    (status, Json(ready))
}
