use std::time::Duration;

use rocket::http::Status;
use serde_json::{Value, json};
use vestibule::auth::{EVENTS_KEPT, MOST_OF_A_KIND_SHOWN, MOST_TOLD_APART};

use crate::support::{ADA, App, Cookies, PASSWORD, adas};

const DAY: Duration = Duration::from_secs(86_400);
const SECOND: Duration = Duration::from_secs(1);

const WRONG: [(&str, &str); 2] = [("username", ADA), ("password", "not the password")];

/// An app and Ada, who is signed in for longer than events are kept.
async fn with_ada_who_stays() -> (App, Cookies) {
    let app = App::with_settings(&[("remember_days", json!(200))]).await;
    app.sign_up(ADA).await;
    let program = app.program();
    program.send("/login", json!({ "username": ADA, "password": PASSWORD, "remember": true })).await;
    let cookies = program.cookies.borrow().clone();
    (app, cookies)
}

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
    app.wait(SECOND);
    browser.press("/logout").await.leads_to("/");
    app.wait(SECOND);
    browser.submit("/login", &log_in).await.leads_to("/profile");

    let cookies = browser.cookies.borrow().clone();
    let kinds = app.activity(&cookies, "signed_in", 2).await;
    assert_eq!(kinds, ["signed_in", "signed_out", "new_browser", "signed_up"]);
    assert_eq!(app.events(&cookies).await[2].times, 1);
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
async fn the_failures_and_the_logins_of_others_are_not_counted_among_ones_own() {
    let (app, ada) = App::with_ada().await;
    let eve = app.sign_up("eve").await;
    app.wait(Duration::from_secs(60));
    app.browser().submit("/login", &WRONG).await;
    app.activity(&ada, "sign_in_failed", 1).await;
    app.wait(Duration::from_secs(60));
    let failures = async |username: &str| {
        let program = app.program();
        program.send("/login", json!({ "username": username, "password": PASSWORD })).await;
        program.get("/profile").await.json()["failed_attempts"]["count"].clone()
    };

    assert!(failures("eve").await.is_null());
    assert_eq!(failures(ADA).await, 1);
    assert_eq!(app.activity(&eve, "signed_in", 1).await, ["new_browser", "signed_in", "signed_up"]);
}

#[rocket::async_test]
async fn when_the_login_before_is_not_kept_any_more_failures_are_told_of_since_the_first_of_them() {
    let (app, ada) = App::with_ada().await;
    app.wait(Duration::from_secs(60));
    app.browser().submit("/login", &WRONG).await;
    app.activity(&ada, "sign_in_failed", 1).await;
    let first = app.clock.now();
    app.run_sql("DELETE FROM events WHERE kind = 'signed_up'").await;
    app.wait(Duration::from_secs(60));

    let again = app.program();
    assert_eq!(again.send("/login", adas()).await.status, Status::Ok);

    let told = again.get("/profile").await.json();
    assert_eq!(told["failed_attempts"], json!({ "count": 1, "since": first.to_string() }));
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
    let (app, ada) = with_ada_who_stays().await;
    app.wait(EVENTS_KEPT - DAY);
    app.auth().sweep().await.unwrap();
    assert_eq!(app.activity(&ada, "signed_up", 1).await.len(), 3);
    app.wait(2 * DAY);
    app.auth().sweep().await.unwrap();

    assert!(app.events(&ada).await.is_empty());
}

#[rocket::async_test]
async fn failures_before_two_logins_are_told_each_after_its_own_also_where_all_come_from_one_browser() {
    let (app, _) = App::with_ada().await;
    let browser = app.program();
    for failures in [3, 1, 2] {
        for _ in 0..failures {
            app.wait(SECOND);
            browser.submit("/login", &WRONG).await;
        }
        app.wait(SECOND);
        browser.send("/login", adas()).await;
        assert_eq!(browser.get("/profile").await.json()["failed_attempts"]["count"], failures);
    }
}

#[rocket::async_test]
async fn somebody_who_fails_on_purpose_hides_nothing_else() {
    let (app, ada) = App::with_ada().await;
    for _ in 0..60 {
        app.wait(SECOND);
        app.browser().submit("/login", &WRONG).await;
    }
    app.activity(&ada, "sign_in_failed", 60).await;

    let [failures, sign_up] = &app.events(&ada).await[..] else { panic!("one event each") };
    assert_eq!((failures.times, sign_up.kind.as_str()), (60, "signed_up"));
    assert!(failures.at < failures.last_at, "{failures:?}");
    let page = app.browser_with(&ada).get("/activity").await.body;
    assert!(page.contains("60 times since <time"), "{page}");
}

#[rocket::async_test]
async fn a_thousand_repeats_of_one_thing_hid_what_came_before_them() {
    let (app, ada) = App::with_ada().await;
    app.turn_on_second_step(&ada).await;
    let thief = app.program_with(&ada);
    for _ in 0..1_000 {
        app.wait(Duration::from_millis(1));
        assert_eq!(thief.press("/two-factor/recovery-codes").await.status, Status::Ok);
    }

    let kinds = app.activity(&ada, "recovery_codes_made", 1_000).await;
    assert_eq!(kinds, ["recovery_codes_made", "second_factor_on", "signed_up"]);
    let exported = thief.get("/export").await.json();
    let made = &exported["activity"][1];
    assert_eq!((&made["kind"], &made["times"]), (&json!("recovery_codes_made"), &json!(1_000)));
    assert_eq!(exported["activity"].as_array().unwrap().len(), 4);
}

#[rocket::async_test]
async fn repeats_from_ever_new_browsers_and_networks_hid_what_came_before_them() {
    const A_DAY: usize = 60;
    const DAYS: usize = 6;

    let (app, ada) = with_ada_who_stays().await;
    for number in 0..DAYS * A_DAY {
        if number % A_DAY == 0 {
            app.wait(DAY);
        }
        app.wait(SECOND);
        let thief = app.browser_with(&ada).with("User-Agent", format!("Firefox/{number} Linux"));
        assert_eq!(thief.from(&format!("203.0.113.{}", number % 250)).get("/export").await.status, Status::Ok);
    }

    let exported = app.program_with(&ada).get("/export").await.json();
    let exports: Vec<&Value> =
        exported["activity"].as_array().unwrap().iter().filter(|event| event["kind"] == "exported").collect();
    let times: u64 = exports.iter().map(|event| event["times"].as_u64().unwrap()).sum();
    assert_eq!(times, (DAYS * A_DAY + 1) as u64, "nothing is lost of how often it was");
    assert_eq!(exports.len(), DAYS * (MOST_TOLD_APART as usize + 1));
    for first in (0..DAYS).map(|day| format!("Firefox/{} Linux", day * A_DAY)) {
        assert!(exports.iter().any(|event| event["user_agent"] == *first), "the first of its day: {first}");
    }

    let shown = app.events(&ada).await;
    assert_eq!(shown.iter().filter(|event| event.kind == "exported").count(), MOST_OF_A_KIND_SHOWN as usize);
    assert_eq!(shown.last().unwrap().kind, "signed_up");
}

#[rocket::async_test]
async fn the_last_of_several_logins_is_the_last_one_that_the_operator_sees() {
    let app = App::new().await;
    app.sign_up(ADA).await;
    for _ in 0..3 {
        app.wait(SECOND);
        assert_eq!(app.program().send("/login", adas()).await.status, Status::Ok);
    }

    let (accounts, _) = app.auth().accounts("ada", 1).await.unwrap();
    assert_eq!(accounts[0].last_login, Some(app.clock.now()));
}

#[rocket::async_test]
async fn what_happens_again_on_another_day_is_another_event() {
    let (app, ada) = with_ada_who_stays().await;
    for wait in [DAY, DAY - SECOND, SECOND] {
        app.wait(wait);
        app.program_with(&ada).get("/export").await;
    }

    let told = app.events(&ada).await;
    let exports: Vec<usize> = told.iter().filter(|event| event.kind == "exported").map(|event| event.times).collect();
    assert_eq!(exports, [1, 2]);
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
