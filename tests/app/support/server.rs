//! The running program on a folder and a port of its own, as tests start it, talk to it and end it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use ureq::Agent;
use ureq::http::{HeaderValue, Request};

use super::{Answer, PASSWORD, encode, postgres};

/// What a form of a browser is sent as.
pub const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// Every request has a connection of its own, and every answer is one, whatever its status.
static AGENT: LazyLock<Agent> = LazyLock::new(|| {
    let settings = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_connections(0)
        .proxy(None)
        .user_agent("")
        .accept("application/json")
        .timeout_global(Some(Duration::from_secs(20)));
    settings.build().into()
});

/// The program on a folder of its own, listening on a port of its own.
pub struct Server {
    pub child: Child,
    pub port: u16,
}

impl Server {
    pub fn start(folder: &TempDir) -> Self {
        Self::start_with(folder.path(), &[])
    }

    pub fn start_with(folder: &Path, settings: &[(&str, &str)]) -> Self {
        let mut command = command(folder);
        command.envs(settings.iter().copied());
        Self::spawn(command)
    }

    /// Starts what a command stands for: the program, or one that becomes it.
    pub fn spawn(command: Command) -> Self {
        Self::spawn_telling(command, Stdio::null())
    }

    /// The same with what it logs in a file.
    pub fn spawn_logging(command: Command, log: &Path) -> Self {
        Self::spawn_telling(command, std::fs::File::create(log).unwrap())
    }

    /// The same with what it logs somewhere else.
    pub fn spawn_telling(mut command: Command, log: impl Into<Stdio>) -> Self {
        Self::of(command.stdout(Stdio::piped()).stderr(log).spawn().unwrap())
    }

    /// A program that has just been started.
    pub fn of(mut child: Child) -> Self {
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim_end_matches([')', '\n']).rsplit(':').next().and_then(|port| port.parse().ok());
        Self { child, port: port.unwrap_or_else(|| panic!("no address in {line:?}")) }
    }

    /// Sends bytes that no client of ours would, as many as are read, and gives back what comes until the program closes
    /// or is silent for ten seconds.
    pub fn raw(&self, bytes: impl AsRef<[u8]>) -> Option<Answer> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        // Whoever sends too much is cut off, perhaps before the end.
        let _ = stream.write_all(bytes.as_ref());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        Answer::read(&answer)
    }

    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.ask(method, path, headers, body).expect("a whole answer")
    }

    /// The same where the answer may never come: only one that came whole is one.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Option<Answer> {
        let address = format!("http://127.0.0.1:{}{path}", self.port);
        let mut request = Request::builder().method(method).uri(address);
        if !headers.iter().any(|(name, _)| *name == "Host") {
            request = request.header("Host", "localhost");
        }
        for (name, value) in headers {
            request = request.header(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let answer =
            if body.is_empty() { AGENT.run(request.body(()).unwrap()) } else { AGENT.run(request.body(body).unwrap()) };
        Answer::received(answer.ok()?)
    }

    pub fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.request("POST", path, &[FORM], &encode(fields))
    }

    pub fn sign_up(&self, username: &str) -> String {
        let answer = self.submit("/signup", &[("username", username), ("password", PASSWORD)]);
        assert_eq!(status(&answer), 201, "{answer}");
        answer.session()
    }

    pub fn who(&self, cookie: &str) -> u16 {
        status(&self.request("GET", "/getusers/me", &[("Cookie", cookie)], ""))
    }

    /// The same where the answer may never come.
    pub fn ask_who(&self, cookie: &str) -> Option<u16> {
        self.ask("GET", "/getusers/me", &[("Cookie", cookie)], "").map(|answer| status(&answer))
    }

    /// As when the power of the machine fails, as far as a process can see.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn terminate(&mut self) -> Option<i32> {
        self.signal(Signal::TERM);
        self.child.wait().unwrap().code()
    }

    pub fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// The most memory that it has ever held.
    pub fn most_memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        send(&self.child, signal);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a program that was started here.
pub fn send(child: &Child, signal: Signal) {
    let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process");
    kill_process(id, signal).expect("a process that runs");
}

/// The program in a folder, with nothing of the environment's settings.
pub fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ROCKET_")) {
        command.env_remove(name);
    }
    command.current_dir(folder).env("ROCKET_PORT", "0");
    if let Some(database) = postgres::database_of(folder) {
        command.env("ROCKET_DATABASE_URL", database);
    }
    command
}

/// What a start that is refused says, in one line, before it ends with status 2.
pub fn refusal(mut command: Command) -> String {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut out).unwrap();
    if !out.is_empty() {
        let _ = child.kill();
    }
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    // What is logged is JSON.
    let said: Vec<&str> = said.lines().filter(|line| !line.starts_with('{')).collect();
    assert_eq!((output.status.code(), out.as_str()), (Some(2), ""), "{said:?}");
    assert!(said.len() == 1 && said[0].starts_with("vestibule: "), "{said:?}");
    said[0].to_owned()
}

/// Sends a request and reads its answer to the end that the answer itself names; none where it ends before.
pub fn exchange(stream: &mut (impl Read + Write), request: &str) -> Option<Answer> {
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    let mut some = [0; 16 * 1024];
    loop {
        if let Some(whole) = Answer::read(&answer).filter(Answer::is_whole) {
            return Some(whole);
        }
        match stream.read(&mut some) {
            Ok(0) | Err(_) => return None,
            Ok(read) => answer.extend_from_slice(&some[..read]),
        }
    }
}

pub fn status(answer: &Answer) -> u16 {
    answer.status.code
}
