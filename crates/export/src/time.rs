//! Times as text, RFC 3339 in UTC.

use jiff::Timestamp;
use observation::Time;

/// The time as RFC 3339 prints it in UTC: `2026-01-02T03:04:05.000000007Z`, digits after the second only where they
/// are not all zero, and no zeros at their end.
#[must_use]
pub fn rfc3339(time: Time) -> String {
    // An i64 of nanoseconds reaches from 1677 to 2262, well within what a timestamp holds.
    Timestamp::from_nanosecond(time.0.into()).unwrap_or_default().to_string()
}

/// The time in UTC in another system's form, as `strftime` writes it.
pub(crate) fn printed(time: Time, form: &str) -> String {
    Timestamp::from_nanosecond(time.0.into()).unwrap_or_default().strftime(form).to_string()
}

/// The text is no time of RFC 3339, or none between the years 1678 and 2261.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{}\" is no time like 2026-01-02T03:04:05Z (RFC 3339)", crate::safe_text(.0))]
pub struct NoTime(String);

/// The time of an RFC 3339 text with any offset.
///
/// # Errors
///
/// Fails if it is none, or lies outside of what nanoseconds in 64 bits reach.
pub fn parse(text: &str) -> Result<Time, NoTime> {
    let wrong = || NoTime(text.into());
    let timestamp: Timestamp = text.parse().map_err(|_| wrong())?;
    i64::try_from(timestamp.as_nanosecond()).map(Time).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_after_the_second_are_trimmed() {
        assert_eq!(rfc3339(Time(0)), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(Time(1_767_323_045_000_000_000)), "2026-01-02T03:04:05Z");
        assert_eq!(rfc3339(Time(1_767_323_045_120_000_000)), "2026-01-02T03:04:05.12Z");
        assert_eq!(rfc3339(Time(1_767_323_045_000_000_007)), "2026-01-02T03:04:05.000000007Z");
        assert_eq!(rfc3339(Time(-1)), "1969-12-31T23:59:59.999999999Z");
    }

    #[test]
    fn every_time_prints_and_reads_back() {
        for nanos in [i64::MIN, -1, 0, 1, 1_767_323_045_120_000_000, i64::MAX] {
            assert_eq!(parse(&rfc3339(Time(nanos))), Ok(Time(nanos)));
        }
        assert_eq!(parse("2026-01-02T04:04:05+01:00"), parse("2026-01-02T03:04:05Z"));
    }

    #[test]
    fn what_is_no_time_says_what_one_is() {
        for text in ["", "yesterday", "2026-13-01T00:00:00Z", "9999-01-01T00:00:00Z", "2026-01-02T03:04:05"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(
            parse("\x1b").unwrap_err().to_string(),
            "\"\\x1b\" is no time like 2026-01-02T03:04:05Z (RFC 3339)"
        );
    }
}
