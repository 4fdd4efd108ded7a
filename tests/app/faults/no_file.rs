//! Where a file is named and something else is there.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::support::file::command;
use crate::support::server::Server;
use crate::support::{file, machine};

/// Puts something in the place of a file.
type Make = fn(&Path);

const NO_FILES: [(&str, Make); 3] = [
    ("a pipe", |place| mknodat(CWD, place, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap()),
    ("a device without an end", |place| symlink("/dev/zero", place).unwrap()),
    ("a folder", |place| {
        fs::create_dir(place).unwrap();
        fs::set_permissions(place, fs::Permissions::from_mode(0o700)).unwrap();
    }),
];

/// How it ended; one that waits is ended after a while.
fn end_of(command: &mut Command) -> Output {
    let began = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while child.try_wait().unwrap().is_none() && began.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    child.wait_with_output().unwrap()
}

#[track_caller]
fn is_refused(what: &str, name: &str, command: &mut Command) {
    let end = end_of(command);
    let (said, found) = (String::from_utf8_lossy(&end.stderr), String::from_utf8_lossy(&end.stdout));
    assert!(matches!(end.status.code(), Some(1 | 2)), "{what}: {:?} {said}", end.status);
    assert!(format!("{said}{found}").contains("it is no file"), "{what}: {said}{found}");
    assert!(format!("{said}{found}").contains(name), "{what}: {said}{found}");
}

#[test]
fn a_start_waited_for_ever_for_a_key_that_is_no_file() {
    for (what, make) in NO_FILES {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        make(&folder.path().join("data/secret.key"));
        is_refused(what, "secret.key", &mut command(folder.path()));
        is_refused(what, "secret.key", command(folder.path()).arg("doctor"));

        make(&folder.path().join("elsewhere"));
        is_refused(what, "elsewhere", command(folder.path()).env("ROCKET_SECRET_KEY_FILE", "elsewhere"));
    }
}

#[test]
fn a_start_waited_for_ever_for_a_database_that_is_no_file() {
    for (what, make) in NO_FILES {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        make(&file::database(folder.path()));
        is_refused(what, "vestibule.db", &mut command(folder.path()));
        for arguments in [&["users", "list"][..], &["backup", "copy.db"], &["doctor"]] {
            is_refused(&format!("{what}, {arguments:?}"), "", command(folder.path()).args(arguments));
        }
    }
}

#[test]
fn an_import_waited_for_ever_for_what_is_no_file() {
    let folder = tempfile::tempdir().unwrap();
    drop(Server::spawn(command(folder.path())));
    for (number, (what, make)) in NO_FILES.into_iter().enumerate() {
        let name = format!("people{number}.csv");
        make(&folder.path().join(&name));
        is_refused(what, &name, command(folder.path()).args(["users", "import", &name]));
    }
}

/// What the shell reads from a file is one.
#[test]
fn an_import_reads_a_file_that_is_handed_over_as_the_standard_input_and_no_pipe() {
    let Some(programs) = machine::find("sh", &["sh"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    drop(Server::spawn(command(folder.path())));
    fs::write(folder.path().join("people.csv"), "username,password_hash\n").unwrap();
    let import = |how: &str| {
        let program = env!("CARGO_BIN_EXE_vestibule");
        let mut shell = Command::new(&programs[0]);
        shell.args(["-c", &how.replace("IMPORT", &format!("{program} users import /dev/stdin --format csv"))]);
        shell.current_dir(folder.path()).env(file::ON_FILE.0, file::ON_FILE.1).env("ROCKET_PORT", "0");
        shell
    };

    let output = end_of(&mut import("IMPORT < people.csv"));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    is_refused("a pipe", "/dev/stdin", &mut import("cat people.csv | IMPORT"));
}
