//! A PostgreSQL server: for several processes, on one machine or many.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use rocket::tokio::time::timeout;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection};

use super::open::{MIGRATIONS, OpenError, migrated};
use super::{PATIENCE, Store};

/// How many connections a process holds at the most: ten processes fit a server as it is installed.
const CONNECTIONS: u32 = 10;
/// How long the first connection may take.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// After so long the server gives a statement up: far longer than any of ours takes.
const LONGEST_STATEMENT: Duration = Duration::from_secs(5);

/// What may stand behind the `?` of the address; anything else would be overlooked.
const PARAMETERS: [&str; 11] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "host",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// Classes of PostgreSQL's error codes for trouble that may be gone the next time: lost connections, transactions that
/// were taken back for another's sake, lack of resources (disk, memory, connections), an operator's intervention, errors
/// of the system; a lock that was waited for too long, a server that only reads, and a row whose user was deleted meanwhile.
const AWAY: [&str; 8] = ["08", "40", "53", "57", "58", "55P03", "25006", "23503"];

/// Whether an error of this code may be gone the next time.
pub(super) fn is_away(code: &str) -> bool {
    AWAY.iter().any(|away| code.starts_with(away))
}

/// Where a PostgreSQL server is and how to get in. Never prints its password.
#[derive(Clone)]
pub struct Server(PgConnectOptions);

impl Server {
    /// Reads `postgres://user:password@host:port/database`; what it leaves out is taken from PostgreSQL's own variables
    /// (`PGPASSWORD` and so on). Beyond this machine the server must show a certificate, unless `sslmode` says otherwise.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let (_, parameters) = url.split_once('?').unwrap_or((url, ""));
        let names = parameters.split('&').filter_map(|pair| pair.split(['=', '[']).next());
        let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
        if let Some(name) = names.iter().find(|name| !PARAMETERS.contains(name)) {
            return Err(format!("there is no parameter `{name}`"));
        }
        let mut options = PgConnectOptions::from_str(url).map_err(|_| "it cannot be read".to_owned())?;
        let says_mode = names.contains(&"sslmode") || std::env::var_os("PGSSLMODE").is_some();
        if !says_mode && !is_this_machine(&options) {
            options = options.ssl_mode(PgSslMode::VerifyFull);
        }
        Ok(Self(options.application_name("vestibule")))
    }

    /// Whether what is sent to it could be read or changed on the way.
    pub fn is_exposed(&self) -> bool {
        !is_this_machine(&self.0) && !matches!(self.0.get_ssl_mode(), PgSslMode::VerifyFull | PgSslMode::VerifyCa)
    }

    /// Without a log of every statement, and without the server's remarks about tables that are there already.
    fn options(&self) -> PgConnectOptions {
        self.0.clone().disable_statement_logging().options([("client_min_messages", "warning")])
    }

    /// Why it was not opened.
    pub(super) fn refused(&self, because: &dyn fmt::Display) -> OpenError {
        OpenError::Server {
            server: self.to_string(),
            because: because.to_string().lines().next().unwrap_or_default().to_owned(),
        }
    }
}

fn is_this_machine(options: &PgConnectOptions) -> bool {
    let host = options.get_host().trim_matches(['[', ']']);
    options.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = &self.0;
        write!(f, "postgres://{}@", options.get_username())?;
        match options.get_socket() {
            Some(socket) => f.write_str(&socket.to_string_lossy())?,
            None => write!(f, "{}:{}", options.get_host(), options.get_port())?,
        }
        write!(f, "/{}", options.get_database().unwrap_or(options.get_username()))
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({self})")
    }
}

/// One connection, without limits of time.
pub(super) async fn connect(server: &Server) -> Result<PgConnection, OpenError> {
    match timeout(CONNECT_PATIENCE, server.options().connect()).await {
        Ok(connected) => connected.map_err(|error| server.refused(&error)),
        Err(_) => Err(server.refused(&"it does not answer")),
    }
}

pub(super) async fn open(server: &Server) -> Result<Store, OpenError> {
    // The pool would go on trying and then only say that it took too long.
    let mut connection = connect(server).await?;
    let commits: String = sqlx::query_scalar("SHOW synchronous_commit")
        .fetch_one(&mut connection)
        .await
        .map_err(|e| server.refused(&e))?;
    let _ = connection.close().await;
    // Without limits of time: another process may be at the same migrations, and then this one waits.
    let patient = PgPoolOptions::new().max_connections(1).acquire_timeout(CONNECT_PATIENCE);
    let patient = patient.connect_with(server.options()).await.map_err(|error| server.refused(&error))?;
    migrated(MIGRATIONS.run(&patient).await)?;
    patient.close().await;

    let millis = |time: Duration| time.as_millis().to_string();
    let mut options = server.options();
    if commits == "off" {
        // What was answered must survive, whatever is enough for the other databases of the server.
        options = options.options([("synchronous_commit", "on")]);
    }
    let options = options.options([
        ("statement_timeout", millis(LONGEST_STATEMENT)),
        ("lock_timeout", millis(PATIENCE)),
        ("idle_in_transaction_session_timeout", millis(LONGEST_STATEMENT)),
    ]);
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
    Ok(Store::Postgres { pool: pool.connect_with(options).await.map_err(|error| server.refused(&error))? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_told_without_its_password() {
        let server = Server::parse("postgres://ada:secret@db.example.org/site").unwrap();

        assert_eq!(server.to_string(), "postgres://ada@db.example.org:5432/site");
        assert!(!format!("{server:?}").contains("secret"));
    }

    #[test]
    fn beyond_this_machine_a_certificate_is_asked_for() {
        for (url, is_exposed, verifies) in [
            ("postgres://ada@localhost/site", false, false),
            ("postgres://ada@127.0.0.1:5433/site", false, false),
            ("postgres://ada@[::1]/site", false, false),
            ("postgres:///site?host=/run/postgresql&user=ada", false, false),
            ("postgres://%2Frun%2Fpostgresql/site", false, false),
            ("postgres://ada@db.example.org/site", false, true),
            ("postgres://ada@db.example.org/site?sslmode=require", true, false),
            ("postgres://ada@db.example.org/site?sslmode=disable", true, false),
        ] {
            let server = Server::parse(url).unwrap();
            assert_eq!(server.is_exposed(), is_exposed, "{url}");
            assert_eq!(matches!(server.0.get_ssl_mode(), PgSslMode::VerifyFull), verifies, "{url}");
        }
    }

    #[test]
    fn a_misspelt_parameter_is_named_and_not_overlooked() {
        let error = Server::parse("postgres://ada@localhost/site?sslmod=disable").unwrap_err();
        assert_eq!(error, "there is no parameter `sslmod`");
        assert!(Server::parse("postgres://ada@localhost:port/site").is_err());
    }

    #[test]
    fn a_lost_server_is_away_and_a_broken_rule_is_not() {
        for code in ["57P01", "57P03", "53100", "53300", "40P01", "40001", "08006", "55P03", "57014", "25006"] {
            assert!(is_away(code), "{code}");
        }
        for code in ["23505", "42P01", "22021"] {
            assert!(!is_away(code), "{code}");
        }
    }
}
