//! The operator's commands: the real program, in a folder of its own, often beside a site that runs.

mod backup;
mod config;
mod doctor;
mod sessions;
mod users;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::server::{Server, command, status};

/// What a command said, and how it ended.
struct Said {
    out: String,
    err: String,
    code: Option<i32>,
}

impl Said {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        Self { out: text(&output.stdout), err: text(&output.stderr), code: output.status.code() }
    }

    /// What it printed; it must have been done.
    #[track_caller]
    fn done(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.err);
        self.out
    }

    #[track_caller]
    fn json(self) -> Value {
        let out = self.done();
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }

    /// The one sentence that says why nothing was done.
    #[track_caller]
    fn refused(self) -> String {
        assert_eq!((self.code, self.out.as_str()), (Some(2), ""), "{}", self.err);
        assert!(self.err.starts_with("vestibule: ") && self.err.lines().count() == 1, "{}", self.err);
        self.err
    }
}

fn run(folder: &Path, arguments: &[&str]) -> Said {
    run_with(folder, &[], arguments)
}

fn run_with(folder: &Path, settings: &[(&str, &str)], arguments: &[&str]) -> Said {
    let mut command = command(folder);
    Said::of(&command.envs(settings.iter().copied()).args(arguments).stdin(Stdio::null()).output().unwrap())
}

/// Runs a command that reads a line.
fn type_into(folder: &Path, settings: &[(&str, &str)], arguments: &[&str], line: &str) -> Said {
    let mut command = command(folder);
    command.envs(settings.iter().copied()).args(arguments);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a program");
    // One that does not read any further has refused already.
    let _ = writeln!(child.stdin.take().expect("a pipe"), "{line}");
    Said::of(&child.wait_with_output().expect("an end"))
}

/// A site that reads every session anew at each request.
fn site() -> (TempDir, Server) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(folder.path(), &[("ROCKET_SESSION_RECHECK_MS", "0")]);
    (folder, server)
}

fn log_in(server: &Server, username: &str, password: &str) -> u16 {
    status(&server.submit("/login", &[("username", username), ("password", password)]))
}

/// What the login page says to a browser that holds this cookie.
fn login_page(server: &Server, cookie: &str) -> String {
    server.request("GET", "/login", &[("Cookie", cookie), ("Accept", "text/html")], "").body
}

/// A key as the operator may set it.
fn some_key() -> String {
    data_encoding::BASE64.encode(&(0..64).collect::<Vec<u8>>())
}

/// Runs SQL on a SQLite file.
fn change(file: &Path, sql: &'static str) {
    use sqlx::ConnectOptions;

    rocket::execute(async {
        let mut database = sqlx::sqlite::SqliteConnectOptions::new().filename(file).connect().await.unwrap();
        sqlx::query(sql).execute(&mut database).await.unwrap();
    });
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().count() == 0
}

#[test]
fn a_command_in_the_wrong_folder_makes_nothing_there() {
    for arguments in [
        &["users", "list"][..],
        &["users", "disable", "ada"],
        &["users", "enable", "ada"],
        &["users", "reset-link", "ada"],
        &["sessions", "list"],
        &["sessions", "end", "--all"],
        &["backup", "copy.db"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let said = run(folder.path(), arguments).refused();
        assert!(said.contains("There is no database at") && said.contains("vestibule config"), "{said}");
        assert!(is_empty(folder.path()), "{arguments:?}");
    }
}

#[test]
fn a_wrong_setting_is_told_by_every_command_and_nothing_is_done() {
    for arguments in
        [&["users", "list"][..], &["users", "add", "ada"], &["sessions", "list"], &["backup", "copy.db"], &["serve"]]
    {
        let folder = tempfile::tempdir().unwrap();
        let said = run_with(folder.path(), &[("ROCKET_HASH_PASSES", "0")], arguments).refused();
        assert!(said.contains("`hash_passes`"), "{said}");
        assert!(is_empty(folder.path()), "{arguments:?}");
    }
}

#[test]
fn a_command_whose_reader_has_gone_ends_quietly_and_one_on_a_full_disk_with_a_sentence() {
    let (folder, _server) = site();
    for arguments in [&["users", "list"][..], &["users", "list", "--json"], &["sessions", "list"], &["config"]] {
        let onto = |out: Stdio| {
            let mut command = command(folder.path());
            Said::of(&command.args(arguments).stdout(out).stderr(Stdio::piped()).output().unwrap())
        };

        let gone = onto(std::io::pipe().unwrap().1.into());
        assert_eq!((gone.code, gone.err.as_str()), (Some(0), ""), "{arguments:?}");
        let full = onto(fs::File::options().write(true).open("/dev/full").unwrap().into());
        assert!(full.refused().contains("Nothing can be written"), "{arguments:?}");
    }
}

#[test]
fn a_mistyped_command_is_told_with_what_is_near() {
    let folder = tempfile::tempdir().unwrap();

    let mistyped = run(folder.path(), &["sesions"]);

    assert_eq!(mistyped.code, Some(2));
    assert!(mistyped.err.contains("'sessions'") && mistyped.out.is_empty(), "{}", mistyped.err);
    assert!(is_empty(folder.path()));
}

#[test]
fn half_a_command_is_none() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run(folder.path(), &["users"]).code, Some(2));
    assert!(is_empty(folder.path()));
}

#[test]
fn control_characters_of_a_file_name_reached_the_terminal() {
    let (folder, _server) = site();
    let odd = "\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\n.csv";
    let beyond = format!("/proc/{odd}");
    for (settings, arguments) in [
        (&[][..], &["users", "import", odd][..]),
        (&[("ROCKET_SECRET_KEY_FILE", odd)], &["users", "list"]),
        (&[("ROCKET_DATA_DIR", beyond.as_str())], &["serve"]),
        (&[("ROCKET_CONFIG", odd)], &["serve"]),
        (&[("ROCKET_SECRET_KEY_FILE", odd)], &["config"]),
    ] {
        let said = run_with(folder.path(), settings, arguments);
        assert_eq!((said.code, said.err.lines().count()), (Some(2), 1), "{arguments:?}: {:?}", said.err);
        let said = said.out + &said.err;
        assert!(said.contains("\\u{1b}]0;owned\\u{7}\\u{9b}31m\\u{202e}\\u{a}.csv"), "{said:?}");
        assert!(!said.contains(|c: char| c.is_control() && c != '\n'), "{said:?}");
        assert!(!said.contains('\u{202e}'), "{said:?}");
    }
}

#[test]
fn the_help_names_every_command() {
    let folder = tempfile::tempdir().unwrap();

    let help = run(folder.path(), &["--help"]).done();

    for command in ["serve", "config", "users", "sessions", "backup", "doctor", "licences"] {
        assert!(help.contains(&format!("\n  {command} ")), "{help}");
    }
    assert!(is_empty(folder.path()));
}

#[test]
fn whoever_passes_the_program_on_gets_the_licences_to_pass_on_out_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let wrong_setting = [("ROCKET_HASH_PASSES", "0")];

    let licences = run_with(folder.path(), &wrong_setting, &["licences"]).done();

    for words in
        ["rocket 0.5", "libsqlite3-sys 0.", "SQLite", "Sergio Benitez", "SecLists", "Permission is hereby granted"]
    {
        assert!(licences.contains(words), "{words}");
    }
    assert!(is_empty(folder.path()));
}

#[test]
fn the_version_is_that_of_the_program() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run(folder.path(), &["--version"]).done(), format!("vestibule {}\n", env!("CARGO_PKG_VERSION")));
    assert!(is_empty(folder.path()));
}
