//! WHAT IT IS: the nouns of the house, parsed once and safe to show. Imports nothing of ours.

mod display_name;
mod id;
mod moment;
mod password;
mod session;
mod token;
mod user;
mod username;

pub use display_name::{DisplayName, DisplayNameProblem};
pub use id::{SessionId, UserId};
pub use moment::{Clock, Moment};
pub use password::{Password, PasswordHash, PasswordProblem, PasswordRules};
pub use session::{Session, SessionLimits, Visit};
pub use token::{NoRandomness, Token, TokenHash, random_bytes};
pub use user::User;
pub use username::{Username, UsernameProblem};
