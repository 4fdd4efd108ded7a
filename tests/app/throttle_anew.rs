//! What begins a count of tries anew, and what does not.

use std::time::Duration;

use rocket::http::Status;
use serde_json::json;
use vestibule::auth::MOST_FAILURES_IN_A_ROW;

use super::throttle::{fail, fail_from_everywhere, throttled};
use crate::support::{ADA, App, PASSWORD, Visitor, adas};

/// Nobody waits longer for the next try, and no code lasts as long.
const LONG_ENOUGH: Duration = Duration::from_secs(16 * 60);

fn stranger(app: &App, number: i64) -> Visitor<'_> {
    app.program().from(&format!("10.0.{number}.1"))
}

#[rocket::async_test]
async fn a_login_begins_the_count_of_confirmations_anew() {
    let app = throttled().await;
    let ada = app.sign_up(ADA).await;
    let program = app.program_with(&ada);
    let confirm = async |password: &str| program.send("/confirm", json!({ "password": password })).await.status;
    while confirm("not the password").await != Status::TooManyRequests {}
    assert_eq!(confirm(PASSWORD).await, Status::TooManyRequests);

    assert_eq!(program.send("/login", adas()).await.status, Status::Ok);

    assert_eq!(confirm(PASSWORD).await, Status::Ok);
}

#[rocket::async_test]
async fn a_login_begins_the_count_of_codes_in_a_session_anew() {
    let app = throttled().await;
    let ada = app.sign_up(ADA).await;
    let (phone, recovery_codes) = app.turn_on_second_step(&ada).await;
    let program = app.program_with(&ada);
    let confirm = async |code: &str| program.send("/confirm", json!({ "code": code })).await.status;
    while confirm(&phone.wrong_code(&app)).await != Status::TooManyRequests {}

    let both = json!({ "username": ADA, "password": PASSWORD, "code": recovery_codes[0] });
    assert_eq!(program.send("/login", both).await.status, Status::Ok);

    assert_eq!(confirm(&recovery_codes[1]).await, Status::Ok);
}

#[rocket::async_test]
async fn a_recovery_code_begins_the_count_of_codes_by_time_anew_for_every_browser() {
    let app = throttled().await;
    let ada = app.sign_up(ADA).await;
    let (phone, recovery_codes) = app.turn_on_second_step(&ada).await;
    let with = |code: &str| json!({ "username": ADA, "password": PASSWORD, "code": code });
    for n in 0..=MOST_FAILURES_IN_A_ROW {
        stranger(&app, n).send("/login", with(&phone.wrong_code(&app))).await;
        app.wait(LONG_ENOUGH);
    }
    let kept_out = stranger(&app, 201).send("/login", with(&phone.code(&app))).await;
    kept_out.is_problem(Status::TooManyRequests);
    app.wait(LONG_ENOUGH);

    assert_eq!(stranger(&app, 202).send("/login", with(&recovery_codes[0])).await.status, Status::Ok);

    assert_eq!(stranger(&app, 203).send("/login", with(&phone.code(&app))).await.status, Status::Ok);
}

#[rocket::async_test]
async fn a_sweep_after_a_day_does_not_unlock_an_account() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    fail_from_everywhere(&app, ADA, MOST_FAILURES_IN_A_ROW).await;

    app.wait(Duration::from_secs(25 * 3_600));
    app.auth().sweep().await.unwrap();

    stranger(&app, 201).send("/login", adas()).await.is_problem(Status::TooManyRequests);
}

#[rocket::async_test]
async fn whoever_failed_nine_times_a_day_was_counted_anew_each_day() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    for day in 0..12 {
        for n in 0..9 {
            fail(&stranger(&app, 3 * day + n / 3), ADA).await;
        }
        app.wait(Duration::from_secs(25 * 3_600));
        app.auth().sweep().await.unwrap();
    }

    stranger(&app, 201).send("/login", adas()).await.is_problem(Status::TooManyRequests);
}

#[rocket::async_test]
async fn what_few_failed_at_is_swept_after_a_day() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    fail(&stranger(&app, 1), ADA).await;

    app.wait(Duration::from_secs(25 * 3_600));
    app.auth().sweep().await.unwrap();

    assert_eq!(app.run_sql("SELECT COUNT(*) FROM throttle").await, Some(0));
}

#[rocket::async_test]
async fn whoever_is_kept_out_though_the_password_is_right_is_told_of_in_the_activity() {
    let app = throttled().await;
    let known = app.sign_up(ADA).await;
    fail_from_everywhere(&app, ADA, MOST_FAILURES_IN_A_ROW).await;
    stranger(&app, 201).send("/login", adas()).await.is_problem(Status::TooManyRequests);
    app.wait(LONG_ENOUGH);

    let owner = app.program_with(&known);
    assert_eq!(owner.send("/login", adas()).await.status, Status::Ok);

    let cookies = owner.cookies.borrow().clone();
    app.activity(&cookies, "kept_out", 1).await;
}

/// The work would tell that the password is right.
#[rocket::async_test]
async fn a_right_password_that_does_not_open_a_locked_account_is_not_hashed_anew() {
    let before = throttled().await;
    before.sign_up(ADA).await;
    fail_from_everywhere(&before, ADA, MOST_FAILURES_IN_A_ROW).await;
    let settings = [("throttle", json!(true)), ("hash_memory_kib", json!(12_288)), ("hash_passes", json!(3))];
    let app = App::in_folder(before.folder.clone(), &settings).await;
    app.clock.turn_forward(before.clock.now().since(app.clock.now()));

    stranger(&app, 201).send("/login", adas()).await.is_problem(Status::TooManyRequests);

    let replaced = "SELECT COUNT(*) FROM users WHERE password_hash LIKE '%m=12288,t=3%'";
    assert_eq!(app.run_sql(replaced).await, Some(0));
}
