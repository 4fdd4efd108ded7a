//! Pages that were drawn a moment ago. The same template with the same data is the same page, so that it need not be drawn
//! again: that takes Tera longer than all the rest of a request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

/// How long a drawn page is kept at the most. In a debug build a template can be changed while the program runs.
const KEPT: Duration = Duration::from_secs(if cfg!(debug_assertions) { 1 } else { 60 });
/// How much is kept at the most, in bytes.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// What was drawn lately, by everything that a template sees.
pub struct Drawings(Mutex<Kept>);

struct Kept {
    since: Instant,
    bytes: usize,
    pages: HashMap<Subject, Arc<[u8]>>,
}

/// A template's name and all the data in it: whoever gets a page of ours twice was to see the very same.
#[derive(PartialEq, Eq, Hash)]
pub struct Subject(Vec<u8>);

impl Subject {
    /// What is to be drawn; none when the data cannot be written down.
    pub fn new(template: &str, data: &impl Serialize) -> Option<Self> {
        // The name ends where the data's brace begins.
        let mut subject = Vec::with_capacity(1_024);
        subject.extend_from_slice(template.as_bytes());
        serde_json::to_writer(&mut subject, data).ok()?;
        Some(Self(subject))
    }
}

impl Default for Drawings {
    fn default() -> Self {
        Self(Mutex::new(Kept::new()))
    }
}

impl Drawings {
    /// The page as it was drawn before.
    pub fn recall(&self, subject: &Subject) -> Option<Arc<[u8]>> {
        self.kept().pages.get(subject).cloned()
    }

    /// Keeps a page for whoever is to see the same.
    pub fn keep(&self, subject: Subject, page: Arc<[u8]>) {
        let mut kept = self.kept();
        let bytes = subject.0.len() + page.len();
        if kept.bytes + bytes > MOST_BYTES {
            *kept = Kept::new();
        }
        if bytes <= MOST_BYTES && kept.pages.insert(subject, page).is_none() {
            kept.bytes += bytes;
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.since.elapsed() >= KEPT {
            *kept = Kept::new();
        }
        kept
    }
}

impl Kept {
    fn new() -> Self {
        Self { since: Instant::now(), bytes: 0, pages: HashMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Data<'a> {
        name: &'a str,
    }

    fn subject(template: &str, name: &str) -> Subject {
        Subject::new(template, &Data { name }).unwrap()
    }

    fn page(text: &str) -> Arc<[u8]> {
        text.as_bytes().into()
    }

    #[test]
    fn a_page_is_recalled_for_the_same_template_and_the_same_data_alone() {
        let drawings = Drawings::default();
        // A debug build keeps it for a second.
        drawings.0.lock().unwrap().since += Duration::from_secs(3_600);
        drawings.keep(subject("profile", "Ada"), page("Ada's profile"));

        assert_eq!(drawings.recall(&subject("profile", "Ada")), Some(page("Ada's profile")));
        for other in [subject("profile", "Eve"), subject("profile", "ada"), subject("protected", "Ada")] {
            assert_eq!(drawings.recall(&other), None);
        }
    }

    #[test]
    fn nothing_is_kept_longer_than_allowed() {
        let drawings = Drawings::default();
        drawings.keep(subject("profile", "Ada"), page("Ada's profile"));

        drawings.0.lock().unwrap().since -= KEPT;

        assert_eq!(drawings.recall(&subject("profile", "Ada")), None);
        assert!(drawings.kept().pages.is_empty());
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let drawings = Drawings::default();
        let large = page(&"x".repeat(MOST_BYTES / 8));
        for number in 0..100 {
            drawings.keep(subject("profile", &number.to_string()), Arc::clone(&large));
            let kept = drawings.kept();
            let held: usize = kept.pages.iter().map(|(subject, page)| subject.0.len() + page.len()).sum();
            assert!(held <= MOST_BYTES && held == kept.bytes, "{held} bytes are held");
        }
        drawings.keep(subject("profile", "too large"), page(&"x".repeat(MOST_BYTES)));
        assert_eq!(drawings.recall(&subject("profile", "too large")), None);
    }
}
