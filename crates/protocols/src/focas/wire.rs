//! Packets, and the parts in them.

use observation::{Octets, Transport};

use crate::{Frame, Malformed, Probe, Problem, Reader};

/// First four octets of every packet.
const MAGIC: [u8; 4] = [0xa0; 4];

/// Octets of the header, and where the length of what follows stands in it.
const HEADER: usize = 10;
const LENGTH_AT: usize = 8;

/// Types of packets: the first octet is the kind, the second 1 for a request, 2 for an answer, 3 for a refusal.
const OPEN: u8 = 0x01;
const CLOSE: u8 = 0x02;
const FUNCTIONS: u8 = 0x21;

/// Delimits the first packet.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    if transport != Transport::Tcp || !MAGIC.starts_with(octets.get(..4).unwrap_or(octets)) {
        return Frame::Foreign;
    }
    let Some(length) = octets.get(LENGTH_AT..HEADER).and_then(|length| length.first_chunk()) else {
        return Frame::Partial(HEADER);
    };
    let whole = HEADER.saturating_add(u16::from_be_bytes(*length).into());
    if octets.len() < whole { Frame::Partial(whole) } else { Frame::Message(whole) }
}

/// Certain by magic number, version and type.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    match octets {
        [a, b, c, d, 0, 1..=9, OPEN | CLOSE | FUNCTIONS, 1..=3, ..]
            if transport == Transport::Tcp && [*a, *b, *c, *d] == MAGIC =>
        {
            Probe::Certain
        }
        _ => Probe::Foreign,
    }
}

/// What a packet is.
pub(super) enum Packet<'a> {
    Open {
        is_request: bool,
    },
    Close {
        is_request: bool,
    },
    /// Functions, one per part.
    Functions {
        is_request: bool,
        count: u16,
        parts: Reader<'a>,
    },
    Other,
}

impl<'a> Packet<'a> {
    /// Reads a whole packet, as [`frame`] delimits it, or the beginning of one.
    ///
    /// # Errors
    ///
    /// Fails if the header is cut short.
    pub(super) fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        reader.skip(6, "header")?;
        let kind = reader.u8("type")?;
        let is_request = reader.u8("direction")? == 1;
        reader.skip(2, "length")?;
        Ok(match kind {
            OPEN => Self::Open { is_request },
            CLOSE => Self::Close { is_request },
            FUNCTIONS => {
                Self::Functions { is_request, count: reader.u16_be("number of parts")?, parts: reader }
            }
            _ => Self::Other,
        })
    }
}

/// Octets of the length of a part, which it counts.
const PART_LENGTH: usize = 2;

/// A part: a function, and its arguments or its result.
#[derive(Clone, Debug)]
pub(super) struct Part<'a> {
    /// The control (1) or its programmable controller (2), a constant, and the number of the function.
    pub(super) function: [u16; 3],
    pub(super) data: Reader<'a>,
}

impl<'a> Part<'a> {
    /// The next part.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short or shorter than its own header.
    pub(super) fn parse(parts: &mut Reader<'a>) -> Result<Self, Malformed> {
        let length = parts.u16_be("length of a part")?;
        let Some(rest) = usize::from(length).checked_sub(PART_LENGTH) else {
            return Err(parts.malformed("length of a part", Problem::Value { value: length.into() }));
        };
        let mut data = parts.part(rest, "part")?;
        let function = [data.u16_be("device")?, data.u16_be("function")?, data.u16_be("function")?];
        Ok(Self { function, data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_has_the_length_of_its_header_more() {
        let packet = include_bytes!("messages/system-information-answer.bin");
        assert_eq!(frame(packet, Transport::Tcp), Frame::Message(packet.len()));
        assert_eq!(frame(&packet[..2], Transport::Tcp), Frame::Partial(10));
        assert_eq!(frame(&packet[..12], Transport::Tcp), Frame::Partial(packet.len()));
        assert_eq!(frame(&[0xa0, 0xa0, 1], Transport::Tcp), Frame::Foreign);
        assert_eq!(probe(packet, Transport::Tcp), Probe::Certain);
        assert_eq!(probe(&[0xa0; 12], Transport::Tcp), Probe::Foreign);
    }
}
