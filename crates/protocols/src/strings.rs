//! Strings that end at a zero.

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
}
