//! What the operator decides: one flat list beside Rocket's own keys, read once, checked whole, refused with a sentence.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use rocket::Config;
use rocket::figment::providers::Serialized;
use rocket::figment::value::magic::RelativePathBuf;
use rocket::figment::{Figment, Profile, Provider};
use rocket::http::uri::Absolute;
use serde::Deserialize;
use serde_json::json;

use crate::auth::{HashingRules, Rules};
use crate::model::{PasswordRules, SessionLimits};
use crate::store::Database;

/// Names that mean this machine whoever asks for them.
pub const LOOPBACK_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Rocket's keys that may be set: those that this program reads, or that a test of its own refuses with a reason.
const ROCKET_KEYS: [&str; 10] =
    ["address", "port", "workers", "keep_alive", "ident", "ip_header", "log_level", "cli_colors", "shutdown", "tls"];

/// OWASP's equal choices for Argon2id with one lane: memory in KiB, and passes. Less is refused.
pub const HASHING_FLOORS: [(u32, u32); 5] = [(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5)];

/// A setting that stops the start, as a sentence for the operator that names it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadSetting(String);

/// Everything the operator decided, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address to listen on.
    pub address: IpAddr,
    /// Where the database and the key are kept.
    pub data_dir: PathBuf,
    /// Which database to use.
    pub database: Database,
    /// What people type to come here.
    pub public_url: PublicUrl,
    /// The key that seals cookies, when it is not the one kept in `data_dir`.
    pub secret_key: Option<Secret>,
    /// Keys that sealed cookies before it; what they sealed is still opened.
    pub previous_secret_keys: Vec<Secret>,
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// What is asked of users and allowed to them.
    pub rules: Rules,
}

/// What people type to come here: a scheme, a host and perhaps a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    /// `https`, or `http` for a name of this machine.
    pub is_https: bool,
    /// The host as browsers send it: in lower case, with the port unless it is the scheme's own.
    pub host: String,
}

/// A key as the operator wrote it. Never printed.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

/// The settings as they are written, each with its default.
#[derive(Deserialize)]
#[serde(default)]
struct Written {
    data_dir: RelativePathBuf,
    database_url: Option<String>,
    public_url: Option<String>,
    previous_secret_keys: Vec<Secret>,
    trusted_proxies: Networks,
    sign_up: SignUpSetting,
    throttle: bool,
    password_min_length: usize,
    hash_memory_kib: u32,
    hash_passes: u32,
    hash_threads: Option<usize>,
    hash_queue: Option<usize>,
    session_idle_minutes: u64,
    session_hours: u64,
    remember_days: u64,
    session_recheck_ms: u64,
}

/// Networks or single addresses: a list, or one as it is easily written in the environment.
#[derive(Deserialize)]
#[serde(untagged)]
enum Networks {
    Many(Vec<String>),
    One(String),
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum SignUpSetting {
    Open,
    Closed,
}

impl Default for Written {
    fn default() -> Self {
        Self {
            data_dir: RelativePathBuf::from("data"),
            database_url: None,
            public_url: None,
            previous_secret_keys: Vec::new(),
            trusted_proxies: Networks::Many(Vec::new()),
            sign_up: SignUpSetting::Open,
            throttle: true,
            password_min_length: 15,
            hash_memory_kib: 19_456,
            hash_passes: 2,
            hash_threads: None,
            hash_queue: None,
            session_idle_minutes: 30,
            session_hours: 12,
            remember_days: 30,
            session_recheck_ms: 1_000,
        }
    }
}

/// Every key that is ours, beside those of Rocket.
pub const OUR_KEYS: [&str; 17] = [
    "data_dir",
    "database_url",
    "public_url",
    "secret_key",
    "previous_secret_keys",
    "trusted_proxies",
    "sign_up",
    "throttle",
    "password_min_length",
    "hash_memory_kib",
    "hash_passes",
    "hash_threads",
    "hash_queue",
    "session_idle_minutes",
    "session_hours",
    "remember_days",
    "session_recheck_ms",
];

/// Rocket's own sources (`Rocket.toml`, then `ROCKET_…`) over defaults that are safe for this program.
pub fn figment() -> Figment {
    safe_defaults(Config::figment())
}

/// Replaces those of Rocket's defaults that are not ours, and leaves alone what somebody set.
pub fn safe_defaults(figment: Figment) -> Figment {
    let ours = [
        // Rocket prints whole requests, and with them what only the browser should know (`ROCKET_LOG_LEVEL=debug`).
        ("log_level", json!("off")),
        ("ident", json!(false)),
        // By default Rocket believes `X-Real-IP` from anyone.
        ("ip_header", json!(false)),
        // Requests that were accepted are answered before the end: longer than any of them takes.
        ("shutdown", json!({ "grace": 10, "mercy": 5 })),
    ];
    ours.into_iter()
        .filter(|(key, _)| is_rockets_default(&figment, key))
        .fold(figment.clone(), |figment, (key, value)| figment.merge(Serialized::global(key, value)))
}

/// Whether nobody set the key.
fn is_rockets_default(figment: &Figment, key: &str) -> bool {
    figment.find_metadata(key).is_none_or(|from| from.name.contains("rocket::Config"))
}

impl Settings {
    /// Reads and checks every setting. The first that is wrong is named.
    pub fn read(figment: &Figment) -> Result<Self, BadSetting> {
        refuse_unknown(figment)?;
        // Rocket's own complaint about a key would print the key: it gets another one here, and ours is checked below.
        let any_key = Serialized::global("secret_key", vec![1_u8; 64]);
        let rocket = Config::try_from(figment.clone().merge(any_key)).map_err(|error| explain(&error))?;
        let written: Written = figment.extract().map_err(|error| explain(&error))?;
        refuse_unsafe(figment, &rocket)?;

        let public_url = match &written.public_url {
            Some(url) => PublicUrl::parse(url)?,
            None => PublicUrl::of_this_machine(rocket.address, rocket.port),
        };
        if !rocket.address.is_loopback() && !public_url.is_https {
            return Err(bad(format!(
                "`address` is {}, which others can reach, but `public_url` is not an https address: passwords would travel \
                 in the clear. Set `public_url` to the https address that people type, and let a proxy speak TLS.",
                rocket.address
            )));
        }
        if !written.throttle && !rocket.address.is_loopback() {
            return Err(bad("`throttle` may be false on a loopback address only, for a benchmark.".into()));
        }
        let data_dir = written.data_dir.relative();
        if data_dir.as_os_str().is_empty() {
            return Err(bad("`data_dir` must name a folder.".into()));
        }
        Ok(Self {
            address: rocket.address,
            database: database(written.database_url.as_deref(), &data_dir)?,
            data_dir,
            rules: written.rules(&public_url)?,
            secret_key: secret_key(figment)?,
            previous_secret_keys: written
                .previous_secret_keys
                .into_iter()
                .map(|key| key.checked("previous_secret_keys"))
                .collect::<Result<_, _>>()?,
            trusted_proxies: written.trusted_proxies.read()?,
            public_url,
        })
    }

    /// Whether only this machine can reach us without a proxy.
    pub fn listens_on_loopback(&self) -> bool {
        self.address.is_loopback()
    }
}

impl Written {
    fn rules(&self, public_url: &PublicUrl) -> Result<Rules, BadSetting> {
        within("password_min_length", self.password_min_length as u64, 8, 64)?;
        within("session_idle_minutes", self.session_idle_minutes, 1, 24 * 60)?;
        within("session_hours", self.session_hours, 1, 24 * 30)?;
        within("remember_days", self.remember_days, 1, 400)?;
        within("session_recheck_ms", self.session_recheck_ms, 0, 10_000)?;

        // The host's name, and its parts but the last: of `login.example.org` also `login` and `example`.
        let hostname = public_url.host.rsplit_once(':').map_or(public_url.host.as_str(), |(name, _)| name);
        let parts = hostname.rsplit('.').skip(1).filter(|part| part.len() > 2);
        let site_words = ["vestibule", hostname].into_iter().chain(parts).map(str::to_owned).collect();
        Ok(Rules {
            passwords: PasswordRules { min_length: self.password_min_length, site_words },
            hashing: self.hashing()?,
            sessions: SessionLimits {
                idle: Duration::from_secs(self.session_idle_minutes * 60),
                absolute: Duration::from_secs(self.session_hours * 3_600),
                remembered: Duration::from_secs(self.remember_days * 24 * 3_600),
            },
            session_recheck: Duration::from_millis(self.session_recheck_ms),
            sign_up_is_open: self.sign_up == SignUpSetting::Open,
            throttle: self.throttle,
        })
    }

    fn hashing(&self) -> Result<HashingRules, BadSetting> {
        let (memory_kib, passes) = (self.hash_memory_kib, self.hash_passes);
        within("hash_passes", passes.into(), 1, 10)?;
        if memory_kib > 262_144 {
            return Err(bad("`hash_memory_kib` may be at most 262144 (256 MiB a thread).".into()));
        }
        if !HASHING_FLOORS.iter().any(|floor| memory_kib >= floor.0 && passes >= floor.1) {
            return Err(bad(format!(
                "`hash_memory_kib` = {memory_kib} with `hash_passes` = {passes} is weaker than OWASP's floor for Argon2id. \
                 Use at least 19456 with 2 passes, 47104 with 1, 12288 with 3, 9216 with 4 or 7168 with 5."
            )));
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = self.hash_threads.unwrap_or(cores);
        within("hash_threads", threads as u64, 1, 256)?;
        if let Some(queue) = self.hash_queue {
            within("hash_queue", queue as u64, 1, 100_000)?;
        }
        Ok(HashingRules { memory_kib, passes, threads, queue: self.hash_queue })
    }
}

impl Networks {
    fn read(self) -> Result<Vec<IpNet>, BadSetting> {
        let texts = match self {
            Self::Many(texts) => texts,
            Self::One(text) => text.split(',').map(|text| text.trim().to_owned()).collect(),
        };
        let read = |text: &String| {
            let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            let network = network
                .map_err(|_| bad(format!("`trusted_proxies` names {text:?}, which is no network like 10.0.0.0/8.")))?;
            // Whoever believes everyone lets everyone choose an address.
            match network.prefix_len() {
                0 => Err(bad("`trusted_proxies` may not name the whole world.".into())),
                _ => Ok(network),
            }
        };
        texts.iter().filter(|text| !text.is_empty()).map(read).collect()
    }
}

impl PublicUrl {
    /// What people of this machine type when nothing else is set.
    fn of_this_machine(address: IpAddr, port: u16) -> Self {
        let is_usual = !address.is_loopback()
            || [IpAddr::from([127, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])].contains(&address);
        let name = if is_usual { "localhost".to_owned() } else { address.to_string() };
        Self { is_https: false, host: format!("{name}:{port}") }
    }

    /// Reads `https://example.org`, with a port if need be and nothing behind it.
    fn parse(text: &str) -> Result<Self, BadSetting> {
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

impl Secret {
    /// Makes a secret of what the key file holds.
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The 64 bytes written in base64 (88 characters), or 32 in base64 (44) or hexadecimal (64).
    pub fn bytes(&self) -> Option<Vec<u8>> {
        use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};

        let text = self.0.as_bytes();
        match text.len() {
            44 | 88 => BASE64.decode(text).ok(),
            64 => HEXLOWER_PERMISSIVE.decode(text).ok(),
            _ => None,
        }
    }

    fn checked(self, key: &str) -> Result<Self, BadSetting> {
        let bytes = self.bytes().ok_or_else(|| {
            bad(format!(
                "`{key}` must be 64 random bytes in base64, as `openssl rand -base64 64 | tr -d '\\n'` prints them."
            ))
        })?;
        let kinds: BTreeSet<u8> = bytes.iter().copied().collect();
        if kinds.len() < 16 || self.0 == "hPRYyVRiMyxpw5sBB1XeCMN1kFsDCqKvBi2QJxBVHQk=" {
            return Err(bad(format!("`{key}` is not random, or is the example of a manual. Make one of your own.")));
        }
        Ok(self)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

fn database(url: Option<&str>, data_dir: &std::path::Path) -> Result<Database, BadSetting> {
    let Some(url) = url else { return Ok(Database::Sqlite(data_dir.join("vestibule.db"))) };
    let file = url.strip_prefix("sqlite:").map(|file| file.strip_prefix("//").unwrap_or(file));
    // A database in memory would be another one for each connection.
    match file.filter(|file| !file.is_empty() && !file.starts_with([':', '?']) && !file.contains(['?', '#'])) {
        Some(file) => Ok(Database::Sqlite(file.into())),
        None => Err(bad("`database_url` must be like sqlite:/path/to/file.db, or be left out.".into())),
    }
}

/// The key that somebody set; Rocket's default is one of zeros.
fn secret_key(figment: &Figment) -> Result<Option<Secret>, BadSetting> {
    if is_rockets_default(figment, "secret_key") {
        return Ok(None);
    }
    let key: Secret = figment.extract_inner("secret_key").map_err(|error| explain(&error))?;
    key.checked("secret_key").map(Some)
}

/// A misspelt key, or a section that nobody reads, would silently leave a default in force.
fn refuse_unknown(figment: &Figment) -> Result<(), BadSetting> {
    let data = figment.data().map_err(|error| explain(&error))?;
    let sections =
        [Profile::Default, Profile::Global, Config::DEBUG_PROFILE, Config::RELEASE_PROFILE, figment.profile().clone()];

    for (section, settings) in &data {
        if !sections.contains(section) {
            return Err(bad(format!(
                "There is no section `{section}`: write `default`, `debug` or `release`, or choose it by ROCKET_PROFILE."
            )));
        }
        for key in settings.keys() {
            // Rocket's own defaults are there too, and in the environment the name of the file.
            let is_known = OUR_KEYS.contains(&key.as_str()) || ROCKET_KEYS.contains(&key.as_str());
            let is_rockets = Config::PARAMETERS.contains(&key.as_str()) && is_rockets_default(figment, key);
            if is_known || is_rockets || (key == "config" && is_from_environment(figment, key)) {
                continue;
            }
            let nearest = OUR_KEYS.iter().chain(&ROCKET_KEYS).min_by_key(|known| strsim::levenshtein(known, key));
            let hint = nearest.filter(|known| strsim::levenshtein(known, key) <= 3);
            let hint = hint.map(|known| format!(" Is `{known}` meant?")).unwrap_or_default();
            return Err(bad(format!("There is no setting `{key}`.{hint}")));
        }
    }
    let named: Option<String> = figment.extract_inner("config").ok();
    match named.filter(|file| !std::path::Path::new(file).is_file()) {
        Some(file) => Err(bad(format!("`ROCKET_CONFIG` names {file}, and there is no such file."))),
        None => Ok(()),
    }
}

fn is_from_environment(figment: &Figment, key: &str) -> bool {
    figment.find_metadata(key).is_some_and(|from| from.name.contains("environment"))
}

fn refuse_unsafe(figment: &Figment, rocket: &Config) -> Result<(), BadSetting> {
    if rocket.ip_header.is_some() {
        return Err(bad("`ip_header` must stay false: Rocket would believe that header from anyone.".into()));
    }
    if rocket.log_level == rocket::config::LogLevel::Debug {
        return Err(bad("`log_level` may not be debug: Rocket would print cookies and passwords.".into()));
    }
    if figment.contains("tls") {
        return Err(bad("`tls` is not built in: let a proxy speak TLS.".into()));
    }
    Ok(())
}

/// Says what figment says without a value that may be secret.
fn explain(error: &rocket::figment::Error) -> BadSetting {
    let Some(key) = error.path.first() else {
        // What is no TOML is quoted behind the first line, and the line that is quoted may be that of a key.
        let said = error.kind.to_string();
        let said = said.lines().next().unwrap_or_default();
        let file = error.metadata.as_ref().and_then(|from| from.source.as_ref()).map(|file| format!(" {file}"));
        return bad(format!("The settings{} cannot be read: {said}.", file.unwrap_or_default()));
    };
    bad(match key.contains("secret") {
        true => format!("`{key}` is wrong: write the key, or a list of keys, between quotes."),
        false => format!("`{key}` is wrong: {}.", error.kind),
    })
}

fn within(key: &str, value: u64, least: u64, most: u64) -> Result<(), BadSetting> {
    match (least..=most).contains(&value) {
        true => Ok(()),
        false => Err(bad(format!("`{key}` = {value} must be from {least} to {most}."))),
    }
}

fn bad(sentence: String) -> BadSetting {
    BadSetting(sentence)
}
