//! The files of `deploy/` say what the program knows. That nginx and Caddy do what theirs say is tried in `proxies`.

use rocket::figment::Figment;
use vestibule::settings::our_keys;

fn read(file: &str) -> String {
    std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// What a line of that key says, in files of lines like `key=value` and `key = "value"`.
fn value_of<'a>(text: &'a str, key: &str) -> &'a str {
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('='));
    value.unwrap_or_else(|| panic!("no {key}")).trim().trim_matches('"')
}

#[test]
fn every_setting_that_they_name_exists() {
    let mut named = 0;
    for file in ["nginx.conf", "Caddyfile", "vestibule.service", "Dockerfile"] {
        for (at, _) in read(&format!("deploy/{file}")).match_indices("ROCKET_") {
            let text = read(&format!("deploy/{file}"));
            let name: String =
                text[at..].chars().take_while(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || *c == '_').collect();
            let key = name.trim_start_matches("ROCKET_").to_lowercase();
            assert!(our_keys().contains(&key) || key == "address", "deploy/{file} names {name}");
            named += 1;
        }
    }
    assert!(named > 8, "{named}");
}

#[test]
fn systemd_waits_for_as_long_as_a_stop_takes() {
    let settings = vestibule::settings::safe_defaults(Figment::from(rocket::Config::default()));
    let shutdown = rocket::Config::try_from(settings).unwrap().shutdown;
    let waits: u32 = value_of(&read("deploy/vestibule.service"), "TimeoutStopSec").parse().unwrap();
    assert!(waits > shutdown.grace + shutdown.mercy + 1);
}

#[test]
fn the_image_is_built_with_the_rust_that_the_code_asks_for() {
    let manifest = read("Cargo.toml");
    let (rust, program) = (value_of(&manifest, "rust-version"), value_of(&manifest, "name"));
    let image = read("deploy/Dockerfile");
    assert!(image.contains(&format!("FROM rust:{rust}-")), "{rust}");
    assert!(image.contains(&format!("/target/release/{program} ")), "{program}");
}

#[test]
fn nginx_speaks_recent_tls_alone_and_with_keys_of_the_moment() {
    let nginx = read("deploy/nginx.conf");
    let says = |key: &str| {
        let line = nginx.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_suffix(';'));
        line.unwrap_or_else(|| panic!("no {key}")).trim()
    };
    assert_eq!(says("ssl_protocols"), "TLSv1.2 TLSv1.3");
    let forgets_keys = |ciphers: &str| ciphers.starts_with("ECDHE+") && ["AESGCM", "CHACHA20"].contains(&&ciphers[6..]);
    assert!(says("ssl_ciphers").split(':').all(forgets_keys), "{nginx}");
}

#[test]
fn the_program_runs_as_nobody_in_particular_and_reaches_nothing_but_its_own() {
    let unit = read("deploy/vestibule.service");
    for (key, value) in [
        ("DynamicUser", "yes"),
        ("CapabilityBoundingSet", ""),
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("StateDirectoryMode", "0700"),
        ("UMask", "0077"),
        ("IPAddressDeny", "any"),
        ("IPAddressAllow", "localhost"),
        ("LoadCredential", "secret_key:/etc/vestibule/secret_key"),
    ] {
        assert_eq!(value_of(&unit, key), value, "{key}");
    }
}

#[test]
fn the_image_holds_the_program_and_an_empty_folder_alone() {
    let image = read("deploy/Dockerfile");
    let (_, made) = image.rsplit_once("\nFROM ").unwrap();
    assert!(made.starts_with("gcr.io/distroless/") && made.contains("\nUSER 65532:65532\n"), "{made}");
    let copied: Vec<&str> = made.lines().filter(|line| line.starts_with("COPY") || line.starts_with("ADD")).collect();
    assert!(
        copied.len() == 2 && copied[0].contains("/target/release/vestibule ") && copied[1].ends_with(" /made/ /"),
        "{copied:?}"
    );
    assert!(read(".dockerignore").lines().any(|line| line == "/.git"));
}
