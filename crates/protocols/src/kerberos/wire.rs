//! Messages and where their elements are (RFC 4120 chapter 5, appendix A).
//!
//! [`frame`] never answers more octets than there are.

use observation::{Octets, Transport};

use crate::ber::Element;
use crate::{Frame, Probe, Reader};

/// Messages by the tag of their application class.
pub(super) const AS_REQUEST: u8 = 0x6a;
pub(super) const AS_REPLY: u8 = 0x6b;
pub(super) const TGS_REQUEST: u8 = 0x6c;
pub(super) const TGS_REPLY: u8 = 0x6d;
pub(super) const AP_REQUEST: u8 = 0x6e;
pub(super) const ERROR: u8 = 0x7e;
/// A ticket.
pub(super) const TICKET: u8 = 0x61;
/// A string of names and realms.
const GENERAL_STRING: u8 = 0x1b;

/// Octets of the length in front of a message on TCP (section 7.2.2).
pub(super) const LENGTH: usize = 4;
/// Octets of the longest message: a ticket holds its owner's groups, 64 KiB of them at most.
const MESSAGE_MAX: usize = 131_072;

fn is_message(tag: u8) -> bool {
    matches!(tag, AS_REQUEST | AS_REPLY | TGS_REQUEST | TGS_REPLY | AP_REQUEST | ERROR)
}

/// Delimits a message: its length on TCP, the whole datagram on UDP, which its outer element must fill.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    match transport {
        Transport::Tcp => {
            let Some(length) = octets.first_chunk::<LENGTH>() else {
                return if octets.first().is_none_or(|high| *high == 0) {
                    Frame::Partial(LENGTH)
                } else {
                    Frame::Foreign
                };
            };
            let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
            let tagged = octets.get(LENGTH).is_none_or(|tag| is_message(*tag));
            let whole = length.saturating_add(LENGTH);
            match length {
                _ if !tagged => Frame::Foreign,
                10..=MESSAGE_MAX if octets.len() < whole => Frame::Partial(whole),
                10..=MESSAGE_MAX => Frame::Message(whole),
                _ => Frame::Foreign,
            }
        }
        Transport::Udp if octets.first().is_some_and(|tag| is_message(*tag)) => {
            let mut reader = Reader::new(Octets::unplaced(octets));
            match Element::read_cut(&mut reader) {
                Ok((_, 0)) if reader.is_empty() => Frame::Message(octets.len()),
                Ok((_, missing)) if missing > 0 => Frame::Partial(octets.len().saturating_add(missing)),
                _ => Frame::Foreign,
            }
        }
        _ => Frame::Foreign,
    }
}

/// Certain where the version stands in its place: five octets that never vary.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    let Frame::Message(_) = frame(octets, transport) else { return Probe::Foreign };
    let start = if transport == Transport::Tcp { LENGTH } else { 0 };
    let is_version = |window: &[u8]| matches!(window, [0xa0 | 0xa1, 3, 2, 1, 5]);
    // Behind two tags with lengths of up to four octets.
    let near = octets.get(start..).unwrap_or_default();
    if near.windows(5).take(12).any(is_version) { Probe::Certain } else { Probe::Foreign }
}

/// The sequence in a message, or in another element.
pub(super) fn sequence<'a>(element: &Element<'a>) -> Option<Element<'a>> {
    pick(element, crate::ber::SEQUENCE)
}

/// The element of this tag within another one, or what the capture left of it.
pub(super) fn pick<'a>(element: &Element<'a>, tag: u8) -> Option<Element<'a>> {
    let mut reader = element.elements();
    while !reader.is_empty() {
        let (element, _) = Element::read_cut(&mut reader).ok()?;
        if element.tag.octet == tag {
            return Some(element);
        }
    }
    None
}

/// The string in an element of this tag.
pub(super) fn string<'a>(element: &Element<'a>, tag: u8) -> Option<Octets<'a>> {
    pick(element, tag)?.find(GENERAL_STRING).map(|string| string.contents)
}

/// The first two components of a principal's name in an element of this tag (section 5.2.2).
pub(super) fn principal<'a>(element: &Element<'a>, tag: u8) -> Option<(Octets<'a>, Option<Octets<'a>>)> {
    let name = sequence(&pick(element, tag)?)?;
    let mut components = sequence(&name.find(0xa1)?)?.elements();
    let mut next = || {
        let component = Element::read(&mut components).ok()?;
        (component.tag.octet == GENERAL_STRING).then_some(component.contents)
    };
    let first = next()?;
    Some((first, next()))
}

/// The request in a security token: bare, or in SPNEGO, behind the identifier of the mechanism and that of the token
/// (RFC 4121 section 4.1).
pub(crate) fn find(token: Octets<'_>) -> Option<Octets<'_>> {
    const MECHANISM: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02, 0x01, 0x00, AP_REQUEST];
    let at = token.bytes.windows(MECHANISM.len()).position(|window| window == MECHANISM)?;
    Some(token.tail(at.saturating_add(MECHANISM.len()).saturating_sub(1)))
}
