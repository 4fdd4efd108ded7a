//! `vestibule doctor`

mod database;
mod files;
mod machine;
mod site;

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::Stop;
use super::output::{print, print_json};
use crate::model::Clock;
use crate::settings::{Settings, figment};

/// Looks at the settings, the folder of data, the database and the machine, and says of each whether it is as it should be
/// and what to do where it is not. It changes nothing, and may be asked while the site runs or before the first start.
///
/// The exit status is 1 when something is bad.
#[derive(Args, Debug)]
pub struct Doctor {
    /// Print JSON instead of lines
    #[arg(long)]
    json: bool,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Health {
    Ok,
    /// It works, and could be better.
    Warn,
    /// It does not work, or is not safe.
    Bad,
}

/// What was found.
#[derive(Debug, Serialize)]
struct Finding {
    health: Health,
    what: &'static str,
    says: String,
}

impl Doctor {
    pub(super) async fn run(self) -> Result<ExitCode, Stop> {
        let findings = examine().await;
        match self.json {
            true => print_json(&findings)?,
            false => {
                let line = |found: &Finding| format!("{:<4}  {:<15}  {}", found.health.word(), found.what, found.says);
                print(findings.iter().map(line).collect::<Vec<_>>().join("\n"))?;
            }
        }
        let is_bad = findings.iter().any(|found| found.health == Health::Bad);
        Ok(if is_bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

async fn examine() -> Vec<Finding> {
    let figment = figment();
    let mut findings = Vec::new();
    match Settings::read(&figment) {
        Ok(settings) => {
            findings.push(ok("settings", "All can be read; `vestibule config` shows them."));
            findings.extend(site::examine(&settings));
            findings.extend(files::examine(&settings));
            let now = Clock::system().now();
            findings.extend(database::examine(&settings, now).await);
            findings.push(machine::hashing(&settings));
        }
        Err(error) => findings.push(bad("settings", error.to_string())),
    }
    findings.extend(files::readable_secrets(&figment));
    findings.push(machine::clock(Clock::system().now()));
    findings.push(machine::open_files());
    findings
}

impl Health {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

fn ok(what: &'static str, says: impl Into<String>) -> Finding {
    Finding { health: Health::Ok, what, says: says.into() }
}

fn warn(what: &'static str, says: impl Into<String>) -> Finding {
    Finding { health: Health::Warn, what, says: says.into() }
}

fn bad(what: &'static str, says: impl Into<String>) -> Finding {
    Finding { health: Health::Bad, what, says: says.into() }
}
