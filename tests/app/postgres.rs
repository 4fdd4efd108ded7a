//! A PostgreSQL of the test's own, from the machine's programs: started in a temporary folder, stopped with the test.

use std::io::Write;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::machine;

/// In the environment of a run of the tests on PostgreSQL: the server's address, without a database.
const SERVER: &str = "VESTIBULE_TEST_POSTGRES";

/// The server that this run of the tests is on; none when it is on SQLite.
pub fn of_this_run() -> Option<String> {
    std::env::var(SERVER).ok()
}

/// The address of the database that belongs to a folder, made when it is not there; none when this run is on SQLite.
pub fn database_of(folder: &Path) -> Option<String> {
    of_this_run().map(|server| database_on(&server, folder))
}

/// The same on that server.
pub fn database_on(server: &str, folder: &Path) -> String {
    let name = folder.file_name().expect("a folder").to_string_lossy();
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).flat_map(char::to_lowercase).collect();
    // The temporary folder's name in two spellings may differ in case alone.
    let name = format!("{name}_{}", folder.metadata().map_or(0, |found| found.ino()));
    let made = psql(server, &format!("CREATE DATABASE {name}"));
    assert!(made.is_ok() || made.as_ref().is_err_and(|said| said.contains("already exists")), "{made:?}");
    format!("{server}/{name}")
}

/// Runs SQL there, and gives back what it prints.
pub fn psql(address: &str, sql: &str) -> Result<String, String> {
    let address = if address.matches('/').count() > 2 { address.to_owned() } else { format!("{address}/postgres") };
    let psql = machine::find("postgres", &["psql"]).ok_or("no psql")?.remove(0);
    let done = Command::new(psql).args(["-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-c", sql, &address]).output();
    let done = done.map_err(|error| error.to_string())?;
    match done.status.success() {
        true => Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned()),
        false => Err(String::from_utf8_lossy(&done.stderr).into_owned()),
    }
}

/// A server of its own.
pub struct Cluster {
    folder: TempDir,
    program: PathBuf,
    user: Option<(u32, u32)>,
    port: u16,
    running: Option<Child>,
}

impl Cluster {
    /// Starts one, where the machine has the programs.
    pub fn start() -> Option<Self> {
        let programs = machine::find("postgres", &["postgres", "initdb", "psql"])?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let user = other_user();
        if let Some((uid, gid)) = user {
            chown(folder.path(), Some(uid), Some(gid)).expect("a folder of that user");
        }
        let mut cluster = Self { folder, program: programs[0].clone(), user, port: free_port(), running: None };

        let made = cluster
            .command(&programs[1])
            .args(["--username=vestibule", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", "--pgdata"])
            .arg(cluster.data())
            .output()
            .expect("initdb that runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        cluster.resume();
        Some(cluster)
    }

    /// Where it is, without a database.
    pub fn address(&self) -> String {
        format!("postgres://vestibule@127.0.0.1:{}", self.port)
    }

    /// Starts it again after [`Cluster::stop`].
    pub fn resume(&mut self) {
        let folder = self.folder.path().display();
        let settings = format!(
            "-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories={folder} -c max_connections=300 \
             -c fsync=off -c full_page_writes=off -c autovacuum=off -c shared_buffers=64MB -c log_min_messages=fatal",
            self.port
        );
        // It is stopped when its standard input closes, so that it does not outlive a test that is killed.
        let script = format!(
            "{} -D {} {settings} & server=$!; cat > /dev/null; kill -INT $server; wait $server",
            self.program.display(),
            self.data().display()
        );
        let log = std::fs::File::create(self.folder.path().join("log")).expect("a log");
        let child = self
            .command(Path::new("/bin/sh"))
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("a shell");
        self.running = Some(child);
        for _ in 0..600 {
            if psql(&self.address(), "SELECT 1").is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!(
            "PostgreSQL did not start: {}",
            std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
        );
    }

    /// Stops it at once: its clients are cut off.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.running.take() {
            drop(child.stdin.take());
            child.wait().expect("a shell that ends");
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path());
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
    }
}

/// PostgreSQL refuses to run as root: then it runs as its own user, or as nobody.
fn other_user() -> Option<(u32, u32)> {
    if std::fs::metadata("/proc/self").ok()?.uid() != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let ids = |name: &str| {
        let fields: Vec<&str> = users.lines().find(|line| line.starts_with(&format!("{name}:")))?.split(':').collect();
        Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
    };
    ids("postgres").or_else(|| ids("nobody"))
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// What needs no database, and what is about SQLite's file.
const NOT_ON_POSTGRES: [&str; 12] = [
    "postgres::",
    "documents::",
    "floors::",
    "machine::",
    "settings::",
    "proxies::",
    "faults::",
    "of_a_file",
    "cli::a_command_in_the_wrong_folder",
    "cli::backup",
    "cli::doctor",
    "cli::sessions::ending_all_sessions_ends_more",
];

#[test]
fn the_whole_suite_passes_on_postgresql() {
    if of_this_run().is_some() {
        return;
    }
    let Some(cluster) = Cluster::start() else { return };

    let mut run = Command::new(std::env::current_exe().expect("this program"));
    for name in NOT_ON_POSTGRES {
        run.args(["--skip", name]);
    }
    let done = run.env(SERVER, cluster.address()).output().expect("the tests");

    let said = String::from_utf8_lossy(&done.stdout);
    let _ = writeln!(
        std::io::stderr(),
        "on PostgreSQL: {}",
        said.lines().rev().find(|line| !line.is_empty()).unwrap_or_default()
    );
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
}
