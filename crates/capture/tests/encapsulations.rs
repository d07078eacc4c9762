//! Every encapsulation: what comes out, and that nothing panics or leaves the frame whatever is cut or changed.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test"
)]

mod frames;

use capture::{Dissector, Layer, Network, Packet, Payload, RawFrame, Unreadable};
use frames::*;
use observation::Mac;

fn source(packet: &Packet<'_>) -> Option<std::net::IpAddr> {
    match packet.network {
        Network::Ip { source, .. } => Some(source),
        Network::None => None,
    }
}

/// The offset of the payload, checked against the frame.
fn placed(name: &str, packet: &Packet<'_>, frame: &RawFrame<'_>) -> usize {
    let Payload::Frame { offset, octets } = packet.payload else { panic!("{name}: not in the frame") };
    let offset = usize::try_from(offset).unwrap();
    assert_eq!(
        frame.octets.get(offset..offset + octets.len()),
        Some(octets),
        "{name}: payload and offset disagree"
    );
    offset
}

#[test]
fn the_further_frames_of_an_aggregate_are_counted() {
    let small = join(&[&SERVER_MAC.0, &CLIENT_MAC.0, &[0, 3], &[0xfe, 0xfe, 3]]);
    let octets = aggregate(&[&small, &small]);
    let mut dissector = Dissector::default();
    let packet = dissector.packet(&frame(&octets)).unwrap();
    assert_eq!(packet.payload.octets(), PAYLOAD);
    let counters: Vec<_> = dissector.counters().collect();
    assert_eq!(counters, [("frames behind the first in an aggregate of 802.11 not read".into(), 2)]);
}

#[test]
fn the_segment_comes_out_of_every_encapsulation() {
    let mut dissector = Dissector::default();
    for sample in samples() {
        let name = sample.name;
        let frame = of_type(sample.link_type, &sample.octets);
        let packet = dissector.packet(&frame).unwrap();
        assert_eq!(packet.problem, None, "{name}");
        let Layer::Tcp(tcp) = packet.layer else { panic!("{name}: {:?}", packet.layer) };
        assert_eq!(
            (tcp.source, tcp.destination, tcp.sequence, tcp.acknowledgment),
            (50_000, 502, 1000, 2000),
            "{name}"
        );
        assert_eq!(
            (tcp.syn, tcp.ack, tcp.fin, tcp.rst, tcp.checksum),
            (false, true, false, false, 0xabcd),
            "{name}"
        );
        assert_eq!(packet.payload.octets(), PAYLOAD, "{name}");
        assert_eq!(packet.payload_missing, 0, "{name}");
        assert_eq!(source(&packet), Some(sample.source), "{name}");
        assert_eq!(packet.vlan, sample.vlan, "{name}");
        assert_eq!((packet.unwrapped, packet.outer.len()), (sample.unwrapped, sample.outers), "{name}");
        let cooked = matches!(sample.link_type.0, 113 | 276);
        let destination = if cooked { Mac([0; 6]) } else { SERVER_MAC };
        assert_eq!(packet.macs, sample.macs.then_some([CLIENT_MAC, destination]), "{name}");
        placed(name, &packet, &frame);
    }
    assert_eq!(dissector.counters().collect::<Vec<_>>(), []);
}

#[test]
fn the_ends_of_tunnels_are_given_outermost_first() {
    let mut dissector = Dissector::default();
    for sample in samples().iter().filter(|sample| sample.outers > 0) {
        let frame = of_type(sample.link_type, &sample.octets);
        let packet = dissector.packet(&frame).unwrap();
        let outer = packet.outer[0];
        assert_eq!(outer.macs, Some([SWITCH_MAC, SENSOR_MAC]), "{}", sample.name);
        match outer.network {
            Network::Ip { source, destination, hop_limit, identification } => {
                assert_eq!((source, destination), (SWITCH.into(), SENSOR.into()), "{}", sample.name);
                assert_eq!((hop_limit, identification), (64, 0x4321), "{}", sample.name);
            }
            Network::None => {
                assert!(["mpls ps", "backbone", "fabricpa"].iter().any(|word| sample.name.starts_with(word)))
            }
        }
    }
    let octets = samples().into_iter().find(|sample| sample.name == "backbone bridge").unwrap().octets;
    assert_eq!(dissector.packet(&frame(&octets)).unwrap().outer[0].vlan, Some(8));
}

#[test]
fn a_frame_cut_anywhere_by_the_capture_never_lies_about_its_payload() {
    let mut dissector = Dissector::default();
    for sample in samples() {
        let whole = of_type(sample.link_type, &sample.octets);
        for length in 0..sample.octets.len() {
            let frame = RawFrame { octets: &sample.octets[..length], ..whole };
            let name = format!("{} cut to {length}", sample.name);
            let packet = match dissector.packet(&frame) {
                Ok(packet) => packet,
                Err(unreadable) => {
                    assert!(matches!(unreadable, Unreadable::Cut { .. }), "{name}: {unreadable}");
                    continue;
                }
            };
            if let Some(problem) = packet.problem {
                assert!(matches!(problem, Unreadable::Cut { .. }), "{name}: {problem}");
            }
            placed(&name, &packet, &frame);
            if let Layer::Tcp(tcp) = packet.layer {
                assert_eq!((tcp.source, tcp.destination), (50_000, 502), "{name}");
                assert_eq!(tcp.header_cut, tcp.sequence == 0, "{name}");
                let octets = packet.payload.octets();
                assert!(PAYLOAD.starts_with(octets), "{name}");
                let missing = usize::try_from(packet.payload_missing).unwrap();
                if !tcp.header_cut {
                    assert_eq!(octets.len() + missing, PAYLOAD.len(), "{name}");
                }
            }
        }
    }
}

#[test]
fn a_frame_that_ends_anywhere_is_read_as_far_as_it_goes() {
    let mut dissector = Dissector::default();
    for sample in samples() {
        for length in 0..sample.octets.len() {
            let frame = of_type(sample.link_type, &sample.octets[..length]);
            if let Ok(packet) = dissector.packet(&frame) {
                placed(sample.name, &packet, &frame);
            }
        }
    }
}

#[test]
fn changed_octets_never_panic_nor_leave_the_frame() {
    let samples = samples();
    let mut dissector = Dissector::default();
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % u64::try_from(below).unwrap()).unwrap()
    };
    for round in 0..60_000 {
        let sample = &samples[next(samples.len())];
        let mut octets = sample.octets.clone();
        for _ in 0..=next(4) {
            let at = next(octets.len());
            octets[at] = u8::try_from(next(256)).unwrap();
        }
        octets.truncate(octets.len() - if next(3) == 0 { next(octets.len()) } else { 0 });
        let original_length = u32::try_from(octets.len() + next(2) * next(2000)).unwrap();
        let frame = RawFrame { number: round, original_length, ..of_type(sample.link_type, &octets) };
        if let Ok(packet) = dissector.packet(&frame) {
            match packet.payload {
                Payload::Frame { .. } => {
                    placed(sample.name, &packet, &frame);
                }
                Payload::Reassembled { octets, pieces, .. } => {
                    assert!(octets.is_empty() || pieces.first().is_some_and(|piece| piece.at == 0));
                }
            }
        }
    }
    assert!(dissector.counters().count() > 10);
}
