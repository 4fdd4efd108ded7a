mod add;
mod import;
mod list;
mod reset_link;

use std::process::ExitCode;

use clap::Subcommand;

use super::open::{find_user, open_auth, open_or_make_auth, read_settings};
use super::output::{count, print};
use super::stop::Stop;
use crate::auth::Auth;

/// What can be done about users.
#[derive(Subcommand)]
pub enum Users {
    /// Show who has an account
    List(list::List),
    /// Make an account, also where signing up is closed
    Add(add::Add),
    /// Close an account: nobody can log in to it, and its sessions end
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
    Import(import::ImportUsers),
    /// Make a one-time address where a user who lost the password sets a new one
    ResetLink(reset_link::ResetLink),
}

impl Users {
    pub async fn run(self) -> Result<ExitCode, Stop> {
        let settings = read_settings()?;
        match self {
            Self::List(list) => list.run(&open_auth(&settings).await?).await?,
            Self::Add(add) => add.run(&settings).await?,
            Self::Disable { name } => disable(&open_auth(&settings).await?, &name).await?,
            Self::Enable { name } => enable(&open_auth(&settings).await?, &name).await?,
            Self::Import(import) => return import.run(&open_or_make_auth(&settings).await?).await,
            Self::ResetLink(link) => link.run(&open_auth(&settings).await?, &settings.public_url).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn disable(auth: &Auth, name: &str) -> Result<(), Stop> {
    let user = find_user(auth, name).await?;
    match auth.disable(user.user_id).await? {
        Some(ended) => print(format!("{} is disabled; {} ended.", user.username, count(ended, "session"))),
        None => print(format!("{} was disabled before.", user.username)),
    }
}

async fn enable(auth: &Auth, name: &str) -> Result<(), Stop> {
    let user = find_user(auth, name).await?;
    if auth.enable(user.user_id).await? {
        print(format!("{} can log in again.", user.username))
    } else {
        print(format!("{} was not disabled.", user.username))
    }
}
