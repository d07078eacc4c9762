//! Observed time: nanoseconds since 1970-01-01T00:00:00Z, as frames carry it.

/// Nanoseconds in a day of UTC without leap seconds.
pub const NANOS_PER_DAY: i64 = 86_400_000_000_000;

/// A moment of observed time, in nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

impl Time {
    /// The UTC day this moment belongs to.
    #[must_use]
    pub fn day(self) -> Day {
        // A quotient of an i64 of nanoseconds by a day's length is within ±106,752.
        #[expect(clippy::cast_possible_truncation, reason = "at most 106,752 in size")]
        Day(self.0.div_euclid(NANOS_PER_DAY) as i32)
    }
}

/// A UTC day, counted from 1970-01-01 as day 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_before_and_after_1970() {
        assert_eq!(Time(0).day(), Day(0));
        assert_eq!(Time(-1).day(), Day(-1));
        assert_eq!(Time(NANOS_PER_DAY - 1).day(), Day(0));
        assert_eq!(Time(NANOS_PER_DAY).day(), Day(1));
    }
}
