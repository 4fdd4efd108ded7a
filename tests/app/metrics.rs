use rocket::http::Status;
use serde_json::json;

use crate::support::{ADA, App, PASSWORD, Visitor, adas};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// Whoever operates the site, on its machine.
fn operator(app: &App) -> Visitor<'_> {
    app.program().from("127.0.0.1").with("Host", "localhost")
}

/// What is counted, a line each.
async fn scrape(app: &App) -> Vec<String> {
    let answer = operator(app).get("/metrics").await;
    assert_eq!(answer.status, Status::Ok, "{}", answer.body);
    assert_eq!(answer.header("Content-Type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    answer.body.lines().map(str::to_owned).collect()
}

fn has(lines: &[String], line: &str) {
    assert!(lines.iter().any(|known| known == line), "{line}\n{}", lines.join("\n"));
}

#[rocket::async_test]
async fn they_are_read_on_this_machine_and_for_others_nothing_is_there() {
    let app = App::new().await;
    assert_eq!(operator(&app).get("/metrics").await.status, Status::Ok);
    assert_eq!(app.program().from("::1").with("Host", "[::1]:8000").get("/metrics").await.status, Status::Ok);

    let strangers = [
        app.program(),
        app.program().from("203.0.113.9"),
        app.program().from("10.0.0.1"),
        operator(&app).with("X-Forwarded-For", "203.0.113.9"),
        operator(&app).with("X-Forwarded-For", "127.0.0.1"),
        operator(&app).with("X-Real-IP", "127.0.0.1"),
        operator(&app).with("Forwarded", "for=127.0.0.1"),
        operator(&app).with("Authorization", format!("Bearer {TOKEN}")),
        operator(&app).with("X-Forwarded-For", "127.0.0.1").with("Authorization", "Bearer "),
    ];
    for (number, stranger) in strangers.into_iter().enumerate() {
        let expected = if number == 7 { Status::Ok } else { Status::NotFound };
        assert_eq!(stranger.get("/metrics").await.status, expected, "{number}");
    }
    assert_eq!(
        app.program().get("/metrics").await.json()["detail"],
        app.program().get("/no-such-page").await.json()["detail"]
    );
}

#[rocket::async_test]
async fn behind_a_proxy_on_the_same_machine_the_world_does_not_read_them() {
    let behind = [("public_url", json!("https://example.org"))];
    let app = App::with_settings(&behind).await;
    // One that nobody told us of, and that says nothing of whom it forwards.
    for host in ["example.org", "localhost", "127.0.0.1:8000"] {
        assert_eq!(operator(&app).with("Host", host).get("/metrics").await.status, Status::NotFound, "{host}");
    }

    let known = [("public_url", json!("https://example.org")), ("trusted_proxies", json!(["127.0.0.1/32"]))];
    let app = App::with_settings(&known).await;
    let forwarded = |client: &str, host: &str| operator(&app).with("X-Forwarded-For", client).with("Host", host);
    assert_eq!(forwarded("203.0.113.9", "example.org").get("/metrics").await.status, Status::NotFound);
    assert_eq!(forwarded("203.0.113.9", "localhost").get("/metrics").await.status, Status::NotFound);
    assert_eq!(forwarded("127.0.0.1, 203.0.113.9", "localhost").get("/metrics").await.status, Status::NotFound);
    assert_eq!(forwarded("127.0.0.1", "localhost").get("/metrics").await.status, Status::NotFound);
    assert_eq!(operator(&app).with("Host", "example.org").get("/metrics").await.status, Status::NotFound);
    assert_eq!(operator(&app).get("/metrics").await.status, Status::Ok, "asked directly");
}

#[rocket::async_test]
async fn the_token_opens_them_from_anywhere_and_nothing_else_does() {
    let app = App::with_settings(&[("metrics_token", json!(TOKEN))]).await;
    let stranger = |authorization: String| app.program().from("203.0.113.9").with("Authorization", authorization);
    assert_eq!(stranger(format!("Bearer {TOKEN}")).get("/metrics").await.status, Status::Ok);

    for wrong in [
        TOKEN.to_owned(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Bearer {}", &TOKEN[1..]),
        format!("Bearer {TOKEN}0"),
        format!("Bearer {}", TOKEN.to_uppercase()),
        format!("Basic {TOKEN}"),
    ] {
        assert_eq!(stranger(wrong.clone()).get("/metrics").await.status, Status::NotFound, "{wrong}");
    }
}

#[rocket::async_test]
async fn what_people_do_is_counted() {
    let (app, ada) = App::with_ada().await;
    let program = app.program();
    program.send("/login", adas()).await;
    program.send("/login", json!({ "username": ADA, "password": "wrong" })).await;
    program.send("/login", json!({ "username": "nobody.has.it", "password": "wrong" })).await;
    program.send("/signup", adas()).await;
    app.browser_with(&ada).get("/profile").await;
    app.browser_with(&ada).with("Sec-Fetch-Site", "cross-site").press("/logout").await;
    app.browser().get("/profile").await;

    let lines = scrape(&app).await;
    for line in [
        r#"vestibule_log_ins_total{outcome="signed_in"} 1"#,
        r#"vestibule_log_ins_total{outcome="no_match"} 2"#,
        r#"vestibule_sign_ups_total{outcome="signed_up"} 1"#,
        r#"vestibule_sign_ups_total{outcome="name_taken"} 1"#,
        r#"vestibule_http_requests_total{method="POST",route="/login",status="200"} 1"#,
        r#"vestibule_http_requests_total{method="POST",route="/login",status="401"} 2"#,
        r#"vestibule_http_requests_total{method="GET",route="/profile",status="200"} 1"#,
        r#"vestibule_http_requests_total{method="GET",route="/profile",status="303"} 1"#,
        r#"vestibule_http_requests_total{method="POST",route="filter",status="403"} 1"#,
        r#"vestibule_http_request_seconds_count{method="POST",route="/login"} 3"#,
        "vestibule_cross_site_refused_total 1",
        "vestibule_hashes_computed_total 5",
        "vestibule_hash_seconds_count 5",
        "vestibule_hash_queue_length 0",
        "vestibule_hash_queue_capacity 200",
        "vestibule_hash_refused_total 0",
        "vestibule_throttled_total 0",
        "process_start_time_seconds 1800000000",
    ] {
        has(&lines, line);
    }
    assert!(lines.iter().any(|line| line.starts_with("vestibule_build_info{version=")));
    let counts = |name: &str| lines.iter().any(|line| line.starts_with(name) && !line.ends_with(" 0"));
    assert!(counts("vestibule_sessions_in_memory "));
    for kind in ["reading", "transaction"] {
        assert!(counts(&format!("vestibule_database_seconds_count{{kind=\"{kind}\"}}")), "{kind}");
    }
}

#[rocket::async_test]
async fn tries_that_have_to_wait_and_passwords_that_find_no_place_are_counted() {
    let app = App::with_settings(&[("throttle", json!(true))]).await;
    for _ in 0..6 {
        app.program().send("/login", json!({ "username": "eve", "password": "wrong" })).await;
    }

    let lines = scrape(&app).await;
    has(&lines, "vestibule_throttled_total 2");
    has(&lines, r#"vestibule_log_ins_total{outcome="too_many"} 2"#);
    has(&lines, r#"vestibule_http_requests_total{method="POST",route="/login",status="429"} 2"#);
}

#[rocket::async_test]
async fn nothing_that_somebody_sent_is_in_them_and_nobody_can_make_them_grow() {
    let (app, _) = App::with_ada().await;
    let client = async |number: usize| {
        let browser = app.browser().from(&format!("203.0.113.{number}"));
        browser.get(&format!("/secret-path-{number}?secret-query-{number}")).await;
        browser.get(&format!("/static/secret-name-{number}")).await;
        browser.submit("/login", &[("username", &format!("secret-user-{number}")), ("password", PASSWORD)]).await;
    };
    client(0).await;
    scrape(&app).await;
    let before = scrape(&app).await.len();
    for number in 1..20 {
        client(number).await;
    }

    let lines = scrape(&app).await;
    assert_eq!(lines.len(), before);
    for line in &lines {
        assert!(!line.contains("secret") && !line.contains("203.0.113") && !line.contains(ADA), "{line}");
        let is_sample = line.rsplit_once(' ').is_some_and(|(_, value)| value.parse::<f64>().is_ok());
        assert!(line.starts_with("# ") || is_sample, "{line}");
    }
    has(&lines, r#"vestibule_http_requests_total{method="GET",route="fallback",status="404"} 20"#);
}
