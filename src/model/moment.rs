use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use serde_with::SerializeDisplay;

/// A point in time, in milliseconds since 1970-01-01T00:00:00Z. Serialises as RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, SerializeDisplay)]
pub struct Moment(i64);

impl Moment {
    /// The moment so many milliseconds after 1970 began.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Reads RFC 3339, with any offset.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<Timestamp>().ok().map(|at| Self(at.as_millisecond()))
    }

    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This moment, so much later.
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis_of(duration)))
    }

    /// This moment, so much earlier.
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis_of(duration)))
    }

    /// The time that has passed since `earlier`; none when the clock was set back meanwhile.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0).max(0).unsigned_abs())
    }

    /// The same moment in words of UTC, by the pattern of `strftime`: `%Y-%m-%d`.
    pub fn written(self, pattern: &str) -> String {
        self.timestamp().strftime(pattern).to_string()
    }

    /// The beginning of 1970 stands for what no calendar holds.
    fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or_default()
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.timestamp().fmt(f)
    }
}

/// Where the time comes from: the machine, or the hand of a test.
#[derive(Clone, Debug)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands at `moment` until it is turned.
    pub fn standing_at(moment: Moment) -> Self {
        Self(Some(Arc::new(AtomicI64::new(moment.millis()))))
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine for the time")]
    pub fn now(&self) -> Moment {
        match &self.0 {
            Some(hands) => Moment(hands.load(Ordering::SeqCst)),
            None => Moment(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis_of)),
        }
    }

    /// Turns a standing clock forward; the machine's clock cannot be turned.
    pub fn turn_forward(&self, duration: Duration) {
        if let Some(hands) = &self.0 {
            hands.fetch_add(millis_of(duration), Ordering::SeqCst);
        }
    }

    /// Sets a standing clock back; the machine's clock cannot be turned.
    pub fn turn_back(&self, duration: Duration) {
        if let Some(hands) = &self.0 {
            hands.fetch_sub(millis_of(duration), Ordering::SeqCst);
        }
    }
}

fn millis_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_as_rfc_3339_in_utc() {
        assert_eq!(Moment::from_millis(0).to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(Moment::from_millis(1_500).to_string(), "1970-01-01T00:00:01.5Z");
        assert_eq!(Moment::from_millis(951_782_400_123).to_string(), "2000-02-29T00:00:00.123Z");
        assert_eq!(Moment::from_millis(-1).to_string(), "1969-12-31T23:59:59.999Z");
        assert_eq!(Moment::from_millis(-62_135_596_800_000).to_string(), "0001-01-01T00:00:00Z");
    }

    #[test]
    fn a_moment_is_written_in_words_of_utc() {
        let moment = Moment::from_millis(951_782_400_123);
        assert_eq!(moment.written("%-d %B %Y, %H:%M UTC"), "29 February 2000, 00:00 UTC");
    }

    #[test]
    fn rfc_3339_is_read_with_any_offset_and_nothing_else_is() {
        assert_eq!(Moment::parse("1970-01-01T00:00:01.5Z"), Some(Moment::from_millis(1_500)));
        assert_eq!(Moment::parse("1970-01-01T02:00:00+02:00"), Some(Moment::from_millis(0)));
        for text in ["", "1970-01-01", "1970-01-01T00:00:00", "0", "1970-02-30T00:00:00Z", "99999-01-01T00:00:00Z"] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }

    #[test]
    fn no_time_passes_when_the_clock_is_set_back() {
        let clock = Clock::standing_at(Moment::from_millis(10_000));
        let before = clock.now();
        clock.turn_back(Duration::from_secs(5));
        assert_eq!(clock.now().since(before), Duration::ZERO);
    }

    #[test]
    fn the_furthest_moments_neither_wrap_nor_panic() {
        let last = Moment::from_millis(i64::MAX);
        assert_eq!(last.plus(Duration::MAX), last);
        assert_eq!(last.to_string(), "1970-01-01T00:00:00Z");
        assert!(Moment::from_millis(i64::MIN).since(last).is_zero());
    }
}
