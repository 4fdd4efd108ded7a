use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

use super::{Moment, UserId};

/// A person with an account, as anyone may see them: nothing in here is secret.
#[derive(Clone, Debug, Serialize)]
pub struct User {
    pub user_id: UserId,
    /// What they log in with.
    pub username: Username,
    /// What they want to be called.
    pub display_name: DisplayName,
    pub created_at: Moment,
}

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

/// What a person wants to be called: any Unicode up to 64 characters that cannot disturb the text around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, derive_more::Display)]
pub struct DisplayName(String);

/// Why a text is no display name, as a sentence for the person who typed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DisplayNameProblem {
    #[error("Type the name you want others to see.")]
    Missing,
    #[error("Use at most {} characters.", DisplayName::LONGEST)]
    TooLong,
    #[error("Leave out control characters and marks that change the direction of the text.")]
    Controls,
}

impl DisplayName {
    /// The longest display name, in characters (Unicode scalar values after NFC).
    pub const LONGEST: usize = 64;

    /// Reads a name as typed: white space at its ends is dropped, the rest is brought to NFC.
    pub fn parse(text: &str) -> Result<Self, DisplayNameProblem> {
        // Refused by its length first, so that a hostile text is never normalised (four bytes a character at the most,
        // and no character needs more than three marks of its own before NFC joins them).
        if text.len() > Self::LONGEST * 4 * 4 {
            return Err(DisplayNameProblem::TooLong);
        }
        let name: String = text.trim().nfc().collect();
        if name.chars().any(disturbs) {
            return Err(DisplayNameProblem::Controls);
        }
        if name.chars().all(is_invisible) {
            return Err(DisplayNameProblem::Missing);
        }
        if name.chars().count() > Self::LONGEST {
            return Err(DisplayNameProblem::TooLong);
        }
        Ok(Self(name))
    }

    /// A name as it was kept: it met the rules of its day, and a stricter rule of today locks nobody out.
    pub fn from_kept(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A user is called by the user name until they say otherwise.
impl From<&Username> for DisplayName {
    fn from(username: &Username) -> Self {
        Self(username.as_str().to_owned())
    }
}

/// Controls, noncharacters, line and paragraph separators, the replacement character that stands for bytes nobody could
/// read, and every bidirectional mark, embedding, override and isolate (UAX #9).
pub(super) fn disturbs(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{206F}')
        || matches!(c, '\u{FFF9}'..='\u{FFFF}' | '\u{FDD0}'..='\u{FDEF}')
        || u32::from(c) & 0xFFFE == 0xFFFE
}

/// White space and the characters that are drawn as nothing (Default_Ignorable_Code_Point and blank letters).
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '\u{AD}' | '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        )
        || matches!(c, '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{2065}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}')
        || matches!(c, '\u{FEFF}' | '\u{FFA0}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
        || unicode_normalization::char::is_combining_mark(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
    fn every_name_that_is_kept_for_the_site_is_refused_however_it_is_written() {
        for reserved in RESERVED.lines() {
            let (start, end) = reserved.split_at(1);
            for name in [reserved, &reserved.to_uppercase(), &format!("{start}.{end}"), &format!("{reserved}-_.")] {
                if let Ok(name) = Username::parse(name) {
                    assert_eq!(Username::choose(name.as_str()).unwrap_err(), UsernameProblem::Reserved, "{name}");
                }
            }
            assert!(Username::choose(&format!("{reserved}0")).is_ok(), "{reserved}0");
        }
    }

    #[test]
    fn names_that_differ_in_case_are_one() {
        assert_eq!(Username::parse("ADA").unwrap().key(), Username::parse("aDa").unwrap().key());
    }

    #[test]
    fn any_script_may_be_used() {
        for name in ["Ada", "Ада", "עדה", "アダ・ラブレス", "👩🏽‍💻 Ada", "O'Brien <b>", &"字".repeat(64)]
        {
            assert_eq!(DisplayName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn a_composed_and_a_decomposed_name_are_one() {
        assert_eq!(DisplayName::parse("e\u{301}").unwrap(), DisplayName::parse("é").unwrap());
        assert_eq!(DisplayName::parse("  Ada\u{a0}").unwrap().as_str(), "Ada");
    }

    #[test]
    fn a_name_of_nothing_but_what_is_not_drawn_is_none() {
        let unseen = "\u{20}\u{A0}\u{AD}\u{34F}\u{115F}\u{1160}\u{17B4}\u{17B5}\u{180B}\u{180F}\u{200B}\u{200D}\u{2060}\u{2065}\u{2800}\
                      \u{3164}\u{FE00}\u{FE0F}\u{FEFF}\u{FFA0}\u{1D173}\u{1D17A}\u{E0000}\u{E0FFF}\u{301}";
        for c in unseen.chars() {
            assert_eq!(DisplayName::parse(&c.to_string().repeat(2)).unwrap_err(), DisplayNameProblem::Missing, "{c:?}");
            assert!(DisplayName::parse(&format!("A{c}b")).is_ok(), "{c:?}");
        }
    }

    #[test]
    fn what_disturbs_the_text_around_it_is_refused_from_the_first_to_the_last_of_its_kind() {
        let disturbing = "\0\u{1F}\u{7F}\u{9F}\u{61C}\u{200E}\u{200F}\u{2028}\u{202E}\u{2066}\u{206F}\u{FDD0}\u{FDEF}\u{FFF9}\u{FFFF}\
                          \u{1FFFE}\u{1FFFF}\u{10FFFE}\u{10FFFF}";
        for c in disturbing.chars() {
            assert_eq!(DisplayName::parse(&format!("A{c}b")).unwrap_err(), DisplayNameProblem::Controls, "{c:?}");
        }
        for c in "\u{61B}\u{200D}\u{2010}\u{2027}\u{202F}\u{2070}\u{FDCF}\u{FDF0}\u{FFF8}\u{1FFFD}\u{10FFFD}".chars() {
            assert!(DisplayName::parse(&format!("A{c}b")).is_ok(), "{c:?}");
        }
    }

    #[test]
    fn a_text_is_only_read_up_to_a_length() {
        let spaced = |length: usize| DisplayName::parse(&format!("Ada{}", " ".repeat(length - 3)));
        assert_eq!(spaced(1_024).unwrap().as_str(), "Ada");
        assert_eq!(spaced(1_025).unwrap_err(), DisplayNameProblem::TooLong);
    }

    #[test]
    fn what_cannot_be_shown_safely_is_refused_with_the_reason() {
        let cases = [
            ("", DisplayNameProblem::Missing),
            (" \u{3000}\u{200B}", DisplayNameProblem::Missing),
            ("\u{301}\u{301}", DisplayNameProblem::Missing),
            ("\u{3164}", DisplayNameProblem::Missing),
            (&"a".repeat(65), DisplayNameProblem::TooLong),
            (&"\u{301}".repeat(1_000_000), DisplayNameProblem::TooLong),
            ("Ada\0", DisplayNameProblem::Controls),
            ("Ada\u{9b}31m", DisplayNameProblem::Controls),
            ("Ada\nEve", DisplayNameProblem::Controls),
            ("\u{202E}adA", DisplayNameProblem::Controls),
            ("\u{2067}Ada", DisplayNameProblem::Controls),
            ("Ada\u{FFFD}", DisplayNameProblem::Controls),
        ];
        for (name, problem) in cases {
            assert_eq!(
                DisplayName::parse(name).unwrap_err(),
                problem,
                "{:?}",
                name.chars().take(20).collect::<String>()
            );
        }
    }

    proptest! {
        #[test]
        fn a_name_that_was_taken_is_taken_again_as_it_is_and_disturbs_no_text(
            text in prop_oneof![
                any::<String>(),
                "\\PC{0,40}",
                "[a-zA-Z0-9._-]{0,40}",
                "[ \u{300}-\u{36f}a-z\u{200b}-\u{2070}]{0,30}",
            ],
        ) {
            if let Ok(name) = DisplayName::parse(&text) {
                prop_assert_eq!(DisplayName::parse(name.as_str()), Ok(name.clone()));
                prop_assert!(!name.as_str().contains(disturbs) && name.as_str().chars().count() <= DisplayName::LONGEST);
            }
            if let Ok(name) = Username::choose(&text) {
                prop_assert_eq!(name.as_str(), &text);
                prop_assert_eq!(Username::choose(&name.key()).unwrap().key(), name.key());
            }
        }
    }
}
