use std::time::Duration;

use rocket::futures::future::join_all;
use rocket::http::{Method, Status};
use serde_json::{Value, json};
use vestibule::auth::MOST_FAILURES_IN_A_ROW;
use vestibule::model::RESET_LASTS;

use crate::support::{ADA, App, PASSWORD, adas, input};

const NEW: &str = "entirely different words";

/// The token of a link that the operator makes for a user.
pub async fn token(app: &App, username: &str) -> String {
    let found = app.auth().find_user(username).await.unwrap().expect("a user");
    let (token, _) = app.auth().make_reset(found.user_id).await.unwrap().expect("a user who is not disabled");
    token.reveal().to_string()
}

fn link(token: &str) -> String {
    format!("/reset-password?token={token}")
}

fn set(token: &str) -> Value {
    json!({ "token": token, "new_password": NEW })
}

fn new_login() -> Value {
    json!({ "username": ADA, "password": NEW })
}

#[rocket::async_test]
async fn a_link_sets_a_new_password_once_and_ends_every_session() {
    let (app, ada) = App::with_ada().await;
    let eve = app.sign_up("Eve").await;
    let token = token(&app, ADA).await;
    let browser = app.browser();

    let page = browser.get(&link(&token)).await;
    let shown = page.is_page(Status::Ok);
    assert!(shown.contains("<bdi>Ada</bdi>") && shown.contains("This link works once, until"), "{shown}");
    assert!(input(shown, "new_password").contains(r#"autocomplete="new-password""#), "{shown}");
    let form = [("token", token.as_str()), ("new_password", NEW)];
    browser.submit("/reset-password", &form).await.leads_to("/login?done=password");
    let login = browser.get("/login?done=password").await.body;
    assert!(login.contains("Your new password is set. Log in with it now."), "{login}");

    let before = app.browser_with(&ada);
    before.get("/profile").await.leads_to("/login?next=/profile");
    let told = before.get("/login").await.body;
    assert!(told.contains("You were logged out here because a new password was set on"), "{told}");
    assert_eq!(app.program_with(&eve).get("/getusers/me").await.status, Status::Ok, "nobody else is touched");
    assert_eq!(app.program().send("/login", adas()).await.status, Status::Unauthorized);
    let program = app.program();
    assert_eq!(program.send("/login", new_login()).await.status, Status::Ok);
    app.program().send("/reset-password", set(&token)).await.is_problem(Status::Gone);
    let cookies = program.cookies.borrow().clone();
    let kinds = app.activity(&cookies, "password_reset", 1).await;
    assert!(kinds.contains(&"reset_link_made".to_owned()), "{kinds:?}");
}

#[rocket::async_test]
async fn a_program_sets_it_by_json() {
    let (app, _) = App::with_ada().await;
    let token = token(&app, ADA).await;

    let page = app.program().get(&link(&token)).await.json();
    assert_eq!((&page["username"], &page["password_min_length"]), (&json!(ADA), &json!(15)));
    let answer = app.program().send("/reset-password", set(&token)).await;

    assert_eq!((answer.status, &answer.json()["username"]), (Status::Ok, &json!(ADA)));
    assert_eq!(app.program().send("/login", new_login()).await.status, Status::Ok);
}

#[rocket::async_test]
async fn looking_at_a_link_uses_nothing_up() {
    let (app, ada) = App::with_ada().await;
    let token = token(&app, ADA).await;
    for method in [Method::Get, Method::Head, Method::Options, Method::Get] {
        app.browser().request(method, &link(&token), None, Vec::new()).await;
    }
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Ok, "nor ends anything");
    assert_eq!(app.program().send("/reset-password", set(&token)).await.status, Status::Ok);
}

#[rocket::async_test]
async fn a_link_that_is_worth_nothing_reads_the_same_whatever_the_reason_and_costs_no_hash() {
    let app = App::with_settings(&[("session_recheck_ms", json!(0))]).await;
    let mut links = vec![String::new(), "x".to_owned(), "A".repeat(43), "%ff".to_owned(), "%C3%A9".repeat(400)];

    let people = ["used", "replaced", "changed", "disabled", "enabled", "deleted", "expired"];
    for name in people {
        let cookies = app.sign_up(name).await;
        links.push(token(&app, name).await);
        let made = links.last().unwrap();
        let person = app.program_with(&cookies);
        let user_id = app.auth().find_user(name).await.unwrap().unwrap().user_id;
        match name {
            "used" => assert_eq!(app.program().send("/reset-password", set(made)).await.status, Status::Ok),
            "replaced" => drop(token(&app, name).await),
            "changed" => {
                let change = json!({ "current_password": PASSWORD, "new_password": NEW });
                assert_eq!(person.send("/password", change).await.status, Status::Ok);
            }
            "disabled" => assert_eq!(app.auth().disable(user_id).await.unwrap(), Some(1)),
            "enabled" => {
                app.auth().disable(user_id).await.unwrap();
                assert!(app.auth().enable(user_id).await.unwrap());
            }
            "deleted" => {
                let gone = person.send("/delete-account", json!({ "password": PASSWORD })).await;
                assert_eq!(gone.status, Status::Ok);
            }
            _ => app.wait(RESET_LASTS),
        }
    }

    let before = app.auth().hashes_computed();
    let mut said = Vec::new();
    for token in &links {
        let (page, problem) =
            (app.browser().get(&link(token)).await, app.program().send("/reset-password", set(token)).await);
        page.is_page(Status::Gone);
        problem.is_problem(Status::Gone);
        said.push(problem.json()["detail"].clone());
    }
    app.program().send("/reset-password", json!({ "new_password": NEW })).await.is_problem(Status::Gone);
    app.browser().get("/reset-password").await.is_page(Status::Gone);
    said.dedup();
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(app.auth().hashes_computed(), before);
}

#[rocket::async_test]
async fn a_link_works_until_its_hour_is_over() {
    let (app, _) = App::with_ada().await;
    let token = token(&app, ADA).await;
    app.wait(RESET_LASTS - Duration::from_secs(1));
    assert_eq!(app.program().send("/reset-password", set(&token)).await.status, Status::Ok);
}

#[rocket::async_test]
async fn the_rules_of_a_new_password_hold_and_the_link_stays_good() {
    let (app, _) = App::with_ada().await;
    let token = token(&app, ADA).await;
    for refused in ["", "short", "passwordpassword", "adaadaadaadaada"] {
        let answer = app.browser().submit("/reset-password", &[("token", &token), ("new_password", refused)]).await;
        let page = answer.is_page(Status::UnprocessableEntity);
        assert!(input(page, "new_password").contains(r#"aria-invalid="true""#), "{page}");
        assert!(page.contains(&format!(r#"name="token" value="{token}""#)), "{page}");
    }
    let errors = app.program().send("/reset-password", json!({ "token": token })).await;
    assert!(errors.is_problem(Status::UnprocessableEntity)["new_password"].is_string());
    assert_eq!(app.program().send("/reset-password", set(&token)).await.status, Status::Ok);
}

#[rocket::async_test]
async fn an_account_that_strangers_locked_is_open_again() {
    let app = App::with_settings(&[("throttle", json!(true))]).await;
    app.sign_up(ADA).await;
    for _ in 0..=MOST_FAILURES_IN_A_ROW {
        app.program().send("/login", json!({ "username": ADA, "password": "not the password" })).await;
        app.wait(Duration::from_secs(30));
    }
    app.program().send("/login", adas()).await.is_problem(Status::TooManyRequests);

    let token = token(&app, ADA).await;
    assert_eq!(app.program().send("/reset-password", set(&token)).await.status, Status::Ok);

    assert_eq!(app.program().send("/login", new_login()).await.status, Status::Ok, "from any browser, and at once");
}

#[rocket::async_test]
async fn the_second_step_stays_and_is_asked_for() {
    let (app, ada) = App::with_ada().await;
    let (phone, _) = app.turn_on_second_step(&ada).await;
    let token = token(&app, ADA).await;
    assert_eq!(app.program().send("/reset-password", set(&token)).await.status, Status::Ok);

    let half = app.program().send("/login", new_login()).await;
    half.is_problem(Status::Unauthorized);
    assert_eq!(half.json()["type"], "urn:vestibule:problem:code-needed");
    app.wait(Duration::from_secs(30));
    let mut whole = new_login();
    whole["code"] = json!(phone.code(&app));
    assert_eq!(app.program().send("/login", whole).await.status, Status::Ok);
}

#[rocket::async_test]
async fn of_several_at_once_one_wins() {
    let app = App::with_settings(&[("hash_threads", json!(2))]).await;
    app.sign_up(ADA).await;
    for _ in 0..5 {
        let token = token(&app, ADA).await;
        let answers = join_all((0..4).map(async |n| {
            let body = json!({ "token": token, "new_password": format!("{NEW} {n}") });
            app.program().send("/reset-password", body).await.status
        }))
        .await;

        assert_eq!(answers.iter().filter(|status| **status == Status::Ok).count(), 1, "{answers:?}");
        let winner = answers.iter().position(|status| *status == Status::Ok).unwrap();
        let login = json!({ "username": ADA, "password": format!("{NEW} {winner}") });
        assert_eq!(app.program().send("/login", login).await.status, Status::Ok);
        assert_eq!(app.count().await, (1, 1), "only the login after it is signed in");
    }
}

#[rocket::async_test]
async fn no_login_that_verified_the_old_password_meanwhile_gets_a_session() {
    let app = App::with_settings(&[("hash_threads", json!(2))]).await;
    app.sign_up(ADA).await;
    let mut password = PASSWORD.to_owned();
    for round in 0..10 {
        let token = token(&app, ADA).await;
        let next = format!("{NEW} {round}");
        let old = json!({ "username": ADA, "password": password });
        let logins = join_all((0..4).map(async |_| app.program().send("/login", &old).await.status));
        let changer = app.program();
        let changed = changer.send("/reset-password", json!({ "token": token, "new_password": next }));
        let (_, changed) = rocket::tokio::join!(logins, changed);

        assert_eq!(changed.status, Status::Ok);
        assert_eq!(app.count().await, (1, 0), "round {round}: a session of the old password is left");
        password = next;
    }
}

#[rocket::async_test]
async fn another_site_cannot_send_the_form_and_a_browser_that_hides_where_it_was_can() {
    let (app, _) = App::with_ada().await;
    let token = token(&app, ADA).await;
    let form = [("token", token.as_str()), ("new_password", NEW)];
    for (name, value) in [("Sec-Fetch-Site", "cross-site"), ("Origin", "https://evil.example"), ("Origin", "null")] {
        app.browser().with(name, value).submit("/reset-password", &form).await.is_page(Status::Forbidden);
    }
    // An older one says no more than this, and the page lets it say that much.
    let older = app.browser().with("Origin", "http://localhost:8000");
    older.submit("/reset-password", &form).await.leads_to("/login?done=password");
}

#[rocket::async_test]
async fn the_address_is_told_to_nobody_and_kept_by_nobody() {
    let (app, ada) = App::with_ada().await;
    let token = token(&app, ADA).await;
    for path in [link(&token), link("x"), "/reset-password".to_owned()] {
        for browser in [app.browser(), app.browser_with(&ada)] {
            let page = browser.get(&path).await;
            assert_eq!(page.all("Referrer-Policy").collect::<Vec<_>>(), ["strict-origin"], "{path}");
            assert_eq!(page.header("Cache-Control"), Some("no-store"), "{path}");
            assert_eq!(page.all("Set-Cookie").count(), 0, "{path}");
            assert_eq!(page.body.matches(&token).count(), usize::from(path.contains(&token)), "in the form alone");
        }
    }
    app.auth().close().await;

    let mut kept = Vec::new();
    for file in std::fs::read_dir(app.folder.path().join("data")).unwrap() {
        kept.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    assert!(!kept.windows(token.len()).any(|window| window == token.as_bytes()));
}

#[rocket::async_test]
async fn a_link_whose_time_is_up_is_swept() {
    let (app, _) = App::with_ada().await;
    token(&app, ADA).await;
    for (wait, left) in [(RESET_LASTS - Duration::from_secs(1), 1), (Duration::from_secs(1), 0)] {
        app.wait(wait);
        app.auth().sweep().await.unwrap();
        assert_eq!(app.run_sql("SELECT COUNT(*) FROM resets").await, Some(left));
    }
}
