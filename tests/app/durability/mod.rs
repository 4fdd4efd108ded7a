//! What was acknowledged is kept: through a restart, through `kill -9` at any moment, and in every later version.

mod kill;
mod versions;

use std::time::Duration;

use rocket::http::Status;
use serde_json::json;

use crate::support::server::{Server, status};
use crate::support::{ADA, App, adas};

#[rocket::async_test]
async fn accounts_and_sessions_survive_a_restart() {
    let (app, ada) = App::with_ada().await;
    app.auth().close().await;

    let again = App::in_folder(app.folder.clone(), &[]).await;

    assert_eq!(again.program_with(&ada).get("/getusers/me").await.json()["username"], ADA);
    assert_eq!(again.program().send("/login", adas()).await.status, Status::Ok);
}

#[rocket::async_test]
async fn the_use_of_a_session_counts_also_after_it_was_written_down_and_after_a_restart() {
    let app = App::with_settings(&[("session_recheck_ms", json!(0))]).await;
    let ada = app.sign_up(ADA).await;
    for _ in 0..4 {
        app.wait(Duration::from_secs(20 * 60));
        assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Ok);
        app.auth().write_last_seen().await.unwrap();
        app.auth().write_last_seen().await.unwrap();
    }

    let clock = app.clock.now();
    app.auth().close().await;
    let again = App::in_folder(app.folder.clone(), &[]).await;
    again.wait(clock.since(again.clock.now()));
    again.wait(Duration::from_secs(20 * 60));

    assert_eq!(again.program_with(&ada).get("/getusers/me").await.status, Status::Ok);
}

#[rocket::async_test]
async fn what_failed_a_moment_before_a_stop_is_told_after_it() {
    let (app, ada) = App::with_ada().await;
    app.wait(Duration::from_secs(1));
    app.program().send("/login", json!({ "username": ADA, "password": "not the password" })).await;
    app.auth().close().await;

    let again = App::in_folder(app.folder.clone(), &[]).await;

    assert_eq!(again.activity(&ada, "sign_in_failed", 1).await, ["sign_in_failed", "signed_up"]);
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let mut alive: Vec<String> = Vec::new();
    let mut ended: Vec<String> = Vec::new();
    for round in 0..5 {
        let server = Server::start(&folder);
        for cookie in &alive {
            assert_eq!(server.who(cookie), 200, "round {round}: a session that was acknowledged is lost");
        }
        for cookie in &ended {
            assert_eq!(server.who(cookie), 401, "round {round}: a session that was ended lives");
        }
        let (stays, leaves) = (server.sign_up(&format!("stays{round}")), server.sign_up(&format!("leaves{round}")));
        assert_eq!(status(&server.request("POST", "/logout", &[("Cookie", &leaves)], "")), 200);
        server.kill();
        alive.push(stays);
        ended.push(leaves);
    }
}

#[test]
fn sessions_are_alive_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(&folder);
    let cookie = server.sign_up("ada");
    assert_eq!(server.terminate(), Some(0));

    assert_eq!(Server::start(&folder).who(&cookie), 200);
}
