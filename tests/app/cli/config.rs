//! `vestibule config`

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Said, run, run_with, some_key};

/// A folder with settings of all kinds, some of them secret, and what the command says there.
fn config(arguments: &[&str]) -> (TempDir, Said) {
    let folder = tempfile::tempdir().unwrap();
    let key = some_key();
    let written = format!("[default]\nsecret_key = \"{key}\"\nsession_hours = 3\n");
    fs::write(folder.path().join("Rocket.toml"), written).unwrap();
    let settings = [("ROCKET_THROTTLE", "false"), ("ROCKET_PREVIOUS_SECRET_KEYS", &format!("[\"{key}\"]"))];
    let said = run_with(folder.path(), &settings, arguments);
    (folder, said)
}

fn setting(listed: &Value, name: &str) -> Value {
    let found = listed.as_array().unwrap().iter().find(|one| one["setting"] == name);
    found.unwrap_or_else(|| panic!("no {name}: {listed}")).clone()
}

#[test]
fn every_setting_is_shown_with_where_it_came_from() {
    let (_folder, said) = config(&["config", "--json"]);
    let listed = said.json();

    let hours = setting(&listed, "session_hours");
    assert_eq!(hours["value"], 3);
    assert!(hours["from"].as_str().unwrap().ends_with("/Rocket.toml"));
    let throttle = setting(&listed, "throttle");
    assert_eq!((&throttle["value"], &throttle["from"]), (&json!(false), &json!("ROCKET_THROTTLE")));
    let days = setting(&listed, "remember_days");
    assert_eq!((&days["value"], &days["from"]), (&json!(30), &json!("default")));
    assert_eq!(setting(&listed, "hash_queue")["value"], "two seconds of work");
    for name in vestibule::settings::our_keys() {
        setting(&listed, &name);
    }
}

#[test]
fn what_weakens_the_site_is_marked() {
    let (_folder, said) = config(&["config", "--json"]);
    let listed = said.json();
    assert!(setting(&listed, "throttle")["weak"].is_string() && setting(&listed, "sign_up")["weak"].is_null());

    let (_folder, said) = config(&["config"]);
    let columns = said.done();
    assert!(columns.contains("weak: `throttle`"), "{columns}");
}

#[test]
fn no_secret_is_shown() {
    let (_folder, said) = config(&["config", "--json"]);
    let listed = said.json();
    assert_eq!(setting(&listed, "secret_key")["value"], "(secret)");
    assert!(!listed.to_string().contains(&some_key()));

    let (_folder, said) = config(&["config"]);
    assert!(!said.done().contains(&some_key()));
}

#[test]
fn it_looks_and_makes_nothing() {
    let (folder, said) = config(&["config"]);
    said.done();
    assert!(!folder.path().join("data").exists());
}

#[test]
fn a_folder_that_is_named_in_a_file_starts_from_where_the_file_is() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("below");
    fs::create_dir(&below).unwrap();
    fs::write(folder.path().join("Rocket.toml"), "[default]\ndata_dir = \"kept\"\n").unwrap();

    let listed = run(Path::new(&below), &["config", "--json"]).json();

    assert_eq!(setting(&listed, "data_dir")["value"], folder.path().join("kept").to_str().unwrap());
}

#[test]
fn when_a_setting_is_wrong_the_others_are_shown_all_the_same_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let key = some_key();
    let written = format!("[default]\nsecret_key = \"{key}\"\nsession_hours = 3\n");
    fs::write(folder.path().join("Rocket.toml"), written).unwrap();

    let wrong = run_with(folder.path(), &[("ROCKET_SESSION_IDLE_MINUTES", "0")], &["config"]);

    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("`session_idle_minutes` = 0") && wrong.out.contains("session_hours"), "{}", wrong.err);
    assert!(!wrong.out.contains(&key) && !wrong.err.contains(&key));
}
