use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use rocket::Config;
use rocket::figment::Figment;
use rocket::figment::providers::Serialized;
use rocket::figment::value::magic::RelativePathBuf;

use super::bad_setting::{BadSetting, bad, explain};
use super::public_url::PublicUrl;
use super::refusals::{refuse_exposed, refuse_unknown, refuse_unsafe};
use super::rules::rules;
use super::secret::{MetricsToken, Secret};
use super::sources::is_default;
use super::written::Written;
use crate::auth::Rules;
use crate::model::{only_file, shown};
use crate::store::Database;

/// Everything the operator decided, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address to listen on.
    pub address: IpAddr,
    /// Where the database and the key are kept.
    pub data_dir: PathBuf,
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

impl Settings {
    /// Reads and checks every setting. The first that is wrong is named.
    pub fn read(figment: &Figment) -> Result<Self, BadSetting> {
        refuse_unknown(figment)?;
        // Rocket's own complaint about a key would print the key: it gets another one here, and ours is checked below.
        let any_key = Serialized::global("secret_key", vec![1_u8; 64]);
        let rocket = Config::try_from(figment.clone().merge(any_key)).map_err(explain)?;
        let written: Written = figment.extract().map_err(explain)?;
        let public_url = match &written.public_url {
            Some(url) => PublicUrl::parse(url)?,
            None => PublicUrl::of_this_machine(rocket.address, rocket.port),
        };
        refuse_unsafe(figment, &rocket)?;
        refuse_exposed(&rocket, &public_url, written.throttle)?;

        let data_dir = data_dir(&written.data_dir)?;
        let secret_key_file = written.secret_key_file.as_ref().map(RelativePathBuf::relative);
        let previous_keys = written.previous_secret_keys.iter().map(|key| Secret::parse("previous_secret_keys", key));
        Ok(Self {
            address: rocket.address,
            database: database(written.database_url.as_deref(), &data_dir)?,
            data_dir,
            rules: rules(&written, &public_url)?,
            public_url,
            secret_key: secret_key(figment, secret_key_file.as_deref())?,
            secret_key_file,
            previous_secret_keys: previous_keys.collect::<Result<_, _>>()?,
            trusted_proxies: written.trusted_proxies.read()?,
            metrics_token: written.metrics_token.map(MetricsToken::parse).transpose()?,
            log_requests: written.log_requests,
        })
    }

    /// Where the key is, when it is not the one kept in `data_dir`; for a sentence.
    pub fn key_elsewhere(&self) -> Option<String> {
        match (&self.secret_key_file, &self.secret_key) {
            (Some(file), _) => Some(format!("the file {} of `secret_key_file`", shown(file))),
            (None, Some(_)) => Some("the setting `secret_key`".to_owned()),
            (None, None) => None,
        }
    }

    /// Whether only this machine can reach us without a proxy.
    pub fn listens_on_loopback(&self) -> bool {
        self.address.is_loopback()
    }
}

fn data_dir(written: &RelativePathBuf) -> Result<PathBuf, BadSetting> {
    let folder = written.relative();
    if folder.as_os_str().is_empty() { Err(bad("`data_dir` must name a folder.")) } else { Ok(folder) }
}

fn database(url: Option<&str>, data_dir: &Path) -> Result<Database, BadSetting> {
    let Some(url) = url else { return Ok(Database::Sqlite(data_dir.join("vestibule.db"))) };
    match Database::parse(url) {
        Some(Ok(database)) => Ok(database),
        // Not the address itself: there may be a password in it.
        Some(Err(because)) => Err(bad(format!(
            "`database_url` is wrong: {because}. Write it like postgres://user:password@host:5432/database."
        ))),
        None => Err(bad(
            "`database_url` must be like sqlite:/path/to/file.db or postgres://user:password@host/database, or be left out.",
        )),
    }
}

/// The key that somebody set or put into a file of its own.
fn secret_key(figment: &Figment, file: Option<&Path>) -> Result<Option<Secret>, BadSetting> {
    let is_set = !is_default(figment, "secret_key");
    match file {
        Some(_) if is_set => Err(bad("`secret_key` and `secret_key_file` are both set: leave out one of them.")),
        Some(file) => {
            let key = only_file(file).and_then(|_| fs::read_to_string(file)).map_err(|because| {
                bad(format!("`secret_key_file` names {}, which cannot be read: {because}.", shown(file)))
            })?;
            Secret::parse("secret_key_file", key.trim()).map(Some)
        }
        None if is_set => {
            let key: String = figment.extract_inner("secret_key").map_err(explain)?;
            Secret::parse("secret_key", &key).map(Some)
        }
        None => Ok(None),
    }
}
