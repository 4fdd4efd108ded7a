use std::fmt;
use std::time::Duration;

/// "Allowed, but not now": why something could not be done that no rule forbids. One type everywhere, so that `?` carries it
/// from wherever it arises to where it becomes a status. Nothing has changed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    TooMany(#[from] TooMany),
    #[error("too many passwords wait to be hashed")]
    Busy,
    /// It cannot be reached, is locked, full or read-only: the same may succeed later.
    #[error("the database is away: {0}")]
    Away(String),
    #[error("the database gave an unexpected answer: {0}")]
    Unexpected(String),
    #[error("the operating system gave no random bytes")]
    NoRandomness,
}

/// Too many tries have failed; the next may come in a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooMany {
    pub wait: Duration,
    /// What opens where waiting does not, as a sentence.
    pub way_out: Option<&'static str>,
}

impl std::error::Error for TooMany {}

impl fmt::Display for TooMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(way_out) = self.way_out {
            return write!(f, "Too many attempts have failed. {way_out}");
        }
        let seconds = self.wait.as_secs().max(1);
        let (count, unit) = if seconds < 100 { (seconds, "second") } else { (seconds.div_ceil(60), "minute") };
        let s = if count == 1 { "" } else { "s" };
        write!(f, "Too many attempts. Please try again in {count} {unit}{s}.")
    }
}
