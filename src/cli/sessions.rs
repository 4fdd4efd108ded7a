use std::net::IpAddr;
use std::process::ExitCode;

use clap::{ArgGroup, Args, Subcommand};
use serde::Serialize;

use super::open::{find_user, open_auth, read_settings};
use super::output::{count, minute, minute_or_dash, print, print_list, progress, table, tell};
use super::stop::{Stop, stop};
use crate::auth::Auth;
use crate::model::{Moment, Session, SessionId, Username};
use crate::web::browser_of;

/// What can be done about sessions.
#[derive(Subcommand)]
pub enum Sessions {
    /// Show who is signed in, from where and since when
    List(List),
    /// Sign somebody out: one session, all of one user, or everybody
    End(End),
}

/// Shows the open sessions, the last used first.
#[derive(Args)]
pub struct List {
    /// Only those of this user
    name: Option<String>,
    /// Print JSON instead of columns
    #[arg(long)]
    json: bool,
    /// Show at most so many
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

/// Ends sessions at once; a site that is running refuses them within `session_recheck_ms`, and their browsers are told.
#[derive(Args)]
#[command(group(ArgGroup::new("which").required(true)))]
pub struct End {
    /// The session's id, as `sessions list` shows it
    #[arg(group = "which")]
    id: Option<String>,
    /// Every session of this user
    #[arg(long, value_name = "NAME", group = "which")]
    user: Option<String>,
    /// Every session of everybody
    #[arg(long, group = "which")]
    all: bool,
}

/// A session as it is listed.
#[derive(Serialize)]
struct View {
    session_id: SessionId,
    username: Username,
    browser: String,
    user_agent: Option<String>,
    address: Option<IpAddr>,
    since: Moment,
    last_seen_at: Moment,
    remembered_until: Option<Moment>,
}

impl Sessions {
    pub async fn run(self) -> Result<ExitCode, Stop> {
        let auth = open_auth(&read_settings()?).await?;
        match self {
            Self::List(list) => list.run(&auth).await?,
            Self::End(end) => end.run(&auth).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl List {
    async fn run(self, auth: &Auth) -> Result<(), Stop> {
        let of = match &self.name {
            Some(name) => Some(find_user(auth, name).await?.user_id),
            None => None,
        };
        // One more than is shown tells whether there are more.
        let found = auth.open_sessions(of, i64::from(self.limit) + 1).await?;
        let are_more = found.len() > self.limit as usize;
        let views: Vec<View> = found.into_iter().take(self.limit as usize).map(View::from).collect();
        print_list(self.json, &views, columns)?;
        if are_more {
            tell(&format!("There are more than {}; `--limit` shows more.", self.limit));
        }
        Ok(())
    }
}

impl From<(Username, Session)> for View {
    fn from((username, session): (Username, Session)) -> Self {
        Self {
            session_id: session.session_id,
            username,
            browser: browser_of(&session.client),
            user_agent: session.client.user_agent,
            address: session.client.address,
            since: session.created_at,
            last_seen_at: session.last_seen_at,
            remembered_until: session.remembered_until,
        }
    }
}

fn columns(sessions: &[View]) -> String {
    let row = |session: &View| {
        [
            session.session_id.to_string(),
            session.username.to_string(),
            session.browser.clone(),
            session.address.map_or_else(|| "-".to_owned(), |address| address.to_string()),
            minute(session.since),
            minute(session.last_seen_at),
            minute_or_dash(session.remembered_until),
        ]
    };
    let header = ["ID", "USER", "BROWSER", "ADDRESS", "SINCE (UTC)", "LAST USED (UTC)", "REMEMBERED UNTIL"];
    table(header, sessions.iter().map(row))
}

impl End {
    async fn run(self, auth: &Auth) -> Result<(), Stop> {
        let ended = match (&self.id, &self.user) {
            (Some(id), _) => end_one(auth, id).await?,
            (None, Some(name)) => auth.end_sessions_of(find_user(auth, name).await?.user_id).await?,
            (None, None) => end_all(auth).await?,
        };
        print(format!("{} ended.", count(ended, "session")))
    }
}

async fn end_one(auth: &Auth, id: &str) -> Result<u64, Stop> {
    if let Some(session_id) = SessionId::parse(id)
        && auth.end_any_session(session_id).await?
    {
        Ok(1)
    } else {
        Err(stop(format!("There is no session {id:?}; `vestibule sessions list` shows the open ones.")))
    }
}

async fn end_all(auth: &Auth) -> Result<u64, Stop> {
    let (_, sessions) = auth.count().await?;
    let bar = progress(sessions.unsigned_abs(), "{bar:30} {pos} of {len} sessions");
    let ended = auth.end_all_sessions(|ended| bar.set_position(ended)).await;
    bar.finish_and_clear();
    Ok(ended?)
}
