use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use indicatif::HumanBytes;
use rocket::tokio::{select, signal, time};
use tempfile::NamedTempFile;

use super::open::{database_is_there, read_settings};
use super::output::{LOOK_EVERY, count, print, progress, tell};
use super::stop::{Stop, stop};
use crate::model::{Clock, shown};
use crate::settings::data_dir::{existing_key, key_file};
use crate::settings::{Settings, absolute, whole_file};
use crate::store::{Copied, CopyError, check_copy, copy_sqlite};

/// Copies the database as it is at one moment, while the site runs; nobody waits for it. The copy is checked page by page
/// and compared with the original before it gets its name, and is readable to you alone.
///
/// To go back to it: stop the site, put the copy in the place of vestibule.db, remove vestibule.db-wal and vestibule.db-shm,
/// and start. A key that was copied goes to secret.key in the same folder.
#[derive(Args)]
pub struct Backup {
    /// The file to write; it must not be there yet
    file: PathBuf,
    /// Copy the key too, to FILE.key: without it everyone has to log in again, and with a recovery code where two-factor
    /// authentication is on
    #[arg(long)]
    with_key: bool,
}

struct KeyCopy {
    from: PathBuf,
    to: PathBuf,
}

impl Backup {
    pub async fn run(self) -> Result<ExitCode, Stop> {
        let settings = read_settings()?;
        let Some(original) = settings.database.file() else {
            return Err(stop("The database is PostgreSQL: use pg_dump, which copies it while it is used."));
        };
        database_is_there(&settings)?;
        let file = absolute(&self.file);
        let key = if self.with_key { Some(key_beside(&file, &settings)?) } else { None };
        for target in [Some(&file), key.as_ref().map(|key| &key.to)].into_iter().flatten() {
            if fs::symlink_metadata(target).is_ok() {
                return Err(is_there(target));
            }
        }

        let unfinished = whole_file::begin(&file).map_err(|error| cannot_write(&file, &error))?;
        let copied = select! {
            copied = copy(original, unfinished.path()) => copied,
            _ = signal::ctrl_c() => return Err(stop("Interrupted, so there is no backup.")),
        };
        let copied = copied.map_err(|error| stop(format!("The backup could not be made: {error}.")))?;
        finish(unfinished, &file, key.as_ref())?;

        let (users, sessions) = (count(copied.users, "user"), count(copied.sessions, "session"));
        let size = HumanBytes(fs::metadata(&file).map_or(0, |found| found.len()));
        print(format!("{}: {users}, {sessions}, {size}; checked.", shown(&file)))?;
        tell_of_key(key.as_ref(), &settings)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn key_beside(file: &Path, settings: &Settings) -> Result<KeyCopy, Stop> {
    if let Some(place) = settings.key_elsewhere() {
        return Err(stop(format!(
            "The key is not in the data folder but in {place}. Keep that, and leave out --with-key."
        )));
    }
    existing_key(&settings.data_dir)?;
    let mut to = file.as_os_str().to_owned();
    to.push(".key");
    Ok(KeyCopy { from: key_file(&settings.data_dir), to: to.into() })
}

fn tell_of_key(copied: Option<&KeyCopy>, settings: &Settings) -> Result<(), Stop> {
    match (copied, settings.key_elsewhere()) {
        (Some(key), _) => print(format!("{}: the key.", shown(&key.to)))?,
        (None, Some(place)) => tell(&format!("Keep {place} with it: without the key everyone has to log in again.")),
        (None, None) => tell(&format!(
            "Keep {} with it (`--with-key` copies it beside): without the key everyone has to log in again, and with a \
             recovery code where two-factor authentication is on.",
            shown(&absolute(&key_file(&settings.data_dir)))
        )),
    }
    Ok(())
}

async fn copy(original: &Path, to: &Path) -> Result<Copied, CopyError> {
    let began = Clock::system().now();
    copy_watched(original, to).await?;
    let _bar = progress(0, "Checking the copy {spinner}");
    check_copy(original, to, began).await
}

async fn copy_watched(original: &Path, to: &Path) -> Result<(), CopyError> {
    let size = |file| fs::metadata(file).map_or(0, |found| found.len());
    let bar = progress(size(original), "Copying {bar:30} {bytes} of {total_bytes}");
    let watching = async {
        loop {
            bar.set_position(size(to));
            time::sleep(LOOK_EVERY).await;
        }
    };
    select! {
        copied = copy_sqlite(original, to) => copied,
        () = watching => Ok(()),
    }
}

/// Gives the copy its name and puts the key beside it, both or neither. What is there already stays as it is.
fn finish(copy: NamedTempFile, file: &Path, key: Option<&KeyCopy>) -> Result<(), Stop> {
    if let Some(key) = key {
        copy_key(key).map_err(|error| cannot_write(&key.to, &error))?;
    }
    whole_file::finish(copy, file).map_err(|error| {
        if let Some(key) = key {
            let _ = fs::remove_file(&key.to);
        }
        cannot_write(file, &error)
    })
}

fn copy_key(key: &KeyCopy) -> io::Result<()> {
    let mut copy = whole_file::begin(&key.to)?;
    io::copy(&mut File::open(&key.from)?, &mut copy)?;
    whole_file::finish(copy, &key.to)
}

fn is_there(file: &Path) -> Stop {
    stop(format!("{} is there already, and nothing is overwritten. Choose another name.", shown(file)))
}

fn cannot_write(file: &Path, error: &io::Error) -> Stop {
    if error.kind() == ErrorKind::AlreadyExists {
        is_there(file)
    } else {
        stop(format!("{} cannot be written: {error}.", shown(file)))
    }
}
