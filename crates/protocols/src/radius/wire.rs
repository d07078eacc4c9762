//! Packets and attributes (RFC 2865 chapters 3 and 5).

use observation::{Octets, Transport};

use crate::{Frame, Malformed, Problem, Reader};

/// Octets of code, identifier, length and authenticator.
const HEADER: usize = 20;
/// Octets of a packet at most.
const PACKET_MAX: usize = 4096;
/// Octets of type and length of an attribute.
const ATTRIBUTE_HEADER: u8 = 2;

/// Codes.
pub(super) const ACCESS_REQUEST: u8 = 1;
pub(super) const ACCOUNTING_REQUEST: u8 = 4;
const STATUS_SERVER: u8 = 12;

/// True for what a client asks; `None` for codes of other services.
pub(super) fn is_request(code: u8) -> Option<bool> {
    match code {
        ACCESS_REQUEST | ACCOUNTING_REQUEST | STATUS_SERVER => Some(true),
        // Accept, reject, accounting response, challenge.
        2 | 3 | 5 | 11 => Some(false),
        _ => None,
    }
}

/// Delimits a datagram: a known code and a length within it; octets behind are padding.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    if transport != Transport::Udp || octets.first().is_some_and(|code| is_request(*code).is_none()) {
        return Frame::Foreign;
    }
    let [_, _, high, low, ..] = octets else { return Frame::Partial(HEADER) };
    match usize::from(u16::from_be_bytes([*high, *low])) {
        length if !(HEADER..=PACKET_MAX).contains(&length) => Frame::Foreign,
        length if length > octets.len() => Frame::Partial(length),
        _ => Frame::Message(octets.len()),
    }
}

/// Reads the attributes of a packet one by one: type, value.
///
/// # Errors
///
/// Fails where one is cut short or shorter than its own header; those before were given.
pub(super) fn attributes<'a>(
    packet: Octets<'a>,
    mut attribute: impl FnMut(u8, Octets<'a>),
) -> Result<(), Malformed> {
    let mut reader = Reader::new(packet);
    reader.skip(2, "code and identifier")?;
    let length = usize::from(reader.u16_be("length")?);
    reader.skip(16, "authenticator")?;
    let mut reader = reader.part(length.saturating_sub(HEADER), "attributes")?;
    while !reader.is_empty() {
        let kind = reader.u8("type")?;
        let length = reader.u8("attribute length")?;
        let Some(length) = length.checked_sub(ATTRIBUTE_HEADER) else {
            return Err(reader.malformed("attribute length", Problem::Value { value: length.into() }));
        };
        attribute(kind, reader.take(length.into(), "attribute")?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_is_a_packet_with_or_without_padding() {
        let mut octets = include_bytes!("messages/access-request.bin").to_vec();
        let length = octets.len();
        assert_eq!(frame(&octets, Transport::Udp), Frame::Message(length));
        assert_eq!(frame(&octets[..30], Transport::Udp), Frame::Partial(length));
        octets.push(0);
        assert_eq!(frame(&octets, Transport::Udp), Frame::Message(octets.len()));
        let mut read = 0;
        assert_eq!(attributes(Octets::unplaced(&octets), |_, _| read += 1), Ok(()));
        assert_eq!(read, 11);
        octets[0] = 40;
        assert_eq!(frame(&octets, Transport::Udp), Frame::Foreign);
        assert_eq!(frame(&[1, 0, 0, 4], Transport::Udp), Frame::Foreign);
        assert_eq!(frame(&[1, 0], Transport::Udp), Frame::Partial(20));
    }

    #[test]
    fn an_attribute_shorter_than_its_header_ends_it() {
        let mut octets = include_bytes!("messages/access-request.bin").to_vec();
        octets[21] = 1;
        let error = attributes(Octets::unplaced(&octets), |_, _| {}).unwrap_err();
        assert_eq!(error.to_string(), "attribute length at octet 22: value 0x1 is not allowed");
    }
}
