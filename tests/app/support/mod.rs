//! The words that tests use. Ada has an account, Eve does not. The same people everywhere.

mod answer;
mod app;
pub mod file;
pub mod machine;
mod phone;
pub mod port;
pub mod postgres;
pub mod processes;
pub mod proxy;
pub mod server;
pub mod small_disk;
pub mod source;
pub mod tls;
mod visitor;

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

pub use answer::{Answer, input};
pub use app::{App, figment};
pub use phone::Phone;
pub use visitor::{Cookies, Visitor};

pub const ADA: &str = "Ada";
pub const PASSWORD: &str = "correct horse battery staple";

/// Ada's name and password, as JSON.
pub fn adas() -> Value {
    json!({ "username": ADA, "password": PASSWORD })
}

/// A form as browsers write it.
pub fn encode(fields: &[(&str, &str)]) -> String {
    let text = |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    fields.iter().map(|(name, value)| format!("{}={}", text(name), text(value))).collect::<Vec<_>>().join("&")
}

/// Waits until it is so; fails when it never is.
pub fn until(mut is_so: impl FnMut() -> bool) {
    for _ in 0..6_000 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("it never came to be so");
}

/// How random input is tried: so often as `PROPTEST_CASES` says, or 256 times.
pub fn cases() -> proptest::test_runner::Config {
    proptest::test_runner::Config { failure_persistence: None, ..Default::default() }
}

/// The start of a test's random choices: the same number makes the same ones; the machine's own timing is not repeated.
pub fn seed() -> u64 {
    const SEED: &str = "VESTIBULE_TEST_SEED";

    let seed = number(SEED).unwrap_or_else(|| rand::random::<u32>().into());
    println!("{SEED}={seed}");
    seed
}

/// The number that this run of the tests is given by a variable of the environment.
pub fn number(variable: &str) -> Option<u64> {
    std::env::var_os(variable).map(|text| read_number(variable, &text.to_string_lossy()))
}

fn read_number(variable: &str, text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| panic!("{variable} must be a whole number, not {text:?}"))
}

#[test]
#[should_panic(expected = "VESTIBULE_TEST_ROUNDS must be a whole number, not \"many\"")]
fn a_variable_that_is_no_number_is_a_failure_and_not_the_default() {
    read_number("VESTIBULE_TEST_ROUNDS", "many");
}
