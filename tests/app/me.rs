use rocket::http::Status;

use crate::support::{ADA, App};

#[rocket::async_test]
async fn a_program_learns_who_it_is_and_nothing_secret() {
    let (app, ada) = App::with_ada().await;

    let answer = app.program_with(&ada).get("/getusers/me").await;

    let me = answer.json();
    assert_eq!(me["username"], ADA);
    let keys: Vec<&str> = me.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["created_at", "display_name", "session_id", "signed_in_since", "user_id", "username"]);
}

#[rocket::async_test]
async fn it_is_data_for_whoever_does_not_ask_for_a_page() {
    let (app, ada) = App::with_ada().await;
    let client = app.browser_with(&ada).with("Accept", "*/*");
    assert_eq!(client.get("/getusers/me").await.json()["username"], ADA);

    app.browser().with("Accept", "*/*").get("/getusers/me").await.is_problem(Status::Unauthorized);
    app.browser().without("Accept").get("/getusers/me").await.is_problem(Status::Unauthorized);
    app.browser().get("/getusers/me").await.leads_to("/login?next=/getusers/me");
}
