//! WHAT A PERSON CAN DO: verbs on one value, [`Auth`], one file for what belongs together. Knows no HTTP.

mod activity;
mod change_password;
mod codes;
mod confirm;
mod delete_account;
mod failed_attempts;
mod hashing;
mod import;
mod keys;
mod known_browsers;
mod log_in;
mod metrics;
mod people;
mod reset;
mod seal;
mod session_memory;
mod sessions;
mod sign_up;
mod state;
mod throttle;
mod totp;
mod two_factor;
mod upkeep;
mod users;

pub use crate::model::Failure;
pub use crate::store::MOST_TOLD_APART;
pub use activity::{EVENTS_KEPT, Export, MOST_OF_A_KIND_SHOWN};
pub use codes::CodeError;
pub use confirm::{Proof, ProofError};
pub use hashing::{HashProblem, HashingError, HashingRules, time_of_one_hash};
pub use import::{Import, ImportProblem, WrittenUser};
pub use keys::KeyError;
pub use log_in::{LogIn, LogInError, Ticket};
pub use people::{Browser, Caller, CurrentSession, StartedSession};
pub use reset::Reset;
pub use seal::Seal;
pub use sign_up::SignUpError;
pub use state::{Auth, Rules};
pub use throttle::{
    MOST_FAILURES_IN_A_ROW, MOST_FAILURES_OF_A_BROWSER, MOST_FAILURES_OF_A_NETWORK, MOST_FAILURES_OF_KNOWN_BROWSERS,
    MOST_NEW_CODES, MOST_SIGN_UPS_OF_A_NETWORK, NETWORK_SPAN, NEW_CODES_SPAN, SIGN_UP_SPAN,
};
pub use totp::otpauth_url;
pub use two_factor::{TwoFactorError, TwoFactorState};
pub use upkeep::Readiness;
pub use users::Account;
