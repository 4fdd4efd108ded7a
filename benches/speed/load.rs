//! Clients that keep their connections and ask as fast as they are answered.

use std::io::{Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rocket::futures::future::try_join_all;
use rocket::tokio::io::{AsyncReadExt, AsyncWriteExt};
use rocket::tokio::net::TcpStream;

use super::server::Server;

/// What clients ask for: how many of them, and what the n-th request is.
#[derive(Clone)]
pub struct Load {
    clients: usize,
    asked: Arc<AtomicU64>,
    request: Arc<dyn Fn(u64) -> Vec<u8>>,
}

/// What came of it.
#[derive(Default)]
pub struct Figures {
    seconds: f64,
    processor: Duration,
    /// How long each answer took.
    waits: Vec<Duration>,
    /// How many were told to come back later.
    refused: u64,
}

/// An open connection.
pub struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

/// What an answer begins with.
pub struct Head(String);

/// The bytes of a GET with more header lines.
pub fn get(path: &str, more: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{more}\r\n").into_bytes()
}

/// The bytes of a POST of JSON.
pub fn post(path: &str, json: &serde_json::Value) -> Vec<u8> {
    let (body, kind) = (json.to_string(), "application/json");
    format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\nAccept: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

impl Load {
    pub fn new(clients: usize, request: impl Fn(u64) -> Vec<u8> + 'static) -> Self {
        Self { clients, asked: Arc::default(), request: Arc::new(request) }
    }
}

/// Asks one server for so long.
pub async fn drive(server: &Server, load: &Load, duration: Duration) -> Result<Figures> {
    let connecting = (0..load.clients).map(|_| Connection::open(server.port));
    let connections = try_join_all(connecting).await?;

    let (began, before) = (Instant::now(), server.processor_time()?);
    let clients = connections.into_iter().map(|mut connection| async move {
        let (mut waits, mut refused) = (Vec::new(), 0);
        while began.elapsed() < duration {
            let request = (load.request)(load.asked.fetch_add(1, Ordering::Relaxed));
            let sent = Instant::now();
            if connection.ask(&request).await?.is_busy() {
                refused += 1;
            } else {
                waits.push(sent.elapsed());
            }
        }
        Ok::<_, Error>((waits, refused))
    });
    let mut figures = Figures::default();
    for (waits, refused) in try_join_all(clients).await? {
        figures.waits.extend(waits);
        figures.refused += refused;
    }
    (figures.seconds, figures.processor) = (began.elapsed().as_secs_f64(), server.processor_time()? - before);
    Ok(figures)
}

impl Connection {
    pub async fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::with_capacity(8_192) })
    }

    /// Sends a request and reads the answer, which must be a success or a 503.
    pub async fn ask(&mut self, request: &[u8]) -> Result<Head> {
        let head = self.exchange(request).await?;
        if !head.is_busy() && !head.0.starts_with("HTTP/1.1 2") {
            return Err(Error::other(format!("the server answers {}", head.0)));
        }
        Ok(head)
    }

    /// Sends a request and reads the answer, whatever it is.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Head> {
        self.stream.write_all(request).await?;
        let head = loop {
            if let Some(end) = self.read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break String::from_utf8_lossy(&self.read.drain(..end + 4).collect::<Vec<_>>()).into_owned();
            }
            self.read_more().await?;
        };
        let head = Head(head);
        let length = head.all("content-length").next().and_then(|length| length.parse().ok()).unwrap_or(0);
        while self.read.len() < length {
            self.read_more().await?;
        }
        self.read.drain(..length);
        Ok(head)
    }

    async fn read_more(&mut self) -> Result<()> {
        match self.stream.read_buf(&mut self.read).await? {
            0 => Err(Error::other("the server closed the connection")),
            _ => Ok(()),
        }
    }
}

impl Head {
    pub fn status(&self) -> u16 {
        self.0.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    /// Whether the server asks to come back later.
    fn is_busy(&self) -> bool {
        self.0.starts_with("HTTP/1.1 503")
    }

    /// The session's cookie, as it is sent back.
    pub fn session_cookie(&self) -> Result<String> {
        let mut cookies = self.all("set-cookie").filter(|cookie| cookie.starts_with("session_id="));
        let cookie = cookies.next().and_then(|cookie| cookie.split(';').next());
        cookie.map(str::to_owned).ok_or_else(|| Error::other("the server gave no session"))
    }

    /// The values of every header of this name.
    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let lines = self.0.lines().filter_map(|line| line.split_once(": "));
        lines.filter(move |(sent, _)| sent.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Figures {
    /// Adds what another round brought.
    pub fn add(&mut self, more: Self) {
        self.seconds += more.seconds;
        self.processor += more.processor;
        self.waits.extend(more.waits);
        self.refused += more.refused;
    }

    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// The same without the processor time, for requests that the server did not answer alone.
    pub fn among_others(self) -> Self {
        Self { processor: Duration::ZERO, ..self }
    }

    pub fn per_second(&self) -> f64 {
        self.waits.len() as f64 / self.seconds
    }

    /// The server's own processor time for one answer.
    pub fn processor_us(&self) -> f64 {
        self.processor.as_secs_f64() * 1e6 / self.waits.len().max(1) as f64
    }

    pub fn p50_ms(&self) -> f64 {
        self.percentile_ms(50)
    }

    pub fn p99_ms(&self) -> f64 {
        self.percentile_ms(99)
    }

    fn percentile_ms(&self, percent: usize) -> f64 {
        let mut waits = self.waits.clone();
        waits.sort_unstable();
        waits.get(waits.len() * percent / 100).map_or(0.0, |wait| wait.as_secs_f64() * 1e3)
    }
}
