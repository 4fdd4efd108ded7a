//! The commands of the program: what the operator can ask and do while the site runs, or before it does. One file each;
//! what they do to accounts are verbs of [`Auth`].

mod backup;
mod config;
mod doctor;
mod output;
mod password;
mod sessions;
mod table;
mod users;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::app::{self, StartError};
use crate::auth::{Auth, Failure, Found};
use crate::model::Clock;
use crate::settings::data_dir::{self, DataDirError};
use crate::settings::{self, BadSetting, Settings, absolute};

/// The front door of a web site: sign-up, login, members' pages, and the sessions behind them.
///
/// Without a command it runs the site. Every command reads the same settings, from Rocket.toml and from the environment
/// (ROCKET_…): run it in the same folder and as the same user as the site.
#[derive(Debug, Parser)]
#[command(name = "vestibule", version)]
pub struct Program {
    /// What to do; without it, `serve`.
    #[command(subcommand)]
    pub task: Option<Task>,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Run the site, as without any command
    Serve,
    /// Do something for the operator.
    #[command(flatten)]
    Operate(Command),
}

/// What the operator can ask and do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show every setting, its value and where it came from
    Config(config::Config),
    /// List, add, disable and enable users, or let one set a new password
    #[command(subcommand)]
    Users(users::Users),
    /// List sessions, or end them
    #[command(subcommand)]
    Sessions(sessions::Sessions),
    /// Copy the database while the site runs, and check the copy
    Backup(backup::Backup),
    /// Look for what is wrong with the settings, the files and the machine; changes nothing
    Doctor(doctor::Doctor),
}

/// Why a command was not done, as a sentence for the operator.
#[derive(Debug)]
struct Stop(String);

/// Runs a command: its result goes to the standard output, and why there is none to the standard error.
/// The exit status is 0 when it was done, and 2 when it was not; 1 is for a doctor who found something bad.
pub async fn run(command: Command) -> ExitCode {
    let done = match command {
        Command::Config(config) => config.run(),
        Command::Users(users) => users.run().await,
        Command::Sessions(sessions) => sessions.run().await,
        Command::Backup(backup) => backup.run().await,
        Command::Doctor(doctor) => doctor.run().await,
    };
    done.unwrap_or_else(|Stop(sentence)| {
        output::tell(&format!("vestibule: {sentence}"));
        ExitCode::from(2)
    })
}

fn settings() -> Result<Settings, Stop> {
    Ok(Settings::read(&settings::figment())?)
}

/// The verbs on a database that is there: a slip in the folder's name shall not make another site.
async fn verbs() -> Result<Auth, Stop> {
    let settings = settings()?;
    database_is_there(&settings)?;
    Ok(app::open_auth(&settings, Clock::system()).await?)
}

/// The verbs on a database that is made when it is not there, with all else that the first start would make.
async fn verbs_on_a_new_one() -> Result<Auth, Stop> {
    let settings = settings()?;
    data_dir::make(&settings.data_dir)?;
    if settings.secret_key.is_none() {
        data_dir::secret_key(&settings.data_dir)?;
    }
    Ok(app::open_auth(&settings, Clock::system()).await?)
}

fn database_is_there(settings: &Settings) -> Result<(), Stop> {
    let Some(file) = settings.database.missing_file() else { return Ok(()) };
    Err(Stop(format!(
        "There is no database at {}. Run this where the site runs and with its settings: `vestibule config` shows them.",
        absolute(file).display()
    )))
}

/// Whoever has that name.
async fn user(auth: &Auth, name: &str) -> Result<Found, Stop> {
    let found = auth.find_user(name).await?;
    found.ok_or_else(|| Stop(format!("Nobody is called {name:?}. `vestibule users list --search TEXT` finds names.")))
}

/// A number with its noun.
fn count(number: impl Into<i128>, noun: &str) -> String {
    let number = number.into();
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{s}")
}

impl From<BadSetting> for Stop {
    fn from(error: BadSetting) -> Self {
        Self(error.to_string())
    }
}

impl From<DataDirError> for Stop {
    fn from(error: DataDirError) -> Self {
        Self(error.to_string())
    }
}

impl From<StartError> for Stop {
    fn from(error: StartError) -> Self {
        Self(error.to_string())
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self(format!("This could not be done now: {failure}. `vestibule doctor` looks for the cause."))
    }
}
