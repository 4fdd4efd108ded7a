//! The running program, on a folder and a port of its own.

use std::io::{BufRead, BufReader};
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
        let login = ureq::post(format!("{}/login", self.address()))
            .header("User-Agent", user_agent)
            .header("Content-Type", "application/json");
        let login = login.config().http_status_as_error(false).build();
        let body = json!({ "username": name, "password": password }).to_string();
        login.send(body).expect("the program answers").status().as_u16()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
