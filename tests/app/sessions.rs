use std::time::Duration;

use rocket::http::Status;
use serde_json::json;
use vestibule::model::MOST_SESSIONS;

use crate::support::{ADA, App, PASSWORD, adas};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

#[rocket::async_test]
async fn a_session_that_is_not_used_ends_after_half_an_hour() {
    let (app, ada) = App::with_ada().await;
    app.wait(29 * MINUTE);
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Ok);
    app.wait(29 * MINUTE);
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Ok, "its use counted");

    app.wait(30 * MINUTE);

    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Unauthorized);
    app.browser_with(&ada).get("/profile").await.leads_to("/login?next=/profile");
    let (accounts, _) = app.auth().accounts("", 10).await.unwrap();
    assert_eq!(accounts[0].open_sessions, 0, "as the operator sees it too");
}

#[rocket::async_test]
async fn the_limit_of_a_session_that_is_not_used_is_kept_to_the_second() {
    for minutes in [1, 2, 30] {
        let app = App::with_settings(&[("session_idle_minutes", json!(minutes))]).await;
        let ada = app.sign_up(ADA).await;
        let limit = Duration::from_secs(60 * minutes);
        for rest in [
            Duration::from_secs(5),
            limit - Duration::from_secs(1),
            Duration::from_secs(59),
            limit - Duration::from_secs(1),
        ] {
            app.wait(rest);
            assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Ok, "{minutes} {rest:?}");
        }
        app.wait(limit);
        assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Unauthorized, "{minutes}");
    }
}

#[rocket::async_test]
async fn a_session_ends_after_twelve_hours_however_busy() {
    let (app, ada) = App::with_ada().await;
    for _ in 0..71 {
        app.wait(10 * MINUTE);
        assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Ok);
    }

    app.wait(10 * MINUTE);

    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Unauthorized);
}

#[rocket::async_test]
async fn whoever_asked_to_stay_signed_in_stays_for_thirty_days() {
    let (app, _) = App::with_ada().await;
    let browser = app.browser();
    let fields = [("username", ADA), ("password", PASSWORD), ("remember", "on")];
    let answer = browser.submit("/login", &fields).await;
    let cookie = answer.session_cookie();
    assert!(cookie.contains("Max-Age=2592000"), "{cookie}");

    app.wait(30 * DAY - MINUTE);
    assert_eq!(browser.get("/profile").await.status, Status::Ok);
    app.wait(MINUTE);

    browser.get("/profile").await.leads_to("/login?next=/profile");
}

#[rocket::async_test]
async fn a_session_without_that_wish_is_dropped_when_the_browser_closes() {
    let (app, _) = App::with_ada().await;
    let answer = app.program().send("/login", adas()).await;
    let cookie = answer.session_cookie();
    assert!(!cookie.contains("Max-Age") && !cookie.contains("Expires"), "{cookie}");
}

#[rocket::async_test]
async fn a_clock_set_back_does_not_lengthen_a_session_or_break_it() {
    let (app, ada) = App::with_ada().await;
    app.clock.turn_back(HOUR);
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Ok);

    app.wait(HOUR + 31 * MINUTE);

    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Unauthorized);
}

#[rocket::async_test]
async fn ordinary_requests_set_no_cookie_and_anonymous_ones_write_nothing() {
    let (app, ada) = App::with_ada().await;
    for path in ["/", "/profile", "/protected", "/getusers/me", "/login", "/nothing-here"] {
        assert_eq!(app.browser_with(&ada).get(path).await.all("Set-Cookie").count(), 0, "{path}");
    }
    for n in 0..100 {
        let stranger = app.browser();
        stranger.cookies.borrow_mut().insert("session_id".into(), format!("made-up-{n}"));
        stranger.get("/protected").await;
        stranger.press("/logout").await;
    }
    assert_eq!(app.count().await, (1, 1));
}

#[rocket::async_test]
async fn another_process_refuses_within_the_recheck_what_this_one_ended() {
    let (here, ada) = App::with_ada().await;
    let there = App::in_folder(here.folder.clone(), &[("session_recheck_ms", json!(200))]).await;
    assert_eq!(there.program_with(&ada).get("/getusers/me").await.status, Status::Ok);

    here.browser_with(&ada).press("/logout").await;
    rocket::tokio::time::sleep(Duration::from_millis(250)).await;

    assert_eq!(there.program_with(&ada).get("/getusers/me").await.status, Status::Unauthorized);
}

#[rocket::async_test]
async fn with_no_recheck_every_request_asks_the_database() {
    let (here, ada) = App::with_ada().await;
    let there = App::in_folder(here.folder.clone(), &[("session_recheck_ms", json!(0))]).await;
    assert_eq!(there.program_with(&ada).get("/getusers/me").await.status, Status::Ok);

    here.browser_with(&ada).press("/logout").await;

    assert_eq!(there.program_with(&ada).get("/getusers/me").await.status, Status::Unauthorized);
}

#[rocket::async_test]
async fn ada_sees_where_she_is_signed_in() {
    let (app, ada) = App::with_ada().await;
    let phone =
        app.browser().with("User-Agent", "Mozilla/5.0 (iPhone; like Mac OS X) Safari/604.1").from("2001:db8:1:2::3");
    phone.submit("/login", &[("username", ADA), ("password", PASSWORD), ("remember", "on")]).await;

    let page = app.browser_with(&ada).get("/sessions").await;
    let page = page.is_page(Status::Ok);
    assert!(page.contains("Safari on an iPhone") && page.contains("From 2001:db8:1:2::&#x2F;64"), "{page}");
    assert_eq!(page.matches("this browser").count(), 2, "among the sessions, and among the known browsers");
    let since = r#"Since <time datetime="2027-01-15T08:00:00Z">15 January 2027, 08:00 UTC</time>"#;
    assert_eq!(page.matches(since).count(), 2, "{page}");
    let told = app.program_with(&ada).get("/sessions").await.json();
    let sessions = told["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    let me = app.program_with(&ada).get("/getusers/me").await.json();
    for session in sessions {
        assert_eq!(session["is_this"] == json!(true), session["session_id"] == me["session_id"]);
    }
    let phones = phone.cookies.into_inner();
    for browser in [app.program_with(&ada), app.program_with(&phones)] {
        assert_eq!(browser.get("/sessions").await.json()["sessions"][0]["is_this"], true, "one's own stands first");
    }
}

#[rocket::async_test]
async fn ada_ends_another_session_and_that_browser_is_told() {
    let (app, ada) = App::with_ada().await;
    let other = app.browser();
    other.submit("/login", &[("username", ADA), ("password", PASSWORD)]).await;
    let others = other.cookies.borrow().clone();
    let id = app.program_with(&others).get("/getusers/me").await.json()["session_id"].as_str().unwrap().to_owned();

    app.browser_with(&ada).press(&format!("/sessions/{id}/end")).await.leads_to("/sessions");

    other.get("/profile").await.leads_to("/login?next=/profile");
    assert!(other.get("/login").await.body.contains("You were logged out here from another browser on"));
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Ok);
    app.program_with(&ada).press(&format!("/sessions/{id}/end")).await.is_problem(Status::NotFound);
    app.activity(&ada, "session_ended", 1).await;
}

#[rocket::async_test]
async fn ending_this_session_is_a_logout() {
    let (app, ada) = App::with_ada().await;
    let browser = app.browser_with(&ada);
    let id = app.program_with(&ada).get("/getusers/me").await.json()["session_id"].as_str().unwrap().to_owned();
    browser.press(&format!("/sessions/{id}/end")).await.leads_to("/");
    assert!(!browser.cookies.borrow().contains_key("session_id"));
    assert_eq!(app.count().await, (1, 0));
}

#[rocket::async_test]
async fn another_persons_session_is_not_found_and_stays_alive() {
    let (app, ada) = App::with_ada().await;
    let eve = app.sign_up("eve").await;
    let adas = app.program_with(&ada).get("/getusers/me").await.json()["session_id"].as_str().unwrap().to_owned();

    let made_up = uuid::Uuid::nil().to_string();
    let ids = [adas.as_str(), &adas.to_uppercase(), &made_up, "1", "..", "%00", "' OR 1=1 --"];
    for id in ids {
        let path =
            format!("/sessions/{}/end", percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC));
        app.program_with(&eve).press(&path).await.is_problem(Status::NotFound);
        app.browser_with(&eve).press(&path).await.is_page(Status::NotFound);
    }
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Ok);
}

#[rocket::async_test]
async fn ada_ends_all_others_and_stays() {
    let (app, ada) = App::with_ada().await;
    let eve = app.sign_up("eve").await;
    for _ in 0..3 {
        app.program().send("/login", adas()).await;
    }
    let answer = app.program_with(&ada).press("/sessions/end-others").await;
    assert_eq!((answer.status, answer.json()["ended"].clone()), (Status::Ok, json!(3)));
    assert_eq!(app.count().await, (2, 2));
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Ok);
    assert_eq!(app.program_with(&eve).get("/getusers/me").await.status, Status::Ok);
}

#[rocket::async_test]
async fn of_more_than_twenty_sessions_the_oldest_goes() {
    let (app, ada) = App::with_ada().await;
    for _ in 1..MOST_SESSIONS {
        app.wait(Duration::from_secs(1));
        app.program().send("/login", adas()).await;
    }
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Ok);
    app.wait(Duration::from_secs(1));
    let newest = app.program();

    newest.send("/login", adas()).await;

    assert_eq!(app.count().await, (1, MOST_SESSIONS));
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Unauthorized);
    let cookies = newest.cookies.borrow().clone();
    app.activity(&cookies, "oldest_ended", 1).await;
}

#[rocket::async_test]
async fn a_user_who_is_disabled_is_refused_at_the_next_request_and_at_the_login() {
    let app = App::with_settings(&[("session_recheck_ms", json!(0))]).await;
    let ada = app.sign_up(ADA).await;
    app.run_sql("UPDATE users SET disabled_at = 1").await;

    let before = app.auth().hashes_computed();
    for (path, visitor) in [("/getusers/me", app.program_with(&ada)), ("/protected", app.program_with(&ada))] {
        visitor.get(path).await.is_problem(Status::Unauthorized);
    }
    let refused = app.program().send("/login", adas()).await;
    refused.is_problem(Status::Unauthorized);
    assert_eq!(refused.json()["detail"], "The user name or the password is not right.");
    assert_eq!(app.auth().hashes_computed() - before, 1);
}

#[rocket::async_test]
async fn a_shorter_limit_ends_what_was_begun_under_a_longer_one() {
    let (app, _) = App::with_ada().await;
    let program = app.program();
    program.send("/login", json!({ "username": ADA, "password": PASSWORD, "remember": true })).await;
    let cookies = program.cookies.borrow().clone();

    let stricter = App::in_folder(app.folder.clone(), &[("remember_days", json!(1))]).await;

    stricter.wait(DAY - MINUTE);
    assert_eq!(stricter.program_with(&cookies).get("/getusers/me").await.status, Status::Ok);
    stricter.wait(MINUTE);
    assert_eq!(stricter.program_with(&cookies).get("/getusers/me").await.status, Status::Unauthorized);
}

#[rocket::async_test]
async fn nobody_is_told_how_the_session_of_another_browser_ended() {
    let (app, ada) = App::with_ada().await;
    let (ended, expired) = (app.browser(), app.browser());
    for browser in [&ended, &expired] {
        browser.submit("/login", &[("username", ADA), ("password", PASSWORD)]).await;
    }
    expired.press("/logout").await;
    let logged_out = app.browser_with(&ada);
    ended.press("/sessions/end-others").await;

    assert!(logged_out.get("/login").await.body.contains("You were logged out here"));
    for other in [&expired, &app.browser()] {
        assert!(!other.get("/login").await.body.contains("You were logged out here"));
    }
    app.wait(31 * MINUTE);
    let unused = ended.get("/login").await;
    assert!(!unused.is_page(Status::Ok).contains("You were logged out here"), "its time was up");
}
