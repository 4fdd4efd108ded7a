//! The operator's commands: the real program, in a folder of its own, often beside a site that runs.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::Value;
use tempfile::TempDir;

use crate::server::{Server, command, status};
use crate::support::PASSWORD;

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

fn login(server: &Server, username: &str, password: &str) -> u16 {
    status(&server.submit("/login", &[("username", username), ("password", password)]))
}

/// What the login page says to a browser that holds this cookie.
fn login_page(server: &Server, cookie: &str) -> String {
    server.request("GET", "/login", &[("Cookie", cookie), ("Accept", "text/html")], "")
}

#[test]
fn users_are_listed_with_how_their_accounts_stand() {
    let (folder, server) = site();
    for name in ["ada", "eve", "a_b"] {
        server.sign_up(name);
    }
    run(folder.path(), &["users", "disable", "eve"]).done();

    let listed = run(folder.path(), &["users", "list"]).done();
    let lines: Vec<&str> = listed.lines().collect();
    assert_eq!(lines.len(), 4, "{listed}");
    let column = lines[0].find("TWO-FACTOR").unwrap();
    assert!(lines[1].starts_with("a_b ") && lines[2].starts_with("ada ") && lines[3].starts_with("eve "), "{listed}");
    assert!(
        lines[1..].iter().all(|line| line[column..].starts_with("off")),
        "columns stand under each other: {listed}"
    );

    let all = run(folder.path(), &["users", "list", "--json"]).json();
    assert_eq!((&all[1]["username"], &all[1]["open_sessions"]), (&"ada".into(), &1.into()));
    assert!(all[1]["last_sign_in"].is_string() && all[1]["disabled_at"].is_null() && all[2]["disabled_at"].is_string());
    assert_eq!((&all[2]["open_sessions"], &all[2]["has_two_factor"]), (&0.into(), &false.into()));

    let names = |arguments: &[&str]| {
        let listed = run(folder.path(), arguments).json();
        let names = listed.as_array().unwrap().iter().map(|one| one["username"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(&["users", "list", "--json", "--search", "AD"]), "ada");
    assert_eq!(names(&["users", "list", "--json", "--search", "_"]), "a_b", "it stands for itself");
    assert_eq!(names(&["users", "list", "--json", "--search", "%"]), "");
    let first = run(folder.path(), &["users", "list", "--limit", "1"]);
    assert!(first.err.contains("1 of 3 are shown") && first.out.lines().count() == 2, "{}", first.err);
}

#[test]
fn whoever_is_disabled_is_out_of_the_running_site_and_told_why_until_they_are_enabled() {
    let (folder, server) = site();
    let (ada, eve) = (server.sign_up("ada"), server.sign_up("eve"));

    let said = run(folder.path(), &["users", "disable", "ADA"]).done();

    assert_eq!(said, "ada is disabled; 1 session ended.\n");
    assert_eq!((server.who(&ada), server.who(&eve)), (401, 200));
    assert_eq!((login(&server, "ada", PASSWORD), login(&server, "eve", PASSWORD)), (401, 200));
    let page = login_page(&server, &ada);
    assert!(page.contains("You were signed out here because the operator of this site disabled the account"), "{page}");
    assert!(run(folder.path(), &["users", "disable", "ada"]).done().contains("disabled before"));

    assert_eq!(run(folder.path(), &["users", "enable", "ada"]).done(), "ada can log in again.\n");
    assert_eq!(login(&server, "ada", PASSWORD), 200);
    assert_eq!(server.who(&ada), 401, "what has ended stays ended");
    for verb in ["disable", "enable", "reset-link"] {
        assert!(run(folder.path(), &["users", verb, "nobody.here"]).refused().contains("nobody.here"));
    }
}

#[test]
fn an_account_is_added_where_signing_up_is_closed_under_the_rules_of_a_sign_up() {
    let folder = tempfile::tempdir().unwrap();
    let closed = [("ROCKET_SIGN_UP", "closed")];

    let said = type_into(folder.path(), &closed, &["users", "add", "Ada"], PASSWORD);
    assert!(!said.err.contains(PASSWORD) && !said.out.contains(PASSWORD));
    assert_eq!(said.done(), "Ada has an account.\n");

    let server = Server::start_with(folder.path(), &closed);
    assert_eq!(login(&server, "ada", PASSWORD), 200, "also when it was made before the first start");
    assert_eq!(status(&server.submit("/signup", &[("username", "eve"), ("password", PASSWORD)])), 403);
    for (name, password, why) in [
        ("eve", "short", "Use at least 15 characters."),
        ("eve", "passwordpassword", "common passwords"),
        ("eve", "", "Type a password."),
        ("evelyn-evelyn-1", "evelyn-evelyn-1", "Your user name"),
        ("ADA", PASSWORD, "taken"),
        ("admin", PASSWORD, "kept for the site"),
        ("e v e", PASSWORD, "cannot be a user name"),
    ] {
        let said = type_into(folder.path(), &closed, &["users", "add", name], password).refused();
        assert!(said.contains(why) && (password.is_empty() || !said.contains(password) || name == password), "{said}");
    }
    assert_eq!(run(folder.path(), &["users", "list", "--json"]).json().as_array().unwrap().len(), 1);
    let argument = run(folder.path(), &["users", "add", "eve", PASSWORD]);
    assert_eq!(argument.code, Some(2), "never an argument");
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
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{arguments:?}");
    }
}

#[test]
fn sessions_are_listed_and_ended_one_of_one_user_or_all_and_their_browsers_are_told() {
    let (folder, server) = site();
    let (ada, eve, grace) = (server.sign_up("ada"), server.sign_up("eve"), server.sign_up("grace"));
    let listed = run(folder.path(), &["sessions", "list", "--json"]).json();
    let of = |name: &str| {
        let mut all = listed.as_array().unwrap().iter();
        all.find(|one| one["username"] == name).unwrap()["session_id"].as_str().unwrap().to_owned()
    };
    assert_eq!(listed.as_array().unwrap().len(), 3);
    let adas = run(folder.path(), &["sessions", "list", "ada"]).done();
    assert!(adas.lines().count() == 2 && adas.contains(&of("ada")) && adas.contains("127.0.0.1"), "{adas}");
    assert_eq!(run(folder.path(), &["sessions", "list", "--limit", "2"]).done().lines().count(), 3);

    assert_eq!(run(folder.path(), &["sessions", "end", &of("ada")]).done(), "1 session ended.\n");
    assert_eq!([&ada, &eve, &grace].map(|cookie| server.who(cookie)), [401, 200, 200]);
    let page = login_page(&server, &ada);
    assert!(page.contains("You were signed out here by the operator of this site"), "{page}");
    assert!(run(folder.path(), &["sessions", "end", &of("ada")]).refused().contains("There is no session"));

    assert_eq!(login(&server, "eve", PASSWORD), 200);
    assert_eq!(run(folder.path(), &["sessions", "end", "--user", "Eve"]).done(), "2 sessions ended.\n");
    assert_eq!([&ada, &eve, &grace].map(|cookie| server.who(cookie)), [401, 401, 200]);

    assert_eq!(login(&server, "ada", PASSWORD), 200);
    assert_eq!(run(folder.path(), &["sessions", "end", "--all"]).done(), "2 sessions ended.\n");
    assert_eq!([&ada, &eve, &grace].map(|cookie| server.who(cookie)), [401, 401, 401]);
    assert_eq!(run(folder.path(), &["sessions", "list", "--json"]).json(), Value::Array(Vec::new()));
    for arguments in [&["sessions", "end"][..], &["sessions", "end", "--all", "--user", "ada"]] {
        assert_eq!(run(folder.path(), arguments).code, Some(2), "{arguments:?}");
    }
}

#[test]
fn ending_all_sessions_ends_more_than_are_ended_at_once() {
    use sqlx::ConnectOptions;

    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    server.sign_up("ada");
    drop(server);
    let file = folder.path().join("data/vestibule.db");
    let fill = async {
        let mut database = sqlx::sqlite::SqliteConnectOptions::new().filename(file).connect().await.unwrap();
        for sql in [
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 450)
             INSERT INTO users SELECT '01a20656-f064-7def-8f7f-' || substr('000000000000' || i, -12), 'u' || i, 'u' || i,
                'u', password_hash, 1, created_at, NULL FROM n, users",
            "INSERT INTO sessions SELECT users.user_id, users.user_id, users.user_id, s.created_at, s.last_seen_at,
                s.confirmed_at, NULL, NULL, NULL, 0, NULL, NULL FROM users, sessions AS s WHERE users.username <> 'ada'",
        ] {
            sqlx::query(sql).execute(&mut database).await.unwrap();
        }
    };
    rocket::execute(fill);

    assert_eq!(run(folder.path(), &["sessions", "end", "--all"]).done(), "451 sessions ended.\n");
    assert_eq!(run(folder.path(), &["sessions", "list", "--json"]).json(), Value::Array(Vec::new()));
}

#[test]
fn a_backup_of_a_running_site_opens_as_one_with_everybody_who_was_there() {
    let (folder, server) = site();
    let ada = server.sign_up("ada");
    let is_over = AtomicBool::new(false);
    let said = thread::scope(|scope| {
        let busy = scope.spawn(|| {
            let mut number = 0;
            while !is_over.load(Ordering::Relaxed) {
                server.sign_up(&format!("user{number}"));
                number += 1;
            }
        });
        let said = run(folder.path(), &["backup", "copy.db", "--with-key"]);
        is_over.store(true, Ordering::Relaxed);
        busy.join().unwrap();
        said
    });
    let (said, err) = (said.out.clone(), said.err.clone());
    assert!(said.contains("copy.db: ") && said.contains("checked.") && said.contains("copy.db.key"), "{said}{err}");
    assert_eq!(err, "", "no progress where nobody looks on");

    let restored = tempfile::tempdir().unwrap();
    fs::create_dir(restored.path().join("data")).unwrap();
    fs::set_permissions(restored.path().join("data"), Permissions::from_mode(0o700)).unwrap();
    for (copy, name) in [("copy.db", "vestibule.db"), ("copy.db.key", "secret.key")] {
        let copy = folder.path().join(copy);
        assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600, "{copy:?}");
        fs::copy(&copy, restored.path().join("data").join(name)).unwrap();
    }
    assert_eq!(Server::start(&restored).who(&ada), 200);
}

#[test]
fn a_backup_overwrites_nothing_and_leaves_nothing_behind_when_it_fails() {
    let folder = tempfile::tempdir().unwrap();
    type_into(folder.path(), &[], &["users", "add", "ada"], PASSWORD).done();
    let names = || {
        let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };

    fs::write(folder.path().join("there.db"), "precious").unwrap();
    fs::write(folder.path().join("new.db.key"), "precious").unwrap();
    let before = names();
    for arguments in [&["backup", "there.db"][..], &["backup", "new.db", "--with-key"]] {
        assert!(run(folder.path(), arguments).refused().contains("nothing is overwritten"), "{arguments:?}");
    }
    assert_eq!(fs::read_to_string(folder.path().join("there.db")).unwrap(), "precious");
    assert!(run(folder.path(), &["backup", "no/such/folder/b.db"]).refused().contains("cannot be written"));
    let key = data_encoding::BASE64.encode(&(0..64).collect::<Vec<u8>>());
    let kept_elsewhere = [("ROCKET_SECRET_KEY", key.as_str())];
    assert!(
        run_with(folder.path(), &kept_elsewhere, &["backup", "b.db", "--with-key"]).refused().contains("`secret_key`")
    );

    fs::remove_file(folder.path().join("data/secret.key")).unwrap();
    assert!(run(folder.path(), &["backup", "b.db", "--with-key"]).refused().contains("secret.key"));

    let file = folder.path().join("data/vestibule.db");
    let mut bytes = fs::read(&file).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(0x5a);
    fs::write(&file, bytes).unwrap();
    assert!(run(folder.path(), &["backup", "damaged.db"]).refused().contains("could not be made"));
    assert_eq!(names(), before);
}

#[test]
fn the_settings_are_shown_with_where_they_came_from_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let key = data_encoding::BASE64.encode(&(0..64).collect::<Vec<u8>>());
    let written = format!("[default]\nsecret_key = \"{key}\"\nsession_hours = 3\n");
    fs::write(folder.path().join("Rocket.toml"), &written).unwrap();
    let settings = [("ROCKET_THROTTLE", "false"), ("ROCKET_PREVIOUS_SECRET_KEYS", &format!("[\"{key}\"]"))];

    let listed = run_with(folder.path(), &settings, &["config", "--json"]).json();
    let of = |name: &str| listed.as_array().unwrap().iter().find(|one| one["setting"] == name).unwrap();
    assert_eq!(of("session_hours")["value"], 3);
    assert!(of("session_hours")["from"].as_str().unwrap().ends_with("/Rocket.toml"));
    assert_eq!((&of("throttle")["value"], &of("throttle")["from"]), (&false.into(), &"ROCKET_THROTTLE".into()));
    assert!(of("throttle")["weak"].is_string() && of("sign_up")["weak"].is_null());
    assert_eq!((&of("remember_days")["value"], &of("remember_days")["from"]), (&30.into(), &"default".into()));
    assert_eq!(of("secret_key")["value"], "(secret)");
    for name in vestibule::settings::our_keys() {
        of(&name);
    }

    let below = folder.path().join("below");
    fs::create_dir(&below).unwrap();
    fs::write(folder.path().join("Rocket.toml"), "[default]\ndata_dir = \"kept\"\n").unwrap();
    let listed_below = run(&below, &["config", "--json"]).json();
    let folder_of_data = listed_below.as_array().unwrap().iter().find(|one| one["setting"] == "data_dir").unwrap();
    assert_eq!(folder_of_data["value"], folder.path().join("kept").to_str().unwrap());
    fs::write(folder.path().join("Rocket.toml"), written).unwrap();

    let columns = run_with(folder.path(), &settings, &["config"]).done();
    assert!(!columns.contains(&key) && !listed.to_string().contains(&key));
    assert!(columns.contains("weak: `throttle`"), "{columns}");
    assert!(!folder.path().join("data").exists(), "it looks and makes nothing");

    let wrong = run_with(folder.path(), &[("ROCKET_SESSION_IDLE_MINUTES", "0")], &["config"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("`session_idle_minutes` = 0") && wrong.out.contains("session_hours"), "{}", wrong.err);
    assert!(!wrong.out.contains(&key) && !wrong.err.contains(&key));
}

#[test]
fn a_wrong_setting_is_told_by_every_command_and_nothing_is_done() {
    for arguments in
        [&["users", "list"][..], &["users", "add", "ada"], &["sessions", "list"], &["backup", "copy.db"], &["serve"]]
    {
        let folder = tempfile::tempdir().unwrap();
        let said = run_with(folder.path(), &[("ROCKET_HASH_PASSES", "0")], arguments).refused();
        assert!(said.contains("`hash_passes`"), "{said}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{arguments:?}");
    }
}

#[test]
fn a_mistyped_command_is_told_with_what_is_near_and_help_and_version_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let mistyped = run(folder.path(), &["sesions"]);
    assert_eq!(mistyped.code, Some(2));
    assert!(mistyped.err.contains("'sessions'") && mistyped.out.is_empty(), "{}", mistyped.err);
    assert_eq!(run(folder.path(), &["users"]).code, Some(2));

    assert_eq!(run(folder.path(), &["--version"]).done(), format!("vestibule {}\n", env!("CARGO_PKG_VERSION")));
    let help = run(folder.path(), &["--help"]).done();
    for command in ["serve", "config", "users", "sessions", "backup", "doctor"] {
        assert!(help.contains(&format!("\n  {command} ")), "{help}");
    }
    assert!(!folder.path().join("data").exists());
}

/// How the doctor finds things, by name.
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
fn the_doctor_finds_nothing_bad_before_the_first_start_or_beside_a_running_site_and_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    doctor(folder.path(), &[], 0);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

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

#[test]
fn the_doctor_finds_what_is_wrong_and_says_what_to_do() {
    use sqlx::ConnectOptions;

    let folder = tempfile::tempdir().unwrap();
    drop(Server::start(&folder));
    let data = folder.path().join("data");
    let file = data.join("vestibule.db");
    let open_to = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    let finds = |settings: &[(&str, &str)], what: &str, expected: &str, says: &str| {
        let findings = doctor(folder.path(), settings, i32::from(expected == "bad"));
        let (health, said) = health(&findings, what);
        assert!(health == expected && said.contains(says), "{what}: {health}: {said}");
    };

    open_to(&data, 0o755);
    finds(&[], "data_dir", "warn", "chmod 700");
    open_to(&data, 0o700);
    open_to(&data.join("secret.key"), 0o644);
    finds(&[], "secret_key", "bad", "chmod 600");
    open_to(&data.join("secret.key"), 0o600);
    open_to(&file, 0o644);
    finds(&[], "database file", "bad", "chmod 600");
    open_to(&file, 0o600);

    finds(&[("ROCKET_THROTTLE", "false")], "throttle", "bad", "Remove");
    finds(&[("ROCKET_HASH_PASSES", "0")], "settings", "bad", "`hash_passes`");
    let public = ("ROCKET_PUBLIC_URL", "https://example.org");
    finds(&[public], "trusted_proxies", "warn", "127.0.0.1/32");
    finds(&[public, ("ROCKET_ADDRESS", "0.0.0.0")], "public_url", "warn", "firewall");
    finds(&[("ROCKET_TRUSTED_PROXIES", "128.0.0.0/1")], "trusted_proxies", "bad", "strangers");

    let toml = folder.path().join("Rocket.toml");
    let key = data_encoding::BASE64.encode(&(0..64).collect::<Vec<u8>>());
    fs::write(&toml, format!("[default]\nsecret_key = \"{key}\"\n")).unwrap();
    open_to(&toml, 0o644);
    finds(&[], "settings file", "bad", "chmod 600");
    open_to(&toml, 0o600);
    finds(&[], "settings file", "ok", "`secret_key`");
    fs::remove_file(&toml).unwrap();

    let change = |sql: &'static str| {
        rocket::execute(async {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
            let mut database = options.connect().await.unwrap();
            sqlx::query(sql).execute(&mut database).await.unwrap();
        });
    };
    change("INSERT INTO users VALUES ('u', 'u', 'u', 'u', 'u', 1, 1, NULL)");
    change("INSERT INTO events VALUES ('e', 'u', 99999999999999, 'signed_up', NULL, NULL)");
    finds(&[], "clock and data", "bad", "Set the clock right");
    change("DELETE FROM events");
    change("INSERT INTO _sqlx_migrations VALUES (9999, 'x', 0, TRUE, x'00', 0)");
    finds(&[], "tables", "bad", "newer version");
    change("DELETE FROM _sqlx_migrations WHERE version IN (7, 9999)");
    finds(&[], "tables", "warn", "1 more");
    fs::remove_file(data.join("secret.key")).unwrap();
    finds(&[], "secret_key", "warn", "Restore it");
    fs::write(&file, "no database at all ".repeat(500)).unwrap();
    finds(&[], "database", "bad", "cannot be opened");
}

#[test]
fn a_link_of_the_operators_sets_a_new_password_on_the_running_site_and_is_shown_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut child = command(folder.path());
    child.stdout(Stdio::piped()).stderr(fs::File::create(&log).unwrap());
    let server = Server::of(child.spawn().unwrap());
    let ada = server.sign_up("ada");
    let public = [("ROCKET_PUBLIC_URL", "https://example.org")];

    let said = run_with(folder.path(), &public, &["users", "reset-link", "Ada"]);
    assert!(said.err.contains("It works once, for ada, until"), "{}", said.err);
    let address = said.done();
    let path = address.trim_end().strip_prefix("https://example.org").unwrap();
    let token = path.strip_prefix("/reset-password?token=").unwrap();

    let page = server.request("GET", path, &[], "");
    assert_eq!((status(&page), server.who(&ada)), (200, 200), "{page}");
    let form = [("token", token), ("new_password", "entirely different words")];
    assert_eq!(status(&server.submit("/reset-password", &form)), 200);
    assert_eq!((server.who(&ada), login(&server, "ada", PASSWORD)), (401, 401));
    assert_eq!(login(&server, "ada", "entirely different words"), 200);
    assert_eq!(status(&server.request("GET", path, &[], "")), 410);
    let logged = fs::read_to_string(&log).unwrap();
    assert!(logged.contains("/reset-password?<token>") && !logged.contains(token), "{logged}");

    run(folder.path(), &["users", "disable", "ada"]).done();
    assert!(run(folder.path(), &["users", "reset-link", "ada"]).refused().contains("users enable ada"));
}
