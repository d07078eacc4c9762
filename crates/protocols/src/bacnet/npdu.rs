//! The network layer (ANSI/ASHRAE 135-2020, clause 6.2): who sent and who is meant, where that is beyond a router.

use std::net::Ipv4Addr;

use observation::{Octets, Position};

use crate::{Malformed, Problem, Reader};

/// The one version there is (clause 6.2.1).
const VERSION: u8 = 1;

/// The network number that stands for all (clause 6.2.2).
const ALL_NETWORKS: u16 = 0xffff;

/// Ports that BACnet/IP customarily uses: 0xBAC0 and those after it (annex J.1).
const CUSTOMARY_PORTS: std::ops::RangeInclusive<u16> = 0xbac0..=0xbacf;

/// A station by network number and address on that network.
#[derive(Clone, Copy, Debug)]
pub struct Remote<'a> {
    /// Network number, 1 to 65535; 65535 stands for all networks.
    pub network: u16,
    /// Address on the network; empty for a broadcast there.
    pub mac: Octets<'a>,
    /// Network number, length and address.
    pub octets: Octets<'a>,
}

impl<'a> Remote<'a> {
    fn read(reader: &mut Reader<'a>, what: &'static str) -> Result<Self, Malformed> {
        let all = reader.peek();
        let network = reader.u16_be(what)?;
        let length = reader.u8(what)?;
        let mac = reader.take(length.into(), what)?;
        Ok(Self { network, mac, octets: all.head(usize::from(length).saturating_add(3)) })
    }

    /// True if it names one station.
    #[must_use]
    pub fn is_one(&self) -> bool {
        !self.mac.is_empty() && !matches!(self.network, 0 | ALL_NETWORKS)
    }

    /// The steps from a router down to it.
    #[must_use]
    pub fn steps(&self) -> [Position; 2] {
        [Position::new("network", self.network), Position::new("device", mac_text(self.mac.bytes))]
    }

    /// Network and address in one number, for addresses of up to seven octets: all that the standard's data links have
    /// (clause 6.2.2.2).
    #[must_use]
    pub fn key(&self) -> Option<(u16, u64)> {
        let length = self.mac.len();
        (length <= 7).then(|| {
            let mac = self.mac.bytes.iter().fold(0_u64, |value, octet| value << 8 | u64::from(*octet));
            (self.network, mac | (length as u64) << 56)
        })
    }

    /// The IPv4 address, where the address is one of BACnet/IP: six octets that end in a customary port.
    #[must_use]
    pub fn ipv4(&self) -> Option<Ipv4Addr> {
        ipv4(self.mac.bytes)
    }
}

fn ipv4(mac: &[u8]) -> Option<Ipv4Addr> {
    let [a, b, c, d, high, low] = *mac else { return None };
    let is_customary = CUSTOMARY_PORTS.contains(&u16::from_be_bytes([high, low]));
    is_customary.then(|| Ipv4Addr::new(a, b, c, d))
}

/// An address as its data link writes it: a number for one octet (MS/TP, ARCNET), address and port for BACnet/IP,
/// hexadecimal for the others.
fn mac_text(mac: &[u8]) -> String {
    match (mac, ipv4(mac)) {
        ([one], _) => one.to_string(),
        ([.., high, low], Some(address)) => format!("{address}:{}", u16::from_be_bytes([*high, *low])),
        _ => mac.iter().map(|octet| format!("{octet:02x}")).collect(),
    }
}

/// A message of the network layer.
#[derive(Clone, Debug)]
pub struct Npdu<'a> {
    /// Who is meant, beyond a router.
    pub destination: Option<Remote<'a>>,
    /// Who sent it, beyond a router.
    pub source: Option<Remote<'a>>,
    /// Type of a message between routers (clause 6.2.4); `None` where the application layer follows.
    pub network_message: Option<u8>,
    /// What follows.
    pub rest: Reader<'a>,
}

impl<'a> Npdu<'a> {
    /// Reads the header.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short, of another version, or sets a reserved bit.
    pub fn parse(mut reader: Reader<'a>) -> Result<Self, Malformed> {
        let forbidden = |reader: &Reader<'_>, what, value: u8| {
            let offset = reader.offset().saturating_sub(1);
            Malformed { what, offset, problem: Problem::Value { value: value.into() } }
        };
        let version = reader.u8("npdu version")?;
        if version != VERSION {
            return Err(forbidden(&reader, "npdu version", version));
        }
        let control = reader.u8("npdu control")?;
        if control & 0x50 != 0 {
            return Err(forbidden(&reader, "npdu control", control));
        }
        let is_set = |bit: u8| control & bit != 0;
        let destination =
            is_set(0x20).then(|| Remote::read(&mut reader, "destination network")).transpose()?;
        let source = is_set(0x08).then(|| Remote::read(&mut reader, "source network")).transpose()?;
        if destination.is_some() {
            reader.skip(1, "hop count")?;
        }
        let network_message = is_set(0x80).then(|| reader.u8("network message type")).transpose()?;
        if network_message.is_some_and(|kind| kind >= 0x80) {
            reader.skip(2, "vendor id")?;
        }
        Ok(Self { destination, source, network_message, rest: reader })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(octets: &[u8]) -> Result<Npdu<'_>, Malformed> {
        Npdu::parse(Reader::new(Octets::unplaced(octets)))
    }

    #[test]
    fn both_ends_beyond_a_router_are_read() {
        let octets = [1, 0x2c, 0x21, 0x99, 1, 7, 0x02, 0xbf, 6, 172, 16, 7, 201, 0xba, 0xc0, 0xff, 0x00];
        let npdu = parse(&octets).unwrap();
        let (destination, source) = (npdu.destination.unwrap(), npdu.source.unwrap());
        assert_eq!(
            destination.steps().map(|step| step.value),
            ["8601".to_owned(), "7".to_owned()],
            "an MS/TP station"
        );
        assert_eq!(source.steps()[1].value, "172.16.7.201:47808");
        assert_eq!(source.ipv4(), Some(Ipv4Addr::new(172, 16, 7, 201)));
        assert_eq!(source.octets.bytes, &octets[6..15]);
        assert!(source.is_one() && destination.is_one());
        assert_eq!(npdu.rest.remaining(), 1);
        assert_ne!(source.key(), destination.key());
    }

    #[test]
    fn broadcasts_name_nobody() {
        let npdu = parse(&[1, 0x20, 0xff, 0xff, 0, 0xff, 0x10]).unwrap();
        assert!(!npdu.destination.unwrap().is_one());
        let npdu = parse(&[1, 0x80, 0x85, 0, 1]).unwrap();
        assert_eq!((npdu.network_message, npdu.rest.remaining()), (Some(0x85), 0));
    }

    #[test]
    fn another_version_and_reserved_bits_are_refused() {
        assert_eq!(
            parse(&[2, 0]).unwrap_err().to_string(),
            "npdu version at octet 0: value 0x2 is not allowed"
        );
        assert_eq!(
            parse(&[1, 0x40]).unwrap_err().to_string(),
            "npdu control at octet 1: value 0x40 is not allowed"
        );
        assert_eq!(
            parse(&[1, 0x08, 0, 5, 6, 1]).unwrap_err().to_string(),
            "source network at octet 5: 5 octets missing"
        );
    }

    #[test]
    fn addresses_are_written_as_their_data_link_does() {
        assert_eq!(mac_text(&[127]), "127");
        assert_eq!(mac_text(&[0, 0x10, 0x8d, 1, 2, 3]), "00108d010203");
        assert_eq!(mac_text(&[10, 0, 0, 1, 0xba, 0xc1]), "10.0.0.1:47809");
    }
}
