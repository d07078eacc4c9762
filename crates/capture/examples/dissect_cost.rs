//! What peeling one ordinary frame costs: `cargo run --release -p capture --example dissect_cost`.
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a measurement for the terminal")]
#![allow(clippy::arithmetic_side_effects, clippy::cast_precision_loss, reason = "a measurement")]

use std::hint::black_box;
use std::time::Instant;

use capture::{Dissector, LinkType, RawFrame};
use etherparse::SlicedPacket;
use observation::Time;

const ROUNDS: usize = 300;
const REPEATS: usize = 200;

fn ethernet(tagged: bool, ethertype: [u8; 2], rest: &[u8]) -> Vec<u8> {
    let macs: [u8; 12] = [0, 0x0e, 0x8c, 0, 0, 2, 0, 0x1b, 0x1b, 0, 0, 1];
    let tag: &[u8] = if tagged { &[0x81, 0, 0, 10] } else { &[] };
    [&macs, tag, &ethertype, rest].concat()
}

fn ipv4(protocol: u8, segment: &[u8]) -> Vec<u8> {
    let total = u8::try_from(segment.len() + 20).unwrap_or(u8::MAX);
    let header = [0x45, 0, 0, total, 1, 2, 0x40, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    [&header, segment].concat()
}

fn main() {
    let tcp =
        [&[0xc3, 0x50, 1, 0xf6, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x18, 1, 0, 0, 0, 0, 0], &[7; 48][..]].concat();
    let udp = [&[8, 0xae, 8, 0xae, 0, 56, 0, 0], &[7; 48][..]].concat();
    let kinds = [
        ("ethernet ipv4 tcp", ethernet(false, [8, 0], &ipv4(6, &tcp))),
        ("vlan ipv4 tcp", ethernet(true, [8, 0], &ipv4(6, &tcp))),
        ("ethernet ipv4 udp", ethernet(false, [8, 0], &ipv4(17, &udp))),
        ("vlan profinet", ethernet(true, [0x88, 0x92], &[7; 48])),
    ];
    let mut dissector = Dissector::default();
    for (name, octets) in &kinds {
        // Frames side by side in memory, as a reader's buffer holds them.
        let buffer: Vec<u8> = octets.iter().copied().cycle().take(octets.len() * 64).collect();
        let frames: Vec<RawFrame<'_>> = buffer
            .chunks_exact(octets.len())
            .zip(1..)
            .map(|(octets, number)| RawFrame {
                number,
                time: Time(0),
                link_type: LinkType::ETHERNET,
                original_length: u32::try_from(octets.len()).unwrap_or_default(),
                octets,
            })
            .collect();
        let ours = nanoseconds(&frames, |frame| {
            dissector.packet(frame).map_or(0, |packet| black_box(&packet).payload.octets().len())
        });
        let nothing = nanoseconds(&frames, |frame| frame.octets.len());
        let sliced = nanoseconds(&frames, |frame| {
            let sliced = SlicedPacket::from_ethernet(frame.octets);
            sliced.map_or(0, |packet| {
                black_box(&packet).ether_payload().map_or(0, |payload| payload.payload.len())
            })
        });
        println!(
            "{name}: {ours:.1} ns per frame; empty loop {nothing:.1}; etherparse SlicedPacket {sliced:.1}"
        );
    }
    println!("size of a packet: {} octets", size_of::<capture::Packet<'_>>());
}

/// The best of many rounds.
fn nanoseconds(frames: &[RawFrame<'_>], mut read: impl FnMut(&RawFrame<'_>) -> usize) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..REPEATS {
            for frame in frames {
                black_box(read(black_box(frame)));
            }
        }
        best = best.min(start.elapsed().as_nanos() as f64 / (REPEATS * frames.len()) as f64);
    }
    best
}
