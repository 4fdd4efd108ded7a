//! `vestibule sessions`

use std::process::ExitCode;
use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::output::{print, print_json, tell};
use super::table::{minute, minute_or, table};
use super::{Stop, count, user, verbs};
use crate::model::{Moment, Session, SessionId, Username};

/// What can be done about sessions.
#[derive(Debug, Subcommand)]
pub enum Sessions {
    /// Show who is signed in, from where and since when
    List(List),
    /// Sign somebody out: one session, all of one user, or everybody
    End(End),
}

/// Shows the open sessions, the last used first.
#[derive(Args, Debug)]
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
#[derive(Args, Debug)]
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

impl Sessions {
    pub(super) async fn run(self) -> Result<ExitCode, Stop> {
        match self {
            Self::List(list) => list.run().await?,
            Self::End(end) => end.run().await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl List {
    async fn run(self) -> Result<(), Stop> {
        let auth = verbs().await?;
        let of = match &self.name {
            Some(name) => Some(user(&auth, name).await?.user.user_id),
            None => None,
        };
        // One more than is shown tells whether there are more.
        let mut sessions = auth.open_sessions(of, i64::from(self.limit) + 1).await?;
        let are_more = sessions.len() > self.limit as usize;
        sessions.truncate(self.limit as usize);
        match self.json {
            true => print_json(&sessions.iter().map(|(who, session)| view(who, session)).collect::<Vec<_>>())?,
            false => print(columns(&sessions))?,
        }
        if are_more {
            tell(&format!("There are more than {}; `--limit` shows more.", self.limit));
        }
        Ok(())
    }
}

/// A session, for programs.
#[derive(Serialize)]
struct View<'a> {
    session_id: SessionId,
    username: &'a Username,
    browser: String,
    user_agent: Option<&'a str>,
    address: Option<std::net::IpAddr>,
    since: Moment,
    last_seen_at: Moment,
    remembered_until: Option<Moment>,
}

fn view<'a>(username: &'a Username, session: &'a Session) -> View<'a> {
    View {
        session_id: session.session_id,
        username,
        browser: crate::web::browser_of(&session.client),
        user_agent: session.client.user_agent.as_deref(),
        address: session.client.address,
        since: session.created_at,
        last_seen_at: session.last_seen_at,
        remembered_until: session.remembered_until,
    }
}

fn columns(sessions: &[(Username, Session)]) -> String {
    let row = |(username, session): &(Username, Session)| {
        [
            session.session_id.to_string(),
            username.to_string(),
            crate::web::browser_of(&session.client),
            session.client.address.map_or_else(|| "-".to_owned(), |address| address.to_string()),
            minute(session.created_at),
            minute(session.last_seen_at),
            minute_or(session.remembered_until, "-"),
        ]
    };
    let rows: Vec<_> = sessions.iter().map(row).collect();
    table(["ID", "USER", "BROWSER", "ADDRESS", "SINCE (UTC)", "LAST USED (UTC)", "REMEMBERED UNTIL"], &rows)
}

impl End {
    async fn run(self) -> Result<(), Stop> {
        let auth = verbs().await?;
        if let Some(text) = &self.id {
            let no_such =
                || Stop(format!("There is no session {text:?}; `vestibule sessions list` shows the open ones."));
            let session_id = SessionId::parse(text).ok_or_else(no_such)?;
            return match auth.end_any_session(session_id).await? {
                true => print("1 session ended."),
                false => Err(no_such()),
            };
        }
        let ended = match &self.user {
            Some(name) => auth.end_sessions_of(user(&auth, name).await?.user.user_id).await?,
            None => {
                let (_, sessions) = auth.count().await?;
                let bar = ProgressBar::new(u64::try_from(sessions).unwrap_or(0));
                bar.set_style(
                    ProgressStyle::with_template("{bar:30} {pos} of {len} sessions").expect("a good template"),
                );
                bar.enable_steady_tick(Duration::from_millis(200));
                let ended = auth.end_all_sessions(|ended| bar.set_position(ended)).await;
                bar.finish_and_clear();
                ended?
            }
        };
        print(format!("{} ended.", count(ended, "session")))
    }
}
