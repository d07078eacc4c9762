//! What is given up of a stream is counted, octet by octet.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test")]

mod frames;

use capture::Pipeline;
use frames::*;

/// The first seven octets of a Modbus request.
const HALF: &[u8] = &[0, 1, 0, 0, 0, 6, 1];

/// A segment to port 502 with this sequence number and these flags.
fn segment(sequence: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut segment = tcp(payload);
    segment[4..8].copy_from_slice(&sequence.to_be_bytes());
    segment[13] = flags;
    ethernet(0x0800, &ipv4(6, &segment))
}

fn dropped(segments: &[Vec<u8>]) -> Option<u64> {
    let mut pipeline = Pipeline::default();
    for (number, octets) in segments.iter().enumerate() {
        let mut frame = frame(octets);
        frame.number = number as u64 + 1;
        frame.time.0 += 1_000_000_000 * number as i64;
        pipeline.frame(&frame);
    }
    pipeline.finish().1.counters.get("stream octets dropped").copied()
}

const SYN: u8 = 0x02;
const PUSH_ACK: u8 = 0x18;

#[test]
fn half_a_message_at_the_end_of_the_capture_is_counted() {
    assert_eq!(dropped(&[segment(100, SYN, &[]), segment(101, PUSH_ACK, HALF)]), Some(HALF.len() as u64));
}

#[test]
fn half_a_message_of_a_connection_whose_ports_are_used_again_is_counted() {
    let segments = [segment(100, SYN, &[]), segment(101, PUSH_ACK, HALF), segment(9000, SYN, &[])];
    assert_eq!(dropped(&segments), Some(HALF.len() as u64));
}

#[test]
fn half_a_message_joined_in_the_middle_before_an_opening_is_counted() {
    let segments = [segment(101, PUSH_ACK, HALF), segment(9000, SYN, &[])];
    assert_eq!(dropped(&segments), Some(HALF.len() as u64));
}

#[test]
fn a_segment_that_still_waits_when_the_ports_are_used_again_is_counted() {
    let segments = [
        segment(100, SYN, &[]),
        segment(101, PUSH_ACK, HALF),
        segment(120, PUSH_ACK, b"early"),
        segment(9000, SYN, &[]),
    ];
    assert_eq!(dropped(&segments), Some(HALF.len() as u64 + 5));
}
