//! `vestibule config`

use std::process::ExitCode;

use clap::Args;
use rocket::figment::Provider;

use super::Stop;
use super::output::{print, print_json};
use super::table::table;
use crate::settings::{Listed, Settings, figment, list};

/// Shows every setting with its value and where it came from: the file, the variable of the environment, or the default.
///
/// Secrets are not shown, and what weakens the site is marked. When a setting is wrong, those that can be read are shown
/// all the same, and the exit status is 2.
#[derive(Args, Debug)]
pub struct Config {
    /// Print JSON instead of columns
    #[arg(long)]
    json: bool,
}

impl Config {
    pub(super) fn run(self) -> Result<ExitCode, Stop> {
        let figment = figment();
        let read = Settings::read(&figment);
        if figment.data().is_ok() {
            let listed = list(&figment, read.as_ref().ok());
            match self.json {
                true => print_json(&listed)?,
                false => print(columns(&listed))?,
            }
        }
        read?;
        Ok(ExitCode::SUCCESS)
    }
}

fn columns(listed: &[Listed]) -> String {
    let rows: Vec<[String; 3]> = listed
        .iter()
        .map(|one| {
            let value = match &one.value {
                serde_json::Value::String(text) => text.clone(),
                serde_json::Value::Null => "-".to_owned(),
                other => other.to_string(),
            };
            [one.setting.clone(), value, one.from.to_string()]
        })
        .collect();
    let weak = listed.iter().filter_map(|one| Some(format!("\nweak: `{}`: {}", one.setting, one.weak?)));
    table(["SETTING", "VALUE", "FROM"], &rows) + &weak.collect::<String>()
}
