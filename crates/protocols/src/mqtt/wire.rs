//! Control packets (MQTT 5.0 section 2.1) and properties (section 2.2.2).

use observation::{Octets, Transport};

use crate::{Frame, Malformed, Probe, Problem, Reader};

/// Packet types (table 2-1).
pub(super) const CONNECT: u8 = 1;
pub(super) const CONNACK: u8 = 2;
pub(super) const PUBLISH: u8 = 3;
pub(super) const SUBSCRIBE: u8 = 8;
pub(super) const SUBACK: u8 = 9;
pub(super) const UNSUBSCRIBE: u8 = 10;
pub(super) const UNSUBACK: u8 = 11;
pub(super) const PINGREQ: u8 = 12;
pub(super) const PINGRESP: u8 = 13;
pub(super) const AUTH: u8 = 15;

/// How a CONNECT goes on behind its length: name and version of the protocol. Bridges set the highest bit of the version.
const NAMES: [&[u8]; 2] = [b"\x00\x04MQTT", b"\x00\x06MQIsdp"];

/// Octets of a variable byte integer (section 1.5.5).
const LENGTH_OCTETS_MAX: usize = 4;

/// The beginning of a packet.
enum Start {
    /// Type, octets of the fixed header, octets behind it.
    Packet(u8, usize, usize),
    /// At least this many octets are needed.
    Needs(usize),
    Foreign,
}

fn start(octets: &[u8]) -> Start {
    let Some((first, rest)) = octets.split_first() else { return Start::Needs(2) };
    let (kind, flags) = (first >> 4, first & 0x0f);
    // Bit 3 says that it is sent again; MQTT 3.1 has it in all packets that are answered.
    let fits = match kind {
        PUBLISH => flags & 0b0110 != 0b0110,
        6 | SUBSCRIBE | UNSUBSCRIBE => flags & 0b0111 == 0b0010,
        0 => false,
        _ => flags == 0,
    };
    if !fits {
        return Start::Foreign;
    }
    let mut length = 0_usize;
    for (index, octet) in rest.iter().take(LENGTH_OCTETS_MAX).enumerate() {
        length |= usize::from(octet & 0x7f) << index.saturating_mul(7);
        if octet & 0x80 == 0 {
            return Start::Packet(kind, index.saturating_add(2), length);
        }
    }
    if rest.len() < LENGTH_OCTETS_MAX { Start::Needs(octets.len().saturating_add(1)) } else { Start::Foreign }
}

/// True if a packet of this type can have so many octets behind its fixed header.
fn is_plausible(kind: u8, length: usize) -> bool {
    match kind {
        CONNECT => length >= 12,
        PUBLISH | CONNACK | UNSUBACK | 4..=7 => length >= 2,
        SUBSCRIBE => length >= 5,
        SUBACK => length >= 3,
        UNSUBSCRIBE => length >= 4,
        PINGREQ | PINGRESP => length == 0,
        _ => true,
    }
}

/// True if the octets are, or begin, the name of the protocol.
fn is_name(octets: &[u8]) -> bool {
    NAMES.iter().any(|name| name.iter().zip(octets).all(|(expected, octet)| expected == octet))
}

/// Delimits the first packet.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    if transport != Transport::Tcp {
        return Frame::Foreign;
    }
    match start(octets) {
        Start::Needs(octets) => Frame::Partial(octets),
        Start::Foreign => Frame::Foreign,
        Start::Packet(kind, header, length) => {
            let body = octets.get(header..).unwrap_or_default();
            if !is_plausible(kind, length) || kind == CONNECT && !is_name(body) {
                return Frame::Foreign;
            }
            let whole = header.saturating_add(length);
            if octets.len() < whole { Frame::Partial(whole) } else { Frame::Message(whole) }
        }
    }
}

/// Certain of a CONNECT alone, which names the protocol.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    match start(octets) {
        Start::Packet(CONNECT, header, length)
            if transport == Transport::Tcp && is_plausible(CONNECT, length) =>
        {
            let body = octets.get(header..).unwrap_or_default();
            if NAMES.iter().any(|name| body.starts_with(name)) { Probe::Certain } else { Probe::Foreign }
        }
        _ => Probe::Foreign,
    }
}

/// A control packet.
#[derive(Clone, Debug)]
pub(super) struct Packet<'a> {
    pub(super) kind: u8,
    /// Quality of service of a PUBLISH.
    pub(super) quality: u8,
    /// Variable header and payload.
    pub(super) body: Reader<'a>,
}

impl<'a> Packet<'a> {
    /// Reads a whole packet, as [`frame`] delimits it, or the beginning of one.
    ///
    /// # Errors
    ///
    /// Fails if its header is cut short or none.
    pub(super) fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut body = Reader::new(octets);
        let first = body.clone().u8("packet type")?;
        match start(octets.bytes) {
            Start::Packet(kind, header, _) => {
                body.skip(header, "fixed header")?;
                Ok(Self { kind, quality: first >> 1 & 3, body })
            }
            Start::Needs(_) => Err(body.malformed("remaining length", Problem::Truncated { missing: 1 })),
            Start::Foreign => Err(body.malformed("fixed header", Problem::Unrecognised)),
        }
    }
}

/// The next string or binary data: its length in two octets before it (sections 1.5.4 and 1.5.6).
///
/// # Errors
///
/// Fails if the packet ends before its end.
pub(super) fn string<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<Octets<'a>, Malformed> {
    let length = reader.u16_be(what)?;
    reader.take(length.into(), what)
}

/// Passes over the properties, with `see` looking at the value of each that is text or binary data; `see` gets binary data
/// that is not all there, too.
///
/// # Errors
///
/// Fails if they are cut short or one is not in the standard.
pub(super) fn properties<'a>(
    reader: &mut Reader<'a>,
    mut see: impl FnMut(u8, Octets<'a>),
) -> Result<(), Malformed> {
    let length = variable(reader)?;
    let mut list = reader.part(length, "properties")?;
    while !list.is_empty() {
        let identifier = list.u8("property identifier")?;
        match identifier {
            0x01 | 0x17 | 0x19 | 0x24 | 0x25 | 0x28..=0x2a => list.skip(1, "property")?,
            0x13 | 0x21..=0x23 => list.skip(2, "property")?,
            0x02 | 0x11 | 0x18 | 0x27 => list.skip(4, "property")?,
            0x0b => drop(variable(&mut list)?),
            0x03 | 0x08 | 0x09 | 0x12 | 0x15 | 0x16 | 0x1a | 0x1c | 0x1f => {
                let length = usize::from(list.u16_be("property")?);
                see(identifier, list.peek().head(length));
                list.skip(length, "property")?;
            }
            0x26 => {
                string(&mut list, "user property")?;
                string(&mut list, "user property")?;
            }
            value => {
                return Err(list.malformed("property identifier", Problem::Value { value: value.into() }));
            }
        }
    }
    Ok(())
}

/// A variable byte integer.
fn variable(reader: &mut Reader<'_>) -> Result<usize, Malformed> {
    let mut value = 0_usize;
    for index in 0..LENGTH_OCTETS_MAX {
        let octet = reader.u8("variable byte integer")?;
        value |= usize::from(octet & 0x7f) << index.saturating_mul(7);
        if octet & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(reader.malformed("variable byte integer", Problem::Unrecognised))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_has_the_length_that_its_header_says() {
        let connect = include_bytes!("messages/connect.bin");
        assert_eq!(frame(connect, Transport::Tcp), Frame::Message(connect.len()));
        assert_eq!(frame(&connect[..1], Transport::Tcp), Frame::Partial(2));
        assert_eq!(frame(&connect[..5], Transport::Tcp), Frame::Partial(connect.len()));
        assert_eq!(frame(connect, Transport::Udp), Frame::Foreign);
        assert_eq!(frame(&[0x30, 0xbc, 0x02, 0, 1], Transport::Tcp), Frame::Partial(319));
        for foreign in
            [&[0x00, 0][..], &[0xc0, 1, 0], &[0x36, 9], &[0x80, 5], &[0x30, 0xff, 0xff, 0xff, 0xff]]
        {
            assert_eq!(frame(foreign, Transport::Tcp), Frame::Foreign, "{foreign:?}");
        }
    }

    #[test]
    fn only_a_connect_is_certain_elsewhere() {
        assert_eq!(probe(include_bytes!("messages/connect.bin"), Transport::Tcp), Probe::Certain);
        assert_eq!(probe(include_bytes!("messages/connect-3-1.bin"), Transport::Tcp), Probe::Certain);
        assert_eq!(probe(include_bytes!("messages/connack.bin"), Transport::Tcp), Probe::Foreign);
        assert_eq!(probe(b"\x10\x20\x00\x04HTTP\x04\x02", Transport::Tcp), Probe::Foreign);
    }

    #[test]
    fn properties_of_every_kind_are_passed_over() {
        let octets = b"\x0f\x01\x01\x21\x00\x0a\x0b\x81\x01\x16\x00\x02ab\x11\x00\x00\x00\x07rest";
        let mut reader = Reader::new(Octets::unplaced(octets));
        let mut seen = Vec::new();
        let result = properties(&mut reader, |identifier, value| seen.push((identifier, value.bytes)));
        assert!(result.is_err(), "the last property reaches beyond the list");
        assert_eq!(seen, [(0x16, &b"ab"[..])]);
        assert!(properties(&mut Reader::new(Octets::unplaced(&[1, 0x7f])), |_, _| ()).is_err());
        assert!(properties(&mut Reader::new(Octets::unplaced(&[0xff; 5])), |_, _| ()).is_err());
    }
}
