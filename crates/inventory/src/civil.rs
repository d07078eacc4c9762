//! Days and months of the Gregorian calendar in UTC (ISO 8601), for ages and for deadlines that count in months.

use observation::{NANOS_PER_DAY, Time};

/// A day: year, month from 1, day from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Civil {
    /// Year.
    pub year: i64,
    /// Month, 1 to 12.
    pub month: i64,
    /// Day, 1 to 31.
    pub day: i64,
}

/// Days of 400 years.
const DAYS_OF_ERA: i64 = 146_097;

/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: i64 = 719_468;

#[allow(
    clippy::arithmetic_side_effects,
    reason = "years of four digits and days of i64 nanoseconds are far from overflow"
)]
impl Civil {
    /// The day of a text like 2026-01-31; `None` if it is none. The years are 1678 to 2261, those of a [`Time`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut next = |digits: usize| {
            let part = parts.next()?;
            let is_number = part.len() == digits && part.bytes().all(|octet| octet.is_ascii_digit());
            if is_number { part.parse::<i64>().ok() } else { None }
        };
        let (year, month, day) = (next(4)?, next(2)?, next(2)?);
        let is_day = parts.next().is_none()
            && (1678..2262).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_of(year, month)).contains(&day);
        is_day.then_some(Self { year, month, day })
    }

    /// The day of a time in UTC.
    #[must_use]
    pub fn of(time: Time) -> Self {
        // Howard Hinnant, chrono-compatible low-level date algorithms: years that begin in March.
        let days = time.0.div_euclid(NANOS_PER_DAY) + EPOCH;
        let era = days.div_euclid(DAYS_OF_ERA);
        let of_era = days.rem_euclid(DAYS_OF_ERA);
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        Self { year: year + era * 400 + i64::from(month <= 2), month, day }
    }

    /// Midnight of the day in UTC.
    #[must_use]
    pub fn start(self) -> Time {
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let shifted = if self.month > 2 { self.month - 3 } else { self.month + 9 };
        let of_year = (153 * shifted + 2) / 5 + self.day - 1;
        let days = of_era * 365 + of_era / 4 - of_era / 100 + of_year + era * DAYS_OF_ERA - EPOCH;
        Time(days.saturating_mul(NANOS_PER_DAY))
    }
}

/// The same time of day so many months later; where that month has no such day, its last one (the rule of Regulation
/// (EEC, Euratom) No 1182/71, Article 3(2)(c)). Months may be negative.
#[must_use]
#[allow(clippy::arithmetic_side_effects, reason = "months are bounded to those of all years of a Time")]
pub fn months_later(time: Time, months: i64) -> Time {
    let months = months.clamp(-12_000, 12_000);
    let from = Civil::of(time);
    let of_day = time.0.rem_euclid(NANOS_PER_DAY);
    let count = from.year * 12 + (from.month - 1) + months;
    let (year, month) = (count.div_euclid(12), count.rem_euclid(12) + 1);
    let day = from.day.min(days_of(year, month));
    Time(Civil { year, month, day }.start().0.saturating_add(of_day))
}

fn days_of(year: i64, month: i64) -> i64 {
    let is_leap = (year.rem_euclid(4) == 0 && year.rem_euclid(100) != 0) || year.rem_euclid(400) == 0;
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 31,
    }
}

/// The moment of a text like `2036-11-19T09:34:24Z`, as certificates and exports write it; `None` if it is none.
#[must_use]
pub(crate) fn utc_moment(text: &str) -> Option<Time> {
    let (day, clock) = text.strip_suffix('Z')?.split_once('T')?;
    let mut parts = clock.split(':').map(|part| {
        let part = part.split('.').next().unwrap_or_default();
        if part.len() == 2 { part.parse::<i64>().ok() } else { None }
    });
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    let fits = hour < 24 && minute < 60 && second <= 60 && parts.next().is_none();
    let seconds = hour.saturating_mul(3600).saturating_add(minute.saturating_mul(60)).saturating_add(second);
    let start = Civil::parse(day).filter(|_| fits)?.start();
    Some(Time(start.0.saturating_add(seconds.saturating_mul(1_000_000_000))))
}

/// Whole days from one time to a later one; 0 if it is not later.
#[must_use]
pub fn days_between(from: Time, to: Time) -> i64 {
    to.0.saturating_sub(from.0).max(0).checked_div(NANOS_PER_DAY).unwrap_or(0)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Time {
        Civil::parse(text).unwrap_or_else(|| panic!("{text}")).start()
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for (text, days) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2000-02-29", 11_016),
            ("2000-03-01", 11_017),
            ("2024-02-29", 19_782),
        ] {
            assert_eq!(day(text), Time(days * NANOS_PER_DAY), "{text}");
        }
        for text in ["2023-02-29", "1900-02-29", "2026-13-01", "2026-1-01", "2026-01-32", "2026-01-01T", ""] {
            assert_eq!(Civil::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_month_later_is_the_same_day_or_the_last_one() {
        for (from, months, to) in [
            ("2026-01-31", 1, "2026-02-28"),
            ("2024-01-31", 1, "2024-02-29"),
            ("2026-12-15", 1, "2027-01-15"),
            ("2026-03-31", -1, "2026-02-28"),
            ("2026-11-30", -12, "2025-11-30"),
            ("2024-02-29", 12, "2025-02-28"),
        ] {
            assert_eq!(months_later(Time(day(from).0 + 5), months), Time(day(to).0 + 5), "{from} {months}");
        }
    }

    #[test]
    fn moments_of_certificates_are_read() {
        assert_eq!(utc_moment("1970-01-02T00:00:01Z"), Some(Time(NANOS_PER_DAY + 1_000_000_000)));
        assert_eq!(utc_moment("1970-01-01T00:00:00.5Z"), Some(Time(0)));
        for text in
            ["", "Z", "1970-01-01", "1970-01-01T25:00:00Z", "1970-01-01T0:00:00Z", "1970-01-01T00:00Z"]
        {
            assert_eq!(utc_moment(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_day_there_is_comes_back(days in -106_000_i64..106_000) {
            let start = Time(days * NANOS_PER_DAY);
            let civil = Civil::of(Time(start.0 + 17));
            prop_assert_eq!(civil.start(), start);
            let text = format!("{:04}-{:02}-{:02}", civil.year, civil.month, civil.day);
            prop_assert_eq!(Civil::parse(&text), Some(civil));
        }

        #[test]
        fn a_month_is_28_to_31_days(nanos in 0_i64..4_000_000_000_000_000_000) {
            let later = months_later(Time(nanos), 1).0 - nanos;
            prop_assert!((28 * NANOS_PER_DAY..=31 * NANOS_PER_DAY).contains(&later));
        }
    }
}
