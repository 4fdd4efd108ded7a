use std::time::Duration;

use rocket::http::Status;
use serde_json::json;
use vestibule::auth::EVENTS_KEPT;

use crate::support::{ADA, App, PASSWORD, adas};

const DAY: Duration = Duration::from_secs(86_400);

const WRONG: [(&str, &str); 2] = [("username", ADA), ("password", "not the password")];

#[rocket::async_test]
async fn what_happens_to_an_account_is_told_in_plain_sentences() {
    let (app, ada) = App::with_ada().await;
    app.browser().submit("/login", &WRONG).await;
    app.activity(&ada, "sign_in_failed", 1).await;
    let elsewhere = app.browser().with("User-Agent", "Mozilla/5.0 (X11; Linux) Firefox/150.0").from("203.0.113.9");
    elsewhere.submit("/login", &[("username", ADA), ("password", PASSWORD)]).await.leads_to("/profile");

    let answer = app.browser_with(&ada).get("/activity").await;

    let page = answer.is_page(Status::Ok);
    for sentence in [
        "You made this account.",
        "Somebody tried to log in with a wrong password.",
        "You logged in.",
        "A browser was used that had not logged in here before.",
        "Firefox on Linux, from 203.0.113.0&#x2F;24",
    ] {
        assert!(page.contains(sentence), "{sentence}: {page}");
    }
    assert_eq!(app.activity(&ada, "signed_up", 1).await, ["new_browser", "signed_in", "sign_in_failed", "signed_up"]);
}

#[rocket::async_test]
async fn a_browser_is_new_only_once() {
    let (app, _) = App::with_ada().await;
    let browser = app.browser();
    let log_in = [("username", ADA), ("password", PASSWORD)];
    browser.submit("/login", &log_in).await.leads_to("/profile");
    browser.press("/logout").await.leads_to("/");
    browser.submit("/login", &log_in).await.leads_to("/profile");

    let cookies = browser.cookies.borrow().clone();
    let kinds = app.activity(&cookies, "signed_in", 2).await;
    assert_eq!(kinds, ["signed_in", "signed_out", "new_browser", "signed_in", "signed_up"]);
}

#[rocket::async_test]
async fn after_a_login_the_profile_tells_of_the_failures_before_it() {
    let (app, ada) = App::with_ada().await;
    app.wait(Duration::from_secs(60));
    for _ in 0..3 {
        app.browser().submit("/login", &WRONG).await;
    }
    app.activity(&ada, "sign_in_failed", 3).await;
    let browser = app.browser();
    browser.submit("/login", &[("username", ADA), ("password", PASSWORD)]).await;

    let page = browser.get("/profile").await.body;
    assert!(page.contains("3 failed attempts to log in since <time"), "{page}");
    let cookies = browser.cookies.borrow().clone();
    let told = app.program_with(&cookies).get("/profile").await.json();
    assert_eq!(told["failed_attempts"]["count"], 3);

    app.wait(Duration::from_secs(1));
    let again = app.program();
    again.send("/login", adas()).await;
    assert!(again.get("/profile").await.json()["failed_attempts"].is_null(), "they were told of once");
}

#[rocket::async_test]
async fn other_browsers_are_told_on_their_next_page_that_the_second_step_changed() {
    let (app, here) = App::with_ada().await;
    let elsewhere = app.browser();
    elsewhere.submit("/login", &[("username", ADA), ("password", PASSWORD)]).await;
    app.turn_on_second_step(&here).await;

    let page = elsewhere.get("/protected").await.body;
    assert!(page.contains("Two-factor authentication was turned on. If that was not you,"), "{page}");
    assert!(!app.browser_with(&here).get("/protected").await.body.contains("turned on"), "not where it was done");

    elsewhere.press("/activity").await.leads_to("/activity");
    assert!(!elsewhere.get("/protected").await.body.contains("If that was not you"), "it was seen");
}

#[rocket::async_test]
async fn nobody_reads_what_happened_to_another() {
    let (app, _) = App::with_ada().await;
    let eve = app.sign_up("eve").await;
    app.browser().submit("/login", &WRONG).await;

    assert_eq!(app.activity(&eve, "signed_up", 1).await, ["signed_up"]);
}

#[rocket::async_test]
async fn events_are_kept_for_ninety_days() {
    let app = App::with_settings(&[("remember_days", json!(200))]).await;
    app.sign_up(ADA).await;
    let browser = app.program();
    browser.send("/login", json!({ "username": ADA, "password": PASSWORD, "remember": true })).await;
    let cookies = browser.cookies.borrow().clone();

    app.wait(EVENTS_KEPT - DAY);
    app.auth().sweep().await.unwrap();
    assert_eq!(app.activity(&cookies, "signed_up", 1).await.len(), 3);
    app.wait(2 * DAY);
    app.auth().sweep().await.unwrap();

    let left = browser.get("/activity").await.json();
    assert_eq!(left["events"].as_array().unwrap().len(), 0);
}

#[rocket::async_test]
async fn somebody_who_fails_on_purpose_hides_nothing_else() {
    let (app, ada) = App::with_ada().await;
    for _ in 0..60 {
        app.wait(Duration::from_secs(1));
        app.browser().submit("/login", &WRONG).await;
    }
    let kinds = app.activity(&ada, "sign_in_failed", 50).await;
    assert!(kinds.len() == 51 && kinds.last().unwrap() == "signed_up", "{kinds:?}");
}

#[rocket::async_test]
async fn what_a_browser_calls_itself_is_text_wherever_it_is_shown() {
    let (app, ada) = App::with_ada().await;
    let rude = app.browser().with("User-Agent", "<script>alert(1)</script> Firefox/1 \u{202E} Linux");
    rude.submit("/login", &[("username", ADA), ("password", PASSWORD)]).await;
    for path in ["/activity", "/sessions"] {
        let page = app.browser_with(&ada).get(path).await.body;
        assert!(page.contains("Firefox on Linux") && !page.contains("<script") && !page.contains('\u{202E}'), "{page}");
    }
}
