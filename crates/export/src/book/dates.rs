//! Days and moments as spreadsheets count them: days since 1899-12-30, the time of day as a fraction.

use observation::Time;

pub(super) const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// 1970-01-01.
const EPOCH: i64 = 25_569;

/// 1900-03-01: before it, spreadsheets disagree, for one of them knows a 29th of February 1900.
const FIRST: i64 = 61;

/// A day of the Gregorian calendar as days since 1970-01-01; `None` if the text is none like `2026-01-31`.
pub(super) fn day(text: &str) -> Option<i64> {
    let date: jiff::civil::Date = text.parse().ok()?;
    // Other spellings, such as one with a week, are text.
    if date.to_string() != text {
        return None;
    }
    let time = crate::time::parse(&format!("{text}T00:00:00Z")).ok()?;
    Some(time.0.div_euclid(86_400 * NANOS_PER_SECOND))
}

/// A day, given as days since 1970-01-01.
pub(super) fn day_serial(day: i64) -> Option<f64> {
    let serial = day.checked_add(EPOCH).filter(|serial| *serial >= FIRST)?;
    i32::try_from(serial).ok().map(f64::from)
}

/// A moment, to the second.
pub(super) fn moment_serial(time: Time) -> Option<f64> {
    let seconds = time.0.div_euclid(NANOS_PER_SECOND);
    let day = day_serial(seconds.div_euclid(86_400))?;
    let second = i32::try_from(seconds.rem_euclid(86_400)).ok()?;
    Some(day + f64::from(second) / 86_400.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_as_spreadsheets_do() {
        assert_eq!(day("1970-01-01"), Some(0));
        assert_eq!(day("2024-02-29").and_then(day_serial), Some(45_351.0));
        assert_eq!(day("1900-03-01").and_then(day_serial), Some(61.0));
        assert_eq!(day("1900-02-28").and_then(day_serial), None);
        for text in ["", "2024-2-29", "2023-02-29", "20240229", "2024-W09-4", "2024-02-29T00:00:00Z"] {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn moments_are_days_and_a_fraction() {
        assert_eq!(moment_serial(Time(43_200 * NANOS_PER_SECOND + 5)), Some(25_569.5));
        assert_eq!(moment_serial(Time(i64::MIN)), None);
    }
}
