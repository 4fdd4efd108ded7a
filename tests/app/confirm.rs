use std::time::Duration;

use rocket::http::Status;
use serde_json::json;
use vestibule::model::PROOF_LASTS;

use crate::support::{ADA, App, PASSWORD, input};

/// The pages and buttons that change how one gets in.
const SENSITIVE_PAGES: [&str; 3] = ["/password", "/two-factor", "/delete-account"];
const SENSITIVE_POSTS: [&str; 8] = [
    "/password",
    "/two-factor/start",
    "/two-factor/on",
    "/two-factor/off",
    "/two-factor/recovery-codes",
    "/delete-account",
    "/sessions/end-others",
    "/sessions/01a20656-f064-7def-8f7f-3efb0b2a1ede/end",
];

#[rocket::async_test]
async fn a_fresh_login_is_proof_enough_for_ten_minutes() {
    let (app, ada) = App::with_ada().await;
    app.wait(PROOF_LASTS - Duration::from_secs(1));
    for path in SENSITIVE_PAGES {
        assert_eq!(app.browser_with(&ada).get(path).await.status, Status::Ok, "{path}");
    }
}

#[rocket::async_test]
async fn after_that_people_are_led_to_prove_it_and_back_and_programs_are_told() {
    let (app, ada) = App::with_ada().await;
    app.wait(PROOF_LASTS);
    for path in SENSITIVE_PAGES {
        app.browser_with(&ada).get(path).await.leads_to(&format!("/confirm?next={path}"));
        app.program_with(&ada).get(path).await.is_problem(Status::Forbidden);
    }
    for path in SENSITIVE_POSTS {
        let its_page = format!("/{}", path.split('/').nth(1).unwrap());
        app.browser_with(&ada).submit(path, &[]).await.leads_to(&format!("/confirm?next={its_page}"));
        let problem = app.program_with(&ada).send(path, json!({})).await;
        problem.is_problem(Status::Forbidden);
        assert_eq!(problem.json()["type"], "urn:vestibule:problem:confirmation-needed", "{path}");
    }
    assert_eq!(app.browser_with(&ada).get("/profile").await.status, Status::Ok, "other pages go on");
}

#[rocket::async_test]
async fn the_password_proves_it_and_the_session_goes_on_under_a_new_token() {
    let (app, ada) = App::with_ada().await;
    app.wait(PROOF_LASTS);
    let browser = app.browser_with(&ada);
    let answer = browser.get("/confirm?next=/password").await;
    let page = answer.is_page(Status::Ok);
    assert!(input(page, "password").contains(r#"autocomplete="current-password""#));
    let before = app.program_with(&ada).get("/getusers/me").await.json();

    browser.submit("/confirm", &[("password", PASSWORD), ("next", "/password")]).await.leads_to("/password");

    assert_eq!(browser.get("/password").await.status, Status::Ok);
    let cookies = browser.cookies.borrow().clone();
    assert_eq!(app.program_with(&cookies).get("/getusers/me").await.json(), before, "the same session");
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Unauthorized, "the old token is dead");
    assert_eq!(app.count().await, (1, 1));
}

#[rocket::async_test]
async fn a_wrong_password_proves_nothing_and_ends_nothing() {
    let (app, ada) = App::with_ada().await;
    app.wait(PROOF_LASTS);
    let browser = app.browser_with(&ada);

    let answer = browser.submit("/confirm", &[("password", "not the password"), ("next", "/two-factor")]).await;

    let page = answer.is_page(Status::UnprocessableEntity);
    assert!(page.contains(r#"id="password-problem">This is not your password."#), "{page}");
    assert!(page.contains(r#"name="next" value="&#x2F;two-factor""#), "{page}");
    assert_eq!(app.program_with(&ada).get("/password").await.status, Status::Forbidden);
    app.activity(&ada, "confirmation_failed", 1).await;
}

#[rocket::async_test]
async fn a_code_proves_it_too_and_only_once() {
    let (app, ada) = App::with_ada().await;
    let (phone, _) = app.turn_on_second_step(&ada).await;
    app.wait(PROOF_LASTS);
    let (program, code) = (app.program_with(&ada), phone.code(&app));

    assert_eq!(program.send("/confirm", json!({ "code": code })).await.status, Status::Ok);
    let again = program.send("/confirm", json!({ "code": code })).await;
    assert!(again.is_problem(Status::UnprocessableEntity)["code"].as_str().unwrap().contains("used already"));
}

#[rocket::async_test]
async fn nobody_is_led_to_another_site_from_here() {
    let (app, ada) = App::with_ada().await;
    let browser = app.browser_with(&ada);
    browser.submit("/confirm", &[("password", PASSWORD), ("next", "//evil.example")]).await.leads_to("/profile");
}

#[rocket::async_test]
async fn nobody_proves_who_they_are_to_be_logged_out() {
    let (app, ada) = App::with_ada().await;
    let browser = app.browser_with(&ada);
    assert!(!browser.get("/confirm?next=/logout").await.is_page(Status::Ok).contains("name=\"next\""));
    browser.submit("/confirm", &[("password", PASSWORD), ("next", "/logout")]).await.leads_to("/profile");
}

#[rocket::async_test]
async fn many_confirmations_at_once_leave_one_token_that_works() {
    let app = App::with_settings(&[("session_recheck_ms", json!(0))]).await;
    let ada = app.sign_up(ADA).await;

    let all = rocket::futures::future::join_all((0..8).map(async |_| {
        let program = app.program_with(&ada);
        let status = program.send("/confirm", json!({ "password": PASSWORD })).await.status;
        (status, program.cookies.borrow().clone())
    }))
    .await;

    let confirmed: Vec<_> = all.iter().filter(|(status, _)| *status == Status::Ok).collect();
    assert_eq!(confirmed.len(), 1, "the others' token was dead by then");
    assert_eq!(app.program_with(&confirmed[0].1).get("/getusers/me").await.status, Status::Ok);
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Unauthorized);
    assert_eq!(app.count().await, (1, 1));
}
