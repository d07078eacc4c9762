//! Messages and their operations (RFC 4511 chapter 4).
//!
//! [`frame`] never answers more octets than there are.

use observation::{Octets, Transport};

use crate::ber::{Element, INTEGER, SEQUENCE};
use crate::{Frame, Malformed, Probe, Problem, Reader};

/// Octets of the longest message that is waited for; servers refuse longer ones by default ([MS-ADTS] section 3.1.1.3.4.6).
const MESSAGE_MAX: usize = 10_485_760;

/// Operations by the tag of their application class.
pub(super) const BIND_REQUEST: u8 = 0x60;
pub(super) const BIND_RESPONSE: u8 = 0x61;
pub(super) const SEARCH_REQUEST: u8 = 0x63;
pub(super) const SEARCH_ENTRY: u8 = 0x64;

fn is_operation(tag: u8) -> bool {
    is_request(tag).is_some()
}

/// True for what clients send, false for what servers send; `None` for other tags.
pub(super) fn is_request(tag: u8) -> Option<bool> {
    match tag {
        0x42 | 0x4a | 0x50 | 0x60 | 0x63 | 0x66 | 0x68 | 0x6c | 0x6e | 0x77 => Some(true),
        0x61 | 0x64 | 0x65 | 0x67 | 0x69 | 0x6b | 0x6d | 0x6f | 0x73 | 0x78 | 0x79 => Some(false),
        _ => None,
    }
}

/// The operation of a message, or what the capture left of it, with the octets that are missing; `None` for a message in
/// a security layer or of TLS.
///
/// # Errors
///
/// Fails if the message is cut short before its operation, or is none.
pub(super) fn operation(message: Octets<'_>) -> Result<Option<(Element<'_>, usize)>, Malformed> {
    if message.get(0) != Some(SEQUENCE) {
        return Ok(None);
    }
    let (whole, _) = Element::read_cut(&mut Reader::new(message))?;
    let mut parts = whole.elements();
    Element::expect(&mut parts, INTEGER, "message id")?;
    let (operation, missing) = Element::read_cut(&mut parts)?;
    if is_operation(operation.tag.octet) {
        Ok(Some((operation, missing)))
    } else {
        Err(parts.malformed("operation", Problem::Value { value: operation.tag.octet.into() }))
    }
}

/// Delimits a message by its outer element; on TCP also a message in a security layer (RFC 4422 section 3.7) and a
/// record of TLS (RFC 4511 section 4.14).
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    match octets {
        [] => Frame::Partial(2),
        [SEQUENCE, ..] if transport != Transport::Ip && transport != Transport::Ethernet => bare(octets),
        _ if transport != Transport::Tcp => Frame::Foreign,
        [0x14..=0x17] | [0x14..=0x17, 3] | [0x14..=0x17, 3, 0..=4] | [0x14..=0x17, 3, 0..=4, _] => {
            Frame::Partial(5)
        }
        [0x14..=0x17, 3, 0..=4, high, low, ..] => whole(octets, 5, u16::from_be_bytes([*high, *low]).into()),
        // The length has four octets, of which the first is zero; then a token of Kerberos (RFC 4121 section 4.2.6,
        // RFC 2743 section 3.1) or a signature of NTLM ([MS-NLMP] section 2.2.2.9).
        [0, _, _, _, 0x05 | 0x60 | 0x01, ..] => {
            let length = octets.first_chunk::<4>().map_or(0, |length| u32::from_be_bytes(*length));
            whole(octets, 4, usize::try_from(length).unwrap_or(usize::MAX))
        }
        [0] | [0, _] | [0, _, _] | [0, _, _, _] => Frame::Partial(5),
        _ => Frame::Foreign,
    }
}

fn whole(octets: &[u8], header: usize, length: usize) -> Frame {
    let whole = length.saturating_add(header);
    match length {
        0 | MESSAGE_MAX.. => Frame::Foreign,
        _ if octets.len() < whole => Frame::Partial(whole),
        _ => Frame::Message(whole),
    }
}

fn bare(octets: &[u8]) -> Frame {
    let mut reader = Reader::new(Octets::unplaced(octets));
    // Tag and a length of up to five octets.
    let Ok((element, missing)) = Element::read_cut(&mut reader) else {
        return if octets.len() < 6 {
            Frame::Partial(octets.len().saturating_add(1))
        } else {
            Frame::Foreign
        };
    };
    let length = octets.len().saturating_sub(reader.remaining());
    let mut parts = element.elements();
    let starts = match Element::expect(&mut parts, INTEGER, "message id") {
        Ok(id) => id.contents.len() <= 4 && parts.peek().get(0).map_or(missing > 0, is_operation),
        // No more than tag, length and some of a number may be there yet.
        Err(_) => {
            missing > 0
                && element.contents.len() < 6
                && element.contents.get(0).is_none_or(|tag| tag == INTEGER)
        }
    };
    match missing {
        _ if !starts || length.saturating_add(missing) > MESSAGE_MAX => Frame::Foreign,
        0 => Frame::Message(length),
        _ => Frame::Partial(length.saturating_add(missing)),
    }
}

/// Certain for a bind of version 3 and for a search: their fixed fields are five octets and more.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    let Frame::Message(length) = frame(octets, transport) else { return Probe::Foreign };
    let Ok(Some((operation, 0))) = operation(Octets::unplaced(octets).head(length)) else {
        return Probe::Foreign;
    };
    let fixed = operation.contents.bytes;
    let certain = match operation.tag.octet {
        BIND_REQUEST => matches!(fixed, [2, 1, 3, 4, ..]),
        SEARCH_REQUEST => {
            let mut fields = operation.elements();
            let mut next = |tag| Element::expect(&mut fields, tag, "field").is_ok();
            next(0x04) && next(0x0a) && next(0x0a) && next(INTEGER) && next(INTEGER) && next(0x01)
        }
        _ => false,
    };
    if certain { Probe::Certain } else { Probe::Foreign }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_delimited_by_their_outer_element() {
        let bind = include_bytes!("messages/bind-simple.bin");
        assert_eq!(frame(bind, Transport::Tcp), Frame::Message(bind.len()));
        assert_eq!(probe(bind, Transport::Tcp), Probe::Certain);
        assert_eq!(probe(include_bytes!("messages/search.bin"), Transport::Tcp), Probe::Certain);
        assert_eq!(frame(&bind[..7], Transport::Tcp), Frame::Partial(bind.len()));
        assert_eq!(frame(&bind[..1], Transport::Tcp), Frame::Partial(2));
        for length in 0..bind.len() {
            assert!(matches!(frame(&bind[..length], Transport::Tcp), Frame::Partial(_)), "{length}");
        }
        let sealed = include_bytes!("messages/sealed.bin");
        assert_eq!(frame(sealed, Transport::Tcp), Frame::Message(sealed.len()));
        assert_eq!(frame(sealed, Transport::Udp), Frame::Foreign);
    }

    #[test]
    fn relatives_in_the_same_encoding_are_foreign() {
        // SNMP: version, community, then a unit of the context class. MMS and others do not start with a number.
        assert_eq!(frame(b"\x30\x0d\x02\x01\x01\x04\x06public\xa0\0", Transport::Udp), Frame::Foreign);
        assert_eq!(frame(&[0x30, 3, 0xa0, 1, 0], Transport::Tcp), Frame::Foreign);
    }
}
