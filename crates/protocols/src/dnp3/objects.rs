//! Object headers and the objects behind them (IEEE 1815-2012, clause 4.2.2.7; sizes: annex A).
//!
//! Process values are passed over by their size. An object of unknown size ends the walk, which is no error.

use observation::Octets;

use crate::{Malformed, Problem, Reader};

/// Device attributes: each object begins with its own type and length.
pub(super) const GROUP_ATTRIBUTES: u8 = 0;
/// Files.
pub(super) const GROUP_FILES: u8 = 70;
/// Secure authentication.
pub(super) const GROUP_AUTHENTICATION: u8 = 120;

/// Data type code of a device attribute whose length octet counts from 256 on (clause 5.5.4.3, table 5-16).
const EXTENDED_LIST: u8 = 255;

/// An object that somebody may want to read: of a device attribute, a file or an authentication.
#[derive(Clone, Copy, Debug)]
pub(super) struct Object<'a> {
    /// Group.
    pub(super) group: u8,
    /// Variation.
    pub(super) variation: u8,
    /// The octet of the variation.
    pub(super) variation_octet: Octets<'a>,
    /// The octet of the index, if there is one index, below 256, for this object alone.
    pub(super) index: Option<Octets<'a>>,
    /// The object itself.
    pub(super) octets: Octets<'a>,
    /// Octets from the start of the fragment to it.
    pub(super) offset: usize,
}

/// Size of an object without index or size before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    /// So many octets.
    Octets(usize),
    /// So many bits, packed.
    Bits(u64),
    /// It says its own length in its second octet.
    Own,
    /// Not known here.
    Unknown,
}

/// Walks over the objects of a fragment and shows those of the groups named above.
///
/// # Errors
///
/// Fails if a header is cut short, uses a reserved code, or announces more than there is; objects before are shown.
pub(super) fn walk<'a>(
    mut reader: Reader<'a>,
    carried: bool,
    visit: &mut dyn FnMut(&Object<'a>),
) -> Result<(), Malformed> {
    while !reader.is_empty() {
        let group = reader.u8("object group")?;
        let variation_octet = reader.take(1, "object variation")?;
        let variation = variation_octet.get(0).unwrap_or_default();
        let at_qualifier = reader.malformed("qualifier", Problem::Value { value: 0 });
        let qualifier = reader.u8("qualifier")?;
        let refused = Malformed { problem: Problem::Value { value: qualifier.into() }, ..at_qualifier };
        let Some(Range { count, index, all }) =
            range(&mut reader, qualifier & 0x0f)?.filter(|_| qualifier & 0x80 == 0)
        else {
            return Err(refused);
        };
        let prefix = match qualifier >> 4 {
            0 => Prefix::None,
            1 => Prefix::Index(1),
            2 => Prefix::Index(2),
            3 => Prefix::Index(4),
            4 => Prefix::Size(1),
            5 => Prefix::Size(2),
            6 => Prefix::Size(4),
            _ => return Err(refused),
        };
        if all {
            continue;
        }
        let mut show = |octets: Octets<'a>, index: Option<Octets<'a>>, offset: usize| {
            visit(&Object { group, variation, variation_octet, index, octets, offset });
        };
        // Authentication in the same fragment comes with its objects, whatever the function is about.
        let here = carried || group == GROUP_AUTHENTICATION;
        match (prefix, size(group, variation)) {
            (Prefix::Size(octets), _) => {
                for _ in 0..count {
                    let length = number(reader.take(octets, "object size")?);
                    let offset = reader.offset();
                    show(reader.take(length, "object")?, None, offset);
                }
            }
            (Prefix::None, _) if !here => {}
            (Prefix::Index(octets), _) if !here => skip(&mut reader, count, octets, "object index")?,
            (Prefix::None, Size::Bits(bits)) => {
                let octets = usize::try_from(count.saturating_mul(bits).div_ceil(8)).unwrap_or(usize::MAX);
                reader.skip(octets, "objects")?;
            }
            (Prefix::None, Size::Octets(octets)) if group == GROUP_AUTHENTICATION => {
                for _ in 0..count {
                    let offset = reader.offset();
                    show(reader.take(octets, "object")?, None, offset);
                }
            }
            (Prefix::None, Size::Octets(octets)) => skip(&mut reader, count, octets, "objects")?,
            (Prefix::Index(before), Size::Octets(octets)) => {
                skip(&mut reader, count, before.saturating_add(octets), "objects")?
            }
            (prefix, Size::Own) => {
                for _ in 0..count {
                    let own = match prefix {
                        Prefix::Index(octets) => Some(reader.take(octets, "object index")?),
                        _ => index.filter(|_| count == 1),
                    };
                    let index = own
                        .filter(|octets| octets.bytes.iter().skip(1).all(|octet| *octet == 0))
                        .map(|octets| octets.head(1));
                    let (offset, whole) = (reader.offset(), reader.peek());
                    let kind = reader.u8("attribute type")?;
                    let length = usize::from(reader.u8("attribute length")?)
                        .saturating_add(if kind == EXTENDED_LIST { 256 } else { 0 });
                    reader.skip(length, "attribute value")?;
                    show(whole.head(length.saturating_add(2)), index, offset);
                }
            }
            (_, Size::Bits(_) | Size::Unknown) => return Ok(()),
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Prefix {
    None,
    Index(usize),
    Size(usize),
}

/// How many objects a header is about.
struct Range<'a> {
    count: u64,
    /// Octets of the first index, where the range has indices.
    index: Option<Octets<'a>>,
    /// True if it is about all objects and none is carried.
    all: bool,
}

/// Reads the range field; `None` if the code is reserved.
fn range<'a>(reader: &mut Reader<'a>, code: u8) -> Result<Option<Range<'a>>, Malformed> {
    let octets = match code {
        0 | 3 | 7 | 0x0b => 1,
        1 | 4 | 8 => 2,
        2 | 5 | 9 => 4,
        6 => return Ok(Some(Range { count: 0, index: None, all: true })),
        _ => return Ok(None),
    };
    let first = reader.take(octets, "range")?;
    if !matches!(code, 0..=5) {
        return Ok(Some(Range { count: number(first) as u64, index: None, all: false }));
    }
    let last = reader.take(octets, "range")?;
    let Some(further) = number(last).checked_sub(number(first)) else {
        return Err(reader.malformed("range", Problem::Value { value: number(last) as u64 }));
    };
    let index = (code < 3).then_some(first);
    Ok(Some(Range { count: (further as u64).saturating_add(1), index, all: false }))
}

/// A number of up to four octets, least significant first.
fn number(octets: Octets<'_>) -> usize {
    octets.bytes.iter().rev().fold(0, |value, octet| value << 8 | usize::from(*octet))
}

fn skip(reader: &mut Reader<'_>, count: u64, octets: usize, what: &'static str) -> Result<(), Malformed> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    reader.skip(count.saturating_mul(octets), what)
}

/// Sizes of annex A, by group and variation.
fn size(group: u8, variation: u8) -> Size {
    const NONE: &[usize] = &[];
    let by_variation: &[usize] = match (group, variation) {
        (GROUP_ATTRIBUTES, 1..=253 | 255) => return Size::Own,
        (1 | 10 | 80, 1) | (12, 3) => return Size::Bits(1),
        (3, 1) => return Size::Bits(2),
        // Octet strings and virtual terminals are as long as their variation says.
        (110..=113, 1..) => return Size::Octets(variation.into()),
        (1 | 3 | 10, _) => &[0, 1],
        (2 | 4, _) => &[1, 7, 3],
        (11 | 13, _) => &[1, 7],
        (12, _) => &[11, 11],
        (20, _) => &[5, 3, 5, 3, 4, 2, 4, 2],
        (21, _) => &[5, 3, 5, 3, 11, 9, 11, 9, 4, 2, 4, 2],
        (22 | 23, _) => &[5, 3, 5, 3, 11, 9, 11, 9],
        (30, _) => &[5, 3, 4, 2, 5, 9],
        (31, _) => &[5, 3, 11, 9, 4, 2, 5, 9],
        (32 | 33 | 42 | 43, _) => &[5, 3, 11, 9, 5, 9, 11, 15],
        (34, _) => &[2, 4, 4],
        (40 | 41, _) => &[5, 3, 5, 9],
        (50, _) => &[6, 10, 6, 11],
        (51, _) => &[6, 6],
        (52, _) => &[2, 2],
        (81, _) => &[3],
        (101, _) => &[2, 4, 8],
        (102, _) => &[1],
        // Aggressive mode request: challenge sequence number and user; session key status request: user.
        (GROUP_AUTHENTICATION, _) => &[0, 0, 6, 2],
        (121, _) => &[7],
        (122, _) => &[7, 13],
        _ => NONE,
    };
    match usize::from(variation).checked_sub(1).and_then(|index| by_variation.get(index)) {
        None | Some(0) => Size::Unknown,
        Some(octets) => Size::Octets(*octets),
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use super::*;

    /// Group, variation and octets of an object.
    type Shown = (u8, u8, Vec<u8>);

    fn walked(octets: &[u8], carried: bool) -> (Vec<Shown>, Option<String>) {
        let mut shown = Vec::new();
        let result = walk(Reader::nested(Octets::unplaced(octets), 4), carried, &mut |object| {
            shown.push((object.group, object.variation, object.octets.bytes.to_vec()));
        });
        (shown, result.err().map(|malformed| malformed.to_string()))
    }

    #[test]
    fn process_values_are_passed_over_by_their_size() {
        let mut octets = vec![1, 1, 0x00, 0, 9, 0xff, 0x03];
        octets.extend([30, 2, 0x17, 2, 0, 1, 0x10, 0x27, 1, 1, 0x20, 0x4e]);
        octets.extend([50, 4, 0x00, 0, 0]);
        octets.extend([0; 11]);
        octets.extend([0, 252, 0x00, 0, 0, 1, 2, b'A', b'B']);
        assert_eq!(walked(&octets, true), (vec![(0, 252, vec![1, 2, b'A', b'B'])], None));
    }

    #[test]
    fn headers_of_a_reading_request_have_no_objects() {
        let octets = [60, 2, 6, 30, 0, 0x00, 0, 9, 1, 0, 0x17, 2, 5, 6, 0, 254, 0x00, 0, 0];
        assert_eq!(walked(&octets, false), (vec![], None));
    }

    #[test]
    fn objects_with_their_size_before_them_are_shown() {
        let octets = [70, 8, 0x5b, 2, 2, 0, b'/', b'a', 1, 0, b'b'];
        assert_eq!(walked(&octets, true).0, [(70, 8, vec![b'/', b'a']), (70, 8, vec![b'b'])]);
    }

    #[test]
    fn an_unknown_size_ends_the_walk_without_error() {
        assert_eq!(walked(&[200, 1, 0x00, 0, 0, 9, 9, 9], true), (vec![], None));
    }

    #[test]
    fn announcing_more_than_there_is_is_an_error_with_its_place() {
        let (_, error) = walked(&[30, 1, 0x01, 0, 0, 0xff, 0xff, 1, 2], true);
        assert_eq!(error.as_deref(), Some("objects at octet 11: 327678 octets missing"));
        let (_, error) = walked(&[30, 1], true);
        assert_eq!(error.as_deref(), Some("qualifier at octet 6: 1 octet missing"));
        let (_, error) = walked(&[30, 1, 0x7c, 1], true);
        assert_eq!(error.as_deref(), Some("qualifier at octet 6: value 0x7c is not allowed"));
        let (_, error) = walked(&[30, 1, 0x00, 9, 1], true);
        assert_eq!(error.as_deref(), Some("range at octet 9: value 0x1 is not allowed"));
        let (shown, error) = walked(&[0, 252, 0x00, 0, 0, 1, 9, b'A'], true);
        assert_eq!(
            (shown, error.as_deref()),
            (vec![], Some("attribute value at octet 11: 8 octets missing"))
        );
    }
}
