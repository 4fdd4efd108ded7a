//! What is kept, and what never is.

use rocket::http::Status;

use crate::support::{ADA, App, adas};

#[rocket::async_test]
async fn accounts_and_sessions_survive_a_restart() {
    let (app, ada) = App::with_ada().await;
    app.auth().close().await;

    let again = App::in_folder(app.folder.clone(), &[]).await;

    assert_eq!(again.program_with(&ada).get("/getusers/me").await.json()["username"], ADA);
    assert_eq!(again.program().send("/login", adas()).await.status, Status::Ok);
}

/// What is about SQLite's file alone.
mod of_a_file {
    use std::os::unix::fs::PermissionsExt;

    use crate::support::PASSWORD;

    use super::*;

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
}
