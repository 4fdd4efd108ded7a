//! Behind a real proxy, with the files of `deploy/` as they are but for names, ports and certificates.

mod caddy;
mod nginx;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::support::file::Other;
use crate::support::proxy::{Site, behind_proxy, request};
use crate::support::server::{exchange, status};
use crate::support::tls::{self, Tls};
use crate::support::{Answer, PASSWORD, until};

/// How long a client may take at the most: the limits of the files, and a little for the machine.
const PATIENCE: Duration = Duration::from_secs(15);

/// The tests of a proxy, which `start`s a site behind it, or none where it is not installed.
macro_rules! promises {
    () => {
        promises! {
            the_walk_works_through_tls_with_the_cookie_of_the_host
            slow_clients_are_sent_away_and_others_served_meanwhile
            forged_forwarding_headers_and_hosts_are_worth_nothing
            what_is_too_large_is_refused
            http_2_is_spoken
            while_the_program_is_away_the_proxy_says_so_and_then_all_is_well
            who_looks_is_led_from_http_to_https_and_who_sends_is_told
            names_of_this_machine_led_in_through_the_proxy
            what_the_proxy_refuses_by_itself_had_no_headers
            a_thousand_requests_that_do_not_end_kept_everyone_else_out
        }
    };
    ($($promise:ident)+) => {
        $(#[test]
        fn $promise() {
            if let Some(site) = start() {
                super::$promise(site);
            }
        })+
    };
}
use promises;

fn the_walk_works_through_tls_with_the_cookie_of_the_host(site: Site) {
    let adas = [("username", "ada"), ("password", PASSWORD)];

    let signed_up = site.submit("/signup", &[], &adas);
    assert_eq!(status(&signed_up), 201, "{signed_up}");
    assert!(signed_up.header("Strict-Transport-Security").is_some(), "{signed_up}");
    let set = signed_up.session_cookie();
    assert!(set.starts_with("__Host-session_id=") && set.contains("Secure"), "{set}");
    let held = signed_up.session();
    let cookie_of_ada = [("Cookie", held.as_str())];
    for page in ["/getusers/me", "/protected", "/profile"] {
        let answer = site.request("GET", page, &cookie_of_ada, "");
        assert_eq!(status(&answer), 200, "{page}: {answer}");
    }
    let page = [("Cookie", held.as_str()), ("Accept", "text/html"), ("Accept-Encoding", "gzip")];
    assert_eq!(site.request("GET", "/profile", &page, "").header("Content-Encoding"), None);

    let logged_out = site.submit("/logout", &cookie_of_ada, &[]);
    assert_eq!(status(&logged_out), 200, "{logged_out}");
    assert!(logged_out.session_cookie().starts_with("__Host-session_id=;"), "{logged_out}");
    assert_eq!(status(&site.request("GET", "/getusers/me", &cookie_of_ada, "")), 401);
    let basic = data_encoding::BASE64.encode(format!("ada:{PASSWORD}").as_bytes());
    let answer = site.request("POST", "/login", &[("Authorization", &format!("Basic {basic}"))], "");
    assert_eq!(status(&answer), 200, "{answer}");
}

fn slow_clients_are_sent_away_and_others_served_meanwhile(site: Site) {
    let head =
        "POST /login HTTP/1.1\r\nHost: example.org\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n";
    let whole = request("GET", "/login", &[], "");

    thread::scope(|scope| {
        let site = &site;
        let slow = [
            ("nothing, not even a handshake", scope.spawn(|| is_sent_away(plain(site.https), ""))),
            ("nothing after the handshake", scope.spawn(|| is_sent_away(site.connect(), ""))),
            ("a header that does not end", scope.spawn(|| is_sent_away(site.connect(), "GET / HTTP/1.1\r\nHost: exa"))),
            ("a header a byte at a time", scope.spawn(|| is_sent_away_trickling(site.connect(), "GET /"))),
            ("a body that does not come", scope.spawn(|| is_sent_away(site.connect(), head))),
            ("nothing after a whole request", scope.spawn(|| is_sent_away(site.connect(), &whole))),
            ("nothing over plain http", scope.spawn(|| is_sent_away(plain(site.http), ""))),
        ];
        while slow.iter().any(|(_, client)| !client.is_finished()) {
            let answer = site.request("GET", "/login", &[], "");
            assert_eq!(status(&answer), 200, "{answer}");
            thread::sleep(Duration::from_millis(100));
        }
        for (what, client) in slow {
            assert!(client.join().unwrap(), "a client that sends {what} stays");
        }
    });
}

fn plain(port: u16) -> TcpStream {
    TcpStream::connect(("127.0.0.1", port)).unwrap()
}

/// A stream whose reading can be given up.
trait Patient: Read + Write {
    fn be_patient_for(&mut self, patience: Duration);
}

impl Patient for TcpStream {
    fn be_patient_for(&mut self, patience: Duration) {
        self.set_read_timeout(Some(patience)).unwrap();
    }
}

impl Patient for Tls {
    fn be_patient_for(&mut self, patience: Duration) {
        self.sock.set_read_timeout(Some(patience)).unwrap();
    }
}

/// Sends that and no more, and waits for the connection to end.
fn is_sent_away(mut stream: impl Patient, sends: &str) -> bool {
    let began = Instant::now();
    stream.write_all(sends.as_bytes()).unwrap();
    stream.be_patient_for(PATIENCE);
    let mut some = [0; 4096];
    while began.elapsed() < PATIENCE {
        match stream.read(&mut some) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return !is_impatience(&error),
        }
    }
    false
}

/// Sends that, and then a byte of a header again and again.
fn is_sent_away_trickling(mut stream: impl Patient, sends: &str) -> bool {
    let began = Instant::now();
    stream.write_all(sends.as_bytes()).unwrap();
    stream.be_patient_for(Duration::from_millis(200));
    let mut some = [0; 4096];
    while began.elapsed() < PATIENCE {
        match stream.read(&mut some) {
            Ok(0) => return true,
            Ok(_) => continue,
            Err(error) if !is_impatience(&error) => return true,
            Err(_) => {}
        }
        if stream.write_all(b"x").and_then(|()| stream.flush()).is_err() {
            return true;
        }
    }
    false
}

fn is_impatience(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
}

fn forged_forwarding_headers_and_hosts_are_worth_nothing(site: Site) {
    let forged = |n: usize| {
        let address = format!("198.51.100.{n}");
        [
            ("X-Forwarded-For", address.clone()),
            ("Forwarded", format!("for={address};host=evil.example;proto=http")),
            ("X-Real-IP", address.clone()),
            ("X-Forwarded-Host", "evil.example".to_owned()),
            ("X-Forwarded-Proto", "http".to_owned()),
        ]
    };
    let send = |n: usize, path: &str, more: &[(&str, &str)], fields: &[(&str, &str)]| {
        let headers = forged(n);
        let mut headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        headers.extend(more);
        site.submit(path, &headers, fields)
    };

    let signed_up = send(1, "/signup", &[], &[("username", "ada"), ("password", PASSWORD)]);
    assert_eq!(status(&signed_up), 201, "{signed_up}");
    assert!(signed_up.session_cookie().contains("Secure"), "{signed_up}");
    for n in 2..6 {
        let refused = send(n, "/login", &[], &[("username", &format!("nobody{n}")), ("password", "not the password")]);
        assert_eq!(status(&refused), 401, "{refused}");
    }
    for (host, expected) in [("evil.example", 421), ("example.org.evil.example", 421)] {
        let answer = site.request("GET", "/login", &[("Host", host)], "");
        assert_eq!(status(&answer), expected, "{host}: {answer}");
        // Named in the address itself, whatever `Host` says beside it (RFC 9112 §3.2.2). Rocket does not tell us of it.
        let answer = site.request("GET", &format!("https://{host}/login"), &[], "");
        assert_eq!(status(&answer), expected, "{host} in the address: {answer}");
    }
    let mut other = Other::open(site.folder.path());
    assert_eq!(other.text("SELECT GROUP_CONCAT(DISTINCT address) FROM sessions"), tls::CLIENT);
    let buckets = other.text("SELECT GROUP_CONCAT(bucket) FROM throttle WHERE bucket LIKE 'network:%'");
    assert!(buckets.contains(tls::CLIENT) && !buckets.contains(','), "{buckets}");
}

fn what_is_too_large_is_refused(site: Site) {
    for size in [9 * 1024, 64 * 1024] {
        let answer = site.request("POST", "/login", &[("Content-Type", "application/json")], &"x".repeat(size));
        assert_eq!(status(&answer), 413, "{size}: {answer}");
    }
    let mut stream = site.connect();
    let long = request("GET", "/", &[("X-Long", &"x".repeat(64 * 1024))], "");
    let answer = exchange(&mut stream, &long);
    assert!(answer.as_ref().is_none_or(|answer| matches!(status(answer), 400 | 431)), "{answer:?}");
    assert_eq!(status(&site.request("GET", "/login", &[], "")), 200);
}

fn http_2_is_spoken(site: Site) {
    let mut stream = site.certificate.connect(site.https, &[b"h2", b"http/1.1"]);
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
    // SETTINGS, none of them; then a GET of `/` by the static table of HPACK (RFC 7541 A), ending the stream.
    stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).unwrap();
    let name = b"example.org";
    let mut get = vec![0x82, 0x84, 0x87, 0x41, name.len() as u8];
    get.extend_from_slice(name);
    stream.write_all(&[0, 0, get.len() as u8, 1, 5, 0, 0, 0, 1]).unwrap();
    stream.write_all(&get).unwrap();

    assert_eq!(stream.conn.alpn_protocol(), Some(&b"h2"[..]));
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).unwrap();
        let mut payload = vec![0; usize::from(head[1]) * 256 + usize::from(head[2])];
        stream.read_exact(&mut payload).unwrap();
        let is_answer = head[3] == 1;
        if is_answer {
            // `:status: 200` of the same table.
            assert_eq!(payload[0], 0x88, "{payload:?}");
            return;
        }
    }
}

fn while_the_program_is_away_the_proxy_says_so_and_then_all_is_well(mut site: Site) {
    let ada = site.submit("/signup", &[], &[("username", "ada"), ("password", PASSWORD)]);
    let held = ada.session();
    let server = site.server.take().unwrap();
    let port = server.port;
    server.kill();

    let away = site.request("GET", "/getusers/me", &[("Cookie", &held)], "");
    assert!(matches!(status(&away), 502..=504) && away.any_session_cookie().is_none(), "{away}");

    site.server = Some(behind_proxy(site.folder.path(), port));
    until(|| status(&site.request("GET", "/getusers/me", &[("Cookie", &held)], "")) == 200);
}

fn who_looks_is_led_from_http_to_https_and_who_sends_is_told(site: Site) {
    let answer = exchange(&mut plain(site.http), &request("GET", "/login?next=/profile", &[], "")).unwrap();
    assert!(matches!(status(&answer), 301 | 308), "{answer}");
    let leads_to = answer.header("Location").unwrap();
    assert!(leads_to.starts_with("https://example.org") && leads_to.ends_with("/login?next=/profile"), "{answer}");

    let sends = request("POST", "/login", &[("Content-Type", "application/json")], "{}");
    let answer = exchange(&mut plain(site.http), &sends).unwrap();
    assert_eq!(
        (status(&answer), answer.header("Location")),
        (403, None),
        "a password in the clear is not led on: {answer}"
    );
}

fn names_of_this_machine_led_in_through_the_proxy(site: Site) {
    for host in ["localhost", "127.0.0.1", "[::1]", "localhost:8000", "example.com"] {
        for path in ["/login", "/health/live", "/health/ready", "/metrics"] {
            let answer = site.request("GET", path, &[("Host", host)], "");
            assert_eq!(status(&answer), 421, "{host}{path}: {answer}");
        }
        let answer = exchange(&mut plain(site.http), &request("GET", "/login", &[("Host", host)], "")).unwrap();
        assert_eq!(status(&answer), 421, "{host} without TLS: {answer}");
    }
    for host in ["evil@example.org", "localhost@example.org"] {
        let answer = exchange(&mut site.connect(), &request("GET", "/login", &[("Host", host)], ""));
        assert!(answer.as_ref().is_none_or(|answer| matches!(status(answer), 400 | 421)), "{host}: {answer:?}");
    }
    for (path, expected) in [("/health/live", 200), ("/health/ready", 200), ("/metrics", 404)] {
        assert_eq!(status(&site.request("GET", path, &[], "")), expected, "{path}");
    }
}

const HEADERS: [&str; 4] =
    ["Content-Security-Policy", "X-Content-Type-Options", "Cache-Control", "Strict-Transport-Security"];

/// Each of them once: those of the program are not doubled.
#[track_caller]
fn has_headers(answer: &Answer) {
    for name in HEADERS {
        assert_eq!(answer.all(name).count(), 1, "{name}: {answer}");
    }
}

fn what_the_proxy_refuses_by_itself_had_no_headers(mut site: Site) {
    has_headers(&site.request("GET", "/login", &[], ""));
    has_headers(&site.request("GET", "/no-such-page", &[], ""));

    let elsewhere = site.request("GET", "/login", &[("Host", "evil.example")], "");
    let too_large = site.request("POST", "/login", &[("Content-Type", "application/json")], &"x".repeat(64 * 1024));
    site.server.take().unwrap().kill();
    let away = site.request("GET", "/login", &[], "");

    assert_eq!([&elsewhere, &too_large, &away].map(status), [421, 413, 502]);
    for answer in [elsewhere, too_large, away] {
        has_headers(&answer);
    }
}

/// One that has begun a request: nginx lets go of a connection on which nothing was said, where others want in.
fn begin(mut stream: TcpStream) -> TcpStream {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: exa").unwrap();
    stream
}

fn a_thousand_requests_that_do_not_end_kept_everyone_else_out(site: Site) {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();

    let begun: Vec<TcpStream> = (0..1_000).map(|_| begin(plain(site.http))).collect();
    let answer = site.request("GET", "/login", &[], "");

    assert_eq!((status(&answer), begun.len()), (200, 1_000), "{answer}");
}
