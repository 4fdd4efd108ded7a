//! What the log tells, and what never gets there.

use crate::support::PASSWORD;
use crate::support::postgres;
use crate::support::server::{Server, command};

#[test]
fn the_log_tells_when_it_serves_who_signs_in_and_every_request_where_that_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut logging = command(folder.path());
    logging.env("ROCKET_LOG_REQUESTS", "true");
    let mut server = Server::spawn_logging(logging, &log);

    // Her first name alone is found in many an id: all of its letters are hexadecimal.
    let name = "ada.lovelace";
    server.sign_up(name);
    server.submit("/login", &[("username", name), ("password", PASSWORD)]);
    server.submit("/login", &[("username", name), ("password", "wrong")]);
    server.request("GET", "/sessions", &[], "");
    assert_eq!(server.terminate(), Some(0));

    let said = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<serde_json::Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |message: &str| {
        let found: Vec<_> =
            lines.iter().map(|line| &line["fields"]).filter(|line| line["message"] == message).collect();
        assert!(!found.is_empty(), "{message}: {said}");
        found
    };
    let database = if postgres::of_this_run().is_some() { "PostgreSQL" } else { "SQLite" };
    assert_eq!(of("serving")[0]["database"], database);
    for message in ["signed up", "signed in", "a login failed"] {
        assert!(of(message)[0]["user_id"].is_string(), "{message}: {said}");
    }
    assert_eq!((of("answered").len(), of("stopped").len()), (4, 1));
    for line in of("answered").into_iter().chain(of("a request was refused")) {
        assert!(line["request_id"].is_string() && line["method"].is_string() && line["status"].is_u64(), "{line}");
        assert!(line["route"].is_string(), "{line}");
    }
    assert!(!said.contains("lovelace"), "a name as typed is not for the log: {said}");
}

#[test]
fn what_users_send_makes_no_lines_of_its_own_in_the_log_and_no_secret_gets_there() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut server = Server::spawn_logging(command(folder.path()), &log);

    let cookie = server.sign_up("ada");
    server.request(
        "POST",
        "/login",
        &[("Origin", "https://evil.example\u{9b}31m"), ("Sec-Fetch-Site", "cross-site")],
        "x",
    );
    server.request("GET", "/a%0Ab?password=secret-in-a-query", &[("User-Agent", "\u{202e}x"), ("Cookie", &cookie)], "");
    assert_eq!(server.terminate(), Some(0));

    let said = std::fs::read_to_string(&log).unwrap();
    for line in said.lines() {
        assert!(line.starts_with('{') && serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
    }
    let value = cookie.split_once('=').unwrap().1;
    for secret in [PASSWORD, value, "secret-in-a-query", "\u{9b}", "\u{202e}"] {
        assert!(!said.contains(secret), "{secret}: {said}");
    }
}

#[test]
fn a_proxy_that_nobody_told_us_of_is_told_of_once() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut server = Server::spawn_logging(command(folder.path()), &log);

    for _ in 0..3 {
        let forwarded = [("X-Forwarded-For", "198.51.100.7"), ("Content-Type", "application/json")];
        server.request("POST", "/login", &forwarded, "{\"username\": \"ada\", \"password\": \"x\"}");
    }
    assert_eq!(server.terminate(), Some(0));

    let said = std::fs::read_to_string(&log).unwrap();
    assert_eq!(said.matches("ROCKET_TRUSTED_PROXIES").count(), 1, "{said}");
}
