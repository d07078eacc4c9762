//! Frames from the outside in: Ethernet and its tags, ARP, IPv4, IPv6, UDP, and what wraps them on mirror ports.

use std::net::{Ipv4Addr, Ipv6Addr};

pub const ARP: u16 = 0x0806;
pub const IPV4: u16 = 0x0800;
pub const IPV6: u16 = 0x86dd;
pub const VLAN: u16 = 0x8100;
pub const SERVICE_VLAN: u16 = 0x88a8;
pub const PROFINET: u16 = 0x8892;
pub const TCP: u8 = 6;
pub const UDP: u8 = 17;
pub const GRE: u8 = 47;
pub const BROADCAST: [u8; 6] = [0xff; 6];

/// An interface of a device of the made-up plant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Station {
    pub mac: [u8; 6],
    pub ip: Ipv4Addr,
}

impl Station {
    /// The station with that prefix of MAC and that address; the rest of the MAC follows the address.
    pub fn new(oui: [u8; 3], ip: [u8; 4]) -> Self {
        Self { mac: [oui[0], oui[1], oui[2], ip[1], ip[2], ip[3]], ip: ip.into() }
    }

    /// The same address seen through a router: the frame carries the router's MAC.
    pub fn behind(self, router: Self) -> Self {
        Self { mac: router.mac, ..self }
    }
}

/// Ones' complement sum of 16-bit words (RFC 1071), to be folded and inverted.
pub fn sum(octets: &[u8]) -> u32 {
    octets.chunks(2).map(|word| u32::from(word[0]) << 8 | u32::from(word.get(1).copied().unwrap_or(0))).sum()
}

/// The checksum of a sum.
pub fn fold(mut sum: u32) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// Ethernet header with tags from the outside in, each as (tag protocol identifier, tag control information).
pub fn ethernet(
    out: &mut Vec<u8>,
    destination: [u8; 6],
    source: [u8; 6],
    tags: &[(u16, u16)],
    ethertype: u16,
) {
    out.extend(destination);
    out.extend(source);
    for (identifier, control) in tags {
        out.extend(identifier.to_be_bytes());
        out.extend(control.to_be_bytes());
    }
    out.extend(ethertype.to_be_bytes());
}

/// Pads to the shortest Ethernet frame without its check sequence.
pub fn pad(out: &mut Vec<u8>) {
    if out.len() < 60 {
        out.resize(60, 0);
    }
}

/// An IPv4 header for `length` octets of payload.
pub fn ipv4(out: &mut Vec<u8>, from: Ipv4Addr, to: Ipv4Addr, protocol: u8, ttl: u8, id: u16, length: usize) {
    ipv4_part(out, from, to, protocol, ttl, id, length, 0x4000);
}

/// An IPv4 header with its flags and fragment offset as given.
#[expect(clippy::too_many_arguments, reason = "the fields of the header")]
pub fn ipv4_part(
    out: &mut Vec<u8>,
    from: Ipv4Addr,
    to: Ipv4Addr,
    protocol: u8,
    ttl: u8,
    id: u16,
    length: usize,
    fragment: u16,
) {
    let start = out.len();
    out.extend([0x45, 0]);
    out.extend((length as u16 + 20).to_be_bytes());
    out.extend(id.to_be_bytes());
    out.extend(fragment.to_be_bytes());
    out.extend([ttl, protocol, 0, 0]);
    out.extend(from.octets());
    out.extend(to.octets());
    let checksum = fold(sum(&out[start..]));
    out[start + 10..start + 12].copy_from_slice(&checksum.to_be_bytes());
}

/// An IPv6 header for `length` octets of payload.
pub fn ipv6(out: &mut Vec<u8>, from: Ipv6Addr, to: Ipv6Addr, next: u8, length: usize) {
    out.extend([0x60, 0, 0, 0]);
    out.extend((length as u16).to_be_bytes());
    out.extend([next, 64]);
    out.extend(from.octets());
    out.extend(to.octets());
}

/// A UDP datagram over IPv4, without the headers below it.
pub fn udp(from: Ipv4Addr, to: Ipv4Addr, ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let pseudo = sum(&from.octets()) + sum(&to.octets());
    datagram(pseudo, ports, payload)
}

/// A UDP datagram over IPv6, without the headers below it.
pub fn udp6(from: Ipv6Addr, to: Ipv6Addr, ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let pseudo = sum(&from.octets()) + sum(&to.octets());
    datagram(pseudo, ports, payload)
}

fn datagram(pseudo: u32, ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + 8);
    let length = payload.len() as u16 + 8;
    out.extend(ports.0.to_be_bytes());
    out.extend(ports.1.to_be_bytes());
    out.extend(length.to_be_bytes());
    out.extend([0, 0]);
    out.extend(payload);
    let checksum = match fold(pseudo + u32::from(UDP) + u32::from(length) + sum(&out)) {
        0 => 0xffff, // RFC 768: a computed 0 is sent as all ones
        checksum => checksum,
    };
    out[6..8].copy_from_slice(&checksum.to_be_bytes());
    out
}

/// A whole frame with a UDP datagram.
pub fn udp_frame(out: &mut Vec<u8>, from: Station, to: Station, ports: (u16, u16), id: u16, payload: &[u8]) {
    ethernet(out, to.mac, from.mac, &[], IPV4);
    let datagram = udp(from.ip, to.ip, ports, payload);
    ipv4(out, from.ip, to.ip, UDP, 64, id, datagram.len());
    out.extend(&datagram);
    pad(out);
}

/// An ARP packet (RFC 826): operation 1 asks, 2 answers.
pub fn arp(operation: u16, from: Station, to: Station) -> Vec<u8> {
    let mut out = Vec::new();
    let (destination, target) = if operation == 1 { (BROADCAST, [0; 6]) } else { (to.mac, to.mac) };
    ethernet(&mut out, destination, from.mac, &[], ARP);
    out.extend([0, 1, 8, 0, 6, 4]);
    out.extend(operation.to_be_bytes());
    out.extend(from.mac);
    out.extend(from.ip.octets());
    out.extend(target);
    out.extend(to.ip.octets());
    pad(&mut out);
    out
}

/// The frame with tags put in behind its addresses.
pub fn tagged(frame: &[u8], tags: &[(u16, u16)]) -> Vec<u8> {
    let mut out = frame[..12].to_vec();
    for (identifier, control) in tags {
        out.extend(identifier.to_be_bytes());
        out.extend(control.to_be_bytes());
    }
    out.extend(&frame[12..]);
    out
}
