use clap::Args;

use crate::auth::{Account, Auth};
use crate::cli::output::{minute, minute_or_dash, print_list, table, tell};
use crate::cli::stop::Stop;

/// Shows who has an account, by name.
#[derive(Args)]
pub struct List {
    /// Print JSON instead of columns
    #[arg(long)]
    json: bool,
    /// Only those whose user names hold this text, in any case
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    search: String,
    /// Show at most so many
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

impl List {
    pub async fn run(self, auth: &Auth) -> Result<(), Stop> {
        let (accounts, in_all) = auth.accounts(&self.search, self.limit.into()).await?;
        print_list(self.json, &accounts, columns)?;
        if in_all > accounts.len() as i64 {
            tell(&format!("{} of {in_all} are shown; `--limit` shows more, `--search` finds some.", accounts.len()));
        }
        Ok(())
    }
}

fn columns(accounts: &[Account]) -> String {
    let row = |account: &Account| {
        [
            account.user.username.to_string(),
            account.user.user_id.to_string(),
            minute(account.user.created_at),
            minute_or_dash(account.disabled_at),
            if account.has_two_factor { "on" } else { "off" }.to_owned(),
            account.open_sessions.to_string(),
            minute_or_dash(account.last_login),
        ]
    };
    let header = ["NAME", "ID", "CREATED (UTC)", "DISABLED", "TWO-FACTOR", "SESSIONS", "LAST LOGIN"];
    table(header, accounts.iter().map(row))
}
