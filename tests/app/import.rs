//! Users of other systems, taken in by the program's own command.

use std::process::Output;
use std::sync::Arc;

use rocket::http::Status;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::server::command;
use crate::support::{App, PASSWORD};

/// What everyone's password was: shorter than a new one may be, and not ASCII.
const OLD: &str = "old-Pw1é";
/// A password longer than the 72 bytes that bcrypt looks at.
const LONG: &str =
    "long long long long long long long long long long long long long long long long long long long long ";

/// Hashes of [`OLD`] as other systems made them.
const HASHES: [(&str, &str); 21] = [
    // argon2-cffi 25.1
    ("argon2id", "$argon2id$v=19$m=8192,t=2,p=2$vcP7n/MTpiUDqq09F5M+Uw$IKJiT79hLRqt4JlFBCbtjoqEDQt034yYmjcT2zxxxb0"),
    ("argon2i", "$argon2i$v=19$m=8192,t=2,p=2$bS662Ab1rmWGprWoPwOoUA$BYvkZySro8MEc/SdmH43tXJStkUhNjf+STAvpXTpPiA"),
    ("argon2d", "$argon2d$v=19$m=8192,t=2,p=2$cTMkk6h90iL3sO/uUeWnYg$sMV7k4rYeuve10mKkLrEyPohUBwzA1sICOgk1l+elDs"),
    ("argon2-v16", "$argon2id$m=1024,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$IeU7FgOgxrwRpzQm+ICNuunmGu4ilTGK7AT/Sur/fRw"),
    // bcrypt 5.0
    ("bcrypt-2a", "$2a$05$.kSi6d555WEbU6HFftpQneyXPVva1/jqKz7lwWqzl5POwiZwJz38S"),
    ("bcrypt-2b", "$2b$05$9RkNMpo8b3EiNU3wrFtRku7EJPuuDHkxKXWuIGauJCZ53YthUVvoK"),
    ("bcrypt-2y", "$2y$05$4QjHX6MJKVhX/u.Wk8S8S.09rZ.sgKKToevzVtaijWAI2bu.PP9oG"),
    // Django 5.2
    ("django-pbkdf2", "pbkdf2_sha256$5000$N41KWsIOJX6cTHshqCFj9Y$sUXyWsHCytJJ5gAXMpFTXwbGxHNClnQqeONI5DnvrDQ="),
    ("django-sha1", "pbkdf2_sha1$5000$Q40tRXZaLRk6lXH46Emhjm$YjRLVdR6k3q4iMRZmepuU8JJZeM="),
    (
        "django-argon2",
        "argon2$argon2id$v=19$m=8192,t=2,p=8$SnhORXhVeHlJYVhBdDQySGVsR1dzMw$ExusoyadBaqqNouDgHVHTWQXtJdOKrcBqYfldQ/Mris",
    ),
    ("django-bcrypt", "bcrypt$$2b$05$JooNsKH5XN9u1hUBo5QMyezhLbe74m8OQ7hGUh8GkxqMp11z2FfEa"),
    ("django-bcrypt-sha256", "bcrypt_sha256$$2b$05$c2AYc59afBo9PVb/KibEBu9oHVxY78hEYBVYGDaY3lRvcdd6mdf5u"),
    (
        "django-scrypt",
        "scrypt$4096$YQTiA1Ggq64EP4t3JdLQ19$8$2$hGr/ZFiNSUKNifa0GczAvywBUtzGsxM5zpmKESdA2LCAQNOXzFo67TkI0Q3MksfnK9A9JpBZxhagputNmY7T6w==",
    ),
    // passlib 1.7.4
    ("passlib-sha256", "$pbkdf2-sha256$5000$/r83xhgjhNA651zLGeMcgw$IgoU0ykBfNkYNsLL3TBKlI.oPsnwZytGLILtNlW90.Y"),
    (
        "passlib-sha512",
        "$pbkdf2-sha512$5000$27v3nnOOMWasda6VEiJkbA$69IDgw.9bQc7ONuNScLAEj/NAE.mZKe7pD.kPvitj.5TONmSAwDLw5d3PB/LpBxaULLSHd5/Ku3j9N8PmfaieA",
    ),
    ("passlib-sha1", "$pbkdf2$5000$1vp/by0lBOA8p7R2jrFWig$OeUzbZoZN4Mc9ox7lKgLcePzXLA"),
    ("passlib-scrypt", "$scrypt$ln=12,r=8,p=1$Ooew1lrL2dt7zznn3Ls3xg$SeNZkUrpeeEfLzjdlXP3g33WBODIfBrehJ83eyZAu8c"),
    // Python's hashlib, in PHC's and in Werkzeug's form
    ("phc-scrypt", "$scrypt$ln=12,r=8,p=1$c2l4dGVlbiBieXRlIHNsdA$7Qyk441ruyd0q47yxHHn6LLtbkPRJW1zOB2lwPSCsu4"),
    ("phc-pbkdf2", "$pbkdf2-sha256$i=5000,l=32$c2l4dGVlbiBieXRlIHNsdA$bmTCXwW4CuvxnXV5yffjtbWnPk4yDx0xeqjFUF8ioLY"),
    (
        "werkzeug-pbkdf2",
        "pbkdf2:sha256:5000$werkzeugsalt1234$b9a1900858a8054f8ff5b33c0aca6f7086b337b401e986a4da7ca3f1bd249c1c",
    ),
    (
        "werkzeug-scrypt",
        "scrypt:4096:8:1$werkzeugsalt1234$3d015fd92b582ee0f1aa2a9485da0a76a9b67f1e144a6b9b83bf96f09c0f9760b9ac62fb87319191cceeef87162ff585d36b43664767e2bbc6964298fab87458",
    ),
];
/// Hashes of [`LONG`]: bcrypt 5.0 of its first 72 bytes, and Django 5.2.
const OF_LONG: [(&str, &str); 2] = [
    ("long-bcrypt", "$2b$05$t0gRg4uFTPTcEw9bnlNqTeR1SRtkuJJV/0BTUr9rLtTWw2IRCNGcq"),
    ("long-bcrypt-sha256", "bcrypt_sha256$$2b$05$ZWVoSsH/ObeUvHgDh1KkGOi1QHn/ei6VjM6aQBfa1p8MsZ5HABlyO"),
];
const HASH: &str = HASHES[5].1;

/// Runs the command on a file of that name and content, in the folder whose app a test looks at.
fn import(folder: &TempDir, name: &str, content: impl AsRef<[u8]>, options: &[&str]) -> Output {
    std::fs::write(folder.path().join(name), content).unwrap();
    run(folder, name, options)
}

fn run(folder: &TempDir, name: &str, options: &[&str]) -> Output {
    let mut command = command(folder.path());
    command.env("ROCKET_HASH_THREADS", "1").args(["users", "import", name]).args(options).output().unwrap()
}

fn status(output: &Output) -> Option<i32> {
    output.status.code()
}

/// What was said of the rows, a line each.
fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What was said of the whole.
fn failure(output: &Output) -> String {
    assert_eq!(status(output), Some(2), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(said.starts_with("vestibule: ") && said.lines().count() == 1, "{said}");
    said
}

fn csv(rows: &[(&str, &str)]) -> String {
    let rows: String = rows.iter().map(|(username, hash)| format!("{username},\"{hash}\"\n")).collect();
    format!("username,password_hash\n{rows}")
}

/// An empty folder, and the app on it once something was imported.
fn folder() -> Arc<TempDir> {
    Arc::new(tempfile::tempdir().unwrap())
}

async fn log_in(app: &App, username: &str, password: &str) -> Status {
    app.program().send("/login", json!({ "username": username, "password": password })).await.status
}

#[rocket::async_test]
async fn whatever_another_system_hashed_with_the_old_password_logs_in_and_is_argon2id_from_then_on() {
    let folder = folder();
    let people: Vec<(&str, &str)> = HASHES.into_iter().chain(OF_LONG).collect();
    let output = import(&folder, "people.csv", csv(&people), &[]);
    assert_eq!((status(&output), said(&output).as_str()), (Some(0), "23 taken in, 0 refused.\n"), "{output:?}");

    let app = App::in_folder(folder, &[]).await;
    for (username, _) in people {
        let password = if username.starts_with("long") { LONG } else { OLD };
        assert_eq!(log_in(&app, username, "old-Pw1e").await, Status::Unauthorized, "{username}");

        let before = app.auth().hashes_computed();
        assert_eq!(log_in(&app, username, password).await, Status::Ok, "{username}");
        assert_eq!(app.auth().hashes_computed() - before, 2, "{username}: the old hash, and ours");

        let before = app.auth().hashes_computed();
        assert_eq!(log_in(&app, username, password).await, Status::Ok, "{username}");
        assert_eq!(log_in(&app, username, "old-Pw1e").await, Status::Unauthorized, "{username}");
        assert_eq!(app.auth().hashes_computed() - before, 2, "{username}: one hash a try, like everyone's");
    }
}

#[rocket::async_test]
async fn a_wrong_password_costs_an_imported_user_no_less_than_nobody() {
    let folder = folder();
    import(&folder, "people.csv", csv(&[("grace", HASH)]), &[]);
    let app = App::in_folder(folder, &[]).await;

    let before = app.auth().hashes_computed();
    assert_eq!(log_in(&app, "grace", PASSWORD).await, Status::Unauthorized);
    assert_eq!(app.auth().hashes_computed() - before, 2, "bcrypt, and then as much as for nobody");
}

#[rocket::async_test]
async fn what_bcrypt_cut_off_is_cut_off_until_the_first_login_and_counts_from_then_on() {
    let folder = folder();
    import(&folder, "people.csv", csv(&OF_LONG), &[]);
    let app = App::in_folder(folder, &[]).await;

    assert_eq!(log_in(&app, "long-bcrypt-sha256", &LONG[..72]).await, Status::Unauthorized);
    assert_eq!(log_in(&app, "long-bcrypt", LONG).await, Status::Ok);
    assert_eq!(log_in(&app, "long-bcrypt", &LONG[..72]).await, Status::Unauthorized);
}

#[rocket::async_test]
async fn everything_that_is_known_of_a_user_comes_along() {
    let folder = folder();
    let lines = [
        json!({ "username": "Grace", "password_hash": HASH, "display_name": "Grace Hopper", "created_at": "2019-12-09T12:00:00+02:00" }),
        json!({ "username": "Eve", "password_hash": HASH, "display_name": null, "disabled": true }),
    ];
    let output = import(&folder, "people.jsonl", format!("{}\n\n{}", lines[0], lines[1]), &[]);
    assert_eq!(status(&output), Some(0), "{output:?}");

    let app = App::in_folder(folder, &[]).await;
    let grace = app.program();
    grace.send("/login", json!({ "username": "grace", "password": OLD })).await;
    let me = grace.get("/getusers/me").await.json();
    assert_eq!((&me["username"], &me["display_name"]), (&json!("Grace"), &json!("Grace Hopper")));
    assert_eq!(me["created_at"], "2019-12-09T10:00:00Z");
    let activity = grace.get("/activity").await.json();
    assert_eq!(activity["events"].as_array().unwrap().last().unwrap()["kind"], "imported");
    assert_eq!(log_in(&app, "Eve", OLD).await, Status::Unauthorized, "a disabled account");
}

#[rocket::async_test]
async fn a_dry_run_says_what_would_happen_and_writes_nothing() {
    let folder = folder();
    let people = csv(&[("grace", HASH), ("eve", "plain")]);
    let output = import(&folder, "people.csv", &people, &["--dry-run", "--report", "report"]);
    assert_eq!(status(&output), Some(1));
    assert!(said(&output).ends_with("1 would be taken in, 1 would be refused.\n"), "{output:?}");
    let report = std::fs::read_to_string(folder.path().join("report")).unwrap();
    assert!(report.contains(r#""outcome":"would be taken in""#), "{report}");

    assert_eq!(App::in_folder(folder, &[]).await.count().await, (0, 0));
}

#[rocket::async_test]
async fn a_second_run_doubles_nobody_and_says_who_is_there_already() {
    let folder = folder();
    let people = csv(&[("grace", HASH), ("hedy", HASH)]);
    assert_eq!(status(&import(&folder, "people.csv", &people, &[])), Some(0));

    for (options, end) in
        [(&["--dry-run"][..], "0 would be taken in, 2 would be refused.\n"), (&[], "0 taken in, 2 refused.\n")]
    {
        let output = import(&folder, "people.csv", &people, options);
        assert_eq!(status(&output), Some(1));
        assert!(said(&output).contains("line 2: grace: username: An account has this name already"), "{output:?}");
        assert!(said(&output).ends_with(end), "{output:?}");
    }
    assert_eq!(App::in_folder(folder, &[]).await.count().await, (2, 0));
}

#[rocket::async_test]
async fn whoever_cannot_be_taken_in_is_told_with_line_name_and_reason_and_the_others_are_in() {
    let folder = folder();
    let app = App::in_folder(Arc::clone(&folder), &[]).await;
    app.sign_up("Ada").await;
    app.auth().close().await;

    let hash = |text: &str| format!("\"{text}\"");
    let good = hash(HASH);
    let rows = [
        format!("grace,{good},,,"),
        format!("GRACE,{good},,,"),
        format!("ada,{good},,,"),
        format!("a b,{good},,,"),
        format!("admin,{good},,,"),
        format!(",{good},,,"),
        "hedy,,,,".to_owned(),
        "hedy,5f4dcc3b5aa765d61d8327deb882cf99,,,".to_owned(),
        format!("hedy,{},,,", hash(&HASH.replace("$05$", "$20$"))),
        format!("hedy,{},,,", hash(&HASHES[18].1.replace("i=5000", "i=1"))),
        "hedy,!unusable,,,".to_owned(),
        format!("hedy,{good},\u{202e},,"),
        format!("hedy,{good},,yesterday,"),
        format!("hedy,{good},,2999-01-01T00:00:00Z,"),
        format!("hedy,{good},,,maybe"),
        format!("hedy,{good}"),
        format!("hedy,{good},Hedy Lamarr,2014-11-09T00:00:00Z,false"),
    ];
    let file = format!("username,password_hash,display_name,created_at,disabled\n{}\n", rows.join("\n"));
    let output = import(&folder, "people.csv", file, &["--report", "report.jsonl"]);

    assert_eq!(status(&output), Some(1));
    let reasons = [
        "line 3: GRACE: username: Line 2 has this name already, in this or another spelling.",
        "line 4: ada: username: An account has this name already, in this or another spelling.",
        "line 5: a b: username: Use only the letters a to z, digits, dots, hyphens and underscores.",
        "line 6: admin: username: This name is kept for the site itself. Choose another one.",
        "line 7: username is missing.",
        "line 8: hedy: password_hash is missing.",
        "line 9: hedy: password_hash: This is none of the hashes that can be read: Argon2, bcrypt, scrypt and PBKDF2 in their usual forms.",
        "line 10: hedy: password_hash: With its parameters a login would cost too much memory or time.",
        "line 11: hedy: password_hash: Its parameters are too weak to protect a password.",
        "line 12: hedy: password_hash: This account had no usable password.",
        "line 13: hedy: display_name: Leave out control characters and marks that change the direction of the text.",
        "line 14: hedy: created_at: Write a time that has passed since 1970, like 2024-02-29T12:00:00Z.",
        "line 15: hedy: created_at: Write a time that has passed since 1970, like 2024-02-29T12:00:00Z.",
        "line 16: hedy: disabled: Write true or false.",
        "line 17: It has 2 fields, and the header names 5.",
        "2 taken in, 15 refused.",
    ];
    assert_eq!(said(&output).lines().collect::<Vec<_>>(), reasons);
    assert!(!said(&output).contains('$'), "a hash is a secret");

    let report = std::fs::read_to_string(folder.path().join("report.jsonl")).unwrap();
    let report: Vec<Value> = report.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(report.len(), 17);
    assert_eq!(report[0], json!({ "line": 2, "username": "grace", "outcome": "taken in" }));
    assert_eq!(report[2]["outcome"], "refused");
    assert_eq!(App::in_folder(folder, &[]).await.count().await.0, 3);
}

#[test]
fn lines_of_json_that_say_something_else_are_refused_one_by_one() {
    let folder = folder();
    let mut lines = [
        r#"{"username": "grace"}"#,
        r#"["grace", "hash"]"#,
        r#"{"username": "grace", "username": "hedy", "password_hash": "x"}"#,
        r#"{"username": 7, "password_hash": "x"}"#,
        r#"{"username": true, "password_hash": "x"}"#,
        r#"{"username": "grace", "email": "grace@example.org", "password_hash": "x"}"#,
        "half a li",
    ]
    .join("\n")
    .into_bytes();
    lines.extend_from_slice(b"\n{\"username\": \"\xff\"}\n");
    lines.extend_from_slice(format!("{{\"username\": \"{}\"}}\n", "x".repeat(200_000)).as_bytes());
    lines.extend_from_slice(b"{\"username\": \"\\u001b[2Jx\", \"password_hash\": \"x\"}\n");
    let output = import(&folder, "people.ndjson", lines, &[]);

    let said = said(&output);
    for reason in [
        "line 1: grace: password_hash is missing.",
        "line 2: The line is no JSON object.",
        "line 3: `username` is there twice.",
        "line 4: username: This must be text.",
        "line 5: username: This must be text.",
        "line 6: There is no column `email`: leave it out by --ignore",
        "line 7: The line is no JSON object.",
        "line 8: The line is not UTF-8.",
        "line 9: The line is longer than any user's.",
        r"line 10: \u{1b}[2Jx: username: Use only the letters",
        "0 taken in, 10 refused.",
    ] {
        assert!(said.contains(reason), "{reason}\n{said}");
    }
    assert_eq!(status(&output), Some(1));
}

#[rocket::async_test]
async fn a_file_that_is_no_list_of_users_is_refused_as_a_whole_and_leaves_nothing_behind() {
    let folder = folder();
    let good = csv(&[("grace", HASH)]);
    let endless = format!("{good}hedy,\"{}", "x\n".repeat(500_000));
    for (name, content, named) in [
        ("people.csv", "grace,hash\n", "no column `grace`"),
        ("people.csv", "username\ngrace\n", "no column `password_hash`"),
        ("people.csv", "", "no column `username`"),
        ("people.csv", "username,username,password_hash\n", "two columns `username`"),
        ("people.csv", "username,password_hash,email\n", "leave it out by --ignore"),
        ("people.csv", &endless, "is a quote never closed?"),
        ("people.txt", &good, "--format csv"),
    ] {
        let said = failure(&import(&folder, name, content, &[]));
        assert!(said.contains(named) && said.contains(name), "{said}");
    }
    std::fs::remove_file(folder.path().join("people.csv")).unwrap();
    std::fs::create_dir(folder.path().join("people.csv")).unwrap();
    let output = run(&folder, "people.csv", &[]);
    assert!(failure(&output).contains("it is no file"));

    assert_eq!(App::in_folder(folder, &[]).await.count().await, (0, 0));
}

#[rocket::async_test]
async fn a_column_that_is_not_wanted_is_left_out_and_a_format_can_be_named() {
    let folder = folder();
    let file = format!("\u{feff}username,email,password_hash\r\ngrace,\"g@example.org, \n\",\"{HASH}\"\r\n");
    let output = import(&folder, "people.txt", file, &["--ignore", "email", "--format", "csv"]);
    assert_eq!((status(&output), said(&output).as_str()), (Some(0), "1 taken in, 0 refused.\n"), "{output:?}");

    assert_eq!(log_in(&App::in_folder(folder, &[]).await, "grace", OLD).await, Status::Ok);
}

#[rocket::async_test]
async fn more_than_one_transaction_holds_is_taken_in_while_the_site_is_served() {
    let folder = folder();
    let app = App::in_folder(Arc::clone(&folder), &[]).await;
    let names: Vec<String> = (0..1_201).map(|n| format!("user{n}")).collect();
    let people: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), HASH)).collect();

    let output = import(&folder, "people.csv", csv(&people), &[]);

    assert_eq!(said(&output), "1201 taken in, 0 refused.\n", "{output:?}");
    assert_eq!(app.count().await.0, 1_201);
    assert_eq!(log_in(&app, "user1200", OLD).await, Status::Ok);
}

#[rocket::async_test]
async fn two_imports_at_once_double_nobody_and_lose_nobody() {
    let folder = folder();
    App::in_folder(Arc::clone(&folder), &[]).await.auth().close().await;
    let names: Vec<String> = (0..1_200).map(|n| format!("user{n}")).collect();
    let mut people: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), HASH)).collect();
    let upwards = csv(&people);
    people.reverse();
    let downwards = csv(&people);

    let taken: Vec<u64> = std::thread::scope(|scope| {
        let imports = [("up.csv", &upwards), ("down.csv", &downwards)];
        let folder = &folder;
        let imports = imports.map(|(name, content)| scope.spawn(move || said(&import(folder, name, content, &[]))));
        let count = |said: String| said.lines().last().and_then(|sum| sum.split(' ').next()?.parse().ok());
        imports.into_iter().map(|import| count(import.join().unwrap()).expect("a sum")).collect()
    });

    assert_eq!(taken.iter().sum::<u64>(), 1_200, "{taken:?}");
    assert_eq!(App::in_folder(folder, &[]).await.count().await.0, 1_200);
}
