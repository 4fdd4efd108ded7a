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
