//! The running program, over real sockets: what Rocket's local client leaves out.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use crate::postgres;
use crate::server::{Server, command, cookie, header, set_cookie, status};
use crate::support::{PASSWORD, encode};

#[test]
fn the_first_start_makes_the_folder_and_the_walk_works() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(&folder);
    assert!(postgres::of_this_run().is_some() || folder.path().join("data/vestibule.db").exists());
    assert!(folder.path().join("data/secret.key").exists());

    let cookie = server.sign_up("ada");
    assert_eq!(server.who(&cookie), 200);
    assert_eq!(status(&server.request("GET", "/protected", &[("Cookie", &cookie)], "")), 200);
    assert_eq!(status(&server.request("POST", "/logout", &[("Cookie", &cookie)], "")), 200);
    assert_eq!(server.who(&cookie), 401);
    let basic = data_encoding::BASE64.encode(format!("ada:{PASSWORD}").as_bytes());
    let answer = server.request("POST", "/login", &[("Authorization", &format!("Basic {basic}"))], "");
    assert_eq!(status(&answer), 200, "{answer}");
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let mut alive: Vec<String> = Vec::new();
    let mut ended: Vec<String> = Vec::new();
    for round in 0..5 {
        let server = Server::start(&folder);
        for cookie in &alive {
            assert_eq!(server.who(cookie), 200, "round {round}: a session that was acknowledged is lost");
        }
        for cookie in &ended {
            assert_eq!(server.who(cookie), 401, "round {round}: a session that was ended lives");
        }
        let (stays, leaves) = (server.sign_up(&format!("stays{round}")), server.sign_up(&format!("leaves{round}")));
        assert_eq!(status(&server.request("POST", "/logout", &[("Cookie", &leaves)], "")), 200);
        server.kill();
        alive.push(stays);
        ended.push(leaves);
    }
}

#[test]
fn sessions_are_alive_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(&folder);
    let cookie = server.sign_up("ada");
    assert_eq!(server.terminate(), Some(0));

    assert_eq!(Server::start(&folder).who(&cookie), 200);
}

#[test]
fn of_64_sign_ups_of_one_name_in_several_spellings_one_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(folder.path(), &[("ROCKET_HASH_QUEUE", "200")]);
    let barrier = Barrier::new(64);

    let answers: Vec<u16> = thread::scope(|scope| {
        let threads: Vec<_> = (0..64)
            .map(|n| {
                let (server, barrier) = (&server, &barrier);
                scope.spawn(move || {
                    let name = ["grace", "Grace", "GRACE", "gracE"][n % 4];
                    barrier.wait();
                    status(&server.submit("/signup", &[("username", name), ("password", PASSWORD)]))
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });

    assert_eq!(answers.iter().filter(|status| **status == 201).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 409).count(), 63, "{answers:?}");
}

#[test]
fn raw_look_alikes_of_the_cookie_are_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(folder.path(), &[("ROCKET_PUBLIC_URL", "https://localhost")]);
    let cookie = server.sign_up("ada");
    assert!(cookie.starts_with("__Host-session_id="), "{cookie}");
    let value = cookie.split_once('=').unwrap().1;
    assert_eq!(server.who(&cookie), 200);

    let look_alikes: [&[u8]; 7] = [
        b"%5F%5FHost-session_id",
        b"__Host-session%5fid",
        "\u{2000}__Host-session_id".as_bytes(),
        "__Host-session_id\u{a0}".as_bytes(),
        b"\x85__Host-session_id",
        b"__Host-session_id\xff",
        b"__HOST-session_id",
    ];
    for name in look_alikes {
        let mut request =
            format!("GET /getusers/me HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\nCookie: ", server.port)
                .into_bytes();
        request.extend_from_slice(name);
        request.extend_from_slice(format!("={value}\r\n\r\n").as_bytes());
        assert_eq!(status(&server.raw(&request)), 401, "{:?}", String::from_utf8_lossy(name));
    }
    assert_eq!(status(&server.request("GET", "/getusers/me", &[("Cookie", &cookie), ("Cookie", &cookie)], "")), 401);
    assert_eq!(status(&server.request("GET", "/getusers/me", &[("Cookie", "a=b"), ("Cookie", &cookie)], "")), 200);
}

#[test]
fn the_cookie_goes_out_with_its_flags_and_is_cleared_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(folder.path(), &[("ROCKET_PUBLIC_URL", "https://example.org")]);
    let public = [("Host", "example.org"), ("Content-Type", "application/x-www-form-urlencoded")];
    let body = encode(&[("username", "ada"), ("password", PASSWORD)]);
    let raw = |path: &str, more: &str, body: &str| {
        let length = body.len();
        server.raw(format!("POST {path} HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n{more}Content-Length: {length}\r\n\r\n{body}").as_bytes())
    };
    let signed_up = raw("/signup", &format!("{}: {}\r\n", public[1].0, public[1].1), &body);
    let set = set_cookie(&signed_up);
    let logged_out = raw("/logout", &format!("Cookie: {}\r\n", cookie(&signed_up)), "");
    let cleared = set_cookie(&logged_out);

    for flag in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(set.contains(flag) && cleared.contains(flag), "{set}\n{cleared}");
    }
    assert!(cleared.starts_with("__Host-session_id=;") && cleared.contains("Max-Age=0"), "{cleared}");
}

#[test]
fn a_request_names_one_host_and_ours() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    for (hosts, expected) in [
        ("Host: localhost\r\n", 200),
        ("Host: 127.0.0.1:1\r\n", 200),
        ("", 400),
        ("Host: localhost\r\nHost: localhost\r\n", 400),
        ("Host: a b<>\r\n", 400),
        ("Host: \r\n", 421),
        ("Host: evil.example\r\n", 421),
    ] {
        let answer = server.raw(format!("GET /login HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n").as_bytes());
        assert_eq!(status(&answer), expected, "{hosts:?}");
    }
}

#[test]
fn refusals_before_routing_carry_the_headers_too() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    for request in [
        "FOO / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /%%% HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ] {
        let answer = server.raw(request.as_bytes());
        assert!(matches!(status(&answer), 400 | 404), "{answer}");
        assert!(header(&answer, "Content-Security-Policy").is_some(), "{answer}");
        assert_eq!(header(&answer, "Server"), None);
    }
}

#[test]
fn bad_input_is_refused_quickly_over_the_wire() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    let big = "x".repeat(1_000_000);
    let answer = server.request("POST", "/signup", &[("Content-Type", "application/json")], &big);
    assert!(answer.is_empty() || status(&answer) == 413, "{answer}");
    assert_eq!(status(&server.request("POST", "/signup", &[("Content-Type", "text/plain")], "x")), 415);
    assert_eq!(status(&server.request("POST", "/signup", &[("Content-Type", "application/json")], "{")), 400);
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head =
        "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(b"{\"username\": \"a").unwrap();

    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
}

#[test]
fn a_wrong_setting_ends_with_a_sentence_and_status_2() {
    for (name, value, named) in [
        ("ROCKET_PASSWORD_MIN_LENGHT", "20", "password_min_length"),
        ("ROCKET_SECRETKEY", "x", "secret_key"),
        ("ROCKET_IP_HEADER", "X-Real-IP", "ip_header"),
        ("ROCKET_ADDRESS", "0.0.0.0", "public_url"),
        ("ROCKET_HASH_MEMORY_KIB", "1024", "hash_memory_kib"),
        ("ROCKET_PORT", "many", "port"),
        ("ROCKET_DATA_DIR", "/proc/nowhere", "/proc/nowhere"),
        ("ROCKET_CONFIG", "/nowhere/Rocket.toml", "/nowhere/Rocket.toml"),
        ("ROCKET_DATABASE_URL", "postgres://ada:secret@localhost/x?sslmod=disable", "sslmod"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let output = command(folder.path()).env(name, value).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name}: {said}");
        assert!(said.starts_with("vestibule: ") && said.contains(named) && said.lines().count() == 1, "{name}: {said}");
        assert!(output.stdout.is_empty() && !folder.path().join("data").exists(), "{name}");
    }
}

#[test]
fn a_port_in_use_ends_with_a_sentence_and_status_2() {
    let folder = tempfile::tempdir().unwrap();
    let first = Server::start(&folder);
    let output = command(folder.path()).env("ROCKET_PORT", first.port.to_string()).output().unwrap();

    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), said.contains("cannot be listened on")), (Some(2), true), "{said}");
}

#[test]
fn a_proxy_that_nobody_told_us_of_is_told_of_once() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut child = command(folder.path());
    child.stdout(Stdio::piped()).stderr(std::fs::File::create(&log).unwrap());
    let mut server = Server::of(child.spawn().unwrap());

    for _ in 0..3 {
        let forwarded = [("X-Forwarded-For", "198.51.100.7"), ("Content-Type", "application/json")];
        server.request("POST", "/login", &forwarded, "{\"username\": \"ada\", \"password\": \"x\"}");
    }
    assert_eq!(server.terminate(), Some(0));

    let said = std::fs::read_to_string(&log).unwrap();
    assert_eq!(said.matches("ROCKET_TRUSTED_PROXIES").count(), 1, "{said}");
}

#[test]
fn what_users_send_makes_no_lines_of_its_own_in_the_log_and_no_secret_gets_there() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut child = command(folder.path());
    child.stdout(Stdio::piped()).stderr(std::fs::File::create(&log).unwrap());
    let mut server = Server::of(child.spawn().unwrap());

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
fn the_log_tells_when_it_serves_who_signs_in_and_every_request_where_that_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut child = command(folder.path());
    child.env("ROCKET_LOG_REQUESTS", "true").stdout(Stdio::piped()).stderr(std::fs::File::create(&log).unwrap());
    let mut server = Server::of(child.spawn().unwrap());

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
fn many_processes_that_start_at_once_on_a_new_folder_share_one_database_and_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let servers: Vec<Server> = thread::scope(|scope| {
        let starts: Vec<_> = (0..6).map(|_| scope.spawn(|| Server::start(&folder))).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });

    let cookie = servers[0].sign_up("ada");

    for server in &servers {
        assert_eq!(server.who(&cookie), 200);
    }
}

#[test]
fn a_get_with_a_body_does_not_become_a_post() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    let cookie = server.sign_up("ada");
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
        let headers = [("Cookie", cookie.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
        let answer = server.request(method, "/logout", &headers, "_method=post");
        assert_eq!(status(&answer), 422, "{method}: {answer}");
    }
    assert_eq!(server.who(&cookie), 200);
}
