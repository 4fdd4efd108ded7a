//! A database that another process has locked, for a moment and for long.

use std::thread;
use std::time::Duration;

use crate::support::file::{Other, QUICK, command};
use crate::support::server::{Server, refusal, status};
use crate::support::{Answer, PASSWORD, until};

const ADAS: [(&str, &str); 2] = [("username", "ada"), ("password", PASSWORD)];

#[test]
fn a_database_that_another_process_locks_for_a_second_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(folder.path(), &QUICK);
    server.sign_up("ada");
    let mut other = Other::open(folder.path());

    other.run("BEGIN IMMEDIATE");
    let answer = thread::scope(|scope| {
        let waiting = scope.spawn(|| server.submit("/login", &ADAS));
        thread::sleep(Duration::from_secs(1));
        assert!(!waiting.is_finished());
        other.run("COMMIT");
        waiting.join().unwrap()
    });

    assert_eq!(status(&answer), 200, "{answer}");
}

#[test]
fn while_another_process_locks_the_database_for_long_the_answer_is_503_and_then_it_is_well_again() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(folder.path(), &QUICK);
    let ada = server.sign_up("ada");
    let mut other = Other::open(folder.path());

    other.run("BEGIN EXCLUSIVE");
    let answers: Vec<Answer> = thread::scope(|scope| {
        let waiting: Vec<_> = (0..8).map(|_| scope.spawn(|| server.submit("/login", &ADAS))).collect();
        waiting.into_iter().map(|waiting| waiting.join().unwrap()).collect()
    });
    for answer in &answers {
        assert_eq!(status(answer), 503, "{answer}");
        assert!(answer.header("Retry-After").is_some(), "{answer}");
    }
    assert_eq!(server.who(&ada), 200, "reading goes on meanwhile");
    other.run("ROLLBACK");

    assert_eq!(status(&server.submit("/login", &ADAS)), 200);
    assert_eq!(other.number("SELECT COUNT(*) FROM sessions"), 2, "what was refused has not happened");
}

#[test]
fn what_failed_while_another_process_locked_the_database_is_written_as_soon_as_it_can_be() {
    const FAILURES: &str = "SELECT COALESCE(SUM(times), 0) FROM events WHERE kind = 'sign_in_failed'";

    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(folder.path(), &QUICK);
    let ada = server.sign_up("ada");
    let mut other = Other::open(folder.path());

    other.run("BEGIN IMMEDIATE");
    let wrong = server.submit("/login", &[("username", "ada"), ("password", "not the password")]);
    assert_eq!(status(&wrong), 401, "{wrong}");
    let activity = server.request("GET", "/activity", &[("Cookie", &ada)], "");
    assert_eq!(status(&activity), 200, "what is written is read all the same: {activity}");
    // Until a round has come and given up.
    thread::sleep(Duration::from_secs(4));
    other.run("COMMIT");

    until(|| other.number(FAILURES) == 1);
}

#[test]
fn a_start_waits_for_a_database_that_is_locked_for_a_second_and_says_so_of_one_that_is_for_long() {
    let folder = tempfile::tempdir().unwrap();
    Server::start_with(folder.path(), &QUICK).terminate();
    let mut other = Other::open(folder.path());
    // So that others cannot even read.
    other.run("PRAGMA locking_mode = EXCLUSIVE");
    other.run("BEGIN EXCLUSIVE");

    assert!(refusal(command(folder.path())).contains("is locked by another process"));

    let answer = thread::scope(|scope| {
        let starting = scope.spawn(|| Server::start_with(folder.path(), &QUICK));
        thread::sleep(Duration::from_secs(1));
        other.close();
        starting.join().unwrap().submit("/login", &ADAS)
    });
    assert_eq!(status(&answer), 401, "{answer}");
}
