//! `vestibule backup`

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use rocket::tokio::{select, signal, time};

use super::output::{print, tell};
use super::{Stop, absolute, count, database_is_there, settings};
use crate::model::Clock;
use crate::settings::Settings;
use crate::settings::data_dir::{existing_key, key_file};
use crate::store::{Copied, check_copy, copy_sqlite};

/// How often the growing copy is measured.
const MEASURED_EVERY: Duration = Duration::from_millis(200);

/// Copies the database as it is at one moment, while the site runs; nobody waits for it. The copy is checked page by page
/// and compared with the original before it gets its name, and is readable to you alone.
///
/// To go back to it: stop the site, put the copy in the place of vestibule.db, remove vestibule.db-wal and vestibule.db-shm,
/// and start. A key that was copied goes to secret.key in the same folder.
#[derive(Args, Debug)]
pub struct Backup {
    /// The file to write; it must not be there yet
    file: String,
    /// Copy the key too, to FILE.key: without it everyone has to log in again, and with a recovery code where there is a
    /// second step
    #[arg(long)]
    with_key: bool,
}

impl Backup {
    pub(super) async fn run(self) -> Result<ExitCode, Stop> {
        let settings = settings()?;
        let Some(original) = settings.database.file() else {
            return Err(Stop("The database is PostgreSQL: use pg_dump, which copies it while it is used.".to_owned()));
        };
        database_is_there(&settings)?;
        let file = std::path::absolute(&self.file).map_err(|error| cannot_write(Path::new(&self.file), &error))?;
        let key = self.key(&settings, &file)?;
        for target in [Some(&file), key.as_ref().map(|(_, copy)| copy)].into_iter().flatten() {
            if fs::symlink_metadata(target).is_ok() {
                return Err(is_there(target));
            }
        }

        let unfinished = Unfinished::begin(&file).map_err(|error| cannot_write(&file, &error))?;
        let copied = select! {
            copied = copy(original, &unfinished.0) => copied?,
            _ = signal::ctrl_c() => return Err(Stop("Interrupted, so there is no backup.".to_owned())),
        };
        unfinished.finish(&file, key.as_ref())?;

        let (users, sessions) = (count(copied.users, "user"), count(copied.sessions, "session"));
        let size = HumanBytes(fs::metadata(&file).map_or(0, |found| found.len()));
        print(format!("{}: {users}, {sessions}, {size}; checked.", file.display()))?;
        match (&key, settings.key_elsewhere()) {
            (Some((_, copy)), _) => print(format!("{}: the key.", copy.display()))?,
            (None, None) => tell(&format!(
                "Keep {} with it (`--with-key` copies it beside): without the key everyone has to log in again, and with a \
                 recovery code where there is a second step.",
                absolute(&key_file(&settings.data_dir)).display()
            )),
            (None, Some(place)) => {
                tell(&format!("Keep {place} with it: without the key everyone has to log in again."))
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The file of the key and the name of its copy, if it is to be copied.
    fn key(&self, settings: &Settings, file: &Path) -> Result<Option<(PathBuf, PathBuf)>, Stop> {
        match (self.with_key, settings.key_elsewhere()) {
            (false, _) => Ok(None),
            (true, Some(place)) => Err(Stop(format!(
                "The key is not in the data folder but in {place}. Keep that, and leave out --with-key."
            ))),
            (true, None) => {
                existing_key(&settings.data_dir)?;
                let mut copy = file.as_os_str().to_owned();
                copy.push(".key");
                Ok(Some((key_file(&settings.data_dir), copy.into())))
            }
        }
    }
}

async fn copy(original: &Path, to: &Path) -> Result<Copied, Stop> {
    let failed = |error| Stop(format!("The backup could not be made: {error}."));
    let size = fs::metadata(original).map_or(0, |found| found.len());
    let bar = ProgressBar::new(size);
    bar.set_style(ProgressStyle::with_template("{msg} {bar:30} {bytes} of {total_bytes}").expect("a good template"));
    bar.set_message("Copying");
    let began = Clock::system().now();

    let copying = copy_sqlite(original, to);
    let measuring = async {
        loop {
            bar.set_position(fs::metadata(to).map_or(0, |found| found.len()).min(size));
            time::sleep(MEASURED_EVERY).await;
        }
    };
    select! {
        copied = copying => copied.map_err(failed)?,
        () = measuring => {}
    }
    // SQLite leaves it to us that the copy survives a loss of power.
    File::open(to).and_then(|written| written.sync_all()).map_err(|error| cannot_write(to, &error))?;

    bar.set_style(ProgressStyle::with_template("{msg} {spinner}").expect("a good template"));
    bar.set_message("Checking the copy");
    bar.enable_steady_tick(MEASURED_EVERY);
    let checked = check_copy(original, to, began).await;
    bar.finish_and_clear();
    checked.map_err(failed)
}

/// A copy under a name of its own until it is whole; gone when it does not become so.
struct Unfinished(PathBuf);

impl Unfinished {
    fn begin(file: &Path) -> io::Result<Self> {
        let mut name = file.as_os_str().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let unfinished = PathBuf::from(name);
        new_private(&unfinished)?;
        Ok(Self(unfinished))
    }

    /// Gives the copy its name and puts the key beside it, both or neither. What is there already stays as it is.
    fn finish(self, file: &Path, key: Option<&(PathBuf, PathBuf)>) -> Result<(), Stop> {
        if let Some((key, copy)) = key {
            copy_private(key, copy).map_err(|error| cannot_write(copy, &error))?;
        }
        let named = give_name(&self.0, file).and_then(|()| match file.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        });
        named.map_err(|error| {
            if let Some((_, copy)) = key {
                let _ = fs::remove_file(copy);
            }
            cannot_write(file, &error)
        })
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn give_name(unfinished: &Path, file: &Path) -> io::Result<()> {
    match fs::hard_link(unfinished, file) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
        // A disk that knows no links, as many that are carried about.
        Err(_) if fs::symlink_metadata(file).is_err() => fs::rename(unfinished, file),
        linked => linked,
    }
}

fn copy_private(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = File::open(from)?;
    let mut copy = new_private(to)?;
    io::copy(&mut source, &mut copy).and_then(|_| copy.sync_all()).inspect_err(|_| {
        let _ = fs::remove_file(to);
    })
}

fn new_private(file: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)
}

fn is_there(file: &Path) -> Stop {
    Stop(format!("{} is there already, and nothing is overwritten. Choose another name.", file.display()))
}

fn cannot_write(file: &Path, error: &io::Error) -> Stop {
    match error.kind() {
        ErrorKind::AlreadyExists => is_there(file),
        _ => Stop(format!("{} cannot be written: {error}.", file.display())),
    }
}
