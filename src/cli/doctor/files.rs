//! The folder of data, the key in it, the disk that it is on, and files with secrets in them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use indicatif::HumanBytes;
use rocket::figment::Figment;

use super::finding::{Finding, bad, ok, warn};
use crate::model::shown;
use crate::settings::data_dir::{existing_key, key_file};
use crate::settings::{Origin, Settings, absolute, is_secret, origin, our_keys};

/// Less room than this is soon used up by a database that is written to.
const LEAST_ROOM: u64 = 64 * 1024 * 1024;
/// Less than this deserves a look.
const LITTLE_ROOM: u64 = 1024 * 1024 * 1024;

pub fn examine(settings: &Settings) -> Vec<Finding> {
    let folder = absolute(&settings.data_dir);
    let Ok(found) = fs::metadata(&folder) else {
        let says = format!("{} is not there yet; the first start makes it. Is it the right one?", shown(&folder));
        return [warn("data_dir", says)].into_iter().chain(room(&folder)).collect();
    };
    if !found.is_dir() {
        return vec![bad("data_dir", format!("{} is no folder. Move it away, or set `data_dir`.", shown(&folder)))];
    }
    let findings = [data_dir(&folder, &found), key(settings)];
    findings.into_iter().chain(database_file(settings)).chain(room(&folder)).collect()
}

fn data_dir(folder: &Path, found: &fs::Metadata) -> Finding {
    let (owner, me) = (found.uid(), rustix::process::geteuid().as_raw());
    let shown = shown(folder);
    match mode(found) & 0o077 {
        0 if owner != me && me != 0 => {
            bad("data_dir", format!("{shown} belongs to user {owner}, and you are user {me}. Run this as its owner."))
        }
        0 => ok("data_dir", format!("{shown}, for its owner alone.")),
        _ => warn("data_dir", format!("Others can look into {shown}. Run `chmod 700 {shown}`.")),
    }
}

fn key(settings: &Settings) -> Finding {
    if let Some(place) = settings.key_elsewhere() {
        return ok("secret_key", format!("In {place}."));
    }
    let file = absolute(&key_file(&settings.data_dir));
    let shown = shown(&file);
    match existing_key(&settings.data_dir) {
        Ok(_) => ok("secret_key", format!("{shown}, for its owner alone. It belongs to a backup.")),
        Err(error) if file.exists() => bad("secret_key", error.to_string()),
        Err(_) if settings.database.missing_file().is_some() => {
            ok("secret_key", "Not there yet; the first start makes it.")
        }
        Err(_) => warn(
            "secret_key",
            format!(
                "{shown} is not there, but a database is: the next start makes a new one, and everyone has to log in \
                 again, with a recovery code where two-factor authentication is on. Restore it from a backup first."
            ),
        ),
    }
}

fn database_file(settings: &Settings) -> Option<Finding> {
    let file = settings.database.file()?;
    let found = fs::metadata(file).ok()?;
    (mode(&found) & 0o077 != 0)
        .then(|| bad("database file", format!("Others can read {0}. Run `chmod 600 {0}`.", shown(&absolute(file)))))
}

fn room(folder: &Path) -> Option<Finding> {
    let there = folder.ancestors().find(|folder| folder.exists())?;
    let disk = rustix::fs::statvfs(there).ok()?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let says = format!("{} free at {}.", HumanBytes(free), shown(there));
    Some(match free {
        0..LEAST_ROOM => bad("disk", format!("{says} Make room before nothing can be written any more.")),
        LEAST_ROOM..LITTLE_ROOM => warn("disk", format!("{says} Make room: a backup needs as much as the database.")),
        _ => ok("disk", says),
    })
}

/// Files of settings with a secret in them that everyone on the machine can read.
pub fn readable_secrets(figment: &Figment) -> Vec<Finding> {
    let mut files = BTreeMap::new();
    for key in our_keys() {
        let value = figment.find_value(&key).ok().and_then(|value| serde_json::to_value(value).ok());
        if let (Origin::File(file), Some(value)) = (origin(figment, &key), value)
            && is_secret(&key, &value)
        {
            files.entry(file).or_insert(key);
        }
    }
    files.iter().map(|(file, key)| settings_file(file, key)).collect()
}

fn settings_file(file: &Path, key: &str) -> Finding {
    let is_public = fs::metadata(file).is_ok_and(|found| mode(&found) & 0o007 != 0);
    let shown = shown(file);
    if is_public {
        bad("settings file", format!("Everyone can read {shown}, with `{key}` in it. Run `chmod 600 {shown}`."))
    } else {
        ok("settings file", format!("{shown} holds `{key}`, and not everyone can read it."))
    }
}

fn mode(found: &fs::Metadata) -> u32 {
    found.permissions().mode()
}
