//! `vestibule users`

mod add;
mod import;
mod list;
mod reset_link;

use std::process::ExitCode;

use clap::Subcommand;

use super::output::print;
use super::{Stop, count, user, verbs};

/// What can be done about users.
#[derive(Debug, Subcommand)]
pub enum Users {
    /// Show who has an account
    List(list::List),
    /// Make an account, also where signing up is closed
    Add(add::Add),
    /// Close an account: nobody can sign in to it, and its sessions end
    Disable {
        /// The user's name
        name: String,
    },
    /// Open an account again that was disabled
    Enable {
        /// The user's name
        name: String,
    },
    /// Take in the users of another system, with their password hashes
    Import(import::ImportArgs),
    /// Make a one-time address where a user who lost the password sets a new one
    ResetLink(reset_link::ResetLink),
}

impl Users {
    pub(super) async fn run(self) -> Result<ExitCode, Stop> {
        match self {
            Self::List(list) => list.run().await?,
            Self::Add(add) => add.run().await?,
            Self::Disable { name } => disable(&name).await?,
            Self::Enable { name } => enable(&name).await?,
            Self::Import(import) => return import.run().await,
            Self::ResetLink(link) => link.run().await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn disable(name: &str) -> Result<(), Stop> {
    let auth = verbs().await?;
    let found = user(&auth, name).await?;
    let name = found.user.username;
    match auth.disable(found.user.user_id).await? {
        Some(ended) => print(format!("{name} is disabled; {} ended.", count(ended, "session"))),
        None => print(format!("{name} was disabled before.")),
    }
}

async fn enable(name: &str) -> Result<(), Stop> {
    let auth = verbs().await?;
    let found = user(&auth, name).await?;
    let name = found.user.username;
    match auth.enable(found.user.user_id).await? {
        true => print(format!("{name} can sign in again.")),
        false => print(format!("{name} was not disabled.")),
    }
}
