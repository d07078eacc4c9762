//! Where a batch ends does not show: what was counted before a payload named the protocol counts under its name.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "a test"
)]

use std::collections::BTreeMap;

use capture::{LinkType, Pipeline, RawFrame};
use observation::{Batch, Time};

const REQUEST: &[u8] = include_bytes!("../../protocols/src/tls/messages/client-hello-1.2.bin");

const SYN: u8 = 0x02;
const SYN_ACK: u8 = 0x12;
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

/// Frames by protocol after a batch behind each segment and `idle` more, and how many rows were made before the end.
fn counted(segments: &[Vec<u8>], idle: usize) -> (BTreeMap<String, u64>, usize) {
    let mut pipeline = Pipeline::new(16);
    let mut batches: Vec<Batch> = Vec::new();
    for (index, octets) in segments.iter().enumerate() {
        pipeline.frame(&RawFrame {
            number: index as u64 + 1,
            time: Time(index as i64 * 1_000_000),
            link_type: LinkType(1),
            original_length: octets.len() as u32,
            octets,
        });
        batches.push(pipeline.take_batch());
    }
    batches.extend((0..idle).map(|_| pipeline.take_batch()));
    let early = batches.iter().map(|batch| batch.conversations.len()).sum();
    batches.push(pipeline.finish().0);
    let mut frames = BTreeMap::new();
    for row in batches.iter().flat_map(|batch| &batch.conversations) {
        *frames.entry(row.key.protocol.to_string()).or_default() += row.frames.iter().sum::<u64>();
    }
    (frames, early)
}

#[test]
fn a_handshake_is_of_the_protocol_that_follows_in_a_later_batch() {
    let segments =
        [segment(true, SYN, 99, &[]), segment(false, SYN_ACK, 499, &[]), segment(true, ACK, 100, REQUEST)];
    assert_eq!(counted(&segments, 0), (BTreeMap::from([("tls".to_owned(), 3)]), 1));
}

#[test]
fn a_handshake_that_nothing_follows_does_not_wait_for_ever() {
    let segments = [segment(true, SYN, 99, &[]), segment(false, SYN_ACK, 499, &[])];
    assert_eq!(counted(&segments, 1), (BTreeMap::from([("tcp".to_owned(), 2)]), 0));
    assert_eq!(counted(&segments, 20), (BTreeMap::from([("tcp".to_owned(), 2)]), 1));
}

/// A Modbus request to read a register, in a segment to port 502.
fn request(sequence: u32, transaction: u8) -> Vec<u8> {
    let mut frame = segment(true, ACK, sequence, &[0, transaction, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1]);
    frame.splice(36..38, 502_u16.to_be_bytes());
    frame
}

#[test]
fn a_message_that_waited_for_a_lost_segment_counts_though_its_frame_was_counted_before() {
    // The second of three requests is lost; the third waits for it until the end.
    let segments = [request(100, 1), request(124, 3)];
    let reads = |with_batches: bool| -> u64 {
        let mut pipeline = Pipeline::new(16);
        let mut batches: Vec<Batch> = Vec::new();
        for (index, octets) in segments.iter().enumerate() {
            pipeline.frame(&RawFrame {
                number: index as u64 + 1,
                time: Time(index as i64 * 1_000_000),
                link_type: LinkType(1),
                original_length: octets.len() as u32,
                octets,
            });
            if with_batches {
                batches.push(pipeline.take_batch());
            }
        }
        batches.push(pipeline.finish().0);
        let rows: Vec<_> = batches.iter().flat_map(|batch| &batch.conversations).collect();
        let frames: u64 = rows.iter().flat_map(|row| row.frames).sum();
        assert_eq!(frames, 2);
        assert!(rows.iter().all(|row| row.sighting.first <= row.sighting.last));
        rows.iter().flat_map(|row| &row.operations).map(|operation| operation.sighting.count).sum()
    };
    assert_eq!(reads(false), 2);
    assert_eq!(reads(true), 2);
}
