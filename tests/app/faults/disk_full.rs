//! A disk that is full, and then is not. Two ways: a real small disk, where the system lets a test mount one; and a limit
//! to the size of files, which every system knows. The log is on that disk too.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use crate::support::file::{database, is_whole};
use crate::support::server::{Server, refusal, status};
use crate::support::small_disk::{SmallDisk, becoming};
use crate::support::{PASSWORD, machine};

#[test]
fn on_a_full_disk_reading_goes_on_writing_is_503_and_with_space_it_is_well_again_without_a_restart() {
    let Some(disk) = SmallDisk::mount() else { return };
    let mut log = log_at(&disk.file("log"));
    let mut server = Server::spawn_telling(disk.command(), log.try_clone().unwrap());
    // What is left of the last page is room too.
    let fill = |room| {
        disk.fill_but(room);
        while log.write_all(b" ").is_ok() {}
    };

    is_survived(&server, fill, || disk.free());

    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn when_files_cannot_grow_reading_goes_on_writing_is_503_and_then_it_is_well_again_without_a_restart() {
    let Some(programs) = machine::find("disk-full", &["sh", "prlimit"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let log = log_at(&folder.path().join("log"));
    // Longer than the database, so that the log is the first that cannot grow.
    log.set_len(1 << 30).unwrap();
    // Writing beyond the limit would end the program if it did not ignore the signal.
    let command = becoming(&programs[0], "trap '' XFSZ && exec \"$0\"", folder.path());
    let mut server = Server::spawn_telling(command, log);
    let limit = |bytes: &str| {
        let pid = server.child.id().to_string();
        assert!(
            Command::new(&programs[1]).args(["--pid", &pid, &format!("--fsize={bytes}:")]).status().unwrap().success()
        );
    };
    let wal = database(folder.path()).with_extension("db-wal");

    is_survived(&server, |room| limit(&(wal.metadata().unwrap().len() + room).to_string()), || limit("unlimited"));

    assert_eq!(server.terminate(), Some(0));
    assert!(is_whole(folder.path()));
}

#[test]
fn what_a_disk_had_room_for_is_acknowledged_and_nothing_else() {
    let Some(disk) = SmallDisk::mount() else { return };
    let server = Server::spawn(disk.command());
    let mut begun = Vec::new();
    let mut refused = Vec::new();
    for room in 0..24 {
        disk.fill_but(room * 4096);
        let name = format!("room{room}");
        let answer = server.submit("/signup", &[("username", &name), ("password", PASSWORD)]);
        match status(&answer) {
            201 => begun.push(answer.session()),
            503 => refused.push(name),
            other => panic!("{other}: {answer}"),
        }
        disk.free();
    }
    assert!(!begun.is_empty() && !refused.is_empty(), "{} and {refused:?}", begun.len());
    server.kill();

    let server = Server::spawn(disk.command());
    for cookie in &begun {
        assert_eq!(server.who(cookie), 200);
    }
    for name in &refused {
        server.sign_up(name);
    }
}

#[test]
fn a_start_on_a_full_disk_ends_with_a_sentence_and_one_with_space_is_well() {
    let Some(disk) = SmallDisk::mount() else { return };
    for room in [0, 4096, 8 * 4096, 20 * 4096] {
        disk.fill_but(room);
        refusal(disk.command());
        disk.free();
    }

    let server = Server::spawn(disk.command());
    let cookie = server.sign_up("ada");
    assert_eq!(server.who(&cookie), 200);
}

/// A log that others write to as well.
fn log_at(path: &Path) -> File {
    File::options().create(true).append(true).open(path).unwrap()
}

fn is_survived(server: &Server, fill_but: impl FnOnce(u64), free: impl Fn()) {
    let ada = server.sign_up("ada");
    // A reader keeps the file open: without one SQLite would tidy up after the first failure, and find room by it.
    assert_eq!(server.who(&ada), 200);

    fill_but(0);
    let eves = [("username", "eve"), ("password", PASSWORD)];
    for _ in 0..3 {
        let refused = server.submit("/signup", &eves);
        assert_eq!((status(&refused), refused.any_session_cookie()), (503, None), "{refused}");
        assert!(refused.header("Retry-After").is_some(), "{refused}");
    }
    let kept = server.request("POST", "/logout", &[("Cookie", &ada)], "");
    assert_eq!((status(&kept), kept.any_session_cookie()), (503, None), "{kept}");
    for page in ["/profile", "/sessions", "/protected"] {
        let shown = server.request("GET", page, &[("Cookie", &ada)], "");
        assert_eq!((status(&shown), shown.any_session_cookie()), (200, None), "{shown}");
    }

    free();
    let eve = server.sign_up("eve");
    assert_eq!(status(&server.request("POST", "/logout", &[("Cookie", &ada)], "")), 200);
    assert_eq!((server.who(&ada), server.who(&eve)), (401, 200));
}
