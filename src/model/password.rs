use std::collections::HashSet;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::Username;

const LONGEST: usize = Password::LONGEST;

/// Passwords that many people have chosen before, one a line, in lower case.
static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// A password as typed, in NFC (NIST SP 800-63B-4 §3.1.1.2; RFC 8265 OpaqueString). Never printed; wiped when dropped.
#[derive(derive_more::Debug)]
#[debug("Password(…)")]
pub struct Password(Zeroizing<String>);

/// What a site asks of a new password.
#[derive(Clone, Debug)]
pub struct PasswordRules {
    /// The shortest one, in characters (15 by NIST SP 800-63B-4 where nothing else is asked for).
    pub min_length: usize,
    /// Words that everyone would try here: the site's names.
    pub site_words: Vec<String>,
}

/// Why a text cannot be a password, as a sentence for the person who typed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordProblem {
    #[error("Type a password.")]
    Missing,
    #[error("Use at least {0} characters.")]
    TooShort(usize),
    #[error("Use at most {LONGEST} characters.")]
    TooLong,
    /// It holds U+FFFD, which stands for bytes that could not be read.
    #[error("Some characters could not be read. Type the password again.")]
    Unreadable,
    /// No keyboard types one into a password field (RFC 8265 §4.2: disallowed).
    #[error("Leave out control characters.")]
    Controls,
    #[error("Your user name is the first thing others would try. Choose something else.")]
    IsUsername,
    #[error("The name of this site is one of the first things others would try. Choose something else.")]
    IsSiteName,
    #[error("This is on a list of common passwords, which are tried first. Choose something else.")]
    Common,
}

/// A new password that is refused, with advice that helps to find a better one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}{advice}")]
pub struct PasswordRefused {
    pub problem: PasswordProblem,
    /// How easy it would be to guess, as a sentence with a space before it; empty where that says nothing.
    advice: String,
}

impl Password {
    /// The longest password, in characters. Longer ones are refused, never cut (ASVS 6.2.8, 6.2.9).
    pub const LONGEST: usize = 256;

    /// Reads a password that was given to be compared: only what could never be one is refused.
    pub fn given(text: &str) -> Result<Self, PasswordProblem> {
        if text.is_empty() {
            return Err(PasswordProblem::Missing);
        }
        // A character is at most four bytes, and NFC makes at most one out of four.
        if text.len() > LONGEST * 4 * 4 {
            return Err(PasswordProblem::TooLong);
        }
        let password: Zeroizing<String> = Zeroizing::new(text.nfc().collect());
        if password.contains(char::REPLACEMENT_CHARACTER) {
            return Err(PasswordProblem::Unreadable);
        }
        if password.chars().count() > LONGEST {
            return Err(PasswordProblem::TooLong);
        }
        Ok(Self(password))
    }

    /// Reads a password for a new account or a change: it must also be hard to guess (ASVS 6.2.1, 6.2.4, 6.2.11). A
    /// refusal comes with the reason and with advice (NIST SP 800-63B-4 §3.1.1.2).
    pub fn choose(text: &str, rules: &PasswordRules, username: Option<&Username>) -> Result<Self, PasswordRefused> {
        Self::within(text, rules, username)
            .map_err(|problem| PasswordRefused { advice: advice(problem, text, rules, username), problem })
    }

    fn within(text: &str, rules: &PasswordRules, username: Option<&Username>) -> Result<Self, PasswordProblem> {
        let password = Self::given(text)?;
        let folded = Zeroizing::new(password.0.to_lowercase());
        if password.0.chars().any(char::is_control) {
            return Err(PasswordProblem::Controls);
        }
        if password.0.chars().count() < rules.min_length {
            return Err(PasswordProblem::TooShort(rules.min_length));
        }
        if username.is_some_and(|name| is_only(&folded, &name.key())) {
            return Err(PasswordProblem::IsUsername);
        }
        if rules.site_words.iter().any(|word| is_only(&folded, word)) {
            return Err(PasswordProblem::IsSiteName);
        }
        if COMMON.contains(folded.as_str()) {
            return Err(PasswordProblem::Common);
        }
        Ok(password)
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// What zxcvbn says of a password that was refused, for the person who chose it. Only its start is looked at: the time it
/// takes grows faster than the length.
fn advice(problem: PasswordProblem, text: &str, rules: &PasswordRules, username: Option<&Username>) -> String {
    const LOOKED_AT: usize = 48;

    let tells_enough = matches!(
        problem,
        PasswordProblem::Missing | PasswordProblem::TooLong | PasswordProblem::Unreadable | PasswordProblem::Controls
    );
    if tells_enough {
        return String::new();
    }
    let start: Zeroizing<String> = Zeroizing::new(text.chars().take(LOOKED_AT).collect());
    let known: Vec<&str> =
        username.map(Username::as_str).into_iter().chain(rules.site_words.iter().map(String::as_str)).collect();
    let strength = zxcvbn::zxcvbn(&start, &known);
    let time = strength.crack_times().offline_slow_hashing_1e4_per_second();
    match strength.score() {
        zxcvbn::Score::Zero | zxcvbn::Score::One | zxcvbn::Score::Two => {
            format!(" A program that guesses passwords would find it in {}.", time)
        }
        _ => String::new(),
    }
}

/// Whether a password is a word, forwards or backwards, and nothing else however often it is said. NIST asks for whole
/// passwords to be compared: a phrase that merely holds the word is fine.
fn is_only(password: &str, word: &str) -> bool {
    let backwards: String = word.chars().rev().collect();
    let repeats = |word: &str| !word.is_empty() && password.replace(word, "").is_empty();
    repeats(word) || repeats(&backwards)
}

/// A password's Argon2 hash as a PHC string, or that of an imported user who has not logged in yet. Never printed.
#[derive(derive_more::Debug, Clone, PartialEq, Eq)]
#[debug("PasswordHash(…)")]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes a hash as the database holds it; whether it can be used is seen when a password is verified.
    pub fn from_phc(phc: String) -> Self {
        Self(phc)
    }

    /// The hash as text, for the database and for verifying.
    pub fn phc(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> PasswordRules {
        PasswordRules { min_length: 15, site_words: vec!["vestibule".into(), "example.org".into()] }
    }

    fn choose(text: &str) -> Result<Password, PasswordProblem> {
        let name = Username::parse("Charles-Babbage").unwrap();
        Password::choose(text, &rules(), Some(&name)).map_err(|refused| refused.problem)
    }

    #[test]
    fn a_refusal_says_how_easy_the_password_is_to_guess() {
        let said = |text: &str| Password::choose(text, &rules(), None).unwrap_err().to_string();
        assert!(
            said("passwordpassword").ends_with("would find it in less than a second."),
            "{}",
            said("passwordpassword")
        );
        assert!(said("short").contains("Use at least 15 characters.") && said("short").contains("would find it in"));
        assert!(!said("Tr4ub,;mQ9-zLp").contains("would find it"), "{}", said("Tr4ub,;mQ9-zLp"));
        assert_eq!(said(""), "Type a password.");
    }

    #[test]
    fn length_is_counted_in_characters_after_composing_them() {
        assert_eq!(choose("fourteen chars").unwrap_err(), PasswordProblem::TooShort(15));
        assert!(choose("fifteen letters").is_ok());
        assert!(choose(&"😀".repeat(15)).is_ok());
        assert_eq!(choose("thirteen and e\u{301}").unwrap_err(), PasswordProblem::TooShort(15));
        assert!(choose(&"x7 ".repeat(85)).is_ok());
        assert!(choose(&format!("{}y", "x7 ".repeat(85))).is_ok());
        assert_eq!(choose(&format!("{}yz", "x7 ".repeat(85))).unwrap_err(), PasswordProblem::TooLong);
        assert_eq!(choose(&"\u{301}".repeat(1_000_000)).unwrap_err(), PasswordProblem::TooLong);
    }

    #[test]
    fn nothing_is_asked_of_the_kinds_of_characters() {
        for text in ["all lower case words", "               a", "ein langer satz ohne sinn"] {
            assert_eq!(choose(text).unwrap().as_bytes(), text.as_bytes());
        }
    }

    #[test]
    fn composed_and_decomposed_are_one_and_compatibility_forms_stay_apart() {
        let of = |text: &str| Password::given(text).unwrap().as_bytes().to_vec();
        assert_eq!(of("caf\u{e9}"), of("cafe\u{301}"));
        assert_ne!(of("ﬁ"), of("fi"));
        assert_ne!(of("trailing "), of("trailing"));
    }

    #[test]
    fn what_others_would_try_first_is_refused_with_the_reason() {
        let cases = [
            ("Charles-babbage", PasswordProblem::IsUsername),
            ("egabbab-selrahc", PasswordProblem::IsUsername),
            ("VestibuleVestibule", PasswordProblem::IsSiteName),
            ("example.orgexample.org", PasswordProblem::IsSiteName),
            ("passwordpassword", PasswordProblem::Common),
            ("PASSWORDpassword", PasswordProblem::Common),
            ("123456789012345", PasswordProblem::Common),
            ("unread \u{FFFD}\u{FFFD} bytes", PasswordProblem::Unreadable),
            ("nul inside\0 and more", PasswordProblem::Controls),
            ("a line\nand another one", PasswordProblem::Controls),
            ("", PasswordProblem::Missing),
        ];
        for (text, problem) in cases {
            assert_eq!(choose(text).unwrap_err(), problem, "{text}");
        }
    }

    #[test]
    fn a_phrase_that_merely_holds_such_a_word_is_fine() {
        assert!(choose("charles-babbage built no engine").is_ok());
        assert!(choose("the vestibule is cold today").is_ok());
    }

    #[test]
    fn every_listed_password_is_refused_in_any_case() {
        let rules = PasswordRules { min_length: 8, site_words: vec![] };
        for common in COMMON.iter() {
            for spelling in [(*common).to_owned(), common.to_uppercase()] {
                let refused = Password::within(&spelling, &rules, None).unwrap_err();
                assert_eq!(refused, PasswordProblem::Common, "{common}");
            }
        }
    }

    #[test]
    fn the_list_covers_what_the_length_rule_lets_through() {
        let long = COMMON.iter().filter(|common| common.chars().count() >= 15).count();
        assert!(long >= 3_000, "ASVS 6.2.4 asks for the 3,000 most common that meet the policy; {long} are listed");
    }

    #[test]
    fn a_password_does_not_print_itself() {
        let hash = PasswordHash::from_phc("$argon2id$…".into());
        assert_eq!(format!("{:?} {hash:?}", Password::given("secret").unwrap()), "Password(…) PasswordHash(…)");
    }
}
