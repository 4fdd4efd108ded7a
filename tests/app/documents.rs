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

#[test]
fn every_test_that_the_table_of_requirements_names_exists() {
    let page = read("docs/asvs.md");
    let named: Vec<&str> = page.split('`').filter(|part| part.contains("::") && !part.contains([' ', '|'])).collect();
    assert!(named.len() > 20, "{}", named.len());
    for name in named {
        let (place, test) = name.rsplit_once("::").unwrap();
        let file = place.rsplit("::").find(|part| *part != "tests").unwrap();
        let sources = [
            format!("tests/app/{file}.rs"),
            format!("tests/app/cli/{file}.rs"),
            format!("tests/browser/{file}.rs"),
            format!("src/model/{file}.rs"),
            format!("src/auth/{file}.rs"),
            format!("src/web/{file}.rs"),
            format!("src/{file}.rs"),
        ];
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let found = sources
            .iter()
            .filter(|source| root.join(source).exists())
            .any(|source| read(source).contains(&format!("fn {test}(")));
        assert!(found, "{name}");
    }
}
