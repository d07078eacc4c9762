//! Packets of the NetBIOS session service, of which direct transport on port 445 uses one (RFC 1002 section 4.3.1;
//! [MS-SMB2] section 2.1).
//!
//! [`frame`] never answers more octets than there are.

use observation::{Octets, Transport};

use crate::netbios::{self, Name};
use crate::{Frame, Malformed, Probe, Problem, Reader};

/// Octets of the packet header: type and length.
pub(super) const HEADER: usize = 4;

/// Types of packets.
const MESSAGE: u8 = 0x00;
const REQUEST: u8 = 0x81;
const POSITIVE: u8 = 0x82;
const NEGATIVE: u8 = 0x83;
const RETARGET: u8 = 0x84;
const KEEP_ALIVE: u8 = 0x85;

/// Third to fifth octet of each kind of message; the first tells the kind.
const MAGIC: &[u8] = b"SMB";

/// What a packet holds.
#[derive(Clone, Debug)]
pub(super) enum Packet<'a> {
    /// A message of SMB 1.
    Smb1(Reader<'a>),
    /// One or more messages of SMB 2 or 3.
    Smb2(Reader<'a>),
    /// A request for a session between two names: that which is called, and that which calls.
    Request(Name<'a>, Name<'a>),
    /// An answer to such a request.
    Response {
        /// True if the session is granted.
        granted: bool,
    },
    /// Something that is encrypted, compressed or empty.
    Other,
}

impl<'a> Packet<'a> {
    /// Reads a whole packet, or what the capture left of one.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short within its header or names, or if it is of no known type.
    pub(super) fn parse(packet: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(packet);
        let kind = reader.u8("packet type")?;
        reader.skip(HEADER.saturating_sub(1), "packet length")?;
        match kind {
            MESSAGE => Ok(match reader.peek().get(0) {
                Some(0xff) => Self::Smb1(reader),
                Some(0xfe) => Self::Smb2(reader),
                _ => Self::Other,
            }),
            REQUEST => {
                let called = Name::parse(&mut reader, packet)?;
                Ok(Self::Request(called, Name::parse(&mut reader, packet)?))
            }
            POSITIVE | NEGATIVE | RETARGET => Ok(Self::Response { granted: kind == POSITIVE }),
            KEEP_ALIVE => Ok(Self::Other),
            other => {
                let problem = Problem::Value { value: other.into() };
                Err(Malformed { what: "packet type", offset: 0, problem })
            }
        }
    }
}

/// Delimits the first packet: a known type whose length fits it, and the signature of a message.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    let [kind, high, middle, low, rest @ ..] = octets else {
        let possible = octets.first().is_none_or(|kind| matches!(*kind, MESSAGE | REQUEST..=KEEP_ALIVE));
        return if possible && transport == Transport::Tcp { Frame::Partial(HEADER) } else { Frame::Foreign };
    };
    let length = usize::try_from(u32::from_be_bytes([0, *high, *middle, *low])).unwrap_or(usize::MAX);
    let fits = match *kind {
        // Four octets of signature are in every message.
        MESSAGE => length > MAGIC.len() && may_be_message(rest),
        REQUEST => (68..=512).contains(&length) && rest.first().is_none_or(|length| *length == 0x20),
        POSITIVE | KEEP_ALIVE => length == 0,
        NEGATIVE => length == 1,
        RETARGET => length == 6,
        _ => false,
    };
    let whole = HEADER.saturating_add(length);
    match transport {
        Transport::Tcp if fits && octets.len() >= whole => Frame::Message(whole),
        Transport::Tcp if fits => Frame::Partial(whole),
        _ => Frame::Foreign,
    }
}

/// True if nothing that is there contradicts the signature of a message.
fn may_be_message(octets: &[u8]) -> bool {
    octets.first().is_none_or(|kind| matches!(kind, 0xfc..=0xff))
        && octets.iter().skip(1).zip(MAGIC).all(|(octet, expected)| octet == expected)
}

/// Certain for a message with its signature and for a session request with a name.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    let body = octets.get(HEADER..).unwrap_or_default();
    match (octets.first(), frame(octets, transport)) {
        (Some(&MESSAGE), Frame::Message(_) | Frame::Partial(_)) if body.len() > MAGIC.len() => Probe::Certain,
        (Some(&REQUEST), Frame::Message(_)) if netbios::starts(body) => Probe::Certain,
        _ => Probe::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEGOTIATE: &[u8] = include_bytes!("messages/smb2-negotiate-request.bin");

    #[test]
    fn packets_are_delimited_by_their_length() {
        assert_eq!(frame(NEGOTIATE, Transport::Tcp), Frame::Message(NEGOTIATE.len()));
        assert_eq!(frame(&NEGOTIATE[..40], Transport::Tcp), Frame::Partial(NEGOTIATE.len()));
        assert_eq!(frame(&NEGOTIATE[..3], Transport::Tcp), Frame::Partial(4));
        assert_eq!(frame(&[0x85, 0, 0, 0, 0], Transport::Tcp), Frame::Message(4));
        assert_eq!(frame(NEGOTIATE, Transport::Udp), Frame::Foreign);
        assert_eq!(probe(NEGOTIATE, Transport::Tcp), Probe::Certain);
    }

    #[test]
    fn other_octets_are_foreign() {
        for octets in [
            &[0, 0, 0, 40, 0xfe, b'S', b'M', b'C'][..],
            &[0, 0, 0, 6],
            &[0, 0, 0, 9, 0x32],
            &[0x16, 3],
            &[0x83, 0, 0, 2],
        ] {
            let framed = frame(octets, Transport::Tcp);
            assert!(
                framed == Frame::Foreign || octets.len() == 4 && framed == Frame::Partial(10),
                "{octets:?}"
            );
            assert_eq!(probe(octets, Transport::Tcp), Probe::Foreign);
        }
    }
}
