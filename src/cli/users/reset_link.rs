use clap::Args;

use crate::auth::Auth;
use crate::cli::open::find_user;
use crate::cli::output::{minute, print, tell};
use crate::cli::stop::{Stop, stop};
use crate::settings::PublicUrl;

/// Makes a one-time address where a user who lost the password sets a new one; nobody learns the password that way, not the
/// operator either.
///
/// It is good for an hour and for one new password. One that was made before is worth nothing from then on. Whoever has it
/// can take the account over, up to its two-factor authentication: hand it over where only its user reads.
#[derive(Args)]
pub struct ResetLink {
    /// The user's name
    name: String,
}

impl ResetLink {
    pub async fn run(self, auth: &Auth, public_url: &PublicUrl) -> Result<(), Stop> {
        let user = find_user(auth, &self.name).await?;
        let name = user.username;
        let Some((token, expires_at)) = auth.make_reset(user.user_id).await? else {
            return Err(stop(format!(
                "{name} is disabled. `vestibule users enable {name}` opens the account again; then make the link."
            )));
        };
        print(format!("{}/reset-password?token={}", public_url.origin(), *token.reveal()))?;
        tell(&format!("It works once, for {name}, until {} UTC. Send it where only they read.", minute(expires_at)));
        Ok(())
    }
}
