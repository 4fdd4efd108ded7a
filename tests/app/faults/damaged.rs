//! A database that may not be used: it is refused at the start with one sentence, and not a byte of it is changed.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::file::{ON_FILE, Other, command, database};
use crate::support::machine;
use crate::support::server::{Server, refusal};

const PAGE: usize = 4096;

#[test]
fn a_damaged_database_is_refused_with_a_sentence_and_left_as_it_is() {
    let good = std::fs::read(database(used().path())).unwrap();
    let pages = good.len() / PAGE;
    let mut damaged = vec![
        ("no database at all", b"no database at all ".repeat(500)),
        ("cut in the middle", good[..pages / 2 * PAGE].to_vec()),
        ("without its last page", good[..(pages - 1) * PAGE].to_vec()),
    ];
    for page in [0, 1, pages / 2, pages - 1] {
        let mut flipped = good.clone();
        flipped[page * PAGE..(page + 1) * PAGE].iter_mut().for_each(|byte| *byte = !*byte);
        damaged.push(("a page is flipped", flipped));
    }

    for (how, bytes) in damaged {
        let folder = used();
        std::fs::write(database(folder.path()), &bytes).unwrap();
        assert!(refusal(command(folder.path())).contains("vestibule.db is damaged"), "{how}");
        assert!(std::fs::read(database(folder.path())).unwrap() == bytes, "{how}: the file is changed");
    }
}

#[test]
fn a_database_of_a_newer_version_is_refused_with_a_sentence_and_left_as_it_is() {
    let folder = used();
    let mut other = Other::open(folder.path());
    other.run(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'of the future', TRUE, x'00', 0)",
    );
    other.close();
    let before = std::fs::read(database(folder.path())).unwrap();

    assert!(refusal(command(folder.path())).contains("a newer version"));

    assert!(std::fs::read(database(folder.path())).unwrap() == before, "the file is changed");
}

#[test]
fn a_folder_in_the_place_of_the_database_is_refused_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(database(folder.path())).unwrap();
    assert!(refusal(command(folder.path())).contains("vestibule.db cannot be opened"));
}

#[test]
fn a_database_or_a_folder_that_may_only_be_read_is_refused_with_a_sentence() {
    for (what, mode) in [("data/vestibule.db", 0o400), ("data", 0o500)] {
        let folder = used();
        let _ = std::fs::remove_file(folder.path().join("data/vestibule.lock"));
        std::fs::set_permissions(folder.path().join(what), Permissions::from_mode(mode)).unwrap();
        let Some(command) = as_anyone(folder.path()) else { return };

        let said = refusal(command);

        assert!(said.contains("vestibule.db cannot be opened: Permission denied"), "{said}");
        std::fs::set_permissions(folder.path().join(what), Permissions::from_mode(0o700)).unwrap();
    }
}

/// A folder with the database of a site that ended well.
fn used() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start_with(folder.path(), &[ON_FILE]);
    server.sign_up("ada");
    assert_eq!(server.terminate(), Some(0));
    folder
}

/// The program as a user whom permissions stop: they do not stop root, unless it has given its powers away.
fn as_anyone(folder: &Path) -> Option<Command> {
    let programs = machine::find("permissions", &["id", "setpriv"])?;
    let plain = command(folder);
    if Command::new(&programs[0]).arg("-u").output().unwrap().stdout != b"0\n" {
        return Some(plain);
    }
    let mut bare = Command::new(&programs[1]);
    bare.args(["--bounding-set=-all", "--inh-caps=-all"]).arg(plain.get_program());
    bare.current_dir(folder).env("ROCKET_PORT", "0").env_remove("ROCKET_CONFIG").env(ON_FILE.0, ON_FILE.1);
    Some(bare)
}
