//! What flows are found by: both ends as numbers.

use std::hash::{Hash, Hasher};
use std::hint::select_unpredictable;
use std::net::IpAddr;

use observation::{Address, Mac, Transport};

use super::reader::Ports;
use crate::packet::{Layer, Network, Packet};

/// Both sides, the lesser by address and port first, and what carries the flow. Plain fields: arrays would be compared as
/// octets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FlowKey {
    /// Of an address of IPv6 the first half; else 0.
    low_upper: u64,
    low_lower: u64,
    high_upper: u64,
    high_lower: u64,
    ports: u32,
    kind: u32,
}

impl Hash for FlowKey {
    /// In whole words: the derived one would go field by field.
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(u64::from(self.kind) << 32 | u64::from(self.ports));
        state.write_u64(self.low_lower);
        state.write_u64(self.high_lower);
        if self.low_upper | self.high_upper != 0 {
            state.write_u64(self.low_upper);
            state.write_u64(self.high_upper);
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
    /// Which of the protocols that share the EtherType: see [`Ports::share`].
    pub(crate) share: u8,
}

impl Ends {
    /// The ends of a packet, unless it has no addresses.
    #[inline]
    pub(crate) fn of(packet: &Packet<'_>, ports: &Ports) -> Option<Self> {
        let (source, destination) = match packet.network {
            Network::Ip { source, destination, .. } => (Address::Ip(source), Address::Ip(destination)),
            Network::None => {
                packet.macs.map(|[source, destination]| (Address::Mac(source), Address::Mac(destination)))?
            }
        };
        let (source_port, destination_port, transport, number) = match packet.layer {
            Layer::Tcp(tcp) => (tcp.source, tcp.destination, Transport::Tcp, 0),
            Layer::Udp { source, destination, .. } => (source, destination, Transport::Udp, 0),
            // What a fragment carries is read with the last one.
            Layer::Ip { protocol } | Layer::Fragment { protocol } => (0, 0, Transport::Ip, protocol.into()),
            Layer::Ethernet { ethertype } => (0, 0, Transport::Ethernet, ethertype),
        };
        let share = match packet.layer {
            Layer::Ethernet { ethertype } => ports.share(ethertype, packet.payload.octets()),
            _ => 0,
        };
        Some(Self { source, destination, source_port, destination_port, transport, number, share })
    }

    /// The key, and which of the two sides (0 low, 1 high) is the source.
    #[inline]
    pub(crate) fn key(&self) -> (FlowKey, usize) {
        let ([upper, lower], port) = (number(self.source), self.source_port);
        let ([other_upper, other_lower], other_port) = (number(self.destination), self.destination_port);
        let transport = match self.transport {
            Transport::Tcp => 0,
            Transport::Udp => 1,
            Transport::Ethernet => 2,
            Transport::Ip => 3,
        };
        let kind = u32::from(self.share) << 26
            | family(self.source) << 24
            | transport << 16
            | u32::from(self.number);
        let (own, other) = (wide(upper, lower), wide(other_upper, other_lower));
        // Who sends changes with every other packet: no branch foresees it.
        let is_high = (own > other) | ((own == other) & (port > other_port));
        let key = FlowKey {
            low_upper: select_unpredictable(is_high, other_upper, upper),
            low_lower: select_unpredictable(is_high, other_lower, lower),
            high_upper: select_unpredictable(is_high, upper, other_upper),
            high_lower: select_unpredictable(is_high, lower, other_lower),
            ports: select_unpredictable(
                is_high,
                u32::from(other_port) << 16 | u32::from(port),
                u32::from(port) << 16 | u32::from(other_port),
            ),
            kind,
        };
        (key, usize::from(is_high))
    }
}

/// Both halves of an address.
#[inline]
fn wide(upper: u64, lower: u64) -> u128 {
    u128::from(upper) << 64 | u128::from(lower)
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
