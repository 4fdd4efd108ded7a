use rocket::figment;

use crate::model::escaped;

/// A setting that stops the start, as a sentence for the operator that names it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadSetting(String);

pub(super) fn bad(sentence: impl Into<String>) -> BadSetting {
    // What is wrong may be anything.
    BadSetting(escaped(&sentence.into()))
}

pub(super) fn within(key: &str, value: u64, least: u64, most: u64) -> Result<(), BadSetting> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(bad(format!("`{key}` = {value} must be from {least} to {most}.")))
    }
}

/// Says what figment says without a value that may be secret.
pub(super) fn explain(error: figment::Error) -> BadSetting {
    let Some(key) = error.path.first() else {
        // What is no TOML is quoted behind the first line, and the line that is quoted may be that of a key.
        let said = error.kind.to_string();
        let said = said.lines().next().unwrap_or_default();
        let file = error.metadata.as_ref().and_then(|from| from.source.as_ref()).map(|file| format!(" {file}"));
        return bad(format!("The settings{} cannot be read: {said}.", file.unwrap_or_default()));
    };
    if key.contains("secret") {
        bad(format!("`{key}` is wrong: write the key, or a list of keys, between quotes."))
    } else if key.contains("token") {
        bad(format!("`{key}` is wrong: write it between quotes."))
    } else {
        bad(format!("`{key}` is wrong: {}.", error.kind))
    }
}
