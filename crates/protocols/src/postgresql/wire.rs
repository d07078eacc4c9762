//! Messages (chapter "Message Formats").

use observation::{Octets, Transport};

use crate::{Frame, Probe, Reader, strings};

/// Codes of the messages without a type that a client opens with.
pub(super) mod code {
    /// Protocol 3.0.
    pub(crate) const START: u32 = 0x0003_0000;
    /// Requests are 1234 and a number.
    pub(crate) const CANCEL: u32 = 0x04d2_162e;
    pub(crate) const TLS: u32 = 0x04d2_162f;
    pub(crate) const GSSAPI: u32 = 0x04d2_1630;
}

/// Types of messages.
pub(super) mod kind {
    pub(crate) const AUTHENTICATION: u8 = b'R';
    pub(crate) const PARAMETER: u8 = b'S';
    pub(crate) const READY: u8 = b'Z';
    pub(crate) const KEY: u8 = b'K';
    pub(crate) const ERROR: u8 = b'E';
    pub(crate) const NOTICE: u8 = b'N';
    pub(crate) const VERSION: u8 = b'v';
    pub(crate) const PASSWORD: u8 = b'p';
}

/// Octets of an opening message at most; the server takes no longer start-up (its MAX_STARTUP_PACKET_LENGTH).
const OPENING_MAX: usize = 10_000;
/// Octets of a message at most: tokens of Kerberos are the longest of an opening.
const MESSAGE_MAX: usize = 65_535;
/// Octets of type and length.
pub(super) const HEAD: usize = 5;

/// Delimits a start-up or request, a typed message, or the single letter that answers a request for encryption.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    if transport != Transport::Tcp {
        return Frame::Foreign;
    }
    let needs =
        |length: usize| if length > octets.len() { Frame::Partial(length) } else { Frame::Message(length) };
    match octets {
        [] => Frame::Partial(1),
        // The answer to a request for encryption; of a notice or a start-up there is always more.
        [b'S' | b'N' | b'G'] => Frame::Message(1),
        [0, ..] if octets.len() < 8 => Frame::Partial(8),
        [0, a, b, c, code @ ..] => {
            let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
            if (8..=OPENING_MAX).contains(&length) && opening(code).is_some() {
                needs(length)
            } else {
                Frame::Foreign
            }
        }
        [kind, ..] if !kind.is_ascii_alphabetic() => Frame::Foreign,
        [_, a, b, c, d, ..] => {
            let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
            if (4..=MESSAGE_MAX).contains(&length) { needs(length.saturating_add(1)) } else { Frame::Foreign }
        }
        _ => Frame::Partial(HEAD),
    }
}

/// The code of an opening message, if it is one of them.
pub(super) fn opening(octets: &[u8]) -> Option<u32> {
    let code = u32::from_be_bytes(*octets.first_chunk()?);
    // Minor versions of protocol 3 open alike.
    (code >> 16 == code::START >> 16 || (code::CANCEL..=code::GSSAPI).contains(&code)).then_some(code)
}

/// Certain for a start-up, which names a user first or at least somewhere, and for a request for encryption.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    let Frame::Message(length) = frame(octets, transport) else { return Probe::Foreign };
    let body = octets.get(8..length).unwrap_or_default();
    match octets.get(4..).and_then(opening) {
        Some(code::TLS | code::GSSAPI) if length == 8 => Probe::Certain,
        Some(code)
            if code >> 16 == 3 && body.ends_with(&[0]) && body.windows(5).any(|part| part == b"user\0") =>
        {
            Probe::Certain
        }
        _ => Probe::Foreign,
    }
}

/// Parameters at most that are looked at.
const PARAMETERS_MAX: usize = 64;

/// Names and values up to an empty name, each ended by a zero.
pub(super) fn parameters<'a>(body: Octets<'a>) -> impl Iterator<Item = (Octets<'a>, Octets<'a>)> {
    let mut reader = Reader::new(body);
    std::iter::from_fn(move || {
        let name = strings::zero_terminated(&mut reader);
        (!name.is_empty()).then(|| (name, strings::zero_terminated(&mut reader)))
    })
    .take(PARAMETERS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openings_typed_messages_and_single_letters_are_delimited() {
        let of = |octets: &[u8]| frame(octets, Transport::Tcp);
        assert_eq!(of(&[0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]), Frame::Message(8));
        assert_eq!(of(&[0, 0, 0, 20, 0, 3, 0, 0, b'u']), Frame::Partial(20));
        assert_eq!(of(b"S"), Frame::Message(1));
        assert_eq!(of(b"Z\0\0\0\x05IS"), Frame::Message(6));
        assert_eq!(of(b"Z\0\0"), Frame::Partial(5));
        assert_eq!((of(b"Z\0\0\0\x03"), of(&[0, 0, 0, 8, 1, 2, 3, 4])), (Frame::Foreign, Frame::Foreign));
        assert_eq!(of(b"\x16\x03\x01\0\x05"), Frame::Foreign);
    }

    #[test]
    fn openings_are_recognised_on_any_port() {
        let start = include_bytes!("messages/start-up.bin");
        assert_eq!(probe(start, Transport::Tcp), Probe::Certain);
        assert_eq!(probe(&[0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f], Transport::Tcp), Probe::Certain);
        assert_eq!(probe(b"Z\0\0\0\x05I", Transport::Tcp), Probe::Foreign);
    }
}
