//! The rules by which octets become values.

use std::fmt::Write;

use observation::{Rule, Rules};

macro_rules! rules {
    ($($name:ident = $text:literal, $read:expr;)*) => {
        $(pub(super) static $name: Rule = Rule { name: $text, read: $read };)*

        /// Every rule of the protocol.
        pub(super) const RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    TITLE = "c1222-ap-title", title;
    STANDARD = "c1222-standard", standard;
    TEXT = "c1222-text", Rules::text;
    VERSION = "c1222-version", version;
    BCD = "c1222-bcd", bcd;
}

/// Most numbers of a title that are shown.
const NUMBERS_MAX: usize = 32;

/// An object identifier with tag and length in front: 0x06 is absolute, others are relative and begin with a dot.
pub(super) fn title(octets: &[u8]) -> Option<String> {
    let (&tag, rest) = octets.split_first()?;
    let (&length, contents) = rest.split_first()?;
    let contents = contents.get(..usize::from(length)).filter(|contents| !contents.is_empty())?;
    let (mut text, mut number, mut count) = (String::new(), 0_u64, 0_usize);
    for octet in contents {
        number = number.checked_shl(7).filter(|shifted| shifted >> 7 == number)? | u64::from(octet & 0x7f);
        if octet & 0x80 != 0 {
            continue;
        }
        if count == 0 && tag == 0x06 {
            let first = number.min(80) / 40;
            let _ = write!(text, "{first}.{}", number.saturating_sub(first.saturating_mul(40)));
        } else {
            let _ = write!(text, ".{number}");
        }
        (number, count) = (0, count.saturating_add(1));
        if count >= NUMBERS_MAX {
            break;
        }
    }
    (count > 0).then_some(text)
}

/// Standard, version and revision of the identification service.
fn standard(octets: &[u8]) -> Option<String> {
    let [standard, version, revision] = octets else { return None };
    let name = match standard {
        0 => "ANSI C12.18",
        2 => "ANSI C12.21",
        3 => "ANSI C12.22",
        _ => return None,
    };
    Some(format!("{name} version {version}.{revision}"))
}

/// Version and revision; 0.0 is none.
fn version(octets: &[u8]) -> Option<String> {
    match octets {
        [0, 0] => None,
        [version, revision] => Some(format!("{version}.{revision}")),
        _ => None,
    }
}

/// Decimal digits, two to an octet, without leading zeros.
fn bcd(octets: &[u8]) -> Option<String> {
    let digits =
        Rules::hexadecimal(octets).filter(|digits| digits.chars().all(|digit| digit.is_ascii_digit()))?;
    let digits = digits.trim_start_matches('0');
    (!digits.is_empty()).then(|| digits.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_read_as_numbers_with_dots() {
        let octets = [0x06, 8, 0x2b, 6, 1, 4, 1, 0x82, 0x85, 0x63];
        assert_eq!(title(&octets).as_deref(), Some("1.3.6.1.4.1.33507"));
        assert_eq!(title(&[0x80, 3, 0x7b, 0xc1, 0x75]).as_deref(), Some(".123.8437"));
        assert_eq!((title(&[0x06, 9, 1]), title(&[]), title(&[0x06, 1, 0x80])), (None, None, None));
        assert_eq!(title(&[[0x80, 12].as_slice(), &[0xff; 11], &[1]].concat()), None);
    }

    #[test]
    fn versions_and_digits_read_as_the_standard_means_them() {
        assert_eq!(standard(&[3, 1, 0]).as_deref(), Some("ANSI C12.22 version 1.0"));
        assert_eq!((standard(&[9, 1, 0]), version(&[0, 0])), (None, None));
        assert_eq!(bcd(&[0, 0x12, 0x34]).as_deref(), Some("1234"));
        assert_eq!((bcd(&[0, 0]), bcd(&[0xff])), (None, None));
    }
}
