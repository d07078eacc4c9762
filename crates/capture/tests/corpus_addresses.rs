//! The captures of `../shared/corpus`, where present: every address that sent a frame is seen, in tunnels and around
//! them, and none is made up. Skips aloud where the folder is missing.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test"
)]
#![allow(clippy::print_stderr, clippy::disallowed_methods, reason = "a test that reads files")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use capture::{Dissector, Layer, LinkType, Network, Payload, RawFrame};
use observation::Time;

/// A record of a capture file: link type, length on the wire, octets.
type Record = (LinkType, u32, Vec<u8>);

/// Numbers of a capture file in its own byte order.
struct File<'a> {
    octets: &'a [u8],
    big_endian: bool,
}

impl File<'_> {
    fn u32(&self, at: usize) -> Option<u32> {
        let number = self.octets.get(at..)?.first_chunk()?;
        Some(if self.big_endian { u32::from_be_bytes(*number) } else { u32::from_le_bytes(*number) })
    }

    fn u16(&self, at: usize) -> Option<u16> {
        let number = self.octets.get(at..)?.first_chunk()?;
        Some(if self.big_endian { u16::from_be_bytes(*number) } else { u16::from_le_bytes(*number) })
    }

    fn take(&self, at: usize, length: u32) -> Option<Vec<u8>> {
        self.octets.get(at..at + usize::try_from(length).ok()?).map(<[u8]>::to_vec)
    }
}

/// The records of a pcap or pcapng file, up to the first that cannot be read.
fn records(octets: &[u8]) -> Vec<Record> {
    let mut records = Vec::new();
    match octets.first_chunk::<4>() {
        Some([0x0a, 0x0d, 0x0d, 0x0a]) => drop(pcapng(octets, &mut records)),
        Some(magic) => drop(pcap(octets, magic[0] == 0xa1, &mut records)),
        None => {}
    }
    records
}

fn pcap(octets: &[u8], big_endian: bool, records: &mut Vec<Record>) -> Option<()> {
    let file = File { octets, big_endian };
    let link_type = LinkType(u16::try_from(file.u32(20)? & 0xffff).ok()?);
    let mut at = 24;
    loop {
        let (captured, on_wire) = (file.u32(at + 8)?, file.u32(at + 12)?);
        records.push((link_type, on_wire, file.take(at + 16, captured)?));
        at += 16 + usize::try_from(captured).ok()?;
    }
}

fn pcapng(octets: &[u8], records: &mut Vec<Record>) -> Option<()> {
    let (mut at, mut interfaces) = (0, Vec::new());
    let mut file = File { octets, big_endian: false };
    loop {
        let kind = file.u32(at)?;
        if kind == 0x0a0d_0d0a {
            file.big_endian = octets.get(at + 8)? == &0x1a;
            interfaces.clear();
        }
        let length = usize::try_from(file.u32(at + 4)?).ok()?;
        match kind {
            1 => interfaces.push((LinkType(file.u16(at + 8)?), file.u32(at + 12)?)),
            2 | 6 => {
                let interface = if kind == 6 { file.u32(at + 8)? } else { file.u16(at + 8)?.into() };
                let (link_type, _) = *interfaces.get(usize::try_from(interface).ok()?)?;
                records.push((link_type, file.u32(at + 24)?, file.take(at + 28, file.u32(at + 20)?)?));
            }
            3 => {
                let (link_type, snaplen) = *interfaces.first()?;
                let on_wire = file.u32(at + 8)?;
                let captured = if snaplen == 0 { on_wire } else { on_wire.min(snaplen) };
                records.push((link_type, on_wire, file.take(at + 12, captured)?));
            }
            _ => {}
        }
        at += length.max(12);
    }
}

#[derive(Debug, Default)]
struct Seen {
    ips: BTreeSet<IpAddr>,
    macs: BTreeSet<String>,
    outer_ips: BTreeSet<IpAddr>,
    unread: usize,
    counters: BTreeMap<String, u64>,
}

fn see(octets: &[u8]) -> Seen {
    let mut seen = Seen::default();
    let mut dissector = Dissector::default();
    for (number, (link_type, original_length, octets)) in (1..).zip(records(octets)) {
        let frame = RawFrame { number, time: Time(0), link_type, original_length, octets: &octets };
        let Ok(packet) = dissector.packet(&frame) else {
            seen.unread += 1;
            continue;
        };
        if let Payload::Frame { offset, octets: payload } = packet.payload {
            let offset = usize::try_from(offset).unwrap();
            assert_eq!(octets.get(offset..offset + payload.len()), Some(payload));
        }
        // The list takes the senders that ARP names as well.
        if let (Layer::Ethernet { ethertype: 0x0806 }, Some(sender)) =
            (packet.layer, packet.payload.octets().get(14..18))
        {
            seen.ips.insert(IpAddr::from(<[u8; 4]>::try_from(sender).unwrap()));
        }
        let headers = packet.outer.iter().map(|outer| (outer.macs, outer.network, true));
        for (macs, network, outer) in headers.chain([(packet.macs, packet.network, false)]) {
            let cooked = matches!(link_type, LinkType::LINUX_SLL | LinkType::LINUX_SLL2);
            let sender =
                macs.map(|[source, _]| source).filter(|mac| !cooked && !mac.is_group() && !mac.is_zero());
            seen.macs.extend(sender.map(|mac| mac.to_string()));
            if let Network::Ip { source, .. } = network {
                let _ = if outer { seen.outer_ips.insert(source) } else { seen.ips.insert(source) };
            }
        }
    }
    seen.counters = dissector.counters().collect();
    seen
}

fn corpus() -> Option<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    if corpus.join("endpoints.jsonl").exists() {
        return Some(corpus);
    }
    eprintln!("skipped: {} is missing", corpus.display());
    None
}

/// Files with addresses that no layer we read names, and why.
const NOT_READ: &[(&str, &str)] = &[];

/// Files with addresses that are read and that the list lacks, and why: it was made with tshark 4.0.
const NOT_LISTED: &[(&str, &str)] = &[
    ("Traces/llc.pcap", "the list holds no MACs of FDDI"),
    ("tunnels/gre-aruba.pcap", "the list holds no MACs of IEEE 802.11"),
    ("tunnels/gre-aruba-amsdu.pcap", "the list holds no MACs of IEEE 802.11"),
    ("be/test901.pcapng", "tshark stops at a section of pcapng version 2.0"),
    ("le/test901.pcapng", "tshark stops at a section of pcapng version 2.0"),
    ("tests/bigtcp-ipv4-vxlan-ipv4.pcap", "tshark stops at a UDP length of 0"),
    ("tests/bigtcp-ipv4-vxlan-ipv6.pcap", "tshark stops at a UDP length of 0"),
    ("tests/bigtcp-ipv6-vxlan-ipv4.pcap", "tshark stops at a UDP length of 0"),
    ("tests/bigtcp-ipv6-vxlan-ipv6.pcap", "tshark stops at a UDP length of 0"),
];

#[test]
fn every_sender_of_the_corpus_is_seen_and_none_is_made_up() {
    let Some(corpus) = corpus() else { return };
    let (mut files, mut wrong) = (0, Vec::new());
    let mut all: BTreeMap<String, u64> = BTreeMap::new();
    for line in std::fs::read_to_string(corpus.join("endpoints.jsonl")).unwrap().lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let name = line["file"].as_str().unwrap();
        let octets = std::fs::read(corpus.join("captures").join(name)).unwrap();
        if octets.starts_with(&[0x1f, 0x8b]) {
            continue;
        }
        files += 1;
        let seen = see(&octets);
        for (counter, count) in &seen.counters {
            *all.entry(counter.clone()).or_default() += count;
        }
        let listed: BTreeSet<IpAddr> =
            line["ips"].as_object().unwrap().keys().map(|ip| ip.parse().unwrap()).collect();
        let found: BTreeSet<IpAddr> = seen.ips.union(&seen.outer_ips).copied().collect();
        let missing: Vec<_> = listed.difference(&found).collect();
        let further: Vec<_> = found.difference(&listed).collect();
        let macs: BTreeSet<String> = line["macs"].as_object().unwrap().keys().cloned().collect();
        let missing_macs: Vec<_> = macs.difference(&seen.macs).collect();
        let further_macs: Vec<_> = seen.macs.difference(&macs).collect();
        let excused = |list: &[(&str, &str)]| list.iter().any(|(file, _)| name.ends_with(file));
        if (missing.len() + missing_macs.len() > 0) && !excused(NOT_READ) {
            wrong.push(format!(
                "{name}: not seen {missing:?} {missing_macs:?}; unread {} {:?}",
                seen.unread, seen.counters
            ));
        }
        if (further.len() + further_macs.len() > 0) && !excused(NOT_LISTED) {
            wrong.push(format!("{name}: not listed {further:?} {further_macs:?}; {:?}", seen.counters));
        }
    }
    eprintln!("{files} captures");
    for (counter, count) in all {
        eprintln!("{count:>8} {counter}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn frames_of_the_corpus_cut_and_changed_never_panic_nor_leave_the_frame() {
    let Some(corpus) = corpus() else { return };
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random).unwrap() % below.max(1)
    };
    for line in std::fs::read_to_string(corpus.join("captures.tsv")).unwrap().lines().skip(1) {
        let name = line.split('\t').next().unwrap();
        let mut dissector = Dissector::default();
        for (number, (link_type, original_length, octets)) in
            (1..).zip(records(&std::fs::read(corpus.join("captures").join(name)).unwrap())).take(300)
        {
            for _ in 0..4 {
                let mut octets = octets[..next(octets.len() + 1)].to_vec();
                if let (at, Some(octet)) = (next(octets.len().min(80)), octets.len().checked_sub(1)) {
                    octets[at.min(octet)] = u8::try_from(next(256)).unwrap();
                }
                let frame = RawFrame { number, time: Time(0), link_type, original_length, octets: &octets };
                let Ok(packet) = dissector.packet(&frame) else { continue };
                if let Payload::Frame { offset, octets: payload } = packet.payload {
                    let offset = usize::try_from(offset).unwrap();
                    assert_eq!(octets.get(offset..offset + payload.len()), Some(payload), "{name} {number}");
                }
            }
        }
    }
}
