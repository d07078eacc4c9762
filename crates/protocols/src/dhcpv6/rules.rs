//! How values are read from options.

use observation::{Rule, Rules};

use crate::ip_address::{ipv6_list, unicast, unicast_mac};
use crate::wire_text::{labels, text_or_hexadecimal};

macro_rules! rules {
    ($($(#[$doc:meta])* $constant:ident = $name:literal, $read:expr;)*) => {
        $($(#[$doc])* pub(super) static $constant: Rule = Rule { name: $name, read: $read };)*

        /// Every rule.
        pub(super) const ALL: &[&Rule] = &[$(&$constant),*];
    };
}

rules! {
    /// A DHCP unique identifier.
    DUID = "dhcpv6-duid", duid;
    /// The MAC in a DHCP unique identifier.
    DUID_MAC = "dhcpv6-duid-mac", duid_mac;
    /// Flags, domain name.
    FQDN = "dhcpv6-client-fqdn", fqdn;
    /// Enterprise number, length, text.
    VENDOR_CLASS = "dhcpv6-vendor-class", vendor_class;
    /// Numbers of two octets.
    OPTION_REQUEST = "dhcpv6-option-request", option_request;
    /// An IPv6 address.
    ADDRESS = "dhcpv6-address", unicast;
    /// IPv6 addresses.
    ADDRESSES = "dhcpv6-addresses", ipv6_list;
    /// Domain names in labels; the first is read.
    DOMAIN = "dhcpv6-domain", labels;
    /// Text where it is some, else hexadecimal.
    CIRCUIT = "dhcpv6-relay-identifier", text_or_hexadecimal;
    /// Hardware type and MAC.
    LINK_LAYER = "dhcpv6-client-link-layer-address", link_layer;
}

/// Types of identifiers (RFC 8415 section 11).
const LINK_LAYER_AND_TIME: u16 = 1;
const LINK_LAYER_ADDRESS: u16 = 3;

/// Longest identifier (section 11.1), with its type.
const DUID_MAX: usize = 130;

fn duid(octets: &[u8]) -> Option<String> {
    let is_set = octets.get(2..)?.iter().any(|octet| *octet != 0);
    (is_set && octets.len() <= DUID_MAX).then(|| Rules::hexadecimal(octets)).flatten()
}

/// It was the MAC of one of the device's cards when the identifier was made; images are copied with it.
fn duid_mac(octets: &[u8]) -> Option<String> {
    let (kind, rest) = octets.split_first_chunk::<2>()?;
    let at = match u16::from_be_bytes(*kind) {
        LINK_LAYER_AND_TIME => 4_usize,
        LINK_LAYER_ADDRESS => 0,
        _ => return None,
    };
    let (hardware_type, rest) = rest.split_first_chunk::<2>()?;
    matches!(u16::from_be_bytes(*hardware_type), 1 | 6).then(|| unicast_mac(rest.get(at..)?)).flatten()
}

fn fqdn(octets: &[u8]) -> Option<String> {
    labels(octets.split_first()?.1)
}

fn vendor_class(octets: &[u8]) -> Option<String> {
    let (enterprise, rest) = octets.split_first_chunk::<4>()?;
    let (length, class) = rest.split_first_chunk::<2>()?;
    let class = text_or_hexadecimal(class.get(..usize::from(u16::from_be_bytes(*length)))?)?;
    Some(format!("{} {class}", u32::from_be_bytes(*enterprise)))
}

fn option_request(octets: &[u8]) -> Option<String> {
    let numbers: Vec<_> = octets.chunks_exact(2).filter_map(Rules::decimal_be).collect();
    Rules::text(numbers.join(",").as_bytes())
}

fn link_layer(octets: &[u8]) -> Option<String> {
    let (kind, mac) = octets.split_first_chunk::<2>()?;
    matches!(u16::from_be_bytes(*kind), 1 | 6).then(|| unicast_mac(mac)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mac_is_read_only_from_identifiers_that_have_one() {
        let with_time = [0, 1, 0, 1, 0x1c, 0x39, 0xcf, 0x88, 0x00, 0x1b, 0x1b, 0x10, 0x00, 0x50];
        assert_eq!(duid_mac(&with_time).as_deref(), Some("00:1b:1b:10:00:50"));
        assert_eq!(
            duid_mac(&[0, 3, 0, 1, 0, 0x1b, 0x1b, 0x10, 0, 0x50]).as_deref(),
            Some("00:1b:1b:10:00:50")
        );
        assert_eq!((duid_mac(&[0, 2, 0, 0, 1, 2]), duid_mac(&[0]), duid(&[0, 1, 0, 0])), (None, None, None));
        assert_eq!(vendor_class(b"\0\0\x01\x37\0\x08MSFT 5.0").as_deref(), Some("311 MSFT 5.0"));
        assert_eq!(option_request(&[0, 24, 0, 23]).as_deref(), Some("24,23"));
        assert_eq!(fqdn(b"\0\x03pc1\x05plant\0").as_deref(), Some("pc1.plant"));
    }
}
