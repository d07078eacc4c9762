//! The data unit (IEEE 802.1AX figure 6-8).

use observation::Octets;

use crate::{Malformed, Problem, Reader};

/// Octets of subtype and version.
pub(super) const HEADER: usize = 2;
const LACP: u8 = 1;
const ACTOR: u8 = 1;
const PARTNER: u8 = 2;
const SYSTEM_LENGTH: u8 = 20;

/// One end of a link.
#[derive(Clone, Copy, Debug)]
pub struct System<'a> {
    /// Priority and MAC, eight octets.
    pub identifier: Octets<'a>,
    /// Number of the port, two octets.
    pub port: Octets<'a>,
}

/// What the data unit is.
#[derive(Clone, Copy, Debug)]
pub enum Message<'a> {
    /// Link aggregation: the sender and whom it sees.
    Lacp {
        /// The sender.
        actor: System<'a>,
        /// Its partner; all zeros as long as it knows none.
        partner: System<'a>,
    },
    /// Another slow protocol.
    Other,
}

impl<'a> Message<'a> {
    /// Reads a data unit.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short, or if actor and partner are not where they must be.
    pub fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        if reader.u8("subtype")? != LACP {
            return Ok(Self::Other);
        }
        reader.skip(1, "version")?;
        Ok(Self::Lacp { actor: system(&mut reader, ACTOR)?, partner: system(&mut reader, PARTNER)? })
    }
}

fn system<'a>(reader: &mut Reader<'a>, kind: u8) -> Result<System<'a>, Malformed> {
    for (what, expected) in [("type", kind), ("length", SYSTEM_LENGTH)] {
        let value = reader.u8(what)?;
        if value != expected {
            return Err(reader.malformed(what, Problem::Value { value: value.into() }));
        }
    }
    let identifier = reader.take(8, "system")?;
    reader.skip(4, "key and port priority")?;
    let port = reader.take(2, "port")?;
    reader.skip(4, "state")?;
    Ok(System { identifier, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_read_and_other_slow_protocols_passed_over() {
        let octets = include_bytes!("messages/lacp.bin");
        let Ok(Message::Lacp { actor, partner }) = Message::parse(Octets::unplaced(octets)) else { panic!() };
        assert_eq!((actor.port.bytes, partner.port.bytes), ([0, 7].as_slice(), [0, 2].as_slice()));
        assert!(matches!(Message::parse(Octets::unplaced(&[3, 0])), Ok(Message::Other)));
        let error = Message::parse(Octets::unplaced(&[1, 1, 2, 20])).unwrap_err();
        assert_eq!(error.to_string(), "type at octet 3: value 0x2 is not allowed");
        assert!(Message::parse(Octets::unplaced(&octets[..30])).is_err());
    }
}
