use rocket::http::Status;
use serde_json::json;

use crate::support::{App, adas};

#[rocket::async_test]
async fn a_stranger_is_shown_the_ways_in() {
    let app = App::new().await;
    let answer = app.browser().get("/").await;

    let page = answer.is_page(Status::Ok);
    assert!(page.contains(r#"href="/signup""#) && page.contains(r#"href="/login""#), "{page}");
    assert!(!page.contains("Log out"), "{page}");
}

#[rocket::async_test]
async fn ada_is_greeted_and_shown_the_way_out() {
    let (app, ada) = App::with_ada().await;
    let answer = app.browser_with(&ada).get("/").await;

    let page = answer.is_page(Status::Ok);
    assert!(page.contains("<bdi>Ada</bdi>") && page.contains(r#"<form method="post" action="/logout">"#), "{page}");
}

#[rocket::async_test]
async fn a_program_learns_the_name_the_version_and_the_addresses() {
    let app = App::new().await;
    let answer = app.program().get("/").await.json();

    assert_eq!(answer["name"], "Vestibule");
    assert_eq!(answer["version"], env!("CARGO_PKG_VERSION"));
    assert!(answer["addresses"].as_array().unwrap().contains(&json!("GET /getusers/me")));
}

#[rocket::async_test]
async fn rockets_own_tracked_client_walks_the_five_steps() {
    use rocket::local::asynchronous::Client;

    let folder = tempfile::tempdir().unwrap();
    let rocket = vestibule::app(crate::support::figment(&folder, &[])).unwrap();
    let client = Client::tracked(rocket).await.unwrap();

    let signed_up = client.post("/signup").json(&adas()).dispatch().await;
    assert_eq!(signed_up.status(), Status::Created);
    assert!(client.cookies().get_private("session_id").is_some(), "a private cookie of Rocket's");
    assert!(client.cookies().get_private("device").is_some(), "one that is kept for more than a moment");
    assert_eq!(client.get("/profile").dispatch().await.status(), Status::Ok);
    assert_eq!(client.get("/protected").dispatch().await.status(), Status::Ok);
    assert_eq!(client.post("/logout").dispatch().await.status(), Status::SeeOther);
    assert!(client.cookies().get("session_id").is_none());
    assert_eq!(client.get("/protected").dispatch().await.status(), Status::SeeOther);
    assert_eq!(client.post("/login").json(&adas()).dispatch().await.status(), Status::Ok);
    assert_eq!(client.get("/protected").dispatch().await.status(), Status::Ok);
}
