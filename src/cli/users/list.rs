use clap::Args;
use serde::Serialize;

use super::super::output::{print, print_json, tell};
use super::super::table::{minute, minute_or, table};
use super::super::{Stop, verbs};
use crate::auth::Account;
use crate::model::{Moment, User};

/// Shows who has an account, by name.
#[derive(Args, Debug)]
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

/// An account, for programs.
#[derive(Serialize)]
struct View<'a> {
    #[serde(flatten)]
    user: &'a User,
    disabled_at: Option<Moment>,
    has_second_step: bool,
    open_sessions: i64,
    last_sign_in: Option<Moment>,
}

impl List {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let auth = verbs().await?;
        let (accounts, in_all) = auth.accounts(&self.search, self.limit.into()).await?;
        match self.json {
            true => print_json(&accounts.iter().map(view).collect::<Vec<_>>())?,
            false => print(columns(&accounts))?,
        }
        if in_all > accounts.len() as i64 {
            tell(&format!("{} of {in_all} are shown; `--limit` shows more, `--search` finds some.", accounts.len()));
        }
        Ok(())
    }
}

fn view(account: &Account) -> View<'_> {
    View {
        user: &account.user,
        disabled_at: account.disabled_at,
        has_second_step: account.has_second_factor,
        open_sessions: account.open_sessions,
        last_sign_in: account.last_sign_in,
    }
}

fn columns(accounts: &[Account]) -> String {
    let row = |account: &Account| {
        [
            account.user.username.to_string(),
            account.user.user_id.to_string(),
            minute(account.user.created_at),
            minute_or(account.disabled_at, "-"),
            if account.has_second_factor { "on" } else { "off" }.to_owned(),
            account.open_sessions.to_string(),
            minute_or(account.last_sign_in, "-"),
        ]
    };
    let rows: Vec<_> = accounts.iter().map(row).collect();
    table(["NAME", "ID", "CREATED (UTC)", "DISABLED", "SECOND STEP", "SESSIONS", "LAST SIGN-IN"], &rows)
}
