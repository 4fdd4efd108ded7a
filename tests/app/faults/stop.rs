//! Asked to stop while many wait for their answer, or while nobody does.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::file::{ON_FILE, Other, QUICK, command};
use crate::support::server::{FORM, Server, exchange, status};
use crate::support::{Answer, PASSWORD, encode, until};

const WAITING: usize = 24;

/// With throttling on, so that the database tells how many requests have come in; and slow enough for them all to be in
/// before the last is answered.
const SLOW: [(&str, &str); 4] =
    [("ROCKET_HASH_THREADS", "1"), ("ROCKET_HASH_QUEUE", "200"), ("ROCKET_HASH_PASSES", "6"), ON_FILE];

/// Two seconds are promised; the machine may be busy with something else.
const QUICK_STOP: Duration = Duration::from_secs(5);

#[test]
fn asked_to_stop_it_answers_all_whom_it_has_let_in_and_writes_down_what_it_knows() {
    is_kept_when_asked_by(Signal::TERM);
}

#[test]
fn interrupted_at_the_keyboard_it_does_the_same() {
    is_kept_when_asked_by(Signal::INT);
}

fn is_kept_when_asked_by(signal: Signal) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut slow = command(folder.path());
    slow.envs(SLOW);
    let mut server = Server::spawn_logging(slow, &log);
    let ada = server.sign_up("ada");
    let mut other = Other::open(folder.path());
    let began = other.number("SELECT last_seen_at FROM sessions");
    until(|| server.who(&ada) == 200 && vestibule::model::Clock::system().now().millis() > began);
    assert_eq!(server.who(&ada), 200);

    let answers: Vec<Option<Answer>> = thread::scope(|scope| {
        let server = &server;
        let waiting: Vec<_> =
            (0..WAITING).map(|number| scope.spawn(move || sign_up(server, &format!("person{number}")))).collect();
        let tries = "SELECT tries FROM throttle WHERE bucket LIKE 'sign-up:%'";
        until(|| other.number(tries) == WAITING as i64 + 1);
        assert!(waiting.iter().any(|waiting| !waiting.is_finished()));
        server.signal(signal);
        until(|| is_no_more_let_in(server));
        waiting.into_iter().map(|waiting| waiting.join().unwrap()).collect()
    });
    let answers = answers.into_iter().map(|answer| answer.expect("everyone who was let in is answered whole"));
    let (begun, refused): (Vec<_>, Vec<_>) = answers.partition(|answer| status(answer) == 201);
    // On a machine that is busy with something else.
    assert!(refused.iter().all(|answer| status(answer) == 503), "{refused:?}");
    let answered = Instant::now();
    let said = std::fs::read_to_string(log).unwrap();
    assert_eq!(server.child.wait().unwrap().code(), Some(0), "{said}");
    assert!(answered.elapsed() < QUICK_STOP, "nobody waits any more, and it did not end for {:?}", answered.elapsed());
    let seen = other.number("SELECT last_seen_at FROM sessions ORDER BY created_at LIMIT 1");
    assert!(seen > began, "{seen} after {began}");
    let again = Server::start_with(folder.path(), &SLOW);
    for answer in &begun {
        assert_eq!(again.who(&answer.session()), 200);
    }
}

/// Somebody who is connected when it is asked to stop.
#[derive(Clone, Copy, Debug)]
enum Connected {
    /// Had an answer and may ask again.
    Idle,
    /// Has gone a moment before.
    Gone,
    /// Has not said anything yet.
    Silent,
    /// Has sent a part of a request.
    AskingForEver,
    /// Has sent the head of a request and a part of its body.
    SendingForEver,
}

#[test]
fn who_is_connected_and_waits_for_no_answer_does_not_hold_up_a_stop() {
    use Connected::{AskingForEver, Gone, Idle, SendingForEver, Silent};
    for who in [Idle, Gone, Silent, AskingForEver, SendingForEver] {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Server::start_with(folder.path(), &QUICK);
        let connected: Vec<TcpStream> = (0..8).map(|_| connect(&server, who)).collect();
        // Those who came before have been heard.
        assert_eq!(status(&server.request("GET", "/health/live", &[], "")), 200);
        let connected = if let Gone = who { Vec::new() } else { connected };

        let asked = Instant::now();
        assert_eq!(server.terminate(), Some(0), "{who:?}");

        assert!(asked.elapsed() < QUICK_STOP, "{who:?}: {:?}", asked.elapsed());
        if let SendingForEver = who {
            for mut stream in connected {
                let mut answer = [0; 12];
                stream.read_exact(&mut answer).unwrap();
                assert_eq!(&answer, b"HTTP/1.1 408");
            }
        }
    }
}

fn connect(server: &Server, who: Connected) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    let page = "GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let form =
        "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n";
    match who {
        Connected::Idle | Connected::Gone => assert_eq!(status(&exchange(&mut stream, page).unwrap()), 200),
        Connected::Silent => {}
        Connected::AskingForEver => stream.write_all(&page.as_bytes()[..page.len() - 2]).unwrap(),
        Connected::SendingForEver => stream.write_all(format!("{form}{{\"username\": \"a").as_bytes()).unwrap(),
    }
    stream
}

fn sign_up(server: &Server, name: &str) -> Option<Answer> {
    server.ask("POST", "/signup", &[FORM], &encode(&[("username", name), ("password", PASSWORD)]))
}

/// Whether it says no at the door. Whoever still gets in while it closes is answered.
fn is_no_more_let_in(server: &Server) -> bool {
    if TcpStream::connect_timeout(&([127, 0, 0, 1], server.port).into(), Duration::from_secs(5)).is_err() {
        return true;
    }
    let answer = server.ask("GET", "/", &[], "");
    answer.is_none_or(|answer| status(&answer) != 200)
}
