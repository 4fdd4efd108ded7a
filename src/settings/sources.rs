//! Where settings come from: files, the environment, and defaults that are safe for this program.

use std::path::PathBuf;

use rocket::Config;
use rocket::figment::providers::Serialized;
use rocket::figment::{Figment, Source};
use serde_json::json;
use serde_with::SerializeDisplay;

use crate::model::shown;

/// Where a setting came from.
#[derive(derive_more::Display, SerializeDisplay, PartialEq, Eq)]
pub enum Origin {
    #[display("default")]
    Default,
    #[display("{}", shown(_0))]
    File(PathBuf),
    /// A variable of the environment, by its name.
    Environment(String),
}

/// Rocket's own sources (`Rocket.toml`, then `ROCKET_…`) over defaults that are safe for this program.
pub fn figment() -> Figment {
    safe_defaults(Config::figment())
}

/// Replaces those of Rocket's defaults that are not ours, and leaves alone what somebody set.
pub fn safe_defaults(figment: Figment) -> Figment {
    let ours = [
        // Rocket prints whole requests, and with them what only the browser should know (`ROCKET_LOG_LEVEL=debug`).
        ("log_level", json!("off")),
        ("ident", json!(false)),
        // By default Rocket believes `X-Real-IP` from anyone.
        ("ip_header", json!(false)),
        // Requests that were accepted are answered before the end: longer than a login that waits for its hash and twice
        // for the database.
        ("shutdown", json!({ "grace": 13, "mercy": 5 })),
    ];
    ours.into_iter()
        .filter(|(key, _)| is_default(&figment, key))
        .fold(figment.clone(), |figment, (key, value)| figment.merge(Serialized::global(key, value)))
}

/// Where a setting came from.
pub fn origin(figment: &Figment, key: &str) -> Origin {
    if is_from_environment(figment, key) {
        return Origin::Environment(format!("ROCKET_{}", key.to_ascii_uppercase()));
    }
    let from = figment.find_metadata(key).filter(|_| !is_default(figment, key));
    match from.and_then(|from| from.source.as_ref()) {
        Some(Source::File(file)) => Origin::File(file.clone()),
        _ => Origin::Default,
    }
}

/// Whether nobody set the key: Rocket's own default is in force, or none.
pub(super) fn is_default(figment: &Figment, key: &str) -> bool {
    figment.find_metadata(key).is_none_or(|from| from.name.contains("rocket::Config"))
}

pub(super) fn is_from_environment(figment: &Figment, key: &str) -> bool {
    figment.find_metadata(key).is_some_and(|from| from.name.contains("environment"))
}
