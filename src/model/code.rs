//! The secrets of two-factor authentication: the one that a phone shares, and the codes for when the phone is gone.

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Failure, UserId, random_bytes};

/// The secret that a phone and the site share. Never printed.
#[derive(derive_more::Debug, Clone)]
#[debug("TotpSecret(…)")]
pub struct TotpSecret(Zeroizing<[u8; 20]>);

impl TotpSecret {
    /// How long one code lasts, in seconds (ASVS 6.5.5).
    pub const STEP: i64 = 30;
    /// How many steps before and after the present one are taken for the present: phones and people are not exact.
    pub const WINDOW: i64 = 1;

    /// A new secret of 160 bits.
    pub fn random() -> Result<Self, Failure> {
        random_bytes().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// The secret as people can type it: base32 in groups of four.
    pub fn to_groups(&self) -> String {
        let letters = self.to_base32();
        letters.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group)).collect::<Vec<_>>().join(" ")
    }

    /// The secret as text, for sealing.
    pub fn to_base32(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE32_NOPAD.encode(self.0.as_slice()))
    }

    /// Reads what [`TotpSecret::to_base32`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(BASE32_NOPAD.decode(text.as_bytes()).ok()?);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// The bytes, for whatever computes codes.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }
}

/// A code of 128 bits for when the phone is gone. Never printed by itself.
#[derive(derive_more::Debug, Clone)]
#[debug("RecoveryCode(…)")]
pub struct RecoveryCode(Zeroizing<[u8; 16]>);

/// What is kept of it. With 128 random bits a fast hash is enough (ASVS 6.5.2).
#[derive(derive_more::Debug, Clone, Copy, PartialEq, Eq)]
#[debug("RecoveryCodeHash(…)")]
pub struct RecoveryCodeHash([u8; 32]);

impl RecoveryCode {
    /// How many an account gets at once.
    pub const AT_ONCE: usize = 10;

    /// A new code that nobody has seen.
    pub fn random() -> Result<Self, Failure> {
        random_bytes().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// Reads a code as people type it, in any case, with or without hyphens and spaces.
    pub fn parse(text: &str) -> Option<Self> {
        let letters: Zeroizing<String> = Zeroizing::new(
            text.chars().filter(|c| !matches!(c, '-' | ' ')).map(|c| c.to_ascii_uppercase()).take(64).collect(),
        );
        let bytes = Zeroizing::new(BASE32_NOPAD.decode(letters.as_bytes()).ok()?);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// The code for its owner, once: small letters and digits in groups.
    pub fn reveal(&self) -> String {
        let letters = Zeroizing::new(BASE32_NOPAD.encode(self.0.as_slice()).to_ascii_lowercase());
        letters.as_bytes().chunks(5).map(|group| String::from_utf8_lossy(group)).collect::<Vec<_>>().join("-")
    }

    /// What is kept of it for this user.
    pub fn hash(&self, user_id: UserId) -> RecoveryCodeHash {
        let digest = Sha256::new().chain_update(user_id.to_string()).chain_update(self.0.as_slice()).finalize();
        RecoveryCodeHash(digest.into())
    }
}

impl RecoveryCodeHash {
    /// The hash as text, for the database.
    pub fn to_text(self) -> String {
        BASE64URL_NOPAD.encode(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Moment;

    #[test]
    fn a_recovery_code_is_read_however_it_is_typed() {
        let user = UserId::new(Moment::from_millis(0));
        let code = RecoveryCode::random().unwrap();
        let text = code.reveal();
        for typed in
            [text.clone(), text.to_uppercase(), text.replace('-', ""), text.replace('-', " "), format!(" {text} ")]
        {
            assert_eq!(RecoveryCode::parse(&typed).unwrap().hash(user), code.hash(user), "{typed}");
        }
        for other in ["", "123456", &text[1..], &format!("{text}a"), "0000-0000"] {
            assert!(RecoveryCode::parse(other).is_none(), "{other}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_as_a_recovery_code_holds_the_letters_that_were_typed_and_no_others(
            text in prop_oneof![
                any::<String>(),
                "[a-zA-Z2-7]{26}",
                "([a-zA-Z2-7]{5}[ -]?){5}[a-zA-Z2-7]",
                "[a-z0-9 -]{0,70}",
            ],
        ) {
            if let Some(code) = RecoveryCode::parse(&text) {
                let bare = |text: &str| text.replace(['-', ' '], "").to_ascii_lowercase();
                prop_assert_eq!(bare(&code.reveal()), bare(&text));
            }
        }
    }
}
