use std::process::ExitCode;

use clap::Args;
use rocket::figment::Provider;
use serde_json::Value;

use super::output::{print_list, table};
use super::stop::Stop;
use crate::model::escaped;
use crate::settings::{Listed, Settings, figment, list};

/// Shows every setting with its value and where it came from: the file, the variable of the environment, or the default.
///
/// Secrets are not shown, and what weakens the site is marked. When a setting is wrong, those that can be read are shown
/// all the same, and the exit status is 2.
#[derive(Args)]
pub struct Config {
    /// Print JSON instead of columns
    #[arg(long)]
    json: bool,
}

impl Config {
    pub fn run(self) -> Result<ExitCode, Stop> {
        let figment = figment();
        let read = Settings::read(&figment);
        if figment.data().is_ok() {
            print_list(self.json, &list(&figment, read.as_ref().ok()), columns)?;
        }
        read?;
        Ok(ExitCode::SUCCESS)
    }
}

fn columns(listed: &[Listed]) -> String {
    let row = |one: &Listed| {
        let value = match &one.value {
            Value::String(text) => escaped(text),
            Value::Null => "-".to_owned(),
            other => other.to_string(),
        };
        [one.setting.clone(), value, one.from.to_string()]
    };
    let weak = listed.iter().filter_map(|one| Some(format!("\nweak: `{}`: {}", one.setting, one.weak?)));
    table(["SETTING", "VALUE", "FROM"], listed.iter().map(row)) + &weak.collect::<String>()
}
