//! What is kept in the folder, and what never is.

use std::os::unix::fs::PermissionsExt;

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
    let mut kept = Vec::new();
    for file in std::fs::read_dir(app.folder.path().join("data")).unwrap() {
        let file = file.unwrap();
        if file.file_name().to_string_lossy().starts_with("vestibule.db") {
            kept.extend(std::fs::read(file.path()).unwrap());
        }
    }
    let holds = |text: &str| kept.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("$argon2id$v=19$m=19456,t=2,p=1$") && holds(ADA));
    assert!(!holds(PASSWORD) && !holds(&sealed));
}
