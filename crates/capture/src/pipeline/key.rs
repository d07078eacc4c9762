//! What flows are found by: both ends as numbers.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use observation::{Address, Mac, Transport};

/// Address and port of one side.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Corner {
    /// Of an address of IPv6 the first half; else 0. Two fields: an array would be compared as octets.
    upper: u64,
    lower: u64,
    port: u16,
}

/// Both sides, the lesser first, and what carries the flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FlowKey {
    low: Corner,
    high: Corner,
    kind: u32,
}

impl Hash for FlowKey {
    /// In whole words: the derived one would go octet by octet through slices.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let ports = u64::from(self.low.port) << 16 | u64::from(self.high.port);
        state.write_u64(u64::from(self.kind) << 32 | ports);
        state.write_u64(self.low.lower);
        state.write_u64(self.high.lower);
        if self.low.upper | self.high.upper != 0 {
            state.write_u64(self.low.upper);
            state.write_u64(self.high.upper);
        }
    }
}

/// What a packet says about its flow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    pub(crate) source: Address,
    pub(crate) destination: Address,
    pub(crate) source_port: u16,
    pub(crate) destination_port: u16,
    pub(crate) transport: Transport,
    /// EtherType or IP protocol number; 0 for TCP and UDP.
    pub(crate) number: u16,
    /// Which of the protocols that share the EtherType: see [`Ports::share`](super::reader::Ports::share).
    pub(crate) share: u8,
}

impl Ends {
    /// The key, and which of the two sides (0 low, 1 high) is the source.
    #[inline]
    pub(crate) fn key(&self) -> (FlowKey, usize) {
        let corner = |address, port| {
            let [upper, lower] = number(address);
            Corner { upper, lower, port }
        };
        let source = corner(self.source, self.source_port);
        let destination = corner(self.destination, self.destination_port);
        let family = family(self.source);
        let transport = match self.transport {
            Transport::Tcp => 0,
            Transport::Udp => 1,
            Transport::Ethernet => 2,
            Transport::Ip => 3,
        };
        let kind = u32::from(self.share) << 26 | family << 24 | transport << 16 | u32::from(self.number);
        if source <= destination {
            (FlowKey { low: source, high: destination, kind }, 0)
        } else {
            (FlowKey { low: destination, high: source, kind }, 1)
        }
    }
}

/// What kind of address it is.
#[inline]
pub(crate) fn family(address: Address) -> u32 {
    match address {
        Address::Mac(_) => 0,
        Address::Ip(IpAddr::V4(_)) => 1,
        Address::Ip(IpAddr::V6(_)) => 2,
    }
}

/// An address as a number; addresses of two families may have the same.
#[inline]
pub(crate) fn number(address: Address) -> [u64; 2] {
    match address {
        Address::Mac(Mac([a, b, c, d, e, f])) => [0, u64::from_be_bytes([0, 0, a, b, c, d, e, f])],
        Address::Ip(IpAddr::V4(ip)) => [0, u32::from(ip).into()],
        Address::Ip(IpAddr::V6(ip)) => {
            let [a, b, c, d, e, f, g, h] = ip.segments().map(u64::from);
            [a << 48 | b << 32 | c << 16 | d, e << 48 | f << 32 | g << 16 | h]
        }
    }
}
