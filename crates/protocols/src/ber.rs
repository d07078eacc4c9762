//! Basic encoding rules (ITU-T X.690): elements of identifier, length and contents.
//!
//! Lengths of both forms are read, the indefinite one for constructed elements down to [`DEPTH_MAX`] levels. No
//! method panics, and contents are never longer than what is there.

use observation::Octets;

use crate::{Malformed, Problem, Reader};

/// Universal tags in use here: integer, object identifier, sequence, external, visible string.
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const EXTERNAL: u8 = 0x28;
pub(crate) const VISIBLE_STRING: u8 = 0x1a;

/// Levels of indefinite length within each other.
const DEPTH_MAX: u8 = 16;
/// Octets of a tag number, and of a length, at most.
const NUMBER_OCTETS_MAX: usize = 4;

/// Identifier of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    /// First octet: class, form, and the number where it is below 31.
    pub(crate) octet: u8,
    /// The number.
    pub(crate) number: u32,
}

impl Tag {
    /// True for context-specific tags.
    pub(crate) fn is_context(self) -> bool {
        self.octet >> 6 == 2
    }

    /// True if the contents are elements.
    pub(crate) fn is_constructed(self) -> bool {
        self.octet & 0x20 != 0
    }
}

/// One element.
#[derive(Clone, Debug)]
pub(crate) struct Element<'a> {
    /// Its tag.
    pub(crate) tag: Tag,
    /// Its contents.
    pub(crate) contents: Octets<'a>,
    /// Identifier, length and contents.
    pub(crate) whole: Octets<'a>,
    /// Where the contents start in the message.
    at: usize,
}

impl<'a> Element<'a> {
    /// Reads the next element.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short, or if its tag or length is longer than any protocol here needs.
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let (start, whole) = (reader.offset(), reader.peek());
        let tag = tag(reader)?;
        let (contents, at) = match length(reader)? {
            Some(length) => {
                let at = reader.offset();
                (reader.take(length, "contents")?, at)
            }
            None if tag.is_constructed() => {
                let at = reader.offset();
                (indefinite(reader, 0)?, at)
            }
            None => return Err(reader.malformed("length", Problem::Value { value: 0x80 })),
        };
        Ok(Self { tag, contents, whole: whole.head(reader.offset().saturating_sub(start)), at })
    }

    /// Reads the next element, or what the capture left of it: with the number of octets of contents that are missing.
    ///
    /// # Errors
    ///
    /// Fails if tag or length are cut short, or longer than any protocol here needs.
    pub(crate) fn read_cut(reader: &mut Reader<'a>) -> Result<(Self, usize), Malformed> {
        let mut ahead = reader.clone();
        let (start, whole) = (ahead.offset(), ahead.peek());
        let tag = tag(&mut ahead)?;
        match length(&mut ahead)? {
            Some(length) if length > ahead.remaining() => {
                let (at, missing) = (ahead.offset(), length.saturating_sub(ahead.remaining()));
                let contents = ahead.rest();
                *reader = ahead;
                Ok((
                    Self { tag, contents, whole: whole.head(reader.offset().saturating_sub(start)), at },
                    missing,
                ))
            }
            _ => Self::read(reader).map(|element| (element, 0)),
        }
    }

    /// Reads the next element if its first octet is `octet`.
    ///
    /// # Errors
    ///
    /// Fails as [`read`](Self::read) does, or if another element comes.
    pub(crate) fn expect(reader: &mut Reader<'a>, octet: u8, what: &'static str) -> Result<Self, Malformed> {
        match reader.peek().get(0) {
            Some(found) if found != octet => {
                Err(reader.malformed(what, Problem::Value { value: found.into() }))
            }
            Some(_) => Self::read(reader),
            None => Err(reader.malformed(what, Problem::Truncated { missing: 1 })),
        }
    }

    /// Reads the contents as elements.
    pub(crate) fn elements(&self) -> Reader<'a> {
        Reader::nested(self.contents, self.at)
    }

    /// The first element of the contents whose first octet is `octet`; `None` if there is none before what is cut.
    pub(crate) fn find(&self, octet: u8) -> Option<Self> {
        find(self.elements(), octet)
    }

    /// An unsigned number of up to four octets; `None` for others.
    pub(crate) fn number(&self) -> Option<u32> {
        number(self.contents.bytes)
    }
}

/// The first of these elements whose first octet is `octet`.
pub(crate) fn find<'a>(mut reader: Reader<'a>, octet: u8) -> Option<Element<'a>> {
    while !reader.is_empty() {
        let element = Element::read(&mut reader).ok()?;
        if element.tag.octet == octet {
            return Some(element);
        }
    }
    None
}

/// An unsigned number of up to four octets, a zero in front aside.
pub(crate) fn number(octets: &[u8]) -> Option<u32> {
    let octets = match octets {
        [0, rest @ ..] if rest.len() == NUMBER_OCTETS_MAX => rest,
        octets => octets,
    };
    if octets.is_empty() || octets.len() > NUMBER_OCTETS_MAX {
        return None;
    }
    Some(octets.iter().fold(0, |value, octet| value << 8 | u32::from(*octet)))
}

fn tag(reader: &mut Reader<'_>) -> Result<Tag, Malformed> {
    let octet = reader.u8("tag")?;
    if octet & 0x1f != 0x1f {
        return Ok(Tag { octet, number: (octet & 0x1f).into() });
    }
    let mut number = 0_u32;
    for _ in 0..NUMBER_OCTETS_MAX {
        let next = reader.u8("tag")?;
        number = number << 7 | u32::from(next & 0x7f);
        if next & 0x80 == 0 {
            return Ok(Tag { octet, number });
        }
    }
    Err(reader.malformed("tag", Problem::Value { value: number.into() }))
}

/// The length; `None` for the indefinite form.
fn length(reader: &mut Reader<'_>) -> Result<Option<usize>, Malformed> {
    let first = reader.u8("length")?;
    match first {
        0x80 => Ok(None),
        0..=0x7f => Ok(Some(first.into())),
        _ => {
            let count = usize::from(first & 0x7f);
            if count > NUMBER_OCTETS_MAX {
                return Err(reader.malformed("length", Problem::Value { value: first.into() }));
            }
            let octets = reader.take(count, "length")?;
            Ok(Some(octets.bytes.iter().fold(0, |value, octet| value << 8 | usize::from(*octet))))
        }
    }
}

/// Passes over elements up to the two zero octets that end them, and returns what is in front of those.
fn indefinite<'a>(reader: &mut Reader<'a>, depth: u8) -> Result<Octets<'a>, Malformed> {
    if depth >= DEPTH_MAX {
        return Err(reader.malformed("nesting", Problem::Value { value: depth.into() }));
    }
    let (start, contents) = (reader.offset(), reader.peek());
    loop {
        let end = reader.offset().saturating_sub(start);
        if reader.peek().bytes.starts_with(&[0, 0]) {
            reader.skip(2, "end of contents")?;
            return Ok(contents.head(end));
        }
        tag(reader)?;
        match length(reader)? {
            Some(length) => reader.skip(length, "contents")?,
            None => drop(indefinite(reader, depth.saturating_add(1))?),
        }
    }
}

/// An object identifier in dotted decimals.
pub(crate) fn object_identifier(octets: &[u8]) -> Option<String> {
    let mut numbers = Vec::new();
    let mut value = 0_u64;
    for octet in octets {
        value = value.checked_mul(128)?.checked_add(u64::from(octet & 0x7f))?;
        if octet & 0x80 != 0 {
            continue;
        }
        if numbers.is_empty() {
            // The first two numbers share a place (8.19.4).
            let first = (value / 40).min(2);
            numbers.push(first.to_string());
            value = value.saturating_sub(first.saturating_mul(40));
        }
        numbers.push(value.to_string());
        value = 0;
    }
    let ended = octets.last().is_some_and(|octet| octet & 0x80 == 0);
    ended.then(|| numbers.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(octets: &[u8]) -> Reader<'_> {
        Reader::new(Octets::unplaced(octets))
    }

    #[test]
    fn elements_of_every_form_of_tag_and_length_are_read() {
        let octets =
            [0x02, 1, 5, 0xbf, 0x4d, 0x81, 2, 0x80, 0, 0xa0, 0x80, 0xa1, 0x80, 4, 1, 9, 0, 0, 0, 0, 7];
        let mut reader = reader(&octets);
        let number = Element::read(&mut reader).unwrap();
        assert_eq!((number.tag.octet, number.number()), (INTEGER, Some(5)));
        let high = Element::read(&mut reader).unwrap();
        assert_eq!((high.tag.octet, high.tag.number, high.contents.bytes), (0xbf, 77, [0x80, 0].as_slice()));
        assert!(high.tag.is_context() && high.tag.is_constructed());
        let open = Element::read(&mut reader).unwrap();
        assert_eq!(open.contents.bytes, [0xa1, 0x80, 4, 1, 9, 0, 0]);
        assert_eq!(open.whole.len(), 11);
        assert_eq!(open.find(0xa1).unwrap().find(4).unwrap().contents.bytes, [9]);
        assert!(open.find(5).is_none());
        assert_eq!(reader.remaining(), 1);
    }

    #[test]
    fn what_is_cut_or_too_long_is_named() {
        let error = |octets: &[u8]| Element::read(&mut reader(octets)).unwrap_err().to_string();
        assert_eq!(error(&[4, 5, 1]), "contents at octet 2: 4 octets missing");
        assert_eq!(error(&[4]), "length at octet 1: 1 octet missing");
        assert_eq!(error(&[4, 0x85, 0, 0, 0, 0, 1]), "length at octet 2: value 0x85 is not allowed");
        assert_eq!(error(&[4, 0x80]), "length at octet 2: value 0x80 is not allowed");
        assert_eq!(
            error(&[0xbf, 0xff, 0xff, 0xff, 0xff, 0xff]),
            "tag at octet 5: value 0xfffffff is not allowed"
        );
        assert_eq!(error(&[0xa0, 0x80].repeat(40)), "nesting at octet 34: value 0x10 is not allowed");
        let error = Element::expect(&mut reader(&[5, 0]), SEQUENCE, "list").unwrap_err();
        assert_eq!(error.to_string(), "list at octet 0: value 0x5 is not allowed");
    }

    #[test]
    fn what_the_capture_left_of_an_element_is_read_with_what_is_missing() {
        let mut reader = reader(&[0xa0, 9, 2, 1, 5, 4, 9]);
        let (element, missing) = Element::read_cut(&mut reader).unwrap();
        assert_eq!((element.contents.bytes, missing), ([2, 1, 5, 4, 9].as_slice(), 4));
        assert!(reader.is_empty());
        assert_eq!(element.find(2).unwrap().number(), Some(5));
        assert!(element.find(4).is_none());
    }

    #[test]
    fn numbers_and_object_identifiers_are_read() {
        assert_eq!(number(&[0, 0xff, 0, 0, 1]), Some(0xff00_0001));
        assert_eq!(number(&[1, 0, 0, 0, 1]), None);
        assert_eq!(number(&[]), None);
        assert_eq!(object_identifier(&[0x28, 0xca, 0x22, 0x02, 0x03]).as_deref(), Some("1.0.9506.2.3"));
        assert_eq!(object_identifier(&[0x29, 0x01, 0x87, 0x67]).as_deref(), Some("1.1.1.999"));
        assert_eq!(object_identifier(&[0x29, 0x81]), None);
        assert_eq!(object_identifier(&[0xff; 20]), None);
    }
}
