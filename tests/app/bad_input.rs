//! What no honest browser sends: a sentence, the right status, nothing written, never a 5xx.

use rocket::http::Status;
use serde_json::{Value, json};
use vestibule::web::MOST_KIB;

use crate::support::{ADA, Answer, App, PASSWORD, adas, encode};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// A refusal with a sentence, and no more in the database than before.
async fn is_refused(app: &App, answer: &Answer, status: Status, what: &str) {
    assert_eq!(answer.status, status, "{what}: {}", answer.body);
    if answer.body.starts_with('{') {
        answer.is_problem(status);
    } else {
        answer.is_page(status);
    }
    assert_eq!(answer.all("Set-Cookie").count(), 0, "{what}");
    assert_eq!(app.count().await, (1, 1), "{what}");
}

#[rocket::async_test]
async fn a_body_over_8_kib_is_413_and_one_of_8_kib_is_read() {
    let (app, _) = App::with_ada().await;
    for path in ["/signup", "/login"] {
        for (kind, filler) in [(FORM, "x"), (FORM, "&a=b"), (JSON, " "), (JSON, "[")] {
            let body = filler.repeat(20_000);
            let page = app.browser().post(path, kind, body.clone()).await;
            is_refused(&app, &page, Status::PayloadTooLarge, path).await;
            is_refused(&app, &app.program().post(path, kind, body).await, Status::PayloadTooLarge, path).await;
        }
    }
    let most = MOST_KIB as usize * 1_024;
    let exactly = format!("{}{}", adas(), " ".repeat(most - adas().to_string().len()));
    assert_eq!(app.program().post("/login", JSON, exactly.clone()).await.status, Status::Ok);
    assert_eq!(app.program().post("/login", JSON, exactly + " ").await.status, Status::PayloadTooLarge);
}

#[rocket::async_test]
async fn a_million_marks_and_ten_thousand_fields_are_turned_away_unread() {
    let (app, _) = App::with_ada().await;
    let marks = format!("username=eve&password={}", "%CC%81".repeat(1_000_000));
    let fields = (0..10_000).map(|n| format!("f{n}=x")).collect::<Vec<_>>().join("&");
    let members: serde_json::Map<String, Value> = (0..10_000).map(|n| (format!("f{n}"), json!("x"))).collect();
    for (kind, body) in [(FORM, marks), (FORM, fields), (JSON, Value::Object(members).to_string())] {
        let answer = app.program().post("/signup", kind, body).await;
        is_refused(&app, &answer, Status::PayloadTooLarge, kind).await;
    }
    let many = "a=b&".repeat(2_000);
    let answer = app.program().post("/signup", FORM, many).await;
    is_refused(&app, &answer, Status::UnprocessableEntity, "two thousand fields").await;
    assert!(answer.body.len() < 2_000, "{}", answer.body.len());
    assert_eq!(app.auth().hashes_computed(), 1);
}

#[rocket::async_test]
async fn another_kind_of_value_is_422_and_its_field_is_named() {
    let (app, _) = App::with_ada().await;
    for value in [
        json!(1),
        json!(1.5),
        json!(-1),
        json!(true),
        json!(null),
        json!([]),
        json!(["ada"]),
        json!({}),
        json!({ "a": "b" }),
    ] {
        for (path, field) in [
            ("/signup", "username"),
            ("/signup", "password"),
            ("/login", "username"),
            ("/login", "password"),
            ("/login", "next"),
        ] {
            let mut body = adas();
            body[field] = value.clone();
            let answer = app.program().send(path, body).await;
            is_refused(&app, &answer, Status::UnprocessableEntity, field).await;
            let problem = answer.json();
            assert!(problem["errors"][field].as_str().unwrap().starts_with("Send text here, not "), "{problem}");
        }
    }
    for value in [json!(1), json!("yes"), json!(null), json!([true])] {
        let mut body = adas();
        body["remember"] = value;
        let answer = app.program().send("/login", body).await;
        is_refused(&app, &answer, Status::UnprocessableEntity, "remember").await;
    }
}

#[rocket::async_test]
async fn json_that_is_no_object_is_422_and_what_is_no_json_400() {
    let (app, _) = App::with_ada().await;
    let list = json!([ADA, PASSWORD]).to_string();
    for body in [list.as_str(), "[]", "\"text\"", "1", "null", "true", "[{}]"] {
        let answer = app.program().post("/login", JSON, body).await;
        is_refused(&app, &answer, Status::UnprocessableEntity, body).await;
    }
    let deep = "{\"username\":".repeat(600);
    let broken: [&[u8]; 11] = [
        b"",
        b"{",
        b"{\"username\":}",
        b"{\"username\":\"ada\",}",
        b"{'username':'ada'}",
        b"{\"username\":\"ada\"} x",
        b"\xef\xbb\xbf{}",
        b"{\"username\":\"\xff\"}",
        b"{\"username\":\"\\ud800\"}",
        b"{\"username\":\"a\nb\"}",
        deep.as_bytes(),
    ];
    for body in broken {
        let answer = app.program().post("/login", JSON, body).await;
        is_refused(&app, &answer, Status::BadRequest, &String::from_utf8_lossy(body)).await;
    }
}

#[rocket::async_test]
async fn unknown_and_repeated_fields_are_422_in_both_and_named() {
    let (app, _) = App::with_ada().await;
    let encoded = encode(&[("username", "eve"), ("password", PASSWORD)]);
    for field in ["id", "role", "user_id", "username[0]", "username.x", "password[]", "_method", ""] {
        let form = app
            .program()
            .post("/signup", FORM, format!("{encoded}&{}=x", encode(&[(field, "")]).trim_end_matches('=')))
            .await;
        let json = app.program().send("/signup", json!({ "username": "eve", "password": PASSWORD, field: "x" })).await;
        for answer in [form, json] {
            is_refused(&app, &answer, Status::UnprocessableEntity, field).await;
            assert_eq!(answer.json()["errors"][field], "There is no such field here.");
        }
    }
    let form = app.program().post("/signup", FORM, format!("{encoded}&username=mallory")).await;
    let json = format!(r#"{{"username":"eve","password":"{PASSWORD}","username":"mallory"}}"#);
    for answer in [form, app.program().post("/signup", JSON, json).await] {
        is_refused(&app, &answer, Status::UnprocessableEntity, "repeated").await;
        assert_eq!(answer.json()["errors"]["username"], "This was sent more than once.");
    }
}

#[rocket::async_test]
async fn bytes_that_are_no_text_are_never_taken_for_other_bytes() {
    let (app, _) = App::with_ada().await;
    for raw in ["%FF", "%FE", "%C3", "%ED%A0%80", "%C0%80", "%F5%80%80%80", "\u{FFFD}"] {
        let body = format!("username=eve&password=a+long+pass+phrase+{raw}");
        let answer = app.program().post("/signup", FORM, body.clone()).await;
        is_refused(&app, &answer, Status::UnprocessableEntity, raw).await;
        assert!(answer.json()["errors"]["password"].as_str().unwrap().contains("could not be read"), "{raw}");
        let body = body.replace("eve", ADA);
        assert_eq!(app.program().post("/login", FORM, body).await.status, Status::UnprocessableEntity, "{raw}");
    }
    let answer =
        app.program().post("/signup", FORM, format!("username=%FF&{}", encode(&[("password", PASSWORD)]))).await;
    is_refused(&app, &answer, Status::UnprocessableEntity, "username").await;
    assert_eq!(app.auth().hashes_computed(), 1);
}

#[rocket::async_test]
async fn nul_is_refused_in_a_name_and_in_a_password() {
    let (app, _) = App::with_ada().await;
    let form = app.program().submit("/signup", &[("username", "eve\0"), ("password", PASSWORD)]).await;
    let json = app.program().send("/signup", json!({ "username": "eve\0", "password": PASSWORD })).await;
    for answer in [form, json] {
        is_refused(&app, &answer, Status::UnprocessableEntity, "NUL").await;
    }
    let form = app.program().submit("/signup", &[("username", "eve"), ("password", "a password\0 with NUL")]).await;
    let body = json!({ "username": "eve", "password": "a password\0 with NUL" });
    for answer in [form, app.program().send("/signup", &body).await] {
        is_refused(&app, &answer, Status::UnprocessableEntity, "NUL in a password").await;
        assert_eq!(answer.json()["errors"]["password"], "Leave out control characters.");
    }
    is_refused(&app, &app.program().send("/login", body).await, Status::Unauthorized, "nobody's password").await;
}

#[rocket::async_test]
async fn a_person_reads_the_problem_on_a_page() {
    let (app, _) = App::with_ada().await;
    let answer = app.browser().post("/signup", FORM, "username=a&<b>=c&username=d").await;
    let page = answer.is_page(Status::UnprocessableEntity);
    assert!(page.contains("&lt;b&gt;") && !page.contains("<b>") && page.contains("sent more than once"), "{page}");
}
