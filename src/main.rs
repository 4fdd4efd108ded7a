//! `vestibule`: launches the app with the settings of this folder and the environment, or runs a command of the operator's.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use rocket::error::ErrorKind;
use rocket::fairing::AdHoc;
use rocket::tokio::runtime;
use rocket::tokio::time::sleep;
use rocket::{Build, Orbit, Rocket};
use tracing::Level;
use vestibule::auth::Auth;
use vestibule::cli::{Command, Program, Task};
use vestibule::web::Site;
use vestibule::{app, cli, settings};

/// Threads for blocking work, of which this program does next to none.
const MOST_BLOCKING: usize = 16;

fn main() -> ExitCode {
    let ended = match Program::parse().task {
        None | Some(Task::Serve) => start(),
        Some(Task::Operate(command)) => operate(command),
    };
    ended.unwrap_or_else(|sentence| {
        eprintln!("vestibule: {sentence}");
        ExitCode::from(2)
    })
}

/// Runs the site. Fails with a sentence, and nothing half started.
fn start() -> Result<ExitCode, String> {
    log_to_stderr(Level::INFO);
    let rocket = app(settings::figment()).map_err(|error| error.to_string())?;
    // Not `#[rocket::main]`, which would read the settings by itself and panic about them.
    let workers = rocket.figment().extract_inner("workers").unwrap_or(1_usize).max(1);
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .max_blocking_threads(MOST_BLOCKING)
        .enable_all()
        .build()
        .map_err(no_threads)?;
    runtime.block_on(serve(rocket))
}

/// Runs a command of the operator's.
fn operate(command: Command) -> Result<ExitCode, String> {
    // What there is to say it says itself.
    log_to_stderr(Level::ERROR);
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(no_threads)?;
    let status = runtime.block_on(cli::run(command));
    // One that was interrupted may still wait for a line to be typed.
    runtime.shutdown_background();
    Ok(status)
}

fn no_threads(error: std::io::Error) -> String {
    format!("The threads could not be started: {error}.")
}

async fn serve(rocket: Rocket<Build>) -> Result<ExitCode, String> {
    let tell = AdHoc::on_liftoff("address", |rocket| Box::pin(async move { tell_address(rocket) }));
    let (auth, are_answered) = match rocket.attach(tell).launch().await {
        Ok(rocket) => (rocket.state::<Arc<Auth>>().cloned(), true),
        Err(error) => match error.kind() {
            ErrorKind::Bind(error) => return Err(format!("The address cannot be listened on: {error}.")),
            // The fairing that failed has said why.
            ErrorKind::FailedFairings(_) => return Ok(ExitCode::from(2)),
            ErrorKind::Shutdown(rocket, _) => (rocket.state().cloned(), are_answered(rocket).await),
            other => return Err(format!("{other}.")),
        },
    };
    // Writes down what is still in memory, however the serving ended.
    if let Some(auth) = auth {
        auth.close().await;
    }
    if are_answered {
        tracing::info!("stopped");
        Ok(ExitCode::SUCCESS)
    } else {
        tracing::warn!("some requests were not answered before the end");
        Ok(ExitCode::FAILURE)
    }
}

fn tell_address(rocket: &Rocket<Orbit>) {
    let listening = SocketAddr::new(rocket.config().address, rocket.config().port);
    if let Some(site) = rocket.state::<Site>() {
        println!("Vestibule is ready at {}", site.tell(listening));
    }
    let database = rocket.state::<Arc<Auth>>().map(|auth| auth.database_kind());
    tracing::info!(version = env!("CARGO_PKG_VERSION"), %listening, database, "serving");
}

/// Waits for the requests that are in flight, as long as Rocket would. It does not where the signal comes between two
/// looks of its own: then it returns at once (`http_server` in its server.rs, where the server ends before the shutdown
/// is seen).
async fn are_answered(rocket: &Arc<Rocket<Orbit>>) -> bool {
    let shutdown = &rocket.config().shutdown;
    let until = Instant::now() + Duration::from_secs((shutdown.grace + shutdown.mercy).into());
    // Every connection holds the site.
    while Arc::strong_count(rocket) > 1 {
        if Instant::now() > until {
            return false;
        }
        sleep(Duration::from_millis(20)).await;
    }
    true
}

/// Readable lines on a terminal, JSON lines elsewhere: what a user sends cannot make two lines of one.
fn log_to_stderr(most: Level) {
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(most);
    if std::io::stderr().is_terminal() {
        log.init();
    } else {
        log.json().init();
    }
}
