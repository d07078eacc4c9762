//! Values and trees of objects.
//!
//! Numbers are packed seven bits to the octet, most significant first, the high bit saying that more follow; a number
//! of 64 bits ends after nine octets at the latest, the ninth being whole. A value is an octet of flags, one of type,
//! and its octets. Everything is bounded by the octets that are there and by [`DEPTH_MAX`].

use observation::Octets;

use crate::{Malformed, Problem, Reader};

/// Nested structures and objects; a CPU's tree of objects has about six levels.
const DEPTH_MAX: u8 = 16;

/// A value, without the elements of structures, which are visited one by one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value<'a> {
    /// Type.
    pub(super) kind: Kind,
    /// Octets of a scalar, of text or of a blob; of arrays and structures all.
    pub(super) octets: Octets<'a>,
}

/// Type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind(pub(super) u8);

impl Kind {
    /// Signed number of 32 bits.
    pub(super) const DINT: Self = Self(0x08);
    /// Octets.
    pub(super) const BLOB: Self = Self(0x14);
    /// Text in UTF-8.
    pub(super) const WSTRING: Self = Self(0x15);
    /// Structure.
    const STRUCT: Self = Self(0x17);
}

/// What is seen on the way through a value or a tree of objects.
pub(super) trait Visitor<'a> {
    /// An object begins: its number and class.
    fn object(&mut self, id: u32, class: u32) {
        let _ = (id, class);
    }

    /// An attribute of an object, or a member of a structure.
    fn value(&mut self, attribute: u32, value: Value<'a>) {
        let _ = (attribute, value);
    }
}

/// Visits nothing.
impl Visitor<'_> for () {}

/// A packed number of 32 bits.
///
/// # Errors
///
/// Fails if it is cut short or has more than five octets.
pub(super) fn number(reader: &mut Reader<'_>, what: &'static str) -> Result<u32, Malformed> {
    let mut value = 0_u32;
    for _ in 0..5 {
        let octet = reader.u8(what)?;
        value = value << 7 | u32::from(octet & 0x7f);
        if octet & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(reader.malformed(what, Problem::Value { value: value.into() }))
}

/// Passes over a packed number of 64 bits and returns its octets.
///
/// # Errors
///
/// Fails if it is cut short.
pub(super) fn long_number<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<Octets<'a>, Malformed> {
    let octets = reader.peek().head(9);
    let more = octets.bytes.iter().take(8).take_while(|octet| **octet & 0x80 != 0).count();
    reader.take(more.saturating_add(1), what)
}

/// Reads one value and visits the members of structures in it.
///
/// # Errors
///
/// Fails if it is cut short, nested too deeply, or of a type that is not known.
pub(super) fn value<'a>(
    reader: &mut Reader<'a>,
    visitor: &mut impl Visitor<'a>,
    depth: u8,
) -> Result<Value<'a>, Malformed> {
    /// Flags: an array, an array of addresses, pairs of index and element that end with index 0.
    const ARRAY: u8 = 0x10 | 0x20;
    const SPARSE: u8 = 0x40;
    let flags = reader.u8("value flags")?;
    let kind = Kind(reader.u8("value type")?);
    if flags & (ARRAY | SPARSE) == 0 {
        return Ok(Value { kind, octets: element(kind, reader, visitor, depth)? });
    }
    let (whole, start) = (reader.peek(), reader.remaining());
    if flags & SPARSE != 0 {
        while number(reader, "index")? != 0 {
            element(kind, reader, visitor, depth)?;
        }
    } else {
        for _ in 0..number(reader, "number of elements")? {
            // Elements without octets need no reading.
            if element(kind, reader, visitor, depth)?.is_empty() && kind == Kind(0) {
                break;
            }
        }
    }
    Ok(Value { kind, octets: whole.head(start.saturating_sub(reader.remaining())) })
}

/// Reads what follows the type.
fn element<'a>(
    kind: Kind,
    reader: &mut Reader<'a>,
    visitor: &mut impl Visitor<'a>,
    depth: u8,
) -> Result<Octets<'a>, Malformed> {
    match kind.0 {
        0x00 => reader.take(0, "value"),
        0x01 | 0x02 | 0x06 | 0x0a => reader.take(1, "value"),
        0x03 | 0x07 | 0x0b => reader.take(2, "value"),
        0x0c | 0x0e | 0x12 => reader.take(4, "value"),
        0x0d | 0x0f | 0x10 => reader.take(8, "value"),
        0x04 | 0x05 | 0x08 | 0x09 | 0x11 | 0x13 => long_number(reader, "value"),
        0x14 => {
            // A blob with a root is split over the tree; what follows then is not known.
            match number(reader, "blob root")? {
                0 => {}
                root => return Err(reader.malformed("blob root", Problem::Value { value: root.into() })),
            }
            let length = number(reader, "blob length")?;
            reader.take(size(length), "blob")
        }
        0x15 | 0x19 => {
            let length = number(reader, "text length")?;
            reader.take(size(length), "text")
        }
        _ if kind == Kind::STRUCT => structure(reader, visitor, depth),
        other => Err(reader.malformed("value type", Problem::Value { value: other.into() })),
    }
}

/// Reads a structure: packed in one run of octets, or member by member.
fn structure<'a>(
    reader: &mut Reader<'a>,
    visitor: &mut impl Visitor<'a>,
    depth: u8,
) -> Result<Octets<'a>, Malformed> {
    /// Transport flag of a packed structure: its length stands there twice.
    const LENGTH_TWICE: u32 = 0x400;
    let depth = deeper(reader, depth)?;
    let (whole, start) = (reader.peek(), reader.remaining());
    let id = reader.u32_be("structure id")?;
    if matches!(id >> 24, 0x02 | 0x90..=0x9f) {
        reader.skip(8, "time of the interface")?;
        let flags = number(reader, "transport flags")?;
        let mut length = number(reader, "structure length")?;
        if flags & LENGTH_TWICE != 0 {
            length = number(reader, "structure length")?;
        }
        reader.skip(size(length), "structure")?;
    } else {
        loop {
            let member = number(reader, "member id")?;
            if member == 0 {
                break;
            }
            let value = value(reader, visitor, depth)?;
            visitor.value(member, value);
        }
    }
    Ok(whole.head(start.saturating_sub(reader.remaining())))
}

/// Reads trees of objects as long as one follows another, and visits their attributes.
///
/// # Errors
///
/// Fails where something is cut short or of an unknown kind. What was visited before stays.
pub(super) fn objects<'a>(reader: &mut Reader<'a>, visitor: &mut impl Visitor<'a>) -> Result<(), Malformed> {
    const OBJECT: u8 = 0xa1;
    const OBJECT_END: u8 = 0xa2;
    const ATTRIBUTE: u8 = 0xa3;
    const RELATION: u8 = 0xa4;
    let mut depth = 0_u8;
    loop {
        // What ends the last tree belongs to the message around it.
        match reader.peek().get(0) {
            Some(OBJECT) => {
                depth = deeper(reader, depth)?;
                reader.skip(1, "element")?;
                let id = reader.u32_be("object id")?;
                let class = number(reader, "class id")?;
                number(reader, "class flags")?;
                number(reader, "attribute id")?;
                visitor.object(id, class);
            }
            Some(OBJECT_END) if depth > 0 => {
                depth = depth.saturating_sub(1);
                reader.skip(1, "element")?;
            }
            Some(ATTRIBUTE) if depth > 0 => {
                reader.skip(1, "element")?;
                let attribute = number(reader, "attribute id")?;
                let value = value(reader, visitor, depth)?;
                visitor.value(attribute, value);
            }
            Some(RELATION) if depth > 0 => {
                reader.skip(1, "element")?;
                number(reader, "relation id")?;
                reader.skip(4, "related object")?;
            }
            // Descriptions of types and names of variables are lists of their own.
            _ => return Ok(()),
        }
    }
}

fn deeper(reader: &Reader<'_>, depth: u8) -> Result<u8, Malformed> {
    if depth >= DEPTH_MAX {
        return Err(reader.malformed("nesting", Problem::Value { value: depth.into() }));
    }
    Ok(depth.saturating_add(1))
}

fn size(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Seen(Vec<(u32, u8, Vec<u8>)>, Vec<(u32, u32)>);

    impl<'a> Visitor<'a> for Seen {
        fn object(&mut self, id: u32, class: u32) {
            self.1.push((id, class));
        }

        fn value(&mut self, attribute: u32, value: Value<'a>) {
            self.0.push((attribute, value.kind.0, value.octets.bytes.to_vec()));
        }
    }

    fn seen(octets: &[u8]) -> (Seen, Result<(), Malformed>) {
        let (mut seen, mut reader) = (Seen::default(), Reader::new(Octets::unplaced(octets)));
        let result = objects(&mut reader, &mut seen);
        (seen, result)
    }

    #[test]
    fn packed_numbers_are_read_to_their_last_octet() {
        let read = |octets: &[u8]| number(&mut Reader::new(Octets::unplaced(octets)), "n").ok();
        assert_eq!(read(&[0x05]), Some(5));
        assert_eq!(read(&[0x82, 0x1f]), Some(287));
        assert_eq!(read(&[0x82]), None);
        assert_eq!(read(&[0xff; 6]), None);
        let mut reader = Reader::new(Octets::unplaced(&[0xff; 12]));
        assert_eq!(long_number(&mut reader, "n").map(|octets| octets.len()), Ok(9));
        assert_eq!(reader.remaining(), 3);
    }

    #[test]
    fn objects_are_visited_with_their_attributes_and_the_members_of_structures() {
        let octets = [
            0xa1, 0, 0, 0, 0xd3, 0x82, 0x1f, 0, 0, // an object of class 287
            0xa3, 0x81, 0x69, 0, 0x15, 2, b'a', b'b', // text
            0xa3, 0x82, 0x32, 0, 0x17, 0, 0, 1, 0x3a, 0x82, 0x3b, 0, 4, 0x82, 0,
            0, // a structure of one number
            0xa3, 5, 0x10, 0x03, 2, 0, 1, 0, 2, // an array of two numbers
            0xa3, 6, 0x40, 0x02, 1, 7, 3, 8, 0, // pairs of index and number
            0xa4, 7, 0, 0, 0, 9, // a relation
            0xa1, 0, 0, 0, 1, 2, 0, 0, 0xa2, 0xa2, 0, 0,
        ];
        let (seen, result) = seen(&octets);
        assert_eq!(result, Ok(()));
        assert_eq!(seen.1, [(0xd3, 287), (1, 2)]);
        let attributes: Vec<_> = seen.0.iter().map(|(id, kind, octets)| (*id, *kind, octets.len())).collect();
        assert_eq!(attributes, [(233, 0x15, 2), (315, 4, 2), (306, 0x17, 11), (5, 3, 5), (6, 2, 5)]);
    }

    #[test]
    fn rubbish_ends_with_a_word_about_it() {
        let (_, result) = seen(&[0xa1, 0, 0, 0, 1, 2, 0, 0, 0xa3, 1, 0, 0x15, 9, b'x']);
        assert_eq!(result.unwrap_err().to_string(), "text at octet 13: 8 octets missing");
        let (_, result) = seen(&[0xa1, 0, 0, 0, 1, 2, 0, 0, 0xa3, 1, 0, 0x66]);
        assert_eq!(result.unwrap_err().to_string(), "value type at octet 12: value 0x66 is not allowed");
        let nested = [0xa1, 0, 0, 0, 1, 2, 0, 0].repeat(40);
        assert_eq!(seen(&nested).1.unwrap_err().what, "nesting");
        // An array of as many nothings as a number can count ends at once.
        assert_eq!(
            seen(&[0xa1, 0, 0, 0, 1, 2, 0, 0, 0xa3, 1, 0x10, 0, 0x8f, 0xff, 0xff, 0xff, 0x7f]).1,
            Ok(())
        );
    }
}
