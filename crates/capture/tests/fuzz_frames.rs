//! The whole pipeline on changed, cut, joined and repeated frames of our own captures: nothing panics or hangs, the
//! totals add up, and evidence lies within the frames.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "a test, with a module that others include too"
)]

#[path = "../../../tests/fuzz/driver.rs"]
mod driver;

use std::path::Path;

use capture::{FileSource, Input, LinkType, Pipeline, RawFrame};
use observation::Time;

/// Octets before the frames of an input: the link type, and how the frames are divided.
const HEAD: usize = 2;

/// Frames of one seed: enough for a connection to open and something to be said.
const FRAMES_OF_A_SEED: usize = 24;

/// Longest input.
const OCTETS_MAX: usize = 8192;

/// Reads an input as frames, each led by its length in two octets, and returns how many there were.
fn read(input: &[u8]) {
    let Some((head, mut rest)) = input.split_at_checked(HEAD) else { return };
    let link_type = LinkType([1, 1, 1, 0, 101, 113, 276, 12][usize::from(head[0] % 8)]);
    let mut pipeline = Pipeline::new(1 + usize::from(head[1] % 8));
    let mut lengths = Vec::new();
    while let Some((length, tail)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_le_bytes(*length)).min(tail.len());
        let (octets, tail) = tail.split_at(length);
        rest = tail;
        lengths.push(length);
        let number = lengths.len() as u64;
        let time = Time(i64::from(head[1]) * 1_000_000_007 * number as i64);
        pipeline.frame(&RawFrame {
            number,
            time,
            link_type,
            original_length: length as u32 + u32::from(head[1] & 1),
            octets,
        });
        if number.is_multiple_of(7) {
            inside(&pipeline.take_batch(), &lengths);
        }
    }
    let (batch, totals) = pipeline.finish();
    inside(&batch, &lengths);
    assert_eq!(totals.frames, lengths.len() as u64);
    let apart: u64 = ["mirror duplicates", "routed copies", "unreadable frames", "frames without address"]
        .iter()
        .filter_map(|name| totals.counters.get(*name))
        .sum();
    assert!(apart <= totals.frames);
}

/// Every range of evidence lies within a frame that was given in.
fn inside(batch: &observation::Batch, lengths: &[usize]) {
    let facts = batch.facts.iter().map(|fact| &fact.evidence);
    let mentions = batch.mentions.iter().map(|mention| &mention.evidence);
    for range in facts.chain(mentions).flat_map(|evidence| &evidence.ranges) {
        let length = lengths[range.frame as usize - 1];
        assert!((range.offset + range.length) as usize <= length, "{range:?} of a frame of {length} octets");
    }
}

#[test]
fn no_frames_make_the_pipeline_panic_hang_or_point_outside_of_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../captures");
    let mut seeds = Vec::new();
    for name in [
        "plant.pcapng",
        "hard/tunnels.pcap",
        "hard/fragments.pcap",
        "hard/tcp-disorder.pcap",
        "modbus-gateway.pcap",
        "s7-download.pcap",
    ] {
        let mut source = FileSource::open(&Input::File(folder.join(name))).unwrap();
        let mut frames = Vec::new();
        while let Some(frame) = source.next() {
            let length = frame.octets.len().min(1500) as u16;
            let mut one = length.to_le_bytes().to_vec();
            one.extend_from_slice(&frame.octets[..usize::from(length)]);
            frames.push(one);
        }
        for (index, run) in frames.chunks(FRAMES_OF_A_SEED).step_by(4).enumerate() {
            let mut seed = vec![0, index as u8];
            seed.extend(run.iter().flatten());
            seed.truncate(OCTETS_MAX);
            seeds.push(seed);
        }
    }
    let inputs = driver::run("frames", &seeds, OCTETS_MAX, read);
    println!(
        "fuzz frames: {inputs} inputs, none made the pipeline panic, hang or point outside of its frames"
    );
    assert!(inputs > seeds.len() as u64);
}
