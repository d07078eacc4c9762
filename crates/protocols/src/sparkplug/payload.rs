//! Payloads: the message `Payload` of `sparkplug_b.proto` (Sparkplug 3.0.0 section 6.4), in the encoding of Protocol
//! Buffers ("Encoding" in its documentation). Only names and texts of metrics are read.

use observation::Octets;

use crate::{Malformed, Problem, Reader};

/// Fields of `Payload` and `Metric`.
const METRICS: u64 = 2;
const NAME: u64 = 1;
const STRING_VALUE: u64 = 15;

/// Octets of a varint.
const VARINT_OCTETS_MAX: u8 = 10;

fn varint(reader: &mut Reader<'_>) -> Result<u64, Malformed> {
    let mut value = 0_u64;
    for index in 0..VARINT_OCTETS_MAX {
        let octet = reader.u8("varint")?;
        value |= u64::from(octet & 0x7f).checked_shl(u32::from(index).saturating_mul(7)).unwrap_or(0);
        if octet & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(reader.malformed("varint", Problem::Unrecognised))
}

/// The next field: its number, and its octets if it is text, bytes or a message.
fn field<'a>(reader: &mut Reader<'a>) -> Result<(u64, Option<Reader<'a>>), Malformed> {
    let key = varint(reader)?;
    let number = key >> 3;
    match key & 7 {
        0 => varint(reader).map(|_| (number, None)),
        1 => reader.skip(8, "fixed64").map(|()| (number, None)),
        2 => {
            let length = usize::try_from(varint(reader)?).unwrap_or(usize::MAX);
            Ok((number, Some(reader.part(length, "field")?)))
        }
        5 => reader.skip(4, "fixed32").map(|()| (number, None)),
        wire_type => Err(reader.malformed("wire type", Problem::Value { value: wire_type })),
    }
}

/// Calls `each` with name and value of each metric that is text.
///
/// # Errors
///
/// Fails if a field is cut short or of a wire type that is not in use. The metrics before it were seen.
pub(super) fn texts<'a>(
    payload: Octets<'a>,
    mut each: impl FnMut(Octets<'a>, Octets<'a>),
) -> Result<(), Malformed> {
    let mut reader = Reader::new(payload);
    while !reader.is_empty() {
        let (METRICS, Some(mut metric)) = field(&mut reader)? else { continue };
        let (mut name, mut value) = (None, None);
        while !metric.is_empty() {
            match field(&mut metric)? {
                (NAME, Some(mut text)) => name = Some(text.rest()),
                (STRING_VALUE, Some(mut text)) => value = Some(text.rest()),
                _ => {}
            }
        }
        if let (Some(name), Some(value)) = (name, value) {
            each(name, value);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_metrics_are_found_among_all_wire_types() {
        let payload = b"\x08\x81\x01\x12\x0c\x0a\x01n\x19\0\0\0\0\0\0\0\0\x12\x0b\x0a\x01m\x7a\x01v\x65\0\0\0\0\x18\x07";
        let mut seen = Vec::new();
        texts(Octets::unplaced(payload), |name, value| seen.push((name.bytes, value.bytes))).unwrap();
        assert_eq!(seen, [(&b"m"[..], &b"v"[..])]);
    }

    #[test]
    fn a_payload_that_is_none_is_malformed() {
        for payload in [&b"\x0b"[..], &[0xff; 11], b"\x12\x05\x0a", b"\x08", b"\x12\x02\x0a\x05"] {
            assert!(texts(Octets::unplaced(payload), |_, _| ()).is_err(), "{payload:?}");
        }
    }
}
