//! `vestibule sessions`

use serde_json::json;

use super::{change, log_in, login_page, run, site};
use crate::support::PASSWORD;
use crate::support::server::Server;

/// The public id of somebody's session.
fn session_of(folder: &std::path::Path, name: &str) -> String {
    let listed = run(folder, &["sessions", "list", "--json"]).json();
    let mut all = listed.as_array().unwrap().iter();
    all.find(|one| one["username"] == name).unwrap()["session_id"].as_str().unwrap().to_owned()
}

#[test]
fn the_sessions_of_all_are_listed_and_those_of_one_user() {
    let (folder, server) = site();
    for name in ["ada", "eve", "grace"] {
        server.sign_up(name);
    }

    assert_eq!(run(folder.path(), &["sessions", "list", "--json"]).json().as_array().unwrap().len(), 3);
    let adas = run(folder.path(), &["sessions", "list", "ada"]).done();
    let id = session_of(folder.path(), "ada");
    assert!(adas.lines().count() == 2 && adas.contains(&id) && adas.contains("127.0.0.1"), "{adas}");
    assert_eq!(run(folder.path(), &["sessions", "list", "--limit", "2"]).done().lines().count(), 3);
}

#[test]
fn one_session_is_ended_and_its_browser_is_told() {
    let (folder, server) = site();
    let (ada, eve) = (server.sign_up("ada"), server.sign_up("eve"));
    let id = session_of(folder.path(), "ada");

    assert_eq!(run(folder.path(), &["sessions", "end", &id]).done(), "1 session ended.\n");

    assert_eq!([&ada, &eve].map(|cookie| server.who(cookie)), [401, 200]);
    let page = login_page(&server, &ada);
    assert!(page.contains("You were logged out here by the operator of this site"), "{page}");
}

#[test]
fn a_session_that_has_ended_is_none() {
    let (folder, server) = site();
    server.sign_up("ada");
    let id = session_of(folder.path(), "ada");
    run(folder.path(), &["sessions", "end", &id]).done();

    assert!(run(folder.path(), &["sessions", "end", &id]).refused().contains("There is no session"));
}

#[test]
fn all_sessions_of_one_user_are_ended_and_nobody_elses() {
    let (folder, server) = site();
    let (eve, grace) = (server.sign_up("eve"), server.sign_up("grace"));
    assert_eq!(log_in(&server, "eve", PASSWORD), 200);

    assert_eq!(run(folder.path(), &["sessions", "end", "--user", "Eve"]).done(), "2 sessions ended.\n");

    assert_eq!([&eve, &grace].map(|cookie| server.who(cookie)), [401, 200]);
}

#[test]
fn the_sessions_of_everybody_are_ended() {
    let (folder, server) = site();
    let (ada, grace) = (server.sign_up("ada"), server.sign_up("grace"));

    assert_eq!(run(folder.path(), &["sessions", "end", "--all"]).done(), "2 sessions ended.\n");

    assert_eq!([&ada, &grace].map(|cookie| server.who(cookie)), [401, 401]);
    assert_eq!(run(folder.path(), &["sessions", "list", "--json"]).json(), json!([]));
}

#[test]
fn which_sessions_to_end_is_said_and_said_once() {
    let (folder, _server) = site();
    for arguments in [&["sessions", "end"][..], &["sessions", "end", "--all", "--user", "ada"]] {
        assert_eq!(run(folder.path(), arguments).code, Some(2), "{arguments:?}");
    }
}

#[test]
fn ending_all_sessions_ends_more_than_are_ended_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    server.sign_up("ada");
    drop(server);
    for sql in [
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 450)
         INSERT INTO users SELECT '01a20656-f064-7def-8f7f-' || substr('000000000000' || i, -12), 'u' || i, 'u' || i,
            'u', password_hash, 1, created_at, NULL FROM n, users",
        "INSERT INTO sessions SELECT users.user_id, users.user_id, users.user_id, s.created_at, s.last_seen_at,
            s.confirmed_at, NULL, NULL, NULL, 0, NULL, NULL FROM users, sessions AS s WHERE users.username <> 'ada'",
    ] {
        change(&folder.path().join("data/vestibule.db"), sql);
    }

    assert_eq!(run(folder.path(), &["sessions", "end", "--all"]).done(), "451 sessions ended.\n");

    assert_eq!(run(folder.path(), &["sessions", "list", "--json"]).json(), json!([]));
}
