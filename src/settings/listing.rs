//! The settings as they stand: what is in force and where it came from, for the operator to read.

use std::path::{Path, PathBuf};

use rocket::figment::{Figment, Source};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::data_dir::key_file;
use crate::store::Database;

use super::refusals::{ROCKET_KEYS, is_from_environment};
use super::{OUR_KEYS, Settings, Written, is_rockets_default};

/// What stands in the place of a value that nobody may see.
const SECRET: &str = "(secret)";

/// A setting as it stands.
#[derive(Debug, Serialize)]
pub struct Listed {
    /// Its name.
    pub setting: &'static str,
    /// What is in force; a secret is not shown.
    pub value: Value,
    /// Who said so.
    pub from: Origin,
    /// What is weak about it, as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weak: Option<&'static str>,
}

/// Where a setting came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A file.
    File(PathBuf),
    /// A variable of the environment, by its name.
    Environment(String),
}

/// Every setting there is, in the order of `Rocket.toml`: ours, then Rocket's. What is computed from others is known only
/// when all of them are right.
pub fn list(figment: &Figment, settings: Option<&Settings>) -> Vec<Listed> {
    let defaults = serde_json::to_value(Written::default()).unwrap_or_default();
    let rockets = ROCKET_KEYS.into_iter().filter(|key| *key != "tls");
    let listed = |setting: &'static str| {
        let from = origin(figment, setting);
        let is_as_written = match setting {
            // Rocket's own key is one of zeros, and never in force.
            "secret_key" => !is_rockets_default(figment, setting),
            // What is written in a file starts from where that file is.
            "data_dir" => settings.is_none(),
            _ => true,
        };
        let set = figment.find_value(setting).ok().filter(|_| is_as_written);
        let value = match set.and_then(|value| serde_json::to_value(value).ok()) {
            Some(value) => shown(setting, value),
            None => match settings {
                Some(settings) => computed(setting, settings).unwrap_or_else(|| defaults[setting].clone()),
                // Figment's own way to write a path down is not for people.
                None if setting == "data_dir" => json!("data"),
                None => defaults[setting].clone(),
            },
        };
        Listed { weak: weakness(setting, &value), setting, value, from }
    };
    OUR_KEYS.into_iter().chain(rockets).map(listed).collect()
}

/// Where a setting came from.
pub fn origin(figment: &Figment, key: &str) -> Origin {
    if is_from_environment(figment, key) {
        return Origin::Environment(format!("ROCKET_{}", key.to_ascii_uppercase()));
    }
    let from = figment.find_metadata(key).filter(|_| !is_rockets_default(figment, key));
    match from.and_then(|from| from.source.as_ref()) {
        Some(Source::File(file)) => Origin::File(file.clone()),
        _ => Origin::Default,
    }
}

/// Whether a setting holds something that nobody else may read.
pub fn is_secret(key: &str, value: &Value) -> bool {
    let is_set = !matches!(value, Value::Null) && value != &json!([]) && value != &json!("");
    let names_secret = (key.contains("secret") || key.contains("token")) && !key.ends_with("_file");
    is_set && (names_secret || (key == "database_url" && value.as_str().is_some_and(|url| shown_address(url) != url)))
}

/// The address of a database as it may be shown. Of one that cannot be read nobody knows where the password is.
fn shown_address(url: &str) -> String {
    match Database::parse(url) {
        Some(Ok(_)) => without_password(url),
        _ => SECRET.to_owned(),
    }
}

fn shown(key: &str, value: Value) -> Value {
    match (&value, is_secret(key, &value)) {
        (Value::String(url), true) if key == "database_url" => json!(shown_address(url)),
        (_, true) => json!(SECRET),
        (_, false) => value,
    }
}

/// The address of a database without the password in it, wherever it stands.
fn without_password(url: &str) -> String {
    let (address, query) = url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
    let address = match address.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?))) {
        Some((scheme, (who, host))) => match who.split_once(':') {
            Some((name, _)) => format!("{scheme}://{name}:{SECRET}@{host}"),
            None => address.to_owned(),
        },
        None => address.to_owned(),
    };
    let is_password = |pair: &&str| pair.split('=').next().is_some_and(|name| name.to_lowercase().contains("password"));
    let hidden = |pair| if is_password(&pair) { format!("password={SECRET}") } else { pair.to_owned() };
    match query {
        Some(query) => format!("{address}?{}", query.split('&').map(hidden).collect::<Vec<_>>().join("&")),
        None => address,
    }
}

/// What follows from other settings or from the machine where nobody said it.
fn computed(key: &str, settings: &Settings) -> Option<Value> {
    match key {
        "data_dir" => Some(json!(absolute(&settings.data_dir))),
        "database_url" => {
            Some(json!(format!("sqlite:{}", absolute(&settings.data_dir.join("vestibule.db")).display())))
        }
        "public_url" => Some(json!(settings.public_url.origin())),
        "secret_key" => {
            let file = settings.secret_key_file.clone().unwrap_or_else(|| key_file(&settings.data_dir));
            Some(json!(format!("(in {})", absolute(&file).display())))
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

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(file) => file.display().fmt(f),
            Self::Environment(name) => f.write_str(name),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
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
}
