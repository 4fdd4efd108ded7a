//! What the operator decides: one flat list beside Rocket's own keys, read once, checked whole, refused with a sentence.

mod listing;
mod metrics_token;
mod networks;
mod public_url;
mod refusals;
mod secret;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use rocket::Config;
use rocket::figment::Figment;
use rocket::figment::providers::Serialized;
use rocket::figment::value::magic::RelativePathBuf;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::auth::{HashingRules, Rules};
use crate::model::{PasswordRules, SessionLimits};
use crate::store::Database;

pub use listing::{Listed, Origin, absolute, is_secret, list, origin};
pub use metrics_token::MetricsToken;
use networks::Networks;
pub use public_url::{LOOPBACK_NAMES, PublicUrl};
use refusals::{refuse_unknown, refuse_unsafe};
pub use secret::Secret;

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
    /// The file that it was read from, if it was.
    pub secret_key_file: Option<PathBuf>,
    /// Keys that sealed cookies before it; what they sealed is still opened.
    pub previous_secret_keys: Vec<Secret>,
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// What opens `/metrics` to whoever asks from another machine.
    pub metrics_token: Option<MetricsToken>,
    /// Whether each request makes a line in the log.
    pub log_requests: bool,
    /// What is asked of users and allowed to them.
    pub rules: Rules,
}

/// The settings as they are written, each with its default.
#[derive(Deserialize, Serialize)]
#[serde(default)]
struct Written {
    data_dir: RelativePathBuf,
    database_url: Option<String>,
    secret_key_file: Option<RelativePathBuf>,
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
    metrics_token: Option<MetricsToken>,
    log_requests: bool,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Serialize)]
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
            secret_key_file: None,
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
            metrics_token: None,
            log_requests: false,
        }
    }
}

/// Every key that is ours, beside those of Rocket.
pub const OUR_KEYS: [&str; 20] = [
    "data_dir",
    "database_url",
    "public_url",
    "secret_key",
    "secret_key_file",
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
    "metrics_token",
    "log_requests",
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
        // Requests that were accepted are answered before the end: longer than a login that waits for its hash and twice
        // for the database.
        ("shutdown", json!({ "grace": 13, "mercy": 5 })),
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
            secret_key: secret_key(figment, written.secret_key_file.as_ref())?,
            secret_key_file: written.secret_key_file.as_ref().map(RelativePathBuf::relative),
            previous_secret_keys: written
                .previous_secret_keys
                .into_iter()
                .map(|key| key.checked("previous_secret_keys"))
                .collect::<Result<_, _>>()?,
            trusted_proxies: written.trusted_proxies.read()?,
            metrics_token: written.metrics_token.map(MetricsToken::checked).transpose()?,
            log_requests: written.log_requests,
            public_url,
        })
    }

    /// Where the key is, when it is not the one kept in `data_dir`; for a sentence.
    pub fn key_elsewhere(&self) -> Option<String> {
        match (&self.secret_key_file, &self.secret_key) {
            (Some(file), _) => Some(format!("the file {} of `secret_key_file`", file.display())),
            (None, Some(_)) => Some("the setting `secret_key`".to_owned()),
            (None, None) => None,
        }
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

fn database(url: Option<&str>, data_dir: &std::path::Path) -> Result<Database, BadSetting> {
    let Some(url) = url else { return Ok(Database::Sqlite(data_dir.join("vestibule.db"))) };
    match Database::parse(url) {
        Some(Ok(database)) => Ok(database),
        // Not the address itself: there may be a password in it.
        Some(Err(because)) => Err(bad(format!(
            "`database_url` is wrong: {because}. Write it like postgres://user:password@host:5432/database."
        ))),
        None => Err(bad(
            "`database_url` must be like sqlite:/path/to/file.db or postgres://user:password@host/database, or \
                         be left out."
                .into(),
        )),
    }
}

/// The key that somebody set or put into a file of its own; Rocket's default is one of zeros.
fn secret_key(figment: &Figment, file: Option<&RelativePathBuf>) -> Result<Option<Secret>, BadSetting> {
    let is_set = !is_rockets_default(figment, "secret_key");
    match file {
        Some(_) if is_set => Err(bad("`secret_key` and `secret_key_file` are both set: leave out one of them.".into())),
        Some(file) => {
            let file = file.relative();
            let key = std::fs::read_to_string(&file).map_err(|because| {
                bad(format!("`secret_key_file` names {}, which cannot be read: {because}.", file.display()))
            })?;
            Secret::new(key.trim()).checked("secret_key_file").map(Some)
        }
        None if is_set => {
            let key: Secret = figment.extract_inner("secret_key").map_err(|error| explain(&error))?;
            key.checked("secret_key").map(Some)
        }
        None => Ok(None),
    }
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
        false if key.contains("token") => format!("`{key}` is wrong: write it between quotes."),
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
