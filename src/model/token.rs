use data_encoding::BASE64URL_NOPAD;
use rand::TryRng;
use rand::rngs::SysRng;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::Failure;

/// Bytes from the operating system's generator, fit for secrets (ASVS 11.5.1).
pub fn random_bytes<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes).map_err(|_| Failure::NoRandomness)?;
    Ok(bytes)
}

/// What a browser holds to show which session it is in, and what else is only shown to us: 256 random bits (ASVS 7.2.3).
/// Never printed, never stored.
#[derive(derive_more::Debug, Clone)]
#[debug("Token(…)")]
pub struct Token(Zeroizing<[u8; 32]>);

impl Token {
    /// A new token that nobody has seen.
    pub fn random() -> Result<Self, Failure> {
        random_bytes().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// Reads what [`Token::reveal`] wrote; anything else is no token.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// The token as text, for whoever is to hold it alone.
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64URL_NOPAD.encode(self.0.as_slice()))
    }

    /// What the database keeps in its place.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_slice()).into())
    }
}

/// The SHA-256 of a token: finds what the token opens, and is of no use as a cookie.
#[derive(derive_more::Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[debug("TokenHash(…)")]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash as text, for the database.
    pub fn to_text(self) -> String {
        BASE64URL_NOPAD.encode(&self.0)
    }

    /// Spreads hashes evenly over the parts of a table.
    pub fn first_byte(self) -> u8 {
        self.0[0]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_survives_being_written_and_read() {
        let token = Token::random().unwrap();
        assert_eq!(Token::parse(&token.reveal()).unwrap().hash(), token.hash());
    }

    #[test]
    fn tokens_never_repeat() {
        let hashes: std::collections::HashSet<_> = (0..10_000).map(|_| Token::random().unwrap().hash()).collect();
        assert_eq!(hashes.len(), 10_000);
    }

    #[test]
    fn text_of_another_shape_is_no_token() {
        let token = Token::random().unwrap().reveal();
        for text in [
            "",
            "a",
            &token[1..],
            &format!("{}A", *token),
            &format!("{}=", *token),
            &token.replace(|_: char| true, "é"),
        ] {
            assert!(Token::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_token_does_not_print_itself() {
        let token = Token::random().unwrap();
        assert_eq!(format!("{token:?} {:?}", token.hash()), "Token(…) TokenHash(…)");
    }

    proptest! {
        #[test]
        fn a_token_has_one_spelling(
            text in prop_oneof![any::<String>(), "[A-Za-z0-9_-]{43}", "[A-Za-z0-9_=+/-]{40,46}"],
        ) {
            if let Some(token) = Token::parse(&text) {
                prop_assert_eq!(&*token.reveal(), &text);
            }
        }
    }
}
