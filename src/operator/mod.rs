//! What the operator does beside serving, on the command line.

pub mod import;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::auth::Auth;

/// The front door of a web site. Without a command it serves.
#[derive(Parser)]
#[command(version)]
pub struct CommandLine {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What there is to do.
#[derive(Subcommand)]
pub enum Command {
    /// The people who have an account.
    #[command(subcommand)]
    Users(Users),
}

/// What can be done with users.
#[derive(Subcommand)]
pub enum Users {
    /// Takes users of another system in, with their password hashes.
    Import(import::ImportArgs),
}

/// Does what was asked for, and says with which status the program ends.
pub async fn run(command: &Command, auth: &Auth) -> ExitCode {
    let Command::Users(Users::Import(args)) = command;
    match import::run(args, auth).await {
        Ok(imported) => imported.exit_code(),
        Err(error) => {
            eprintln!("vestibule: {error}");
            ExitCode::from(2)
        }
    }
}
