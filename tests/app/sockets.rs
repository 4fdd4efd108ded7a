//! The running program, over real sockets: what Rocket's local client leaves out.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::server::{FORM, Server, status};
use crate::support::{PASSWORD, encode};

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
        let mut request = b"GET /getusers/me HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: ".to_vec();
        request.extend_from_slice(name);
        request.extend_from_slice(format!("={value}\r\n\r\n").as_bytes());
        assert_eq!(status(&server.raw(&request).unwrap()), 401, "{:?}", String::from_utf8_lossy(name));
    }
    assert_eq!(status(&server.request("GET", "/getusers/me", &[("Cookie", &cookie), ("Cookie", &cookie)], "")), 401);
    assert_eq!(status(&server.request("GET", "/getusers/me", &[("Cookie", "a=b"), ("Cookie", &cookie)], "")), 200);
}

#[test]
fn the_cookie_goes_out_with_its_flags_and_is_cleared_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(folder.path(), &[("ROCKET_PUBLIC_URL", "https://example.org")]);
    let host = ("Host", "example.org");
    let body = encode(&[("username", "ada"), ("password", PASSWORD)]);
    let signed_up = server.request("POST", "/signup", &[host, FORM], &body);
    let set = signed_up.session_cookie();
    let logged_out = server.request("POST", "/logout", &[host, ("Cookie", &signed_up.session())], "");
    let cleared = logged_out.session_cookie();

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
        ("Host: a b\r\n", 400),
        ("Host: [::1\r\n", 400),
        ("Host: ::1\r\n", 400),
        ("Host: localhost:99999\r\n", 400),
        ("Host: localhost:x\r\n", 400),
        ("Host: localhost:1:1\r\n", 400),
        ("Host: localhost/\r\n", 400),
        ("Host: localhost?\r\n", 400),
        ("Host: localhost, localhost\r\n", 400),
        ("Host: http://localhost\r\n", 400),
        ("Host: localhost\r\nHost: evil.example\r\n", 400),
        ("Host: %6cocalhost\r\n", 421),
        ("Host: [::ffff:127.0.0.1]\r\n", 421),
        ("Host: localhost..\r\n", 421),
        ("Host: .\r\n", 421),
        ("Host: \r\n", 421),
        ("Host: evil.example\r\n", 421),
    ] {
        let answer = server.raw(format!("GET /login HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n")).unwrap();
        assert_eq!(status(&answer), expected, "{hosts:?}");
    }
}

#[test]
fn a_host_with_somebody_before_it_was_taken_for_the_host() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    for host in ["evil@localhost", "@localhost", "a:b@localhost", "localhost@localhost:80", "localhost@", "@"] {
        let answer = server.raw(format!("GET /login HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")).unwrap();
        assert_eq!(status(&answer), 400, "{host}");
    }
}

#[test]
fn what_a_program_accepts_may_stand_in_several_lines() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    let lines = |kinds: [&'static str; 2]| kinds.map(|kind| ("Accept", kind));
    for kinds in [["text/plain", "application/json"], ["application/json", "text/plain"]] {
        let answer = server.request("GET", "/protected", &lines(kinds), "");
        assert_eq!(answer.header("Content-Type"), Some("application/problem+json"), "{kinds:?}: {answer}");
    }
    let page = server.request("GET", "/protected", &lines(["text/plain", "text/html"]), "");
    assert_eq!((status(&page), page.header("Location")), (303, Some("/login?next=/protected")), "{page}");
}

#[test]
fn refusals_before_routing_carry_the_headers_too() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    for request in [
        "FOO / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /%%% HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ] {
        let answer = server.raw(request).unwrap();
        assert!(matches!(status(&answer), 400 | 404), "{answer}");
        assert!(answer.header("Content-Security-Policy").is_some(), "{answer}");
        assert_eq!(answer.header("Server"), None);
    }
}

#[test]
fn bad_input_is_refused_quickly_over_the_wire() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    let head = "POST /signup HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n";
    let answer = server.raw(format!("{head}Content-Length: 1000000\r\n\r\n{}", "x".repeat(1_000_000)));
    assert!(answer.as_ref().is_none_or(|answer| status(answer) == 413), "{answer:?}");
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
fn a_get_with_a_body_does_not_become_a_post() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    let cookie = server.sign_up("ada");
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
        let head = format!("{method} /logout HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: {cookie}\r\n");
        let body = format!("{}: {}\r\nContent-Length: 12\r\n\r\n_method=post", FORM.0, FORM.1);
        let answer = server.raw(head + &body).unwrap();
        assert_eq!(status(&answer), 422, "{method}: {answer}");
    }
    assert_eq!(server.who(&cookie), 200);
}

/// Whoever stands before us must not take for one request what is two to us, or the other way round (RFC 9112 §11.2).
#[test]
fn a_request_whose_end_can_be_read_in_two_ways_is_refused_and_what_follows_it_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    let second = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for ends in [
        "Content-Length: 4\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "Content-Length: 0, 4\r\n\r\n".to_owned(),
        "Content-Length: +0\r\n\r\n".to_owned(),
        "Content-Length: -1\r\n\r\n".to_owned(),
        "Content-Length : 0\r\n\r\n".to_owned(),
        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n".to_owned(),
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n".to_owned(),
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n".to_owned(),
        format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 5 + second.len()),
        "Transfer-Encoding: chunked\r\n\r\nx\r\n\r\n".to_owned(),
    ] {
        let first = format!("POST /login HTTP/1.1\r\nHost: localhost\r\n{}: {}\r\n{ends}", FORM.0, FORM.1);
        let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        stream.write_all((first + second).as_bytes()).unwrap();
        let mut answers = Vec::new();
        let _ = stream.read_to_end(&mut answers);
        let answers = String::from_utf8_lossy(&answers);
        assert!(answers.matches("HTTP/1.1 ").count() <= 1, "{ends:?}: {answers}");
    }
    assert_eq!(status(&server.request("GET", "/login", &[], "")), 200);
}
