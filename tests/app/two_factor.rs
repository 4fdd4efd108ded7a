use std::time::Duration;

use rocket::http::Status;
use serde_json::json;
use vestibule::model::{PROOF_LASTS, RecoveryCode};

use crate::support::{ADA, App, PASSWORD, Phone, adas};

#[rocket::async_test]
async fn a_phone_is_set_up_by_a_picture_and_counts_after_a_right_code() {
    let (app, ada) = App::with_ada().await;
    let browser = app.browser_with(&ada);
    assert!(browser.get("/two-factor").await.is_page(Status::Ok).contains("It is off"));
    browser.press("/two-factor/start").await.leads_to("/two-factor");

    let answer = browser.get("/two-factor").await;
    let page = answer.is_page(Status::Ok);
    assert!(page.contains(r#"src="/two-factor/qr.svg""#) && page.contains("The key: <code>"), "{page}");
    let picture = browser.get("/two-factor/qr.svg").await;
    assert_eq!((picture.status, picture.header("Content-Type")), (Status::Ok, Some("image/svg+xml; charset=utf-8")));
    assert_eq!(picture.header("Cache-Control"), Some("no-store"));
    assert!(!picture.body.contains("<script"));
    assert_eq!(app.program().send("/login", adas()).await.status, Status::Ok, "nothing is asked for yet");

    let phone = Phone::set_up(&app.program_with(&ada).get("/two-factor").await.json());
    let wrong = browser.submit("/two-factor/on", &[("code", &phone.wrong_code(&app))]).await;
    assert!(wrong.is_page(Status::UnprocessableEntity).contains(r#"id="code-problem""#));
    assert_eq!(app.program().send("/login", adas()).await.status, Status::Ok);
    let (phone, codes) = app.turn_on_second_step(&ada).await;

    assert_eq!(codes.len(), RecoveryCode::AT_ONCE);
    assert!(codes.iter().all(|code| code.len() == 31), "128 bits in groups: {codes:?}");
    app.program().send("/login", adas()).await.is_problem(Status::Unauthorized);
    assert_eq!(browser.get("/two-factor/qr.svg").await.status, Status::NotFound, "the secret is shown no more");
    let shown = app.program_with(&ada).get("/two-factor").await.json();
    assert_eq!(
        (shown["is_on"].clone(), shown["recovery_codes_left"].clone()),
        (json!(true), json!(RecoveryCode::AT_ONCE))
    );
    assert!(shown["setup"].is_null() && shown["recovery_codes"].is_null(), "{shown}");
    let used = json!({ "username": ADA, "password": PASSWORD, "code": phone.code(&app) });
    app.program().send("/login", used).await.is_problem(Status::Unauthorized);
}

#[rocket::async_test]
async fn the_recovery_codes_are_shown_once_and_only_their_hashes_are_kept() {
    let (app, ada) = App::with_ada().await;
    let (_, codes) = app.turn_on_second_step(&ada).await;
    assert!(!app.browser_with(&ada).get("/two-factor").await.body.contains(&codes[0]));
    app.auth().close().await;

    let mut kept = Vec::new();
    for file in std::fs::read_dir(app.folder.path().join("data")).unwrap() {
        kept.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let holds = |text: &str| kept.windows(text.len()).any(|window| window == text.as_bytes());
    for code in codes {
        assert!(!holds(&code) && !holds(&code.replace('-', "")) && !holds(&code.replace('-', "").to_uppercase()));
    }
}

#[rocket::async_test]
async fn new_recovery_codes_make_the_old_ones_worthless() {
    let (app, ada) = App::with_ada().await;
    let (_, old) = app.turn_on_second_step(&ada).await;
    let new = app.program_with(&ada).press("/two-factor/recovery-codes").await.json();
    let new = new["recovery_codes"][0].as_str().unwrap();

    let with_code = |code: &str| json!({ "username": ADA, "password": PASSWORD, "code": code });
    app.program().send("/login", with_code(&old[0])).await.is_problem(Status::Unauthorized);
    assert_eq!(app.program().send("/login", with_code(new)).await.status, Status::Ok);
    app.activity(&ada, "recovery_codes_made", 1).await;
}

#[rocket::async_test]
async fn it_can_be_turned_off_again() {
    let (app, ada) = App::with_ada().await;
    app.turn_on_second_step(&ada).await;

    app.browser_with(&ada).press("/two-factor/off").await.leads_to("/two-factor");

    assert_eq!(app.program().send("/login", adas()).await.status, Status::Ok);
    let kinds = app.activity(&ada, "second_factor_off", 1).await;
    assert!(kinds.contains(&"second_factor_on".to_owned()));
}

#[rocket::async_test]
async fn what_does_not_fit_the_state_is_refused() {
    let (app, ada) = App::with_ada().await;
    let program = app.program_with(&ada);
    for path in ["/two-factor/off", "/two-factor/recovery-codes"] {
        program.press(path).await.is_problem(Status::Conflict);
    }
    program.send("/two-factor/on", json!({ "code": "123456" })).await.is_problem(Status::Conflict);
    app.turn_on_second_step(&ada).await;
    program.press("/two-factor/start").await.is_problem(Status::Conflict);
    program.send("/two-factor/on", json!({ "code": "123456" })).await.is_problem(Status::Conflict);
    app.wait(Duration::from_secs(30));
    app.program().send("/login", adas()).await.is_problem(Status::Unauthorized);
}

#[rocket::async_test]
async fn a_key_that_was_begun_anew_makes_the_one_before_worthless() {
    let (app, ada) = App::with_ada().await;
    let program = app.program_with(&ada);
    let first = program.press("/two-factor/start").await.json();
    let second = program.press("/two-factor/start").await.json();
    assert_ne!(first["setup"]["secret"], second["setup"]["secret"]);
}

#[rocket::async_test]
async fn a_key_that_was_begun_long_ago_or_before_the_password_changed_is_none() {
    let (app, ada) = App::with_ada().await;
    let browser = app.program_with(&ada);
    browser.press("/two-factor/start").await;
    app.wait(PROOF_LASTS - Duration::from_secs(60));
    browser.send("/confirm", json!({ "password": PASSWORD })).await;
    app.wait(Duration::from_secs(2 * 60));
    assert!(browser.get("/two-factor").await.json()["setup"].is_null(), "somebody else may have seen it");

    assert!(browser.press("/two-factor/start").await.json()["setup"].is_object());
    let change = json!({ "current_password": PASSWORD, "new_password": "entirely different words" });
    assert_eq!(browser.send("/password", change).await.status, Status::Ok);
    assert!(browser.get("/two-factor").await.json()["setup"].is_null());
}

#[rocket::async_test]
async fn a_second_step_outlives_the_key_that_it_was_sealed_with_once_it_was_used_under_the_next() {
    let key =
        |byte: u8| data_encoding::BASE64.encode(&(0..64).map(|n: u8| n.wrapping_mul(3) ^ byte).collect::<Vec<_>>());
    let settings =
        |key: String, previous: &[String]| [("secret_key", json!(key)), ("previous_secret_keys", json!(previous))];
    let first = App::with_settings(&settings(key(1), &[])).await;
    let ada = first.sign_up(ADA).await;
    let (phone, _) = first.turn_on_second_step(&ada).await;
    let with_code = |app: &App| json!({ "username": ADA, "password": PASSWORD, "code": phone.code(app) });

    let second = App::in_folder(first.folder.clone(), &settings(key(2), &[key(1)])).await;
    second.wait(Duration::from_secs(60));
    assert_eq!(second.program().send("/login", with_code(&second)).await.status, Status::Ok);
    let third = App::in_folder(first.folder.clone(), &settings(key(2), &[])).await;
    third.wait(Duration::from_secs(120));
    assert_eq!(third.program().send("/login", with_code(&third)).await.status, Status::Ok);
}

/// Whoever can write to the database and has an account of their own.
#[rocket::async_test]
async fn a_secret_that_was_moved_to_another_account_opens_nothing_there() {
    let (app, ada) = App::with_ada().await;
    let (adas, _) = app.turn_on_second_step(&ada).await;
    let eve = app.sign_up("eve").await;
    let (eves, _) = app.turn_on_second_step(&eve).await;
    app.run_sql("UPDATE second_factors SET secret = (SELECT MAX(secret) FROM second_factors), last_step = 0").await;

    let mut opened = 0;
    for phone in [adas, eves] {
        for username in [ADA, "eve"] {
            let body = json!({ "username": username, "password": PASSWORD, "code": phone.code(&app) });
            opened += usize::from(app.program().send("/login", body).await.status == Status::Ok);
        }
    }

    assert_eq!(opened, 1, "the secret that stayed where it was");
}
