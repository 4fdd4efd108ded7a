use std::net::SocketAddr;

use cookie::Key;
use rocket::http::uri::Host;

use crate::settings::{LOOPBACK_NAMES, PublicUrl, Settings};

/// Where this site is and with which keys it seals: what every request is judged by.
pub struct Site {
    public_url: PublicUrl,
    listens_on_loopback: bool,
    /// The key in use first, then those before it.
    keys: Vec<Key>,
}

impl Site {
    /// The site of these settings; `key` is the 32 or 64 bytes in use.
    pub fn new(settings: &Settings, key: &[u8]) -> Self {
        let previous = settings.previous_secret_keys.iter().filter_map(|secret| secret.bytes());
        Self {
            public_url: settings.public_url.clone(),
            listens_on_loopback: settings.listens_on_loopback(),
            keys: std::iter::once(key.to_vec()).chain(previous).map(|bytes| as_rocket_reads(&bytes)).collect(),
        }
    }

    /// Whether people come here by https.
    pub fn is_https(&self) -> bool {
        self.public_url.is_https
    }

    /// The address to tell the operator: what people type, and where we listen for it if that is not the same.
    pub fn tell(&self, listening: SocketAddr) -> String {
        let origin = self.public_url.origin();
        match self.is_https() {
            true => format!("{origin} (listening on {listening})"),
            // Port 0 stands for any that is free.
            false if origin.ends_with(":0") => format!("{}:{}", origin.trim_end_matches(":0"), listening.port()),
            false => origin,
        }
    }

    /// The keys that opened cookies are sealed with: the one in use first.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Whether a request may be meant for us: `public_url`'s host, or a name of this machine where only it can reach us.
    pub fn is_host(&self, host: &Host<'_>) -> bool {
        let name = host.domain().as_str().to_ascii_lowercase();
        let name = name.strip_suffix('.').unwrap_or(&name);
        if self.listens_on_loopback && LOOPBACK_NAMES.contains(&name) {
            return true;
        }
        let own_port = if self.is_https() { 443 } else { 80 };
        match host.port().filter(|port| *port != own_port) {
            Some(port) => format!("{name}:{port}") == self.public_url.host,
            None => name == self.public_url.host,
        }
    }

    /// Whether a page of that origin is one of ours. `host` is the host that the request names.
    pub fn is_origin(&self, origin: &str, host: Option<&Host<'_>>) -> bool {
        if origin == self.public_url.origin() {
            return true;
        }
        // Reached under another name of this machine: then the page came from exactly there.
        let is_loopback = |host: &Host<'_>| LOOPBACK_NAMES.contains(&host.domain().as_str());
        let host = host.filter(|host| self.listens_on_loopback && is_loopback(host));
        host.is_some_and(|host| origin == format!("http://{host}"))
    }
}

/// Rocket derives its keys from 32 bytes and takes 64 as they are; so must we, to open what it sealed.
fn as_rocket_reads(bytes: &[u8]) -> Key {
    match bytes.len() {
        64.. => Key::from(bytes),
        _ => Key::derive_from(bytes),
    }
}
