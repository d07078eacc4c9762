//! The packet (RFC 3768 section 5.1, RFC 9568 section 5.1; `struct carp_header`).

use observation::Octets;

use crate::{Malformed, Problem, Reader};

/// Octets before the addresses.
pub(super) const HEADER: usize = 8;

/// Version and type of an advertisement.
const VERSION_2: u8 = 0x21;
const VERSION_3: u8 = 0x31;

/// CARP: octets of the header, and words of counter and digest in the place where VRRP counts addresses. A VRRP packet of
/// seven addresses is longer.
const CARP_LENGTH: usize = 36;
const CARP_WORDS: u8 = 7;

/// Authentication by password, version 2 only (RFC 2338 section 5.3.6).
const SIMPLE_TEXT: u8 = 1;

/// What the packet is.
#[derive(Clone, Debug)]
pub enum Packet<'a> {
    /// VRRP.
    Advertisement(Advertisement<'a>),
    /// CARP.
    Carp(Carp<'a>),
}

/// An advertisement of VRRP.
#[derive(Clone, Debug)]
pub struct Advertisement<'a> {
    /// Version and type, one octet.
    pub version: Octets<'a>,
    /// Number of the group, one octet.
    pub group: Octets<'a>,
    /// Priority, one octet: 255 if the addresses are the sender's own, 0 if it gives up.
    pub priority: Octets<'a>,
    /// The addresses of the group, one after another, of `address_length` octets each.
    pub addresses: Octets<'a>,
    /// 4 or 16.
    pub address_length: usize,
    /// The password, eight octets.
    pub password: Option<Octets<'a>>,
}

/// A header of CARP.
#[derive(Clone, Copy, Debug)]
pub struct Carp<'a> {
    /// Number of the group, one octet.
    pub group: Octets<'a>,
    /// Counter and digest.
    pub digest: Octets<'a>,
}

impl<'a> Packet<'a> {
    /// Reads the payload of a packet; `is_v6` says what addresses are of.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short, or if it is no advertisement of version 2 or 3.
    pub fn parse(octets: Octets<'a>, is_v6: bool) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        let version = reader.take(1, "version and type")?;
        let number = version.bytes.first().copied().unwrap_or(0);
        if !matches!(number, VERSION_2 | VERSION_3) {
            return Err(Malformed {
                what: "version and type",
                offset: 0,
                problem: Problem::Value { value: number.into() },
            });
        }
        let group = reader.take(1, "group")?;
        let priority = reader.take(1, "priority")?;
        let count = reader.u8("number of addresses")?;
        if !octets.is_cut() && (number, count, octets.len()) == (VERSION_2, CARP_WORDS, CARP_LENGTH) {
            return Ok(Self::Carp(Carp { group, digest: octets.tail(HEADER) }));
        }
        let authentication = reader.u8("authentication type")?;
        reader.skip(3, "interval and checksum")?;
        let address_length = if is_v6 { 16_usize } else { 4 };
        let addresses = reader.take(address_length.saturating_mul(count.into()), "addresses")?;
        let has_password = (number, authentication) == (VERSION_2, SIMPLE_TEXT);
        let password = if has_password { Some(reader.take(8, "authentication data")?) } else { None };
        Ok(Self::Advertisement(Advertisement {
            version,
            group,
            priority,
            addresses,
            address_length,
            password,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(octets: &[u8]) -> Result<Packet<'_>, String> {
        Packet::parse(Octets::unplaced(octets), false).map_err(|error| error.to_string())
    }

    #[test]
    fn both_versions_and_carp_are_told_apart() {
        let Ok(Packet::Advertisement(v2)) = parse(include_bytes!("messages/version2_password.bin")) else {
            panic!()
        };
        assert_eq!((v2.addresses.len(), v2.password.map(|password| password.len())), (4, Some(8)));
        let Ok(Packet::Advertisement(v3)) = parse(include_bytes!("messages/version3.bin")) else { panic!() };
        assert_eq!((v3.addresses.len(), v3.password.is_none()), (8, true));
        let Ok(Packet::Carp(carp)) = parse(include_bytes!("messages/carp.bin")) else { panic!() };
        assert_eq!((carp.group.bytes, carp.digest.len()), ([3].as_slice(), 28));
    }

    #[test]
    fn other_types_and_cut_packets_are_refused_by_name() {
        assert_eq!(parse(&[0x22, 0]).unwrap_err(), "version and type at octet 0: value 0x22 is not allowed");
        let v2 = include_bytes!("messages/version2_password.bin");
        assert_eq!(parse(&v2[..14]).unwrap_err(), "authentication data at octet 12: 6 octets missing");
        assert_eq!(parse(&v2[..10]).unwrap_err(), "addresses at octet 8: 2 octets missing");
    }
}
