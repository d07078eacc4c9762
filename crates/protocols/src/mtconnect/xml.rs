//! Start tags and their attributes, each with its place.

use observation::Octets;

/// Attributes of one tag that are looked at.
const ATTRIBUTES_MAX: usize = 32;

/// The local name that a tag begins with, which stands behind its `<`; empty for end tags, comments and instructions.
pub(super) fn local_name(tag: &[u8]) -> &[u8] {
    let is_end = |octet: &u8| octet.is_ascii_whitespace() || matches!(octet, b'/' | b'>' | b'?' | b'!');
    let name = tag.split(is_end).next().unwrap_or_default();
    name.rsplit(|octet| *octet == b':').next().unwrap_or_default()
}

/// Names and values of the attributes of a tag, given from behind its `<` up to its `>`.
pub(super) fn attributes(tag: Octets<'_>) -> impl Iterator<Item = (&[u8], Octets<'_>)> {
    let mut rest = tag;
    std::iter::from_fn(move || {
        let equals = rest.bytes.iter().position(|octet| *octet == b'=')?;
        let name = rest.bytes.get(..equals)?.trim_ascii_end();
        let name = name.rsplit(u8::is_ascii_whitespace).next()?;
        let behind = rest.tail(equals.saturating_add(1));
        let blanks = behind.bytes.iter().take_while(|octet| octet.is_ascii_whitespace()).count();
        let quote = behind.get(blanks).filter(|octet| matches!(octet, b'"' | b'\''))?;
        let value = behind.tail(blanks.saturating_add(1));
        let end = value.bytes.iter().position(|octet| *octet == quote)?;
        rest = value.tail(end.saturating_add(1));
        Some((name, value.head(end)))
    })
    .take(ATTRIBUTES_MAX)
}

/// True if the line of a chunk (RFC 9112 section 7.1) may stand within: its digits would be taken for text.
pub(super) fn may_hold_chunk(octets: &[u8]) -> bool {
    let mut lines = octets.split(|octet| *octet == b'\n').skip(1);
    lines.any(|line| {
        let digits = line.strip_suffix(b"\r").unwrap_or_default();
        !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_attributes_are_found() {
        assert_eq!(local_name(b"m:Device id='d'>"), b"Device");
        assert_eq!(
            (local_name(b"/Device>"), local_name(b"!-- x"), local_name(b"")),
            (&b""[..], &b""[..], &b""[..])
        );
        let tag = Octets::unplaced(b"Device id = 'd1'\n uuid=\"a=b\" name='x");
        let found: Vec<_> = attributes(tag).map(|(name, value)| (name, value.bytes)).collect();
        let expected: [(&[u8], &[u8]); 2] = [(b"id", b"d1"), (b"uuid", b"a=b")];
        assert_eq!(found, expected);
    }

    #[test]
    fn lines_of_chunks_are_seen() {
        assert!(may_hold_chunk(b"Device id='\r\n1f4\r\nd'"));
        assert!(!may_hold_chunk(b"Device\r\n  id='d'"));
    }
}
