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

impl std::fmt::Display for Day {
    /// As ISO 8601 has it: `2026-01-02`. By the arithmetic of Howard Hinnant's "chrono-Compatible Low-Level Date
    /// Algorithms", `civil_from_days`: years begin in March, so that a leap day is the last of its year.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        /// Days of 400 years, after which the calendar repeats.
        const ERA: i64 = 146_097;
        let days = i64::from(self.0).saturating_add(719_468);
        let (era, of_era) = (days.div_euclid(ERA), days.rem_euclid(ERA));
        // All of it is within ±2^33.
        #[expect(clippy::arithmetic_side_effects, reason = "a day of 32 bits is at most 2^31 in size")]
        let (year, month, day) = {
            let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / (ERA - 1)) / 365;
            let of_year = of_era - (365 * year + year / 4 - year / 100);
            let from_march = (5 * of_year + 2) / 153;
            let day = of_year - (153 * from_march + 2) / 5 + 1;
            let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
            (year + era * 400 + i64::from(month <= 2), month, day)
        };
        write!(formatter, "{year:04}-{month:02}-{day:02}")
    }
}

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

    #[test]
    fn days_print_as_dates() {
        for (day, date) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_454, "2026-01-01"),
            (47_541, "2100-03-01"),
            (47_540, "2100-02-28"),
        ] {
            assert_eq!(Day(day).to_string(), date);
        }
    }
}
