use std::time::Duration;

/// "Allowed, but not now": why something could not be done that no rule forbids. One type everywhere, so that `?` carries it
/// from wherever it arises to where it becomes a status. Nothing has changed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    /// Too many tries have failed; the next may come after so long.
    #[error("Too many attempts. Please try again in {}.", in_words(*.0))]
    TooMany(Duration),
    /// So many have failed in a row that waiting does not help any more; this does, as a sentence.
    #[error("Too many attempts have failed. {0}")]
    Locked(&'static str),
    /// Too many passwords wait to be hashed, or there is no memory to hash one.
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

fn in_words(wait: Duration) -> String {
    let seconds = wait.as_secs().max(1);
    let (count, unit) = if seconds < 100 { (seconds, "second") } else { (seconds.div_ceil(60), "minute") };
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{s}")
}
