//! Which database it is: opening it, and looking at it without changing it.

use std::path::{Path, PathBuf};

use sqlx::{AnyConnection, Connection, query, query_scalar};

use super::open::{MIGRATIONS, OpenError};
use super::timings::writing;
use super::{Result, Store, postgres, sqlite};
use crate::model::Moment;

#[derive(Clone, Debug)]
pub enum Database {
    /// A SQLite file, made when it is not there.
    Sqlite(PathBuf),
    /// A database of a PostgreSQL server, which several processes may share.
    Postgres(Box<postgres::Server>),
}

#[derive(Debug)]
pub struct Inspected {
    pub tables: Tables,
    /// What is damaged, in the words of the database.
    pub damage: Option<String>,
    /// The latest thing that it knows to have happened.
    pub latest: Option<Moment>,
}

/// How a database's tables stand to this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tables {
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
        if applied.iter().any(|version| !known.contains(version)) {
            return Self::Newer;
        }
        match known.iter().filter(|version| !applied.contains(version)).count() {
            0 => Self::UpToDate,
            missing => Self::Behind(missing),
        }
    }
}

impl Database {
    /// Reads what stands behind `database_url`; `None` when it names neither a SQLite file nor a PostgreSQL server.
    pub fn parse(url: &str) -> Option<std::result::Result<Self, String>> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Some(postgres::Server::parse(url).map(Box::new).map(Self::Postgres));
        }
        let file = url.strip_prefix("sqlite:")?;
        let file = file.strip_prefix("//").unwrap_or(file);
        // A database in memory would be another one for each connection.
        let is_file = !file.is_empty() && !file.starts_with([':', '?']) && !file.contains(['?', '#']);
        is_file.then(|| Ok(Self::Sqlite(file.into())))
    }

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

    /// Looks at everything in it, and leaves it as it is. It must be there.
    pub async fn inspect(&self) -> std::result::Result<Inspected, OpenError> {
        match self {
            Self::Sqlite(file) => sqlite::read_untouched(file, async |connection| self.look_at(connection).await).await,
            Self::Postgres(server) => {
                let mut connection = postgres::connect(server).await?;
                let inspected = self.look_at(&mut connection).await.map_err(|error| server.refused(&error))?;
                let _ = connection.close().await;
                Ok(inspected)
            }
        }
    }

    async fn look_at(&self, connection: &mut AnyConnection) -> sqlx::Result<Inspected> {
        const SQLITE_TABLES: &str = "SELECT name FROM sqlite_master WHERE type = 'table'";
        const POSTGRES_TABLES: &str = "SELECT CAST(relname AS TEXT) FROM pg_class WHERE pg_table_is_visible(oid)";

        let (damage, tables) = match self {
            Self::Sqlite(_) => (sqlite::damage(connection).await?, SQLITE_TABLES),
            // It looks after damage itself.
            Self::Postgres(_) => (None, POSTGRES_TABLES),
        };
        let tables: Vec<String> = query_scalar(tables).fetch_all(&mut *connection).await?;
        let has_table = |name: &str| tables.iter().any(|table| table == name);
        let (mut applied, mut latest) = (Vec::new(), None);
        if has_table("_sqlx_migrations") {
            const SQL: &str = "SELECT version FROM _sqlx_migrations WHERE success";
            applied = query_scalar(SQL).fetch_all(&mut *connection).await?;
        }
        if has_table("events") {
            latest = query_scalar("SELECT MAX(at) FROM events").fetch_one(&mut *connection).await?;
        }
        Ok(Inspected { tables: Tables::of(&applied), damage, latest: latest.map(Moment::from_millis) })
    }
}

/// There is one site in a database.
const SITE: &str = "site";

impl Store {
    /// Opens the database, makes a SQLite file if need be, and brings the tables up to date.
    pub async fn open(database: &Database) -> std::result::Result<Self, OpenError> {
        match database {
            Database::Sqlite(file) => sqlite::open(file).await,
            Database::Postgres(server) => postgres::open(server).await,
        }
    }

    /// Keeps a mark of the site's key unless there is one, and answers the one that is kept.
    pub async fn keep_key_mark(&self, mark: &str) -> Result<String> {
        // Touches the row, so that of two processes which start at once the later reads what the earlier wrote.
        const SQL: &str = "
            INSERT INTO key_marks (name, mark) VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET mark = key_marks.mark
            RETURNING mark";

        writing(query_scalar(SQL).bind(SITE).bind(mark).fetch_one(&self.writers)).await
    }

    /// Puts a mark of a new key in the place of the old one, unless somebody else has.
    pub async fn replace_key_mark(&self, old: &str, new: &str) -> Result<()> {
        const SQL: &str = "UPDATE key_marks SET mark = $1 WHERE name = $2 AND mark = $3";

        self.write(query(SQL).bind(new).bind(SITE).bind(old)).await?;
        Ok(())
    }
}
