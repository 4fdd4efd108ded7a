use rocket::figment::value::magic::RelativePathBuf;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use serde_with::{Map, serde_as};

use super::networks::Networks;

/// The settings as they are written, each with its default, in the order of `Rocket.toml`.
#[derive(Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Written {
    pub public_url: Option<String>,
    #[serde(serialize_with = "as_written")]
    pub data_dir: RelativePathBuf,
    pub database_url: Option<String>,
    /// Only its name is from here: Rocket's default is one of zeros, which is no text.
    #[serde(skip_deserializing)]
    pub secret_key: Option<String>,
    pub secret_key_file: Option<RelativePathBuf>,
    pub previous_secret_keys: Vec<String>,
    pub trusted_proxies: Networks,
    pub sign_up: SignUp,
    pub throttle: bool,
    pub password_min_length: usize,
    pub hash_memory_kib: u32,
    pub hash_passes: u32,
    pub hash_threads: Option<usize>,
    pub hash_queue: Option<usize>,
    pub session_idle_minutes: u64,
    pub session_hours: u64,
    pub remember_days: u64,
    pub session_recheck_ms: u64,
    pub metrics_token: Option<String>,
    pub log_requests: bool,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum SignUp {
    Open,
    Closed,
}

impl Default for Written {
    fn default() -> Self {
        Self {
            public_url: None,
            data_dir: RelativePathBuf::from("data"),
            database_url: None,
            secret_key: None,
            secret_key_file: None,
            previous_secret_keys: Vec::new(),
            trusted_proxies: Networks::Many(Vec::new()),
            sign_up: SignUp::Open,
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
pub fn our_keys() -> Vec<String> {
    defaults().into_iter().map(|(key, _)| key).collect()
}

/// The same keys with their defaults; null where one follows from other settings or from the machine.
pub(super) fn defaults() -> Vec<(String, Value)> {
    // A map would not keep their order.
    #[serde_as]
    #[derive(Deserialize)]
    struct Pairs(#[serde_as(as = "Map<_, _>")] Vec<(String, Value)>);

    let written = serde_json::to_string(&Written::default()).expect("text, numbers and lists are JSON");
    serde_json::from_str::<Pairs>(&written).expect("a struct is an object").0
}

/// Without what figment adds to know where the path was written.
fn as_written<S: Serializer>(path: &RelativePathBuf, serializer: S) -> Result<S::Ok, S::Error> {
    path.original().serialize(serializer)
}
