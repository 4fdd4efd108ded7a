use clap::Args;

use super::super::output::{print, tell};
use super::super::table::minute;
use super::super::{Stop, database_is_there, settings, user};
use crate::app;
use crate::model::Clock;

/// Makes a one-time address where a user who lost the password sets a new one; nobody learns the password that way, not the
/// operator either.
///
/// It is good for an hour and for one new password. One that was made before is worth nothing from then on. Whoever has it
/// can take the account over, up to its second step: hand it over where only its user reads.
#[derive(Args, Debug)]
pub struct ResetLink {
    /// The user's name
    name: String,
}

impl ResetLink {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let settings = settings()?;
        database_is_there(&settings)?;
        let auth = app::open_auth(&settings, Clock::system()).await?;
        let name = user(&auth, &self.name).await?.user;
        let made = auth.make_reset(name.user_id).await?;
        let name = name.username;
        let (token, expires_at) = made.ok_or_else(|| {
            Stop(format!(
                "{name} is disabled. `vestibule users enable {name}` opens the account again; then make the link."
            ))
        })?;
        print(format!("{}/reset-password?token={}", settings.public_url.origin(), *token.reveal()))?;
        tell(&format!("It works once, for {name}, until {} UTC. Send it where only they read.", minute(expires_at)));
        Ok(())
    }
}
