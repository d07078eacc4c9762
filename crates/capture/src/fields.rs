//! The fields of the headers that a walk found, read once.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::{Ipv6HeaderSlice, UdpHeaderSlice};
use observation::Mac;

use crate::walk::{Ip, Link, State, Top};
use crate::{Layer, Network, Tcp};

const TCP_FIN: u8 = 0x01;
const TCP_SYN: u8 = 0x02;
const TCP_RST: u8 = 0x04;
const TCP_ACK: u8 = 0x10;

/// Source and destination MAC. On the wire the destination stands first.
#[inline]
pub(crate) fn macs(octets: &[u8], state: &State) -> Option<[Mac; 2]> {
    match state.link {
        Link::None => None,
        Link::Known(macs) => Some(macs),
        Link::At(at) => {
            let &[d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5] = octets.get(at..)?.first_chunk()?;
            Some([Mac([s0, s1, s2, s3, s4, s5]), Mac([d0, d1, d2, d3, d4, d5])])
        }
    }
}

/// Addresses, hop limit and identification.
#[inline]
pub(crate) fn network(octets: &[u8], state: &State) -> Network {
    match state.ip {
        Ip::None => Network::None,
        Ip::Known(network) => network,
        Ip::At(at) => ip(octets.get(at..).unwrap_or_default()).unwrap_or(Network::None),
    }
}

#[inline]
fn ip(octets: &[u8]) -> Option<Network> {
    let &[version, _, _, _, i0, i1, _, _, ttl, _, _, _, s0, s1, s2, s3, d0, d1, d2, d3] =
        octets.first_chunk()?;
    if version >> 4 == 4 {
        return Some(Network::Ip {
            source: IpAddr::V4(Ipv4Addr::new(s0, s1, s2, s3)),
            destination: IpAddr::V4(Ipv4Addr::new(d0, d1, d2, d3)),
            hop_limit: ttl,
            identification: u16::from_be_bytes([i0, i1]),
        });
    }
    let header = Ipv6HeaderSlice::from_slice(octets).ok()?;
    let (source, destination): (Ipv6Addr, Ipv6Addr) = (header.source_addr(), header.destination_addr());
    let (source, destination) = (IpAddr::V6(source), IpAddr::V6(destination));
    Some(Network::Ip { source, destination, hop_limit: header.hop_limit(), identification: 0 })
}

/// What stands above the network layer.
#[inline]
pub(crate) fn layer(octets: &[u8], state: &State) -> Layer {
    let found = match state.top {
        Top::Tcp(at) => octets.get(at..).and_then(tcp).map(Layer::Tcp),
        Top::TcpPorts(at) => octets.get(at..).and_then(tcp_ports).map(Layer::Tcp),
        Top::Udp(at) => octets.get(at..).and_then(udp),
        Top::Ip(protocol) => Some(Layer::Ip { protocol }),
        Top::Fragment(protocol) => Some(Layer::Fragment { protocol }),
        Top::Ethernet(ethertype) => Some(Layer::Ethernet { ethertype }),
    };
    // The walk found the header there, so it is there.
    found.unwrap_or(Layer::Ethernet { ethertype: 0 })
}

/// The fixed part of a TCP header (RFC 9293 section 3.1), which is all there even if the capture cut the options.
#[inline]
pub(crate) fn tcp(octets: &[u8]) -> Option<Tcp> {
    let &[s0, s1, d0, d1, q0, q1, q2, q3, a0, a1, a2, a3, _, flags, _, _, c0, c1, _, _] =
        octets.first_chunk()?;
    Some(Tcp {
        source: u16::from_be_bytes([s0, s1]),
        destination: u16::from_be_bytes([d0, d1]),
        sequence: u32::from_be_bytes([q0, q1, q2, q3]),
        acknowledgment: u32::from_be_bytes([a0, a1, a2, a3]),
        syn: flags & TCP_SYN != 0,
        ack: flags & TCP_ACK != 0,
        fin: flags & TCP_FIN != 0,
        rst: flags & TCP_RST != 0,
        checksum: u16::from_be_bytes([c0, c1]),
        header_cut: false,
    })
}

#[cold]
fn tcp_ports(octets: &[u8]) -> Option<Tcp> {
    let &[s0, s1, d0, d1] = octets.first_chunk()?;
    Some(Tcp {
        source: u16::from_be_bytes([s0, s1]),
        destination: u16::from_be_bytes([d0, d1]),
        sequence: 0,
        acknowledgment: 0,
        syn: false,
        ack: false,
        fin: false,
        rst: false,
        checksum: 0,
        header_cut: true,
    })
}

#[inline]
fn udp(octets: &[u8]) -> Option<Layer> {
    let header = UdpHeaderSlice::from_slice(octets).ok()?;
    let (source, destination) = (header.source_port(), header.destination_port());
    Some(Layer::Udp { source, destination, checksum: header.checksum() })
}
