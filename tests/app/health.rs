use std::time::Duration;

use rocket::futures::future::join_all;
use rocket::http::Status;
use rocket::tokio::task;
use rocket::tokio::time::timeout;
use serde_json::json;

use crate::support::{Answer, App, PASSWORD};

#[rocket::async_test]
async fn a_process_that_can_do_its_work_says_so_to_everyone() {
    let app = App::new().await;
    for visitor in [app.browser(), app.program()] {
        assert_eq!(visitor.get("/health/live").await.json(), json!({ "live": true }));
        let ready = visitor.get("/health/ready").await;
        assert_eq!(ready.status, Status::Ok);
        assert_eq!(ready.json(), json!({ "ready": true, "database": "ok", "hashing": "ok", "server": "ok" }));
    }
}

#[rocket::async_test]
async fn while_the_database_is_away_it_lives_and_is_not_ready() {
    let app = App::new().await;
    app.auth().close().await;

    let ready = app.program().get("/health/ready").await;
    assert_eq!(ready.status, Status::ServiceUnavailable);
    assert_eq!(ready.json(), json!({ "ready": false, "database": "away", "hashing": "ok", "server": "ok" }));
    assert_eq!(app.program().get("/health/live").await.status, Status::Ok);
}

/// What it answers once it says that of the hashing.
async fn ready_once(app: &App, hashing: &str) -> Answer {
    let asking = async {
        loop {
            let ready = app.program().get("/health/ready").await;
            if ready.json()["hashing"] == hashing {
                return ready;
            }
            task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(60), asking).await.unwrap_or_else(|_| panic!("never {hashing}"))
}

#[rocket::async_test]
async fn while_no_more_passwords_can_wait_it_says_so_and_is_ready_for_all_else() {
    let slow = [("hash_memory_kib", json!(65_536)), ("hash_passes", json!(5)), ("hash_queue", json!(1))];
    let app = App::with_settings(&slow).await;
    // Again and again: of those who come while the thread takes up another's, some find no place.
    let sign_up = async |number: usize| {
        for _ in 0..20 {
            let who = json!({ "username": format!("user{number}"), "password": PASSWORD });
            app.program().send("/signup", who).await;
        }
    };

    let full = rocket::tokio::select! {
        full = ready_once(&app, "full") => full,
        _ = join_all((0..4).map(sign_up)) => panic!("the queue was never full"),
    };

    assert_eq!(full.status, Status::Ok, "a balancer would take every process out");
    assert_eq!(full.json(), json!({ "ready": true, "database": "ok", "hashing": "full", "server": "ok" }));
    assert_eq!(ready_once(&app, "ok").await.status, Status::Ok);
}

#[rocket::async_test]
async fn once_it_is_asked_to_stop_it_is_not_ready() {
    let app = App::new().await;
    app.client.rocket().shutdown().notify();

    let ready = app.program().get("/health/ready").await;
    assert_eq!(ready.status, Status::ServiceUnavailable);
    assert_eq!(ready.json(), json!({ "ready": false, "database": "ok", "hashing": "ok", "server": "stopping" }));
    assert_eq!(app.program().get("/health/live").await.status, Status::Ok);
}

#[rocket::async_test]
async fn it_answers_whoever_asks_by_address_and_opens_no_other_page_to_them() {
    let app = App::with_settings(&[("public_url", json!("https://example.org"))]).await;
    let prober = || app.program().from("203.0.113.9").with("Host", "10.0.0.7:8000");
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(prober().get(path).await.status, Status::Ok, "{path}");
        assert_eq!(prober().without("Host").get(path).await.status, Status::Ok, "{path} by HTTP/1.0");
    }
    for path in ["/login", "/health", "/health/live/x", "/getusers/me"] {
        assert_eq!(prober().get(path).await.status, Status::MisdirectedRequest, "{path}");
    }
    assert_eq!(prober().get("/metrics").await.status, Status::NotFound);
}
