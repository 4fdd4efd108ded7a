//! A folder of data that an earlier version made. What it holds stands beside it in `known.json`: the cookies of some
//! browsers, the address in eve's phone, one of her recovery codes, a link that the operator made for mallory. Grace is
//! disabled. Never make it anew.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rocket::http::Status;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{App, Cookies, PASSWORD, Phone, adas};

/// The app on a copy of that folder, at the hour when it was made, and what it holds.
async fn app_of(version: &str) -> (App, Value) {
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(version);
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, Permissions::from_mode(0o700)).unwrap();
    for name in ["secret.key", "vestibule.db"] {
        fs::copy(made.join(name), data.join(name)).unwrap();
        fs::set_permissions(data.join(name), Permissions::from_mode(0o600)).unwrap();
    }
    let known = fs::read_to_string(made.join("known.json")).unwrap();
    (App::in_folder(Arc::new(folder), &[("throttle", json!(true))]).await, serde_json::from_str(&known).unwrap())
}

fn cookies(known: &Value) -> Cookies {
    serde_json::from_value(known.clone()).unwrap()
}

#[rocket::async_test]
async fn in_a_folder_of_version_0_1_everybody_is_signed_in_where_they_were() {
    let (app, known) = app_of("0.1.0").await;

    assert_eq!(app.count().await, (4, 4));
    for (who, name) in [("ada", "Ada"), ("remembered", "Ada"), ("eve", "eve")] {
        let me = app.program_with(&cookies(&known[who])).get("/getusers/me").await;
        assert_eq!((me.status, &me.json()["username"]), (Status::Ok, &json!(name)), "{me}");
    }
    let ada = cookies(&known["ada"]);
    let profile = app.browser_with(&ada).get("/profile").await;
    assert!(profile.is_page(Status::Ok).contains("<bdi>Ada, Countess of Lovelace</bdi>"));
    let events = app.activity(&ada, "signed_up", 1).await;
    assert_eq!(events, ["sign_in_failed", "new_browser", "signed_in", "signed_up"]);
}

#[rocket::async_test]
async fn in_a_folder_of_version_0_1_everybody_gets_in_as_they_did() {
    let (app, known) = app_of("0.1.0").await;
    let log_in = async |body: Value| app.program().send("/login", body).await.status;
    let eves = |code: &str| json!({ "username": "eve", "password": PASSWORD, "code": code });
    let phone = Phone::at(known["phone"].as_str().unwrap());
    app.wait(Duration::from_secs(30));

    assert_eq!(log_in(adas()).await, Status::Ok);
    assert_eq!(log_in(json!({ "username": "eve", "password": PASSWORD })).await, Status::Unauthorized);
    assert_eq!(log_in(eves(&phone.code(&app))).await, Status::Ok);
    assert_eq!(log_in(eves(known["recovery_code"].as_str().unwrap())).await, Status::Ok);
    assert_eq!(log_in(json!({ "username": "grace", "password": PASSWORD })).await, Status::Unauthorized);

    let new = json!({ "token": known["reset_token"], "new_password": "entirely different words" });
    assert_eq!(app.program().send("/reset-password", new).await.status, Status::Ok);
    assert_eq!(log_in(json!({ "username": "mallory", "password": "entirely different words" })).await, Status::Ok);
}
