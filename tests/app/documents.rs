//! The documents say what the code does.

use std::time::Duration;

use rocket::figment::Figment;
use vestibule::auth::{
    EVENTS_KEPT, MOST_FAILURES_IN_A_ROW, MOST_FAILURES_OF_A_BROWSER, MOST_FAILURES_OF_A_NETWORK,
    MOST_FAILURES_OF_KNOWN_BROWSERS, MOST_NEW_CODES, MOST_OF_A_KIND_SHOWN, MOST_SIGN_UPS_OF_A_NETWORK, MOST_TOLD_APART,
    NETWORK_SPAN, NEW_CODES_SPAN, SIGN_UP_SPAN,
};
use vestibule::model::{
    BROWSER_KNOWN_FOR, DisplayName, MOST_KNOWN_BROWSERS, MOST_SESSIONS, PROOF_LASTS, Password, RESET_LASTS,
    RecoveryCode, TotpSecret, Username,
};
use vestibule::settings::{HASHING_FLOORS, Settings, our_keys, safe_defaults};
use vestibule::web::MOST_KIB;

use super::throttle::DELAYS;

fn read(file: &str) -> String {
    std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

fn minutes(duration: Duration) -> u64 {
    duration.as_secs() / 60
}

#[test]
fn the_numbers_of_the_security_page_are_those_of_the_code() {
    let defaults = Settings::read(&safe_defaults(Figment::from(rocket::Config::default()))).unwrap();
    let (passwords, hashing, sessions) = (&defaults.rules.passwords, &defaults.rules.hashing, &defaults.rules.sessions);
    let common = read("src/model/common_passwords.txt").lines().count();
    let floors: Vec<String> = HASHING_FLOORS.iter().map(|(memory, passes)| format!("{memory} and {passes}")).collect();

    let rows = [
        format!("characters of a user name | {} to {}", Username::SHORTEST, Username::LONGEST),
        format!("characters of a display name | 1 to {}", DisplayName::LONGEST),
        format!("characters of a password | {} to {}", passwords.min_length, Password::LONGEST),
        format!("common passwords that are refused | {common}"),
        format!("size of a form or of JSON | {MOST_KIB} KiB"),
        format!("memory of one hash | {} KiB", hashing.memory_kib),
        format!("passes of one hash | {}", hashing.passes),
        format!("least: memory and passes | {}", floors.join(", ")),
        format!("after each one more | {}", DELAYS.map(|seconds| seconds.to_string()).join(", ")),
        format!("does not open an account from an unknown browser | {MOST_FAILURES_IN_A_ROW}"),
        format!("a known browser is treated like any other | {MOST_FAILURES_OF_A_BROWSER}"),
        format!("together, after which each is | {MOST_FAILURES_OF_KNOWN_BROWSERS}"),
        format!("the one that rested longest is forgotten | {MOST_KNOWN_BROWSERS}"),
        format!("known after its last login for | {} days", minutes(BROWSER_KNOWN_FOR) / 60 / 24),
        format!("an IPv6 /64), whatever the names | {MOST_FAILURES_OF_A_NETWORK} in {} minutes", minutes(NETWORK_SPAN)),
        format!("sign-ups from one network | {MOST_SIGN_UPS_OF_A_NETWORK} in {} minutes", minutes(SIGN_UP_SPAN)),
        format!("sets of recovery codes for one user | {MOST_NEW_CODES} in {} minutes", minutes(NEW_CODES_SPAN)),
        format!("of what happens of one kind within a day | {MOST_TOLD_APART}"),
        format!("events of one kind shown of an account | {MOST_OF_A_KIND_SHOWN}"),
        format!("a session that is not used ends after | {} minutes", minutes(sessions.idle)),
        format!("however busy, after | {} hours", minutes(sessions.absolute) / 60),
        format!("\"Stay signed in\" lasts | {} days", minutes(sessions.remembered) / 60 / 24),
        format!("of more, the oldest goes | {MOST_SESSIONS}"),
        format!("read about a session for | {} ms", defaults.rules.session_recheck.as_millis()),
        format!("a proof (login, `/confirm`) lasts | {} minutes", minutes(PROOF_LASTS)),
        format!("between its two steps for | {} minutes", minutes(PROOF_LASTS)),
        format!("a new password with is good for | {} minutes", minutes(RESET_LASTS)),
        format!("seconds that a code lasts | {}", TotpSecret::STEP),
        format!("the present one that are taken | {}", TotpSecret::WINDOW),
        format!("recovery codes | {}", RecoveryCode::AT_ONCE),
        format!("what happened to an account | {} days", minutes(EVENTS_KEPT) / 60 / 24),
    ];
    let page = read("docs/security.md");
    for row in rows {
        assert!(page.contains(&format!("{row} |")), "docs/security.md does not say: {row}");
    }
}

#[test]
fn the_readme_names_every_setting() {
    let readme = read("README.md");
    for key in our_keys() {
        assert!(readme.contains(&format!("`{key}`")), "{key}");
    }
}

/// Of the standard's chapters those that are gone through, and how many requirements each has.
const CHAPTERS: [(&str, usize); 14] = [
    ("V1", 30),
    ("V2", 13),
    ("V3", 31),
    ("V4", 16),
    ("V6", 47),
    ("V7", 19),
    ("V8", 13),
    ("V9", 7),
    ("V11", 24),
    ("V12", 12),
    ("V13", 21),
    ("V14", 13),
    ("V15", 21),
    ("V16", 17),
];

/// A row of the table of requirements.
struct Requirement<'a> {
    id: &'a str,
    level: &'a str,
    is_met: &'a str,
    how: &'a str,
}

fn requirements(page: &str) -> Vec<Requirement<'_>> {
    let rows = page.lines().filter(|line| line.starts_with("| V"));
    rows.map(|row| match row.split(" | ").collect::<Vec<_>>()[..] {
        [id, level, _, is_met, ref how @ ..] => {
            let how = how.last().unwrap_or_else(|| panic!("{row} says not how"));
            Requirement { id: id.trim_start_matches("| "), level, is_met, how }
        }
        _ => panic!("{row} has not its columns"),
    })
    .collect()
}

#[test]
fn the_table_of_requirements_has_all_of_the_standards_and_counts_them_rightly() {
    let page = read("docs/asvs.md");
    let rows = requirements(&page);
    for (chapter, all) in CHAPTERS {
        let found = rows.iter().filter(|row| row.id.split('.').next() == Some(chapter)).count();
        assert_eq!(found, all, "{chapter}");
    }
    let numbers: Vec<Vec<u32>> =
        rows.iter().map(|row| row.id[1..].split('.').map(|part| part.parse().unwrap()).collect()).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "one after the other, and none twice");

    let count = |levels: &str| {
        let of = |is_met: &str| rows.iter().filter(|row| levels.contains(row.level) && row.is_met == is_met).count();
        let counts = [of("met"), of("not met"), of("not applicable")];
        format!("| {} | {} | {} | {} |", counts[0], counts[1], counts[2], counts.iter().sum::<usize>())
    };
    for (name, levels) in [("level 1", "1"), ("level 2", "2"), ("level 3", "3"), ("all", "123")] {
        assert!(page.contains(&format!("| {name} {}\n", count(levels))), "{name} {}", count(levels));
    }
    assert_eq!(rows.len(), CHAPTERS.iter().map(|(_, all)| all).sum::<usize>());
}

#[test]
fn what_is_met_names_a_test_and_what_is_not_says_why() {
    let page = read("docs/asvs.md");
    let (_, reasons) = page.split_once("## Not met, and why").unwrap();
    for row in requirements(&page) {
        match row.is_met {
            "met" => assert!(row.how.contains("::"), "{} names no test", row.id),
            "not met" => assert!(is_named(row.id, reasons), "why is {} not met?", row.id),
            _ => assert!(row.how.len() > 10, "why does {} not apply?", row.id),
        }
        assert!(row.is_met == "not met" || !is_named(row.id, reasons), "{} is met or does not apply", row.id);
    }
}

/// Whether a list of reasons, like `- **V1.2.3, V4.5.6**: …`, has this one.
fn is_named(id: &str, reasons: &str) -> bool {
    let named = reasons.lines().filter_map(|line| line.strip_prefix("- **")?.split("**").next());
    named.flat_map(|ids| ids.split(", ")).any(|named| named == id)
}

#[test]
fn every_test_that_the_table_of_requirements_names_exists() {
    let page = read("docs/asvs.md");
    let named: Vec<&str> = page.split('`').filter(|part| part.contains("::") && !part.contains([' ', '|'])).collect();
    assert!(named.len() > 250, "{}", named.len());
    for name in named {
        let (place, test) = name.rsplit_once("::").unwrap();
        let place = place.replace("::", "/");
        let files =
            ["tests/app", "tests", "src"].map(|root| [format!("{root}/{place}.rs"), format!("{root}/{place}/mod.rs")]);
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let found =
            files.concat().iter().filter(|file| root.join(file).exists()).any(|file| is_test(&read(file), test));
        assert!(found, "{name}");
    }
}

/// Whether a function is there and is a test: it is marked as one, or listed among those that several proxies keep.
fn is_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let Some(at) = lines.iter().position(|line| line.contains(&format!("fn {name}("))) else { return false };
    lines[at - 1].ends_with("test]") || lines.contains(&name)
}

#[test]
fn the_security_page_names_every_crate_of_cryptography_and_every_secret() {
    const CRYPTOGRAPHY: [&str; 10] =
        ["argon2", "bcrypt", "cookie", "pbkdf2", "rand", "scrypt", "sha1", "sha2", "sqlx", "totp-rs"];
    const KNOWN_OTHERS: [&str; 6] = ["aes", "blake", "ed25519", "hmac", "ring", "rustls"];

    let (manifest, page) = (read("Cargo.toml"), read("docs/security.md"));
    let (_, dependencies) = manifest.split_once("[dependencies]").unwrap();
    let (dependencies, _) = dependencies.split_once("[dev-dependencies]").unwrap();
    let (_, named) = page.split_once("| crate | what it computes |").unwrap();
    let (named, secrets) = named.split_once("| setting | replace it |").unwrap();
    for name in dependencies.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name) {
        let is_listed = named.contains(&format!("`{name}`"));
        assert_eq!(is_listed, CRYPTOGRAPHY.contains(&name), "{name}");
        assert!(!KNOWN_OTHERS.iter().any(|other| name.starts_with(other)), "{name}");
    }
    for secret in ["secret_key", "previous_secret_keys", "metrics_token", "database_url", "secret_key_file"] {
        assert!(our_keys().contains(&secret.to_owned()) || secret == "secret_key", "{secret}");
        assert!(secrets.contains(&format!("`{secret}`")), "{secret}");
    }
}

#[test]
fn the_operators_page_says_with_what_it_talks() {
    let page = read("docs/operating.md");
    let constant = |file: &str, name: &str| {
        let source = read(file);
        let value = source.lines().find_map(|line| line.split_once(&format!("const {name}: "))?.1.split(" = ").nth(1));
        let value = value.unwrap_or_else(|| panic!("{file} has no {name}"));
        value.chars().filter(char::is_ascii_digit).collect::<String>()
    };
    for says in [
        format!("takes longer than {} seconds is 408", constant("src/web/submission.rs", "PATIENCE")),
        format!(
            "{} connections that read, 1 that writes | 503 after {} seconds",
            constant("src/store/sqlite.rs", "READERS"),
            constant("src/store/mod.rs", "PATIENCE")
        ),
        format!(
            "{} connections | 503 after {} seconds, no statement longer than {};",
            constant("src/store/postgres.rs", "CONNECTIONS"),
            constant("src/store/mod.rs", "PATIENCE"),
            constant("src/store/postgres.rs", "LONGEST_STATEMENT")
        ),
        format!("503 after {} seconds |", constant("src/auth/hashing/mod.rs", "PATIENCE")),
    ] {
        assert!(page.contains(&says), "docs/operating.md does not say: {says}");
    }
}

#[test]
fn every_crate_comes_from_the_registry_with_its_checksum() {
    let lock = read("Cargo.lock");
    let (ours, others): (Vec<&str>, Vec<&str>) =
        lock.split("[[package]]").skip(1).partition(|package| package.contains("name = \"vestibule\""));
    assert!(ours.len() == 1 && others.len() > 100, "{}", others.len());
    for package in others {
        assert!(package.contains("source = \"registry+https://github.com/rust-lang/crates.io-index\""), "{package}");
        assert!(package.contains("checksum = \""), "{package}");
    }
    assert!(read("CONTRIBUTING.md").contains("within 7 days where a stranger can use it, within 30 where not"));
}
