//! THE OPERATOR'S COMMANDS: what the operator can ask and do while the site runs, or before it does. One file each; what
//! they do to accounts are verbs of [`crate::auth::Auth`].

mod backup;
mod config;
mod doctor;
mod licences;
mod open;
mod output;
mod password;
mod sessions;
mod stop;
mod users;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The front door of a web site: sign-up, login, members' pages, and the sessions behind them.
///
/// Without a command it runs the site. Every command reads the same settings, from Rocket.toml and from the environment
/// (ROCKET_…): run it in the same folder and as the same user as the site.
#[derive(Parser)]
#[command(name = "vestibule", version)]
pub struct Program {
    /// What to do; without it, `serve`.
    #[command(subcommand)]
    pub task: Option<Task>,
}

#[derive(Subcommand)]
pub enum Task {
    /// Run the site, as without any command
    Serve,
    #[command(flatten)]
    Operate(Command),
}

/// What the operator can ask and do.
#[derive(Subcommand)]
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
    /// Print the licences of everything that is compiled in, to pass on with the program
    Licences,
}

/// Runs a command: its result goes to the standard output, and why there is none to the standard error.
/// The exit status is 0 when it was done, and 2 when it was not; 1 is for a doctor who found something bad, and for an
/// import that refused somebody.
pub async fn run(command: Command) -> ExitCode {
    let done = match command {
        Command::Config(config) => config.run(),
        Command::Users(users) => users.run().await,
        Command::Sessions(sessions) => sessions.run().await,
        Command::Backup(backup) => backup.run().await,
        Command::Doctor(doctor) => doctor.run().await,
        Command::Licences => licences::run(),
    };
    done.unwrap_or_else(|stop| {
        output::tell(&format!("vestibule: {stop}"));
        ExitCode::from(2)
    })
}
