use rocket::http::{Method, Status};
use serde_json::json;
use vestibule::web::is_filter;

use crate::support::{ADA, App, PASSWORD, Visitor, adas};

/// Every address that takes a POST, with `<parts>` filled in.
fn posts(app: &App) -> Vec<String> {
    let routes = app.client.rocket().routes().filter(|route| !is_filter(route) && route.method == Method::Post);
    let paths: Vec<String> = routes.map(|route| route.uri.path().replace("<id>", "1")).collect();
    assert!(paths.len() >= 4, "{paths:?}");
    paths
}

/// The visitor with these headers on every request.
fn dressed<'a>(visitor: Visitor<'a>, headers: &[(&'static str, &str)]) -> Visitor<'a> {
    headers.iter().fold(visitor, |visitor, (name, value)| visitor.with(name, *value))
}

#[rocket::async_test]
async fn only_get_and_post_are_routed_so_that_nothing_else_changes_anything() {
    let app = App::new().await;
    for route in app.client.rocket().routes().filter(|route| !is_filter(route)) {
        assert!(matches!(route.method, Method::Get | Method::Post), "{route}");
    }
}

#[rocket::async_test]
async fn every_change_is_refused_when_another_site_asks() {
    let (app, ada) = App::with_ada().await;
    let cases: [&[(&'static str, &str)]; 10] = [
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Sec-Fetch-Site", "anything else")],
        &[("Sec-Fetch-Site", "")],
        &[("Sec-Fetch-Site", "cross-site"), ("Origin", "http://localhost:8000")],
        &[("Origin", "https://evil.example")],
        &[("Origin", "null")],
        &[("Origin", "")],
        &[("Origin", "https://localhost:8000")],
        &[("Origin", "http://localhost:8000.evil.example")],
    ];
    for path in posts(&app) {
        for headers in cases {
            let fields = [("username", "mallory"), ("password", PASSWORD)];
            let form = dressed(app.browser_with(&ada), headers).submit(&path, &fields).await;
            form.is_page(Status::Forbidden);
            assert_eq!(form.all("Set-Cookie").count(), 0, "{path} {headers:?}");
            dressed(app.program(), headers).send(&path, adas()).await.is_problem(Status::Forbidden);
        }
    }
    assert_eq!(app.count().await, (1, 1));
    assert_eq!(app.program_with(&ada).get("/getusers/me").await.status, Status::Ok);
}

#[rocket::async_test]
async fn our_own_pages_and_programs_are_let_in() {
    let (app, _) = App::with_ada().await;
    let cases: [&[(&'static str, &str)]; 5] = [
        &[],
        &[("Sec-Fetch-Site", "same-origin")],
        &[("Sec-Fetch-Site", "none")],
        &[("Origin", "http://localhost:8000")],
        &[("Sec-Fetch-Site", "same-origin"), ("Origin", "http://localhost:8000")],
    ];
    for headers in cases {
        let browser = dressed(app.browser(), headers);
        browser.submit("/login", &[("username", ADA), ("password", PASSWORD)]).await.leads_to("/profile");
    }
}

#[rocket::async_test]
async fn a_page_of_ours_may_be_asked_for_with_the_last_dot_of_our_name() {
    let (app, _) = App::with_ada().await;
    let log_in = async |host: &str, origin: &str| {
        let browser = app.browser().with("Host", host).with("Origin", origin);
        browser.submit("/login", &[("username", ADA), ("password", PASSWORD)]).await.status
    };

    assert_eq!(log_in("localhost.:8000", "http://localhost.:8000").await, Status::SeeOther);
    for origin in ["http://localhost..:8000", "http://localhost.:9", "http://evil.:8000", "https://localhost.:8000"] {
        assert_eq!(log_in("localhost.:8000", origin).await, Status::Forbidden, "{origin}");
    }
}

#[rocket::async_test]
async fn behind_https_only_the_public_origin_is_ours() {
    let app = App::with_settings(&[("public_url", json!("https://example.org"))]).await;
    app.sign_up(ADA).await;
    let log_in = async |origin: &str, host: &str| {
        let browser = app.browser().with("Origin", origin).with("Host", host);
        browser.submit("/login", &[("username", ADA), ("password", PASSWORD)]).await.status
    };

    assert_eq!(log_in("https://example.org", "example.org").await, Status::SeeOther);
    for origin in
        ["http://example.org", "https://example.org:8443", "https://www.example.org", "https://example.org.", "null"]
    {
        assert_eq!(log_in(origin, "example.org").await, Status::Forbidden, "{origin}");
    }
}

#[rocket::async_test]
async fn rockets_method_field_has_no_effect() {
    let (app, ada) = App::with_ada().await;
    for method in ["GET", "get", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT", "POST"] {
        for start in ["_method", "%5Fmethod", "_m%65thod"] {
            let body = format!("{start}={method}&username={ADA}&password={}", PASSWORD.replace(' ', "+"));
            let kind = "application/x-www-form-urlencoded";

            let answer = app.browser().post("/login", kind, body.clone()).await;
            assert_eq!(answer.status, Status::UnprocessableEntity, "an unknown field like any other: {body}");
            let problem = app.program().post("/login", kind, body.clone()).await;
            assert_eq!(problem.status, Status::UnprocessableEntity);
            // Rocket leaves the body of what it takes for a HEAD out.
            if method != "HEAD" {
                assert_eq!(problem.json()["errors"]["_method"], "There is no such field here.");
            }

            let from_elsewhere = app.browser_with(&ada).with("Sec-Fetch-Site", "cross-site");
            assert_eq!(from_elsewhere.post("/login", kind, body).await.status, Status::Forbidden, "{method}");
        }
    }
}

#[rocket::async_test]
async fn json_is_only_read_from_application_json() {
    let (app, _) = App::with_ada().await;
    let body = adas().to_string();
    let others = [
        "text/plain",
        "text/json",
        "application/jsonp",
        "application/octet-stream",
        "multipart/form-data; boundary=x",
        "application/ld+json",
        "application/json; charset=utf-7",
        "application/json; charset=iso-8859-1",
        "nonsense",
        "",
    ];
    for kind in others {
        let answer = app.program().post("/login", kind, body.clone()).await;
        assert_eq!(answer.status, Status::UnsupportedMediaType, "{kind}");
    }
    let as_form = app.program().post("/login", "application/x-www-form-urlencoded", body.clone()).await;
    assert_eq!(as_form.status, Status::UnprocessableEntity);
    assert_eq!(
        app.program().request(Method::Post, "/login", None, body.clone().into()).await.status,
        Status::UnsupportedMediaType
    );
    for kind in ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"] {
        assert_eq!(app.program().post("/login", kind, body.clone()).await.status, Status::Ok, "{kind}");
    }
}

#[rocket::async_test]
async fn no_other_site_may_read_us() {
    let (app, ada) = App::with_ada().await;
    let preflight =
        app.program_with(&ada).with("Origin", "https://evil.example").with("Access-Control-Request-Method", "POST");
    for path in posts(&app) {
        let answer = preflight.request(Method::Options, &path, None, Vec::new()).await;
        assert_eq!(answer.status, Status::MethodNotAllowed);
        assert!(
            !answer.headers.iter().any(|(name, _)| name.to_ascii_lowercase().starts_with("access-control")),
            "{answer:?}"
        );
    }
}

#[rocket::async_test]
async fn a_header_that_is_there_twice_is_not_believed() {
    let (app, _) = App::with_ada().await;
    for (name, ours, theirs) in
        [("Sec-Fetch-Site", "same-origin", "cross-site"), ("Origin", "http://localhost:8000", "https://evil.example")]
    {
        for (first, second) in [(ours, theirs), (theirs, ours), (ours, ours)] {
            let program = app.program().with(name, first).also_with(name, second);
            program.send("/login", adas()).await.is_problem(Status::Forbidden);
        }
    }
    for kind in ["text/plain", "application/json"] {
        let program = app.program().with("Content-Type", kind);
        program.send("/login", adas()).await.is_problem(Status::UnsupportedMediaType);
    }
    for host in ["localhost", "evil.example"] {
        app.program().also_with("Host", host).send("/login", adas()).await.is_problem(Status::BadRequest);
    }
}
