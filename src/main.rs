//! `vestibule`: launches the app with the settings of this folder and the environment.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use rocket::error::ErrorKind;
use rocket::fairing::AdHoc;
use rocket::tokio::runtime;
use rocket::{Build, Rocket};
use vestibule::auth::Auth;
use vestibule::web::Site;
use vestibule::{app, settings};

/// Threads for blocking work, of which this program does next to none.
const MOST_BLOCKING: usize = 16;

fn main() -> ExitCode {
    log_to_stderr();
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

async fn serve(rocket: Rocket<Build>) -> ExitCode {
    let rocket = rocket.attach(AdHoc::on_liftoff("address", |rocket| {
        Box::pin(async move {
            let listening = SocketAddr::new(rocket.config().address, rocket.config().port);
            if let Some(site) = rocket.state::<Site>() {
                println!("Vestibule is ready at {}", site.tell(listening));
            }
        })
    }));
    match rocket.launch().await {
        Ok(rocket) => {
            close(rocket.state()).await;
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
