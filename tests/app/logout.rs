use rocket::http::{Method, Status};

use crate::support::App;

#[rocket::async_test]
async fn a_person_logs_out_and_the_browser_drops_the_cookie() {
    let (app, ada) = App::with_ada().await;
    let browser = app.browser_with(&ada);

    let answer = browser.press("/logout").await;

    answer.leads_to("/");
    assert_eq!(answer.header("Clear-Site-Data"), Some(r#""cache", "storage""#));
    assert!(!browser.cookies.borrow().contains_key("session_id"));
    browser.get("/profile").await.leads_to("/login?next=/profile");
}

#[rocket::async_test]
async fn a_program_logs_out_and_learns_which_session_ended() {
    let (app, ada) = App::with_ada().await;
    let program = app.program_with(&ada);
    let session_id = program.get("/getusers/me").await.json()["session_id"].clone();

    let answer = program.press("/logout").await;

    assert_eq!(answer.status, Status::Ok);
    assert_eq!(answer.json()["session_id"], session_id);
}

#[rocket::async_test]
async fn a_saved_cookie_is_worth_nothing_after_the_logout() {
    let (app, ada) = App::with_ada().await;
    app.browser_with(&ada).press("/logout").await;

    app.program_with(&ada).get("/getusers/me").await.is_problem(Status::Unauthorized);
    app.program_with(&ada).press("/logout").await.is_problem(Status::Unauthorized);
    app.browser_with(&ada).press("/logout").await.leads_to("/login");
    assert_eq!(app.count().await, (1, 0));
}

#[rocket::async_test]
async fn logging_out_takes_a_post() {
    let (app, ada) = App::with_ada().await;

    let answer = app.browser_with(&ada).get("/logout").await;

    answer.is_page(Status::MethodNotAllowed);
    assert_eq!(answer.header("Allow"), Some("POST"));
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Ok);
}

#[rocket::async_test]
async fn every_page_of_ada_shows_the_way_out() {
    let (app, ada) = App::with_ada().await;
    let browser = app.browser_with(&ada);
    for path in ["/", "/profile", "/protected", "/login", "/signup", "/no-such-page"] {
        let answer = browser.request(Method::Get, path, None, Vec::new()).await;
        assert!(answer.body.contains(r#"<form method="post" action="/logout">"#), "{path}");
    }
}
