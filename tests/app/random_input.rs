//! Whatever is sent: never a 5xx, and nobody gets in by it.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rocket::http::Status;
use rocket::tokio::runtime::Runtime;

use crate::support::{Answer, App, cases};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

#[test]
fn a_form_and_json_with_the_same_fields_get_the_same_verdict() {
    let runtime = Runtime::new().unwrap();
    let app = runtime.block_on(App::with_ada()).0;
    let fields = || {
        proptest::collection::btree_map(
            prop_oneof![8 => Just("username"), 8 => Just("password"), 1 => Just("next"), 1 => Just("remember"), 1 => Just("extra")].prop_map(String::from),
            text(),
            0..4,
        )
    };
    let paths = prop_oneof![Just("/signup"), Just("/login")];

    TestRunner::new(cases())
        .run(&(paths, fields()), |(path, fields)| {
            runtime.block_on(async {
                let pairs: Vec<(&str, &str)> =
                    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                let form = app.program().submit(path, &pairs).await;
                let json = app.program().send(path, &fields).await;
                // Of two sign-ups alike, the first takes the name.
                if form.status == Status::Created {
                    json.is_problem(Status::Conflict);
                    return Ok(());
                }
                prop_assert!(form.status.code < 500, "{form:?}");
                prop_assert_eq!(verdict(&form), verdict(&json), "{:?}", fields);
                Ok(())
            })
        })
        .unwrap();
}

#[test]
fn no_bytes_at_all_make_a_5xx_on_any_address() {
    let runtime = Runtime::new().unwrap();
    let (app, ada) = runtime.block_on(App::with_ada());
    let kinds = prop_oneof![4 => Just(FORM), 4 => Just(JSON), 1 => Just("text/plain"), 1 => Just("multipart/form-data; boundary=x"), 1 => Just("a/b; c=\"")];
    let bodies = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..400),
        "[&=%+a-f0-9_.\\[\\]]{0,200}".prop_map(String::into_bytes),
        "[{}\\[\\]\",:0-9a-z\\\\ ]{0,200}".prop_map(String::into_bytes),
        "(username|password|next|remember|display_name|_method)=[%&=a-z0-9]{0,40}".prop_map(String::into_bytes),
    ];
    let paths = prop_oneof![Just("/signup"), Just("/login"), Just("/profile")];

    TestRunner::new(cases())
        .run(&(paths, kinds, bodies), |(path, kind, body)| {
            runtime.block_on(async {
                for visitor in [app.browser_with(&ada), app.program_with(&ada), app.browser()] {
                    let answer = visitor.post(path, kind, body.clone()).await;
                    prop_assert!(answer.status.code < 500, "{path} {kind} {body:?}: {answer:?}");
                    prop_assert!(path == "/profile" || !matches!(answer.status.code, 200 | 201), "{:?}", body);
                }
                Ok(())
            })
        })
        .unwrap();
}

#[test]
fn no_cookie_or_header_makes_a_5xx_or_lets_anyone_in() {
    let runtime = Runtime::new().unwrap();
    let app = runtime.block_on(App::with_ada()).0;
    let cookies = prop_oneof![
        "[ -~]{0,200}",
        any::<String>(),
        "(session_id|%73ession_id| session_id|__Host-session_id|_flash)=[A-Za-z0-9+/=%;\" ]{0,120}",
    ];
    TestRunner::new(cases())
        .run(&(cookies, text(), text()), |(cookie, accept, agent)| {
            runtime.block_on(async {
                let visitor = app
                    .browser()
                    .with("Cookie", cookie.clone())
                    .with("Accept", accept)
                    .with("User-Agent", agent.clone());
                for path in ["/profile", "/getusers/me", "/no-such-page"] {
                    let answer = visitor.get(path).await;
                    prop_assert!(matches!(answer.status.code, 303 | 401 | 404), "{cookie:?}: {answer:?}");
                }
                let visitor = visitor.with("Authorization", agent);
                let answer = visitor.press("/login").await;
                prop_assert!(matches!(answer.status.code, 401 | 422), "{answer:?}");
                Ok(())
            })
        })
        .unwrap();
}

#[test]
fn no_address_makes_a_5xx_or_shows_a_page_of_adas() {
    let runtime = Runtime::new().unwrap();
    let app = runtime.block_on(App::with_ada()).0;
    let paths = prop_oneof![
        "/[ -~]{0,60}",
        "/(login|profile|static|protected)[/%.?;a-f0-9]{0,20}",
        "/login\\?next=[ -~]{0,40}"
    ];
    TestRunner::new(cases())
        .run(&paths, |path| {
            runtime.block_on(async {
                for visitor in [app.browser(), app.program()] {
                    let answer = visitor.get(&path).await;
                    prop_assert!(answer.status.code < 500, "{path}: {answer:?}");
                    prop_assert!(!answer.body.contains("<bdi>Ada</bdi>"), "{}", path);
                    let next = answer.header("Location").unwrap_or("/login");
                    prop_assert!(next.starts_with("/login"), "{path} leads to {next}");
                }
                Ok(())
            })
        })
        .unwrap();
}

/// Text of any kind, with a liking for what goes wrong.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => any::<String>(),
        2 => "[a-zA-Z0-9._-]{0,40}",
        2 => "[ -~]{0,40}",
        1 => proptest::collection::vec(prop_oneof![
            Just("\0"), Just("\u{FFFD}"), Just("\u{202E}"), Just("é"), Just("e\u{301}"), Just("%"), Just("+"), Just("&"), Just("="), Just("\u{1F600}"), Just("<b>"), Just("'"), Just("{{"), Just("\r\n"),
        ], 0..30).prop_map(|parts| parts.concat()),
        1 => "x{250,260}",
    ]
}

/// What an answer decides: its status, and the fields it complains of.
fn verdict(answer: &Answer) -> (u16, Vec<String>) {
    let errors = if answer.body.starts_with('{') {
        answer.json()["errors"].as_object().map(|errors| errors.keys().cloned().collect()).unwrap_or_default()
    } else {
        Vec::new()
    };
    (answer.status.code, errors)
}
