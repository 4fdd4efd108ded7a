use rocket::http::Status;

use crate::support::{ADA, App};

#[rocket::async_test]
async fn ada_reads_the_members_page_and_so_does_her_program() {
    let (app, ada) = App::with_ada().await;

    assert!(app.browser_with(&ada).get("/protected").await.is_page(Status::Ok).contains("<bdi>Ada</bdi>"));
    let told = app.program_with(&ada).get("/protected").await.json();
    assert_eq!(told["user"]["username"], ADA);
    assert!(told["message"].is_string());
}

#[rocket::async_test]
async fn a_stranger_is_led_to_the_login_and_a_program_is_told() {
    let app = App::new().await;

    app.browser().get("/protected").await.leads_to("/login?next=/protected");
    app.program().get("/protected").await.is_problem(Status::Unauthorized);
}

#[rocket::async_test]
async fn when_the_database_is_away_nobody_is_called_signed_out() {
    let app = App::with_settings(&[("session_recheck_ms", serde_json::json!(0))]).await;
    let ada = app.sign_up(ADA).await;
    app.auth().close().await;

    for path in ["/protected", "/profile", "/", "/getusers/me", "/login"] {
        let page = app.browser_with(&ada).get(path).await;
        page.is_page(Status::ServiceUnavailable);
        assert_eq!(page.header("Retry-After"), Some("2"), "{path}");
        assert_eq!(page.all("Set-Cookie").count(), 0, "{path}");
        app.program_with(&ada).get(path).await.is_problem(Status::ServiceUnavailable);
    }
    let login = [("username", ADA), ("password", crate::support::PASSWORD)];
    app.browser().submit("/login", &login).await.is_page(Status::ServiceUnavailable);
    let signup = [("username", "eve"), ("password", crate::support::PASSWORD)];
    app.browser().submit("/signup", &signup).await.is_page(Status::ServiceUnavailable);
    // Not even the page for an address that is none tells them that they are signed out.
    app.browser_with(&ada).get("/no-such-page").await.is_page(Status::ServiceUnavailable);
    app.browser_with(&ada).press("/logout").await.is_page(Status::ServiceUnavailable);
    app.browser_with(&ada).submit("/profile", &[("display_name", "A")]).await.is_page(Status::ServiceUnavailable);
}
