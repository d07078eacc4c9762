//! Records: RFC 6347 section 4.1.

use observation::{Octets, Transport};

use crate::tls::handshake::length_24;
use crate::tls::handshake::message::{CLIENT_HELLO, SERVER_HELLO};
use crate::{Frame, Malformed, Probe, Reader};

/// Octets of a header: type, version, epoch, sequence number, length.
pub(super) const HEADER: usize = 13;

/// Longest fragment: 2^14 octets and what encryption may add.
const FRAGMENT_OCTETS_MAX: usize = (1 << 14) + 2_048;

/// Type of a record with messages of the handshake.
pub(super) const HANDSHAKE: u8 = 22;

/// Octets of a header of a message in a record of the handshake (section 4.2.2).
const MESSAGE_HEADER: usize = 12;

fn is_version(high: u8, low: u8) -> bool {
    high == 0xfe && matches!(low, 0xff | 0xfd | 0xfc)
}

/// Delimits the first record of a datagram. Records of version 1.3 that are encrypted have a header of their own, and
/// take the rest of their datagram.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    match octets {
        _ if transport != Transport::Udp => Frame::Foreign,
        [0x20..=0x3f, _, _, _, ..] => Frame::Message(octets.len()),
        &[20..=25, high, low, _, _, _, _, _, _, _, _, a, b, ..] if is_version(high, low) => {
            match HEADER.saturating_add(u16::from_be_bytes([a, b]).into()) {
                length if length > HEADER.saturating_add(FRAGMENT_OCTETS_MAX) => Frame::Foreign,
                length if length > octets.len() => Frame::Partial(length),
                length => Frame::Message(length),
            }
        }
        [] | [20..=25] | [20..=25, 0xfe] => Frame::Partial(HEADER),
        &[20..=25, high, low, ..] if is_version(high, low) && octets.len() < HEADER => Frame::Partial(HEADER),
        _ => Frame::Foreign,
    }
}

/// A hello whose lengths agree is certain; others have too little that is fixed.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    let Frame::Message(length) = frame(octets, transport) else { return Probe::Foreign };
    match octets {
        &[
            HANDSHAKE,
            _,
            _,
            0,
            0,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            CLIENT_HELLO | SERVER_HELLO,
            a,
            b,
            c,
            _,
            _,
            d,
            e,
            f,
            g,
            h,
            i,
            ..,
        ] if [a, b, c] == [g, h, i]
            && [d, e, f] == [0; 3]
            && length
                == HEADER
                    .saturating_add(MESSAGE_HEADER)
                    .saturating_add(usize::from(b) << 8 | usize::from(c)) =>
        {
            Probe::Certain
        }
        [20..=25, 0xfe, ..] => Probe::Unsure,
        _ => Probe::Foreign,
    }
}

/// A fragment of a message of the handshake, which most often is all of it.
#[derive(Clone, Debug)]
pub(super) struct Fragment<'a> {
    /// Type of the message.
    pub(super) kind: u8,
    /// Number of the message.
    pub(super) number: u16,
    /// Octets of the whole message without its header.
    pub(super) length: usize,
    /// Where these stand in it.
    pub(super) offset: usize,
    /// The fragment with its header.
    pub(super) all: Octets<'a>,
    /// Without its header.
    pub(super) octets: Octets<'a>,
}

impl<'a> Fragment<'a> {
    /// Reads the fragment that a reader stands at.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short.
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let start = reader.peek();
        let kind = reader.u8("message type")?;
        let length = length_24(reader, "message length")?;
        let number = reader.u16_be("message number")?;
        let offset = length_24(reader, "fragment offset")?;
        let fragment = length_24(reader, "fragment length")?;
        let octets = reader.take(fragment, "fragment")?;
        Ok(Self {
            kind,
            number,
            length,
            offset,
            all: start.head(MESSAGE_HEADER.saturating_add(fragment)),
            octets,
        })
    }
}

/// The body of a message that is given with its header.
pub(super) fn body(all: Octets<'_>) -> Reader<'_> {
    Reader::nested(all.tail(MESSAGE_HEADER), HEADER.saturating_add(MESSAGE_HEADER))
}
