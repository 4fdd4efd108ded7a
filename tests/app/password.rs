use std::time::Duration;

use rocket::futures::future::join_all;
use rocket::http::Status;
use serde_json::json;

use crate::support::{ADA, App, PASSWORD, adas, input};

const NEW: &str = "entirely different words";

fn change() -> serde_json::Value {
    json!({ "current_password": PASSWORD, "new_password": NEW })
}

#[rocket::async_test]
async fn a_changed_password_ends_every_other_session_and_this_one_gets_a_new_token() {
    let (app, ada) = App::with_ada().await;
    let other = app.browser();
    other.submit("/login", &[("username", ADA), ("password", PASSWORD)]).await;
    let browser = app.browser_with(&ada);

    let form = [("current_password", PASSWORD), ("new_password", NEW)];
    browser.submit("/password", &form).await.leads_to("/profile?done=password");

    assert!(browser.get("/profile?done=password").await.is_page(Status::Ok).contains("Your password is changed."));
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Unauthorized, "the old token is dead");
    other.get("/profile").await.leads_to("/login?next=/profile");
    let login = other.get("/login?next=/profile").await.body;
    assert!(login.contains("You were logged out here because the password was changed on"), "{login}");
    assert_eq!(app.program().send("/login", adas()).await.status, Status::Unauthorized);
    let new = json!({ "username": ADA, "password": NEW });
    assert_eq!(app.program().send("/login", new).await.status, Status::Ok);
}

#[rocket::async_test]
async fn a_program_changes_it_and_gets_the_new_cookie() {
    let (app, ada) = App::with_ada().await;
    let program = app.program_with(&ada);

    let answer = program.send("/password", change()).await;

    assert_eq!(answer.status, Status::Ok);
    assert_eq!(program.get("/getusers/me").await.json()["session_id"], answer.json()["session_id"]);
    let cookies = program.cookies.borrow().clone();
    app.activity(&cookies, "password_changed", 1).await;
}

#[rocket::async_test]
async fn the_current_password_is_asked_for_and_nothing_changes_without_it() {
    let (app, ada) = App::with_ada().await;
    let program = app.program_with(&ada);
    for (body, field) in [
        (json!({ "current_password": "not the password", "new_password": NEW }), "current_password"),
        (json!({ "new_password": NEW }), "current_password"),
        (json!({ "current_password": PASSWORD }), "new_password"),
        (json!({ "current_password": PASSWORD, "new_password": "short" }), "new_password"),
        (json!({ "current_password": PASSWORD, "new_password": "passwordpassword" }), "new_password"),
        (json!({ "current_password": PASSWORD, "new_password": "adaadaadaadaada" }), "new_password"),
    ] {
        let errors = program.send("/password", body).await.is_problem(Status::UnprocessableEntity);
        assert!(errors[field].is_string(), "{errors}");
    }
    assert_eq!(program.get("/getusers/me").await.status, Status::Ok);
    assert_eq!(app.program().send("/login", adas()).await.status, Status::Ok);
}

#[rocket::async_test]
async fn a_refusal_says_how_easy_the_password_is_to_guess() {
    let (app, ada) = App::with_ada().await;
    let form = [("current_password", PASSWORD), ("new_password", "passwordpassword")];
    let answer = app.browser_with(&ada).submit("/password", &form).await;
    let page = answer.is_page(Status::UnprocessableEntity);
    assert!(
        page.contains("on a list of common passwords") && page.contains("would find it in less than a second."),
        "{page}"
    );
}

#[rocket::async_test]
async fn the_form_and_the_well_known_address_help_password_managers() {
    let (app, ada) = App::with_ada().await;
    let answer = app.browser_with(&ada).get("/password").await;
    let page = answer.is_page(Status::Ok);
    assert!(input(page, "current_password").contains(r#"autocomplete="current-password""#));
    assert!(input(page, "new_password").contains(r#"autocomplete="new-password""#));
    assert!(page.contains(r#"value="Ada" autocomplete="username""#), "{page}");
    app.browser().get("/.well-known/change-password").await.leads_to("/password");
}

#[rocket::async_test]
async fn no_login_that_verified_the_old_password_meanwhile_gets_a_session() {
    for round in 0..20 {
        let app = App::with_settings(&[("session_recheck_ms", json!(0)), ("hash_threads", json!(2))]).await;
        let ada = app.sign_up(ADA).await;
        let logins = join_all((0..6).map(async |_| {
            let program = app.program();
            program.send("/login", adas()).await;
            program.cookies.borrow().clone()
        }));
        let changer = app.program_with(&ada);
        let (cookies, changed) = rocket::tokio::join!(logins, changer.send("/password", change()));

        assert_eq!(changed.status, Status::Ok);
        assert_eq!(app.count().await, (1, 1), "round {round}: only the session that changed it is left");
        for cookies in cookies {
            assert_eq!(
                app.program_with(&cookies).get("/getusers/me").await.status,
                Status::Unauthorized,
                "round {round}"
            );
        }
    }
}

#[rocket::async_test]
async fn of_two_changes_at_once_one_wins_and_leaves_one_session() {
    let app = App::with_settings(&[("session_recheck_ms", json!(0)), ("hash_threads", json!(2))]).await;
    let ada = app.sign_up(ADA).await;

    let answers = join_all((0..4).map(async |n| {
        let body = json!({ "current_password": PASSWORD, "new_password": format!("{NEW} {n}") });
        app.program_with(&ada).send("/password", body).await.status
    }))
    .await;

    assert_eq!(answers.iter().filter(|status| **status == Status::Ok).count(), 1, "{answers:?}");
    assert_eq!(app.count().await, (1, 1));
}

#[rocket::async_test]
async fn a_session_that_was_ended_meanwhile_changes_nothing() {
    let app = App::with_settings(&[("session_recheck_ms", json!(0)), ("hash_threads", json!(2))]).await;
    for _ in 0..10 {
        let ada = app.program();
        ada.send("/signup", json!({ "username": ADA, "password": PASSWORD })).await;
        ada.send("/login", adas()).await;
        let cookies = ada.cookies.borrow().clone();
        let (changer, leaver) = (app.program_with(&cookies), app.program_with(&cookies));
        let (changed, left) = rocket::tokio::join!(changer.send("/password", change()), leaver.press("/logout"));

        match (changed.status, left.status) {
            // Whoever came first, there is never a session that the logout did not see.
            (Status::Unauthorized, Status::Ok) => assert_eq!(changer.send("/login", adas()).await.status, Status::Ok),
            (Status::Ok, Status::Unauthorized) => return,
            other => panic!("{other:?}"),
        }
    }
}

#[rocket::async_test]
async fn whoever_stays_signed_in_does_so_after_a_change_too() {
    let (app, _) = App::with_ada().await;
    let program = app.program();
    program.send("/login", json!({ "username": ADA, "password": PASSWORD, "remember": true })).await;

    let changed = program.send("/password", change()).await;

    assert!(changed.session_cookie().contains("Max-Age=2592000"), "{}", changed.session_cookie());
    app.wait(Duration::from_secs(24 * 3_600));
    assert_eq!(program.get("/getusers/me").await.status, Status::Ok);
}

#[rocket::async_test]
async fn nobody_is_made_to_change_a_password_that_is_good() {
    let (app, _) = App::with_ada().await;
    app.wait(Duration::from_secs(10 * 365 * 24 * 3_600));

    let browser = app.browser();
    browser.submit("/login", &[("username", ADA), ("password", PASSWORD)]).await.leads_to("/profile");
    assert_eq!(browser.get("/profile").await.status, Status::Ok);
}
