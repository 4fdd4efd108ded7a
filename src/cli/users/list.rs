use clap::Args;
use serde::Serialize;

use crate::auth::{Account, Auth};
use crate::cli::output::{print_list, tell};
use crate::cli::stop::Stop;
use crate::cli::table::{minute, minute_or_dash, table};
use crate::model::{Moment, User};

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

/// An account as it is listed.
#[derive(Serialize)]
struct View {
    #[serde(flatten)]
    user: User,
    disabled_at: Option<Moment>,
    has_two_factor: bool,
    open_sessions: i64,
    last_login: Option<Moment>,
}

impl List {
    pub async fn run(self, auth: &Auth) -> Result<(), Stop> {
        let (accounts, in_all) = auth.accounts(&self.search, self.limit.into()).await?;
        let views: Vec<View> = accounts.into_iter().map(View::from).collect();
        print_list(self.json, &views, columns)?;
        if in_all > views.len() as i64 {
            tell(&format!("{} of {in_all} are shown; `--limit` shows more, `--search` finds some.", views.len()));
        }
        Ok(())
    }
}

impl From<Account> for View {
    fn from(account: Account) -> Self {
        Self {
            user: account.user,
            disabled_at: account.disabled_at,
            has_two_factor: account.has_two_factor,
            open_sessions: account.open_sessions,
            last_login: account.last_login,
        }
    }
}

fn columns(accounts: &[View]) -> String {
    let row = |account: &View| {
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
