//! `vestibule`: launches the app with the settings of this folder and the environment.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use rocket::error::ErrorKind;
use rocket::fairing::AdHoc;
use rocket::tokio::runtime;
use rocket::{Build, Rocket};
use vestibule::auth::Auth;
use vestibule::operator::{self, Command, CommandLine};
use vestibule::web::Site;
use vestibule::{app, open_auth, settings};

/// Threads for blocking work, of which this program does next to none.
const MOST_BLOCKING: usize = 16;

fn main() -> ExitCode {
    let command_line = CommandLine::parse();
    log_to_stderr();
    if let Some(command) = &command_line.command {
        return operate(command);
    }
    let rocket = match app(settings::figment()) {
        Ok(rocket) => rocket,
        Err(error) => return fail(format_args!("{error}")),
    };
    // Not `#[rocket::main]`, which would read the settings by itself and panic about them.
    let workers = rocket.figment().extract_inner("workers").unwrap_or(1_usize).max(1);
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .max_blocking_threads(MOST_BLOCKING)
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(serve(rocket)),
        Err(error) => fail(format_args!("The threads could not be started: {error}.")),
    }
}

/// A command of the operator's, which needs no more than one thread.
fn operate(command: &Command) -> ExitCode {
    let runtime = match runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(format_args!("The threads could not be started: {error}.")),
    };
    runtime.block_on(async {
        let auth = match open_auth(settings::figment()).await {
            Ok(auth) => auth,
            Err(error) => return fail(format_args!("{error}")),
        };
        let status = operator::run(command, &auth).await;
        auth.close().await;
        status
    })
}

async fn serve(rocket: Rocket<Build>) -> ExitCode {
    let rocket = rocket.attach(AdHoc::on_liftoff("address", |rocket| {
        Box::pin(async move {
            let listening = SocketAddr::new(rocket.config().address, rocket.config().port);
            if let Some(site) = rocket.state::<Site>() {
                println!("Vestibule is ready at {}", site.tell(listening));
            }
            let database = rocket.state::<Arc<Auth>>().map(|auth| auth.database_kind());
            tracing::info!(version = env!("CARGO_PKG_VERSION"), %listening, database, "serving");
        })
    }));
    match rocket.launch().await {
        Ok(rocket) => {
            close(rocket.state()).await;
            tracing::info!("stopped");
            ExitCode::SUCCESS
        }
        Err(error) => match error.kind() {
            ErrorKind::Bind(error) => fail(format_args!("The address cannot be listened on: {error}.")),
            // The fairing that failed has said why.
            ErrorKind::FailedFairings(_) => ExitCode::from(2),
            ErrorKind::Shutdown(rocket, _) => {
                tracing::warn!("some requests were not answered before the end");
                close(rocket.state()).await;
                ExitCode::FAILURE
            }
            other => fail(format_args!("{other}.")),
        },
    }
}

/// Writes down what is still in memory, however the serving ended.
async fn close(auth: Option<&Arc<Auth>>) {
    if let Some(auth) = auth {
        auth.close().await;
    }
}

/// One sentence, and nothing half started.
fn fail(sentence: std::fmt::Arguments<'_>) -> ExitCode {
    eprintln!("vestibule: {sentence}");
    ExitCode::from(2)
}

/// Readable lines on a terminal, JSON lines elsewhere: what a user sends cannot make two lines of one.
fn log_to_stderr() {
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(tracing::Level::INFO);
    match std::io::stderr().is_terminal() {
        true => log.init(),
        false => log.json().init(),
    }
}
