//! The settings as they stand: what is in force and where it came from, for the operator to read.

use std::path::{Path, PathBuf};

use rocket::figment::Figment;
use serde::Serialize;
use serde_json::{Value, json};

use super::checked::Settings;
use super::data_dir::key_file;
use super::refusals::ROCKET_KEYS;
use super::sources::{Origin, is_default, origin};
use super::written::defaults;
use crate::store::Database;

/// What stands in the place of a value that nobody may see.
const SECRET: &str = "(secret)";

/// A setting as it stands.
#[derive(Serialize)]
pub struct Listed {
    pub setting: String,
    /// What is in force; a secret is not shown.
    pub value: Value,
    /// Who said so.
    pub from: Origin,
    /// What is weak about it, as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weak: Option<&'static str>,
}

/// Every setting there is, in the order of `Rocket.toml`: ours, then Rocket's. What is computed from others is known only
/// when all of them are right.
pub fn list(figment: &Figment, settings: Option<&Settings>) -> Vec<Listed> {
    let rockets = ROCKET_KEYS.into_iter().filter(|key| *key != "tls").map(|key| (key.to_owned(), Value::Null));
    let listed = |(setting, default): (String, Value)| {
        let computed = || computed(&setting, settings?);
        let value = set(figment, &setting, settings).or_else(computed).unwrap_or(default);
        let from = origin(figment, &setting);
        Listed { weak: weakness(&setting, &value), value, from, setting }
    };
    defaults().into_iter().chain(rockets).map(listed).collect()
}

/// What somebody set, as it may be shown.
fn set(figment: &Figment, setting: &str, settings: Option<&Settings>) -> Option<Value> {
    let is_as_written = match setting {
        // Rocket's own key is one of zeros, and never in force.
        "secret_key" => !is_default(figment, setting),
        // What is written in a file starts from where that file is.
        "data_dir" => settings.is_none(),
        _ => true,
    };
    let value = figment.find_value(setting).ok().filter(|_| is_as_written)?;
    Some(shown(setting, serde_json::to_value(value).ok()?))
}

/// Whether a setting holds something that nobody else may read.
pub fn is_secret(key: &str, value: &Value) -> bool {
    let is_set = ![json!(null), json!([]), json!("")].contains(value);
    let names_secret = (key.contains("secret") || key.contains("token")) && !key.ends_with("_file");
    is_set && (names_secret || (key == "database_url" && value.as_str().is_some_and(|url| shown_address(url) != url)))
}

fn shown(key: &str, value: Value) -> Value {
    match value {
        Value::String(url) if key == "database_url" => json!(shown_address(&url)),
        value if is_secret(key, &value) => json!(SECRET),
        value => value,
    }
}

/// The address of a database as it may be shown. Of one that cannot be read nobody knows where the password is.
fn shown_address(url: &str) -> String {
    match Database::parse(url) {
        Some(Ok(_)) => without_password(url),
        _ => SECRET.to_owned(),
    }
}

/// The address of a database without the password in it, wherever it stands.
fn without_password(url: &str) -> String {
    let (address, query) = url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
    let address = with_password_hidden(address).unwrap_or_else(|| address.to_owned());
    let is_password = |pair: &&str| pair.split('=').next().is_some_and(|name| name.to_lowercase().contains("password"));
    let hidden = |pair| if is_password(&pair) { format!("password={SECRET}") } else { pair.to_owned() };
    match query {
        Some(query) => format!("{address}?{}", query.split('&').map(hidden).collect::<Vec<_>>().join("&")),
        None => address,
    }
}

fn with_password_hidden(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    let (who, host) = rest.rsplit_once('@')?;
    let (name, _) = who.split_once(':')?;
    Some(format!("{scheme}://{name}:{SECRET}@{host}"))
}

/// What follows from other settings or from the machine where nobody said it.
fn computed(key: &str, settings: &Settings) -> Option<Value> {
    let data_dir = absolute(&settings.data_dir);
    match key {
        "data_dir" => Some(json!(data_dir)),
        "database_url" => Some(json!(format!("sqlite:{}", data_dir.join("vestibule.db").to_string_lossy()))),
        "public_url" => Some(json!(settings.public_url.origin())),
        "secret_key" => {
            let file = settings.secret_key_file.as_deref().map_or_else(|| key_file(&data_dir), absolute);
            Some(json!(format!("(in {})", file.to_string_lossy())))
        }
        "hash_threads" => Some(json!(settings.rules.hashing.threads)),
        "hash_queue" => Some(json!("two seconds of work")),
        _ => None,
    }
}

fn weakness(key: &str, value: &Value) -> Option<&'static str> {
    match key {
        "throttle" if value != &json!(true) => Some("Passwords can be tried as fast as they are hashed."),
        "password_min_length" if value.as_u64().is_some_and(|length| length < 15) => {
            Some("NIST SP 800-63B-4 asks for 15 where nothing is asked for beside the password.")
        }
        _ => None,
    }
}

/// A path that reads the same from every folder.
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_the_address_of_a_database_is_not_shown() {
        for (url, shown) in [
            ("postgres://ada:hunter2@db/site", "postgres://ada:(secret)@db/site"),
            ("postgres://ada:hunter@2@db:5432/site", "postgres://ada:(secret)@db:5432/site"),
            ("postgres://db/site?user=ada&password=hunter2", "postgres://db/site?user=ada&password=(secret)"),
            ("postgres://ada@db/site", "postgres://ada@db/site"),
            ("sqlite:/srv/a.db", "sqlite:/srv/a.db"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }

    #[test]
    fn the_address_of_a_database_that_cannot_be_read_is_a_secret_and_one_without_a_password_is_none() {
        for (url, shown) in [
            ("postgres://ada@db/site", "postgres://ada@db/site"),
            ("postgres://ada:hunter2@db/site", "postgres://ada:(secret)@db/site"),
            ("mysql://ada:hunter2@db/site", SECRET),
            ("ada:hunter2@db/site", SECRET),
        ] {
            assert_eq!(shown_address(url), shown);
            assert_eq!(is_secret("database_url", &json!(url)), url != shown, "{url}");
        }
    }

    #[test]
    fn what_is_set_and_opens_something_is_a_secret_and_nothing_else_is() {
        for (key, value) in [
            ("secret_key", json!("x")),
            ("previous_secret_keys", json!(["x"])),
            ("previous_secret_keys", json!("x")),
            ("metrics_token", json!("x")),
        ] {
            assert!(is_secret(key, &value), "{key} = {value}");
            assert_eq!(shown(key, value), json!(SECRET));
        }
        for (key, value) in [
            ("secret_key", json!(null)),
            ("previous_secret_keys", json!([])),
            ("metrics_token", json!("")),
            ("secret_key_file", json!("/etc/vestibule/key")),
            ("port", json!(8000)),
            ("public_url", json!("https://example.org")),
        ] {
            assert!(!is_secret(key, &value), "{key} = {value}");
            assert_eq!(shown(key, value.clone()), value);
        }
    }

    #[test]
    fn everything_that_may_be_set_is_listed_once_and_nothing_else() {
        let listed: Vec<String> = list(&Figment::new(), None).into_iter().map(|listed| listed.setting).collect();
        let rockets = ROCKET_KEYS.into_iter().filter(|key| *key != "tls").map(str::to_owned);
        assert_eq!(listed, crate::settings::our_keys().into_iter().chain(rockets).collect::<Vec<_>>());
        assert!(!listed.contains(&"tls".to_owned()));
    }

    #[test]
    fn what_is_weaker_than_the_standards_ask_is_marked_and_nothing_else_is() {
        let is_weak = |key, value| weakness(key, &value).is_some();
        assert!(is_weak("throttle", json!(false)) && !is_weak("throttle", json!(true)));
        assert!(is_weak("password_min_length", json!(14)) && !is_weak("password_min_length", json!(15)));
        assert!(!is_weak("sign_up", json!("open")) && !is_weak("port", json!(1)));
    }
}
