//! A SQLite file: for one machine, with nothing to install.

use std::fs::{File, OpenOptions};
use std::future::ready;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers};
use sqlx::{AnyConnection, AssertSqlSafe, ConnectOptions, Connection, Executor, query, query_scalar};

use super::open::{OpenError, migrate};
use super::{Kind, PATIENCE, Store};
use crate::model::{Failure, only_file};

/// How long a start waits for a file that another process has locked.
const START_PATIENCE: Duration = Duration::from_secs(10);
/// How long emptying the log waits for those who read: so long whoever writes waits for it.
const LOG_PATIENCE: Duration = Duration::from_millis(100);
/// How many may read at once.
const READERS: u32 = 4;

/// The largest file that is looked through at every start, in bytes: a fraction of a second. What a larger one takes would
/// keep the site away after a crash, and its damage is found where it is read and by `vestibule doctor`.
const LOOKED_THROUGH: u64 = 64 * 1024 * 1024;

/// SQLite's primary result code BUSY.
const LOCKED: u32 = 5;
/// SQLite's primary result codes CORRUPT and NOTADB.
const DAMAGED: [u32; 2] = [11, 26];

pub(super) async fn open(file: &Path) -> Result<Store, OpenError> {
    let failed = |error: std::io::Error| OpenError::File { file: file.to_owned(), because: error.to_string() };
    open_private(file).map_err(failed)?;
    // Several processes may start at once on a new folder, and SQLite lets two of them read what is to be done before
    // either does it. The lock is let go of with the file.
    let lock = open_private(&file.with_extension("lock")).map_err(failed)?;
    if lock.try_lock().is_err() {
        tracing::warn!("another process is bringing the database up to date; the start waits for it");
        lock.lock().map_err(failed)?;
    }
    let refused = |error: sqlx::Error| refused(file, &error);
    let options = options(file, "mode=rw").map_err(refused)?;
    let mut connection = options.connect().await.map_err(refused)?;
    set_up(&mut connection, START_PATIENCE).await.map_err(refused)?;
    refuse_damaged(file, &mut connection).await?;
    migrate(&mut connection).await?;
    let _ = connection.close().await;
    Ok(pools(options))
}

/// Opens the file, and makes it readable to its owner alone if it is not there. SQLite gives the companions of a database
/// (`-wal`, `-shm`) the same mode.
fn open_private(file: &Path) -> std::io::Result<File> {
    match only_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().create(true).append(true).mode(0o600).open(file)
}

/// How sqlx opens a file, by parameters of a URL. It wants one, so that whatever could mean something in it is escaped.
fn options(file: &Path, how: &str) -> sqlx::Result<AnyConnectOptions> {
    install_default_drivers();
    format!("sqlite:{}?{how}", percent_encode(file.as_os_str().as_bytes(), NON_ALPHANUMERIC)).parse()
}

/// Sets up a connection that waits so long for a file that another process has locked.
async fn set_up(connection: &mut AnyConnection, patience: Duration) -> sqlx::Result<()> {
    let patience = format!("PRAGMA busy_timeout = {}", patience.as_millis());
    connection.execute(AssertSqlSafe(patience)).await?;
    // In WAL mode only FULL makes a commit survive a loss of power, and what was answered must.
    connection.execute("PRAGMA foreign_keys = ON; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL").await?;
    // What is deleted is overwritten, or it would stay readable in the file.
    connection.execute("PRAGMA secure_delete = ON").await?;
    Ok(())
}

impl Store {
    /// Writes what is in the log (`-wal`) into the file and cuts the log to nothing: what was deleted stays readable in it
    /// until then. Whoever reads or writes for longer is not waited for, and it stays as it is. PostgreSQL sees to its own.
    pub async fn empty_log(&self) -> Result<(), Failure> {
        if self.kind == Kind::Sqlite {
            let mut connection = self.writers.connect_options().connect().await?;
            set_up(&mut connection, LOG_PATIENCE).await?;
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").await?;
            connection.close().await?;
        }
        Ok(())
    }
}

fn pools(options: AnyConnectOptions) -> Store {
    let pool = |most| AnyPoolOptions::new().max_connections(most).acquire_timeout(PATIENCE);
    let writers = pool(1)
        .after_connect(|connection, _| Box::pin(set_up(connection, PATIENCE)))
        // When a disk is full, SQLite ends a transaction by itself, and sqlx goes on believing in it.
        .before_acquire(|connection, _| Box::pin(ready(Ok(!connection.is_in_transaction()))));
    let readers = pool(READERS).after_connect(|connection, _| {
        Box::pin(async {
            set_up(connection, PATIENCE).await?;
            connection.execute("PRAGMA query_only = ON").await?;
            Ok(())
        })
    });
    Store {
        kind: Kind::Sqlite,
        readers: readers.connect_lazy_with(options.clone()),
        writers: writers.connect_lazy_with(options),
    }
}

/// Looks through the file for pages that are torn, missing or not SQLite's, before anything is written to it.
async fn refuse_damaged(file: &Path, connection: &mut AnyConnection) -> Result<(), OpenError> {
    if file.metadata().is_ok_and(|found| found.len() > LOOKED_THROUGH) {
        return Ok(());
    }
    let check = query_scalar("PRAGMA quick_check(1)").fetch_one(connection);
    let found: String = check.await.map_err(|error| refused(file, &error))?;
    if found == "ok" { Ok(()) } else { Err(OpenError::Damaged(file.to_owned())) }
}

/// Why SQLite did not open the file.
fn refused(file: &Path, error: &sqlx::Error) -> OpenError {
    let code = error.as_database_error().and_then(|refusal| refusal.code()?.parse::<u32>().ok());
    match code.map(|code| code & 0xff) {
        Some(code) if DAMAGED.contains(&code) => OpenError::Damaged(file.to_owned()),
        Some(LOCKED) => OpenError::Locked(file.to_owned()),
        _ => {
            let because = match error {
                sqlx::Error::Io(error) => error.to_string(),
                error => error.to_string(),
            };
            OpenError::File { file: file.to_owned(), because }
        }
    }
}

/// A connection that can change nothing.
pub(super) async fn read_only(file: &Path) -> sqlx::Result<AnyConnection> {
    connect(file, "mode=ro").await
}

/// A connection to a file that nobody changes meanwhile: it neither looks for locks nor takes any.
async fn unchanging(file: &Path) -> sqlx::Result<AnyConnection> {
    connect(file, "mode=ro&immutable=true").await
}

async fn connect(file: &Path, how: &str) -> sqlx::Result<AnyConnection> {
    only_file(file).map_err(sqlx::Error::Io)?;
    options(file, how)?.connect().await
}

/// Reads a file without a trace. Where nobody has it open there is no log beside it, and SQLite, which would make one that
/// it could not remove, is told that the file does not change; should it all the same, it is read once more.
pub(super) async fn read_untouched<T>(
    file: &Path,
    read: impl AsyncFn(&mut AnyConnection) -> sqlx::Result<T>,
) -> Result<T, OpenError> {
    loop {
        let at_rest = at_rest(file);
        let read = async {
            let mut connection = if at_rest.is_some() { unchanging(file).await? } else { read_only(file).await? };
            let found = read(&mut connection).await;
            let _ = connection.close().await;
            found
        };
        let found = read.await;
        if at_rest.is_none() || at_rest == self::at_rest(file) {
            return found.map_err(|error| refused(file, &error));
        }
    }
}

/// When a file that nobody has open was changed, and how large it is; none where there is a log beside it.
fn at_rest(file: &Path) -> Option<(SystemTime, u64)> {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    let found = file.metadata().ok().filter(|_| !Path::new(&log).exists())?;
    Some((found.modified().ok()?, found.len()))
}

/// What is damaged in a file, in the words of SQLite.
pub(super) async fn damage(connection: &mut AnyConnection) -> sqlx::Result<Option<String>> {
    let found: Vec<String> = query_scalar("PRAGMA integrity_check(5)").fetch_all(&mut *connection).await?;
    if found != ["ok"] {
        return Ok(Some(found.join("; ")));
    }
    let orphans = query("PRAGMA foreign_key_check").fetch_all(&mut *connection).await?;
    Ok((!orphans.is_empty()).then(|| format!("{} rows belong to nobody", orphans.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rocket::async_test]
    async fn a_file_may_have_any_name() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a b.db", "a%20b.db", "a?mode=memory", "a#b", ":memory:", "ä&ö=ü"] {
            let file = folder.path().join(name);
            let store = open(&file).await.unwrap();
            store.is_ready().await.unwrap();
            store.close().await;

            assert!(file.metadata().unwrap().len() > 0, "{name}");
            assert_eq!(damage(&mut read_only(&file).await.unwrap()).await.unwrap(), None, "{name}");
        }
    }
}
