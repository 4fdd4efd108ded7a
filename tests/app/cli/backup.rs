//! `vestibule backup`

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tempfile::TempDir;

use super::{Said, run, run_with, site, some_key, type_into};
use crate::support::PASSWORD;
use crate::support::server::Server;

/// Makes a backup with the key while people sign up.
fn back_up_a_busy(server: &Server, folder: &Path) -> Said {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let busy = scope.spawn(|| {
            let mut number = 0;
            while !is_over.load(Ordering::Relaxed) {
                server.sign_up(&format!("user{number}"));
                number += 1;
            }
        });
        let said = run(folder, &["backup", "copy.db", "--with-key"]);
        is_over.store(true, Ordering::Relaxed);
        busy.join().unwrap();
        said
    })
}

#[test]
fn a_backup_of_a_running_site_says_what_it_holds_and_is_for_its_owner_alone() {
    let (folder, server) = site();
    server.sign_up("ada");

    let Said { out, err, .. } = back_up_a_busy(&server, folder.path());

    assert!(out.contains("copy.db: ") && out.contains("checked.") && out.contains("copy.db.key"), "{out}{err}");
    assert_eq!(err, "", "no progress where nobody looks on");
    for copy in ["copy.db", "copy.db.key"] {
        let copy = fs::metadata(folder.path().join(copy)).unwrap();
        assert_eq!(copy.permissions().mode() & 0o777, 0o600, "{copy:?}");
    }
}

#[test]
fn a_backup_of_a_running_site_opens_as_one_with_everybody_who_was_there() {
    let (folder, server) = site();
    let ada = server.sign_up("ada");
    back_up_a_busy(&server, folder.path()).done();

    let restored = tempfile::tempdir().unwrap();
    fs::create_dir(restored.path().join("data")).unwrap();
    fs::set_permissions(restored.path().join("data"), Permissions::from_mode(0o700)).unwrap();
    for (copy, name) in [("copy.db", "vestibule.db"), ("copy.db.key", "secret.key")] {
        fs::copy(folder.path().join(copy), restored.path().join("data").join(name)).unwrap();
    }

    assert_eq!(Server::start(&restored).who(&ada), 200);
}

/// A folder where Ada has an account.
fn folder_of_ada() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    type_into(folder.path(), &[], &["users", "add", "ada"], PASSWORD).done();
    folder
}

/// Why there is no backup; nothing new is in the folder then.
#[track_caller]
fn fails(folder: &TempDir, settings: &[(&str, &str)], arguments: &[&str]) -> String {
    let names = || {
        let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = names();
    let said = run_with(folder.path(), settings, arguments).refused();
    assert_eq!(names(), before, "{said}");
    said
}

#[test]
fn a_backup_overwrites_nothing() {
    let folder = folder_of_ada();
    for (there, arguments) in
        [("there.db", &["backup", "there.db"][..]), ("new.db.key", &["backup", "new.db", "--with-key"])]
    {
        fs::write(folder.path().join(there), "precious").unwrap();
        assert!(fails(&folder, &[], arguments).contains("nothing is overwritten"), "{arguments:?}");
        assert_eq!(fs::read_to_string(folder.path().join(there)).unwrap(), "precious");
    }
}

#[test]
fn a_backup_in_a_folder_that_is_not_there_cannot_be_written() {
    assert!(fails(&folder_of_ada(), &[], &["backup", "no/such/folder/b.db"]).contains("cannot be written"));
}

#[test]
fn a_backup_does_not_copy_a_key_that_is_kept_elsewhere() {
    let kept_elsewhere = [("ROCKET_SECRET_KEY", some_key())];
    let settings = kept_elsewhere.each_ref().map(|(name, key)| (*name, key.as_str()));
    assert!(fails(&folder_of_ada(), &settings, &["backup", "b.db", "--with-key"]).contains("`secret_key`"));
}

#[test]
fn a_backup_without_the_key_that_it_should_copy_is_none() {
    let folder = folder_of_ada();
    fs::remove_file(folder.path().join("data/secret.key")).unwrap();
    assert!(fails(&folder, &[], &["backup", "b.db", "--with-key"]).contains("secret.key"));
}

#[test]
fn a_backup_of_a_damaged_database_is_none_and_leaves_nothing_behind() {
    let folder = folder_of_ada();
    let file = folder.path().join("data/vestibule.db");
    let mut bytes = fs::read(&file).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(0x5a);
    fs::write(&file, bytes).unwrap();

    assert!(fails(&folder, &[], &["backup", "damaged.db"]).contains("could not be made"));
}
