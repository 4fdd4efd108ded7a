use std::net::IpAddr;

use rocket::http::uri::Absolute;

use super::bad_setting::{BadSetting, bad};

/// Names that mean this machine whoever asks for them.
pub const LOOPBACK_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// What people type to come here: a scheme, a host and perhaps a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    /// `https`, or `http` for a name of this machine.
    pub is_https: bool,
    /// The host as browsers send it: in lower case, with the port unless it is the scheme's own.
    pub host: String,
}

impl PublicUrl {
    /// What people of this machine type when nothing else is set.
    pub(super) fn of_this_machine(address: IpAddr, port: u16) -> Self {
        let is_usual = !address.is_loopback()
            || [IpAddr::from([127, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])].contains(&address);
        let name = if is_usual { "localhost".to_owned() } else { address.to_string() };
        Self { is_https: false, host: format!("{name}:{port}") }
    }

    /// Reads `https://example.org`, with a port if need be and nothing behind it.
    pub(super) fn parse(text: &str) -> Result<Self, BadSetting> {
        let wrong = |because: &str| bad(format!("`public_url` = {text:?} {because}"));
        let url = Absolute::parse(text).map_err(|_| wrong("is not an address like https://example.org."))?;
        let authority = url.authority().ok_or_else(|| wrong("names no host."))?;
        if authority.user_info().is_some() || url.query().is_some() || !matches!(url.path().as_str(), "" | "/") {
            return Err(wrong("may hold a scheme, a host and a port, and nothing else."));
        }
        let host = authority.host().to_ascii_lowercase();
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        let is_v6 = host.starts_with('[') && host.ends_with(']');
        if !is_v6 && (host.is_empty() || !host.chars().all(is_name) || host.starts_with(['.', '-'])) {
            return Err(wrong("names no host that browsers could send."));
        }
        let is_loopback = LOOPBACK_NAMES.contains(&host.as_str());
        let (is_https, own_port) = match url.scheme().to_ascii_lowercase().as_str() {
            "https" => (true, 443),
            "http" if is_loopback => (false, 80),
            "http" => return Err(wrong("must be https: passwords would travel in the clear.")),
            _ => return Err(wrong("must be https.")),
        };
        let port = authority.port().filter(|port| *port != own_port);
        let host = port.map_or(host.clone(), |port| format!("{host}:{port}"));
        Ok(Self { is_https, host })
    }

    /// The origin that browsers name when they come from here (RFC 6454).
    pub fn origin(&self) -> String {
        let scheme = if self.is_https { "https" } else { "http" };
        format!("{scheme}://{}", self.host)
    }
}
