//! Rules that read IP addresses of either version.

use std::net::{IpAddr, Ipv6Addr};

use observation::{Address, Rules};

/// The address of four or sixteen octets in network order; `None` for other lengths.
pub(crate) fn address(octets: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(octets).ok().map(IpAddr::from);
    v4.or_else(|| <[u8; 16]>::try_from(octets).ok().map(IpAddr::from))
}

/// The address of one interface, as text; `None` for groups, broadcast and unset addresses.
pub(crate) fn unicast(octets: &[u8]) -> Option<String> {
    address(octets).filter(|ip| Address::Ip(*ip).is_unicast()).map(|ip| ip.to_string())
}

/// An IPv6 address in network order, as text; `None` for `::`.
pub(crate) fn ipv6(octets: &[u8]) -> Option<String> {
    let octets: [u8; 16] = octets.try_into().ok()?;
    (octets != [0; 16]).then(|| Ipv6Addr::from(octets).to_string())
}

/// IPv4 addresses side by side, with commas; unset ones and a rest of less than four octets are passed over.
pub(crate) fn ipv4_list(octets: &[u8]) -> Option<String> {
    let shown: Vec<_> = octets.chunks_exact(4).take(LISTED_MAX).filter_map(Rules::ipv4).collect();
    (!shown.is_empty()).then(|| shown.join(", "))
}

/// IPv6 addresses side by side, with commas.
pub(crate) fn ipv6_list(octets: &[u8]) -> Option<String> {
    let shown: Vec<_> = octets.chunks_exact(16).take(LISTED_MAX).filter_map(ipv6).collect();
    (!shown.is_empty()).then(|| shown.join(", "))
}

/// The MAC address of one interface; `None` for groups and all zeros.
pub(crate) fn unicast_mac(octets: &[u8]) -> Option<String> {
    observation::Mac::from_slice(octets)
        .filter(|mac| Address::Mac(*mac).is_unicast())
        .map(|mac| mac.to_string())
}

/// Addresses shown of one list: so many fit into one value.
const LISTED_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_are_read_and_unset_addresses_say_nothing() {
        assert_eq!(unicast(&[10, 0, 0, 1]).as_deref(), Some("10.0.0.1"));
        let mut v6 = [0_u8; 16];
        assert_eq!((unicast(&v6), ipv6(&v6), unicast(&[0; 4]), unicast(&[1; 5])), (None, None, None, None));
        v6[0] = 0xfe;
        v6[1] = 0x80;
        v6[15] = 1;
        assert_eq!(unicast(&v6).as_deref(), Some("fe80::1"));
        assert_eq!(ipv6_list(&v6).as_deref(), Some("fe80::1"));
        assert_eq!(
            ipv4_list(&[10, 0, 0, 1, 0, 0, 0, 0, 10, 0, 0, 2, 9]).as_deref(),
            Some("10.0.0.1, 10.0.0.2")
        );
        assert_eq!(unicast_mac(&[1, 0, 0, 0, 0, 0]), None);
    }
}
