use rocket::futures::future::join_all;
use rocket::http::Status;
use serde_json::json;

use crate::support::{ADA, App, PASSWORD, adas};

#[rocket::async_test]
async fn ada_leaves_and_nothing_of_her_stays() {
    let app = App::with_settings(&[("throttle", json!(true))]).await;
    let ada = app.sign_up(ADA).await;
    app.sign_up("eve").await;
    app.program_with(&ada).send("/login", json!({ "username": ADA, "password": "not the password" })).await;
    app.program().send("/login", json!({ "username": ADA, "password": "not the password" })).await;
    app.program_with(&ada).send("/confirm", json!({ "password": "not the password" })).await;
    let other = app.program();
    other.send("/login", adas()).await;
    app.turn_on_second_step(&ada).await;
    let browser = app.browser_with(&ada);
    assert!(browser.get("/delete-account").await.is_page(Status::Ok).contains("at once and for good"));

    let answer = browser.submit("/delete-account", &[("password", PASSWORD)]).await;

    answer.leads_to("/");
    assert!(answer.header("Clear-Site-Data").is_some() && browser.cookies.borrow().is_empty(), "{:?}", browser.cookies);
    assert_eq!(other.get("/getusers/me").await.status, Status::Unauthorized, "sessions everywhere too");
    assert_eq!(app.count().await, (1, 1), "eve stays");
    assert_eq!(
        rows(&app).await,
        [
            ("users", 1),
            ("sessions", 1),
            ("events", 1),
            ("second_factors", 0),
            ("recovery_codes", 0),
            ("endings", 0),
            ("throttle", 0)
        ]
    );
    assert_eq!(app.program().send("/login", adas()).await.status, Status::Unauthorized);
    assert_eq!(app.program().send("/signup", adas()).await.status, Status::Created, "the name is free again");
}

/// How many rows each table has.
async fn rows(app: &App) -> [(&'static str, i64); 7] {
    let mut counted = [
        ("users", 0),
        ("sessions", 0),
        ("events", 0),
        ("second_factors", 0),
        ("recovery_codes", 0),
        ("endings", 0),
        ("throttle", 0),
    ];
    for (table, rows) in &mut counted {
        *rows = app.run_sql(&format!("SELECT COUNT(*) FROM {table}")).await.unwrap();
    }
    counted
}

#[rocket::async_test]
async fn without_the_password_nobody_leaves() {
    let (app, ada) = App::with_ada().await;
    let program = app.program_with(&ada);
    for body in [json!({}), json!({ "password": "" }), json!({ "password": "not the password" })] {
        assert!(
            program.send("/delete-account", body).await.is_problem(Status::UnprocessableEntity)["password"].is_string()
        );
    }
    assert_eq!(app.count().await, (1, 1));
    assert_eq!(program.send("/delete-account", json!({ "password": PASSWORD })).await.status, Status::Ok);
    assert_eq!(app.count().await, (0, 0));
}

#[rocket::async_test]
async fn whatever_else_happens_at_the_same_time_nothing_breaks_and_nothing_is_left() {
    for round in 0..10 {
        let app = App::with_settings(&[("session_recheck_ms", json!(0)), ("hash_threads", json!(2))]).await;
        let ada = app.sign_up(ADA).await;
        let leaving = app.program_with(&ada);
        let others = join_all((0..10).map(async |n| {
            let program = app.program_with(&ada);
            match n {
                0 | 1 => app.program().send("/login", adas()).await,
                2 => app.program().send("/login", json!({ "username": ADA, "password": "not the password" })).await,
                3 => program.send("/profile", json!({ "display_name": "Ada L." })).await,
                4 => program.press("/two-factor/start").await,
                5 => {
                    program
                        .send(
                            "/password",
                            json!({ "current_password": PASSWORD, "new_password": "entirely different words" }),
                        )
                        .await
                }
                6 => program.send("/confirm", json!({ "password": PASSWORD })).await,
                7 => program.press("/logout").await,
                8 => program.get("/export").await,
                _ => program.press("/sessions/end-others").await,
            }
        }));
        let (left, others) =
            rocket::tokio::join!(leaving.send("/delete-account", json!({ "password": PASSWORD })), others);

        for answer in &others {
            assert!(answer.status.code < 500, "round {round}: {answer:?}");
        }
        if left.status == Status::Ok {
            assert_eq!(app.count().await, (0, 0), "round {round}");
        } else {
            assert_eq!(left.status, Status::Unauthorized, "round {round}: {}", left.body);
        }
    }
}

#[rocket::async_test]
async fn a_browser_that_was_between_the_steps_of_a_login_forgets_that_too() {
    let (app, ada) = App::with_ada().await;
    app.turn_on_second_step(&ada).await;
    let browser = app.browser_with(&ada);
    browser.submit("/login", &[("username", ADA), ("password", PASSWORD)]).await.leads_to("/login/code");
    assert!(browser.cookies.borrow().contains_key("login_ticket"));

    browser.submit("/delete-account", &[("password", PASSWORD)]).await.leads_to("/");

    assert!(browser.cookies.borrow().is_empty(), "{:?}", browser.cookies);
}
