use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

use super::Username;

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

/// Controls, noncharacters, line and paragraph separators, the replacement character that stands for bytes nobody could read,
/// and every bidirectional mark, embedding, override and isolate (UAX #9).
fn disturbs(c: char) -> bool {
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
    use super::*;

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
}
