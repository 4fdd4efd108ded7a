//! What the log tells, and what never gets there.

use std::fs::File;
use std::io::{Write, pipe};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use vestibule::model::Moment;

use crate::support::file::{self, Other};
use crate::support::server::{Server, command, exchange, status};
use crate::support::{Answer, PASSWORD, postgres, until};

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
    let lines = read(&said);
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
fn every_line_says_when_in_utc_and_whatever_is_kept_out_has_one() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut server = Server::spawn_logging(command(folder.path()), &log);

    let json = ("Content-Type", "application/json");
    for (method, path, headers, body, refused) in [
        ("POST", "/login", vec![("Sec-Fetch-Site", "cross-site")], "", 403),
        ("GET", "/login", vec![("Host", "evil.example")], "", 421),
        ("POST", "/login", vec![json], "{\"role\": \"admin\"}", 422),
        ("POST", "/login", vec![json], "{\"username\": \"ada\", \"password\": \"wrong\"}", 401),
        ("GET", "/sessions", vec![], "", 401),
        ("DELETE", "/profile", vec![], "", 405),
    ] {
        assert_eq!(status(&server.request(method, path, &headers, body)), refused, "{method} {path}");
    }
    assert_eq!(server.terminate(), Some(0));

    let said = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<serde_json::Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &lines {
        let at = line["timestamp"].as_str().unwrap_or_default();
        assert!(at.ends_with('Z') && Moment::parse(at).is_some() && line["level"].is_string(), "{line}");
    }
    for refused in [403, 421, 422, 401, 405] {
        assert!(lines.iter().any(|line| line["fields"]["status"] == refused), "{refused}: {said}");
    }
}

#[test]
fn what_went_wrong_is_told_with_its_cause_in_the_log_and_by_its_number_to_whoever_asked() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut server = Server::spawn_logging(file::command(folder.path()), &log);
    let mut other = Other::open(folder.path());

    other.run("BEGIN EXCLUSIVE");
    let answer = server.submit("/login", &[("username", "ada"), ("password", PASSWORD)]);
    other.run("COMMIT");
    assert_eq!((status(&answer), server.terminate()), (503, Some(0)), "{answer}");

    let said = std::fs::read_to_string(&log).unwrap();
    let number = answer.json()["request_id"].clone();
    let mut lines = said.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let line = lines.find(|line| line["level"] == "ERROR" && line["fields"]["request_id"] == number);
    let cause = line.unwrap_or_else(|| panic!("{number}: {said}"))["fields"]["error"].clone();
    assert!(!answer.body.contains(cause.as_str().unwrap()), "{answer}");
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

#[test]
fn where_the_log_cannot_be_written_every_answer_is_what_it_would_have_been_and_a_stop_is_well() {
    let folder = tempfile::tempdir().unwrap();
    let mut well = Server::spawn(command(folder.path()));
    let expected = walk(&well);
    assert_eq!((lost(&well), well.terminate()), (Some(0), Some(0)));

    let full = || Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    let reader_has_gone = || Stdio::from(pipe().unwrap().1);
    for (which, log) in [("a full disk", full()), ("a reader who has gone", reader_has_gone())] {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Server::spawn_telling(command(folder.path()), log);

        assert_eq!(walk(&server), expected, "{which}");
        until(|| lost(&server).is_some_and(|lost| lost > 3));
        assert_eq!(server.terminate(), Some(0), "{which}");
    }
}

#[test]
fn a_log_that_nobody_reads_stops_nothing_and_does_not_hold_up_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let (_unread, log) = pipe().unwrap();
    let mut telling_all = command(folder.path());
    telling_all.env("ROCKET_LOG_REQUESTS", "true");
    let mut server = Server::spawn_telling(telling_all, log);
    let mut stream = connect(&server);

    // More than fits into the pipe and what waits for it.
    for _ in 0..10_000 {
        assert_eq!(status(&ask(&mut stream, "/health/live")), 200);
    }

    assert_eq!(status(&ask(&mut stream, "/no-such-page")), 404);
    assert!(lost(&server).is_some_and(|lost| lost > 0));
    let asked = Instant::now();
    assert_eq!(server.terminate(), Some(0));
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
}

#[test]
fn a_flood_of_refusals_makes_one_line_a_second_of_each_kind_and_then_says_how_many_were_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut server = Server::spawn_logging(command(folder.path()), &log);
    let mut stream = connect(&server);

    let began = Instant::now();
    for _ in 0..1_000 {
        assert_eq!(status(&ask(&mut stream, "/no-such-page")), 404);
    }
    assert_eq!(status(&ask(&mut stream, "/getusers/me")), 401);
    let most = 1 + began.elapsed().as_secs();
    assert_eq!(server.terminate(), Some(0));

    let said = std::fs::read_to_string(&log).unwrap();
    let of = |message: &str, status: u64| -> Vec<Value> {
        let lines = read(&said).into_iter().map(|mut line| line["fields"].take());
        lines.filter(|line| line["message"] == message && line["status"] == status).collect()
    };
    let written = of("a request was refused", 404).len() as u64;
    let left_out = of("lines were left out", 404);
    assert!((1..=most).contains(&written), "{written} in {most} seconds: {said}");
    assert!(left_out.iter().all(|line| line["like"] == "a request was refused"), "{said}");
    let left_out: u64 = left_out.iter().filter_map(|line| line["left_out"].as_u64()).sum();
    assert_eq!(written + left_out, 1_000, "{said}");
    assert_eq!(of("a request was refused", 401).len(), 1, "another kind is not left out for it: {said}");
}

#[test]
fn where_nobody_takes_what_the_start_says_it_serves_all_the_same() {
    let full = Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    let reader_has_gone = Stdio::from(pipe().unwrap().1);
    let (_unread, mut writer) = pipe().unwrap();
    writer.write_all(&[b' '; 64 * 1024]).unwrap();
    for (which, out) in
        [("full", full), ("gone", reader_has_gone), ("unread", Stdio::from(writer)), ("closed", Stdio::null())]
    {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let mut program = command(folder.path());
        if which == "closed" {
            program = closing_its_output(program);
        }
        let child = program.stdout(out).stderr(File::create(&log).unwrap()).spawn().unwrap();
        let mut server = Server { child, port: 0 };

        until(|| port_in(&log).is_some());
        server.port = port_in(&log).unwrap();
        assert_eq!(status(&server.request("GET", "/health/live", &[], "")), 200, "{which}");
        assert_eq!(server.terminate(), Some(0), "{which}");
    }
}

/// A shell that closes the standard output and becomes the program.
fn closing_its_output(program: Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", "exec \"$0\" >&-"]).arg(program.get_program());
    shell.current_dir(program.get_current_dir().unwrap());
    shell.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell
}

/// Right and wrong logins, a sign-up and what there is no page for, and what is answered to each.
fn walk(server: &Server) -> Vec<u16> {
    let log_in = |password| status(&server.submit("/login", &[("username", "ada"), ("password", password)]));
    let sign_up = || status(&server.submit("/signup", &[("username", "ada"), ("password", PASSWORD)]));
    let page = |path| status(&server.request("GET", path, &[], ""));
    vec![sign_up(), sign_up(), log_in(PASSWORD), log_in("wrong"), page("/no-such-page"), page("/getusers/me")]
}

/// How many lines were lost, where it still says so.
fn lost(server: &Server) -> Option<u64> {
    let metrics = server.ask("GET", "/metrics", &[], "")?.body;
    let line = metrics.lines().find_map(|line| line.strip_prefix("vestibule_log_lines_total{outcome=\"lost\"} "));
    line?.parse().ok()
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

fn ask(stream: &mut TcpStream, path: &str) -> Answer {
    exchange(stream, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")).expect("an answer")
}

fn read(said: &str) -> Vec<Value> {
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// On which port it serves, as it logs.
fn port_in(log: &Path) -> Option<u16> {
    let said = std::fs::read_to_string(log).unwrap();
    let line = said.lines().find(|line| line.contains("\"serving\""))?;
    let line: Value = serde_json::from_str(line).ok()?;
    line["fields"]["listening"].as_str()?.rsplit(':').next()?.parse().ok()
}
