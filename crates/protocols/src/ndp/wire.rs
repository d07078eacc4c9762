//! Messages (RFC 4861 section 4.1 to 4.5) and their options (section 4.6).

use observation::Octets;

use crate::{Malformed, Problem, Reader};

/// Octets of type, code and checksum.
pub(super) const HEADER: usize = 4;

/// Options.
pub(super) const SOURCE_ADDRESS: u8 = 1;
pub(super) const TARGET_ADDRESS: u8 = 2;
pub(super) const PREFIX: u8 = 3;
pub(super) const NAME_SERVERS: u8 = 25;

/// Length of options is counted in these.
const OPTION_UNIT: usize = 8;

/// Type of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Asks for routers.
    RouterSolicitation,
    /// Says what a router offers.
    RouterAdvertisement,
    /// Asks for the MAC of an address.
    NeighbourSolicitation,
    /// Gives it.
    NeighbourAdvertisement,
    /// Names a better router.
    Redirect,
}

/// A message of neighbour discovery.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// Type.
    pub kind: Kind,
    /// First octet behind the checksum: flags of a neighbour advertisement.
    pub flags: Octets<'a>,
    /// Lifetime of the router in seconds, two octets; of router advertisements.
    pub router_lifetime: Option<Octets<'a>>,
    /// Address that the message is about, sixteen octets; of neighbour messages and redirects.
    pub target: Option<Octets<'a>>,
    /// Options.
    pub options: Options<'a>,
}

impl<'a> Message<'a> {
    /// Reads a message; `None` for other messages of ICMPv6.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short before its options.
    pub fn parse(octets: Octets<'a>) -> Result<Option<Self>, Malformed> {
        let mut reader = Reader::new(octets);
        let kind = match reader.u8("type")? {
            133 => Kind::RouterSolicitation,
            134 => Kind::RouterAdvertisement,
            135 => Kind::NeighbourSolicitation,
            136 => Kind::NeighbourAdvertisement,
            137 => Kind::Redirect,
            _ => return Ok(None),
        };
        reader.skip(3, "code and checksum")?;
        let fixed = reader.take(4, "flags")?;
        let mut router_lifetime = None;
        let mut target = None;
        match kind {
            Kind::RouterSolicitation => {}
            Kind::RouterAdvertisement => {
                router_lifetime = Some(fixed.tail(2));
                reader.skip(8, "reachable time and retransmission timer")?;
            }
            Kind::NeighbourSolicitation | Kind::NeighbourAdvertisement => {
                target = Some(reader.take(16, "target address")?);
            }
            Kind::Redirect => {
                target = Some(reader.take(16, "target address")?);
                reader.skip(16, "destination address")?;
            }
        }
        let options = Options { reader, is_over: false };
        Ok(Some(Self { kind, flags: fixed.head(1), router_lifetime, target, options }))
    }
}

/// The options of a message; ends after the first that is cut or empty.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    reader: Reader<'a>,
    is_over: bool,
}

impl<'a> Options<'a> {
    fn read(&mut self) -> Result<(u8, Octets<'a>), Malformed> {
        let kind = self.reader.u8("option type")?;
        let units = usize::from(self.reader.u8("option length")?);
        let Some(length) = units.saturating_mul(OPTION_UNIT).checked_sub(2) else {
            return Err(self.reader.malformed("option length", Problem::Value { value: 0 }));
        };
        Ok((kind, self.reader.take(length, "option")?))
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = Result<(u8, Octets<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over || self.reader.is_empty() {
            return None;
        }
        let read = self.read();
        self.is_over = read.is_err();
        Some(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(octets: &[u8]) -> Message<'_> {
        Message::parse(Octets::unplaced(octets)).unwrap().unwrap()
    }

    #[test]
    fn messages_are_read_with_their_options() {
        let asked = message(include_bytes!("messages/neighbour_solicitation.bin"));
        assert_eq!(
            (asked.kind, asked.target.map(|target| target.len())),
            (Kind::NeighbourSolicitation, Some(16))
        );
        let options: Vec<_> =
            asked.options.map(|option| option.unwrap()).map(|(kind, value)| (kind, value.len())).collect();
        assert_eq!(options, [(SOURCE_ADDRESS, 6)]);
        let router = message(include_bytes!("messages/router_advertisement.bin"));
        assert_eq!(router.router_lifetime.map(|lifetime| lifetime.bytes), Some([0x07, 0x08].as_slice()));
        assert_eq!(router.options.count(), 3);
    }

    #[test]
    fn other_messages_are_not_ours_and_cut_ones_say_what_is_missing() {
        assert!(Message::parse(Octets::unplaced(&[128, 0, 0, 0, 1])).unwrap().is_none());
        let octets = include_bytes!("messages/neighbour_solicitation.bin");
        assert!(Message::parse(Octets::unplaced(&octets[..20])).is_err());
        let mut options = message(&octets[..27]).options;
        assert_eq!(options.next().unwrap().unwrap_err().to_string(), "option at octet 26: 5 octets missing");
        assert!(options.next().is_none());
        let mut empty = octets.to_vec();
        empty[25] = 0;
        assert!(message(&empty).options.next().unwrap().is_err());
    }
}
