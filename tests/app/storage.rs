//! What is kept in the folder, and what never is.

use std::os::unix::fs::PermissionsExt;

use rocket::http::Status;
use serde_json::json;
use vestibule::model::{Password, Username};

use super::throttle::{fail, login, throttled};
use crate::support::{ADA, App, PASSWORD};

#[rocket::async_test]
async fn everything_in_the_folder_is_its_owners_alone() {
    let (app, _) = App::with_ada().await;
    let data = app.folder.path().join("data");

    assert_eq!(std::fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    let files: Vec<_> = std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap()).collect();
    assert!(files.len() >= 2);
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[rocket::async_test]
async fn neither_a_password_nor_a_token_is_in_the_database() {
    let app = App::new().await;
    let ada = app.sign_up(ADA).await;
    app.auth().close().await;

    let sealed = percent_encoding::percent_decode_str(&ada["session_id"]).decode_utf8().unwrap().into_owned();
    let kept = kept(&app);
    assert!(holds(&kept, "$argon2id$v=19$m=19456,t=2,p=1$") && holds(&kept, ADA));
    assert!(!holds(&kept, PASSWORD) && !holds(&kept, &sealed));
}

/// The bytes of the database and of its companions.
fn kept(app: &App) -> Vec<u8> {
    let files = std::fs::read_dir(app.folder.path().join("data")).unwrap().map(|file| file.unwrap());
    let ours = files.filter(|file| file.file_name().to_string_lossy().starts_with("vestibule.db"));
    ours.flat_map(|file| std::fs::read(file.path()).unwrap()).collect()
}

fn holds(kept: &[u8], text: &str) -> bool {
    kept.windows(text.len()).any(|window| window == text.as_bytes())
}

const NAME: &str = "augusta.ada.king";
const DISPLAYED: [&str; 2] = ["Countess of Lovelace", "The Enchantress of Number"];
const BROWSER: &str = "Analytical Engine 1843";

/// People, and among them one whose account is full of what can be found again, and deleted.
async fn one_has_left() -> App {
    let app = App::new().await;
    for number in 0..20 {
        app.sign_up(&format!("eve{number}")).await;
    }
    let ada = app.sign_up(NAME).await;
    let browser = app.browser_with(&ada).with("User-Agent", BROWSER);
    for name in DISPLAYED {
        browser.submit("/profile", &[("display_name", name)]).await;
    }
    app.program().with("User-Agent", BROWSER).send("/login", json!({ "username": NAME, "password": PASSWORD })).await;
    for number in 20..40 {
        app.sign_up(&format!("eve{number}")).await;
    }
    assert!(holds(&kept(&app), DISPLAYED[1]));
    browser.submit("/delete-account", &[("password", PASSWORD)]).await.leads_to("/");
    app
}

#[track_caller]
fn nothing_of_her_is_left(app: &App) {
    let kept = kept(app);
    for text in [NAME, DISPLAYED[0], DISPLAYED[1], BROWSER] {
        assert!(!holds(&kept, text), "{text}");
    }
    assert!(holds(&kept, "eve39"));
}

#[rocket::async_test]
async fn a_deleted_account_stayed_readable_in_the_file_after_a_stop() {
    let app = one_has_left().await;
    app.auth().close().await;
    nothing_of_her_is_left(&app);
}

#[rocket::async_test]
async fn a_deleted_account_stayed_readable_beside_the_file_while_the_site_ran() {
    let app = one_has_left().await;
    app.auth().sweep().await.unwrap();
    nothing_of_her_is_left(&app);
}

/// How many transactions have written to the file: the last frame of each in the log says how large the file is then (SQLite's
/// "Database File Format", section 4.1).
fn commits(app: &App) -> usize {
    let log = std::fs::read(app.folder.path().join("data/vestibule.db-wal")).unwrap();
    let page_size = u32::from_be_bytes(log[8..12].try_into().unwrap()) as usize;
    log[32..].chunks_exact(24 + page_size).filter(|frame| frame[4..8] != [0; 4]).count()
}

#[rocket::async_test]
async fn a_failure_under_a_real_name_alone_was_written_down_and_the_next_to_write_waited_for_it() {
    let app = throttled().await;
    app.sign_up(ADA).await;
    app.sign_up("grace").await;
    let grace = app.auth().find_user("grace").await.unwrap().unwrap();
    app.auth().disable(grace.user_id).await.unwrap();
    app.auth().write_failed_attempts().await.unwrap();
    let mut written = Vec::new();
    for username in [ADA, "nobody", "no name", "grace"] {
        let before = commits(&app);
        assert_eq!(fail(&app.program().from("203.0.113.9"), username).await.status, Status::Unauthorized);
        app.auth().write_failed_attempts().await.unwrap();
        written.push(commits(&app) - before);
    }

    assert_eq!(written, [2; 4], "its counters, and what failed");
}

#[rocket::async_test]
async fn where_signing_up_is_closed_no_name_makes_us_write() {
    let app = App::with_settings(&[("sign_up", json!("closed"))]).await;
    let (grace, password) = (Username::choose("grace").unwrap(), Password::given(PASSWORD).unwrap());
    app.auth().make_account(grace, password).await.unwrap();
    let before = commits(&app);
    for username in ["grace", "eve"] {
        app.program().send("/signup", login(username, PASSWORD)).await.is_problem(Status::Forbidden);
    }
    assert_eq!(commits(&app), before);
}
