//! A connection of which a decoder says that nothing more can be read is counted and not looked at any more, until it is
//! opened anew.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "a test"
)]

use capture::{LinkType, Pipeline, RawFrame};
use observation::Time;

const HELLO: &[u8] = include_bytes!("../../protocols/src/tls/messages/client-hello-1.2.bin");
const DATA: [u8; 8] = [23, 3, 3, 0, 3, 1, 2, 3];

const SYN: u8 = 0x02;
const ACK: u8 = 0x10;

/// A TCP segment in IPv4 in Ethernet from client to server, or back.
fn segment(from_client: bool, flags: u8, sequence: u32, payload: &[u8]) -> Vec<u8> {
    let (client, server) = (([10, 0, 0, 1], 50_000_u16), ([10, 0, 0, 2], 443_u16));
    let (source, destination) = if from_client { (client, server) } else { (server, client) };
    let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0];
    frame.extend([0x45, 0]);
    frame.extend((40 + payload.len() as u16).to_be_bytes());
    frame.extend([0, 0, 0, 0, 64, 6, 0, 0]);
    frame.extend(source.0);
    frame.extend(destination.0);
    frame.extend(source.1.to_be_bytes());
    frame.extend(destination.1.to_be_bytes());
    frame.extend(sequence.to_be_bytes());
    frame.extend([0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    frame.extend(payload);
    frame
}

/// How often a client's hello was read, and the frames of its conversation.
fn hellos(segments: &[Vec<u8>]) -> (u64, u64) {
    let mut pipeline = Pipeline::new(16);
    for (index, octets) in segments.iter().enumerate() {
        pipeline.frame(&RawFrame {
            number: index as u64 + 1,
            time: Time(index as i64 * 1_000_000_000),
            link_type: LinkType(1),
            original_length: octets.len() as u32,
            octets,
        });
    }
    let (batch, _) = pipeline.finish();
    let rows = || batch.conversations.iter();
    let hellos = rows().flat_map(|row| &row.operations).filter(|operation| operation.name == "client hello");
    (hellos.map(|operation| operation.sighting.count).sum(), rows().flat_map(|row| row.frames).sum())
}

#[test]
fn nothing_is_read_behind_the_end_and_all_is_counted() {
    let length = HELLO.len() as u32;
    let segments = [
        segment(true, SYN, 99, &[]),
        segment(true, ACK, 100, HELLO),
        segment(false, ACK, 500, &DATA),
        // Never sent like this; it shows that no one looks.
        segment(true, ACK, 100 + length, HELLO),
        segment(true, ACK, 100 + length * 3, HELLO),
    ];
    assert_eq!(hellos(&segments), (1, 5));
}

#[test]
fn a_connection_that_is_opened_anew_is_read_anew() {
    let segments = [
        segment(true, SYN, 99, &[]),
        segment(true, ACK, 100, HELLO),
        segment(false, ACK, 500, &DATA),
        segment(true, SYN, 7_000_000, &[]),
        segment(true, ACK, 7_000_001, HELLO),
    ];
    assert_eq!(hellos(&segments), (2, 5));
}
