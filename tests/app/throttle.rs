use std::time::Duration;

use rocket::futures::future::join_all;
use rocket::http::Status;
use serde_json::{Value, json};
use vestibule::auth::{MOST_FAILURES_IN_A_ROW, MOST_FAILURES_OF_A_BROWSER};

use crate::support::{ADA, Answer, App, PASSWORD, Visitor};

/// The seconds to wait after the fourth failure in a row, and after each one more.
pub const DELAYS: [u64; 6] = [1, 4, 15, 60, 240, 900];
/// How long one who failed often waits at the most.
pub const LONGEST_DELAY: Duration = Duration::from_secs(DELAYS[5]);

pub async fn throttled() -> App {
    App::with_settings(&[("throttle", json!(true))]).await
}

pub fn login(username: &str, password: &str) -> Value {
    json!({ "username": username, "password": password })
}

pub async fn fail(visitor: &Visitor<'_>, username: &str) -> Answer {
    visitor.send("/login", login(username, "not the password")).await
}

/// Somewhere else for every four tries, which is as many as cost nothing but the try.
pub fn elsewhere(try_of_many: i64) -> String {
    format!("203.0.{}.{}", try_of_many / 800, try_of_many / 4 % 200)
}

/// So many fail to log in under this name, one after the other, from many networks.
pub async fn fail_from_everywhere(app: &App, username: &str, times: i64) {
    for n in 0..times {
        assert_eq!(fail(&app.program().from(&elsewhere(n)), username).await.status, Status::Unauthorized, "try {n}");
    }
}

#[rocket::async_test]
async fn failures_are_slowed_down_more_and_more_after_the_fourth() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    let stranger = app.program();
    for _ in 0..4 {
        assert_eq!(fail(&stranger, ADA).await.status, Status::Unauthorized);
    }
    for wait in DELAYS.into_iter().chain([DELAYS[5]]) {
        let answer = fail(&stranger, ADA).await;
        answer.is_problem(Status::TooManyRequests);
        assert_eq!(answer.header("Retry-After"), Some(wait.to_string().as_str()));
        let words = if wait < 120 { format!("in {wait} second") } else { format!("in {} minute", wait / 60) };
        assert!(answer.json()["detail"].as_str().unwrap().contains(&words), "{}", answer.body);

        app.wait(Duration::from_secs(wait));
        assert_eq!(fail(&stranger, ADA).await.status, Status::Unauthorized, "after {wait} seconds");
    }
}

#[rocket::async_test]
async fn a_person_reads_on_a_page_when_to_try_again() {
    let app = throttled().await;
    for _ in 0..4 {
        fail(&app.program(), ADA).await;
    }
    let answer = app.browser().submit("/login", &[("username", ADA), ("password", PASSWORD)]).await;
    let page = answer.is_page(Status::TooManyRequests);
    assert!(page.contains("Please try again in 1 second."), "{page}");
    assert_eq!(answer.header("Retry-After"), Some("1"));
}

#[rocket::async_test]
async fn many_guesses_at_once_do_not_overtake_the_counter() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    let before = app.auth().hashes_computed();

    let answers = join_all((0..200).map(async |_| fail(&app.program(), ADA).await.status)).await;

    let tried = answers.iter().filter(|status| **status == Status::Unauthorized).count();
    assert_eq!(tried, 4, "{answers:?}");
    assert_eq!(app.auth().hashes_computed() - before, 4);
    assert_eq!(answers.iter().filter(|status| **status == Status::TooManyRequests).count(), 196);
}

#[rocket::async_test]
async fn a_name_that_nobody_has_is_slowed_down_just_the_same() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    for _ in 0..8 {
        let (known, unknown) = (fail(&app.program(), ADA).await, fail(&app.program(), "eve").await);
        assert_eq!(known.status, unknown.status);
        assert_eq!(known.header("Retry-After"), unknown.header("Retry-After"));
        assert_eq!(known.json()["detail"], unknown.json()["detail"]);
        app.wait(Duration::from_millis(900));
    }
}

#[rocket::async_test]
async fn no_spelling_of_name_or_address_opens_a_second_bucket() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    let program = app.program();
    for (path, name) in [("/login", "ada"), ("/login/", "ADA"), ("//login", "aDa"), ("/%6Cogin", "Ada")] {
        let answer = program.send(path, login(name, "not the password")).await;
        assert_eq!(answer.status, Status::Unauthorized, "{path} {name}");
    }
    assert_eq!(fail(&program, "adA").await.status, Status::TooManyRequests);
    let form = app.browser().submit("/login", &[("username", "AdA"), ("password", "not the password")]).await;
    assert_eq!(form.status, Status::TooManyRequests);
    let basic = format!("Basic {}", data_encoding::BASE64.encode(b"ADA:not the password"));
    assert_eq!(app.program().with("Authorization", basic).press("/login").await.status, Status::TooManyRequests);
}

#[rocket::async_test]
async fn a_success_begins_the_count_of_that_user_anew_and_of_no_other() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    app.sign_up("eve").await;
    for _ in 0..3 {
        fail(&app.program(), ADA).await;
        fail(&app.program(), "eve").await;
    }
    assert_eq!(app.program().send("/login", login("eve", PASSWORD)).await.status, Status::Ok);

    for _ in 0..4 {
        assert_eq!(fail(&app.program(), "eve").await.status, Status::Unauthorized);
    }
    fail(&app.program(), ADA).await;
    assert_eq!(fail(&app.program(), ADA).await.status, Status::TooManyRequests, "Ada's count went on");
}

#[rocket::async_test]
async fn a_browser_that_has_logged_in_before_keeps_its_own_budget() {
    let app = throttled().await;
    let known = app.sign_up(ADA).await;
    app.browser_with(&known).press("/logout").await;
    fail_from_everywhere(&app, ADA, MOST_FAILURES_IN_A_ROW).await;
    for _ in 0..5 {
        fail(&app.program().from("203.0.113.9"), ADA).await;
    }
    assert_eq!(fail(&app.program().from("203.0.113.9"), ADA).await.status, Status::TooManyRequests);

    let owner = app.browser_with(&known).from("203.0.113.9");
    owner.submit("/login", &[("username", ADA), ("password", PASSWORD)]).await.leads_to("/profile");
}

#[rocket::async_test]
async fn a_browser_that_is_known_to_another_has_no_budget_here() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    let eve = app.sign_up("eve").await;
    for _ in 0..4 {
        fail(&app.program_with(&eve), ADA).await;
    }
    assert_eq!(fail(&app.program_with(&eve), ADA).await.status, Status::TooManyRequests);
}

#[rocket::async_test]
async fn a_known_browser_is_slowed_down_by_its_own_failures() {
    let app = throttled().await;
    let known = app.sign_up(ADA).await;
    let thief = app.program_with(&known);
    for _ in 0..4 {
        assert_eq!(fail(&thief, ADA).await.status, Status::Unauthorized);
    }
    assert_eq!(fail(&thief, ADA).await.status, Status::TooManyRequests);
    assert_eq!(app.program().send("/login", login(ADA, PASSWORD)).await.status, Status::Ok, "others are not");
}

#[rocket::async_test]
async fn after_a_hundred_failures_in_a_row_the_password_alone_does_not_open_the_account() {
    let app = throttled().await;
    let known = app.sign_up(ADA).await;
    fail_from_everywhere(&app, ADA, MOST_FAILURES_IN_A_ROW).await;
    let right = app.program().send("/login", login(ADA, PASSWORD)).await;
    right.is_problem(Status::TooManyRequests);
    let says = right.json()["detail"].as_str().unwrap().to_owned();
    for way_out in ["where you have logged in before", "the password and a code", "a link to set a new password with"] {
        assert!(says.contains(way_out), "{says}");
    }
    let wrong = fail(&app.program(), ADA).await;
    assert_eq!(wrong.json()["detail"], right.json()["detail"], "and does not tell whether it was right");

    let owner = app.program_with(&known);
    assert_eq!(owner.send("/login", login(ADA, PASSWORD)).await.status, Status::Ok);
    assert_eq!(app.program().send("/login", login(ADA, PASSWORD)).await.status, Status::Ok, "the count began anew");
}

#[rocket::async_test]
async fn whoever_is_still_signed_in_can_open_the_account_again_by_confirming() {
    let app = throttled().await;
    let known = app.sign_up(ADA).await;
    fail_from_everywhere(&app, ADA, MOST_FAILURES_IN_A_ROW).await;
    app.program().send("/login", login(ADA, PASSWORD)).await.is_problem(Status::TooManyRequests);

    assert_eq!(app.program_with(&known).send("/confirm", json!({ "password": PASSWORD })).await.status, Status::Ok);

    assert_eq!(app.program().send("/login", login(ADA, PASSWORD)).await.status, Status::Ok);
}

#[rocket::async_test]
async fn nothing_is_tried_when_it_cannot_be_counted() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    let before = app.auth().hashes_computed();
    app.auth().close().await;

    app.program().send("/login", login(ADA, PASSWORD)).await.is_problem(Status::ServiceUnavailable);
    assert_eq!(app.auth().hashes_computed(), before);
}

#[rocket::async_test]
async fn a_clock_that_is_set_back_blocks_nobody_for_longer_than_the_longest_delay() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    for _ in 0..20 {
        fail(&app.program(), ADA).await;
        app.wait(LONGEST_DELAY);
    }
    fail(&app.program(), ADA).await;
    app.clock.turn_back(Duration::from_secs(3_600));
    assert_eq!(app.program().send("/login", login(ADA, PASSWORD)).await.status, Status::Ok);

    fail(&app.program(), "eve").await;
    app.clock.turn_back(Duration::from_secs(1));
    assert_eq!(fail(&app.program(), "eve").await.status, Status::Unauthorized, "a first failure delays nothing");
}

#[rocket::async_test]
async fn a_known_browser_that_failed_too_often_begins_anew_after_a_success() {
    let app = throttled().await;
    let known = app.sign_up(ADA).await;
    let browser = app.program_with(&known);
    for _ in 0..=MOST_FAILURES_OF_A_BROWSER {
        assert_eq!(fail(&browser, ADA).await.status, Status::Unauthorized);
        app.wait(LONGEST_DELAY);
    }
    assert_eq!(browser.send("/login", login(ADA, PASSWORD)).await.status, Status::Ok);
    for _ in 0..4 {
        assert_eq!(fail(&browser, ADA).await.status, Status::Unauthorized);
    }
}
