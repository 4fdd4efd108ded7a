//! A failed login does not tell by its time whose hash is another system's.

use std::time::{Duration, Instant};

use rocket::http::Status;
use serde_json::json;

use crate::support::{ADA, App};

/// bcrypt of cost 11: much slower than ours.
const SLOW: &str = "$2b$11$9RkNMpo8b3EiNU3wrFtRku7EJPuuDHkxKXWuIGauJCZ53YthUVvoK";

/// How long a login under that name takes to fail, and how much of that was hashing.
async fn time_of_a_failure(app: &App, username: &str) -> (Duration, Duration) {
    let (hashed, began) = (seconds_hashed(app).await, Instant::now());
    let answer = app.program().send("/login", json!({ "username": username, "password": "not the password" })).await;
    assert_eq!(answer.status, Status::Unauthorized);
    (began.elapsed(), Duration::from_secs_f64(seconds_hashed(app).await - hashed))
}

async fn seconds_hashed(app: &App) -> f64 {
    let metrics = app.program().from("127.0.0.1").with("Host", "localhost").get("/metrics").await.body;
    let sum = metrics.lines().find_map(|line| line.strip_prefix("vestibule_hash_seconds_sum "));
    sum.expect("a sum").parse().unwrap()
}

#[rocket::async_test]
async fn once_a_slow_hash_was_tried_every_failure_takes_as_long() {
    /// Nobody is held back for longer, as where a machine has more to do than it can.
    const LONGEST: Duration = Duration::from_secs(2);

    let (app, _) = App::with_ada().await;
    app.run_sql(&format!("UPDATE users SET password_hash = '{SLOW}'")).await;
    let (_, slow) = time_of_a_failure(&app, ADA).await;

    let (nobodys, _) = time_of_a_failure(&app, "nobody.has.it").await;

    assert!(nobodys >= slow.min(LONGEST), "{nobodys:?} shows that it is not the {slow:?} of another system's hash");
}
