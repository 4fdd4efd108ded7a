//! Cookies of sessions that were opened lately. What a sealed cookie holds never changes, so that it need not be opened
//! again at every request; whether its session still lives is asked elsewhere, each time.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use crate::model::TokenHash;

/// How many are known at the most.
const MOST: usize = 16_384;

/// What the cookies that were opened lately hold.
#[derive(Default)]
pub struct Opened {
    /// Two keys that nobody knows: together no two cookies have the same name here, whoever tries to find some.
    keys: [RandomState; 2],
    known: Mutex<HashMap<[u64; 2], TokenHash>>,
}

impl Opened {
    /// What a cookie holds, as it was found before or as it is found now.
    pub fn recall_or(&self, sealed: &str, open: impl FnOnce() -> Option<TokenHash>) -> Option<TokenHash> {
        // Not the cookie itself, which would open the session to whoever reads this memory.
        let name = [self.keys[0].hash_one(sealed), self.keys[1].hash_one(sealed)];
        if let Some(known) = self.known().get(&name) {
            return Some(*known);
        }
        let found = open()?;
        let mut known = self.known();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(name, found);
        Some(found)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<[u64; 2], TokenHash>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Token;

    #[test]
    fn a_cookie_is_opened_once_and_one_that_cannot_be_opened_is_tried_each_time() {
        let (opened, token) = (Opened::default(), Token::random().unwrap().hash());

        assert_eq!(opened.recall_or("good", || Some(token)), Some(token));
        assert_eq!(opened.recall_or("good", || panic!("it is known")), Some(token));
        assert_eq!(opened.recall_or("Good", || None), None);
        assert_eq!(opened.recall_or("Good", || Some(token)), Some(token));
    }

    #[test]
    fn what_is_known_is_bounded() {
        let opened = Opened::default();
        for number in 0..2 * MOST {
            opened.recall_or(&number.to_string(), || Some(Token::random().unwrap().hash()));
        }
        assert!(opened.known().len() <= MOST);
    }
}
