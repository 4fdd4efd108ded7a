use rocket::figment::Figment;
use rocket::figment::providers::{Format, Serialized, Toml};
use serde_json::{Value, json};
use vestibule::settings::Settings;

use crate::support::figment;

fn refusal(settings: &[(&str, Value)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    match vestibule::app(figment(&folder, settings)) {
        Ok(_) => panic!("{settings:?} was accepted"),
        Err(error) => {
            assert!(!folder.path().join("data").exists(), "nothing is half started: {settings:?}");
            error.to_string()
        }
    }
}

#[test]
fn a_value_out_of_range_stops_the_start_and_is_named() {
    for (key, value) in [
        ("password_min_length", json!(7)),
        ("password_min_length", json!(65)),
        ("hash_memory_kib", json!(8_192)),
        ("hash_memory_kib", json!(1_000_000)),
        ("hash_passes", json!(0)),
        ("hash_passes", json!(11)),
        ("hash_passes", json!(1)),
        ("hash_threads", json!(0)),
        ("hash_queue", json!(0)),
        ("session_idle_minutes", json!(0)),
        ("session_hours", json!(0)),
        ("remember_days", json!(0)),
        ("session_recheck_ms", json!(60_000)),
        ("sign_up", json!("maybe")),
        ("metrics_token", json!("0123456789abcdef0123456789abcde")),
        ("metrics_token", json!("0123456789abcdef 0123456789abcdef")),
        ("metrics_token", json!(12345)),
        ("log_requests", json!("perhaps")),
        ("port", json!(70_000)),
        ("port", json!("eighty")),
        ("address", json!("nowhere")),
        ("database_url", json!("mysql://localhost/x")),
        ("database_url", json!("sqlite::memory:")),
        ("database_url", json!("sqlite://")),
        ("public_url", json!("https://*")),
        ("public_url", json!("https://:8443")),
        ("data_dir", json!("")),
        ("limits", json!({ "form": "1MiB" })),
        ("max_blocking", json!(7)),
        ("public_url", json!("example.org")),
        ("public_url", json!("http://example.org")),
        ("public_url", json!("https://example.org/path")),
        ("public_url", json!("https://user@example.org")),
        ("public_url", json!("ftp://example.org")),
        ("secret_key", json!("short")),
        ("secret_key", json!(12345)),
        ("secret_key", json!(data_encoding::BASE64.encode(&[0; 64]))),
        ("secret_key", json!("hPRYyVRiMyxpw5sBB1XeCMN1kFsDCqKvBi2QJxBVHQk=")),
        ("previous_secret_keys", json!(["short"])),
        ("ip_header", json!("X-Real-IP")),
        ("tls", json!({ "certs": "cert.pem", "key": "key.pem" })),
        ("log_level", json!("debug")),
        ("trusted_proxies", json!(["somewhere"])),
        ("trusted_proxies", json!("0.0.0.0/0")),
        ("throttle", json!("perhaps")),
    ] {
        let sentence = refusal(&[(key, value.clone())]);
        assert!(sentence.contains(key), "{key} = {value}: {sentence}");
        assert!(sentence.ends_with('.'), "{sentence}");
    }
}

#[test]
fn a_misspelt_key_stops_the_start_and_the_right_one_is_offered() {
    let sentence = refusal(&[("pasword_min_length", json!(20))]);
    assert_eq!(sentence, "There is no setting `pasword_min_length`. Is `password_min_length` meant?");
    assert_eq!(refusal(&[("colour", json!("green"))]), "There is no setting `colour`.");
}

#[test]
fn a_secret_is_not_printed_with_what_is_wrong_with_it() {
    for (key, value) in [("secret_key", json!("hunter2hunter2")), ("previous_secret_keys", json!("hunter2hunter2"))] {
        assert!(!refusal(&[(key, value)]).contains("hunter2"));
    }
    let folder = tempfile::tempdir().unwrap();
    let key = data_encoding::BASE64.encode(&(0..64).collect::<Vec<u8>>());
    let settings =
        Settings::read(&vestibule::settings::safe_defaults(figment(&folder, &[("secret_key", json!(key))]))).unwrap();
    assert!(!format!("{settings:?}").contains(&key));
}

#[test]
fn the_key_may_come_from_a_file_of_its_own_and_from_one_place_alone() {
    let folder = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = (0..64).collect();
    let file = folder.path().join("key");
    std::fs::write(&file, format!("{}\n", data_encoding::BASE64.encode(&bytes))).unwrap();

    let named = [("secret_key_file", json!(file))];
    let settings = Settings::read(&vestibule::settings::safe_defaults(figment(&folder, &named))).unwrap();
    assert_eq!(settings.secret_key.as_ref().map(|key| key.bytes()), Some(bytes.as_slice()));

    let both = [named[0].clone(), ("secret_key", json!(data_encoding::BASE64.encode(&[7; 64])))];
    assert!(refusal(&both).contains("`secret_key` and `secret_key_file`"));
    assert!(refusal(&[("secret_key_file", json!("/nowhere/key"))]).contains("`secret_key_file` names /nowhere/key"));
    std::fs::write(&file, "hunter2hunter2").unwrap();
    let sentence = refusal(&named);
    assert!(sentence.contains("`secret_key_file`") && !sentence.contains("hunter2"), "{sentence}");
}

#[test]
fn a_slip_in_the_file_is_told_without_the_line_that_it_is_in() {
    let folder = tempfile::tempdir().unwrap();
    for text in ["[default]\nsecret_key = hunter2hunter2hunter2", "[default]\nsecret_key = \"hunter2hunter2hunter2"] {
        let written = figment(&folder, &[]).merge(Toml::string(text).nested());
        let sentence = vestibule::app(written).err().map(|error| error.to_string()).unwrap();
        assert!(sentence.contains("line 2") && !sentence.contains("hunter2"), "{sentence}");
    }
}

#[test]
fn a_section_that_nobody_reads_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let written = figment(&folder, &[]).merge(Toml::string("[relese]\nsign_up = \"closed\"").nested());
    let sentence = vestibule::app(written).err().map(|error| error.to_string()).unwrap();
    assert!(sentence.contains("`relese`"), "{sentence}");

    let unread = figment(&folder, &[]).merge(Toml::string("[release]\nsing_up = \"closed\"").nested());
    let sentence = vestibule::app(unread).err().map(|error| error.to_string()).unwrap();
    assert!(sentence.contains("`sing_up`") && sentence.contains("`sign_up`"), "{sentence}");
}

#[test]
fn listening_where_others_reach_us_without_https_is_refused() {
    for address in ["0.0.0.0", "::", "192.168.1.10"] {
        let sentence = refusal(&[("address", json!(address))]);
        assert!(sentence.contains("`address`") && sentence.contains("`public_url`"), "{sentence}");
    }
    let folder = tempfile::tempdir().unwrap();
    let behind_a_proxy =
        [("address", json!("0.0.0.0")), ("public_url", json!("https://example.org")), ("throttle", json!(true))];
    assert!(vestibule::app(figment(&folder, &behind_a_proxy)).is_ok());
}

#[test]
fn the_throttle_is_only_ever_off_on_a_loopback_address() {
    let settings =
        [("address", json!("0.0.0.0")), ("public_url", json!("https://example.org")), ("throttle", json!(false))];
    assert!(refusal(&settings).contains("`throttle`"));
}

#[test]
fn rocket_toml_lists_every_key_with_its_default_and_what_it_is_for() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Rocket.toml")).unwrap();
    // Keys whose default depends on the machine or on other keys stand there as comments.
    let commented: Vec<String> = text
        .lines()
        .map(|line| match line.strip_prefix("# ").and_then(|line| line.split_once(" = ")) {
            Some((key, value)) if key.chars().all(|c| c.is_ascii_lowercase() || c == '_') => format!("{key} = {value}"),
            _ => String::new(),
        })
        .collect();
    let mut places = Vec::new();
    for key in vestibule::settings::our_keys() {
        let starts = |line: &&str| line.starts_with(&format!("{key} = "));
        let place =
            text.lines().zip(&commented).position(|(line, commented)| starts(&line) || starts(&commented.as_str()));
        places.push(place.unwrap_or_else(|| panic!("{key}")));
    }
    assert!(places.is_sorted(), "in the same order: {places:?}");

    let read = |figment: Figment| {
        let folder = Serialized::global("data_dir", "data");
        format!("{:?}", Settings::read(&vestibule::settings::safe_defaults(figment.merge(folder))).unwrap())
    };
    let bare = Figment::from(rocket::Config::default());
    let written = Figment::from(rocket::Config::default()).merge(Toml::string(&text).nested());
    assert_eq!(read(written), read(bare));
}

#[test]
fn our_own_defaults_are_safer_than_rockets() {
    let figment = vestibule::settings::safe_defaults(Figment::from(rocket::Config::default()));
    let config = rocket::Config::try_from(figment).unwrap();
    assert!(config.ip_header.is_none());
    assert_eq!(config.ident.to_string(), "disabled");
    assert_eq!(config.log_level, rocket::config::LogLevel::Off);
    assert!(config.address.is_loopback());
    assert_eq!((config.shutdown.grace, config.shutdown.mercy), (13, 5));
}

#[test]
fn every_bound_is_kept_to_the_number() {
    let accepts = |key: &str, value: u64| {
        let folder = tempfile::tempdir().unwrap();
        // Enough of one for the least of the other.
        let enough = [("hash_memory_kib", json!(47_104)), ("hash_passes", json!(5)), (key, json!(value))];
        Settings::read(&vestibule::settings::safe_defaults(figment(&folder, &enough))).is_ok()
    };
    for (key, least, most) in [
        ("password_min_length", 8, 64),
        ("session_idle_minutes", 1, 24 * 60),
        ("session_hours", 1, 24 * 30),
        ("remember_days", 1, 400),
        ("session_recheck_ms", 0, 10_000),
        ("hash_memory_kib", 7_168, 262_144),
        ("hash_passes", 1, 10),
        ("hash_threads", 1, 256),
        ("hash_queue", 1, 100_000),
    ] {
        assert!(accepts(key, least) && accepts(key, most), "{key} from {least} to {most}");
        assert!(!accepts(key, most + 1), "{key} = {}", most + 1);
        assert!(least == 0 || !accepts(key, least - 1), "{key} = {}", least - 1);
    }
}

#[test]
fn the_public_url_is_read_as_people_write_it() {
    let origin = |written: &str| {
        let folder = tempfile::tempdir().unwrap();
        let figment = figment(&folder, &[("public_url", json!(written))]);
        Settings::read(&vestibule::settings::safe_defaults(figment)).unwrap().public_url.origin()
    };
    for (written, read) in [
        ("https://example.org", "https://example.org"),
        ("HTTPS://Example.ORG/", "https://example.org"),
        ("https://example.org:443", "https://example.org"),
        ("https://example.org:80", "https://example.org:80"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("http://localhost", "http://localhost"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ] {
        assert_eq!(origin(written), read, "{written}");
    }
}

#[test]
fn a_key_of_few_different_bytes_is_not_random() {
    let accepts = |kinds: u8| {
        let folder = tempfile::tempdir().unwrap();
        let key = data_encoding::BASE64.encode(&(0..64).map(|n| n % kinds).collect::<Vec<u8>>());
        let figment = figment(&folder, &[("secret_key", json!(key))]);
        Settings::read(&vestibule::settings::safe_defaults(figment)).is_ok()
    };
    assert!(accepts(16) && !accepts(15));
}

#[test]
fn a_key_may_be_written_in_base64_or_in_hexadecimal() {
    let bytes: Vec<u8> = (0..32).map(|n| n * 7).collect();
    for text in [data_encoding::BASE64.encode(&bytes), data_encoding::HEXLOWER.encode(&bytes)] {
        let folder = tempfile::tempdir().unwrap();
        let figment = figment(&folder, &[("secret_key", json!(text))]);
        let settings = Settings::read(&vestibule::settings::safe_defaults(figment)).unwrap();
        assert_eq!(settings.secret_key.unwrap().bytes(), bytes, "{text}");
    }
}
