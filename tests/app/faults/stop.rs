//! Asked to stop while many wait for their answer.

use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::support::file::{ON_FILE, Other, command};
use crate::support::server::{FORM, Server, status};
use crate::support::{Answer, PASSWORD, encode, until};

const WAITING: usize = 24;

/// With throttling on, so that the database tells how many requests have come in; and slow enough for them all to be in
/// before the last is answered.
const SLOW: [(&str, &str); 4] =
    [("ROCKET_HASH_THREADS", "1"), ("ROCKET_HASH_QUEUE", "200"), ("ROCKET_HASH_PASSES", "6"), ON_FILE];

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
    let said = std::fs::read_to_string(log).unwrap();
    assert_eq!(server.child.wait().unwrap().code(), Some(0), "{said}");
    let seen = other.number("SELECT last_seen_at FROM sessions ORDER BY created_at LIMIT 1");
    assert!(seen > began, "{seen} after {began}");
    let again = Server::start_with(folder.path(), &SLOW);
    for answer in &begun {
        assert_eq!(again.who(&answer.session()), 200);
    }
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
