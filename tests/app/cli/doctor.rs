//! `vestibule doctor`

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::{change, is_empty, run, run_with, some_key};
use crate::support::server::Server;

/// What the doctor finds, and that the exit status is this.
#[track_caller]
fn doctor(folder: &Path, settings: &[(&str, &str)], code: i32) -> Value {
    let said = run_with(folder, settings, &["doctor", "--json"]);
    assert_eq!(said.code, Some(code), "{}{}", said.out, said.err);
    serde_json::from_str(&said.out).unwrap()
}

fn health(findings: &Value, what: &str) -> (String, String) {
    let found = findings.as_array().unwrap().iter().find(|found| found["what"] == what);
    let found = found.unwrap_or_else(|| panic!("nothing of {what}: {findings}"));
    (found["health"].as_str().unwrap().to_owned(), found["says"].as_str().unwrap().to_owned())
}

#[test]
fn it_finds_nothing_bad_before_the_first_start_and_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    doctor(folder.path(), &[], 0);
    assert!(is_empty(folder.path()));
}

#[test]
fn it_finds_all_well_beside_a_running_site() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    server.sign_up("ada");

    let findings = doctor(folder.path(), &[], 0);
    for what in
        ["settings", "data_dir", "secret_key", "database", "tables", "throttle", "public_url", "hashing", "clock"]
    {
        assert_eq!(health(&findings, what).0, "ok", "{findings}");
    }
    let lines = run(folder.path(), &["doctor"]).done();
    assert!(lines.lines().all(|line| line.starts_with("ok ") || line.starts_with("warn ")), "{lines}");
}

/// A folder where a site has been, in which something goes wrong.
struct Patient(TempDir);

impl Patient {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        drop(Server::start(&folder));
        Self(folder)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn open_to(&self, name: &str, mode: u32) {
        fs::set_permissions(self.file(name), Permissions::from_mode(mode)).unwrap();
    }

    fn change(&self, sql: &'static str) {
        change(&self.file("data/vestibule.db"), sql);
    }

    /// The doctor finds something to be so, and says what to do.
    #[track_caller]
    fn is(&self, expected: &str, what: &str, says: &str) {
        self.is_with(&[], expected, what, says);
    }

    #[track_caller]
    fn is_with(&self, settings: &[(&str, &str)], expected: &str, what: &str, says: &str) {
        let findings = doctor(self.0.path(), settings, i32::from(expected == "bad"));
        let (health, said) = health(&findings, what);
        assert!(health == expected && said.contains(says), "{what}: {health}: {said}");
    }
}

#[test]
fn it_finds_a_folder_of_data_that_others_can_look_into() {
    let site = Patient::new();
    site.open_to("data", 0o755);
    site.is("warn", "data_dir", "chmod 700");
}

#[test]
fn it_finds_a_key_that_others_can_read() {
    let site = Patient::new();
    site.open_to("data/secret.key", 0o644);
    site.is("bad", "secret_key", "chmod 600");
}

#[test]
fn it_finds_a_database_that_others_can_read() {
    let site = Patient::new();
    site.open_to("data/vestibule.db", 0o644);
    site.is("bad", "database file", "chmod 600");
}

#[test]
fn it_finds_settings_that_are_wrong_or_weak() {
    let site = Patient::new();
    site.is_with(&[("ROCKET_THROTTLE", "false")], "bad", "throttle", "Remove");
    site.is_with(&[("ROCKET_HASH_PASSES", "0")], "bad", "settings", "`hash_passes`");
}

#[test]
fn it_finds_settings_that_do_not_fit_where_the_site_runs() {
    let site = Patient::new();
    let public = ("ROCKET_PUBLIC_URL", "https://example.org");
    site.is_with(&[public], "warn", "trusted_proxies", "127.0.0.1/32");
    site.is_with(&[public, ("ROCKET_ADDRESS", "0.0.0.0")], "warn", "public_url", "firewall");
    site.is_with(&[("ROCKET_TRUSTED_PROXIES", "128.0.0.0/1")], "bad", "trusted_proxies", "strangers");
}

#[test]
fn it_finds_a_secret_in_a_file_of_settings_that_everyone_can_read() {
    let site = Patient::new();
    fs::write(site.file("Rocket.toml"), format!("[default]\nsecret_key = \"{}\"\n", some_key())).unwrap();
    site.open_to("Rocket.toml", 0o644);
    site.is("bad", "settings file", "chmod 600");
    site.open_to("Rocket.toml", 0o600);
    site.is("ok", "settings file", "`secret_key`");
}

#[test]
fn it_finds_a_clock_that_is_behind_what_the_database_knows() {
    let site = Patient::new();
    site.change("INSERT INTO users VALUES ('u', 'u', 'u', 'u', 'u', 1, 1, NULL)");
    site.change("INSERT INTO events (event_id, user_id, at, kind) VALUES ('e', 'u', 99999999999999, 'signed_up')");
    site.is("bad", "clock and data", "Set the clock right");
}

#[test]
fn it_finds_tables_of_another_version() {
    let site = Patient::new();
    site.change("INSERT INTO _sqlx_migrations VALUES (9999, 'x', 0, TRUE, x'00', 0)");
    site.is("bad", "tables", "newer version");
    site.change("DELETE FROM _sqlx_migrations WHERE version IN (7, 9999)");
    site.is("warn", "tables", "1 more");
}

#[test]
fn it_finds_a_key_that_is_gone() {
    let site = Patient::new();
    fs::remove_file(site.file("data/secret.key")).unwrap();
    site.is("warn", "secret_key", "Restore it");
}

#[test]
fn it_finds_a_database_that_is_none() {
    let site = Patient::new();
    fs::write(site.file("data/vestibule.db"), "no database at all ".repeat(500)).unwrap();
    site.is("bad", "database", "is damaged");
}

/// What the folder of data holds; what a process has in memory with others changes as they look.
fn kept(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = fs::read_dir(folder.join("data")).unwrap().map(|file| file.unwrap().path());
    let content = |file: &PathBuf| {
        if file.to_string_lossy().ends_with("-shm") { Vec::new() } else { fs::read(file).unwrap() }
    };
    files.map(|file| (file.clone(), content(&file))).collect()
}

#[test]
fn it_left_files_of_sqlite_behind_in_a_folder_that_nobody_uses() {
    let folder = tempfile::tempdir().unwrap();
    Server::start(&folder).terminate();
    let before = kept(folder.path());
    assert!(!before.keys().any(|file| file.to_string_lossy().contains("-wal")), "{:?}", before.keys());

    let findings = doctor(folder.path(), &[], 0);

    assert_eq!((health(&findings, "database").0, health(&findings, "tables").0), ("ok".into(), "ok".into()));
    assert!(before == kept(folder.path()), "{:?}", kept(folder.path()).keys());
}

#[test]
fn after_a_crash_and_beside_a_running_site_it_sees_what_is_in_the_log_alone_and_leaves_it_there() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    server.sign_up("ada");
    change(&folder.path().join("data/vestibule.db"), "UPDATE events SET at = 99999999999999");
    let sees = || {
        let before = kept(folder.path());
        assert!(before.iter().any(|(file, log)| file.to_string_lossy().ends_with("-wal") && !log.is_empty()));
        assert_eq!(health(&doctor(folder.path(), &[], 1), "clock and data").0, "bad");
        assert!(before == kept(folder.path()), "{:?}", kept(folder.path()).keys());
    };

    sees();
    server.kill();
    sees();
}
