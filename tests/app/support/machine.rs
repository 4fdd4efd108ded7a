//! What a test needs of the machine beside Rust, and what is done where it is missing.

use std::io::Write;
use std::path::{Path, PathBuf};

/// Names, separated by commas, of what may not be missing: `postgres,browser,nginx,caddy`.
const REQUIRE: &str = "VESTIBULE_TEST_REQUIRE";

/// Finds the programs that a test runs, all of them or none. Where one is missing, says so in one line for the test to
/// leave it at that; unless `VESTIBULE_TEST_REQUIRE` names the requirement: then it panics.
pub fn find(requirement: &str, programs: &[&str]) -> Option<Vec<PathBuf>> {
    let places = places();
    let mut found = Vec::new();
    for program in programs {
        match places.iter().map(|place| place.join(program)).find(|file| is_program(file)) {
            Some(file) => found.push(file),
            None => {
                missing(requirement, &format!("there is no `{program}` on this machine"));
                return None;
            }
        }
    }
    Some(found)
}

/// Says in one line that a test is left out and why; panics where that requirement must be met.
pub fn missing(requirement: &str, because: &str) {
    let required = std::env::var(REQUIRE).unwrap_or_default();
    let is_required = required.split(',').any(|name| name.trim() == requirement);
    assert!(!is_required, "{because}, and {REQUIRE} names {requirement}");
    // Not `eprintln!`, which is shown only for tests that fail.
    let _ = writeln!(std::io::stderr(), "left out ({requirement}): {because}");
}

/// Where programs are looked for: `PATH`, then where Debian keeps those for administrators and for databases.
fn places() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    places.push("/usr/sbin".into());

    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = versions.map(|version| version.path()).collect();
    versions.sort_by_key(|folder| std::cmp::Reverse(version(folder)));
    places.extend(versions.into_iter().map(|folder| folder.join("bin")));
    places
}

fn version(folder: &Path) -> u32 {
    folder.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok()).unwrap_or(0)
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;

    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[test]
fn what_is_there_is_found_and_what_is_missing_is_said() {
    let found = find("a-shell", &["sh", "env"]).unwrap();
    assert!(found[0].ends_with("sh") && found[1].ends_with("env"));
    assert_eq!(find("nothing-that-anyone-requires", &["sh", "no-such-program"]), None);
}
