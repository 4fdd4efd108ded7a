//! Browsers in which a user has logged in before: what they may try, and how they are forgotten.

use std::time::Duration;

use rocket::http::Status;
use serde_json::{Value, json};
use vestibule::auth::{MOST_FAILURES_IN_A_ROW, MOST_FAILURES_OF_A_BROWSER, MOST_FAILURES_OF_KNOWN_BROWSERS};
use vestibule::model::{BROWSER_KNOWN_FOR, MOST_KNOWN_BROWSERS};

use super::reset_password::token;
use super::throttle::{LONGEST_DELAY, elsewhere, fail, fail_from_everywhere, login, throttled};
use crate::support::{ADA, Answer, App, Cookies, PASSWORD};

const NEW_PASSWORD: &str = "another long password";

/// Somebody else who holds a copy of these cookies.
async fn thief_fails(app: &App, copy: &Cookies) -> Answer {
    fail(&app.program_with(copy).from("203.0.113.9"), ADA).await
}

/// Of so many guesses with copies of these cookies, how many were looked at; each waits as long as anybody may have to.
async fn looked_at(app: &App, copies: &[Cookies], times: usize) -> u64 {
    let before = app.auth().hashes_computed();
    for n in 0..times {
        thief_fails(app, &copies[n % copies.len()]).await;
    }
    app.auth().hashes_computed() - before
}

/// Ada's browsers, so many, each known to her.
async fn known_to_ada(app: &App, times: i64) -> Vec<Cookies> {
    let mut known = Vec::new();
    for _ in 0..times {
        let browser = app.program();
        assert_eq!(browser.send("/login", login(ADA, PASSWORD)).await.status, Status::Ok);
        known.push(browser.cookies.into_inner());
        app.wait(Duration::from_secs(1));
    }
    known
}

async fn known_browsers(app: &App, cookies: &Cookies) -> Vec<Value> {
    let told = app.program_with(cookies).get("/sessions").await.json();
    told["known_browsers"].as_array().expect("known browsers").clone()
}

#[rocket::async_test]
async fn a_cookie_from_before_a_password_change_buys_no_guesses_any_more() {
    let app = throttled().await;
    let ada = app.sign_up(ADA).await;
    let copy = ada.clone();
    let change = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD });
    let owner = app.program_with(&ada);
    assert_eq!(owner.send("/password", change).await.status, Status::Ok);

    assert_eq!(looked_at(&app, &[copy], 240).await, 4, "as many as a stranger's");
    let known = known_browsers(&app, &owner.cookies.into_inner()).await;
    assert_eq!(known.len(), 1, "the browser in which it was changed is known by the new one: {known:?}");
    assert_eq!(known[0]["is_this"], true);
}

#[rocket::async_test]
async fn a_cookie_from_before_a_reset_buys_no_guesses_any_more() {
    let app = throttled().await;
    let copy = app.sign_up(ADA).await;
    let reset = json!({ "token": token(&app, ADA).await, "new_password": NEW_PASSWORD });
    let answer = app.program().send("/reset-password", reset).await;
    assert_eq!(answer.status, Status::Ok, "{}", answer.body);

    assert_eq!(looked_at(&app, &[copy], 20).await, 4);
}

#[rocket::async_test]
async fn a_cookie_from_before_two_factor_authentication_buys_no_guesses_any_more() {
    let app = throttled().await;
    let copy = app.sign_up(ADA).await;
    app.turn_on_second_step(&copy).await;

    assert_eq!(looked_at(&app, std::slice::from_ref(&copy), 20).await, 4);
    assert_eq!(known_browsers(&app, &copy).await.len(), 0);
}

#[rocket::async_test]
async fn many_cookies_do_not_multiply_guesses() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    let copies = known_to_ada(&app, 20).await;

    let guesses = looked_at(&app, &copies, 300).await;

    assert_eq!(guesses, MOST_FAILURES_OF_KNOWN_BROWSERS as u64 + 4, "all of them together, and then as a stranger");
}

#[rocket::async_test]
async fn one_stolen_cookie_used_up_what_all_known_browsers_have_together() {
    let app = throttled().await;
    let copy = app.sign_up(ADA).await;
    let other = known_to_ada(&app, 1).await.remove(0);
    for _ in 0..MOST_FAILURES_OF_KNOWN_BROWSERS + 10 {
        thief_fails(&app, &copy).await;
        app.wait(LONGEST_DELAY);
    }
    for n in 0..MOST_FAILURES_IN_A_ROW {
        fail(&app.program().from(&elsewhere(n)), ADA).await;
    }
    app.program().send("/login", login(ADA, PASSWORD)).await.is_problem(Status::TooManyRequests);

    let answer = app.program_with(&other).send("/login", login(ADA, PASSWORD)).await;
    assert_eq!(answer.status, Status::Ok, "{}", answer.body);
}

#[rocket::async_test]
async fn a_browser_that_fails_too_often_is_treated_like_a_strangers() {
    let app = throttled().await;
    let copy = app.sign_up(ADA).await;
    for _ in 0..MOST_FAILURES_OF_A_BROWSER {
        assert_eq!(thief_fails(&app, &copy).await.status, Status::Unauthorized);
        app.wait(LONGEST_DELAY);
    }
    fail_from_everywhere(&app, ADA, MOST_FAILURES_IN_A_ROW).await;

    let right = app.program_with(&copy).from("203.0.113.9").send("/login", login(ADA, PASSWORD)).await;
    right.is_problem(Status::TooManyRequests);
    assert!(right.json()["detail"].as_str().unwrap().contains("the password alone does not open"), "{}", right.body);
}

#[rocket::async_test]
async fn of_more_browsers_than_may_be_known_the_one_that_rested_longest_is_forgotten() {
    let app = throttled().await;
    let first = app.sign_up(ADA).await;
    app.wait(Duration::from_secs(1));
    let later = known_to_ada(&app, MOST_KNOWN_BROWSERS).await;

    assert_eq!(app.run_sql("SELECT COUNT(*) FROM known_browsers").await, Some(MOST_KNOWN_BROWSERS));
    fail_from_everywhere(&app, ADA, MOST_FAILURES_IN_A_ROW).await;
    let log_in = async |cookies: &Cookies| app.program_with(cookies).send("/login", login(ADA, PASSWORD)).await.status;
    assert_eq!(log_in(&first).await, Status::TooManyRequests);
    assert_eq!(log_in(&later[0]).await, Status::Ok);
}

#[rocket::async_test]
async fn a_login_in_a_known_browser_makes_no_other_known() {
    let app = throttled().await;
    let ada = app.sign_up(ADA).await;
    let browser = app.program_with(&ada);
    for _ in 0..30 {
        app.wait(Duration::from_secs(60));
        assert_eq!(browser.send("/login", login(ADA, PASSWORD)).await.status, Status::Ok);
    }

    let known = known_browsers(&app, &browser.cookies.into_inner()).await;
    assert_eq!(known.len(), 1, "{known:?}");
    assert_eq!(known[0]["since"], "2027-01-15T08:00:00Z");
    assert_eq!(known[0]["last_used_at"], "2027-01-15T08:30:00Z");
}

#[rocket::async_test]
async fn ada_sees_which_browsers_are_known_and_forgets_one() {
    let app = throttled().await;
    let copy = app.sign_up(ADA).await;
    let owner =
        app.browser().with("User-Agent", "Mozilla/5.0 (iPhone; like Mac OS X) Safari/604.1").from("2001:db8::3");
    owner.submit("/login", &[("username", ADA), ("password", PASSWORD)]).await.leads_to("/profile");
    let cookies = owner.cookies.borrow().clone();

    let known = known_browsers(&app, &cookies).await;
    assert_eq!(known.len(), 2);
    let of = |is_this: bool| known.iter().find(|known| known["is_this"] == json!(is_this)).expect("one");
    assert_eq!((&of(true)["browser"], &of(true)["network"]), (&json!("Safari on an iPhone"), &json!("2001:db8::/64")));
    let page = owner.get("/sessions").await;
    let page = page.is_page(Status::Ok);
    assert!(page.contains("Browsers that are known") && page.contains("Safari on an iPhone"), "{page}");

    let forget = format!("/sessions/browsers/{}/forget", of(false)["browser_id"].as_str().unwrap());
    owner.submit(&forget, &[]).await.leads_to("/sessions");
    owner.submit(&forget, &[]).await.is_page(Status::NotFound);
    assert_eq!(known_browsers(&app, &cookies).await.len(), 1);
    assert_eq!(looked_at(&app, &[copy], 20).await, 4, "it is a stranger's now");
    assert!(app.activity(&cookies, "browser_forgotten", 1).await.contains(&"browser_forgotten".to_owned()));
}

#[rocket::async_test]
async fn another_persons_browser_cannot_be_forgotten() {
    let app = throttled().await;
    let ada = app.sign_up(ADA).await;
    let eve = app.sign_up("eve").await;
    let adas = known_browsers(&app, &ada).await;

    let forget = format!("/sessions/browsers/{}/forget", adas[0]["browser_id"].as_str().unwrap());
    app.program_with(&eve).press(&forget).await.is_problem(Status::NotFound);
    app.program_with(&eve).press("/sessions/browsers/nonsense/forget").await.is_problem(Status::NotFound);

    assert_eq!(known_browsers(&app, &ada).await, adas);
}

#[rocket::async_test]
async fn how_long_a_browser_is_known_is_for_the_server_to_say() {
    for (rest, is_known) in [(BROWSER_KNOWN_FOR - Duration::from_secs(1), true), (BROWSER_KNOWN_FOR, false)] {
        let app = throttled().await;
        let copy = app.sign_up(ADA).await;
        app.wait(rest);
        fail_from_everywhere(&app, ADA, MOST_FAILURES_IN_A_ROW).await;

        let answer = app.program_with(&copy).send("/login", login(ADA, PASSWORD)).await;
        assert_eq!(answer.status == Status::Ok, is_known, "after {rest:?}: {}", answer.body);
    }
}

#[rocket::async_test]
async fn browsers_that_are_known_no_more_are_swept() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    app.wait(BROWSER_KNOWN_FOR - Duration::from_secs(1));
    app.auth().sweep().await.unwrap();
    assert_eq!(app.run_sql("SELECT COUNT(*) FROM known_browsers").await, Some(1));

    app.wait(Duration::from_secs(1));
    app.auth().sweep().await.unwrap();

    assert_eq!(app.run_sql("SELECT COUNT(*) FROM known_browsers").await, Some(0));
}
