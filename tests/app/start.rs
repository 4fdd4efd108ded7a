//! How the program starts, and how it says that it cannot.

use std::thread;

use crate::support::server::{Server, command, status};
use crate::support::{PASSWORD, postgres};

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
