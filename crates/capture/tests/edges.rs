//! Lengths that lie, trailers, and what stays opaque.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test"
)]

mod frames;

use capture::{Dissector, Layer, Network, Payload, RawFrame};
use frames::*;

/// Layer, payload, octets missing and problem of one frame.
fn read(octets: &[u8]) -> (Layer, Vec<u8>, u32, Option<String>) {
    read_cut(octets, octets.len())
}

fn read_cut(octets: &[u8], captured: usize) -> (Layer, Vec<u8>, u32, Option<String>) {
    let mut dissector = Dissector::default();
    let frame = RawFrame { octets: &octets[..captured], ..frame(octets) };
    let packet = dissector.packet(&frame).unwrap();
    let Payload::Frame { offset, octets } = packet.payload else { panic!("reassembled") };
    let offset = usize::try_from(offset).unwrap();
    assert_eq!(&frame.octets[offset..offset + octets.len()], octets);
    (packet.layer, octets.to_vec(), packet.payload_missing, packet.problem.map(ToString::to_string))
}

fn counts(octets: &[u8]) -> Vec<(String, u64)> {
    let mut dissector = Dissector::default();
    drop(dissector.packet(&frame(octets)));
    dissector.counters().collect()
}

fn changed(octets: &[u8], at: usize, to: &[u8]) -> Vec<u8> {
    let mut octets = octets.to_vec();
    octets[at..at + to.len()].copy_from_slice(to);
    octets
}

#[test]
fn a_total_length_of_zero_takes_the_whole_frame() {
    let octets = changed(&inner_frame(), 16, &[0, 0]);
    let (layer, payload, missing, problem) = read(&octets);
    assert!(matches!(layer, Layer::Tcp(_)));
    assert_eq!((payload.as_slice(), missing, problem), (PAYLOAD, 0, None));
    assert_eq!(counts(&octets), [("ip packets of length 0 (segmentation offload)".to_owned(), 1)]);
    let octets = changed(&ethernet(0x86dd, &ipv6(6, &tcp(PAYLOAD))), 18, &[0, 0]);
    assert_eq!(read(&octets).1, PAYLOAD);
}

#[test]
fn a_jumbogram_states_its_length_in_an_option() {
    let jumbo = join(&[&[6, 0, 0xc2, 4, 0, 1, 0, 0], &tcp(PAYLOAD)]);
    let octets = changed(&ethernet(0x86dd, &ipv6(0, &jumbo)), 18, &[0, 0]);
    let (layer, payload, missing, _) = read(&octets);
    assert!(matches!(layer, Layer::Tcp(_)));
    assert_eq!(payload, PAYLOAD);
    assert_eq!(usize::try_from(missing).unwrap(), 65_536 - jumbo.len());
}

#[test]
fn a_packet_longer_than_its_frame_says_how_much_is_missing() {
    let octets = changed(&inner_frame(), 16, &[0x02, 0]);
    let (_, payload, missing, problem) = read(&octets);
    assert_eq!((payload.as_slice(), problem), (PAYLOAD, None));
    assert_eq!(usize::try_from(missing).unwrap(), 512 - 52 - PAYLOAD.len());
    assert_eq!(counts(&octets), [("lengths beyond the end of the frame".to_owned(), 1)]);
}

#[test]
fn a_tcp_header_cut_by_the_capture_gives_what_is_there() {
    let octets = inner_frame();
    let (layer, payload, missing, problem) = read_cut(&octets, 14 + 20 + 25);
    let Layer::Tcp(tcp) = layer else { panic!("{layer:?}") };
    assert_eq!((tcp.sequence, tcp.header_cut, payload.len(), missing, problem), (1000, false, 0, 10, None));
    let (layer, _, _, problem) = read_cut(&octets, 14 + 20 + 10);
    let Layer::Tcp(tcp) = layer else { panic!("{layer:?}") };
    assert_eq!((tcp.source, tcp.destination, tcp.header_cut, problem), (50_000, 502, true, None));
    let (layer, _, _, problem) = read_cut(&octets, 14 + 20 + 3);
    assert_eq!(layer, Layer::Ip { protocol: 6 });
    assert_eq!(problem.unwrap(), "tcp header at octet 34: 17 octets missing, cut by the capture");
}

#[test]
fn malformed_headers_leave_the_layer_below_and_are_counted() {
    let octets = inner_frame();
    let cases: [(&[u8], &str); 4] = [
        (&changed(&octets, 14, &[0x44]), "ipv4 header length at octet 14: value 0x4 is not allowed"),
        (&changed(&octets, 14, &[0x65]), "ipv4 version at octet 14: value 0x6 is not allowed"),
        (&changed(&octets, 16, &[0, 19]), "ipv4 total length at octet 16: value 0x13 is not allowed"),
        (&octets[..30], "ipv4 header at octet 14: 4 octets missing"),
    ];
    for (octets, expected) in cases {
        let (layer, payload, _, problem) = read(octets);
        assert_eq!(problem.unwrap(), expected);
        assert_eq!((layer, payload.as_slice()), (Layer::Ethernet { ethertype: 0x0800 }, &octets[14..]));
        let counted = counts(octets);
        assert!(counted[0].0.starts_with("ipv4 ") && counted[0].0.ends_with(" malformed"), "{counted:?}");
    }
    let (layer, _, _, problem) = read(&changed(&octets, 46, &[0x40]));
    assert_eq!(layer, Layer::Ip { protocol: 6 });
    assert_eq!(problem.unwrap(), "tcp data offset at octet 46: value 0x4 is not allowed");
    let (layer, _, _, problem) = read(&changed(&octets, 46, &[0xf0]));
    assert_eq!(layer, Layer::Ip { protocol: 6 });
    assert_eq!(problem.unwrap(), "tcp header at octet 34: 18 octets missing");
    // Between length and type.
    let (layer, _, _, problem) = read(&changed(&octets, 12, &[0x05, 0xff]));
    assert_eq!(layer, Layer::Ethernet { ethertype: 0x05ff });
    assert_eq!(problem.unwrap(), "ethernet length at octet 12: value 0x5ff is not allowed");
}

#[test]
fn a_frame_without_addresses_is_unreadable() {
    let mut dissector = Dissector::default();
    let error = dissector.packet(&frame(&[1; 13])).unwrap_err();
    assert_eq!(error.to_string(), "ethernet header at octet 0: 1 octet missing");
    let error = dissector.packet(&of_type(capture::LinkType(101), &[0x75; 40])).unwrap_err();
    assert_eq!(error.to_string(), "ip version at octet 0: value 0x7 is not allowed");
    let error = dissector.packet(&of_type(capture::LinkType(0), &[9, 9, 0, 0, 0x45])).unwrap_err();
    assert_eq!(error.to_string(), "loopback address family at octet 0: value 0x9090000 is not allowed");
    let error = dissector.packet(&of_type(capture::LinkType(165), &[0; 40])).unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.layer()),
        ("link type 165 (BACnet MS/TP) not read", "link")
    );
    assert_eq!(dissector.counters().map(|(_, count)| count).sum::<u64>(), 4);
}

#[test]
fn the_smaller_of_udp_and_ip_length_holds() {
    let with_length = |length: u16| {
        let datagram = changed(&udp(502, PAYLOAD), 4, &length.to_be_bytes());
        ethernet(0x0800, &ipv4(17, &datagram))
    };
    assert_eq!(read(&with_length(12)).1, &PAYLOAD[..4]);
    assert_eq!(read(&with_length(8)).1, b"");
    assert_eq!(counts(&with_length(12)), []);
    for length in [0, 60_000] {
        let (layer, payload, missing, problem) = read(&with_length(length));
        assert!(matches!(layer, Layer::Udp { destination: 502, .. }));
        assert_eq!((payload.as_slice(), missing, problem), (PAYLOAD, 0, None));
        assert_eq!(counts(&with_length(length)), [("udp lengths that contradict ip".to_owned(), 1)]);
    }
    let (layer, _, _, problem) = read(&with_length(7));
    assert_eq!(layer, Layer::Ip { protocol: 17 });
    assert_eq!(problem.unwrap(), "udp length at octet 38: value 0x7 is not allowed");
    // Cut by the capture: missing is counted against the UDP length.
    let octets = with_length(12);
    assert_eq!(read_cut(&octets, octets.len() - 8).2, 2);
}

#[test]
fn llc_frames_end_where_their_length_says() {
    let bpdu = [0x42, 0x42, 0x03, 0, 0, 0, 0];
    let frame = ethernet(7, &join(&[&bpdu, &[0x55; 39]]));
    assert_eq!(read(&frame), (Layer::Ethernet { ethertype: 0x42 }, vec![0; 4], 0, None));
    // A control field of two octets.
    let frame = ethernet(6, &[0xf0, 0xf0, 0x02, 0x01, 7, 7, 0, 0]);
    assert_eq!(read(&frame), (Layer::Ethernet { ethertype: 0xf0 }, vec![7, 7], 0, None));
    // SNAP of an organisation: CDP.
    let frame = ethernet(10, &[0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0, 2, 180, 9, 9]);
    assert_eq!(
        read(&frame),
        (Layer::Ethernet { ethertype: 0x2000 }, vec![0, 0, 0x0c, 0x20, 0, 2, 180], 0, None)
    );
    // Of another one: its numbers mean nothing here.
    let frame = ethernet(10, &[0xaa, 0xaa, 3, 8, 0, 7, 0x20, 0, 2, 180, 9, 9]);
    assert_eq!(read(&frame), (Layer::Ethernet { ethertype: 0xaa }, vec![8, 0, 7, 0x20, 0, 2, 180], 0, None));
    // IPX without LLC.
    let frame = ethernet(6, &[0xff, 0xff, 0, 6, 0, 1, 0, 0]);
    assert_eq!(read(&frame), (Layer::Ethernet { ethertype: 0xff }, vec![0xff, 0xff, 0, 6, 0, 1], 0, None));
    let (layer, payload, _, problem) = read(&ethernet(2, &[0x42, 0x42, 3, 0]));
    assert_eq!((layer, payload.len()), (Layer::Ethernet { ethertype: 0 }, 2));
    assert_eq!(problem.unwrap(), "llc header at octet 14: 1 octet missing");
}

#[test]
fn a_session_of_pppoe_ends_where_its_length_says() {
    let packet = ipv4(6, &tcp(PAYLOAD));
    let short = u16::try_from(packet.len() - 4).unwrap();
    let octets =
        ethernet(0x8864, &join(&[&[0x11, 0, 0, 1], &(short + 2).to_be_bytes(), &[0, 0x21], &packet]));
    let (layer, payload, missing, problem) = read(&octets);
    assert!(matches!(layer, Layer::Tcp(_)));
    assert_eq!((payload.as_slice(), missing, problem), (&PAYLOAD[..6], 0, None));
    assert_eq!(read_cut(&octets, octets.len() - 7).1, &PAYLOAD[..3]);
    assert_eq!(read_cut(&octets, octets.len() - 7).2, 3);
}

#[test]
fn a_prp_trailer_is_taken_off() {
    let goose = [1; 40];
    let trailer = |size: u16, lan: u16| join(&[&[0, 9], &(lan << 12 | size).to_be_bytes(), &[0x88, 0xfb]]);
    let read_with = |trailer: &[u8]| read(&ethernet(0x88b8, &join(&[&goose, trailer]))).1.len();
    assert_eq!(read_with(&trailer(46, 0xa)), 40);
    assert_eq!(read_with(&trailer(46, 0xb)), 40);
    assert_eq!(read_with(&trailer(46, 0xc)), 46);
    assert_eq!(read_with(&trailer(45, 0xa)), 46);
    // IP tells its length itself.
    let octets = join(&[&inner_frame(), &trailer(68, 0xa)]);
    assert_eq!(read(&octets).1, PAYLOAD);
}

#[test]
fn many_tags_are_taken_off_and_many_tunnels_are_not() {
    let tagged = (0..300).fold(inner_ipv4(), |inside, vid| {
        let ethertype = if vid == 0 { 0x0800_u16 } else { 0x8100 };
        join(&[&(vid + 1_u16).to_be_bytes(), &ethertype.to_be_bytes(), &inside])
    });
    let octets = ethernet(0x8100, &tagged);
    let mut dissector = Dissector::default();
    let raw = frame(&octets);
    let packet = dissector.packet(&raw).unwrap();
    assert_eq!((packet.vlan, packet.payload.octets()), (Some(300), PAYLOAD));

    let nested = (0..20).fold(inner_ipv4(), |inside, _| ipv4(4, &inside));
    let octets = ethernet(0x0800, &nested);
    let raw = frame(&octets);
    let packet = dissector.packet(&raw).unwrap();
    assert_eq!((packet.outer.len(), packet.layer), (8, Layer::Ip { protocol: 4 }));
    assert_eq!(packet.problem.unwrap().to_string(), "ipv4 nesting at octet 194: value 0x8 is not allowed");
    assert_eq!(dissector.counters().collect::<Vec<_>>(), [("ipv4 nesting malformed".to_owned(), 1)]);
}

#[test]
fn a_chain_of_extension_headers_ends() {
    let chain = (0..100).fold(tcp(PAYLOAD), |inside, number| {
        let next = if number == 0 { 6 } else { 60 };
        join(&[&[next, 0, 1, 4, 0, 0, 0, 0], &inside])
    });
    let octets = ethernet(0x86dd, &ipv6(60, &chain));
    let (layer, _, _, problem) = read(&octets);
    assert_eq!(layer, Layer::Ip { protocol: 60 });
    assert_eq!(problem.unwrap(), "link headers at octet 558: value 0x40 is not allowed");
}

#[test]
fn what_is_not_known_stays_the_payload_of_what_carries_it() {
    let macsec = ethernet(0x88e5, &[0x0c; 40]);
    assert_eq!(read(&macsec).0, Layer::Ethernet { ethertype: 0x88e5 });
    assert_eq!(read(&ethernet(0x0800, &ipv4(50, &[1; 40]))).0, Layer::Ip { protocol: 50 });
    assert_eq!(read(&ethernet(0x86dd, &ipv6(59, &[]))).0, Layer::Ip { protocol: 59 });
    assert_eq!(
        read(&ethernet(0x8864, &[0x11, 0, 0, 1, 0, 4, 0xc0, 0x21, 1, 1])).0,
        Layer::Ethernet { ethertype: 0x8864 }
    );
    // A wireless controller's GRE, ERSPAN of an unknown version, VXLAN without the flag, a reply to that port.
    for (flags, protocol, inside) in [(0, 0x8200, 0_u8), (0x1000, 0x88be, 0x70), (2, 0x0800, 0x45)] {
        let octets = over_gre(flags, protocol, &[inside; 60]);
        let (layer, payload, _, problem) = read(&octets);
        assert_eq!((layer, problem), (Layer::Ip { protocol: 47 }, None));
        assert_eq!(payload.len(), 64);
    }
    for (first, ethertype) in [(0x00, 0x0800), (0x18, 0x8892)] {
        let payload = join(&[&[first, 0, 0, 0, 0, 0, 1, 0], &ethernet(ethertype, &inner_ipv4())]);
        assert!(matches!(
            read(&over_udp(4789, &payload)),
            (Layer::Udp { destination: 4789, .. }, _, 0, None)
        ));
    }
    // Labels over something that is neither IP nor Ethernet.
    assert_eq!(
        read(&ethernet(0x8847, &[0, 1, 1, 64, 0x10, 0, 0, 7])).0,
        Layer::Ethernet { ethertype: 0x8847 }
    );
}

#[test]
fn a_pseudowire_whose_frame_begins_like_ip_is_ethernet() {
    for first in [0x40, 0x60, 0x6c] {
        let frame = changed(&inner_frame(), 0, &[first]);
        let octets = outer_ethernet(0x8847, &join(&[&[0, 2, 1, 64], &frame]));
        let mut dissector = Dissector::default();
        let raw = frames::frame(&octets);
        let packet = dissector.packet(&raw).unwrap();
        assert_eq!((packet.payload.octets(), packet.outer.len()), (PAYLOAD, 1));
        assert_eq!(packet.outer[0].network, Network::None);
    }
}

#[test]
fn a_label_stack_without_end_is_malformed_and_the_frame_counted() {
    let stack: Vec<u8> = [0, 0, 0x10, 64].repeat(20);
    let octets = ethernet(0x8847, &stack);
    assert_eq!(read(&octets).3.unwrap(), "mpls label stack at octet 14: value 0x10 is not allowed");
}
