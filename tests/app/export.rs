use rocket::http::Status;
use vestibule::model::RecoveryCode;

use crate::support::{ADA, App, PASSWORD};

#[rocket::async_test]
async fn ada_takes_everything_that_is_kept_about_her_and_no_secret() {
    let (app, ada) = App::with_ada().await;
    let (phone, codes) = app.turn_on_second_step(&ada).await;
    let browser = app.browser_with(&ada).with("User-Agent", "curl/8.5.0").from("203.0.113.9");

    let answer = browser.get("/export").await;

    assert_eq!(answer.status, Status::Ok);
    assert_eq!(answer.header("Content-Disposition"), Some("attachment; filename=\"vestibule-account.json\""));
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    let all = answer.json();
    assert_eq!(all["user"]["username"], ADA);
    assert_eq!(all["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(all["second_factor"]["recovery_codes_left"], RecoveryCode::AT_ONCE);
    let kinds: Vec<&str> =
        all["activity"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["exported", "second_factor_on", "signed_up"]);
    assert_eq!(all["activity"][0]["address"], "203.0.113.9");

    let text = answer.body.to_lowercase();
    for secret in ["argon2", "hash", "token\"", "otpauth", &ada["session_id"].to_lowercase(), &codes[0], PASSWORD] {
        assert!(!text.contains(secret), "{secret}");
    }
    // Six digits in a row may be part of an id.
    let code = phone.code(&app);
    assert!(text.split(|c: char| !c.is_ascii_alphanumeric()).all(|word| word != code), "{code}");
}

#[rocket::async_test]
async fn taking_it_again_and_again_is_noted_once() {
    let (app, ada) = App::with_ada().await;
    for _ in 0..5 {
        assert_eq!(app.program_with(&ada).get("/export").await.status, Status::Ok);
    }
    assert_eq!(app.activity(&ada, "exported", 5).await, ["exported", "signed_up"]);
}

#[rocket::async_test]
async fn nobody_takes_anothers() {
    let (app, _) = App::with_ada().await;
    let eve = app.sign_up("eve").await;
    assert!(!app.program_with(&eve).get("/export").await.body.contains(ADA));
    app.program().get("/export").await.is_problem(Status::Unauthorized);
}
