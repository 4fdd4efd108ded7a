use clap::Args;

use crate::auth::SignUpError;
use crate::cli::open::open_or_make_auth;
use crate::cli::output::print;
use crate::cli::password::ask_for_new;
use crate::cli::stop::{Stop, stop};
use crate::model::{Password, Username};
use crate::settings::Settings;

/// Makes an account, also where signing up is closed. The first one may be made before the first start.
///
/// The password is asked for on the terminal, unseen, or read from the standard input as one line. It must keep the rules
/// of a sign-up.
#[derive(Args)]
pub struct Add {
    /// The new user's name
    name: String,
}

impl Add {
    pub async fn run(self, settings: &Settings) -> Result<(), Stop> {
        let username = Username::choose(&self.name)
            .map_err(|problem| stop(format!("{:?} cannot be a user name. {problem}", self.name)))?;
        let typed = ask_for_new(username.as_str()).await?;
        let password = Password::choose(&typed, &settings.rules.passwords, Some(&username))
            .map_err(|refused| stop(format!("The password is refused. {refused}")))?;

        match open_or_make_auth(settings).await?.make_account(username, password).await {
            Ok(user) => print(format!("{} has an account.", user.username)),
            Err(SignUpError::Failure(failure)) => Err(failure.into()),
            Err(_) => Err(stop(format!("The name {:?} is taken, in this or another spelling.", self.name))),
        }
    }
}
