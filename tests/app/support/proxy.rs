//! A real proxy, and the program behind it.

use std::net::TcpStream;
use std::path::Path;
use std::process::Child;

use rustix::process::Signal;
use tempfile::TempDir;

use super::file::{ON_FILE, QUICK};
use super::server::{FORM, Server, exchange, send};
use super::tls::{Certificate, Tls};
use super::{Answer, encode, port, until};

/// A proxy, and the program behind it.
pub struct Site {
    proxy: Child,
    pub server: Option<Server>,
    pub certificate: Certificate,
    pub https: u16,
    pub http: u16,
    pub folder: TempDir,
}

impl Site {
    /// Starts both. `proxy` gets a folder, the ports for https and http, and the program's.
    pub fn start(proxy: impl FnOnce(&Path, u16, u16, u16) -> Child) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let certificate = Certificate::make(folder.path());
        let server = behind_proxy(folder.path(), port::free());
        let (https, http) = (port::free(), port::free());
        let proxy = proxy(folder.path(), https, http, server.port);
        let site = Self { proxy, server: Some(server), certificate, https, http, folder };
        until(|| TcpStream::connect(("127.0.0.1", https)).is_ok());
        site
    }

    pub fn connect(&self) -> Tls {
        self.certificate.connect(self.https, &[b"http/1.1"])
    }

    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        exchange(&mut self.connect(), &request(method, path, headers, body)).expect("a whole answer")
    }

    pub fn submit(&self, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![FORM, ("Origin", "https://example.org")];
        all.extend(headers);
        self.request("POST", path, &all, &encode(fields))
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // Not killed: the workers of nginx would stay.
        send(&self.proxy, Signal::TERM);
        let _ = self.proxy.wait();
    }
}

/// The program with the settings that the files tell of.
pub fn behind_proxy(folder: &Path, port: u16) -> Server {
    let port = port.to_string();
    let settings = [
        QUICK[0],
        QUICK[1],
        ON_FILE,
        ("ROCKET_PORT", port.as_str()),
        ("ROCKET_PUBLIC_URL", "https://example.org"),
        ("ROCKET_TRUSTED_PROXIES", "127.0.0.1/32"),
    ];
    Server::start_with(folder, &settings)
}

/// A file of `deploy/` with other words in the place of some; each must be there.
pub fn deployed(file: &str, others: &[(&str, String)]) -> String {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(file)).unwrap();
    others.iter().fold(text, |text, (words, other)| {
        assert!(text.contains(words), "deploy/{file} does not say {words:?}");
        text.replace(words, other)
    })
}

/// A request to the public name; `Host` may be among the headers.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let length = body.len();
    let host = headers.iter().find(|(name, _)| *name == "Host").map_or("example.org", |(_, host)| host);
    let others = headers.iter().filter(|(name, _)| *name != "Host");
    let headers: String = others.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    )
}
