//! `vestibule`: launches the app with the settings of this folder and the environment, or runs a command of the operator's.

use std::io::{Write, stdout};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use clap::Parser;
use rocket::error::ErrorKind;
use rocket::fairing::AdHoc;
use rocket::tokio::time::timeout;
use rocket::tokio::{runtime, select};
use rocket::{Build, Orbit, Rocket};
use tracing::Level;
use vestibule::auth::Auth;
use vestibule::cli::{Command, Program, Task};
use vestibule::web::{InFlight, Site};
use vestibule::{app, cli, log, settings};

/// How long the end waits for the database to take what is still in memory.
const LONGEST_CLOSE: Duration = Duration::from_secs(10);
/// Threads for blocking work, of which this program does next to none.
const MOST_BLOCKING: usize = 16;

fn main() -> ExitCode {
    let ended = match Program::parse().task {
        None | Some(Task::Serve) => start(),
        Some(Task::Operate(command)) => operate(command),
    };
    ended.unwrap_or_else(|sentence| {
        log::tell(&format!("vestibule: {sentence}"));
        ExitCode::from(2)
    })
}

/// Runs the site. Fails with a sentence, and nothing half started.
fn start() -> Result<ExitCode, String> {
    let _log = log::start(Level::INFO);
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
    let _log = log::start(Level::ERROR);
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
    let (rocket, in_flight) = InFlight::watch(rocket.attach(tell));
    let site = match rocket.ignite().await {
        Ok(site) => site,
        Err(error) => return not_served(&error),
    };
    let auth = site.state::<Arc<Auth>>().cloned();
    let longest = Duration::from_secs((site.config().shutdown.grace + site.config().shutdown.mercy).into());

    // Left at once: Rocket would wait for the whole grace where a connection is open at the moment of the signal, and not
    // look again. What listens ends here, and connections end by themselves.
    select! {
        biased;
        () = site.shutdown() => {}
        Err(error) = site.launch() => {
            // The signal came between the two.
            if !matches!(error.kind(), ErrorKind::Shutdown(..)) {
                return not_served(&error);
            }
        }
    }
    let are_answered = in_flight.end(longest).await;
    // Writes down what is still in memory, however the serving ended; a database that is away does not hold up the end.
    if let Some(auth) = auth
        && timeout(LONGEST_CLOSE, auth.close()).await.is_err()
    {
        tracing::warn!("what was still in memory could not be written at the end");
    }
    if are_answered {
        tracing::info!("stopped");
        Ok(ExitCode::SUCCESS)
    } else {
        tracing::warn!("some requests were not answered before the end");
        Ok(ExitCode::FAILURE)
    }
}

fn not_served(error: &rocket::Error) -> Result<ExitCode, String> {
    match error.kind() {
        ErrorKind::Bind(error) => Err(format!("The address cannot be listened on: {error}.")),
        // The fairing that failed has said why.
        ErrorKind::FailedFairings(_) => Ok(ExitCode::from(2)),
        other => Err(format!("{other}.")),
    }
}

fn tell_address(rocket: &Rocket<Orbit>) {
    let listening = SocketAddr::new(rocket.config().address, rocket.config().port);
    if let Some(site) = rocket.state::<Site>() {
        let line = format!("Vestibule is ready at {}", site.tell(listening));
        // In a thread: where nobody reads it, the site serves all the same.
        let _ = thread::Builder::new().spawn(move || writeln!(stdout(), "{line}"));
    }
    let database = rocket.state::<Arc<Auth>>().map(|auth| auth.database_kind());
    tracing::info!(version = env!("CARGO_PKG_VERSION"), %listening, database, "serving");
}
