//! All that is promised, on PostgreSQL too.

use std::io::Write;
use std::process::Command;

use crate::support::postgres::{Cluster, SERVER, of_this_run};

/// What needs no database, and what is about SQLite's file.
const NOT_ON_POSTGRES: [&str; 15] = [
    "on_postgresql::",
    "documents::",
    "floors::",
    "licences::",
    "support::",
    "settings::",
    "proxies::",
    "faults::",
    "storage::",
    "durability::kill",
    "durability::versions",
    "cli::a_command_in_the_wrong_folder",
    "cli::backup",
    "cli::doctor",
    "cli::sessions::ending_all_sessions_ends_more",
];

#[test]
fn the_whole_suite_passes_on_postgresql() {
    if of_this_run().is_some() {
        return;
    }
    let Some(cluster) = Cluster::start() else { return };

    let mut run = Command::new(std::env::current_exe().expect("this program"));
    for name in NOT_ON_POSTGRES {
        run.args(["--skip", name]);
    }
    let done = run.env(SERVER, cluster.address()).output().expect("the tests");

    let said = String::from_utf8_lossy(&done.stdout);
    let _ = writeln!(
        std::io::stderr(),
        "on PostgreSQL: {}",
        said.lines().rev().find(|line| !line.is_empty()).unwrap_or_default()
    );
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
}
