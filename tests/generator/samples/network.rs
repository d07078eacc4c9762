//! What happens to packets on the way: fragments, frames cut by the recorder, frames mirrored twice.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::enip::{Identity, list_identity};
use super::super::file::{self, ETHERNET, Order, Unit};
use super::super::frame::{self, IPV4, IPV6, Station, UDP, VLAN, ethernet, ipv4_part, ipv6, pad, tagged};
use super::super::tcp::{ACK, From, PSH};
use super::super::{modbus, s7comm};
use super::{CISCO, DELL, ROCKWELL, SCHNEIDER, SIEMENS, Tape, basic_identification, connection};

fn identity(serial: u32) -> Identity<'static> {
    let name = b"PowerFlex 525 conveyor drive";
    Identity { vendor: 1, device_type: 150, product_code: 9, revision: (5, 1), status: 0x30, serial, name }
}

/// A part of an IPv4 payload as a frame of its own. `from` counts octets.
fn part(device: Station, client: Station, id: u16, payload: &[u8], from: usize, to: usize) -> Vec<u8> {
    let to = to.min(payload.len());
    let more = if to < payload.len() { 0x2000 } else { 0 };
    let mut out = Vec::new();
    ethernet(&mut out, client.mac, device.mac, &[], IPV4);
    ipv4_part(&mut out, device.ip, client.ip, UDP, 64, id, to - from, more | (from / 8) as u16);
    out.extend(&payload[from..to]);
    pad(&mut out);
    out
}

/// Answers to List Identity in IPv4 and IPv6 fragments: in order, out of order, overlapping, repeated, incomplete.
pub fn fragments() -> Vec<u8> {
    let mut tape = Tape::new(4);
    let client = Station::new(DELL, [10, 40, 4, 200]);
    let cases: [&[(usize, usize)]; 5] = [
        &[(0, 48), (48, 80), (80, 999)],
        &[(80, 999), (0, 48), (48, 80)],
        &[(0, 64), (48, 96), (96, 999)],
        &[(0, 48), (0, 48), (48, 999), (48, 999)],
        &[(0, 48), (80, 999)],
    ];
    for (number, parts) in cases.into_iter().enumerate() {
        let device = Station::new(ROCKWELL, [10, 40, 4, 11 + number as u8]);
        let answer = list_identity(device.ip, &identity(0x4000 + number as u32), 3);
        let datagram = frame::udp(device.ip, client.ip, (44_818, 50_001), &answer);
        for (from, to) in parts {
            tape.add(part(device, client, 700 + number as u16, &datagram, *from, *to));
        }
    }
    tape.all(fragments_v6());
    file::pcap(Order::Little, Unit::Nanos, ETHERNET, 0xffff, &tape.frames)
}

/// Two fragments behind a hop-by-hop header: RFC 8200 sections 4.3 and 4.5.
fn fragments_v6() -> Vec<Vec<u8>> {
    let device: Ipv6Addr = "fd00:40:4::11".parse().unwrap();
    let client: Ipv6Addr = "fd00:40:4::200".parse().unwrap();
    let answer = list_identity(Ipv4Addr::UNSPECIFIED, &identity(0x4011), 3);
    let datagram = frame::udp6(device, client, (44_818, 50_001), &answer);
    let mut frames = Vec::new();
    for (from, to) in [(0, 64), (64, datagram.len())] {
        let mut out = Vec::new();
        ethernet(&mut out, [0x18, 0x66, 0xda, 4, 6, 200], [0x00, 0x00, 0xbc, 4, 6, 11], &[], IPV6);
        ipv6(&mut out, device, client, 0, to - from + 16);
        out.extend([44, 0, 1, 4, 0, 0, 0, 0]); // hop-by-hop: next is a fragment header; PadN of four octets
        let more = u16::from(to < datagram.len());
        out.extend([UDP, 0]);
        out.extend((from as u16 | more).to_be_bytes());
        out.extend([0, 0, 0x13, 0x37]);
        out.extend(&datagram[from..to]);
        frames.push(out);
    }
    frames
}

/// A recorder that kept 128 octets of each frame: of the list the order number is there and the firmware is not, and a
/// product name lacks its last letters.
pub fn snaplen() -> Vec<u8> {
    let mut tape = Tape::new(5);
    let client = Station::new(DELL, [10, 40, 5, 200]);
    let server = Station::new(SIEMENS, [10, 40, 5, 11]);
    let mut talk = connection(client, server, 50_000, 102);
    tape.all(talk.open());
    tape.exchange(
        &mut talk,
        &s7comm::connect(false, 1, [1, 0], [1, 2]),
        &s7comm::connect(true, 1, [1, 0], [1, 2]),
    );
    tape.exchange(&mut talk, &s7comm::setup(1, 0x100), &s7comm::setup(3, 0x100));
    let order = b"6ES7 317-2EK14-0AB0 ";
    let records = [
        s7comm::module_record(1, order, [0, 1, 0, 0]),
        s7comm::module_record(6, order, [0, 1, 0, 0]),
        s7comm::module_record(7, b" ", [b'V', 3, 2, 12]),
    ];
    let answer = s7comm::szl_part(0x200, 1, 0, true, &s7comm::szl_content(0x0011, 0, &records));
    tape.exchange(&mut talk, &s7comm::szl_request(0x200, 0x0011, 0), &answer);
    // Whole again: the cut list must not have put the stream out of step.
    tape.exchange(&mut talk, &s7comm::read_request(0x300, 10, 4), &s7comm::read_answer(0x300, &[1, 2, 3, 4]));
    tape.all(talk.close());
    let device = Station::new(ROCKWELL, [10, 40, 5, 12]);
    tape.udp(device, client, (44_818, 50_001), &list_identity(device.ip, &identity(0x5000), 3));
    file::pcap(Order::Little, Unit::Micros, ETHERNET, 128, &tape.frames)
}

/// A mirror that shows each frame twice, one that shows both sides of a router, and one that tags one direction only.
pub fn mirror_duplicates() -> Vec<u8> {
    let mut tape = Tape::new(6);
    let client = Station::new(DELL, [10, 40, 6, 200]);

    // Ingress and egress of one switch: the same octets again within microseconds.
    let mut talk = connection(client, Station::new(SCHNEIDER, [10, 40, 6, 11]), 50_000, 502);
    for frame in identification(&mut talk, "mirrored twice") {
        tape.add(frame.clone());
        tape.after(7_000, frame);
    }

    // Both legs of a router: other MACs, one hop less.
    let (near, far) = (Station::new(CISCO, [10, 40, 6, 1]), Station::new(CISCO, [10, 40, 7, 1]));
    let (reader, device) = (Station::new(DELL, [10, 40, 7, 50]), Station::new(SCHNEIDER, [10, 40, 6, 12]));
    let mut first = connection(reader, device.behind(far), 50_001, 502);
    let mut second = connection(reader.behind(near), device, 50_001, 502);
    for (number, (mut there, mut here)) in identification(&mut first, "both sides of a router")
        .into_iter()
        .zip(identification(&mut second, "both sides of a router"))
        .enumerate()
    {
        // The leg that a frame reaches second has been through the router once.
        let from_client = [0, 2, 3, 5, 7].contains(&number);
        let passed = if from_client { &mut here } else { &mut there };
        hop(passed);
        if !from_client {
            std::mem::swap(&mut there, &mut here);
        }
        tape.add(there);
        tape.after(30_000, here);
    }

    // Requests tagged, answers not: one device, not two.
    let mut talk = connection(client, Station::new(SCHNEIDER, [10, 40, 6, 13]), 50_002, 502);
    for frame in identification(&mut talk, "tagged one way") {
        let from_client = frame[6..12] == client.mac;
        tape.add(if from_client { tagged(&frame, &[(VLAN, 60)]) } else { frame });
    }

    // A keep-alive and a real retransmission a second later are no mirror duplicates.
    let again = talk.sequence[0].wrapping_sub(1);
    let mut out = Vec::new();
    talk.segment_at(&mut out, From::Client, PSH | ACK, again, &[0]);
    let out = tagged(&out, &[(VLAN, 60)]);
    tape.after(1_000_000_000, out.clone());
    tape.after(1_000_000_000, out);
    file::pcap(Order::Little, Unit::Micros, ETHERNET, 0xffff, &tape.frames)
}

/// A connection with one identification: eight frames, the client's are 0, 2, 3, 5 and 7.
fn identification(talk: &mut super::Connection, product: &str) -> Vec<Vec<u8>> {
    let mut frames = talk.open();
    frames.push(talk.data(From::Client, &modbus::adu(1, 1, &modbus::identification_request(1, 0))));
    frames.push(talk.data(
        From::Server,
        &modbus::adu(1, 1, &basic_identification("Schneider Electric", product, "v1.0")),
    ));
    frames.extend(talk.close());
    frames
}

/// Takes one hop off an untagged IPv4 frame and mends its header checksum.
fn hop(frame: &mut [u8]) {
    frame[22] -= 1;
    frame[24..26].fill(0);
    let checksum = frame::fold(frame::sum(&frame[14..34]));
    frame[24..26].copy_from_slice(&checksum.to_be_bytes());
}
