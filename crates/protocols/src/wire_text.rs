//! Rules that read names and identifiers as several protocols write them.

use observation::Rules;

/// Shown as text only if all of it is printable.
pub(crate) fn text_or_hexadecimal(octets: &[u8]) -> Option<String> {
    let is_text = octets.iter().all(|octet| octet.is_ascii_graphic() || *octet == b' ');
    if is_text { Rules::text(octets) } else { Rules::hexadecimal(octets) }
}

/// Labels of length and text up to an empty one, with dots.
pub(crate) fn labels(mut octets: &[u8]) -> Option<String> {
    let mut name = Vec::new();
    while let Some((length, rest)) = octets.split_first().filter(|(length, _)| (1..64).contains(*length)) {
        let (label, rest) = rest.split_at_checked(usize::from(*length))?;
        if !name.is_empty() {
            name.push(b'.');
        }
        name.extend_from_slice(label);
        octets = rest;
    }
    Rules::text(&name)
}

/// A universally unique identifier in network order, as people write it; `None` if all octets are zero.
pub(crate) fn uuid(octets: &[u8]) -> Option<String> {
    if octets.len() != 16 || octets.iter().all(|octet| *octet == 0) {
        return None;
    }
    let mut text = Rules::hexadecimal(octets)?;
    for at in [20, 16, 12, 8] {
        text.insert(at, '-');
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_text_only_where_all_of_them_is() {
        assert_eq!(text_or_hexadecimal(b"Gi1/0/7").as_deref(), Some("Gi1/0/7"));
        assert_eq!(text_or_hexadecimal(&[0, 4, 0, 10, 1, 7]).as_deref(), Some("0004000a0107"));
        assert_eq!(text_or_hexadecimal(b""), None);
    }

    #[test]
    fn unique_identifiers_have_their_dashes() {
        assert_eq!(uuid(&[0xff; 16]).as_deref(), Some("ffffffff-ffff-ffff-ffff-ffffffffffff"));
        assert_eq!((uuid(&[0; 16]), uuid(&[1; 15])), (None, None));
    }

    #[test]
    fn labels_become_a_name_with_dots() {
        assert_eq!(labels(b"\x03pc1\x05plant\0rest").as_deref(), Some("pc1.plant"));
        assert_eq!(labels(b"\x03pc1").as_deref(), Some("pc1"));
        assert_eq!((labels(b"\x09pc1"), labels(b"\0")), (None, None));
    }
}
