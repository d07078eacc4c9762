//! Header of the connectionless remote procedure call of DCE (C706, chapter 12.5, "RPC PDU encodings", connectionless).
//!
//! PROFINET IO calls by it. Each message holds one protocol data unit; a long call is several with fragment numbers.

use observation::Octets;

use crate::{Frame, Malformed, Problem, Reader};

/// Octets of the header.
pub(crate) const HEADER: usize = 80;

/// Bits of the first flags.
const LAST_FRAGMENT: u8 = 0x02;
const FRAGMENT: u8 = 0x04;

/// What a protocol data unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind(pub(crate) u8);

impl Kind {
    pub(crate) const REQUEST: Self = Self(0);
    pub(crate) const RESPONSE: Self = Self(2);
    /// The last known: acknowledgement of a cancel.
    const MAX: u8 = 10;

    /// True for what only a server sends; fack goes both ways.
    pub(crate) fn is_of_server(self) -> Option<bool> {
        match self.0 {
            0 | 1 | 7 | 8 => Some(false),
            2..=6 | 10 => Some(true),
            _ => None,
        }
    }
}

/// A universally unique identifier, most significant octet first whatever the order on the wire.
pub(crate) type Uuid = [u8; 16];

/// One protocol data unit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pdu<'a> {
    pub(crate) kind: Kind,
    /// True if numbers of header and parameters are least significant octet first.
    pub(crate) is_little: bool,
    /// The object that is called, 16 octets.
    pub(crate) object: Octets<'a>,
    pub(crate) interface: Uuid,
    /// Names the call together with `sequence`.
    pub(crate) activity: Uuid,
    pub(crate) sequence: u32,
    pub(crate) operation: u16,
    /// Number of the fragment, and whether it is the last; `None` for a call in one piece.
    pub(crate) fragment: Option<(u16, bool)>,
    pub(crate) body: Octets<'a>,
    /// Octets of the body that are not there.
    pub(crate) missing: usize,
}

impl<'a> Pdu<'a> {
    /// Reads a protocol data unit; the body as far as it is there.
    ///
    /// # Errors
    ///
    /// Fails if the header is cut short, or is of another version or kind.
    pub(crate) fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        let check = |what, offset, value: u8, is_right: bool| {
            let problem = Problem::Value { value: value.into() };
            if is_right { Ok(()) } else { Err(Malformed { what, offset, problem }) }
        };
        let version = reader.u8("version")?;
        check("version", 0, version, version == 4)?;
        let kind = reader.u8("kind of PDU")?;
        check("kind of PDU", 1, kind, kind <= Kind::MAX)?;
        let flags = reader.u8("flags")?;
        reader.skip(1, "flags")?;
        let order = reader.u8("data representation")?;
        check("data representation", 4, order, matches!(order, 0x00 | 0x10))?;
        let is_little = order == 0x10;
        reader.skip(3, "data representation")?;
        let object = reader.take(16, "object")?;
        let interface = uuid(reader.take(16, "interface")?.bytes, is_little);
        let activity = uuid(reader.take(16, "activity")?.bytes, is_little);
        reader.skip(8, "boot time and version of the interface")?;
        let sequence = number32(&mut reader, is_little, "sequence number")?;
        let operation = number16(&mut reader, is_little, "operation")?;
        reader.skip(4, "hints")?;
        let length = number16(&mut reader, is_little, "length of the body")?;
        let number = number16(&mut reader, is_little, "fragment number")?;
        reader.skip(2, "authentication and serial number")?;
        let body = reader.rest().head(length.into());
        let fragment = (flags & FRAGMENT != 0).then_some((number, flags & LAST_FRAGMENT != 0));
        let missing = usize::from(length).saturating_sub(body.len());
        Ok(Self {
            kind: Kind(kind),
            is_little,
            object,
            interface,
            activity,
            sequence,
            operation,
            fragment,
            body,
            missing,
        })
    }
}

/// A 32-bit number in the order of the message.
///
/// # Errors
///
/// Fails if the message ends before it.
pub(crate) fn number32(
    reader: &mut Reader<'_>,
    is_little: bool,
    what: &'static str,
) -> Result<u32, Malformed> {
    if is_little { reader.u32_le(what) } else { reader.u32_be(what) }
}

fn number16(reader: &mut Reader<'_>, is_little: bool, what: &'static str) -> Result<u16, Malformed> {
    if is_little { reader.u16_le(what) } else { reader.u16_be(what) }
}

/// The identifier in wire order or, where numbers are least significant octet first, with its three numbers turned.
pub(crate) fn uuid(octets: &[u8], is_little: bool) -> Uuid {
    let mut uuid = Uuid::try_from(octets).unwrap_or_default();
    if is_little {
        let [a, b, c, d, e, f, g, h, ..] = &mut uuid;
        std::mem::swap(a, d);
        std::mem::swap(b, c);
        std::mem::swap(e, f);
        std::mem::swap(g, h);
    }
    uuid
}

/// A datagram is one protocol data unit.
pub(crate) fn frame(octets: &[u8]) -> Frame {
    match Pdu::parse(Octets::unplaced(octets)) {
        Ok(pdu) if pdu.missing > 0 => Frame::Partial(octets.len().saturating_add(pdu.missing)),
        Ok(_) => Frame::Message(octets.len()),
        Err(Malformed { problem: Problem::Truncated { .. }, .. }) => Frame::Partial(HEADER),
        Err(_) => Frame::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_reads_the_same_in_both_orders() {
        let big: Uuid =
            [0xde, 0xa0, 0, 1, 0x6c, 0x97, 0x11, 0xd1, 0x82, 0x71, 0, 0xa0, 0x24, 0x42, 0xdf, 0x7d];
        let little = [1, 0, 0xa0, 0xde, 0x97, 0x6c, 0xd1, 0x11, 0x82, 0x71, 0, 0xa0, 0x24, 0x42, 0xdf, 0x7d];
        assert_eq!((uuid(&big, false), uuid(&little, true)), (big, big));
    }

    #[test]
    fn other_versions_kinds_and_orders_are_foreign_and_a_short_header_is_partial() {
        assert_eq!(frame(&[]), Frame::Partial(HEADER));
        assert_eq!(frame(&[4, 2, 0, 0, 0x10]), Frame::Partial(HEADER));
        assert_eq!(frame(&[5, 0]), Frame::Foreign);
        assert_eq!(frame(&[4, 11]), Frame::Foreign);
        assert_eq!(frame(&[4, 0, 0, 0, 0x20]), Frame::Foreign);
        let mut header = [0; HEADER];
        (header[0], header[74], header[75]) = (4, 0, 3);
        assert_eq!(frame(&header), Frame::Partial(HEADER + 3));
    }
}
