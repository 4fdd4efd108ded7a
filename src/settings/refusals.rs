//! What stops the start whatever else is set: keys that nobody reads, and those that only weaken.

use std::path::Path;

use rocket::Config;
use rocket::config::LogLevel;
use rocket::figment::{Figment, Profile, Provider};

use super::bad_setting::{BadSetting, bad, explain};
use super::public_url::PublicUrl;
use super::sources::{is_default, is_from_environment};
use super::written::our_keys;

/// Rocket's keys that may be set: those that this program reads, or that a test of its own refuses with a reason.
pub(super) const ROCKET_KEYS: [&str; 10] =
    ["address", "port", "workers", "keep_alive", "ident", "ip_header", "log_level", "cli_colors", "shutdown", "tls"];

/// A misspelt key, or a section that nobody reads, would silently leave a default in force.
pub(super) fn refuse_unknown(figment: &Figment) -> Result<(), BadSetting> {
    let data = figment.data().map_err(explain)?;
    let sections =
        [Profile::Default, Profile::Global, Config::DEBUG_PROFILE, Config::RELEASE_PROFILE, figment.profile().clone()];
    if let Some(section) = data.keys().find(|section| !sections.contains(section)) {
        return Err(bad(format!(
            "There is no section `{section}`: write `default`, `debug` or `release`, or choose it by ROCKET_PROFILE."
        )));
    }

    let known: Vec<String> = our_keys().into_iter().chain(ROCKET_KEYS.map(str::to_owned)).collect();
    // Rocket's own defaults are there too, and in the environment the name of the file.
    let is_rockets = |key: &str| Config::PARAMETERS.contains(&key) && is_default(figment, key);
    let is_the_file = |key: &str| key == "config" && is_from_environment(figment, key);
    let mut keys = data.values().flat_map(|section| section.keys());
    if let Some(key) = keys.find(|key| !known.contains(key) && !is_rockets(key) && !is_the_file(key)) {
        let nearest = known.iter().min_by_key(|known| strsim::levenshtein(known, key));
        let hint = nearest.filter(|known| strsim::levenshtein(known, key) <= 3);
        let hint = hint.map(|known| format!(" Is `{known}` meant?")).unwrap_or_default();
        return Err(bad(format!("There is no setting `{key}`.{hint}")));
    }

    match figment.extract_inner::<String>("config") {
        Ok(file) if !Path::new(&file).is_file() => {
            Err(bad(format!("`ROCKET_CONFIG` names {file}, and there is no such file.")))
        }
        _ => Ok(()),
    }
}

pub(super) fn refuse_unsafe(figment: &Figment, rocket: &Config) -> Result<(), BadSetting> {
    if rocket.ip_header.is_some() {
        return Err(bad("`ip_header` must stay false: Rocket would believe that header from anyone."));
    }
    if rocket.log_level == LogLevel::Debug {
        return Err(bad("`log_level` may not be debug: Rocket would print cookies and passwords."));
    }
    if figment.contains("tls") {
        return Err(bad("`tls` is not built in: let a proxy speak TLS."));
    }
    Ok(())
}

/// What may only be where nobody but this machine reaches us.
pub(super) fn refuse_exposed(rocket: &Config, public_url: &PublicUrl, throttle: bool) -> Result<(), BadSetting> {
    if rocket.address.is_loopback() {
        return Ok(());
    }
    if !public_url.is_https {
        return Err(bad(format!(
            "`address` is {}, which others can reach, but `public_url` is not an https address: passwords would travel \
             in the clear. Set `public_url` to the https address that people type, and let a proxy speak TLS.",
            rocket.address
        )));
    }
    if !throttle {
        return Err(bad("`throttle` may be false on a loopback address only, for a benchmark."));
    }
    Ok(())
}
