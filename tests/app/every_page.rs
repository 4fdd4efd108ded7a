//! Promises that every address keeps, found by walking the routes.

use rocket::http::{Method, Status};
use rocket::local::asynchronous::Client;
use serde_json::json;
use vestibule::web::is_filter;

use crate::support::{ADA, Answer, App};

/// What a stranger may see; everything else asks for a session.
const PUBLIC: [&str; 6] = ["/", "/favicon.svg", "/login", "/reset-password", "/signup", "/static/<name>"];

/// What is for machines alone; `health.rs` and `metrics.rs` say what they get.
const FOR_MACHINES: [&str; 3] = ["/health/live", "/health/ready", "/metrics"];

/// What leads everybody on, and whither: a second step without a first, and where password managers look.
const LEADS_ON: [(&str, &str); 2] = [("/login/code", "/login"), ("/.well-known/change-password", "/password")];

/// Where there is nothing to see until something was begun.
const NOTHING_YET: &str = "/two-factor/qr.svg";

/// Every address that takes a GET, with `<parts>` filled in.
pub async fn gets(app: &App) -> Vec<(String, String)> {
    let (css, link) = (style_address(app).await, reset_link(app).await);
    let routes = app.client.rocket().routes().filter(|route| !is_filter(route) && route.method == Method::Get);
    routes
        .map(|route| {
            let path = route.uri.path().to_owned();
            let filled = path.replace("/static/<name>", &css).replace("/reset-password", &link);
            (path, filled)
        })
        .collect()
}

/// The same, but for those of machines.
async fn pages(app: &App) -> Vec<(String, String)> {
    let mut gets = gets(app).await;
    gets.retain(|(route, _)| !FOR_MACHINES.contains(&route.as_str()));
    gets
}

/// A link to set a new password with, for Ada.
async fn reset_link(app: &App) -> String {
    let ada = app.auth().find_user(ADA).await.expect("a database").expect("Ada");
    let (token, _) = app.auth().make_reset(ada.user_id).await.expect("a database").expect("Ada");
    format!("/reset-password?token={}", *token.reveal())
}

async fn style_address(app: &App) -> String {
    let page = app.browser().get("/login").await.body;
    let start = page.find("/static/").expect("the sheet of styles");
    page[start..].split('"').next().unwrap_or_default().to_owned()
}

#[rocket::async_test]
async fn every_page_can_be_drawn_for_a_stranger_and_for_ada() {
    let (app, ada) = App::with_ada().await;
    for (route, path) in pages(&app).await {
        let (stranger, adas) = (app.browser().get(&path).await, app.browser_with(&ada).get(&path).await);
        if let Some((_, to)) = LEADS_ON.iter().find(|(known, _)| *known == route) {
            stranger.leads_to(to);
            adas.leads_to(to);
            continue;
        }
        if PUBLIC.contains(&route.as_str()) {
            assert_eq!(stranger.status, Status::Ok, "{path}");
        } else {
            stranger.leads_to(&format!("/login?next={path}"));
        }
        let expected = if route == NOTHING_YET { Status::NotFound } else { Status::Ok };
        assert_eq!(adas.status, expected, "{path}");
        if adas.header("Content-Type") == Some("text/html; charset=utf-8") {
            assert!(adas.body.contains(r#"<form method="post" action="/logout">"#), "{path} has no way out");
        }
    }
}

/// What stands above the page itself.
fn header_of(answer: &Answer) -> &str {
    answer.body.split("<main").next().unwrap_or_default()
}

#[rocket::async_test]
async fn ada_is_greeted_by_her_name_on_whatever_page_is_drawn_for_her() {
    let (app, ada) = App::with_ada().await;
    let browser = app.browser_with(&ada);
    let mut drawn = Vec::new();
    for (_, path) in pages(&app).await {
        drawn.push((browser.get(&path).await, path));
    }
    for path in ["/no-such-page", "/logout", "/reset-password?token=x"] {
        drawn.push((browser.get(path).await, path.to_owned()));
    }
    for path in ["/login", "/signup", "/profile", "/password", "/delete-account", "/two-factor/on"] {
        drawn.push((browser.submit(path, &[("unknown", "x")]).await, path.to_owned()));
    }

    drawn.retain(|(answer, _)| answer.header("Content-Type") == Some("text/html; charset=utf-8"));
    assert!(drawn.len() > 15, "{}", drawn.len());
    for (answer, path) in &drawn {
        assert!(header_of(answer).contains("<bdi>Ada</bdi>"), "{path}: {answer}");
    }
}

#[rocket::async_test]
async fn every_page_is_data_for_programs_and_a_session_is_asked_for_where_the_design_says_so() {
    let (app, ada) = App::with_ada().await;
    for (route, path) in pages(&app).await {
        if LEADS_ON.iter().any(|(known, _)| *known == route) || route == NOTHING_YET {
            continue;
        }
        let stranger = app.program().get(&path).await;
        if PUBLIC.contains(&route.as_str()) {
            assert_eq!(stranger.status, Status::Ok, "{path}");
        } else {
            assert!(stranger.is_problem(Status::Unauthorized).is_null(), "{path}");
        }
        let adas = app.program_with(&ada).get(&path).await;
        assert_eq!(adas.status, Status::Ok, "{path}");
        if !path.contains('.') {
            assert_eq!(adas.header("Content-Type"), Some("application/json"), "{path}");
            assert!(adas.json().is_object());
        }
    }
}

#[rocket::async_test]
async fn a_get_changes_nothing() {
    let (app, ada) = App::with_ada().await;
    let before = (app.count().await, app.program_with(&ada).get("/getusers/me").await.body);
    for (_, path) in gets(&app).await {
        for method in [Method::Get, Method::Head, Method::Options] {
            app.browser_with(&ada).request(method, &path, None, Vec::new()).await;
        }
    }
    assert_eq!((app.count().await, app.program_with(&ada).get("/getusers/me").await.body), before);
}

/// Every address that takes a POST, with `<parts>` filled in.
fn posts(app: &App) -> Vec<String> {
    let routes = app.client.rocket().routes().filter(|route| !is_filter(route) && route.method == Method::Post);
    routes.map(|route| route.uri.path().replace("<id>", "01a20656-f064-7def-8f7f-3efb0b2a1ede")).collect()
}

#[rocket::async_test]
async fn no_button_does_anything_for_a_stranger_who_sends_nothing() {
    let (app, _) = App::with_ada().await;
    for path in posts(&app) {
        for answer in [app.program().send(&path, json!({})).await, app.program().press(&path).await] {
            assert!((400..500).contains(&answer.status.code), "{path}: {answer:?}");
            answer.is_problem(answer.status);
        }
        let page = app.browser().submit(&path, &[]).await;
        let is_no = [Status::SeeOther, Status::UnprocessableEntity, Status::Gone].contains(&page.status);
        assert!(is_no, "{path}: {page:?}");
    }
    assert_eq!(app.count().await, (1, 1));
}

#[rocket::async_test]
async fn while_the_database_is_away_every_page_says_so_and_takes_no_cookie() {
    let app = App::with_settings(&[("session_recheck_ms", json!(0))]).await;
    let ada = app.sign_up("Ada").await;
    let gets: Vec<String> = pages(&app).await.into_iter().map(|(_, path)| path).collect();
    app.auth().close().await;

    for path in gets
        .iter()
        .filter(|path| !path.contains("/static/") && !path.contains("favicon") && !path.contains("well-known"))
    {
        let page = app.browser_with(&ada).get(path).await;
        page.is_page(Status::ServiceUnavailable);
        assert!(page.header("Retry-After").is_some() && page.all("Set-Cookie").count() == 0, "{path}");
        app.program_with(&ada).get(path).await.is_problem(Status::ServiceUnavailable);
    }
    for path in posts(&app) {
        let page = app.browser_with(&ada).submit(&path, &[("code", "000000"), ("password", "x")]).await;
        page.is_page(Status::ServiceUnavailable);
        assert_eq!(page.all("Set-Cookie").count(), 0, "{path}");
        app.program_with(&ada).send(&path, json!({})).await.is_problem(Status::ServiceUnavailable);
    }
}

#[rocket::async_test]
async fn an_unknown_address_is_404_and_a_wrong_method_405_with_the_right_ones() {
    let (app, ada) = App::with_ada().await;
    for path in [
        "/no-such-page",
        "/profile/a.css",
        "/login/x",
        "/profile;.css",
        "/LOGIN",
        "/static",
        "/static/a/b",
        "/getusers",
    ] {
        app.browser_with(&ada).get(path).await.is_page(Status::NotFound);
        assert!(app.program().get(path).await.is_problem(Status::NotFound).is_null());
    }
    for (method, path, allowed) in [
        (Method::Put, "/login", "GET, HEAD, POST"),
        (Method::Delete, "/profile", "GET, HEAD, POST"),
        (Method::Get, "/logout", "POST"),
        (Method::Post, "/", "GET, HEAD"),
        (Method::Post, "/static/app.css", "GET, HEAD"),
        (Method::Options, "/signup", "GET, HEAD, POST"),
        (Method::Trace, "/getusers/me", "GET, HEAD"),
    ] {
        let answer = app.program().request(method, path, None, Vec::new()).await;
        answer.is_problem(Status::MethodNotAllowed);
        assert_eq!(answer.header("Allow"), Some(allowed), "{method} {path}");
    }
}

#[rocket::async_test]
async fn programs_are_whoever_sends_json_prefers_json_or_uses_basic_without_asking_for_a_page() {
    let app = App::new().await;
    let html = "text/html,application/xhtml+xml,*/*;q=0.8";
    let is_program = async |accept: Option<&'static str>, kind: Option<&str>, basic: bool| {
        let mut visitor = app.browser().without("Accept");
        if let Some(accept) = accept {
            visitor = visitor.with("Accept", accept);
        }
        if basic {
            visitor = visitor.with("Authorization", "Basic YTpi");
        }
        let answer = visitor.request(Method::Post, "/login", kind, b"{}".to_vec()).await;
        assert!(answer.status.code >= 400, "{answer:?}");
        answer.header("Content-Type") == Some("application/problem+json")
    };

    let form = Some("application/x-www-form-urlencoded");
    for (accept, kind, basic, expected) in [
        (None, form, false, false),
        (Some("*/*"), form, false, false),
        (Some("garbage"), form, false, false),
        (Some(html), form, false, false),
        (Some(html), form, true, false),
        (Some("text/html;q=0.5, application/json"), form, false, true),
        (Some("application/json"), form, false, true),
        (Some("application/problem+json"), form, false, true),
        (Some("application/json, text/html"), form, false, true),
        (None, form, true, true),
        (Some("*/*"), form, true, true),
        (None, Some("application/json"), false, true),
        (Some(html), Some("application/json"), false, true),
    ] {
        assert_eq!(is_program(accept, kind, basic).await, expected, "{accept:?} {kind:?} basic {basic}");
    }
}

#[rocket::async_test]
async fn nothing_of_our_insides_is_in_an_answer() {
    let (app, _) = App::with_ada().await;
    app.auth().close().await;
    let answers = [
        app.browser().submit("/login", &[("username", "Ada"), ("password", "x")]).await,
        app.program().send("/login", json!({ "username": "Ada", "password": "x" })).await,
        app.program().get("/no-such-page").await,
        app.program().post("/login", "application/json", "{").await,
    ];
    for answer in answers {
        let text = answer.body.to_lowercase();
        for word in
            ["sql", "rocket", "pool", "argon2", "serde", "tera", "panicked", ".rs", "/src", "users.", "sessions."]
        {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }
}

/// A template that takes a name apart, by mistake or by a hand that edits it, must not draw it unescaped.
#[test]
fn every_template_is_html_and_none_turns_escaping_off() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut files = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() { folders.push(entry) } else { files.push(entry) }
        }
    }
    assert!(files.len() >= 8);
    for file in files {
        // A script is a file of ours, by its address.
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text.replace(r#"<script src="{{ asset(name="show-password.js") }}" defer></script>"#, "");
        assert!(file.to_string_lossy().ends_with(".html.tera"), "{file:?}");
        for word in ["| safe", "|safe", "autoescape", "<script", "style=", "onclick", "javascript:", "href=\"http"] {
            assert!(!text.contains(word), "{file:?}: {word}");
        }
    }
}

#[rocket::async_test]
async fn the_local_client_of_rocket_needs_no_host() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::untracked(vestibule::app(crate::support::figment(&folder, &[])).unwrap()).await.unwrap();
    assert_eq!(client.get("/").dispatch().await.status(), Status::Ok);
}
