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
    use std::time::Duration;

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

    #[test]
    fn a_database_that_cannot_be_used_stops_the_start() {
        use rocket::local::blocking::Client;

        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        std::fs::write(
            data.join("vestibule.db"),
            "this is no database, and it is long enough to be looked at ".repeat(100),
        )
        .unwrap();

        let rocket = vestibule::app(crate::support::figment(&folder, &[])).unwrap();
        let error = Client::untracked(rocket).expect_err("the app does not start");
        assert!(matches!(error.kind(), rocket::error::ErrorKind::FailedFairings(_)), "{error}");
    }

    #[rocket::async_test]
    async fn a_database_locked_for_a_moment_is_waited_for_and_one_locked_for_long_is_503() {
        use sqlx::ConnectOptions;
        use sqlx::sqlite::SqliteConnectOptions;

        let (app, ada) = App::with_ada().await;
        let file = app.folder.path().join("data/vestibule.db");
        let mut other = SqliteConnectOptions::new().filename(file).connect().await.unwrap();

        sqlx::query("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
        let program = app.program();
        let (waited, ()) = rocket::tokio::join!(program.send("/login", adas()), async {
            rocket::tokio::time::sleep(Duration::from_millis(700)).await;
            sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
        });
        assert_eq!(waited.status, Status::Ok);

        sqlx::query("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
        let refused = app.program().send("/login", adas()).await;
        refused.is_problem(Status::ServiceUnavailable);
        assert!(refused.header("Retry-After").is_some());
        assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Ok, "reading goes on meanwhile");
        sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
        assert_eq!(app.program().send("/login", adas()).await.status, Status::Ok);
    }
}
