//! Many at once. The invariant is read from the database.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use rocket::futures::future::join_all;
use rocket::http::Status;
use serde_json::json;

use crate::support::server::{Server, status};
use crate::support::{ADA, App, PASSWORD, adas};

#[rocket::async_test]
async fn of_many_who_sign_up_under_one_name_one_gets_the_account() {
    let app = App::new().await;
    let spellings = ["grace", "Grace", "GRACE", "gRaCe"];

    let answers = join_all((0..64).map(async |n| {
        let (username, password) = (spellings[n % 4], format!("{PASSWORD} {n}"));
        match n % 2 {
            0 => app.program().send("/signup", json!({ "username": username, "password": password })).await.status,
            _ => app.program().submit("/signup", &[("username", username), ("password", &password)]).await.status,
        }
    }))
    .await;

    assert_eq!(answers.iter().filter(|status| **status == Status::Created).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == Status::Conflict).count(), 63, "{answers:?}");
    assert_eq!(app.count().await, (1, 1));
}

#[rocket::async_test]
async fn of_many_logouts_of_one_session_one_ends_it() {
    let (app, ada) = App::with_ada().await;

    let answers = join_all((0..32).map(async |_| app.program_with(&ada).press("/logout").await.status)).await;

    assert_eq!(answers.iter().filter(|status| **status == Status::Ok).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == Status::Unauthorized).count(), 31, "{answers:?}");
    assert_eq!(app.count().await, (1, 0));
}

#[rocket::async_test]
async fn what_happens_many_times_at_once_is_one_event_that_counts_them_all() {
    let (app, ada) = App::with_ada().await;

    let answers = join_all((0..32).map(async |_| app.program_with(&ada).get("/export").await.status)).await;

    assert!(answers.iter().all(|status| *status == Status::Ok), "{answers:?}");
    let told: Vec<(String, usize)> =
        app.events(&ada).await.into_iter().map(|event| (event.kind, event.times)).collect();
    assert_eq!(told, [("exported".to_owned(), 32), ("signed_up".to_owned(), 1)]);
}

#[rocket::async_test]
async fn no_request_in_flight_brings_an_ended_session_back() {
    let app = App::with_settings(&[("session_recheck_ms", json!(10_000))]).await;
    app.sign_up(ADA).await;
    for round in 0..50 {
        let browser = app.program();
        browser.send("/login", adas()).await;
        let cookies = browser.cookies.borrow().clone();
        app.wait(Duration::from_secs(61));

        let uses = join_all((0..8).map(async |n| {
            let program = app.program_with(&cookies);
            if n == 4 {
                program.press("/logout").await
            } else {
                program.get("/getusers/me").await
            };
        }));
        rocket::tokio::join!(uses, async { app.auth().write_last_seen().await.unwrap() });
        app.auth().write_last_seen().await.unwrap();

        let status = app.program_with(&cookies).get("/getusers/me").await.status;
        assert_eq!(status, Status::Unauthorized, "round {round}");
        assert_eq!(app.count().await, (1, 1), "the sign-up's own session and no other, round {round}");
    }
}

#[rocket::async_test]
async fn many_logins_at_once_from_one_browser_leave_one_session_of_those_it_replaced() {
    let (app, ada) = App::with_ada().await;

    let answers = join_all((0..16).map(async |_| app.program_with(&ada).send("/login", adas()).await.status)).await;

    assert!(answers.iter().all(|status| *status == Status::Ok), "{answers:?}");
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Unauthorized);
    assert_eq!(app.count().await, (1, 16));
}

#[rocket::async_test]
async fn when_the_queue_of_passwords_is_full_the_rest_is_told_when_to_come_back() {
    let app = App::with_settings(&[("hash_queue", json!(2))]).await;
    app.sign_up(ADA).await;

    let answers = join_all((0..32).map(async |_| app.program().send("/login", adas()).await)).await;

    let (served, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == Status::Ok);
    assert!(!served.is_empty() && !refused.is_empty(), "{} served", served.len());
    for answer in refused {
        answer.is_problem(Status::ServiceUnavailable);
        assert_eq!(answer.header("Retry-After"), Some("2"));
    }
    assert_eq!(app.program().send("/login", adas()).await.status, Status::Ok, "and then it is well again");
}

#[test]
fn of_64_sign_ups_of_one_name_in_several_spellings_one_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(folder.path(), &[("ROCKET_HASH_QUEUE", "200")]);
    let barrier = Barrier::new(64);

    let answers: Vec<u16> = thread::scope(|scope| {
        let threads: Vec<_> = (0..64)
            .map(|n| {
                let (server, barrier) = (&server, &barrier);
                scope.spawn(move || {
                    let name = ["grace", "Grace", "GRACE", "gracE"][n % 4];
                    barrier.wait();
                    status(&server.submit("/signup", &[("username", name), ("password", PASSWORD)]))
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });

    assert_eq!(answers.iter().filter(|status| **status == 201).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 409).count(), 63, "{answers:?}");
}
