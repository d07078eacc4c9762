//! The header of 56 octets, and the text behind it (DFRWS 2017, tables 1 and 4).

use observation::{Octets, Transport};

use crate::{Frame, Malformed, Probe, Problem, Reader};

/// Octets of the header.
pub(super) const HEADER: usize = 56;

/// Types of packets.
const INIT: u8 = 0;
const INIT_ACK: u8 = 1;
const REQUEST: u8 = 2;
const RESPONSE: u8 = 3;

/// Types of messages: the arguments are in the header, or behind it.
const SHORT: u8 = 0xc0;
const EXTENDED: u8 = 0x80;
const SHORT_ACK: u8 = 0xd4;
const EXTENDED_ACK: u8 = 0x94;
const ERROR: u8 = 0xd1;

/// Delimits the first packet. What is called type and sequence number takes two octets each.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    if transport != Transport::Tcp {
        return Frame::Foreign;
    }
    if octets.first().is_some_and(|kind| *kind > RESPONSE) || octets.get(1).is_some_and(|high| *high != 0) {
        return Frame::Foreign;
    }
    let Some([_, _, _, _, low, high]) = octets.first_chunk::<6>() else { return Frame::Partial(HEADER) };
    let whole = HEADER.saturating_add(u16::from_le_bytes([*low, *high]).into());
    if octets.len() < whole { Frame::Partial(whole) } else { Frame::Message(whole) }
}

/// Certain of a request or response whose type, both sequence numbers, message type and packet numbers fit: six octets.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    let Some(header) = octets.first_chunk::<HEADER>().filter(|_| transport == Transport::Tcp) else {
        return Probe::Foreign;
    };
    let [kind, high, sequence, ..] = header;
    let [_, .., message_sequence, message_type, _, _, _, _, _, _, _, _, packet, packets] =
        header.first_chunk::<42>().copied().unwrap_or([0; 42]);
    let fits = match *kind {
        REQUEST => matches!(message_type, SHORT | EXTENDED),
        RESPONSE => matches!(message_type, SHORT_ACK | EXTENDED_ACK | ERROR),
        _ => false,
    };
    if fits && *high == 0 && *sequence == message_sequence && packet == 1 && packets == 1 {
        Probe::Certain
    } else {
        Probe::Foreign
    }
}

/// A packet.
pub(super) enum Packet<'a> {
    /// The client opens the connection, or the server says that it is open.
    Init { is_ack: bool },
    /// A service request: its code, and its arguments.
    Request { service: u8, arguments: [Octets<'a>; 2] },
    /// An answer: the status that comes with each, and true if the request was not refused.
    Response { status: Octets<'a>, is_ack: bool },
}

impl<'a> Packet<'a> {
    /// Reads a whole packet, as [`frame`] delimits it, or the beginning of one.
    ///
    /// # Errors
    ///
    /// Fails if the header is cut short, or the type is none.
    pub(super) fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        let kind = reader.u8("packet type")?;
        match kind {
            INIT | INIT_ACK => return Ok(Self::Init { is_ack: kind == INIT_ACK }),
            REQUEST | RESPONSE => {}
            value => return Err(reader.malformed("packet type", Problem::Value { value: value.into() })),
        }
        reader.skip(30, "header")?;
        let message_type = reader.u8("message type")?;
        reader.skip(10, "mailboxes and packet numbers")?;
        if kind == RESPONSE {
            reader.skip(8, "return data")?;
            let status = reader.take(6, "status")?;
            return Ok(Self::Response { status, is_ack: message_type != ERROR });
        }
        // In an extended request, the packet is numbered once more before its service.
        if message_type == EXTENDED {
            reader.skip(8, "packet numbers")?;
        }
        let service = reader.u8("service request code")?;
        let inline = reader.peek().head(HEADER.saturating_sub(reader.offset()));
        Ok(Self::Request { service, arguments: [inline, octets.tail(HEADER)] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_has_the_length_of_its_text_more_than_its_header() {
        let request = include_bytes!("messages/write-extended.bin");
        assert_eq!(frame(request, Transport::Tcp), Frame::Message(request.len()));
        assert_eq!(frame(&request[..5], Transport::Tcp), Frame::Partial(HEADER));
        assert_eq!(frame(&request[..56], Transport::Tcp), Frame::Partial(request.len()));
        assert_eq!(frame(&[4, 0], Transport::Tcp), Frame::Foreign);
        assert_eq!(frame(&[2, 1], Transport::Tcp), Frame::Foreign);
        assert_eq!(frame(&[0; 56], Transport::Tcp), Frame::Message(56));
    }

    #[test]
    fn zeros_are_never_certain() {
        assert_eq!(probe(&[0; 56], Transport::Tcp), Probe::Foreign);
        let request = include_bytes!("messages/read.bin");
        assert_eq!(probe(request, Transport::Tcp), Probe::Certain);
        let mut changed = *request;
        changed[30] = 0x77;
        assert_eq!(probe(&changed, Transport::Tcp), Probe::Foreign);
    }
}
