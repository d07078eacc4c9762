//! Rules: the one way from octets to a value, named so that anybody can read the octets again.

use std::borrow::Cow;
use std::fmt;
use std::net::Ipv4Addr;

/// Longest value in characters; a longer one is cut and ends with `…`. No field of a real device needs more.
pub const VALUE_CHARS_MAX: usize = 512;

/// Last character of a value that is too long.
const CUT: char = '…';

/// Turns octets into the value of an attribute.
///
/// A decoder makes facts only through rules, so every stated or reported cell can be proved again from its evidence:
/// `rule.read(octets of the ranges)` is the value, by construction and by test.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Name, unique over all protocols: `cip-vendor-id`, `szl-0011-order-number`.
    pub name: &'static str,
    /// Reads the value; `None` where the octets hold none (blank, reserved, unset).
    pub read: fn(&[u8]) -> Option<String>,
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rule({})", self.name)
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// Readings that many rules share.
#[derive(Debug)]
pub struct Rules;

impl Rules {
    /// Text as devices pad it: cut at the first NUL, blanks at both ends dropped, UTF-8 where it is valid and Latin-1
    /// otherwise, control and direction characters escaped (`\x1b`, `\u{202e}`), at most [`VALUE_CHARS_MAX`] characters.
    #[must_use]
    pub fn text(octets: &[u8]) -> Option<String> {
        let end = octets.iter().position(|octet| *octet == 0).unwrap_or(octets.len());
        let octets = octets.get(..end).unwrap_or_default();
        let text = match std::str::from_utf8(octets) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(octets.iter().map(|octet| char::from(*octet)).collect()),
        };
        printable(&text)
    }

    /// UTF-16 little-endian text, treated as [`text`](Self::text).
    #[must_use]
    pub fn text_utf16_le(octets: &[u8]) -> Option<String> {
        let units = octets.chunks_exact(2).map(|pair| {
            u16::from_le_bytes([pair.first().copied().unwrap_or(0), pair.last().copied().unwrap_or(0)])
        });
        let text: String = char::decode_utf16(units.take_while(|unit| *unit != 0))
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        printable(&text)
    }

    /// An unsigned little-endian number of up to eight octets, in decimal.
    #[must_use]
    pub fn decimal_le(octets: &[u8]) -> Option<String> {
        (!octets.is_empty() && octets.len() <= 8).then(|| {
            octets.iter().rev().fold(0_u64, |value, octet| value << 8 | u64::from(*octet)).to_string()
        })
    }

    /// An unsigned big-endian number of up to eight octets, in decimal.
    #[must_use]
    pub fn decimal_be(octets: &[u8]) -> Option<String> {
        (!octets.is_empty() && octets.len() <= 8)
            .then(|| octets.iter().fold(0_u64, |value, octet| value << 8 | u64::from(*octet)).to_string())
    }

    /// Octets in lower-case hexadecimal, in wire order.
    #[must_use]
    pub fn hexadecimal(octets: &[u8]) -> Option<String> {
        (!octets.is_empty()).then(|| octets.iter().map(|octet| format!("{octet:02x}")).collect())
    }

    /// An IPv4 address in network order; `None` for 0.0.0.0.
    #[must_use]
    pub fn ipv4(octets: &[u8]) -> Option<String> {
        let octets: [u8; 4] = octets.try_into().ok()?;
        (octets != [0; 4]).then(|| Ipv4Addr::from(octets).to_string())
    }

    /// A MAC address; `None` for all zeros.
    #[must_use]
    pub fn mac(octets: &[u8]) -> Option<String> {
        crate::Mac::from_slice(octets).filter(|mac| !mac.is_zero()).map(|mac| mac.to_string())
    }
}

/// True for characters that a terminal, a spreadsheet or a page could act on instead of showing.
#[must_use]
pub fn acts(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Escapes what would act, trims blanks, cuts at [`VALUE_CHARS_MAX`]; `None` if nothing is left.
pub(crate) fn printable(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let mut shown = String::with_capacity(text.len());
    let mut count = 0_usize;
    // Where the text would end if it proved to be too long.
    let mut end = 0_usize;
    for character in text.chars() {
        let escaped = match character {
            c if !acts(c) => None,
            c if u32::from(c) < 0x100 => Some(format!("\\x{:02x}", u32::from(c))),
            c => Some(format!("\\u{{{:x}}}", u32::from(c))),
        };
        count = count.saturating_add(escaped.as_ref().map_or(1, String::len));
        if count > VALUE_CHARS_MAX {
            shown.truncate(end);
            shown.push(CUT);
            break;
        }
        match escaped {
            Some(escaped) => shown.push_str(&escaped),
            None => shown.push(character),
        }
        if count < VALUE_CHARS_MAX {
            end = shown.len();
        }
    }
    Some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padded_text_loses_its_padding_and_nothing_else() {
        assert_eq!(Rules::text(b"6ES7 315-2EH14-0AB0 \0\0").as_deref(), Some("6ES7 315-2EH14-0AB0"));
        assert_eq!(Rules::text(b"  \0junk"), None);
        assert_eq!(Rules::text(b"K\xf6ln").as_deref(), Some("Köln"));
        assert_eq!(Rules::text("Köln".as_bytes()).as_deref(), Some("Köln"));
        assert_eq!(Rules::text(b"%n%n%n").as_deref(), Some("%n%n%n"));
    }

    #[test]
    fn hostile_characters_are_shown_and_never_act() {
        assert_eq!(Rules::text(b"a\x1b[2Jb").as_deref(), Some("a\\x1b[2Jb"));
        assert_eq!(Rules::text("a\u{202e}b".as_bytes()).as_deref(), Some("a\\u{202e}b"));
        assert!(Rules::text(&[0x01; 4000]).is_some_and(|text| text.chars().count() <= VALUE_CHARS_MAX));
    }

    #[test]
    fn a_value_that_is_too_long_shows_that_it_was_cut() {
        let whole = "A".repeat(VALUE_CHARS_MAX);
        assert_eq!(Rules::text(whole.as_bytes()).as_deref(), Some(whole.as_str()));
        let cut = Rules::text(&[b'A'; VALUE_CHARS_MAX + 1]).unwrap();
        assert_eq!((cut.chars().count(), cut.ends_with("A…")), (VALUE_CHARS_MAX, true));
        // 508 characters and an escape of four fill it; one more does not fit, nor does half an escape stand for it.
        let escaped = |after: &str| Rules::text(format!("{}\x1b{after}", "A".repeat(508)).as_bytes());
        assert!(escaped("").is_some_and(|text| text.ends_with("A\\x1b") && text.len() == VALUE_CHARS_MAX));
        assert!(escaped("A").is_some_and(|text| text.ends_with("A…") && text.chars().count() == 509));
    }

    #[test]
    fn numbers_read_in_both_orders() {
        assert_eq!(Rules::decimal_le(&[0x01, 0x02]).as_deref(), Some("513"));
        assert_eq!(Rules::decimal_be(&[0x01, 0x02]).as_deref(), Some("258"));
        assert_eq!(Rules::decimal_be(&[0; 9]), None);
        assert_eq!(Rules::hexadecimal(&[0xc0, 0x0f]).as_deref(), Some("c00f"));
        assert_eq!(Rules::text_utf16_le(b"H\0M\0I\0\0\0").as_deref(), Some("HMI"));
    }
}
