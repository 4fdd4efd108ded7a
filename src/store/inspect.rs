//! Looking at a database without changing it, and without making one.

use std::path::Path;

use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use super::open::MIGRATIONS;
use super::{Database, OpenError, PATIENCE, postgres};
use crate::model::Moment;

/// What was seen of a database.
#[derive(Debug)]
pub struct Inspected {
    /// Whether its tables are those of this program.
    pub tables: Tables,
    /// What is damaged, in the words of the database.
    pub damage: Option<String>,
    /// The latest thing that it knows to have happened.
    pub latest: Option<Moment>,
}

/// How a database's tables stand to this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tables {
    /// They are this program's.
    UpToDate,
    /// The next start brings so many steps.
    Behind(usize),
    /// A newer version has been here.
    Newer,
}

impl Tables {
    /// How tables stand in which those steps have been taken.
    fn of(applied: &[i64]) -> Self {
        let known: Vec<i64> = MIGRATIONS.iter().map(|step| step.version).collect();
        let missing = known.iter().filter(|version| !applied.contains(version)).count();
        match (applied.iter().any(|version| !known.contains(version)), missing) {
            (true, _) => Self::Newer,
            (false, 0) => Self::UpToDate,
            (false, missing) => Self::Behind(missing),
        }
    }
}

impl Database {
    /// The file that it is, where it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(file) => Some(file),
            Self::Postgres(_) => None,
        }
    }

    /// The file that is not there yet and would be made by opening it.
    pub fn missing_file(&self) -> Option<&Path> {
        self.file().filter(|file| !file.exists())
    }

    /// Looks at everything in it. It must be there.
    pub async fn inspect(&self) -> Result<Inspected, OpenError> {
        match self {
            Self::Sqlite(file) => {
                let failed =
                    |because: sqlx::Error| OpenError::File { file: file.clone(), because: because.to_string() };
                let mut connection = read_only(file).await.map_err(failed)?;
                let inspected = inspect(&mut connection).await.map_err(failed)?;
                let _ = connection.close().await;
                Ok(inspected)
            }
            Self::Postgres(server) => {
                let mut connection = postgres::connect(server).await?;
                let inspected = inspect_server(&mut connection).await.map_err(|error| server.refused(&error))?;
                let _ = connection.close().await;
                Ok(inspected)
            }
        }
    }
}

/// A connection that can change nothing.
pub(super) async fn read_only(file: &Path) -> sqlx::Result<SqliteConnection> {
    let options = SqliteConnectOptions::new().filename(file).read_only(true).busy_timeout(PATIENCE);
    options.connect().await
}

/// What is damaged in a SQLite file, in the words of the database.
pub(super) async fn damage(connection: &mut SqliteConnection) -> sqlx::Result<Option<String>> {
    let found: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(5)").fetch_all(&mut *connection).await?;
    if found != ["ok"] {
        return Ok(Some(found.join("; ")));
    }
    let orphans = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut *connection).await?;
    Ok((!orphans.is_empty()).then(|| format!("{} rows belong to nobody", orphans.len())))
}

async fn inspect(connection: &mut SqliteConnection) -> sqlx::Result<Inspected> {
    let damage = damage(connection).await?;
    let applied: Vec<i64> = match has_table(connection, "_sqlx_migrations").await? {
        true => {
            sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success").fetch_all(&mut *connection).await?
        }
        false => Vec::new(),
    };
    let tables = Tables::of(&applied);
    let latest: Option<i64> = match has_table(connection, "events").await? {
        true => sqlx::query_scalar("SELECT MAX(at) FROM events").fetch_one(&mut *connection).await?,
        false => None,
    };
    Ok(Inspected { tables, damage, latest: latest.map(Moment::from_millis) })
}

async fn has_table(connection: &mut SqliteConnection, name: &str) -> sqlx::Result<bool> {
    const SQL: &str = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = $1";

    let found: i64 = sqlx::query_scalar(SQL).bind(name).fetch_one(connection).await?;
    Ok(found > 0)
}

/// The same of a PostgreSQL server, which looks after damage itself.
async fn inspect_server(connection: &mut PgConnection) -> sqlx::Result<Inspected> {
    const HAS_TABLE: &str = "SELECT to_regclass($1) IS NOT NULL";

    let has_steps: bool = sqlx::query_scalar(HAS_TABLE).bind("_sqlx_migrations").fetch_one(&mut *connection).await?;
    let applied: Vec<i64> = match has_steps {
        true => {
            sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success").fetch_all(&mut *connection).await?
        }
        false => Vec::new(),
    };
    let has_events: bool = sqlx::query_scalar(HAS_TABLE).bind("events").fetch_one(&mut *connection).await?;
    let latest: Option<i64> = match has_events {
        true => sqlx::query_scalar("SELECT MAX(at) FROM events").fetch_one(&mut *connection).await?,
        false => None,
    };
    Ok(Inspected { tables: Tables::of(&applied), damage: None, latest: latest.map(Moment::from_millis) })
}
