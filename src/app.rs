//! How it all becomes a running program.

use std::sync::Arc;
use std::time::Duration;

use rocket::fairing::{AdHoc, Fairing};
use rocket::figment::Figment;
use rocket::figment::providers::Serialized;
use rocket::shield::Shield;
use rocket::tokio::{self, time::sleep};
use rocket::{Build, Rocket};

use crate::auth::{self, Auth, Failure, Seal};
use crate::log;
use crate::model::Clock;
use crate::pages;
use crate::settings::data_dir::{self, DataDirError};
use crate::settings::{self, BadSetting, Settings};
use crate::store::{Database, OpenError, Store};
use crate::web::{CountRequests, Metrics, Site, security_headers, templates};

/// How often what is in memory about the use of sessions is written down, and how many lines of the log were left out.
/// Longer than `session_recheck_ms` can be.
const WRITE_DOWN: Duration = Duration::from_secs(15);
/// How often failed attempts that are in memory are written down.
const WRITE_FAILED_ATTEMPTS: Duration = Duration::from_secs(1);
/// How often what is kept no longer is swept.
const SWEEP: Duration = Duration::from_secs(10 * 60);

/// Why the program does not start, as a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Setting(#[from] BadSetting),
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Database(#[from] OpenError),
    #[error(transparent)]
    Key(#[from] auth::KeyError),
    #[error(transparent)]
    Hashing(#[from] auth::HashingError),
}

/// The app with these settings, ready to launch: Rocket's own figment, or one of [`settings::figment`].
pub fn app(figment: Figment) -> Result<Rocket<Build>, StartError> {
    app_with_clock(figment, Clock::system())
}

/// The same with another clock, so that a test can wait for thirty days.
pub fn app_with_clock(figment: Figment, clock: Clock) -> Result<Rocket<Build>, StartError> {
    let figment = settings::safe_defaults(figment);
    let settings = Settings::read(&figment)?;
    let keys = keys(&settings)?;
    let figment = figment
        .merge(Serialized::global("secret_key", &keys[0]))
        .merge(Serialized::global("template_dir", template_dir(&settings)));
    let seal = Seal::new(keys.iter().map(Vec::as_slice));
    if !settings.rules.throttle {
        tracing::warn!("throttle is off: passwords can be tried as fast as they are hashed; for a benchmark only");
    }
    let site = Site::new(&settings, seal.clone());
    let metrics = Arc::new(Metrics::new(clock.now()));
    Ok(rocket::custom(figment)
        .manage(site)
        .manage(Arc::clone(&metrics))
        // Before all others, so that the time of a request begins when it comes.
        .attach(CountRequests { metrics, log_requests: settings.log_requests })
        .attach(Shield::new())
        .attach(security_headers())
        .attach(templates())
        .attach(opening(settings, seal, clock))
        .attach(upkeep())
        .mount("/", pages::routes())
        .register("/", pages::catchers()))
}

/// The key in use, and then those before it. Makes the folder and the key if they are not there.
fn keys(settings: &Settings) -> Result<Vec<Vec<u8>>, StartError> {
    data_dir::make(&settings.data_dir)?;
    let key = match &settings.secret_key {
        Some(key) => key.clone(),
        None => data_dir::secret_key(&settings.data_dir)?,
    };
    Ok(std::iter::once(&key).chain(&settings.previous_secret_keys).map(|key| key.bytes().to_vec()).collect())
}

/// A debug build reads the templates from the checkout. In a release build they are inside the program; Rocket asks for
/// a folder all the same, and finds no templates in this one.
fn template_dir(settings: &Settings) -> std::path::PathBuf {
    if cfg!(debug_assertions) {
        concat!(env!("CARGO_MANIFEST_DIR"), "/templates").into()
    } else {
        settings.data_dir.clone()
    }
}

/// Opens the database and starts the hashing threads, in the runtime that will serve.
fn opening(settings: Settings, seal: Seal, clock: Clock) -> impl Fairing {
    AdHoc::try_on_ignite("opening", |rocket| async move {
        match open(&settings, seal, clock).await {
            Ok(auth) => Ok(rocket.manage(Arc::new(auth))),
            Err(error) => {
                // Rocket's own error would only name this fairing.
                log::tell(&format!("vestibule: {error}"));
                Err(rocket)
            }
        }
    })
}

async fn open(settings: &Settings, seal: Seal, clock: Clock) -> Result<Auth, StartError> {
    if let Database::Postgres(server) = &settings.database
        && server.is_exposed()
    {
        tracing::warn!(%server, "whoever stands between can read and change what goes to the database: leave `sslmode` out");
    }
    let store = Store::open(&settings.database).await?;
    let auth = Auth::new(store, settings.rules.clone(), seal, clock)?;
    auth.check_key().await?;
    Ok(auth)
}

/// The verbs alone, for the operator's commands: the same database under the same rules, with one hashing thread and without
/// the key, which none of them needs.
pub async fn open_auth(settings: &Settings, clock: Clock) -> Result<Auth, StartError> {
    let store = Store::open(&settings.database).await?;
    let mut rules = settings.rules.clone();
    rules.hashing.threads = 1;
    Ok(Auth::new(store, rules, Seal::new([]), clock)?)
}

/// What goes on beside the requests: writing down failed attempts and when sessions were last used, and sweeping what is
/// kept no longer.
fn upkeep() -> impl Fairing {
    AdHoc::on_liftoff("upkeep", |rocket| {
        Box::pin(async move {
            let auth = rocket.state::<Arc<Auth>>().expect("the opening comes before the liftoff");
            let (failed, seen, swept) = (Arc::clone(auth), Arc::clone(auth), Arc::clone(auth));
            tokio::spawn(async move {
                loop {
                    sleep(WRITE_FAILED_ATTEMPTS).await;
                    failed.write_failed_attempts().await.unwrap_or_else(tell_of);
                }
            });
            tokio::spawn(async move {
                loop {
                    sleep(WRITE_DOWN).await;
                    seen.write_last_seen().await.unwrap_or_else(tell_of);
                    log::tell_of_left_out();
                }
            });
            tokio::spawn(async move {
                loop {
                    sleep(SWEEP).await;
                    swept.sweep().await.map_or_else(tell_of, tell_of_swept);
                }
            });
        })
    })
}

/// What fails here is tried again the next time.
fn tell_of(error: Failure) {
    tracing::warn!(%error, "upkeep has to wait for the next time");
}

fn tell_of_swept(sessions: u64) {
    if sessions > 0 {
        tracing::info!(sessions, "sessions that had run out were swept");
    }
}
