//! The BACnet virtual link layer of IPv4 (ANSI/ASHRAE 135-2020, annex J.2): four octets, then what the function says.

use observation::{Octets, Transport};

use super::npdu::Npdu;
use crate::{Frame, Malformed, Probe, Problem, Reader};

/// First octet: BACnet/IP (annex J.2).
const TYPE: u8 = 0x81;

/// Octets of type, function and length.
const HEADER: usize = 4;

/// Octets of an address: IPv4 address and port (annex J.1.2).
pub(super) const ADDRESS: usize = 6;

/// Octets of an entry of a broadcast distribution table: address and broadcast distribution mask (annex J.2.4); and of a
/// foreign device table: address, time to live and seconds remaining (annex J.2.8).
pub(super) const ENTRY: usize = 10;

/// A function of the virtual link layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function(pub u8);

impl Function {
    /// Result of a request to the virtual link layer.
    pub const RESULT: Self = Self(0x00);
    /// Replaces a broadcast distribution table.
    pub const WRITE_TABLE: Self = Self(0x01);
    /// Asks for a broadcast distribution table.
    pub const READ_TABLE: Self = Self(0x02);
    /// A broadcast distribution table.
    pub const READ_TABLE_ACK: Self = Self(0x03);
    /// A message that a broadcast management device forwards, with the address of its sender.
    pub const FORWARDED_NPDU: Self = Self(0x04);
    /// Asks to be sent broadcasts.
    pub const REGISTER_FOREIGN_DEVICE: Self = Self(0x05);
    /// Asks for a foreign device table.
    pub const READ_FOREIGN_TABLE: Self = Self(0x06);
    /// A foreign device table.
    pub const READ_FOREIGN_TABLE_ACK: Self = Self(0x07);
    /// Removes an entry of a foreign device table.
    pub const DELETE_FOREIGN_ENTRY: Self = Self(0x08);
    /// A foreign device has a broadcast management device send a broadcast.
    pub const DISTRIBUTE_BROADCAST: Self = Self(0x09);
    /// A message to one.
    pub const ORIGINAL_UNICAST: Self = Self(0x0a);
    /// A message to all.
    pub const ORIGINAL_BROADCAST: Self = Self(0x0b);

    /// True if a network layer message follows.
    #[must_use]
    pub fn carries_npdu(self) -> bool {
        matches!(
            self,
            Self::FORWARDED_NPDU
                | Self::DISTRIBUTE_BROADCAST
                | Self::ORIGINAL_UNICAST
                | Self::ORIGINAL_BROADCAST
        )
    }
}

/// A message of the virtual link layer.
#[derive(Clone, Debug)]
pub struct Bvlc<'a> {
    /// What it does.
    pub function: Function,
    /// The octet of the function.
    pub function_octets: Octets<'a>,
    /// Octets that the header announces and the message lacks: it was cut by the capture.
    pub missing: usize,
    /// Octets that the message has beyond those: the length is wrong.
    pub trailing: usize,
    /// What follows the header.
    pub rest: Reader<'a>,
}

impl<'a> Bvlc<'a> {
    /// Reads the header of a message as [`PROTOCOL`](super::PROTOCOL) delimits it.
    ///
    /// # Errors
    ///
    /// Fails if the header is cut short or not that of BACnet/IP.
    pub fn parse(message: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(message);
        let kind = reader.u8("bvlc type")?;
        if kind != TYPE {
            return Err(Malformed {
                what: "bvlc type",
                offset: 0,
                problem: Problem::Value { value: kind.into() },
            });
        }
        let function_octets = reader.take(1, "bvlc function")?;
        let length = usize::from(reader.u16_be("bvlc length")?);
        Ok(Self {
            function: Function(function_octets.get(0).unwrap_or_default()),
            function_octets,
            missing: length.saturating_sub(message.len()),
            trailing: message.len().saturating_sub(length),
            rest: reader,
        })
    }
}

/// Delimits one message: a datagram, or what an LLC header with service access point 0x82 carries (clause 7), which has
/// no virtual link layer.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    match transport {
        Transport::Tcp | Transport::Ip => Frame::Foreign,
        Transport::Ethernet => match Npdu::parse(Reader::new(Octets::unplaced(octets))) {
            Ok(_) => Frame::Message(octets.len()),
            Err(Malformed { problem: Problem::Truncated { missing }, .. }) => {
                Frame::Partial(octets.len().saturating_add(missing))
            }
            Err(_) => Frame::Foreign,
        },
        Transport::Udp => match octets {
            [TYPE, _, high, low, ..] => match usize::from(u16::from_be_bytes([*high, *low])) {
                length if length < HEADER => Frame::Foreign,
                length if length > octets.len() => Frame::Partial(length),
                // A datagram is one message. Octets that the length leaves out are read as part of it, lest half a
                // password be taken for something else.
                length => match octets.get(length) {
                    Some(&TYPE) => Frame::Message(length),
                    _ => Frame::Message(octets.len()),
                },
            },
            [] | [TYPE] | [TYPE, ..] => Frame::Partial(HEADER),
            _ => Frame::Foreign,
        },
    }
}

/// Type, a length that is that of the datagram, and the version of the network layer are four octets; the rest of the
/// network layer must fit, too.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    if transport != Transport::Udp || frame(octets, transport) != Frame::Message(octets.len()) {
        return Probe::Foreign;
    }
    let Ok(mut bvlc) = Bvlc::parse(Octets::unplaced(octets)) else { return Probe::Foreign };
    if bvlc.trailing > 0 {
        return Probe::Foreign;
    }
    let after_header = octets.len().saturating_sub(HEADER);
    let fits = match bvlc.function {
        Function::RESULT | Function::REGISTER_FOREIGN_DEVICE => after_header == 2,
        Function::READ_TABLE | Function::READ_FOREIGN_TABLE => after_header == 0,
        Function::WRITE_TABLE | Function::READ_TABLE_ACK | Function::READ_FOREIGN_TABLE_ACK => {
            after_header.is_multiple_of(ENTRY)
        }
        Function::DELETE_FOREIGN_ENTRY => after_header == ADDRESS,
        function if function.carries_npdu() => {
            let skipped = function != Function::FORWARDED_NPDU || bvlc.rest.skip(ADDRESS, "address").is_ok();
            return match skipped && Npdu::parse(bvlc.rest).is_ok() {
                true => Probe::Certain,
                false => Probe::Foreign,
            };
        }
        _ => false,
    };
    if fits { Probe::Unsure } else { Probe::Foreign }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_is_one_message_whose_length_it_tells() {
        let who_is = [0x81, 0x0b, 0, 12, 1, 0x20, 0xff, 0xff, 0, 0xff, 0x10, 8];
        assert_eq!(frame(&who_is, Transport::Udp), Frame::Message(12));
        assert_eq!(frame(&who_is[..5], Transport::Udp), Frame::Partial(12));
        assert_eq!(frame(&who_is[..3], Transport::Udp), Frame::Partial(4));
        assert_eq!(frame(&[0x81, 0x0b, 0, 3], Transport::Udp), Frame::Foreign);
        let mut short = who_is;
        short[3] = 10;
        assert_eq!(frame(&short, Transport::Udp), Frame::Message(12), "a datagram is one message");
        assert_eq!(probe(&short, Transport::Udp), Probe::Foreign);
        assert_eq!(frame(&who_is, Transport::Tcp), Frame::Foreign);
        assert_eq!(frame(&who_is[4..], Transport::Ethernet), Frame::Message(8));
        assert_eq!(frame(&who_is[4..6], Transport::Ethernet), Frame::Partial(4));
        assert_eq!(frame(&[2, 0], Transport::Ethernet), Frame::Foreign);
    }

    #[test]
    fn content_alone_is_certain_only_with_a_network_layer() {
        let who_is = [0x81, 0x0b, 0, 12, 1, 0x20, 0xff, 0xff, 0, 0xff, 0x10, 8];
        assert_eq!(probe(&who_is, Transport::Udp), Probe::Certain);
        assert_eq!(probe(&who_is[..11], Transport::Udp), Probe::Foreign);
        assert_eq!(probe(&[0x81, 0x05, 0, 6, 0, 60], Transport::Udp), Probe::Unsure);
        assert_eq!(probe(&[0x81, 0x05, 0, 5, 0], Transport::Udp), Probe::Foreign);
        let mut version = who_is;
        version[4] = 2;
        assert_eq!(probe(&version, Transport::Udp), Probe::Foreign);
    }

    #[test]
    fn a_cut_message_tells_what_it_lacks() {
        let cut = [0x81, 0x0a, 0, 20, 1, 0];
        assert_eq!(Bvlc::parse(Octets::unplaced(&cut)).unwrap().missing, 14);
        assert!(Bvlc::parse(Octets::unplaced(&[0x82, 0x0a])).is_err());
    }
}
