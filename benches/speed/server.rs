//! A server in a process of its own, and what it costs.

use std::fs;
use std::io::{Error, Result};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rocket::tokio::time::sleep;
use rustix::process::{Pid, Signal, kill_process};

use super::load::{Connection, get};

const BINARY: &str = env!("CARGO_BIN_EXE_vestibule");

/// Linux counts processor time in hundredths of a second on every machine (USER_HZ).
const TICKS_A_SECOND: f64 = 100.0;

/// A running server; it ends with this value.
pub struct Server {
    process: Child,
    pub port: u16,
    /// From the start to the first answer.
    pub started_in: Duration,
}

impl Server {
    /// The release server on a folder of its own.
    pub async fn app(folder: &Path, database_url: Option<&str>) -> Result<Self> {
        let database = database_url.map(|url| ("ROCKET_DATABASE_URL", url));
        Self::with_settings(folder, [("ROCKET_THROTTLE", "false")].into_iter().chain(database)).await
    }

    /// The same as it is when many come from everywhere: their addresses are told by a proxy, and tries are counted.
    pub async fn in_throng(folder: &Path) -> Result<Self> {
        Self::with_settings(folder, [("ROCKET_TRUSTED_PROXIES", "[\"127.0.0.1/32\"]")]).await
    }

    async fn with_settings(folder: &Path, settings: impl IntoIterator<Item = (&str, &str)>) -> Result<Self> {
        let port = free_port()?;
        let mut command = Command::new(BINARY);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ROCKET_")) {
            command.env_remove(name);
        }
        command
            .env("ROCKET_PORT", port.to_string())
            .env("ROCKET_DATA_DIR", folder.join("data"))
            .envs(settings)
            .current_dir(folder);
        Self::start(command, port).await
    }

    /// This very program, as the floor.
    pub async fn floor(folder: &Path) -> Result<Self> {
        let port = free_port()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--floor", &port.to_string()]).current_dir(folder);
        Self::start(command, port).await
    }

    async fn start(mut command: Command, port: u16) -> Result<Self> {
        const PATIENCE: Duration = Duration::from_secs(60);

        let log = fs::File::create(command.get_current_dir().unwrap_or(Path::new(".")).join("log"))?;
        let began = Instant::now();
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?;
        let mut server = Self { process, port, started_in: Duration::ZERO };
        loop {
            if let Ok(mut connection) = Connection::open(port).await {
                connection.ask(&get("/", "")).await?;
                server.started_in = began.elapsed();
                return Ok(server);
            }
            if server.process.try_wait()?.is_some() || began.elapsed() > PATIENCE {
                return Err(Error::other("a server did not start"));
            }
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// Requests of the floor with its private cookie.
    pub async fn with_cookie(&self, path: &'static str) -> Result<impl Fn(u64) -> Vec<u8> + 'static> {
        let cookie = Connection::open(self.port).await?.ask(&get("/set", "")).await?.session_cookie()?;
        Ok(move |_| get(path, &format!("Accept: text/html\r\nCookie: {cookie}\r\n")))
    }

    /// The processor time of all its threads so far, its own and the system's for it.
    pub fn processor_time(&self) -> Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // The name of the program stands in brackets, and may hold anything.
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks: f64 =
            after_name.split_whitespace().skip(11).take(2).filter_map(|part| part.parse::<f64>().ok()).sum();
        Ok(Duration::from_secs_f64(ticks / TICKS_A_SECOND))
    }

    /// What it has in memory now.
    pub fn memory_mib(&self) -> Result<f64> {
        self.status_mib("VmRSS:")
    }

    /// The most it ever had in memory.
    pub fn most_memory_mib(&self) -> Result<f64> {
        self.status_mib("VmHWM:")
    }

    /// How many files and connections it has open.
    pub fn descriptors(&self) -> Result<usize> {
        Ok(fs::read_dir(format!("/proc/{}/fd", self.process.id()))?.count())
    }

    /// Asks it to stop, and tells how long that took.
    pub async fn stop(mut self) -> Result<Duration> {
        let began = Instant::now();
        let id = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw).ok_or(Error::other("no process"))?;
        kill_process(id, Signal::TERM)?;
        loop {
            match self.process.try_wait()? {
                Some(status) if status.success() => return Ok(began.elapsed()),
                Some(status) => {
                    return Err(Error::other(format!("a server that was asked to stop ended with {status}")));
                }
                None => sleep(Duration::from_millis(10)).await,
            }
        }
    }

    fn status_mib(&self, name: &str) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib: Option<f64> = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        kib.map(|kib| kib / 1_024.0).ok_or_else(|| Error::other("the system does not say how much memory is used"))
    }

    pub fn binary_mib() -> Result<f64> {
        Ok(fs::metadata(BINARY)?.len() as f64 / 1_048_576.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // What was acknowledged survives even this.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
