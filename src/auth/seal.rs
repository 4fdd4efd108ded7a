use cookie::{Cookie, CookieJar, Key};

/// Seals text so that nobody else can read, change or make it: AES-256-GCM with a random nonce, bound to a purpose. It
/// opens what the key in use sealed and what those before it sealed.
///
/// These are Rocket's private cookies without the cookie: what Rocket seals under a name opens here under that purpose.
#[derive(derive_more::Debug, Clone)]
#[debug("Seal(…)")]
pub struct Seal(Vec<Key>);

impl Seal {
    /// A seal of these keys, the one in use first; each of 32 or of 64 bytes.
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a [u8]>) -> Self {
        // Rocket derives its keys from 32 bytes and takes 64 as they are; so must we, to open what it sealed.
        Self(keys.into_iter().map(|key| if key.len() >= 64 { Key::from(key) } else { Key::derive_from(key) }).collect())
    }

    /// The text sealed for this purpose; without a key, nothing can be.
    pub fn seal(&self, purpose: &str, text: &str) -> Option<String> {
        let mut jar = CookieJar::new();
        jar.private_mut(self.0.first()?).add(Cookie::new(purpose.to_owned(), text.to_owned()));
        jar.get(purpose).map(|sealed| sealed.value().to_owned())
    }

    /// Whether the key in use sealed it, and not one before it.
    pub fn is_current(&self, purpose: &str, sealed: &str) -> bool {
        Self(self.0.iter().take(1).cloned().collect()).open(purpose, sealed).is_some()
    }

    /// What was sealed for this purpose, by any of the keys.
    pub fn open(&self, purpose: &str, sealed: &str) -> Option<String> {
        let sealed = Cookie::new(purpose.to_owned(), sealed.to_owned());
        let jar = CookieJar::new();
        let opened = self.0.iter().find_map(|key| jar.private(key).decrypt(sealed.clone()))?;
        Some(opened.value().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_purpose_alone_and_by_a_listed_key_alone() {
        let (old, new) = ([1; 64], [2; 32]);
        let before = Seal::new([&old[..]]);
        let sealed = before.seal("a", "secret").unwrap();

        assert_eq!(before.open("a", &sealed).as_deref(), Some("secret"));
        assert_eq!(before.open("b", &sealed), None);
        assert_eq!(Seal::new([&new[..], &old[..]]).open("a", &sealed).as_deref(), Some("secret"));
        assert!(before.is_current("a", &sealed) && !Seal::new([&new[..], &old[..]]).is_current("a", &sealed));
        assert_eq!(Seal::new([&new[..]]).open("a", &sealed), None);
        assert_ne!(before.seal("a", "secret"), Some(sealed));
    }

    proptest! {
        #[test]
        fn every_text_is_opened_as_it_was_sealed_and_nothing_that_was_made_of_it_otherwise(
            text: String,
            at: prop::sample::Index,
            strange: char,
        ) {
            let seal = Seal::new([&[1; 64][..]]);
            let sealed = seal.seal("a", &text).unwrap();
            prop_assert_eq!(seal.open("a", &sealed), Some(text));

            let mut other: Vec<char> = sealed.chars().collect();
            let at = at.index(other.len());
            prop_assume!(other[at] != strange);
            other[at] = strange;
            prop_assert_eq!(seal.open("a", &other.iter().collect::<String>()), None);
            other.truncate(at);
            prop_assert_eq!(seal.open("a", &other.iter().collect::<String>()), None);
        }

        #[test]
        fn no_text_that_was_not_sealed_here_is_opened(
            text in prop_oneof![any::<String>(), "[A-Za-z0-9+/]{0,120}={0,2}"],
        ) {
            prop_assert_eq!(Seal::new([&[1; 64][..]]).open("a", &text), None);
        }
    }
}
