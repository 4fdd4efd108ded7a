//! So many connections lie idle that the program may open no more files.

use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use crate::support::file::{QUICK, is_whole};
use crate::support::server::{Server, exchange, status};
use crate::support::{PASSWORD, encode};

#[test]
fn out_of_files_those_who_are_connected_are_answered_and_when_the_idle_leave_all_are() {
    let folder = tempfile::tempdir().unwrap();
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -n 64 && exec \"$0\"", env!("CARGO_BIN_EXE_vestibule")]);
    limited.current_dir(folder.path()).env("ROCKET_PORT", "0").env_remove("ROCKET_CONFIG").envs(QUICK);
    let server = Server::spawn(limited);
    let ada = server.sign_up("ada");
    let mut connected = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    connected.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let check = format!("GET /getusers/me HTTP/1.1\r\nHost: localhost\r\nCookie: {ada}\r\n\r\n");
    assert_eq!(status(&exchange(&mut connected, &check).unwrap()), 200);

    let idle: Vec<TcpStream> = (0..100).map(|_| TcpStream::connect(("127.0.0.1", server.port)).unwrap()).collect();
    let mut begun = vec![ada];
    for number in 0..20 {
        let answer = exchange(&mut connected, &sign_up(&format!("person{number}"))).unwrap();
        match status(&answer) {
            201 => begun.push(answer.session()),
            other => assert_eq!(other, 503, "{answer}"),
        }
        let answer = exchange(&mut connected, &check).unwrap();
        assert!(matches!(status(&answer), 200 | 503), "{answer}");
    }

    drop(idle);
    begun.push(server.sign_up("eve"));
    server.kill();
    assert!(is_whole(folder.path()));
    let server = Server::start_with(folder.path(), &QUICK);
    for cookie in &begun {
        assert_eq!(server.who(cookie), 200);
    }
}

fn sign_up(name: &str) -> String {
    let body = encode(&[("username", name), ("password", PASSWORD)]);
    format!(
        "POST /signup HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
