use serde::Serialize;

/// What was found of something.
#[derive(derive_more::Display, Serialize)]
#[display("{:<4}  {what:<15}  {says}", health.to_string())]
pub struct Finding {
    pub health: Health,
    pub what: &'static str,
    pub says: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, derive_more::Display, Serialize)]
#[serde(rename_all = "lowercase")]
#[display(rename_all = "lowercase")]
pub enum Health {
    Ok,
    /// It works, and could be better.
    Warn,
    /// It does not work, or is not safe.
    Bad,
}

pub fn ok(what: &'static str, says: impl Into<String>) -> Finding {
    Finding { health: Health::Ok, what, says: says.into() }
}

pub fn warn(what: &'static str, says: impl Into<String>) -> Finding {
    Finding { health: Health::Warn, what, says: says.into() }
}

pub fn bad(what: &'static str, says: impl Into<String>) -> Finding {
    Finding { health: Health::Bad, what, says: says.into() }
}
