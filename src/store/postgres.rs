//! A PostgreSQL server: for several processes, on one machine or many.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use rocket::tokio::time::timeout;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{AnyConnection, ConnectOptions, Connection, query_scalar};

use super::open::{OpenError, migrate};
use super::{Kind, PATIENCE, Store};

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

/// Where a PostgreSQL server is and how to get in. Never prints its password.
#[derive(Clone)]
pub struct Server {
    address: AnyConnectOptions,
    /// What the address and PostgreSQL's own variables say.
    says: PgConnectOptions,
}

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
        let unreadable = |_| "it cannot be read".to_owned();
        let says = PgConnectOptions::from_str(url).map_err(unreadable)?;
        let address = AnyConnectOptions::from_str(url).map_err(unreadable)?.disable_statement_logging();
        let mut server = Self { address, says };

        server.add("application_name", "vestibule");
        // Without the server's remarks about tables that are there already.
        server.add("options[client_min_messages]", "warning");
        let says_mode = names.contains(&"sslmode") || std::env::var_os("PGSSLMODE").is_some();
        if !says_mode && !is_this_machine(&server.says) {
            server.add("sslmode", "verify-full");
        }
        server.says = PgConnectOptions::from_url(&server.address.database_url).map_err(unreadable)?;
        Ok(server)
    }

    /// Adds a parameter to the address; it wins over one of that name that is there.
    fn add(&mut self, name: &str, value: &str) {
        self.address.database_url.query_pairs_mut().append_pair(name, value);
    }

    /// Whether what is sent to it could be read or changed on the way.
    pub fn is_exposed(&self) -> bool {
        !is_this_machine(&self.says) && !matches!(self.says.get_ssl_mode(), PgSslMode::VerifyFull | PgSslMode::VerifyCa)
    }

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
        let options = &self.says;
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
pub(super) async fn connect(server: &Server) -> Result<AnyConnection, OpenError> {
    install_default_drivers();
    match timeout(CONNECT_PATIENCE, server.address.connect()).await {
        Ok(connected) => connected.map_err(|error| server.refused(&error)),
        Err(_) => Err(server.refused(&"it does not answer")),
    }
}

pub(super) async fn open(server: &Server) -> Result<Store, OpenError> {
    let refused = |error: sqlx::Error| server.refused(&error);
    // The pool would go on trying and then only say that it took too long.
    let mut connection = connect(server).await?;
    let commits: String = query_scalar("SHOW synchronous_commit").fetch_one(&mut connection).await.map_err(refused)?;
    // Without limits of time: another process may be at the same migrations, and then this one waits.
    migrate(&mut connection).await?;
    let _ = connection.close().await;

    let millis = |time: Duration| time.as_millis().to_string();
    let mut limited = server.clone();
    limited.add("options[statement_timeout]", &millis(LONGEST_STATEMENT));
    limited.add("options[lock_timeout]", &millis(PATIENCE));
    limited.add("options[idle_in_transaction_session_timeout]", &millis(LONGEST_STATEMENT));
    if commits == "off" {
        // What was answered must survive, whatever is enough for the other databases of the server.
        limited.add("options[synchronous_commit]", "on");
    }
    let pool = AnyPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
    let pool = pool.connect_with(limited.address).await.map_err(refused)?;
    Ok(Store { kind: Kind::Postgres, readers: pool.clone(), writers: pool })
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
            assert_eq!(matches!(server.says.get_ssl_mode(), PgSslMode::VerifyFull), verifies, "{url}");
        }
    }

    #[test]
    fn a_misspelt_parameter_is_named_and_not_overlooked() {
        let error = Server::parse("postgres://ada@localhost/site?sslmod=disable").unwrap_err();
        assert_eq!(error, "there is no parameter `sslmod`");
        assert!(Server::parse("postgres://ada@localhost:port/site").is_err());
    }
}
