//! The file of SQLite, also where this run of the tests is on another database: faults of the file are made to happen to it.

use std::path::{Path, PathBuf};
use std::process::Command;

use rocket::tokio::runtime::{Builder, Runtime};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::server;

/// The setting that names it.
pub const ON_FILE: (&str, &str) = ("ROCKET_DATABASE_URL", "sqlite:data/vestibule.db");

/// Settings under which a hash takes a few milliseconds, at OWASP's floor.
pub const QUICK: [(&str, &str); 4] =
    [("ROCKET_HASH_MEMORY_KIB", "7168"), ("ROCKET_HASH_PASSES", "5"), ("ROCKET_THROTTLE", "false"), ON_FILE];

/// The program on the file.
pub fn command(folder: &Path) -> Command {
    let mut command = server::command(folder);
    command.env(ON_FILE.0, ON_FILE.1);
    command
}

pub fn database(folder: &Path) -> PathBuf {
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
pub fn is_whole(folder: &Path) -> bool {
    let mut other = Other::open(folder);
    other.text("PRAGMA integrity_check") == "ok" && other.number("SELECT COUNT(*) FROM pragma_foreign_key_check") == 0
}
