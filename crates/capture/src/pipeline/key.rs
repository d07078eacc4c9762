//! What flows are found by: both ends as numbers.

use std::hash::{Hash, Hasher};
use std::hint::select_unpredictable;
use std::net::{IpAddr, Ipv4Addr};

use observation::{Address, Mac, Transport};

use super::reader::Ports;
use crate::packet::{Layer, Network, Packet};

/// Both sides, the lesser by address and port first, and what carries the flow. Plain fields: arrays would be compared as
/// octets. Whole words: what is stored in halves is waited for when it is loaded in one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FlowKey {
    /// Of an address of IPv6 the first half; else 0.
    low_upper: u64,
    low_lower: u64,
    high_upper: u64,
    high_lower: u64,
    /// What carries the flow, the low port and the high port.
    kind_and_ports: u64,
}

impl Hash for FlowKey {
    /// In whole words: the derived one would go field by field.
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.kind_and_ports);
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
        let transport = match self.transport {
            Transport::Tcp => TCP,
            Transport::Udp => UDP,
            Transport::Ethernet => ETHERNET,
            Transport::Ip => IP,
        };
        let kind = kind(transport, self.number, self.share, family(self.source));
        let (source, destination) = (number(self.source), number(self.destination));
        FlowKey::between((source, self.source_port), (destination, self.destination_port), kind)
    }
}

impl FlowKey {
    /// Addresses of the low and the high side.
    #[inline]
    pub(crate) fn addresses(&self) -> [Address; 2] {
        let lower = [self.low_lower, self.high_lower];
        match self.kind() >> FAMILY_BIT & 3 {
            FAMILY_V4 => lower.map(|lower| {
                #[expect(clippy::cast_possible_truncation, reason = "that is all there is")]
                let bits = lower as u32;
                Address::Ip(IpAddr::V4(Ipv4Addr::from_bits(bits)))
            }),
            FAMILY_MAC => lower.map(|lower| {
                let [_, _, octets @ ..] = lower.to_be_bytes();
                Address::Mac(Mac(octets))
            }),
            _ => [(self.low_upper, self.low_lower), (self.high_upper, self.high_lower)]
                .map(|(upper, lower)| Address::Ip(IpAddr::from(wide(upper, lower).to_be_bytes()))),
        }
    }

    /// Ports of the low and the high side; 0 where there are none.
    #[inline]
    pub(crate) fn ports(&self) -> [u16; 2] {
        #[expect(clippy::cast_possible_truncation, reason = "one after the other")]
        let ports = [(self.kind_and_ports >> 16) as u16, self.kind_and_ports as u16];
        ports
    }

    /// What carries the flow.
    #[inline]
    pub(crate) fn transport(&self) -> Transport {
        match self.kind() >> TRANSPORT_BIT & 3 {
            TCP => Transport::Tcp,
            UDP => Transport::Udp,
            ETHERNET => Transport::Ethernet,
            _ => Transport::Ip,
        }
    }

    /// EtherType or IP protocol number; 0 for TCP and UDP.
    #[inline]
    pub(crate) fn number(&self) -> u16 {
        let [_, _, upper, lower, ..] = self.kind_and_ports.to_be_bytes();
        u16::from_be_bytes([upper, lower])
    }

    /// As [`kind`] made it.
    fn kind(&self) -> u32 {
        (self.kind_and_ports >> 32) as u32
    }

    /// The key of a packet, and which of the two sides (0 low, 1 high) is its source; nothing if it has no addresses. The
    /// same as that of its [`Ends`], which only a new flow needs.
    #[inline]
    pub(crate) fn of(packet: &Packet<'_>, ports: &Ports) -> Option<(Self, usize)> {
        let (source, destination, family) = match packet.network {
            Network::Ip { source: IpAddr::V4(source), destination: IpAddr::V4(destination), .. } => {
                ([0, u32::from(source).into()], [0, u32::from(destination).into()], FAMILY_V4)
            }
            Network::Ip { source, destination, .. } => {
                let (source, destination) = (Address::Ip(source), Address::Ip(destination));
                (number(source), number(destination), family(source))
            }
            Network::None => {
                let [source, destination] = packet.macs?;
                ([0, of_mac(source)], [0, of_mac(destination)], FAMILY_MAC)
            }
        };
        let (source_port, destination_port, kind) = match packet.layer {
            Layer::Tcp(tcp) => (tcp.source, tcp.destination, kind(TCP, 0, 0, family)),
            Layer::Udp { source, destination, .. } => (source, destination, kind(UDP, 0, 0, family)),
            Layer::Ip { protocol } | Layer::Fragment { protocol } => {
                (0, 0, kind(IP, protocol.into(), 0, family))
            }
            Layer::Ethernet { ethertype } => {
                let share = ports.share(ethertype, packet.payload.octets());
                (0, 0, kind(ETHERNET, ethertype, share, family))
            }
        };
        Some(Self::between((source, source_port), (destination, destination_port), kind))
    }

    /// The key of two sides, each with its address as a number and its port, and whether the first is the high one.
    #[inline]
    fn between(source: ([u64; 2], u16), destination: ([u64; 2], u16), kind: u32) -> (Self, usize) {
        let (([upper, lower], port), ([other_upper, other_lower], other_port)) = (source, destination);
        // Who sends changes with every other packet: no branch foresees it.
        if upper | other_upper | (lower | other_lower) >> OCTETS_48 == 0 {
            // Address and port of each side fit one word: all but IPv6.
            let (own, other) = (lower << 16 | u64::from(port), other_lower << 16 | u64::from(other_port));
            let is_high = own > other;
            let low = select_unpredictable(is_high, other, own);
            let high = select_unpredictable(is_high, own, other);
            let kind_and_ports = u64::from(kind) << 32 | (low & 0xffff) << 16 | high & 0xffff;
            let (low_lower, high_lower) = (low >> 16, high >> 16);
            let key = Self { low_upper: 0, low_lower, high_upper: 0, high_lower, kind_and_ports };
            return (key, usize::from(is_high));
        }
        let (own, other) = (wide(upper, lower), wide(other_upper, other_lower));
        let is_high = (own > other) | ((own == other) & (port > other_port));
        let (port, other_port) = (u64::from(port), u64::from(other_port));
        let ports = select_unpredictable(is_high, other_port << 16 | port, port << 16 | other_port);
        let key = Self {
            low_upper: select_unpredictable(is_high, other_upper, upper),
            low_lower: select_unpredictable(is_high, other_lower, lower),
            high_upper: select_unpredictable(is_high, upper, other_upper),
            high_lower: select_unpredictable(is_high, lower, other_lower),
            kind_and_ports: u64::from(kind) << 32 | ports,
        };
        (key, usize::from(is_high))
    }
}

/// What carries a flow, in a key.
const TCP: u32 = 0;
const UDP: u32 = 1;
const ETHERNET: u32 = 2;
const IP: u32 = 3;

/// Kinds of addresses, in a key.
const FAMILY_MAC: u32 = 0;
const FAMILY_V4: u32 = 1;
const FAMILY_V6: u32 = 2;

/// Where kind of address and what carries a flow stand in its kind, behind the number.
const FAMILY_BIT: u32 = 24;
const TRANSPORT_BIT: u32 = 16;

/// What a key holds besides addresses and ports.
#[inline]
fn kind(transport: u32, number: u16, share: u8, family: u32) -> u32 {
    u32::from(share) << 26 | family << FAMILY_BIT | transport << TRANSPORT_BIT | u32::from(number)
}

/// Bits of addresses that are no longer than a MAC address.
const OCTETS_48: u32 = 48;

/// Both halves of an address.
#[inline]
fn wide(upper: u64, lower: u64) -> u128 {
    u128::from(upper) << 64 | u128::from(lower)
}

/// What kind of address it is.
#[inline]
pub(crate) fn family(address: Address) -> u32 {
    match address {
        Address::Mac(_) => FAMILY_MAC,
        Address::Ip(IpAddr::V4(_)) => FAMILY_V4,
        Address::Ip(IpAddr::V6(_)) => FAMILY_V6,
    }
}

/// An address as a number; addresses of two families may have the same.
#[inline]
pub(crate) fn number(address: Address) -> [u64; 2] {
    match address {
        Address::Mac(mac) => [0, of_mac(mac)],
        Address::Ip(IpAddr::V4(ip)) => [0, u32::from(ip).into()],
        Address::Ip(IpAddr::V6(ip)) => {
            let [a, b, c, d, e, f, g, h] = ip.segments().map(u64::from);
            [a << 48 | b << 32 | c << 16 | d, e << 48 | f << 32 | g << 16 | h]
        }
    }
}

/// The MAC address of one interface in a word, or none: written and compared at one go, which an `Option` of six octets is
/// not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Interface(u64);

impl Interface {
    /// Set where there is one.
    const THERE: u64 = 1 << OCTETS_48;
    /// The bit of the first octet that group addresses have.
    const GROUP: u64 = 1 << 40;

    /// None for group addresses and zero.
    #[inline]
    pub(crate) fn of(mac: Option<Mac>) -> Self {
        let number = mac.map_or(0, of_mac);
        let is_one = number != 0 && number & Self::GROUP == 0;
        Self(if is_one { number | Self::THERE } else { 0 })
    }

    /// The address as a number that none has not.
    pub(crate) fn word(self) -> u64 {
        self.0
    }

    /// The address.
    pub(crate) fn mac(self) -> Option<Mac> {
        let [_, _, octets @ ..] = (self.0 & !Self::THERE).to_be_bytes();
        (self.0 != 0).then_some(Mac(octets))
    }
}

/// A MAC address as a number.
#[inline]
fn of_mac(Mac([a, b, c, d, e, f]): Mac) -> u64 {
    u64::from_be_bytes([0, 0, a, b, c, d, e, f])
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use super::*;
    use crate::{LinkType, RawFrame};

    /// The key of a packet and of its ends.
    fn keys(network: Network, layer: Layer) -> [(FlowKey, usize); 2] {
        let octets = [0x02, 0, 0, 0, 0, 9, 0x02, 0, 0, 0, 0, 7, 0x88, 0x92, 0x80, 1];
        let frame = RawFrame {
            number: 1,
            time: observation::Time(0),
            link_type: LinkType::ETHERNET,
            original_length: 16,
            octets: &octets,
        };
        let mut dissector = crate::Dissector::default();
        let packet = Packet { network, layer, ..dissector.packet(&frame).unwrap() };
        let ports = Ports::new();
        [FlowKey::of(&packet, &ports).unwrap(), Ends::of(&packet, &ports).unwrap().key()]
    }

    #[test]
    fn an_interface_has_an_address_of_its_own() {
        let mac = |text: &str| Some(text.parse::<Mac>().unwrap());
        for one in [mac("02:00:00:00:00:01"), mac("fe:ff:ff:ff:ff:ff"), mac("00:00:00:00:00:01")] {
            assert_eq!(Interface::of(one).mac(), one);
        }
        for none in [None, mac("00:00:00:00:00:00"), mac("ff:ff:ff:ff:ff:ff"), mac("01:80:c2:00:00:0e")] {
            assert_eq!((Interface::of(none).mac(), Interface::of(none)), (None, Interface::default()));
        }
    }

    #[test]
    fn a_packet_has_the_key_of_its_ends_and_both_directions_have_one() {
        let udp = |source, destination| Layer::Udp { source, destination, checksum: 0 };
        let ip = |source: &str, destination: &str| Network::Ip {
            source: source.parse().unwrap(),
            destination: destination.parse().unwrap(),
            hop_limit: 64,
            identification: 0,
        };
        let mut all = Vec::new();
        for (one, other) in [
            ("10.0.0.1", "10.0.0.2"),
            ("10.0.0.1", "10.0.0.1"),
            ("fe80::1", "fe80::2"),
            ("::1", "::2"),
            ("::1:0:0:1", "::1:0:0:1"),
        ] {
            let ports = [(1, 2), (7, 7), (2, 1)];
            // Between equal addresses the last would be the first from the other side.
            for (port, other_port) in ports.into_iter().take(if one == other { 2 } else { 3 }) {
                let [ask, same] = keys(ip(one, other), udp(port, other_port));
                let [answer, too] = keys(ip(other, one), udp(other_port, port));
                assert_eq!((ask, answer.0), (same, ask.0));
                assert_eq!(answer, too);
                assert_eq!(ask.1 + answer.1, usize::from((one, port) != (other, other_port)));
                assert!(!all.contains(&ask.0));
                all.push(ask.0);
            }
            for layer in [Layer::Ip { protocol: 1 }, Layer::Fragment { protocol: 17 }] {
                let [ask, same] = keys(ip(one, other), layer);
                assert_eq!(ask, same);
                assert!(!all.contains(&ask.0));
                all.push(ask.0);
            }
        }
        for ethertype in [0x8892, 0x88a4] {
            let [ask, same] = keys(Network::None, Layer::Ethernet { ethertype });
            assert_eq!(ask, same);
            assert!(!all.contains(&ask.0));
            all.push(ask.0);
        }
    }
}
