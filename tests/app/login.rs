use data_encoding::BASE64;
use rocket::http::Status;
use serde_json::json;

use crate::support::{ADA, Answer, App, PASSWORD, adas, input};

fn basic(username: &str, password: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("{username}:{password}").as_bytes()))
}

#[rocket::async_test]
async fn a_person_logs_in_and_sees_the_profile() {
    let (app, _) = App::with_ada().await;
    let browser = app.browser();

    browser.submit("/login", &[("username", "ada"), ("password", PASSWORD)]).await.leads_to("/profile");

    assert!(browser.get("/profile").await.is_page(Status::Ok).contains("<bdi>Ada</bdi>"));
}

#[rocket::async_test]
async fn a_program_logs_in_by_json_and_by_http_basic() {
    let (app, _) = App::with_ada().await;
    let by_json = app.program();
    let by_basic = app.browser().without("Accept").with("Authorization", basic("ADA", PASSWORD));

    for (program, answer) in
        [(&by_json, by_json.send("/login", adas()).await), (&by_basic, by_basic.press("/login").await)]
    {
        assert_eq!(answer.status, Status::Ok, "{}", answer.body);
        let told = answer.json();
        assert_eq!(told["user"]["username"], ADA);
        assert!(told["message"].is_string());
        let me = program.get("/getusers/me").await;
        assert_eq!(me.json()["session_id"], told["session_id"]);
    }
}

#[rocket::async_test]
async fn http_basic_takes_a_password_with_colons_in_utf_8() {
    let app = App::new().await;
    let password = "pass:with:colons: über";
    app.program().send("/signup", json!({ "username": "eve", "password": password })).await;

    let answer = app.program().with("Authorization", basic("eve", password)).press("/login").await;

    assert_eq!(answer.status, Status::Ok);
}

#[rocket::async_test]
async fn the_token_is_in_the_cookie_alone() {
    let (app, _) = App::with_ada().await;
    let program = app.program();
    let answer = program.send("/login", adas()).await;

    let cookie = program.cookies.borrow()["session_id"].clone();
    let told = answer.json();
    assert_ne!(told["session_id"].as_str().unwrap(), cookie);
    assert!(!answer.body.contains(&cookie));
    let as_cookie = app.program();
    as_cookie.cookies.borrow_mut().insert("session_id".into(), told["session_id"].as_str().unwrap().into());
    assert_eq!(as_cookie.get("/getusers/me").await.status, Status::Unauthorized);
}

/// The answer without what differs between any two requests.
fn bare(mut answer: Answer, username: &str) -> Answer {
    if answer.body.starts_with('{') {
        let id = answer.json()["request_id"].as_str().unwrap().to_owned();
        answer.body = answer.body.replace(&id, "…");
    }
    answer.body = answer.body.replace(&format!("value=\"{username}\""), "value=\"…\"");
    answer
}

#[rocket::async_test]
async fn an_unknown_name_and_a_wrong_password_read_the_same_and_cost_one_hash() {
    let (app, _) = App::with_ada().await;
    for name in ["Ada", "eve", "no such name!", "admin"] {
        let before = app.auth().hashes_computed();
        let page = app.browser().submit("/login", &[("username", name), ("password", "not the password")]).await;
        assert_eq!(app.auth().hashes_computed() - before, 1, "{name}");
        let problem = app.program().send("/login", json!({ "username": name, "password": "not the password" })).await;
        assert_eq!(app.auth().hashes_computed() - before, 2, "{name}");
        let by_basic = app.program().with("Authorization", basic(name, "not the password")).press("/login").await;
        assert_eq!(app.auth().hashes_computed() - before, 3, "{name}");

        page.is_page(Status::Unauthorized);
        problem.is_problem(Status::Unauthorized);
        let adas = [
            app.browser().submit("/login", &[("username", "Ada"), ("password", "also not it")]).await,
            app.program().send("/login", json!({ "username": "Ada", "password": "also not it" })).await,
            app.program().with("Authorization", basic("Ada", "also not it")).press("/login").await,
        ];
        for (this, adas) in [page, problem, by_basic].into_iter().zip(adas) {
            assert_eq!(bare(this, name), bare(adas, "Ada"), "{name}");
        }
    }
}

#[rocket::async_test]
async fn a_right_password_costs_one_hash_too() {
    let (app, _) = App::with_ada().await;
    let before = app.auth().hashes_computed();
    app.program().send("/login", adas()).await;
    assert_eq!(app.auth().hashes_computed() - before, 1);
}

#[rocket::async_test]
async fn only_programs_are_challenged_so_that_browsers_open_no_dialog() {
    let (app, _) = App::with_ada().await;
    let wrong = [("username", "Ada"), ("password", "not the password")];

    let page = app.browser().submit("/login", &wrong).await;
    let problem = app.program().submit("/login", &wrong).await;

    assert_eq!(page.header("WWW-Authenticate"), None);
    assert_eq!(problem.header("WWW-Authenticate"), Some(r#"Basic realm="vestibule", charset="UTF-8""#));
}

#[rocket::async_test]
async fn after_a_wrong_password_the_name_is_kept_and_the_password_is_not() {
    let (app, _) = App::with_ada().await;
    let fields = [("username", "Ada"), ("password", "not-the-password"), ("remember", "on"), ("next", "/protected")];
    let answer = app.browser().submit("/login", &fields).await;

    let page = answer.is_page(Status::Unauthorized);
    assert!(input(page, "username").contains(r#"value="Ada""#));
    assert!(input(page, "username").contains(r#"autocomplete="username""#));
    assert!(input(page, "password").contains(r#"autocomplete="current-password""#));
    assert!(input(page, "remember").contains("checked"));
    assert!(page.contains(r#"name="next" value="&#x2F;protected""#), "{page}");
    assert!(page.contains("The user name or the password is not right."), "{page}");
    assert!(!page.contains("not-the-password"));
}

#[rocket::async_test]
async fn what_is_missing_is_said_beside_its_field_and_costs_no_hash() {
    let app = App::new().await;
    for body in [json!({}), json!({ "username": "", "password": "" })] {
        let errors = app.program().send("/login", body).await.is_problem(Status::UnprocessableEntity);
        assert_eq!(errors, json!({ "username": "Type your user name.", "password": "Type a password." }));
    }
    assert_eq!(app.auth().hashes_computed(), 0);
}

#[rocket::async_test]
async fn an_authorization_that_is_not_basic_is_a_wrong_one() {
    let (app, _) = App::with_ada().await;
    for header in [
        "Basic",
        "Basic !!!",
        "Basic ",
        "Bearer abc",
        "Basic /w==",
        "Basic YWRh",
        "basic\tYWRhOng=",
        "Basic Og==",
        "Basic YWRhOg==",
    ] {
        let answer = app.program().with("Authorization", header).press("/login").await;
        answer.is_problem(Status::Unauthorized);
    }
    assert_eq!(app.count().await, (1, 1));
}

#[rocket::async_test]
async fn a_name_and_password_sent_twice_are_refused() {
    let (app, _) = App::with_ada().await;
    let program = app.program().with("Authorization", basic("Ada", PASSWORD));
    let errors = program.send("/login", adas()).await.is_problem(Status::UnprocessableEntity);
    assert!(errors["username"].as_str().unwrap().contains("once"));

    assert_eq!(program.send("/login", json!({ "remember": true })).await.status, Status::Ok);
}

#[rocket::async_test]
async fn whoever_was_led_to_the_login_is_brought_back() {
    let (app, _) = App::with_ada().await;
    let browser = app.browser();

    let led = browser.get("/protected?from=here&to=there").await;
    led.leads_to("/login?next=/protected%3Ffrom%3Dhere%26to%3Dthere");
    let answer = browser.get(led.header("Location").unwrap()).await;
    let page = answer.is_page(Status::Ok);
    assert!(page.contains("Log in to go on to"), "{page}");

    let next = "/protected?from=here&to=there";
    let fields = [("username", "Ada"), ("password", PASSWORD), ("next", next)];
    browser.submit("/login", &fields).await.leads_to(next);
}

async fn is_led_nowhere(app: &App, next: &str) {
    let fields = [("username", "Ada"), ("password", PASSWORD), ("next", next)];
    app.browser().submit("/login", &fields).await.leads_to("/profile");

    let address = format!("/login?{}", crate::support::encode(&[("next", next)]));
    let answer = app.browser().get(&address).await;
    assert!(!answer.is_page(Status::Ok).contains("name=\"next\""), "{next}");
}

#[rocket::async_test]
async fn nobody_is_led_to_another_site() {
    let (app, _) = App::with_ada().await;
    for next in [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/%5Cevil.example",
        "\u{0}",
    ] {
        is_led_nowhere(&app, next).await;
    }
}

#[rocket::async_test]
async fn nobody_logs_in_to_be_asked_to_log_in_or_to_be_logged_out() {
    let (app, _) = App::with_ada().await;
    for next in ["/login", "/login?next=/", "/login/code", "/logout", "/signup", "/signup/"] {
        is_led_nowhere(&app, next).await;
    }
}

#[rocket::async_test]
async fn while_it_cannot_be_known_who_asks_no_form_does_anything() {
    let app = App::with_settings(&[("session_recheck_ms", json!(0))]).await;
    let ada = app.sign_up(ADA).await;
    // What comes after the look at the session would go well.
    app.run_sql("UPDATE sessions SET session_id = 'unreadable'").await;
    let (tries, hashes) = ("SELECT COUNT(*) FROM throttle", app.auth().hashes_computed());
    let tried_before = app.run_sql(tries).await;

    for password in [PASSWORD, "wrong"] {
        let fields = [("username", ADA), ("password", password)];
        app.browser_with(&ada).submit("/login", &fields).await.is_page(Status::InternalServerError);
        let program = app.program_with(&ada);
        program
            .send("/login", json!({ "username": ADA, "password": password }))
            .await
            .is_problem(Status::InternalServerError);
    }
    for (path, fields) in [
        ("/signup", [("username", "eve"), ("password", PASSWORD)].as_slice()),
        ("/login/code", &[("code", "123456")]),
        ("/reset-password", &[("token", "none"), ("new_password", PASSWORD)]),
    ] {
        app.browser_with(&ada).submit(path, fields).await.is_page(Status::InternalServerError);
    }
    assert_eq!(app.auth().hashes_computed(), hashes);
    assert_eq!(app.run_sql(tries).await, tried_before);
    assert_eq!(app.run_sql("SELECT COUNT(*) FROM users").await, Some(1));
}

#[rocket::async_test]
async fn a_login_ends_the_session_that_the_browser_was_in() {
    let (app, ada) = App::with_ada().await;
    let browser = app.browser_with(&ada);

    browser.submit("/login", &[("username", "Ada"), ("password", PASSWORD)]).await.leads_to("/profile");

    assert_ne!(*browser.cookies.borrow(), ada);
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Unauthorized);
    assert_eq!(app.count().await, (1, 1));
}

#[rocket::async_test]
async fn a_login_that_fails_ends_nothing() {
    let (app, ada) = App::with_ada().await;
    let browser = app.browser_with(&ada);

    let answer = browser.submit("/login", &[("username", "Ada"), ("password", "not the password")]).await;

    assert_eq!(answer.all("Set-Cookie").count(), 0);
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Ok);
}

#[rocket::async_test]
async fn a_hash_of_older_parameters_is_replaced_once_at_the_next_login() {
    let (older, _) = {
        let app = App::with_settings(&[("hash_memory_kib", json!(12_288)), ("hash_passes", json!(3))]).await;
        let cookies = app.sign_up(ADA).await;
        (app, cookies)
    };
    let app = App::in_folder(older.folder.clone(), &[]).await;

    let wrong = json!({ "username": ADA, "password": "not the password" });
    assert_eq!(app.program().send("/login", wrong).await.status, Status::Unauthorized);
    assert_eq!(
        app.auth().hashes_computed(),
        2,
        "one of the older kind and one of ours, so that the time tells nothing"
    );
    assert_eq!(app.program().send("/login", adas()).await.status, Status::Ok);
    assert_eq!(app.auth().hashes_computed(), 4, "the wrong password replaced nothing, the right one does");
    assert_eq!(app.program().send("/login", adas()).await.status, Status::Ok);
    assert_eq!(app.auth().hashes_computed(), 5, "it is up to date now");
}
