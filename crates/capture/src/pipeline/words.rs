//! What rows are found by: addresses, VLANs, days and names in whole words.

use std::hash::{Hash, Hasher};

use observation::{Address, Day};

use super::key::{family, number};

/// What rows of addresses are found by, in whole words: the derived hash of stations would go field by field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Words<const N: usize>(pub(super) [u64; N]);

impl<const N: usize> Hash for Words<N> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for word in self.0 {
            state.write_u64(word);
        }
    }
}

/// An address with its VLAN, and room for 32 bits more.
pub(super) fn root(address: Address, vlan: Option<u16>, more: u32) -> [u64; 3] {
    let [upper, lower] = number(address);
    let vlan = vlan.map_or(0, |vlan| u32::from(vlan).saturating_add(1));
    [upper, lower, u64::from(family(address) << 24 | vlan) << 32 | u64::from(more)]
}

/// Where [`root`] leaves room for a transport.
pub(super) const TRANSPORT_BIT: u32 = 60;

/// A name of a protocol in two words: names have at most 16 octets, which a test checks.
pub(super) fn name_words(name: &str) -> [u64; 2] {
    let mut octets = [[0; 8]; 2];
    for (to, octet) in octets.as_flattened_mut().iter_mut().zip(name.bytes()) {
        *to = octet;
    }
    octets.map(u64::from_le_bytes)
}

/// A day in 32 bits.
pub(super) fn day(day: Day) -> u32 {
    day.0.cast_unsigned()
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::Mac;

    use super::super::reader::{ethertype_name, ip_protocol_name};
    use super::*;

    #[test]
    fn names_fit_in_two_words() {
        let ours = protocols::ALL.iter().map(|protocol| protocol.name);
        let below = (0..=u16::MAX).flat_map(|number| [ethertype_name(number), ip_protocol_name(number)]);
        for name in ours.chain(below) {
            assert!(name.len() <= 16, "{name}");
        }
        assert_ne!(name_words("s7comm"), name_words("s7comm_plus"));
    }

    #[test]
    fn addresses_families_vlans_and_days_are_kept_apart() {
        let mac = Address::Mac(Mac([0, 0, 10, 0, 0, 1]));
        let ip: Address = "10.0.0.1".parse().unwrap();
        let all = [
            root(mac, None, 0),
            root(ip, None, 0),
            root(ip, Some(0), 0),
            root(ip, Some(4094), 0),
            root(ip, None, day(Day(-1))),
            root("::10.0.0.1".parse().unwrap(), None, 0),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(all.iter().skip(at + 1).all(|other| other != one));
            assert_eq!(one[2] >> TRANSPORT_BIT, 0);
        }
    }
}
