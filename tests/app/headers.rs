//! The headers that every answer carries.

use rocket::http::{Accept, Method, Status};
use rocket::local::asynchronous::Client;
use serde_json::json;

use super::every_page::gets;
use crate::support::{Answer, App, figment};

#[rocket::async_test]
async fn every_answer_carries_the_headers() {
    let (app, ada) = App::with_ada().await;
    let methods = [
        Method::Get,
        Method::Head,
        Method::Post,
        Method::Put,
        Method::Delete,
        Method::Patch,
        Method::Options,
        Method::Trace,
        Method::Connect,
    ];
    let mut paths: Vec<String> = gets(&app).await.into_iter().map(|(_, path)| path).collect();
    paths.extend(
        ["/logout", "/no-such-page", "/profile/a.css", "/static/none.css", "/.git/HEAD", "/static/../Cargo.toml"]
            .map(String::from),
    );
    for path in &paths {
        for method in methods {
            for visitor in [
                app.browser(),
                app.program(),
                app.browser_with(&ada),
                app.browser().with("Sec-Fetch-Site", "cross-site"),
            ] {
                let answer = visitor.request(method, path, None, Vec::new()).await;
                assert!(answer.status.code < 500, "{method} {path}");
                let is_file = answer.status == Status::Ok && (path.contains("/static/") || path.contains("favicon"));
                let passed = answer.status != Status::Forbidden && answer.status != Status::MethodNotAllowed;
                let named = is_file || (passed && path.starts_with("/reset-password"));
                has_the_headers(&answer, &format!("{method} {}", if named { path } else { "" }));
            }
        }
    }
    for kind in ["application/json", "application/x-www-form-urlencoded", "text/plain"] {
        for body in ["", "{", "[]", &"x".repeat(9_000)] {
            has_the_headers(&app.program().post("/login", kind, body).await, kind);
            has_the_headers(&app.browser().post("/login", kind, body).await, kind);
        }
    }
    for host in ["evil.example", "localhost:9"] {
        has_the_headers(&app.browser().with("Host", host).get("/").await, host);
    }
    app.auth().close().await;
    has_the_headers(
        &app.browser().submit("/login", &[("username", "a"), ("password", "b")]).await,
        "the database away",
    );
}

#[rocket::async_test]
async fn refusals_that_no_fairing_sees_carry_the_headers_too() {
    let (app, _) = App::with_ada().await;
    let answer = app.browser().get("not a path").await;

    answer.is_page(Status::BadRequest);
    has_the_headers(&answer, "an address that cannot be read");
}

#[rocket::get("/breaks")]
fn breaks() -> &'static str {
    panic!("a secret of the insides")
}

#[rocket::async_test]
async fn a_page_that_breaks_is_a_500_like_any_other_and_the_next_one_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let rocket = vestibule::app(figment(&folder, &[])).unwrap().mount("/", rocket::routes![breaks]);
    let client = Client::untracked(rocket).await.unwrap();

    let broken = client.get("/breaks").header(Accept::HTML).dispatch().await;
    assert_eq!(broken.status(), Status::InternalServerError);
    assert!(broken.headers().get_one("Content-Security-Policy").is_some());
    let says = broken.into_string().await.unwrap();
    assert!(says.starts_with("<!doctype html>") && !says.contains("insides"), "{says}");
    assert_eq!(client.get("/login").dispatch().await.status(), Status::Ok);
}

#[rocket::async_test]
async fn under_https_every_answer_asks_for_https_from_now_on() {
    let app = App::with_settings(&[("public_url", json!("https://example.org"))]).await;
    for path in ["/", "/protected", "/no-such-page", "/favicon.svg", "not a path"] {
        let answer = app.browser().get(path).await;
        assert_eq!(answer.header("Strict-Transport-Security"), Some("max-age=63072000; includeSubDomains"), "{path}");
    }
    assert_eq!(App::new().await.browser().get("/").await.header("Strict-Transport-Security"), None);
}

fn has_the_headers(answer: &Answer, what: &str) {
    let csp = answer.header("Content-Security-Policy").unwrap_or_default();
    for directive in
        ["default-src 'none'", "script-src 'self';", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"]
    {
        assert!(csp.contains(directive), "{what}: {csp}");
    }
    assert!(!csp.contains("unsafe"), "{what}: {csp}");
    for (name, value) in [
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", if what.contains("/reset-password") { "strict-origin" } else { "same-origin" }),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ] {
        assert_eq!(answer.all(name).collect::<Vec<_>>(), [value], "{what}: {name}");
    }
    let is_data = answer.header("Content-Type").is_some_and(|kind| kind.contains("json"));
    let frames: Vec<&str> = answer.all("X-Frame-Options").collect();
    assert_eq!(frames, if is_data { &[][..] } else { &["DENY"] }, "{what}");
    assert_eq!(answer.header("Server"), None, "{what}");
    if !what.contains("/static/") && !what.contains("/favicon") {
        assert_eq!(answer.header("Cache-Control"), Some("no-store"), "{what}");
        assert_eq!(answer.header("Vary"), Some("Accept, Cookie"), "{what}");
    }
    if !answer.body.is_empty() {
        let kind = answer.header("Content-Type").unwrap_or_else(|| panic!("{what} says not what it is"));
        let is_text = kind.starts_with("text/") || kind.contains("xml");
        assert!(!is_text || kind.contains("charset=utf-8"), "{what}: {kind}");
    }
}
