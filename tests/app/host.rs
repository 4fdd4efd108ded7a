use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rocket::http::Status;
use rocket::tokio::runtime::Runtime;
use serde_json::json;
use url::Url;

use crate::support::{App, cases};

async fn asked_as(app: &App, host: &str) -> Status {
    app.browser().with("Host", host).get("/login").await.status
}

#[rocket::async_test]
async fn on_this_machine_its_own_names_are_answered_to_with_any_port() {
    let app = App::new().await;
    for host in
        ["localhost", "localhost:8000", "localhost:1", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST:8000", "localhost."]
    {
        assert_eq!(asked_as(&app, host).await, Status::Ok, "{host}");
    }
    for host in ["evil.example", "localhost.evil.example", "127.0.0.2", "example.org:8000"] {
        assert_eq!(asked_as(&app, host).await, Status::MisdirectedRequest, "{host}");
    }
}

#[rocket::async_test]
async fn the_public_host_is_answered_to_in_every_spelling_and_no_other_is() {
    let app = App::with_settings(&[("public_url", json!("https://Example.org"))]).await;
    for host in ["example.org", "EXAMPLE.org", "example.org.", "example.org:443"] {
        assert_eq!(asked_as(&app, host).await, Status::Ok, "{host}");
    }
    for host in ["www.example.org", "example.org:8443", "example.org.evil.example", "example.com"] {
        assert_eq!(asked_as(&app, host).await, Status::MisdirectedRequest, "{host}");
    }
}

#[rocket::async_test]
async fn under_https_the_names_of_this_machine_led_in_beside_the_public_host() {
    let settings = [("public_url", json!("https://example.org")), ("trusted_proxies", json!(["127.0.0.1/32"]))];
    let app = App::with_settings(&settings).await;
    for host in ["localhost", "127.0.0.1:8000", "[::1]:8000"] {
        let operator = || app.program().from("127.0.0.1").with("Host", host);
        for path in ["/login", "/", "/signup", "/getusers/me", "/static/app.css"] {
            assert_eq!(operator().get(path).await.status, Status::MisdirectedRequest, "{host}{path}");
        }
        for path in ["/health/live", "/health/ready", "/metrics"] {
            assert_eq!(operator().get(path).await.status, Status::Ok, "{host}{path}");
        }
    }
}

#[rocket::async_test]
async fn where_others_can_reach_us_the_names_of_this_machine_are_no_way_in() {
    let settings =
        [("public_url", json!("https://example.org")), ("address", json!("0.0.0.0")), ("throttle", json!(true))];
    let app = App::with_settings(&settings).await;
    assert_eq!(asked_as(&app, "localhost").await, Status::MisdirectedRequest);
    assert_eq!(asked_as(&app, "example.org").await, Status::Ok);
}

/// The url crate is the referee, which reads addresses as browsers do.
#[test]
fn of_any_text_as_host_only_a_browsers_name_for_this_site_is_answered_to() {
    let runtime = Runtime::new().unwrap();
    let app = runtime.block_on(App::with_settings(&[("public_url", json!("https://example.org:8443"))]));
    let like_ours = "([a-z]{1,4}[@.])?(example\\.org|EXAMPLE\\.org|localhost|127\\.0\\.0\\.1|\\[::1\\])\
        ([.@:/#?-]|:[0-9]{0,6}|:8443|%2e|[ -~]){0,2}";
    let hosts = prop_oneof![any::<String>(), "[ -~]{0,30}", like_ours];

    TestRunner::new(cases())
        .run(&hosts, |host| {
            let status = runtime.block_on(asked_as(&app, &host));
            if status != Status::Ok {
                prop_assert!(matches!(status.code, 400 | 421), "{status}");
                return Ok(());
            }
            let url = Url::parse(&format!("https://{host}/")).unwrap();
            let name = url.host_str().unwrap().trim_end_matches('.');
            let is_ours = name == "example.org" && url.port() == Some(8443);
            prop_assert!(is_ours || ["localhost", "127.0.0.1", "[::1]"].contains(&name), "{name}");
            prop_assert_eq!((url.username(), url.password(), url.path(), url.query()), ("", None, "/", None));
            Ok(())
        })
        .unwrap();
}
