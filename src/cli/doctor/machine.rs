//! The machine: its clock, how fast it hashes, and how many files a process may open.

use std::time::Duration;

use rustix::process::{Resource, getrlimit};

use super::finding::{Finding, bad, ok, warn};
use crate::auth::{HashingRules, time_of_one_hash};
use crate::cli::output::minute;
use crate::model::Moment;

/// No clock that is right shows an earlier time: 2026-01-01.
const BEFORE_THIS_WAS_WRITTEN: Moment = Moment::from_millis(1_767_225_600_000);

/// A login should not feel slow, nor a guess be cheap.
const SLOW: Duration = Duration::from_millis(500);

/// Each connection is an open file, and so are the database's.
const FEW_FILES: u64 = 1_024;
const TOO_FEW_FILES: u64 = 128;

pub fn clock(now: Moment) -> Finding {
    let shown = minute(now);
    if now < BEFORE_THIS_WAS_WRITTEN {
        bad("clock", format!("It shows {shown} UTC, which cannot be. Set it right, and let NTP keep it so."))
    } else {
        ok("clock", format!("It shows {shown} UTC. Codes from a phone need it right to half a minute."))
    }
}

/// Hashes twice to measure once.
pub fn hashing(rules: &HashingRules) -> Finding {
    let (threads, memory) = (rules.threads, rules.memory_kib as usize * rules.threads / 1_024);
    let time = match time_of_one_hash(rules) {
        Ok(time) => time,
        Err(error) => return bad("hashing", error.to_string()),
    };
    let each_second = threads as f64 / time.as_secs_f64().max(0.000_1);
    let says = format!(
        "{} ms a password; {threads} threads, {memory} MiB, about {each_second:.0} logins a second.",
        time.as_millis()
    );
    if time > SLOW {
        warn("hashing", format!("{says} That is slow: is the machine busy, or `hash_passes` high?"))
    } else {
        ok("hashing", says)
    }
}

pub fn open_files() -> Finding {
    let Some(limit) = getrlimit(Resource::Nofile).current else { return ok("open files", "No limit is known.") };
    let says = format!("{limit} may be open at once, connections too, for what is started from here.");
    let advice = "Raise it where the site is started (`LimitNOFILE=` of systemd, `ulimit -n` of a shell).";
    match limit {
        0..TOO_FEW_FILES => bad("open files", format!("{says} {advice}")),
        TOO_FEW_FILES..FEW_FILES => warn("open files", format!("{says} {advice}")),
        _ => ok("open files", says),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::Health;

    #[test]
    fn a_clock_that_was_never_set_is_bad() {
        assert_eq!(clock(Moment::from_millis(0)).health, Health::Bad);
        assert_eq!(clock(BEFORE_THIS_WAS_WRITTEN).health, Health::Ok);
    }
}
