use serde::Serialize;

/// Names that would let a person pass for the site itself, or that name a part of it, one a line.
/// Compared in lower case and without `.`, `_` and `-`, so that `Ad.min` is taken too.
static RESERVED: &str = include_str!("reserved_names.txt");

/// The name a person logs in with: 3 to 32 ASCII letters, digits, `.`, `_` and `-`, the first a letter or a digit.
/// Kept as typed; two that differ only in case are one.
#[derive(Clone, Debug, Serialize, derive_more::Display)]
pub struct Username(String);

/// Why a text is no user name, as a sentence for the person who typed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsernameProblem {
    #[error("Type a user name.")]
    Missing,
    #[error("Use at least {} characters.", Username::SHORTEST)]
    TooShort,
    #[error("Use at most {} characters.", Username::LONGEST)]
    TooLong,
    #[error("Use only the letters a to z, digits, dots, hyphens and underscores.")]
    Characters,
    #[error("Begin with a letter or a digit.")]
    Beginning,
    #[error("This name is kept for the site itself. Choose another one.")]
    Reserved,
}

impl Username {
    pub const SHORTEST: usize = 3;
    pub const LONGEST: usize = 32;

    /// Reads a name as typed, without trimming it.
    pub fn parse(text: &str) -> Result<Self, UsernameProblem> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if text.is_empty() {
            return Err(UsernameProblem::Missing);
        }
        if !text.chars().all(allowed) {
            return Err(UsernameProblem::Characters);
        }
        if text.len() < Self::SHORTEST {
            return Err(UsernameProblem::TooShort);
        }
        if text.len() > Self::LONGEST {
            return Err(UsernameProblem::TooLong);
        }
        if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err(UsernameProblem::Beginning);
        }
        Ok(Self(text.to_owned()))
    }

    /// A name as it was kept: it met the rules of its day, and a stricter rule of today locks nobody out.
    pub fn from_kept(text: String) -> Self {
        Self(text)
    }

    /// Reads a name for a new account: the site's own names are refused.
    pub fn choose(text: &str) -> Result<Self, UsernameProblem> {
        let name = Self::parse(text)?;
        let bare: String = name.key().chars().filter(char::is_ascii_alphanumeric).collect();
        if RESERVED.lines().any(|reserved| reserved == bare) { Err(UsernameProblem::Reserved) } else { Ok(name) }
    }

    /// The name as it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The one spelling under which names are compared: lower case.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_within_the_rules_are_kept_as_typed() {
        for name in ["ada", "Ada.Lovelace", "0-1_2", &"a".repeat(32)] {
            assert_eq!(Username::choose(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn names_outside_the_rules_are_refused_with_the_reason() {
        let cases = [
            ("", UsernameProblem::Missing),
            ("ab", UsernameProblem::TooShort),
            (&"a".repeat(33), UsernameProblem::TooLong),
            (".ada", UsernameProblem::Beginning),
            ("-ada", UsernameProblem::Beginning),
            (" ada", UsernameProblem::Characters),
            ("ada\0", UsernameProblem::Characters),
            ("аda", UsernameProblem::Characters),
            ("ａｄａ", UsernameProblem::Characters),
            ("admin", UsernameProblem::Reserved),
            ("Ad.Min", UsernameProblem::Reserved),
            ("ROOT", UsernameProblem::Reserved),
            ("root.", UsernameProblem::Reserved),
        ];
        for (name, problem) in cases {
            assert_eq!(Username::choose(name).unwrap_err(), problem, "{name:?}");
        }
    }

    #[test]
    fn names_that_differ_in_case_are_one() {
        assert_eq!(Username::parse("ADA").unwrap().key(), Username::parse("aDa").unwrap().key());
    }
}
