//! The running program on a folder and a port of its own, as tests start it, talk to it and end it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::postgres;
use crate::support::{PASSWORD, encode};

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
        command.envs(settings.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::null());
        Self::of(command.spawn().unwrap())
    }

    /// A program that has just been started.
    pub fn of(mut child: Child) -> Self {
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim_end_matches([')', '\n']).rsplit(':').next().and_then(|port| port.parse().ok());
        Self { child, port: port.unwrap_or_else(|| panic!("no address in {line:?}")) }
    }

    /// Sends bytes, as many as are read, and gives back whatever comes until the program closes or is silent for ten
    /// seconds.
    pub fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        // Whoever sends too much is cut off, perhaps before the end.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        self.raw(request(method, path, &headers, body).as_bytes())
    }

    /// The same where the answer may never come: only one that came whole is one.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Option<String> {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
        exchange(&mut stream, &request(method, path, &headers, body))
    }

    pub fn submit(&self, path: &str, fields: &[(&str, &str)]) -> String {
        self.request("POST", path, &[("Content-Type", "application/x-www-form-urlencoded")], &encode(fields))
    }

    pub fn sign_up(&self, username: &str) -> String {
        let answer = self.submit("/signup", &[("username", username), ("password", PASSWORD)]);
        assert_eq!(status(&answer), 201, "{answer}");
        cookie(&answer)
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

    /// Starts what a command stands for: the program, or one that becomes it.
    pub fn spawn(mut command: Command) -> Self {
        Self::of(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap())
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

fn request(method: &str, path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: application/json\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    )
}

/// Sends a request and reads its answer to the end that the answer itself names; none where it ends before.
pub fn exchange(stream: &mut (impl Read + Write), request: &str) -> Option<String> {
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    let mut some = [0; 16 * 1024];
    while whole(&answer).is_none() {
        match stream.read(&mut some) {
            Ok(0) | Err(_) => return None,
            Ok(read) => answer.extend_from_slice(&some[..read]),
        }
    }
    whole(&answer)
}

fn whole(answer: &[u8]) -> Option<String> {
    let answer = String::from_utf8_lossy(answer).into_owned();
    let (_, body) = answer.split_once("\r\n\r\n")?;
    let length: usize = header(&answer, "Content-Length")?.parse().ok()?;
    (body.len() == length).then_some(answer)
}

pub fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_else(|| panic!("no answer: {answer:?}"))
}

pub fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next().unwrap_or_default();
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// The line that sets or clears the cookie of the session.
pub fn set_cookie(answer: &str) -> &str {
    let head = answer.split("\r\n\r\n").next().unwrap_or_default();
    let sets = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .filter(|(name, _)| name.eq_ignore_ascii_case("Set-Cookie"));
    let is_sessions = |value: &&str| value.split('=').next().is_some_and(|name| name.ends_with("session_id"));
    sets.map(|(_, value)| value).find(is_sessions).unwrap_or_default()
}

pub fn cookie(answer: &str) -> String {
    set_cookie(answer).split(';').next().unwrap_or_default().to_owned()
}
