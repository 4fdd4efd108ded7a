//! What is over is swept, and nothing else.

use std::time::Duration;

use rocket::http::Status;
use serde_json::json;
use vestibule::auth::EVENTS_KEPT;
use vestibule::store::Store;

use crate::support::{ADA, App, PASSWORD, adas};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

#[rocket::async_test]
async fn expired_sessions_are_swept_and_the_others_are_not() {
    let app = App::new().await;
    app.sign_up("expired1").await;
    app.sign_up("expired2").await;
    app.wait(HOUR);
    let ada = app.sign_up(ADA).await;
    let remembering = app.browser();
    remembering.submit("/login", &[("username", ADA), ("password", PASSWORD), ("remember", "true")]).await;

    assert_eq!(app.auth().sweep().await.unwrap(), 2);

    assert_eq!(app.count().await, (3, 2));
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Ok);
    assert_eq!(remembering.get("/profile").await.status, Status::Ok);
}

#[rocket::async_test]
async fn a_sweep_takes_every_session_whose_time_is_up_however_few_at_a_time() {
    let app = App::new().await;
    for number in 0..5 {
        app.sign_up(&format!("expired{number}")).await;
    }
    app.wait(HOUR);
    let ada = app.sign_up(ADA).await;
    let limits = &app.auth().rules().sessions;

    let swept = Store::open(&app.database()).await.unwrap().sweep_sessions(app.clock.now(), limits, 2).await.unwrap();

    assert_eq!((swept, app.count().await), (5, (6, 1)));
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Ok);
}

#[rocket::async_test]
async fn a_session_that_was_used_a_moment_ago_is_not_swept() {
    let (app, ada) = App::with_ada().await;
    app.wait(30 * MINUTE - Duration::from_secs(5));
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Ok);
    app.wait(Duration::from_secs(10));

    app.auth().sweep().await.unwrap();

    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Ok);
}

#[rocket::async_test]
async fn a_session_is_not_swept_before_its_own_limit() {
    let settings = [("session_hours", json!(48)), ("remember_days", json!(1)), ("session_idle_minutes", json!(1_440))];
    let app = App::with_settings(&settings).await;
    let ada = app.sign_up(ADA).await;
    for _ in 0..5 {
        app.wait(5 * HOUR);
        assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Ok);
        app.auth().sweep().await.unwrap();
    }
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Ok);
}

#[rocket::async_test]
async fn why_sessions_ended_is_kept_for_ninety_days() {
    let (app, ada) = App::with_ada().await;
    app.program().send("/login", adas()).await;
    app.program_with(&ada).press("/sessions/end-others").await;
    let endings = async || app.run_sql("SELECT COUNT(*) FROM endings").await;

    app.wait(EVENTS_KEPT - HOUR);
    app.auth().sweep().await.unwrap();
    assert_eq!(endings().await, Some(1));
    app.wait(HOUR);
    app.auth().sweep().await.unwrap();

    assert_eq!(endings().await, Some(0));
}

#[rocket::async_test]
async fn a_use_that_was_written_down_is_remembered_for_as_long_as_what_was_read_before_it() {
    let app = App::with_settings(&[("session_recheck_ms", json!(10_000))]).await;
    let ada = app.sign_up(ADA).await;
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Ok);
    app.wait(29 * MINUTE);
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Ok);

    app.auth().write_last_seen().await.unwrap();
    app.auth().write_last_seen().await.unwrap();

    app.wait(29 * MINUTE);
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Ok);
}

#[rocket::async_test]
async fn a_session_that_another_process_saw_a_moment_ago_is_not_swept() {
    let (here, ada) = App::with_ada().await;
    let there = App::in_folder(here.folder.clone(), &[("session_recheck_ms", json!(0))]).await;
    there.wait(29 * MINUTE);
    assert_eq!(there.program_with(&ada).get("/getusers/me").await.status, Status::Ok);

    here.wait(31 * MINUTE);
    here.auth().sweep().await.unwrap();

    there.wait(2 * MINUTE);
    assert_eq!(there.program_with(&ada).get("/getusers/me").await.status, Status::Ok);
}
