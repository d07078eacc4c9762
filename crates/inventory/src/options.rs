//! What a plant may say about itself before anything is resolved.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::time::Duration;

use crate::decisions::Decision;
use crate::declared::Declared;
use crate::policy::Policy;

/// What the user may set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Globally routable prefixes that the plant uses inside: their addresses are assets, never external peers.
    pub plant_prefixes: Vec<Prefix>,
    /// How long after the first observed time of a sensor what is seen builds the first baseline, over the word of the
    /// policy; where neither says it, [`LEARNING`].
    pub learning: Option<Duration>,
    /// Zones, levels and conduits, and how changes are noticed. Its own plant prefixes count like those above.
    pub policy: Policy,
    /// People's merges and splits, in the order in which they were decided.
    pub decisions: Vec<Decision>,
    /// Assets that people listed, in the order in which they were.
    pub declared: Vec<Declared>,
}

/// The learning period where nobody sets one: a week, with its weekend.
pub const LEARNING: Duration = Duration::from_secs(7 * 86_400);

impl Options {
    /// True for an address that can be outside the plant: globally routable, and of none of the plant's prefixes.
    pub(crate) fn may_be_outside(&self, ip: IpAddr) -> bool {
        self.policy.may_be_outside(ip) && !self.plant_prefixes.iter().any(|prefix| prefix.contains(ip))
    }
}

/// A range of IP addresses: an address and the number of leading bits that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    address: IpAddr,
    length: u8,
}

impl Prefix {
    /// The prefix of `length` bits; `None` if the address has fewer.
    #[must_use]
    pub fn new(address: IpAddr, length: u8) -> Option<Self> {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        (length <= bits).then_some(Self { address, length })
    }

    /// The number of leading bits that count.
    #[must_use]
    pub fn length(&self) -> u8 {
        self.length
    }

    /// True if the address lies in the range.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        let differing = match (self.address, ip) {
            (IpAddr::V4(own), IpAddr::V4(other)) => (own.to_bits() ^ other.to_bits()).leading_zeros(),
            (IpAddr::V6(own), IpAddr::V6(other)) => (own.to_bits() ^ other.to_bits()).leading_zeros(),
            _ => return false,
        };
        differing >= u32::from(self.length)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

impl FromStr for Prefix {
    type Err = ParsePrefixError;

    fn from_str(text: &str) -> Result<Self, ParsePrefixError> {
        let (address, length) = text.split_once('/').ok_or(ParsePrefixError)?;
        let address = address.parse().map_err(|_| ParsePrefixError)?;
        let length = length.parse().map_err(|_| ParsePrefixError)?;
        Self::new(address, length).ok_or(ParsePrefixError)
    }
}

/// The text is no prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParsePrefixError;

impl fmt::Display for ParsePrefixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a prefix of the form 203.0.113.0/24 or 2001:db8::/32")
    }
}

impl std::error::Error for ParsePrefixError {}

/// True for addresses that belong to the public internet. Documentation ranges (RFC 5737, RFC 3849) count as public:
/// nobody should use them inside, and laboratories use them for the outside.
pub(crate) fn is_globally_routable(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !is_special_v4(ip),
        IpAddr::V6(ip) => ip.to_ipv4_mapped().map_or_else(|| !is_special_v6(ip), |ip| !is_special_v4(ip)),
    }
}

/// Ranges of the IANA special-purpose registry that no router of the internet carries (RFC 6890): private use
/// (RFC 1918), shared address space (RFC 6598), loopback, link-local (RFC 3927), benchmarking (RFC 2544), groups.
fn is_special_v4(ip: Ipv4Addr) -> bool {
    let [a, b, ..] = ip.octets();
    ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || a == 0
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (18..20).contains(&b))
        || a >= 224
}

/// Loopback, unspecified, groups, unique local (RFC 4193), link-local and the former site-local addresses (RFC 4291).
fn is_special_v6(ip: Ipv6Addr) -> bool {
    let first = ip.segments()[0];
    ip.is_loopback()
        || ip.is_unspecified()
        || ip.is_multicast()
        || first & 0xfe00 == 0xfc00
        || first & 0xff80 == 0xfe80
}

/// True for addresses that no router forwards (RFC 3927 section 2.7, RFC 4291 section 2.5.6): a frame from one comes
/// straight from its owner.
pub(crate) fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.segments()[0] & 0xffc0 == 0xfe80,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_plant_are_never_outside() {
        let mut options = Options::default();
        for text in [
            "10.1.2.3",
            "172.31.0.1",
            "192.168.0.1",
            "169.254.1.1",
            "127.0.0.1",
            "100.64.0.1",
            "fe80::1",
            "fd00::1",
            "::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(!options.may_be_outside(text.parse().unwrap()), "{text}");
        }
        for text in ["203.0.113.7", "8.8.8.8", "172.32.0.1", "2001:db8::1", "2a00::1"] {
            assert!(options.may_be_outside(text.parse().unwrap()), "{text}");
        }
        options.plant_prefixes.push("203.0.113.0/24".parse().unwrap());
        assert!(!options.may_be_outside("203.0.113.7".parse().unwrap()));
        assert!(options.may_be_outside("203.0.114.7".parse().unwrap()));
    }

    #[test]
    fn a_prefix_reads_back_what_it_prints() {
        for text in ["203.0.113.0/24", "0.0.0.0/0", "2001:db8::/32"] {
            assert_eq!(text.parse::<Prefix>().unwrap().to_string(), text);
        }
        for text in ["203.0.113.0", "203.0.113.0/33", "x/8", "10.0.0.0/-1"] {
            assert_eq!(text.parse::<Prefix>(), Err(ParsePrefixError), "{text}");
        }
        assert!("0.0.0.0/0".parse::<Prefix>().unwrap().contains("8.8.8.8".parse().unwrap()));
        assert!(!"0.0.0.0/0".parse::<Prefix>().unwrap().contains("::1".parse().unwrap()));
    }
}
