//! What lies below IP: tags, LLC, other link types, and the wrappings of mirror ports.

use std::net::Ipv4Addr;

use super::super::enip::{Identity, list_identity};
use super::super::file::{self, ETHERNET, LINUX_SLL, LINUX_SLL2, NULL, Order, Pcapng, RAW, Unit};
use super::super::frame::{self, GRE, IPV4, SERVICE_VLAN, Station, UDP, VLAN, ethernet, ipv4, pad, tagged};
use super::super::modbus;
use super::{CISCO, DELL, ROCKWELL, SCHNEIDER, Tape, basic_identification, connection};

/// Modbus identities under every kind of tag, and in LLC/SNAP.
pub fn tags() -> Vec<u8> {
    let mut tape = Tape::new(0);
    let client = Station::new(DELL, [10, 40, 1, 200]);
    let cases: [(&str, &[(u16, u16)]); 6] = [
        ("untagged", &[]),
        ("VLAN 20", &[(VLAN, 20)]),
        ("priority tag", &[(VLAN, 0xc000)]),
        ("QinQ 100/20", &[(SERVICE_VLAN, 100), (VLAN, 20)]),
        ("three tags", &[(0x9100, 7), (VLAN, 100), (VLAN, 20)]),
        ("LLC/SNAP", &[]),
    ];
    for (number, (name, tags)) in cases.into_iter().enumerate() {
        let server = Station::new(SCHNEIDER, [10, 40, 1, 11 + number as u8]);
        let mut talk = connection(client, server, 50_000 + number as u16, 502);
        let start = tape.frames.len();
        tape.all(talk.open());
        let request = modbus::adu(1, 1, &modbus::identification_request(1, 0));
        tape.exchange(
            &mut talk,
            &request,
            &modbus::adu(1, 1, &basic_identification("Schneider Electric", name, "v1.0")),
        );
        tape.all(talk.close());
        for (_, octets) in &mut tape.frames[start..] {
            *octets = if name == "LLC/SNAP" { in_snap(octets) } else { tagged(octets, tags) };
        }
    }
    file::pcap(Order::Little, Unit::Micros, ETHERNET, 0xffff, &tape.frames)
}

/// The frame with its EtherType in an LLC/SNAP header: IEEE 802, RFC 1042.
fn in_snap(octets: &[u8]) -> Vec<u8> {
    let ip_length = usize::from(u16::from_be_bytes([octets[16], octets[17]]));
    let mut out = octets[..12].to_vec();
    out.extend((ip_length as u16 + 8).to_be_bytes());
    out.extend([0xaa, 0xaa, 0x03, 0, 0, 0]);
    out.extend(&octets[12..14 + ip_length]);
    pad(&mut out);
    out
}

/// A device that answers List Identity in one datagram.
fn identity(serial: u32) -> Identity<'static> {
    Identity {
        vendor: 1,
        device_type: 12,
        product_code: 108,
        revision: (6, 12),
        status: 0x30,
        serial,
        name: b"1734-AENTR/C",
    }
}

/// The IPv4 packet of that answer, from `device` to `client`.
fn answer_packet(device: Ipv4Addr, client: Ipv4Addr, serial: u32) -> Vec<u8> {
    let datagram = frame::udp(device, client, (44_818, 50_001), &list_identity(device, &identity(serial), 3));
    let mut out = Vec::new();
    ipv4(&mut out, device, client, UDP, 64, serial as u16, datagram.len());
    out.extend(datagram);
    out
}

/// One file with several sections, byte orders, interfaces, link types, resolutions and kinds of block.
pub fn link_types() -> Vec<u8> {
    let client = Station::new(DELL, [10, 40, 2, 200]);
    let device = |number: u8| Station::new(ROCKWELL, [10, 40, 2, number]);
    let packet = |number: u8| answer_packet(device(number).ip, client.ip, 0x2000 + u32::from(number));
    let in_ethernet = |number: u8| {
        let mut out = Vec::new();
        ethernet(&mut out, client.mac, device(number).mac, &[], IPV4);
        out.extend(packet(number));
        out
    };
    let seconds = (super::START / 1_000_000_000) as u64;

    let mut cooked = vec![0, 0, 0, 1, 0, 6];
    cooked.extend(device(12).mac);
    cooked.extend([0, 0, 0x08, 0x00]);
    cooked.extend(packet(12));
    let mut cooked2 = vec![0x08, 0x00, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6];
    cooked2.extend(device(13).mac);
    cooked2.extend([0, 0]);
    cooked2.extend(packet(13));
    let loopback = [&2_u32.to_le_bytes()[..], &packet(15)].concat();

    let mut out = Pcapng::new();
    out.section(Order::Little);
    out.interface(ETHERNET, 256, 6, 0);
    out.interface(LINUX_SLL, 0xffff, 9, 0);
    out.interface(LINUX_SLL2, 0, 9, 0);
    out.interface(RAW, 0xffff, 3, 0);
    out.interface(NULL, 0xffff, 6, 0);
    out.enhanced(0, seconds * 1_000_000, &in_ethernet(11));
    out.unknown();
    out.enhanced(1, seconds * 1_000_000_000 + 1, &cooked);
    out.enhanced(2, seconds * 1_000_000_000 + 2, &cooked2);
    out.enhanced(3, seconds * 1000 + 3, &packet(14));
    out.enhanced(4, seconds * 1_000_000 + 4, &loopback);
    out.obsolete(0, 5, seconds * 1_000_000 + 5, &in_ethernet(16));
    out.simple(256, &in_ethernet(17));
    out.section(Order::Big);
    // Resolution of 2^-10 s, and an offset of an hour that readers must add.
    out.interface(ETHERNET, 0xffff, 0x8a, 3600);
    out.enhanced(0, (seconds - 3600) << 10 | 512, &in_ethernet(18));
    out.finish()
}

/// The wrappings that mirror sessions and provider networks put around a frame, each around another device's answer.
pub fn tunnels() -> Vec<u8> {
    let client = Station::new(DELL, [10, 40, 3, 200]);
    let device = |number: u8| Station::new(ROCKWELL, [10, 40, 3, number]);
    let packet = |number: u8| answer_packet(device(number).ip, client.ip, 0x3000 + u32::from(number));
    let inner = |number: u8| {
        let mut out = Vec::new();
        ethernet(&mut out, client.mac, device(number).mac, &[], IPV4);
        out.extend(packet(number));
        out
    };
    let (mirror, sensor) = (Station::new(CISCO, [10, 40, 3, 251]), Station::new(CISCO, [10, 40, 3, 252]));
    let over_gre = |header: &[u8], payload: &[u8]| {
        let mut out = Vec::new();
        ethernet(&mut out, sensor.mac, mirror.mac, &[], IPV4);
        ipv4(&mut out, mirror.ip, sensor.ip, GRE, 64, 1, header.len() + payload.len());
        out.extend(header);
        out.extend(payload);
        out
    };
    let raw = |ethertype: u16, header: &[u8], payload: &[u8]| {
        let mut out = Vec::new();
        ethernet(&mut out, sensor.mac, mirror.mac, &[], ethertype);
        out.extend(header);
        out.extend(payload);
        out
    };
    let mut tape = Tape::new(2);
    // ERSPAN type I: GRE without a sequence number, no ERSPAN header.
    tape.add(over_gre(&[0x00, 0x00, 0x88, 0xbe], &inner(11)));
    // Type II: GRE sequence number, version 1, VLAN 30, session 5, index 1.
    tape.add(over_gre(&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 9, 0x10, 30, 0x18, 5, 0, 0, 0, 1], &inner(12)));
    // Type III: version 2, VLAN 31, session 6, a time stamp, granularity 2, no platform header.
    let third = [0x10, 0, 0x22, 0xeb, 0, 0, 0, 10, 0x20, 31, 0x00, 6, 0, 0, 0x30, 0x39, 0, 0, 0, 0x04];
    tape.add(over_gre(&third, &inner(13)));
    // GRE with IPv4, and GRE with Ethernet and a key (transparent Ethernet bridging).
    tape.add(over_gre(&[0, 0, 0x08, 0x00], &packet(14)));
    tape.add(over_gre(&[0x20, 0, 0x65, 0x58, 0, 0, 0, 77], &inner(15)));
    // VXLAN, network 4711: RFC 7348.
    tape.udp(mirror, sensor, (50_002, 4789), &[&[0x08, 0, 0, 0, 0, 0x12, 0x67, 0][..], &inner(16)].concat());
    // MPLS with two labels around IPv4, and around Ethernet with a control word: RFC 3032, RFC 4448.
    tape.add(raw(0x8847, &[0, 0x01, 0x00, 64, 0, 0x02, 0x01, 64], &packet(17)));
    tape.add(raw(0x8847, &[0, 0x03, 0x01, 64, 0, 0, 0, 0], &inner(18)));
    // PPPoE session 1 with IPv4: RFC 2516.
    let length = packet(19).len() as u16 + 2;
    tape.add(raw(0x8864, &[&[0x11, 0, 0, 1][..], &length.to_be_bytes(), &[0, 0x21]].concat(), &packet(19)));
    // HSR: IEC 62439-3; the same frame came from both sides of the ring.
    for path in [0x00, 0x10] {
        let size = packet(20).len() as u16 + 6;
        let tag = [0x89, 0x2f, path | (size >> 8) as u8, size as u8, 0, 42];
        let octets = inner(20);
        tape.after(40_000, [&octets[..12], &tag, &octets[12..]].concat());
    }
    // PRP: the redundancy control trailer behind the payload, once from each network.
    for lan in [0xa0, 0xb0] {
        let octets = inner(21);
        let size = octets.len() as u16 - 14 + 6;
        tape.after(40_000, [&octets[..], &[0, 43, lan | (size >> 8) as u8, size as u8, 0x88, 0xfb]].concat());
    }
    file::pcap(Order::Big, Unit::Micros, ETHERNET, 0xffff, &tape.frames)
}
