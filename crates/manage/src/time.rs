//! Times for people and programs: local, without a zone, as the session manager of MiniOS has them.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A point in time, with nanoseconds as file systems keep them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time {
    seconds: i64,
    nanoseconds: u32,
}

impl Time {
    /// So many seconds since 1970, and nanoseconds after that.
    pub fn new(seconds: i64, nanoseconds: u32) -> Self {
        Self {
            seconds,
            nanoseconds,
        }
    }

    /// The clock of the system.
    pub fn now() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.unwrap_or_default();
        Self::new(
            i64::try_from(now.as_secs()).unwrap_or(i64::MAX),
            now.subsec_nanos(),
        )
    }

    /// Whole seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// Whole seconds since `earlier`; 0 if that is later.
    pub fn seconds_since(self, earlier: Self) -> u64 {
        let seconds = self.seconds.saturating_sub(earlier.seconds);
        u64::try_from(seconds).unwrap_or(0)
    }

    /// `2026-11-21T14:05:09.000123`; empty for a time that no calendar has.
    pub fn iso(self) -> String {
        self.format("%Y-%m-%dT%H:%M:%S%.6f")
    }

    /// `2026-11-21 14:05:09`
    pub fn plain(self) -> String {
        self.format("%Y-%m-%d %H:%M:%S")
    }

    fn format(self, format: &str) -> String {
        let nanoseconds = i32::try_from(self.nanoseconds).unwrap_or(0);
        let Ok(time) = Timestamp::new(self.seconds, nanoseconds) else {
            return String::new();
        };
        let local = time.to_zoned(TimeZone::system());
        local.strftime(format).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_between_are_never_negative() {
        let (early, late) = (Time::new(10, 999), Time::new(15, 1));
        assert_eq!(late.seconds_since(early), 5);
        assert_eq!(early.seconds_since(late), 0);
        assert!(Time::now() > Time::new(1_700_000_000, 0));
    }

    #[test]
    fn a_time_has_six_digits_and_no_zone() {
        let text = Time::new(1_790_000_000, 123_456_789).iso();
        let (date, fraction) = text.split_once('.').unwrap();
        assert_eq!(fraction, "123456");
        assert_eq!(date.len(), "2026-09-21T12:53:20".len(), "{text}");
        assert_eq!(Time::new(i64::MAX, 0).iso(), "");
    }
}
