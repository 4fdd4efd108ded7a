use std::collections::BTreeSet;

use rocket::http::Status;
use serde_json::json;
use vestibule::model::{Username, UsernameProblem};
use vestibule::web::is_filter;

use crate::support::{ADA, App, PASSWORD, adas, input};

#[rocket::async_test]
async fn a_person_signs_up_and_is_signed_in() {
    let app = App::new().await;
    let eve = app.browser();

    let answer = eve.submit("/signup", &[("username", "eve"), ("password", PASSWORD)]).await;

    answer.leads_to("/profile");
    assert!(eve.get("/profile").await.is_page(Status::Ok).contains("<bdi>eve</bdi>"));
    assert_eq!(app.count().await, (1, 1));
}

#[rocket::async_test]
async fn a_program_signs_up_and_gets_the_user_and_a_session() {
    let app = App::new().await;
    let program = app.program();

    let answer = program.send("/signup", adas()).await;

    assert_eq!(answer.status, Status::Created);
    let made = answer.json();
    assert_eq!(made["user"]["username"], ADA);
    assert_eq!(made["user"]["display_name"], ADA);
    assert!(made["message"].is_string() && made["session_id"].is_string());
    assert_eq!(made["user"]["user_id"].as_str().unwrap().as_bytes()[14], b'7', "a UUID of version 7");
    assert_eq!(program.get("/getusers/me").await.json()["user_id"], made["user"]["user_id"]);
}

#[rocket::async_test]
async fn the_form_tells_browsers_and_readers_what_each_field_is() {
    let app = App::new().await;
    let answer = app.browser().get("/signup").await;
    let page = answer.is_page(Status::Ok);

    let (username, password) = (input(page, "username"), input(page, "password"));
    assert!(
        username.contains(r#"autocomplete="username""#) && username.contains(r#"aria-describedby="username-hint""#)
    );
    assert!(password.contains(r#"autocomplete="new-password""#) && password.contains(r#"type="password""#));
    for name in ["username", "password"] {
        assert!(page.contains(&format!(r#"<label for="{name}">"#)), "{page}");
        assert!(page.contains(&format!(r#"id="{name}-hint""#)), "{page}");
    }
}

#[rocket::async_test]
async fn a_problem_stands_beside_its_field_and_the_name_is_kept_but_not_the_password() {
    let app = App::new().await;
    let answer = app.browser().submit("/signup", &[("username", "<eve>"), ("password", "short-secret")]).await;
    let page = answer.is_page(Status::UnprocessableEntity);

    let username = input(page, "username");
    assert!(username.contains(r#"value="&lt;eve&gt;""#), "{username}");
    assert!(username.contains(r#"aria-invalid="true""#), "{username}");
    assert!(username.contains(r#"aria-describedby="username-hint username-problem""#), "{username}");
    assert!(page.contains(r#"id="username-problem">Use only the letters"#), "{page}");
    assert!(page.contains(r#"id="password-problem">Use at least 15 characters."#), "{page}");
    assert!(page.contains(r##"<a href="#username">"##) && page.contains(r#"role="alert""#), "{page}");
    assert!(page.contains("<title>Problem: "), "{page}");
    assert!(!page.contains("short-secret"), "{page}");
    assert_eq!(app.count().await, (0, 0));
}

#[rocket::async_test]
async fn a_program_gets_each_problem_by_its_field() {
    let app = App::new().await;
    let answer = app.program().send("/signup", json!({ "username": "a", "password": "short" })).await;

    let errors = answer.is_problem(Status::UnprocessableEntity);
    assert_eq!(errors["username"], "Use at least 3 characters.");
    assert!(errors["password"].as_str().unwrap().starts_with("Use at least 15 characters."));
}

#[rocket::async_test]
async fn a_name_makes_one_account_however_it_is_spelt() {
    let (app, _) = App::with_ada().await;
    for spelling in ["Ada", "ada", "ADA", "aDa"] {
        let body = json!({ "username": spelling, "password": "another long password" });
        let errors = app.program().send("/signup", body).await.is_problem(Status::Conflict);
        assert_eq!(errors["username"], "This name is taken. Choose another one.");
    }

    let answer = app.browser().submit("/signup", &[("username", "ADA"), ("password", PASSWORD)]).await;
    let page = answer.is_page(Status::Conflict);
    assert!(page.contains(r#"id="username-problem">This name is taken."#), "{page}");
    assert!(input(page, "username").contains(r#"value="ADA""#));
    assert_eq!(app.count().await, (1, 1));
}

#[rocket::async_test]
async fn a_password_that_others_would_try_first_is_refused_with_the_reason() {
    let app = App::new().await;
    let cases = [
        ("the-long-user-name", "THE-long-user-NAME", "user name"),
        ("eve", "eveeveeveeveeveeve", "user name"),
        ("eve", "vestibulevestibule", "name of this site"),
        ("eve", "localhostlocalhost", "name of this site"),
        ("eve", "1234567890123456", "list of common passwords"),
        ("eve", "passwordpassword", "list of common passwords"),
    ];
    for (username, password, reason) in cases {
        let answer = app.program().send("/signup", json!({ "username": username, "password": password })).await;
        let errors = answer.is_problem(Status::UnprocessableEntity);
        assert!(errors["password"].as_str().unwrap().contains(reason), "{password}: {errors}");
    }
    assert_eq!(app.auth().hashes_computed(), 0);
}

#[rocket::async_test]
async fn every_name_of_the_site_is_a_name_of_the_site() {
    let app = App::with_settings(&[("public_url", json!("https://login.example.org:8443"))]).await;
    for password in ["login.example.org", "exampleexample3", "exampleexampleexample", "loginloginlogin"] {
        let answer = app.program().send("/signup", json!({ "username": "eve", "password": password })).await;
        let expected = if password.ends_with('3') { Status::Created } else { Status::UnprocessableEntity };
        assert_eq!(answer.status, expected, "{password}: {}", answer.body);
    }
}

#[rocket::async_test]
async fn every_password_within_the_lengths_is_taken_and_works_as_typed() {
    let app = App::new().await;
    let passwords = [
        "               ".to_owned() + " ",
        "😀".repeat(15),
        "x7 ".repeat(85) + "y",
        "  both ends kept  ".to_owned(),
        "un cafe\u{301}, un the\u{301}".to_owned(),
    ];
    for (n, password) in passwords.iter().enumerate() {
        let username = format!("user{n}");
        let form = [("username", username.as_str()), ("password", password.as_str())];
        app.browser().submit("/signup", &form).await.leads_to("/profile");

        let right = app.program().send("/login", json!({ "username": username, "password": password })).await;
        assert_eq!(right.status, Status::Ok, "{password:?}");
        let cut = &password[..password.char_indices().last().unwrap().0];
        let wrong = app.program().send("/login", json!({ "username": username, "password": cut })).await;
        assert_eq!(wrong.status, Status::Unauthorized, "{cut:?}");
    }
}

#[rocket::async_test]
async fn a_password_too_long_is_refused_before_it_is_hashed() {
    let app = App::new().await;
    let answer = app.program().send("/signup", json!({ "username": "eve", "password": "x7 ".repeat(86) })).await;

    let errors = answer.is_problem(Status::UnprocessableEntity);
    assert_eq!(errors["password"], "Use at most 256 characters.");
    assert_eq!(app.auth().hashes_computed(), 0);
}

#[rocket::async_test]
async fn a_password_that_is_typed_composed_or_decomposed_is_one() {
    let app = App::new().await;
    let form = [("username", "eve"), ("password", "caf\u{e9} au lait, s'il vous pla\u{ee}t")];
    app.browser().submit("/signup", &form).await.leads_to("/profile");

    let decomposed = json!({ "username": "eve", "password": "cafe\u{301} au lait, s'il vous plai\u{302}t" });
    assert_eq!(app.program().send("/login", decomposed).await.status, Status::Ok);
}

#[rocket::async_test]
async fn names_that_belong_to_the_site_are_refused() {
    let app = App::new().await;
    for name in ["admin", "Root", "sup.port", "vestibule", "www"] {
        let errors = app.program().send("/signup", json!({ "username": name, "password": PASSWORD })).await;
        let errors = errors.is_problem(Status::UnprocessableEntity);
        assert!(errors["username"].as_str().unwrap().contains("kept for the site"), "{name}");
    }
}

#[rocket::async_test]
async fn no_address_of_the_site_can_be_a_name() {
    let app = App::new().await;
    let routes = app.client.rocket().routes().filter(|route| !is_filter(route));
    let first_parts = routes.filter_map(|route| route.uri.path().split('/').nth(1));
    let names: BTreeSet<&str> = first_parts.map(|part| part.trim_start_matches('.')).collect();
    for address in ["login", "reset-password", "delete-account", "well-known", "favicon.svg"] {
        assert!(names.contains(address), "{names:?}");
    }
    for name in names.into_iter().filter(|name| !name.is_empty()) {
        assert_eq!(Username::choose(name).unwrap_err(), UsernameProblem::Reserved, "{name}");
    }
}

#[rocket::async_test]
async fn where_signing_up_is_closed_nobody_gets_in_and_everybody_is_told() {
    let app = App::with_settings(&[("sign_up", json!("closed"))]).await;

    let answer = app.browser().get("/signup").await;
    let page = answer.is_page(Status::Ok);
    assert!(page.contains("Signing up is closed") && !page.contains("<input"), "{page}");
    assert!(!app.browser().get("/").await.body.contains(r#"href="/signup""#));
    app.program().send("/signup", adas()).await.is_problem(Status::Forbidden);
    let form = [("username", ADA), ("password", PASSWORD)];
    app.browser().submit("/signup", &form).await.is_page(Status::Forbidden);
    assert_eq!(app.count().await, (0, 0));
}

#[rocket::async_test]
async fn whoever_signs_up_while_signed_in_leaves_the_old_session() {
    let (app, ada) = App::with_ada().await;
    let browser = app.browser_with(&ada);

    let form = [("username", "grace"), ("password", PASSWORD)];
    browser.submit("/signup", &form).await.leads_to("/profile");

    assert_eq!(app.count().await, (2, 1));
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Unauthorized);
}
