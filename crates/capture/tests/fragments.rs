//! IP packets put together from fragments: in any order, seen twice, overlapping, incomplete, in floods.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test"
)]

mod frames;

use capture::{Dissector, DissectorLimits, Layer, LinkType, Packet, Payload, RawFrame};
use frames::*;
use observation::Time;

const MORE: u16 = 0x2000;
const SECOND: i64 = 1_000_000_000;

/// A datagram of UDP with the payload 0, 1, 2 …
fn datagram(payload: usize) -> Vec<u8> {
    let payload: Vec<u8> = (0..payload).map(|at| u8::try_from(at % 251).unwrap()).collect();
    udp(20_000, &payload)
}

/// Octets `from..to` of an IPv4 datagram as a frame.
fn fragment(id: u16, datagram: &[u8], from: usize, to: usize) -> Vec<u8> {
    let more = if to < datagram.len() { MORE } else { 0 };
    let flags = u16::try_from(from / 8).unwrap() | more;
    ethernet(0x0800, &ipv4_with(CLIENT, SERVER, 17, id, flags, &datagram[from..to]))
}

fn fragment_6(id: u32, datagram: &[u8], from: usize, to: usize) -> Vec<u8> {
    let more = u16::from(to < datagram.len());
    let offset = u16::try_from(from).unwrap() | more;
    let header = join(&[&[17, 0], &offset.to_be_bytes(), &id.to_be_bytes()]);
    ethernet(0x86dd, &ipv6(44, &join(&[&header, &datagram[from..to]])))
}

fn at(number: u64, time: i64, octets: &[u8]) -> RawFrame<'_> {
    RawFrame { number, time: Time(time), ..frame(octets) }
}

fn is_fragment(packet: &Packet<'_>) -> bool {
    matches!(packet.layer, Layer::Fragment { .. }) && matches!(packet.payload, Payload::Frame { .. })
}

fn count(dissector: &Dissector, name: &str) -> u64 {
    dissector.counters().filter(|(known, _)| known == name).map(|(_, count)| count).sum()
}

/// The payload must be `expected`, and each octet of it must be where the pieces say.
fn check_whole(packet: &Packet<'_>, expected: &[u8], seen: &[RawFrame<'_>], last: u64) {
    let Payload::Reassembled { octets, pieces, frames } = packet.payload else { panic!("{packet:?}") };
    assert_eq!(octets, expected);
    assert!(frames.iter().all(|kept| kept.frame != last));
    for (index, piece) in pieces.iter().enumerate() {
        let end = pieces.get(index + 1).map_or(octets.len(), |next| next.at);
        let run = &octets[piece.at..end];
        let offset = usize::try_from(piece.offset).unwrap();
        let origin = seen.iter().find(|frame| frame.number == piece.frame).unwrap();
        assert_eq!(&origin.octets[offset..offset + run.len()], run, "piece {index}");
        if piece.frame != last {
            let kept = frames.iter().find(|kept| kept.frame == piece.frame).unwrap();
            assert_eq!(kept.octets, origin.octets);
        }
    }
    assert_eq!(pieces.first().map(|piece| piece.at), Some(0));
}

#[test]
fn fragments_in_any_order_make_the_datagram_and_keep_their_places() {
    let datagram = datagram(60);
    let cuts = [(0, 24), (24, 48), (48, 68)];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        for build in [|d: &[u8], f, t| fragment(1, d, f, t), |d: &[u8], f, t| fragment_6(1, d, f, t)] {
            let octets: Vec<Vec<u8>> =
                order.iter().map(|at| build(&datagram, cuts[*at].0, cuts[*at].1)).collect();
            let frames: Vec<_> =
                octets.iter().zip(1..).map(|(octets, number)| at(number, 5, octets)).collect();
            let mut dissector = Dissector::default();
            assert!(is_fragment(&dissector.packet(&frames[0]).unwrap()));
            assert!(is_fragment(&dissector.packet(&frames[1]).unwrap()));
            let whole = dissector.packet(&frames[2]).unwrap();
            assert_eq!(whole.layer, Layer::Udp { source: 50_000, destination: 20_000, checksum: 0xabcd });
            assert_eq!((whole.macs, whole.payload_missing), (Some([CLIENT_MAC, SERVER_MAC]), 0));
            check_whole(&whole, &datagram[8..], &frames, 3);
            assert_eq!(count(&dissector, "ip datagrams put together"), 1);
            assert_eq!(count(&dissector, "ip datagrams waiting for fragments"), 0);
        }
    }
}

#[test]
fn the_sender_and_place_of_a_fragment_are_known_at_once() {
    let octets = fragment(1, &datagram(60), 24, 48);
    let mut dissector = Dissector::default();
    let frame = at(1, 0, &octets);
    let packet = dissector.packet(&frame).unwrap();
    assert_eq!(packet.layer, Layer::Fragment { protocol: 17 });
    assert!(matches!(packet.payload, Payload::Frame { offset: 34, octets } if octets.len() == 24));
    assert!(matches!(packet.network, capture::Network::Ip { source, .. } if source == CLIENT));
}

#[test]
fn a_mirror_that_shows_each_frame_twice_makes_one_datagram() {
    let datagram = datagram(60);
    let (first, last) = (fragment(9, &datagram, 0, 40), fragment(9, &datagram, 40, 68));
    for order in [[&first, &first, &last, &last], [&first, &last, &first, &last]] {
        let mut dissector = Dissector::default();
        let wholes = (0..).zip(order).filter(|(number, octets)| {
            let frame = at(*number, 1000 * i64::try_from(*number).unwrap(), octets);
            !is_fragment(&dissector.packet(&frame).unwrap())
        });
        assert_eq!(wholes.count(), 1);
        assert_eq!(count(&dissector, "ip fragments seen twice"), 2);
        assert_eq!(count(&dissector, "ip datagrams waiting for fragments"), 0);
    }
}

#[test]
fn a_sender_that_never_counts_its_datagrams_is_understood() {
    let mut dissector = Dissector::default();
    for round in 1..20_u8 {
        let datagram = udp(20_000, &[round; 60]);
        let (first, last) = (fragment(0, &datagram, 0, 40), fragment(0, &datagram, 40, 68));
        let time = i64::from(round) * 1000;
        assert!(is_fragment(&dissector.packet(&at(round.into(), time, &first)).unwrap()));
        let frame = at(round.into(), time + 1, &last);
        let whole = dissector.packet(&frame).unwrap();
        assert_eq!(whole.payload.octets(), [round; 60]);
    }
}

#[test]
fn of_overlapping_octets_the_first_win_in_ipv4_and_none_in_ipv6() {
    let (datagram, other) = (datagram(60), vec![0xee; 68]);
    let mut dissector = Dissector::default();
    let octets = [fragment(3, &datagram, 0, 32), fragment(3, &other, 16, 48), fragment(3, &datagram, 40, 68)];
    let frames: Vec<_> = octets.iter().zip(1..).map(|(octets, number)| at(number, 0, octets)).collect();
    dissector.packet(&frames[0]).unwrap();
    dissector.packet(&frames[1]).unwrap();
    let whole = dissector.packet(&frames[2]).unwrap();
    let expected = join(&[&datagram[8..32], &[0xee; 16], &datagram[48..]]);
    check_whole(&whole, &expected, &frames, 3);
    assert_eq!(count(&dissector, "ip fragments that overlap others"), 2);

    let octets =
        [fragment_6(3, &datagram, 0, 32), fragment_6(3, &other, 16, 48), fragment_6(3, &datagram, 32, 68)];
    for (octets, number) in octets.iter().zip(1..) {
        assert!(is_fragment(&dissector.packet(&at(number, 0, octets)).unwrap()));
    }
    assert_eq!(count(&dissector, "ipv6 datagrams dropped for overlapping fragments"), 1);
}

#[test]
fn two_last_fragments_that_disagree_do_not_make_a_datagram() {
    let long = datagram(60);
    let mut dissector = Dissector::default();
    for (octets, number) in [fragment(4, &long[..40], 24, 40), fragment(4, &long, 48, 68)].iter().zip(1..) {
        assert!(is_fragment(&dissector.packet(&at(number, 0, octets)).unwrap()));
    }
    assert_eq!(count(&dissector, "ip fragments that overlap others"), 1);
    let (first, frames) = (fragment(4, &long, 0, 24), 3);
    let frame = at(frames, 0, &first);
    assert_eq!(dissector.packet(&frame).unwrap().payload.octets(), &long[8..40]);
}

#[test]
fn datagrams_wait_thirty_seconds_of_observed_time_whichever_way_the_clock_jumps() {
    let datagram = datagram(60);
    for jump in [31 * SECOND, -31 * SECOND, i64::MAX, i64::MIN] {
        let mut dissector = Dissector::default();
        dissector.packet(&at(1, 0, &fragment(5, &datagram, 0, 40))).unwrap();
        assert!(is_fragment(&dissector.packet(&at(2, jump, &fragment(5, &datagram, 40, 68))).unwrap()));
        assert_eq!(count(&dissector, "ip datagrams never completed"), 1);
        assert_eq!(count(&dissector, "ip datagrams waiting for fragments"), 1);
    }
    let mut dissector = Dissector::default();
    dissector.packet(&at(1, 0, &fragment(5, &datagram, 0, 40))).unwrap();
    assert!(!is_fragment(&dissector.packet(&at(2, 29 * SECOND, &fragment(5, &datagram, 40, 68))).unwrap()));
}

#[test]
fn a_flood_of_fragments_stays_within_the_bounds_and_is_counted() {
    let mut dissector = Dissector::new(DissectorLimits { datagrams: 16, fragment_octets: 20_000 });
    let datagram = datagram(2000);
    for id in 0..500_u16 {
        dissector.packet(&at(id.into(), 0, &fragment(id, &datagram, 0, 1024))).unwrap();
    }
    let (waiting, dropped) = (
        count(&dissector, "ip datagrams waiting for fragments"),
        count(&dissector, "ip datagrams dropped by the bound of all fragments"),
    );
    assert!((1..=16).contains(&waiting), "{waiting}");
    assert_eq!(waiting + dropped, 500);

    // Tiny fragments of one datagram.
    let mut dissector = Dissector::default();
    let large = udp(20_000, &vec![7; 8000]);
    for index in 0..1000_usize {
        dissector.packet(&at(1, 0, &fragment(1, &large, index * 8, index * 8 + 8))).unwrap();
    }
    assert_eq!(count(&dissector, "ip datagrams dropped for too many fragments"), 1);
    assert_eq!(count(&dissector, "ip datagrams put together"), 0);
}

#[test]
fn impossible_fragments_are_dropped_and_counted() {
    let mut dissector = Dissector::default();
    let mut send = |octets: &[u8]| {
        assert!(is_fragment(&dissector.packet(&at(1, 0, octets)).unwrap()));
    };
    // Not a multiple of eight octets though more follow; behind the largest datagram; empty.
    send(&ethernet(0x0800, &ipv4_with(CLIENT, SERVER, 17, 1, MORE, &[1; 20])));
    send(&ethernet(0x0800, &ipv4_with(CLIENT, SERVER, 17, 1, 0x1fff, &[1; 16])));
    send(&ethernet(0x0800, &ipv4_with(CLIENT, SERVER, 17, 1, MORE, &[])));
    assert_eq!(count(&dissector, "ip fragments of impossible length or place"), 3);

    let octets = fragment(2, &datagram(60), 0, 40);
    let cut = RawFrame { octets: &octets[..50], ..at(1, 0, &octets) };
    assert!(is_fragment(&dissector.packet(&cut).unwrap()));
    assert_eq!(count(&dissector, "ip fragments cut by the capture"), 1);
}

#[test]
fn a_mirror_session_in_fragments_gives_the_frame_it_carries() {
    // GRE in fragments, and inside it a fragment of IP again.
    let inner = datagram(60);
    let carried: Vec<Vec<u8>> = [(0, 40), (40, 68)]
        .iter()
        .map(|(from, to)| join(&[&[0x00, 0x00, 0x88, 0xbe], &fragment(6, &inner, *from, *to)]))
        .collect();
    let mut octets = Vec::new();
    for (id, gre) in (70..).zip(&carried) {
        let first = ipv4_with(SWITCH, SENSOR, 47, id, MORE, &gre[..48]);
        let last = ipv4_with(SWITCH, SENSOR, 47, id, 6, &gre[48..]);
        octets.extend([outer_ethernet(0x0800, &first), outer_ethernet(0x0800, &last)]);
    }
    let frames: Vec<_> = octets.iter().zip(1..).map(|(octets, number)| at(number, 0, octets)).collect();
    let mut dissector = Dissector::default();
    for frame in &frames[..3] {
        let packet = dissector.packet(frame).unwrap();
        assert!(is_fragment(&packet));
        assert_eq!(packet.outer, []);
    }
    let whole = dissector.packet(&frames[3]).unwrap();
    assert_eq!((whole.macs, whole.outer.len(), whole.unwrapped), (Some([CLIENT_MAC, SERVER_MAC]), 1, true));
    assert_eq!(whole.outer[0].macs, Some([SWITCH_MAC, SENSOR_MAC]));
    check_whole(&whole, &inner[8..], &frames, 4);
}

#[test]
fn random_fragments_never_panic_and_wholes_are_what_the_first_fragments_said() {
    let mut random = 88_172_645_463_325_252_u64;
    let mut next = |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    let mut dissector = Dissector::new(DissectorLimits { datagrams: 8, fragment_octets: 100_000 });
    let datagrams: Vec<Vec<u8>> = (0..4).map(|extra| datagram(100 + 8 * extra)).collect();
    let mut wholes = 0;
    for round in 0..20_000_u64 {
        let which = next(4);
        let datagram = &datagrams[usize::try_from(which).unwrap()];
        let from = usize::try_from(next(13)).unwrap() * 8;
        let to = (from + 8 + usize::try_from(next(6)).unwrap() * 8).min(datagram.len());
        let id = u16::try_from(which).unwrap();
        let octets = if next(2) == 0 {
            fragment(id, datagram, from, to)
        } else {
            fragment_6(id.into(), datagram, from, to)
        };
        let time = i64::try_from(round).unwrap() * SECOND / 50;
        let frame = RawFrame { number: round, time: Time(time), ..of_type(LinkType::ETHERNET, &octets) };
        let packet = dissector.packet(&frame).unwrap();
        if let Payload::Reassembled { octets, .. } = packet.payload {
            assert_eq!(octets, &datagram[8..]);
            wholes += 1;
        }
    }
    assert!(wholes > 100, "{wholes}");
}
