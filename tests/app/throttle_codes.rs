//! How many tries whoever guesses codes has.

use std::time::Duration;

use rocket::http::Status;
use serde_json::json;
use vestibule::auth::{
    MOST_FAILURES_IN_A_ROW, MOST_FAILURES_OF_A_NETWORK, MOST_NEW_CODES, NETWORK_SPAN, NEW_CODES_SPAN,
};

use super::throttle::{LONGEST_DELAY, elsewhere, fail_from_everywhere, login, throttled};
use crate::support::{ADA, PASSWORD, Phone};

#[rocket::async_test]
async fn with_a_second_step_the_owner_gets_in_even_then() {
    let app = throttled().await;
    let known = app.sign_up(ADA).await;
    let (phone, _) = app.turn_on_second_step(&known).await;
    fail_from_everywhere(&app, ADA, MOST_FAILURES_IN_A_ROW).await;
    app.wait(LONGEST_DELAY);
    let mut both = login(ADA, PASSWORD);
    both["code"] = json!(phone.code(&app));
    assert_eq!(app.program().send("/login", both).await.status, Status::Ok);
}

#[rocket::async_test]
async fn codes_and_confirmations_are_slowed_down_too() {
    let app = throttled().await;
    let ada = app.sign_up(ADA).await;
    let program = app.program_with(&ada);
    for _ in 0..4 {
        program
            .send("/confirm", json!({ "password": "not the password" }))
            .await
            .is_problem(Status::UnprocessableEntity);
    }
    program.send("/confirm", json!({ "password": PASSWORD })).await.is_problem(Status::TooManyRequests);
    let change = json!({ "current_password": PASSWORD, "new_password": "another long password" });
    program.send("/password", change).await.is_problem(Status::TooManyRequests);
    program.send("/delete-account", json!({ "password": PASSWORD })).await.is_problem(Status::TooManyRequests);
    app.wait(Duration::from_secs(1));
    assert_eq!(program.send("/confirm", json!({ "password": PASSWORD })).await.status, Status::Ok);

    let cookies = program.cookies.borrow().clone();
    let (phone, _) = app.turn_on_second_step(&cookies).await;
    app.wait(LONGEST_DELAY);
    let with_code = |code: String| json!({ "username": ADA, "password": PASSWORD, "code": code });
    for _ in 0..4 {
        let answer = app.program_with(&cookies).send("/login", with_code(phone.wrong_code(&app))).await;
        assert_eq!(answer.status, Status::Unauthorized, "{}", answer.body);
        app.wait(Duration::from_millis(1));
    }
    app.wait(Duration::from_millis(200));
    let answer = app.program_with(&cookies).send("/login", with_code(phone.code(&app))).await;
    answer.is_problem(Status::TooManyRequests);
}

#[rocket::async_test]
async fn logins_with_a_second_step_that_succeed_use_no_budget_up() {
    let app = throttled().await;
    let known = app.sign_up(ADA).await;
    let (phone, _) = app.turn_on_second_step(&known).await;
    let owner = app.browser_with(&known).from("198.51.100.7");
    for round in 0..12 {
        app.wait(LONGEST_DELAY);
        owner.submit("/login", &[("username", ADA), ("password", PASSWORD)]).await.leads_to("/login/code");
        let answer = owner.submit("/login/code", &[("code", &phone.code(&app))]).await;
        assert_eq!(answer.header("Location"), Some("/profile"), "round {round}: {}", answer.body);
    }
    for round in 0..=MOST_FAILURES_OF_A_NETWORK {
        app.wait(Duration::from_millis(10));
        let stranger = app.browser().from("198.51.100.9");
        if round > 3 {
            app.wait(LONGEST_DELAY);
        }
        let answer = stranger.submit("/login", &[("username", ADA), ("password", PASSWORD)]).await;
        assert_ne!(
            answer.header("Retry-After"),
            Some(&*NETWORK_SPAN.as_secs().to_string()),
            "round {round}: a network that knows the password failed nowhere"
        );
    }
}

#[rocket::async_test]
async fn whoever_knows_the_password_alone_cannot_keep_the_owner_out_by_wrong_codes() {
    let app = throttled().await;
    let ada = app.sign_up(ADA).await;
    let (phone, recovery_codes) = app.turn_on_second_step(&ada).await;
    let with_code = |code: &str| json!({ "username": ADA, "password": PASSWORD, "code": code });
    let known = app.program().from("203.0.113.9");
    app.wait(LONGEST_DELAY);
    assert_eq!(known.send("/login", with_code(&phone.code(&app))).await.status, Status::Ok);
    let guess_codes = async |from: i64| {
        for n in from..from + MOST_FAILURES_IN_A_ROW + 10 {
            app.program().from(&elsewhere(n)).send("/login", with_code(&phone.wrong_code(&app))).await;
        }
        app.wait(LONGEST_DELAY);
    };

    guess_codes(0).await;
    assert_eq!(known.send("/login", with_code(&phone.code(&app))).await.status, Status::Ok, "the known browser");

    guess_codes(400).await;
    let owner = app.program().from("198.51.100.7");
    let locked = owner.send("/login", with_code(&phone.code(&app))).await;
    locked.is_problem(Status::TooManyRequests);
    assert!(locked.json()["detail"].as_str().unwrap().contains("Use a recovery code"), "{}", locked.body);
    let answer = owner.send("/login", with_code(&recovery_codes[0])).await;
    assert_eq!(answer.status, Status::Ok, "any browser, with a recovery code: {}", answer.body);
    app.wait(LONGEST_DELAY);
    let stranger = app.program().from("198.51.100.8");
    assert_eq!(stranger.send("/login", with_code(&phone.code(&app))).await.status, Status::Ok, "and codes work again");
}

#[rocket::async_test]
async fn codes_that_can_be_made_in_a_session_win_no_guesses_of_the_password() {
    let app = throttled().await;
    let thief = app.program();
    thief.send("/signup", login(ADA, PASSWORD)).await;
    let cookies = thief.cookies.borrow().clone();
    let (_, codes) = app.turn_on_second_step(&cookies).await;
    let mut refused = 0;
    for code in &codes {
        for _ in 0..3 {
            let guess = thief.send("/confirm", json!({ "password": "not the password" })).await;
            refused += usize::from(guess.status == Status::TooManyRequests);
        }
        assert_eq!(thief.send("/confirm", json!({ "code": code })).await.status, Status::Ok);
    }
    assert_eq!(refused, 26, "four guesses, and no more without waiting");
}

#[rocket::async_test]
async fn a_code_in_a_session_does_not_clear_the_count_of_codes_at_the_login() {
    let app = throttled().await;
    let known = app.sign_up(ADA).await;
    let (phone, codes) = app.turn_on_second_step(&known).await;
    let wrong_code = async || {
        let body = json!({ "username": ADA, "password": PASSWORD, "code": phone.wrong_code(&app) });
        app.program().from("203.0.113.9").send("/login", body).await.status
    };
    for _ in 0..4 {
        assert_eq!(wrong_code().await, Status::Unauthorized);
    }

    assert_eq!(app.program_with(&known).send("/confirm", json!({ "code": codes[0] })).await.status, Status::Ok);

    assert_eq!(wrong_code().await, Status::TooManyRequests);
}

#[rocket::async_test]
async fn new_recovery_codes_cost_nothing_and_could_be_made_as_fast_as_they_were_written() {
    let app = throttled().await;
    let known = app.sign_up(ADA).await;
    app.turn_on_second_step(&known).await;
    let program = app.program_with(&known);
    let mut last = json!(null);
    for _ in 1..MOST_NEW_CODES {
        last = program.press("/two-factor/recovery-codes").await.json()["recovery_codes"][0].clone();
    }

    let refused = program.press("/two-factor/recovery-codes").await;

    refused.is_problem(Status::TooManyRequests);
    assert_eq!(refused.header("Retry-After"), Some(&*NEW_CODES_SPAN.as_secs().to_string()));
    assert!(refused.json()["detail"].as_str().unwrap().contains("try again in 60 minutes"), "{}", refused.body);
    assert_eq!(program.send("/confirm", json!({ "code": last })).await.status, Status::Ok, "the last ones are good");

    program.press("/two-factor/off").await;
    let setup = program.press("/two-factor/start").await.json();
    let phone = Phone::set_up(&setup);
    let on = program.send("/two-factor/on", json!({ "code": phone.code(&app) })).await;
    on.is_problem(Status::TooManyRequests);
    app.wait(NEW_CODES_SPAN);
    program.send("/login", login(ADA, PASSWORD)).await;
    let cookies = program.cookies.borrow().clone();
    app.turn_on_second_step(&cookies).await;
}
