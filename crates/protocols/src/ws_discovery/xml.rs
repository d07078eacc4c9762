//! Elements of a document by their local names: enough for messages whose elements of interest hold only text.
//! Comments and character data sections are passed over as the unknown tags that they look like.

use observation::Octets;

/// Elements of one document that are looked at.
const ELEMENTS_MAX: usize = 512;

/// Local names of elements in the order of their start tags, with the text up to the next tag, without blanks around
/// it.
pub(super) fn elements(document: Octets<'_>) -> impl Iterator<Item = (&[u8], Octets<'_>)> {
    let mut rest = document;
    std::iter::from_fn(move || {
        loop {
            let start = rest.bytes.iter().position(|octet| *octet == b'<')?;
            let tag = rest.tail(start.saturating_add(1));
            let end = tag.bytes.iter().position(|octet| *octet == b'>')?;
            rest = tag.tail(end.saturating_add(1));
            let name = tag.bytes.get(..end)?;
            if matches!(name.first(), None | Some(b'/' | b'?' | b'!')) {
                continue;
            }
            let is_name = |octet: &u8| !octet.is_ascii_whitespace() && *octet != b'/';
            let length = name.iter().position(|octet| !is_name(octet)).unwrap_or(name.len());
            let name = name.get(..length)?;
            let local = name.iter().rposition(|octet| *octet == b':').map_or(0, |at| at.saturating_add(1));
            let text = match rest.bytes.iter().position(|octet| *octet == b'<') {
                Some(end) => rest.head(end),
                None => rest,
            };
            return Some((name.get(local..)?, crate::http_head::trim(text)));
        }
    })
    .take(ELEMENTS_MAX)
}

/// Words between blanks.
pub(super) fn words(text: Octets<'_>) -> impl Iterator<Item = Octets<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let blanks = rest.bytes.iter().take_while(|octet| octet.is_ascii_whitespace()).count();
        let word = rest.tail(blanks);
        if word.is_empty() {
            return None;
        }
        let end = word.bytes.iter().position(u8::is_ascii_whitespace);
        rest = word.tail(end.unwrap_or(word.len()));
        Some(end.map_or(word, |end| word.head(end)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_by_local_name_with_their_text() {
        let document = b"<?xml version='1.0'?><!-- x --><a:Body q='1'><Types> dn:A  tds:B </Types><b:X/><c>";
        let found: Vec<_> =
            elements(Octets::unplaced(document)).map(|(name, text)| (name, text.bytes)).collect();
        let expected: [(&[u8], &[u8]); 4] =
            [(b"Body", b""), (b"Types", b"dn:A  tds:B"), (b"X", b""), (b"c", b"")];
        assert_eq!(found, expected);
        let words: Vec<_> = words(Octets::unplaced(b" dn:A  tds:B ")).map(|word| word.bytes).collect();
        assert_eq!(words, [b"dn:A".as_slice(), b"tds:B"]);
        assert_eq!(elements(Octets::unplaced(b"<<<>><")).count(), 1);
    }

    #[test]
    fn text_before_a_cut_is_cut() {
        let document = Octets::unplaced(b"<Types>dn:Net").cut();
        let (_, text) = elements(document).next().unwrap();
        assert!(text.is_cut());
        assert!(words(text).next().unwrap().is_cut());
    }
}
