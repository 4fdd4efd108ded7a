//! What stops the start whatever else is set: keys that nobody reads, and those that only weaken.

use rocket::Config;
use rocket::figment::{Figment, Profile, Provider};

use super::{BadSetting, OUR_KEYS, bad, explain, is_rockets_default};

/// Rocket's keys that may be set: those that this program reads, or that a test of its own refuses with a reason.
pub(super) const ROCKET_KEYS: [&str; 10] =
    ["address", "port", "workers", "keep_alive", "ident", "ip_header", "log_level", "cli_colors", "shutdown", "tls"];

/// A misspelt key, or a section that nobody reads, would silently leave a default in force.
pub(super) fn refuse_unknown(figment: &Figment) -> Result<(), BadSetting> {
    let data = figment.data().map_err(|error| explain(&error))?;
    let sections =
        [Profile::Default, Profile::Global, Config::DEBUG_PROFILE, Config::RELEASE_PROFILE, figment.profile().clone()];

    for (section, settings) in &data {
        if !sections.contains(section) {
            return Err(bad(format!(
                "There is no section `{section}`: write `default`, `debug` or `release`, or choose it by ROCKET_PROFILE."
            )));
        }
        for key in settings.keys() {
            // Rocket's own defaults are there too, and in the environment the name of the file.
            let is_known = OUR_KEYS.contains(&key.as_str()) || ROCKET_KEYS.contains(&key.as_str());
            let is_rockets = Config::PARAMETERS.contains(&key.as_str()) && is_rockets_default(figment, key);
            if is_known || is_rockets || (key == "config" && is_from_environment(figment, key)) {
                continue;
            }
            let nearest = OUR_KEYS.iter().chain(&ROCKET_KEYS).min_by_key(|known| strsim::levenshtein(known, key));
            let hint = nearest.filter(|known| strsim::levenshtein(known, key) <= 3);
            let hint = hint.map(|known| format!(" Is `{known}` meant?")).unwrap_or_default();
            return Err(bad(format!("There is no setting `{key}`.{hint}")));
        }
    }
    let named: Option<String> = figment.extract_inner("config").ok();
    match named.filter(|file| !std::path::Path::new(file).is_file()) {
        Some(file) => Err(bad(format!("`ROCKET_CONFIG` names {file}, and there is no such file."))),
        None => Ok(()),
    }
}

pub(super) fn is_from_environment(figment: &Figment, key: &str) -> bool {
    figment.find_metadata(key).is_some_and(|from| from.name.contains("environment"))
}

pub(super) fn refuse_unsafe(figment: &Figment, rocket: &Config) -> Result<(), BadSetting> {
    if rocket.ip_header.is_some() {
        return Err(bad("`ip_header` must stay false: Rocket would believe that header from anyone.".into()));
    }
    if rocket.log_level == rocket::config::LogLevel::Debug {
        return Err(bad("`log_level` may not be debug: Rocket would print cookies and passwords.".into()));
    }
    if figment.contains("tls") {
        return Err(bad("`tls` is not built in: let a proxy speak TLS.".into()));
    }
    Ok(())
}
