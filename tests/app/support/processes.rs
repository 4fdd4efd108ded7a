//! Several processes on one PostgreSQL.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use tempfile::TempDir;

use super::postgres::{Cluster, database_on, of_this_run};
use super::server::Server;

/// Who could have made it: 64 bytes that are the same in every process.
pub const KEY: &str = "uU3mJ0W8bqvYx2kQ1nR7dZ5sF9hT4gLcP6aEoViKwNyXtBzMjHrDlGpCfSeAuO0I8bqvYx2kQ1nR7dZ5sF9hTw==";
/// How long a process may rely on what it read about a session.
pub const RECHECK: Duration = Duration::from_millis(200);

/// Processes that share a server, each with a folder of its own.
pub struct Site {
    pub cluster: Cluster,
    pub database: String,
    pub folders: Vec<TempDir>,
    pub processes: BTreeMap<usize, Server>,
}

impl Site {
    /// That many; none where there is no PostgreSQL, or where the run is on one already.
    pub fn start(processes: usize) -> Option<Self> {
        if of_this_run().is_some() {
            return None;
        }
        let cluster = Cluster::start()?;
        let folders: Vec<TempDir> = (0..processes).map(|_| tempfile::tempdir().unwrap()).collect();
        let database = database_on(&cluster.address(), folders[0].path());
        let mut site = Self { cluster, database, folders, processes: BTreeMap::new() };
        for n in 0..processes {
            site.processes.insert(n, site.process(n, &[]));
        }
        Some(site)
    }

    pub fn process(&self, n: usize, settings: &[(&str, &str)]) -> Server {
        let recheck = RECHECK.as_millis().to_string();
        let usual = [
            ("ROCKET_DATABASE_URL", self.database.as_str()),
            ("ROCKET_SECRET_KEY", KEY),
            ("ROCKET_SESSION_RECHECK_MS", recheck.as_str()),
            ("ROCKET_HASH_MEMORY_KIB", "7168"),
            ("ROCKET_HASH_PASSES", "5"),
            ("ROCKET_HASH_THREADS", "1"),
            ("ROCKET_HASH_QUEUE", "200"),
        ];
        let settings: Vec<(&str, &str)> = usual.into_iter().chain(settings.iter().copied()).collect();
        Server::start_with(self.folders[n].path(), &settings)
    }

    pub fn any(&self, random: &mut StdRng) -> &Server {
        let one = random.random_range(0..self.processes.len());
        self.processes.values().nth(one).unwrap()
    }
}
