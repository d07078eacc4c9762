//! ISO transport on top of TCP: the packet that carries one TPDU (RFC 1006 section 6).
//!
//! S7comm, S7comm-plus and MMS all travel in it. [`frame`] never answers more octets than there are.

use observation::Octets;

use crate::{Frame, Malformed, Problem, Reader, cotp};

/// Octets of the packet header: version, reserved, length.
pub(crate) const HEADER: usize = 4;
/// The only version.
pub(crate) const VERSION: u8 = 3;
/// Smallest packet: the header and a TPDU of three octets.
const LENGTH_MIN: u16 = 7;

/// Delimits the first packet: version 3, reserved 0, a length that holds a TPDU, and the first octets of a TPDU.
#[must_use]
pub(crate) fn frame(octets: &[u8]) -> Frame {
    if octets.iter().zip([VERSION, 0]).any(|(octet, expected)| *octet != expected) {
        return Frame::Foreign;
    }
    let [_, _, high, low, tpdu @ ..] = octets else { return Frame::Partial(LENGTH_MIN.into()) };
    let length = u16::from_be_bytes([*high, *low]);
    if length < LENGTH_MIN || !cotp::may_start(tpdu, usize::from(length).saturating_sub(HEADER)) {
        return Frame::Foreign;
    }
    let length = usize::from(length);
    if octets.len() < length { Frame::Partial(length) } else { Frame::Message(length) }
}

/// The TPDU of a packet, as a reader whose errors name octets of the packet.
///
/// # Errors
///
/// Fails if the version is another one, or if the length field and the octets present disagree though the capture did
/// not cut them.
pub(crate) fn tpdu(packet: Octets<'_>) -> Result<Reader<'_>, Malformed> {
    let mut reader = Reader::new(packet);
    let version = reader.u8("TPKT version")?;
    if version != VERSION {
        return Err(Malformed {
            what: "TPKT version",
            offset: 0,
            problem: Problem::Value { value: version.into() },
        });
    }
    reader.skip(1, "TPKT reserved octet")?;
    let length = reader.u16_be("TPKT length")?;
    let Some(tpdu) = usize::from(length).checked_sub(HEADER) else {
        return Err(Malformed {
            what: "TPKT length",
            offset: 2,
            problem: Problem::Value { value: length.into() },
        });
    };
    let tpdu = reader.part(tpdu, "TPDU")?;
    reader.finish("TPKT")?;
    Ok(tpdu)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &[u8] = &[3, 0, 0, 7, 2, 0xf0, 0x80];

    #[test]
    fn a_packet_is_delimited_by_its_length_field() {
        assert_eq!(frame(EMPTY), Frame::Message(7));
        assert_eq!(frame(&EMPTY[..6]), Frame::Partial(7));
        assert_eq!(frame(&EMPTY[..1]), Frame::Partial(7));
        assert_eq!(frame(&[EMPTY, &[3, 0]].concat()), Frame::Message(7));
        assert_eq!(frame(&[]), Frame::Partial(7));
    }

    #[test]
    fn another_version_a_length_without_room_and_another_tpdu_are_foreign() {
        assert_eq!(frame(&[2]), Frame::Foreign);
        assert_eq!(frame(&[3, 1]), Frame::Foreign);
        assert_eq!(frame(&[3, 0, 0, 6]), Frame::Foreign);
        assert_eq!(frame(&[3, 0, 0, 7, 2, 0x32, 0x80]), Frame::Foreign);
        assert_eq!(frame(&[3, 0, 0, 7, 9, 0xf0, 0x80]), Frame::Foreign);
    }

    #[test]
    fn a_packet_cut_by_the_snaplen_says_how_much_is_missing() {
        let error = tpdu(Octets::unplaced(&EMPTY[..5])).unwrap_err();
        assert_eq!(error.to_string(), "TPDU at octet 4: 2 octets missing");
        let error = tpdu(Octets::unplaced(&[3, 0, 0, 2, 0])).unwrap_err();
        assert_eq!(error.to_string(), "TPKT length at octet 2: value 0x2 is not allowed");
    }
}
