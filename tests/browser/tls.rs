//! A proxy that ends TLS, as small as one can be: one request a connection.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

pub struct TlsProxy {
    listener: TcpListener,
    config: Arc<ServerConfig>,
}

impl TlsProxy {
    /// A proxy that listens, with a certificate that it signed itself.
    pub fn new() -> Self {
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("protocols")
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key)
            .expect("a certificate and its key");
        Self { listener: TcpListener::bind(("127.0.0.1", 0)).expect("a free port"), config: Arc::new(config) }
    }

    pub fn address(&self) -> String {
        format!("https://localhost:{}", self.listener.local_addr().expect("an address").port())
    }

    /// Passes everything on to that port, for as long as the test runs.
    pub fn lead_to(self, port: u16) {
        thread::spawn(move || {
            for stream in self.listener.incoming().map_while(Result::ok) {
                let config = self.config.clone();
                // A connection that breaks off is the browser's own business.
                thread::spawn(move || pass_on(stream, config, port).ok());
            }
        });
    }
}

fn pass_on(stream: TcpStream, config: Arc<ServerConfig>, port: u16) -> io::Result<()> {
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut browser = BufReader::new(StreamOwned::new(connection, stream));
    let mut head = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if browser.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        if line == "\r\n" {
            break;
        }
        if !lower.starts_with("connection:") {
            head.push_str(&line);
        }
    }
    let mut body = vec![0; length];
    browser.read_exact(&mut body)?;

    let mut app = TcpStream::connect(("127.0.0.1", port))?;
    write!(app, "{head}Connection: close\r\n\r\n")?;
    app.write_all(&body)?;
    let mut answer = Vec::new();
    app.read_to_end(&mut answer)?;
    let stream = browser.get_mut();
    stream.write_all(&answer)?;
    stream.conn.send_close_notify();
    stream.flush()
}
