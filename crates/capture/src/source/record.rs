//! What both capture formats share: byte order, words, clocks, and the record of a frame.

use observation::Time;

use crate::LinkType;

/// Nanoseconds in a second.
pub(super) const NANOS: u64 = 1_000_000_000;

/// Order of octets in the numbers of a file or section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Most significant octet first.
    Big,
    /// Least significant octet first.
    Little,
}

impl Order {
    #[inline]
    pub(super) fn u16(self, octets: [u8; 2]) -> u16 {
        match self {
            Self::Big => u16::from_be_bytes(octets),
            Self::Little => u16::from_le_bytes(octets),
        }
    }

    #[inline]
    pub(super) fn u32(self, octets: [u8; 4]) -> u32 {
        match self {
            Self::Big => u32::from_be_bytes(octets),
            Self::Little => u32::from_le_bytes(octets),
        }
    }

    pub(super) fn u64(self, octets: [u8; 8]) -> u64 {
        match self {
            Self::Big => u64::from_be_bytes(octets),
            Self::Little => u64::from_le_bytes(octets),
        }
    }
}

/// The first `N` words of four octets.
#[inline]
pub(super) fn words<const N: usize>(octets: &[u8]) -> Option<&[[u8; 4]; N]> {
    octets.as_chunks::<4>().0.first_chunk()
}

/// A record that holds a frame; the stream stands at its first octet.
pub(super) struct Record {
    /// 1-based number of the frame in the file.
    pub(super) number: u64,
    pub(super) time: Time,
    pub(super) link_type: LinkType,
    /// Octets on the wire.
    pub(super) original_length: u32,
    /// Where the frame stands in the record.
    pub(super) offset: usize,
    /// Octets of the frame that were captured.
    pub(super) captured: usize,
    /// Octets of the whole record.
    pub(super) length: usize,
}

/// From a count of time units to nanoseconds since 1970, saturating at both ends of [`Time`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    unit: Unit,
    // Seconds to add, in nanoseconds.
    offset: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    // So many nanoseconds.
    Nanos(u64),
    // So many of them are a nanosecond.
    PerNano(u128),
    // A second divided by this power of two.
    Binary(u32),
}

impl Clock {
    /// `resolution` as in option if_tsresol of pcapng (draft-ietf-opsawg-pcapng, 4.2): a negative power of ten, or of two
    /// if the most significant bit is set. `offset` as in if_tsoffset: seconds to add.
    pub(super) fn new(resolution: u8, offset: i64) -> Self {
        let power = u32::from(resolution & 0x7F);
        let unit = match 9_u32.checked_sub(power) {
            _ if resolution & 0x80 != 0 => Unit::Binary(power),
            Some(power) => Unit::Nanos(10_u64.saturating_pow(power)),
            None => Unit::PerNano(10_u128.saturating_pow(power.saturating_sub(9))),
        };
        Self { unit, offset: offset.saturating_mul(NANOS.cast_signed()) }
    }

    /// The moment `units` after 1970.
    #[inline]
    pub(super) fn time(self, units: u64) -> Time {
        let nanos = match self.unit {
            Unit::Nanos(nanos) => units.saturating_mul(nanos),
            Unit::PerNano(per_nano) => {
                let nanos = u128::from(units).checked_div(per_nano).unwrap_or_default();
                u64::try_from(nanos).unwrap_or(u64::MAX)
            }
            Unit::Binary(power) => {
                let nanos = u128::from(units).saturating_mul(NANOS.into()) >> power;
                u64::try_from(nanos).unwrap_or(u64::MAX)
            }
        };
        // The offset first goes below: a count beyond Time may come back within it.
        let shifted = i128::from(nanos).saturating_add(self.offset.into());
        Time(shifted.clamp(i64::MIN.into(), i64::MAX.into()).try_into().unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_any_power_of_ten_become_nanoseconds() {
        for (resolution, units, nanos) in [
            (0, 1_700_000_000, 1_700_000_000_000_000_000),
            (3, 1_700_000_000_123, 1_700_000_000_123_000_000),
            (6, 1_700_000_000_123_456, 1_700_000_000_123_456_000),
            (9, 1_700_000_000_123_456_789, 1_700_000_000_123_456_789),
            (10, 17_000_000_001_234_567_899, 1_700_000_000_123_456_789),
            (18, 1_700_000_000_999_999_999, 1_700_000_000),
            (60, u64::MAX, 0),
            (127, u64::MAX, 0),
        ] {
            assert_eq!(Clock::new(resolution, 0).time(units), Time(nanos), "10^-{resolution}");
        }
    }

    #[test]
    fn units_of_any_power_of_two_become_nanoseconds() {
        for (power, units, nanos) in [
            (0, 1_700_000_000, 1_700_000_000_000_000_000),
            (1, 3, 1_500_000_000),
            (20, 5 << 19, 2_500_000_000),
            (32, (1_700_000_000 << 32) | (1 << 31), 1_700_000_000_500_000_000),
            (63, 1 << 63, 1_000_000_000),
            (127, u64::MAX, 0),
        ] {
            assert_eq!(Clock::new(power | 0x80, 0).time(units), Time(nanos), "2^-{power}");
        }
    }

    #[test]
    fn an_offset_is_added_and_nothing_wraps() {
        assert_eq!(Clock::new(6, 3600).time(1), Time(3_600_000_001_000));
        assert_eq!(Clock::new(6, -1).time(0), Time(-1_000_000_000));
        assert_eq!(Clock::new(0, 0).time(u64::MAX), Time(i64::MAX));
        assert_eq!(Clock::new(0, i64::MAX).time(u64::MAX), Time(i64::MAX));
        assert_eq!(Clock::new(6, i64::MIN).time(0), Time(i64::MIN));
    }
}
