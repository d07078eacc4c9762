//! A short exchange of datagrams that stand alone makes room when it is over; nothing it counted is lost, and who keeps
//! state, or talks on, keeps the flow.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "a test"
)]

use capture::{LinkType, Pipeline, RawFrame};
use observation::Time;

const QUERY: &[u8] = include_bytes!("../../protocols/src/dns/messages/query-udp.bin");
const SNMP: &[u8] = include_bytes!("../../protocols/src/snmp/messages/get.bin");

/// A datagram in IPv4 in Ethernet from client to server.
fn datagram(source_port: u16, destination_port: u16, number: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0];
    frame.extend([0x45, 0]);
    frame.extend((28 + payload.len() as u16).to_be_bytes());
    frame.extend(number.to_be_bytes());
    frame.extend([0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    frame.extend(source_port.to_be_bytes());
    frame.extend(destination_port.to_be_bytes());
    frame.extend((8 + payload.len() as u16).to_be_bytes());
    frame.extend([0, 0]);
    frame.extend(payload);
    frame
}

/// Conversations opened and frames, of one protocol, in a capture of these datagrams: seconds, ports and payload.
fn counted(protocol: &str, datagrams: impl Iterator<Item = (i64, u16, u16, &'static [u8])>) -> (u64, u64) {
    let mut pipeline = Pipeline::new(1024);
    for (index, (seconds, source, destination, payload)) in datagrams.enumerate() {
        let octets = datagram(source, destination, index as u16, payload);
        pipeline.frame(&RawFrame {
            number: index as u64 + 1,
            time: Time(seconds * 1_000_000_000),
            link_type: LinkType(1),
            original_length: octets.len() as u32,
            octets: &octets,
        });
    }
    let (batch, totals) = pipeline.finish();
    assert_eq!(totals.counters.get("flows evicted"), None);
    let rows = batch.conversations.iter().filter(|row| row.key.protocol == protocol);
    rows.fold((0, 0), |(opened, frames), row| {
        (opened + row.sighting.count, frames + row.frames[0] + row.frames[1])
    })
}

/// `first` at the given seconds, and between them many flows that look for room.
fn among_others(
    seconds: [i64; 2],
    times: usize,
    first: (u16, u16, &'static [u8]),
) -> impl Iterator<Item = (i64, u16, u16, &'static [u8])> {
    let one = move |at: i64| std::iter::repeat_n((at, first.0, first.1, first.2), times);
    let others = (0..200_u16).map(move |port| (seconds[1], 1_000 + port, 9, &b"?"[..]));
    one(seconds[0]).chain(others).chain(one(seconds[1]))
}

#[test]
fn a_name_asked_for_again_from_the_same_port_counts_as_new_once_it_is_over() {
    let asks = (50_000, 53, QUERY);
    assert_eq!(counted("dns", among_others([0, 29], 1, asks)), (1, 2));
    assert_eq!(counted("dns", among_others([0, 31], 1, asks)), (2, 2));
    // Who asks on and on is no short exchange.
    assert_eq!(counted("dns", among_others([0, 31], 4, asks)), (1, 8));
    // Between two ports of the protocol there is one conversation.
    assert_eq!(counted("dns", among_others([0, 31], 1, (53, 53, QUERY))), (1, 2));
}

#[test]
fn a_session_that_keeps_state_stays() {
    assert_eq!(counted("snmp", among_others([0, 31], 1, (50_000, 161, SNMP))), (1, 2));
}
