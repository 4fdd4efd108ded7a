//! Many more want to log in than can be, and half of them do not wait for the answer.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::support::file::{Other, QUICK};
use crate::support::server::{FORM, Server, status};
use crate::support::{Answer, PASSWORD, encode, until};

const LOGINS: usize = 500;
/// The program itself, unoptimized and with its pages of code, and the memory of two hashing threads.
const MOST_MEMORY_KIB: u64 = 120 * 1024;

#[test]
fn a_storm_of_logins_half_of_which_hang_up_leaves_the_rest_served_and_the_program_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(folder.path(), &[QUICK[2], ("ROCKET_HASH_THREADS", "2")]);
    server.sign_up("ada");
    let eve = server.sign_up("eve");
    let files = server.open_files();
    let is_over = AtomicBool::new(false);

    let (answers, checks) = thread::scope(|scope| {
        let checks = scope.spawn(|| {
            let mut checks = 0;
            while !is_over.load(Ordering::Relaxed) {
                assert_eq!(server.who(&eve), 200, "after {checks} checks");
                checks += 1;
            }
            checks
        });
        let logins: Vec<_> = (0..LOGINS)
            .map(|number| {
                let server = &server;
                scope.spawn(move || if number % 2 == 0 { Some(log_in(server)) } else { hang_up(server) })
            })
            .collect();
        let answers: Vec<Answer> = logins.into_iter().filter_map(|login| login.join().unwrap()).collect();
        is_over.store(true, Ordering::Relaxed);
        (answers, checks.join().unwrap())
    });

    assert_eq!(answers.len(), LOGINS / 2);
    let (served, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| status(answer) == 200);
    assert!(!served.is_empty() && checks > 0, "{} served, {checks} checks", served.len());
    for answer in refused {
        assert_eq!(status(answer), 503, "{answer}");
        assert!(answer.header("Retry-After").is_some(), "{answer}");
    }
    assert!(server.most_memory_kib() <= MOST_MEMORY_KIB, "{} KiB", server.most_memory_kib());

    // The database may have been opened by three more readers meanwhile, each with a few files.
    until(|| server.open_files() <= files + 12);
    assert_eq!(status(&log_in(&server)), 200, "and then it is well again");
    let logins = Other::open(folder.path()).number("SELECT SUM(times) FROM events WHERE kind = 'signed_in'");
    let least = served.len() as i64 + 1;
    assert!((least..=least + LOGINS as i64 / 2).contains(&logins), "{logins} done, {least} answered");
}

fn log_in(server: &Server) -> Answer {
    let body = encode(&[("username", "ada"), ("password", PASSWORD)]);
    server.request("POST", "/login", &[FORM], &body)
}

fn hang_up(server: &Server) -> Option<Answer> {
    let body = encode(&[("username", "ada"), ("password", PASSWORD)]);
    let request = format!(
        "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    TcpStream::connect(("127.0.0.1", server.port)).unwrap().write_all(request.as_bytes()).unwrap();
    None
}
