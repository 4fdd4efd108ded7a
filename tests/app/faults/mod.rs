//! What may happen to a running site, made to happen to the real program: it is killed, its disk is full, its database is
//! damaged or locked, too many come at once, it is asked to stop, it runs out of files.

mod damaged;
mod descriptors;
mod disk_full;
mod kill;
mod locked;
mod stop;
mod storm;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use rocket::tokio::runtime::{Builder, Runtime};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use crate::server;

/// The file, also where this run of the tests is on another database: these are its faults.
pub const ON_FILE: (&str, &str) = ("ROCKET_DATABASE_URL", "sqlite:data/vestibule.db");

/// Settings under which a hash takes a few milliseconds, at OWASP's floor.
pub const QUICK: [(&str, &str); 4] =
    [("ROCKET_HASH_MEMORY_KIB", "7168"), ("ROCKET_HASH_PASSES", "5"), ("ROCKET_THROTTLE", "false"), ON_FILE];

/// The program on the file.
fn command(folder: &Path) -> Command {
    let mut command = server::command(folder);
    command.env(ON_FILE.0, ON_FILE.1);
    command
}

fn database(folder: &Path) -> PathBuf {
    folder.join("data/vestibule.db")
}

/// A look into the database, or a hand on it, from another process than the server's.
pub struct Other {
    runtime: Runtime,
    connection: SqliteConnection,
}

impl Other {
    pub fn open(folder: &Path) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let options = SqliteConnectOptions::new().filename(database(folder));
        let connection = runtime.block_on(options.connect()).unwrap();
        Self { runtime, connection }
    }

    pub fn close(self) {
        self.runtime.block_on(self.connection.close()).unwrap();
    }

    pub fn run(&mut self, sql: &'static str) {
        self.runtime.block_on(sqlx::query(sql).execute(&mut self.connection)).unwrap();
    }

    pub fn number(&mut self, sql: &'static str) -> i64 {
        self.runtime.block_on(sqlx::query_scalar(sql).fetch_one(&mut self.connection)).unwrap()
    }

    pub fn text(&mut self, sql: &'static str) -> String {
        self.runtime.block_on(sqlx::query_scalar(sql).fetch_one(&mut self.connection)).unwrap()
    }
}

/// Whether nothing in the database is torn and nothing points nowhere.
fn is_whole(folder: &Path) -> bool {
    let mut other = Other::open(folder);
    other.text("PRAGMA integrity_check") == "ok" && other.number("SELECT COUNT(*) FROM pragma_foreign_key_check") == 0
}

/// Waits until it is so; fails when it never is.
pub fn until(mut is_so: impl FnMut() -> bool) {
    for _ in 0..6_000 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("it never came to be so");
}
