//! The packet, field by field (RFC 826, "Packet format").
//!
//! [`Packet::parse`] never panics, and what it returns was all there.

use observation::Octets;

use crate::{Malformed, Problem, Reader};

/// Octets of an Ethernet/IPv4 packet; Ethernet pads it with more.
pub(super) const LENGTH: usize = 28;

/// Ethernet, and IEEE 802 networks in general (RFC 1042, "Address Mappings": the same layout over LLC and SNAP).
const HARDWARE_TYPES: [u16; 2] = [1, 6];

/// What the packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation(pub u16);

impl Operation {
    /// Who has the target address?
    pub const REQUEST: Self = Self(1);
    /// The sender has it.
    pub const REPLY: Self = Self(2);
}

/// An Ethernet/IPv4 packet.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Request or reply.
    pub operation: Operation,
    /// MAC of the sender, six octets.
    pub sender_hardware: Octets<'a>,
    /// IPv4 address of the sender, four octets; 0.0.0.0 in a probe.
    pub sender_protocol: Octets<'a>,
    /// IPv4 address asked for or answered to, four octets.
    pub target_protocol: Octets<'a>,
}

impl<'a> Packet<'a> {
    /// Reads a packet; padding behind it is passed over.
    ///
    /// # Errors
    ///
    /// Fails if the packet is cut short, or if it is not about IPv4 over Ethernet.
    pub fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        let mut fixed = |what, allowed: &[u16]| match reader.u16_be(what)? {
            value if allowed.contains(&value) => Ok(()),
            value => Err(reader.malformed(what, Problem::Value { value: value.into() })),
        };
        fixed("hardware type", &HARDWARE_TYPES)?;
        fixed("protocol type", &[0x0800])?;
        fixed("address lengths", &[0x0604])?;
        let operation = Operation(reader.u16_be("operation")?);
        let sender_hardware = reader.take(6, "sender hardware address")?;
        let sender_protocol = reader.take(4, "sender protocol address")?;
        reader.skip(6, "target hardware address")?;
        let target_protocol = reader.take(4, "target protocol address")?;
        Ok(Self { operation, sender_hardware, sender_protocol, target_protocol })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &[u8] = include_bytes!("messages/request.bin");

    #[test]
    fn a_request_is_read_field_by_field() {
        let packet = Packet::parse(Octets::unplaced(REQUEST)).unwrap();
        assert_eq!(packet.operation, Operation::REQUEST);
        assert_eq!(packet.sender_hardware.bytes, [0x00, 0x1b, 0x1b, 0x10, 0x00, 0x50]);
        assert_eq!(packet.sender_protocol.bytes, [10, 10, 10, 50]);
        assert_eq!(packet.target_protocol.bytes, [10, 10, 10, 11]);
    }

    #[test]
    fn other_hardware_is_refused_by_name() {
        let mut octets = REQUEST.to_vec();
        octets[1] = 7;
        let error = Packet::parse(Octets::unplaced(&octets)).unwrap_err();
        assert_eq!(error.to_string(), "hardware type at octet 2: value 0x7 is not allowed");
    }
}
