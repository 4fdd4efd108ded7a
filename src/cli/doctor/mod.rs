mod database;
mod files;
mod finding;
mod machine;
mod site;

use std::process::ExitCode;

use clap::Args;

use super::output::print_list;
use super::stop::Stop;
use crate::model::Clock;
use crate::settings::{Settings, figment};

use finding::{Finding, Health, bad, ok};

/// Looks at the settings, the folder of data, the database and the machine, and says of each whether it is as it should be
/// and what to do where it is not. It changes nothing, and may be asked while the site runs or before the first start.
///
/// The exit status is 1 when something is bad.
#[derive(Args)]
pub struct Doctor {
    /// Print JSON instead of lines
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub async fn run(self) -> Result<ExitCode, Stop> {
        let findings = examine().await;
        print_list(self.json, &findings, |findings| {
            findings.iter().map(Finding::to_string).collect::<Vec<_>>().join("\n")
        })?;
        let is_bad = findings.iter().any(|found| found.health == Health::Bad);
        Ok(if is_bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

async fn examine() -> Vec<Finding> {
    let figment = figment();
    let now = Clock::system().now();
    let mut findings = Vec::new();
    match Settings::read(&figment) {
        Ok(settings) => {
            findings.push(ok("settings", "All can be read; `vestibule config` shows them."));
            findings.extend(site::examine(&settings));
            findings.extend(files::examine(&settings));
            findings.extend(database::examine(&settings, now).await);
            findings.push(machine::hashing(&settings.rules.hashing));
        }
        Err(error) => findings.push(bad("settings", error.to_string())),
    }
    findings.extend(files::readable_secrets(&figment));
    findings.push(machine::clock(now));
    findings.push(machine::open_files());
    findings
}
