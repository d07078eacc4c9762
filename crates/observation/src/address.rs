//! Addresses at the root of a station: MAC or IP.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A 48-bit IEEE 802 address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// The address of six octets, or `None` if there are not exactly six.
    #[must_use]
    pub fn from_slice(octets: &[u8]) -> Option<Self> {
        octets.try_into().ok().map(Self)
    }

    /// True for group addresses (multicast and broadcast): the I/G bit of the first octet, IEEE 802 clause 8.
    #[must_use]
    pub fn is_group(self) -> bool {
        self.0[0] & 0x01 != 0
    }

    /// True for locally administered addresses (the U/L bit): no registry names their maker.
    #[must_use]
    pub fn is_local(self) -> bool {
        self.0[0] & 0x02 != 0
    }

    /// True for 00:00:00:00:00:00, which no interface owns.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0 == [0; 6]
    }

    /// True for the virtual router addresses of VRRP (00:00:5e:00:01/02), HSRP (00:00:0c:07:ac, 00:00:0c:9f:f) and
    /// CARP, which stand for a group of routers and are no device (RFC 5798 section 7.3, RFC 2281 section 5.1).
    #[must_use]
    pub fn is_virtual_router(self) -> bool {
        matches!(
            self.0,
            [0x00, 0x00, 0x5e, 0x00, 0x01 | 0x02, _]
                | [0x00, 0x00, 0x0c, 0x07, 0xac, _]
                | [0x00, 0x00, 0x0c, 0x9f, 0xf0..=0xff, _]
        )
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Mac {
    type Err = ParseAddressError;

    fn from_str(text: &str) -> Result<Self, ParseAddressError> {
        let mut octets = [0; 6];
        let mut parts = text.split([':', '-']);
        for octet in &mut octets {
            let part = parts.next().filter(|part| part.len() == 2).ok_or(ParseAddressError)?;
            *octet = u8::from_str_radix(part, 16).map_err(|_| ParseAddressError)?;
        }
        if parts.next().is_some() {
            return Err(ParseAddressError);
        }
        Ok(Self(octets))
    }
}

/// The root of a station: what its frames carry as source or destination.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// A link-layer address: the station speaks a protocol without IP, or is known by ARP.
    Mac(Mac),
    /// An IPv4 or IPv6 address.
    Ip(IpAddr),
}

impl Address {
    /// The IP address, if it is one.
    #[must_use]
    pub fn ip(self) -> Option<IpAddr> {
        match self {
            Self::Ip(ip) => Some(ip),
            Self::Mac(_) => None,
        }
    }

    /// The MAC address, if it is one.
    #[must_use]
    pub fn mac(self) -> Option<Mac> {
        match self {
            Self::Mac(mac) => Some(mac),
            Self::Ip(_) => None,
        }
    }

    /// True for addresses that name one interface: not multicast, broadcast, unspecified or zero.
    ///
    /// A directed broadcast (10.0.0.255 in a /24) cannot be told without the mask and counts as unicast here.
    #[must_use]
    pub fn is_unicast(self) -> bool {
        match self {
            Self::Mac(mac) => !mac.is_group() && !mac.is_zero(),
            Self::Ip(IpAddr::V4(ip)) => {
                !ip.is_multicast() && !ip.is_broadcast() && !ip.is_unspecified() && ip.octets()[0] < 240
            }
            Self::Ip(IpAddr::V6(ip)) => !ip.is_multicast() && !ip.is_unspecified(),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mac(mac) => fmt::Display::fmt(mac, f),
            Self::Ip(ip) => fmt::Display::fmt(ip, f),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Mac> for Address {
    fn from(mac: Mac) -> Self {
        Self::Mac(mac)
    }
}

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        Self::Ip(ip)
    }
}

impl FromStr for Address {
    type Err = ParseAddressError;

    fn from_str(text: &str) -> Result<Self, ParseAddressError> {
        if let Ok(mac) = text.parse() {
            return Ok(Self::Mac(mac));
        }
        text.parse().map(Self::Ip).map_err(|_| ParseAddressError)
    }
}

/// The text is neither a MAC nor an IP address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseAddressError;

impl fmt::Display for ParseAddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("neither a MAC address (aa:bb:cc:dd:ee:ff) nor an IP address")
    }
}

impl std::error::Error for ParseAddressError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_back_what_they_print() {
        for text in ["00:1b:1b:23:eb:3b", "192.168.1.40", "fe80::21b:1bff:fe23:eb3b"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        assert_eq!("00:1b:1b:23:eb".parse::<Address>(), Err(ParseAddressError));
        assert_eq!("00:1b:1b:23:eb:3b:00".parse::<Address>(), Err(ParseAddressError));
    }

    #[test]
    fn group_and_unspecified_addresses_name_no_interface() {
        for text in [
            "ff:ff:ff:ff:ff:ff",
            "01:0e:cf:00:00:00",
            "00:00:00:00:00:00",
            "0.0.0.0",
            "224.0.0.5",
            "255.255.255.255",
            "ff02::1",
            "::",
        ] {
            assert!(!text.parse::<Address>().unwrap().is_unicast(), "{text}");
        }
        for text in ["00:1b:1b:23:eb:3b", "10.0.0.1", "169.254.3.4", "127.0.0.1", "::1"] {
            assert!(text.parse::<Address>().unwrap().is_unicast(), "{text}");
        }
    }

    #[test]
    fn virtual_router_addresses_are_known() {
        assert!("00:00:5e:00:01:0a".parse::<Mac>().unwrap().is_virtual_router());
        assert!("00:00:0c:07:ac:01".parse::<Mac>().unwrap().is_virtual_router());
        assert!(!"00:00:0c:07:ad:01".parse::<Mac>().unwrap().is_virtual_router());
    }
}
