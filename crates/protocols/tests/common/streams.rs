//! A capture reader just large enough for tests of one decoder: classic pcap and pcapng, Ethernet (with VLAN tags) and
//! Linux cooked, IPv4, TCP. Old segments are passed over, missing ones are a gap; nothing is put in order.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use observation::{End, Octets, Piece, Range, Time, Transport};
use protocols::{Context, Frame, Output, Protocol, Session};

/// One captured frame.
struct Captured {
    link: u32,
    octets: Vec<u8>,
}

fn u32_at(octets: &[u8], at: usize, little: bool) -> u32 {
    let octets: [u8; 4] = octets[at..at + 4].try_into().unwrap();
    if little { u32::from_le_bytes(octets) } else { u32::from_be_bytes(octets) }
}

fn frames(octets: &[u8]) -> Vec<Captured> {
    if octets[..4] == [0x0a, 0x0d, 0x0d, 0x0a] { pcapng(octets) } else { pcap(octets) }
}

fn pcap(octets: &[u8]) -> Vec<Captured> {
    let little = matches!(octets[..4], [0xd4, 0xc3, 0xb2, 0xa1] | [0x4d, 0x3c, 0xb2, 0xa1]);
    let link = u32_at(octets, 20, little);
    let (mut at, mut found) = (24, Vec::new());
    while at + 16 <= octets.len() {
        let length = u32_at(octets, at + 8, little) as usize;
        let Some(frame) = octets.get(at + 16..at + 16 + length) else { break };
        found.push(Captured { link, octets: frame.to_vec() });
        at += 16 + length;
    }
    found
}

fn pcapng(octets: &[u8]) -> Vec<Captured> {
    let (mut at, mut little, mut links, mut found) = (0, true, Vec::new(), Vec::new());
    while at + 12 <= octets.len() {
        if octets[at..at + 4] == [0x0a, 0x0d, 0x0d, 0x0a] {
            little = octets[at + 8] == 0x4d;
            links.clear();
        }
        let (kind, length) = (u32_at(octets, at, little), u32_at(octets, at + 4, little) as usize);
        let Some(block) = octets.get(at..at + length).filter(|_| length >= 12) else { break };
        match kind {
            1 => links.push(u32_at(block, 8, little) & 0xffff),
            6 => {
                let link = links[u32_at(block, 8, little) as usize];
                let length = u32_at(block, 20, little) as usize;
                found.push(Captured { link, octets: block[28..28 + length].to_vec() });
            }
            _ => {}
        }
        at += length;
    }
    found
}

/// Where the IPv4 header starts.
fn ipv4_at(frame: &Captured) -> Option<usize> {
    let (mut at, start) = match frame.link {
        1 => (12, 14),
        113 => (14, 16),
        _ => return None,
    };
    let mut start = start;
    while frame.octets.get(at..at + 2)? == [0x81, 0x00] {
        (at, start) = (at + 4, start + 4);
    }
    (frame.octets.get(at..at + 2)? == [0x08, 0x00]).then_some(start)
}

/// The octets of one direction that no message has taken yet, with their origin.
#[derive(Default)]
struct Direction {
    next: Option<u32>,
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
}

type Ends = ((Ipv4Addr, u16), (Ipv4Addr, u16));

/// A reader of one conversation, with the frames that it asked to keep.
struct Reading {
    session: Box<dyn Session>,
    held: BTreeSet<u64>,
}

/// What one message said.
pub(crate) struct Said<'a> {
    pub(crate) output: &'a Output<'a>,
    /// Why the message could not be read to its end.
    pub(crate) malformed: Option<String>,
    /// The octets of each fact, as the frames hold them.
    pub(crate) proofs: Vec<Vec<u8>>,
}

/// Feeds every TCP conversation on `port` to the decoder and shows what each message said. Facts must be proved by
/// the frames of their message and by those that the decoder asked to hold until then.
pub(crate) fn decode(path: &Path, protocol: &Protocol, port: u16, mut said: impl FnMut(&Said<'_>)) {
    let frames = frames(&fs::read(path).unwrap());
    let mut readings: BTreeMap<Ends, Reading> = BTreeMap::new();
    let mut directions: BTreeMap<Ends, Direction> = BTreeMap::new();
    for (index, frame) in frames.iter().enumerate() {
        let Some(ip) = ipv4_at(frame) else { continue };
        let octets = &frame.octets;
        let header = usize::from(octets[ip] & 0x0f) * 4;
        if octets.len() < ip + header + 20 || octets[ip + 9] != 6 {
            continue;
        }
        let word = |at: usize| u16::from_be_bytes([octets[at], octets[at + 1]]);
        let address = |at: usize| Ipv4Addr::from(<[u8; 4]>::try_from(&octets[at..at + 4]).unwrap());
        let tcp = ip + header;
        let (from, to) = ((address(ip + 12), word(tcp)), (address(ip + 16), word(tcp + 2)));
        if from.1 != port && to.1 != port {
            continue;
        }
        let start = tcp + usize::from(octets[tcp + 12] >> 4) * 4;
        let end = (ip + usize::from(word(ip + 2))).min(octets.len());
        let (sequence, syn) = (u32_at(octets, tcp + 4, false), octets[tcp + 13] & 2 != 0);
        let key = (from.min(to), from.max(to));
        let direction = directions.entry((from, to)).or_default();
        if syn {
            *direction = Direction { next: Some(sequence.wrapping_add(1)), ..Direction::default() };
            readings.remove(&key);
            continue;
        }
        let payload = octets.get(start..end).unwrap_or_default();
        if payload.is_empty() {
            continue;
        }
        let end = if from.1 == port { End::Server } else { End::Client };
        let reading = readings
            .entry(key)
            .or_insert_with(|| Reading { session: (protocol.session)(), held: BTreeSet::new() });
        let ahead = direction.next.map_or(0, |next| sequence.wrapping_sub(next) as i32);
        if ahead < 0 {
            continue;
        }
        if ahead > 0 {
            *direction = Direction::default();
            reading.session.gap(end);
        }
        direction.next = Some(sequence.wrapping_add(payload.len() as u32));
        direction.pieces.push(Piece {
            at: direction.bytes.len(),
            frame: index as u64 + 1,
            offset: start as u32,
        });
        direction.bytes.extend_from_slice(payload);
        let context = Context {
            source: IpAddr::V4(from.0).into(),
            destination: IpAddr::V4(to.0).into(),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Tcp,
            source_port: from.1,
            destination_port: to.1,
            from: end,
            time: Time(0),
        };
        let mut taken = 0;
        loop {
            let rest = Octets::new(&direction.bytes, &direction.pieces).tail(taken);
            match (protocol.frame)(rest.bytes, Transport::Tcp) {
                Frame::Message(length) => {
                    let message = rest.head(length);
                    let mut output = Output::default();
                    let result = reading.session.message(&context, message, &mut output);
                    reading.held.extend(message.evidence().ranges.iter().map(|range| range.frame));
                    let proof = |range: &Range| {
                        assert!(
                            reading.held.contains(&range.frame),
                            "{}: frame {} was not held",
                            path.display(),
                            range.frame
                        );
                        frames[range.frame as usize - 1].octets[range.offset as usize..]
                            [..range.length as usize]
                            .to_vec()
                    };
                    let proofs = output
                        .facts
                        .iter()
                        .map(|fact| fact.evidence.ranges.iter().flat_map(proof).collect())
                        .collect();
                    said(&Said {
                        output: &output,
                        malformed: result.err().map(|malformed| malformed.to_string()),
                        proofs,
                    });
                    if !output.hold {
                        reading.held.clear();
                    }
                    taken += length;
                }
                Frame::Partial(_) => break,
                Frame::Foreign => {
                    taken = direction.bytes.len();
                    break;
                }
            }
        }
        let (mut bytes, mut pieces) = (Vec::new(), Vec::new());
        Octets::new(&direction.bytes, &direction.pieces).tail(taken).append_to(&mut bytes, &mut pieces);
        (direction.bytes, direction.pieces) = (bytes, pieces);
    }
}
