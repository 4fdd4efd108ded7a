//! WHAT IT IS: the nouns of the house, parsed once and safe to show. Imports nothing of ours.

mod client_info;
mod code;
mod event;
mod failure;
mod id;
mod known_browser;
mod moment;
mod password;
mod path;
mod session;
mod token;
mod user;

pub use client_info::{ClientInfo, network_of};
pub use code::{RecoveryCode, RecoveryCodeHash, TotpSecret};
pub use event::{Event, EventKind};
pub use failure::Failure;
pub use id::{BrowserId, EventId, SessionId, UserId};
pub use known_browser::{BROWSER_KNOWN_FOR, BrowserMark, BrowserMarks, KnownBrowser, MOST_KNOWN_BROWSERS};
pub use moment::{Clock, Moment};
pub use password::{Password, PasswordHash, PasswordProblem, PasswordRefused, PasswordRules};
pub use path::{escaped, only_file, shown};
pub use session::{FailedBefore, MOST_SESSIONS, PROOF_LASTS, RESET_LASTS, Session, SessionLimits};
pub use token::{Token, TokenHash, random_bytes};
pub use user::{DisplayName, DisplayNameProblem, User, Username, UsernameProblem};
