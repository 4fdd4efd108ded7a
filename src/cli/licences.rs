//! `vestibule licences`: what whoever passes the program on must pass on with it.

use std::process::ExitCode;

use super::output::print;
use super::stop::Stop;

/// A test holds it against what is compiled in, and writes it anew.
const NOTICES: &str = include_str!("../../THIRD-PARTY-LICENCES.txt");

pub fn run() -> Result<ExitCode, Stop> {
    print(NOTICES.trim_end())?;
    Ok(ExitCode::SUCCESS)
}
