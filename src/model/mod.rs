//! WHAT IT IS: the nouns of the house, parsed once and safe to show. Imports nothing of ours.

mod client_info;
mod code;
mod device;
mod display_name;
mod event;
mod failure;
mod id;
mod moment;
mod password;
mod session;
mod token;
mod user;
mod username;

pub use client_info::{ClientInfo, network_of};
pub use code::{RecoveryCode, RecoveryCodeHash, TotpSecret};
pub use device::{Device, Devices};
pub use display_name::{DisplayName, DisplayNameProblem};
pub use event::{Event, EventKind};
pub use failure::Failure;
pub use id::{EventId, SessionId, UserId};
pub use moment::{Clock, Moment};
pub use password::{Password, PasswordHash, PasswordProblem, PasswordRefused, PasswordRules};
pub use session::{FailedBefore, MOST_SESSIONS, PROOF_LASTS, RESET_LASTS, Session, SessionLimits};
pub use token::{Token, TokenHash, random_bytes};
pub use user::User;
pub use username::{Username, UsernameProblem};
