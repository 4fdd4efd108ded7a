//! A database with as many users and sessions as a large site has.

use std::io::{Error, Result};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;
use vestibule::model::Clock;

use super::members::Members;
use super::server::Server;

/// A folder with a database of so many users with a session each, and the members who are used beside them. The others share
/// a password's hash; their ids sort as ids do, and the hashes of their tokens are as random as those of real ones.
pub async fn large(rows: u32, sessions: usize) -> Result<(TempDir, Members)> {
    const NUMBERS: &str = "
        CREATE TEMP TABLE numbers AS
        WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1) SELECT n FROM numbers";
    const USERS: &str = "
        INSERT INTO users
            (user_id, username, username_key, display_name, password_hash, password_version, created_at, disabled_at)
        SELECT printf('01900000-0000-7000-8000-%012x', n), 'someone' || n, 'someone' || n, 'Someone ' || n,
            (SELECT password_hash FROM users WHERE username = 'member0'), 1, $1 - n, NULL
        FROM numbers";
    const SESSIONS: &str = "
        INSERT INTO sessions
            (session_id, token_hash, user_id, created_at, last_seen_at, confirmed_at, remembered_until, user_agent, address,
             failed_attempts, failed_since, notice)
        SELECT printf('01900000-0000-7000-9000-%012x', n), substr(hex(randomblob(32)), 1, 43),
            printf('01900000-0000-7000-8000-%012x', n), $1, $1, $1,
            CASE WHEN n % 2 = 0 THEN $1 + 2592000000 END, 'Mozilla/5.0 (X11; Linux x86_64)', '203.0.113.7', 0, NULL, NULL
        FROM numbers";

    println!("\nmaking a database of {rows} users and sessions …");
    let folder = TempDir::new()?;
    let server = Server::app(folder.path(), None).await?;
    let members = Members::sign_up(server.port, sessions).await?;
    drop(server);

    let now = Clock::system().now().millis();
    let file = SqliteConnectOptions::new()
        .filename(folder.path().join("data/vestibule.db"))
        .pragma("synchronous", "OFF")
        .pragma("cache_size", "-262144");
    let mut database = file.connect().await.map_err(Error::other)?;
    sqlx::query(NUMBERS).bind(rows).execute(&mut database).await.map_err(Error::other)?;
    for rows in [USERS, SESSIONS] {
        sqlx::query(rows).bind(now).execute(&mut database).await.map_err(Error::other)?;
    }
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut database).await.map_err(Error::other)?;
    database.close().await.map_err(Error::other)?;
    Ok((folder, members))
}
