//! The database: whether it is there, whole and this program's.

use std::time::Duration;

use super::finding::{Finding, bad, ok, warn};
use crate::model::{Moment, shown};
use crate::settings::{Settings, absolute};
use crate::store::{Inspected, Tables};

/// How far the clock may be behind what the database knows: as much as clocks of several machines differ.
const BEHIND: Duration = Duration::from_secs(2 * 60);

pub async fn examine(settings: &Settings, now: Moment) -> Vec<Finding> {
    if let Some(file) = settings.database.missing_file() {
        let file = shown(&absolute(file));
        return vec![warn("database", format!("{file} is not there yet; the first start makes it."))];
    }
    match settings.database.inspect().await {
        Ok(seen) => {
            let clock = seen.latest.filter(|latest| now.plus(BEHIND) < *latest).map(clock_is_behind);
            [integrity(&seen), tables(seen.tables)].into_iter().chain(clock).collect()
        }
        Err(error) => vec![bad("database", error.to_string())],
    }
}

fn integrity(seen: &Inspected) -> Finding {
    let Some(damage) = &seen.damage else { return ok("database", "It can be read, and every page of it is whole.") };
    bad("database", format!("It is damaged: {damage}. Stop the site, keep a copy, and restore a backup."))
}

fn tables(tables: Tables) -> Finding {
    match tables {
        Tables::UpToDate => ok("tables", "They are those of this version."),
        Tables::Behind(steps) => warn(
            "tables",
            format!("An older version made them; the next start brings {steps} more. Make a backup before it."),
        ),
        Tables::Newer => bad("tables", "A newer version has been here. Start that one, or restore an older backup."),
    }
}

fn clock_is_behind(latest: Moment) -> Finding {
    bad(
        "clock and data",
        format!("The database knows of something at {latest}, which is yet to come. Set the clock right."),
    )
}
