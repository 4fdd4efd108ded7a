//! The running program, on a folder and a port of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::json;
use tempfile::TempDir;

/// The program that a browser talks to. Ends with the test.
pub struct Site {
    child: Child,
    pub port: u16,
    folder: TempDir,
}

impl Site {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    pub fn start_with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut child = Command::new(env!("CARGO_BIN_EXE_vestibule"))
            .current_dir(folder.path())
            .env_remove("ROCKET_CONFIG")
            .env("ROCKET_PORT", "0")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("its first line");
        let port = line.trim_end_matches([')', '\n']).rsplit(':').next().and_then(|port| port.parse().ok());
        Self { child, port: port.unwrap_or_else(|| panic!("no address in {line:?}")), folder }
    }

    pub fn address(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// What the operator's command says on this machine.
    pub fn operator(&self, arguments: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_vestibule"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("ROCKET_CONFIG")
            .env("ROCKET_PUBLIC_URL", self.address())
            .output()
            .expect("the program starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// A program that calls itself this logs in; gives the status of the answer.
    pub fn log_in(&self, name: &str, password: &str, user_agent: &str) -> u16 {
        let body = json!({ "username": name, "password": password }).to_string();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the program listens");
        write!(
            stream,
            "POST /login HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\nUser-Agent: {user_agent}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.port,
            body.len()
        )
        .expect("the program reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the program answers");
        answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
