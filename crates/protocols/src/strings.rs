//! Strings that end at a zero, and parts of messages that a capture may have cut.

use observation::Octets;

use crate::Reader;

/// The octets before the next zero, which is passed over; everything that is left where there is none.
pub(crate) fn zero_terminated<'a>(reader: &mut Reader<'a>) -> Octets<'a> {
    let left = reader.peek();
    match left.bytes.iter().position(|octet| *octet == 0) {
        Some(end) => finish(reader, left, end, 1),
        None => reader.rest(),
    }
}

/// The octets before the next UTF-16 zero, which is passed over; everything that is left where there is none.
pub(crate) fn zero_terminated_utf16<'a>(reader: &mut Reader<'a>) -> Octets<'a> {
    let left = reader.peek();
    match left.bytes.chunks_exact(2).position(|pair| pair == [0, 0]) {
        Some(end) => finish(reader, left, end.saturating_mul(2), 2),
        None => reader.rest(),
    }
}

fn finish<'a>(reader: &mut Reader<'a>, left: Octets<'a>, end: usize, zero: usize) -> Octets<'a> {
    // Both are within what is left, as the caller has found the zero there.
    let _ = reader.skip(end.saturating_add(zero), "string");
    left.slice(0, end).unwrap_or(left)
}

/// The next `length` octets as a reader of their own, or what there is of them: whoever reads fields from it finds what
/// is missing.
pub(crate) fn part<'a>(reader: &mut Reader<'a>, length: usize) -> Reader<'a> {
    let base = reader.offset();
    match reader.sub(length, "part") {
        Ok(part) => part,
        Err(_) => Reader::nested(reader.rest(), base),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_ends_at_its_zero_or_where_the_message_ends() {
        let mut reader = Reader::new(Octets::unplaced(b"PC1\0\0x"));
        assert_eq!(zero_terminated(&mut reader).bytes, b"PC1");
        assert_eq!(zero_terminated(&mut reader).bytes, b"");
        assert_eq!(zero_terminated(&mut reader).bytes, b"x");
        assert!(reader.is_empty());
        let mut reader = Reader::new(Octets::unplaced(b"P\0C\0\0\0x\0"));
        assert_eq!(zero_terminated_utf16(&mut reader).bytes, b"P\0C\0");
        assert_eq!(zero_terminated_utf16(&mut reader).bytes, b"x\0");
    }

    #[test]
    fn a_part_is_what_there_is_of_it() {
        let mut reader = Reader::new(Octets::unplaced(b"abc"));
        assert_eq!(part(&mut reader, 2).rest().bytes, b"ab");
        assert_eq!(
            part(&mut reader, 2).u16_be("field").unwrap_err().to_string(),
            "field at octet 2: 1 octets missing"
        );
    }
}
