use clap::Args;

use super::super::output::print;
use super::super::password::ask_for_new;
use super::super::{Stop, settings, verbs_on_a_new_one};
use crate::auth::MakeAccountError;
use crate::model::{Password, Username};

/// Makes an account, also where signing up is closed. The first one may be made before the first start.
///
/// The password is asked for on the terminal, unseen, or read from the standard input as one line. It must keep the rules
/// of a sign-up.
#[derive(Args, Debug)]
pub struct Add {
    /// The new user's name
    name: String,
}

impl Add {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let settings = settings()?;
        let username = Username::choose(&self.name);
        let username = username.map_err(|problem| Stop(format!("{:?} cannot be a user name. {problem}", self.name)))?;
        let typed = ask_for_new(username.as_str()).await?;
        let password = Password::choose(&typed, &settings.rules.passwords, Some(&username));
        let password = password.map_err(|refused| Stop(format!("The password is refused. {refused}")))?;

        let auth = verbs_on_a_new_one().await?;
        match auth.make_account(username, password).await {
            Ok(user) => print(format!("{} has an account.", user.username)),
            Err(MakeAccountError::NameTaken) => {
                Err(Stop(format!("The name {:?} is taken, in this or another spelling.", self.name)))
            }
            Err(MakeAccountError::Failure(failure)) => Err(failure.into()),
        }
    }
}
