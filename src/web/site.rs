use std::net::SocketAddr;

use ipnet::IpNet;
use rocket::Request;
use rocket::http::uri::Host;

use crate::auth::Seal;
use crate::settings::{LOOPBACK_NAMES, MetricsToken, PublicUrl, Settings};

/// Where this site is and with which keys it seals: what every request is judged by.
pub struct Site {
    pub public_url: PublicUrl,
    /// The names that mean this machine, where only it can reach us.
    own_names: Vec<String>,
    /// The networks whose word is taken for whom they forward.
    pub(super) trusted_proxies: Vec<IpNet>,
    /// What opens the metrics, where the operator has set it.
    pub(super) metrics_token: Option<MetricsToken>,
    /// What seals our cookies.
    pub(super) seal: Seal,
}

impl Site {
    /// The site of these settings, with the seal of its keys.
    pub fn new(settings: &Settings, seal: Seal) -> Self {
        Self {
            public_url: settings.public_url.clone(),
            own_names: if settings.listens_on_loopback() {
                LOOPBACK_NAMES.into_iter().map(str::to_owned).chain([settings.address.to_string()]).collect()
            } else {
                Vec::new()
            },
            trusted_proxies: settings.trusted_proxies.clone(),
            metrics_token: settings.metrics_token.clone(),
            seal,
        }
    }

    /// The site that a request came to.
    pub(super) fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.rocket().state().expect("the site is managed before any route is mounted")
    }

    pub fn is_https(&self) -> bool {
        self.public_url.is_https
    }

    /// The address to tell the operator: what people type, and where we listen for it if that is not the same.
    pub fn tell(&self, listening: SocketAddr) -> String {
        let origin = self.public_url.origin();
        if self.is_https() {
            format!("{origin} (listening on {listening})")
        } else if let Some(host) = origin.strip_suffix(":0") {
            // Port 0 stands for any that is free.
            format!("{host}:{}", listening.port())
        } else {
            origin
        }
    }

    /// Whether a request may be meant for us: `public_url`'s host, or any name of this machine where that is what people
    /// type.
    pub fn is_host(&self, host: &Host<'_>) -> bool {
        if !self.is_https() && self.is_own_name(host) {
            return true;
        }
        let name = name_of(host);
        let own_port = if self.is_https() { 443 } else { 80 };
        match host.port().filter(|port| *port != own_port) {
            Some(port) => format!("{name}:{port}") == self.public_url.host,
            None => name == self.public_url.host,
        }
    }

    /// Whether a page of that origin is one of ours; `host` is the host that the request names, which is ours. A page that
    /// came from exactly there is, under whichever of our names.
    pub fn is_origin(&self, origin: &str, host: Option<&Host<'_>>) -> bool {
        let scheme = if self.is_https() { "https" } else { "http" };
        origin == self.public_url.origin() || host.is_some_and(|host| origin == format!("{scheme}://{host}"))
    }

    /// Whether a host is a name of this machine, and only it can reach us.
    pub(super) fn is_own_name(&self, host: &Host<'_>) -> bool {
        self.own_names.contains(&name_of(host))
    }
}

/// A host's name as names are compared; the dot that ends a whole one says nothing (RFC 3986 §3.2.2).
fn name_of(host: &Host<'_>) -> String {
    let name = host.domain().as_str().to_ascii_lowercase();
    name.strip_suffix('.').map(str::to_owned).unwrap_or(name)
}
