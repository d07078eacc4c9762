//! The captures of `../shared/corpus`, where they are there, have as many frames as its index says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    reason = "a test"
)]

mod source_writers;

use std::path::Path;

use capture::{Input, expand};
use observation::CaptureStatus;
use source_writers::*;

#[test]
fn real_captures_have_the_frames_that_are_known() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let Ok(index) = std::fs::read_to_string(corpus.join("captures.tsv")) else {
        println!("skipped: {} is missing", corpus.display());
        return;
    };
    let mut lines = index.lines();
    let header: Vec<_> = lines.next().unwrap().split('\t').collect();
    let column = |name| header.iter().position(|&column| column == name).unwrap();
    let (file, packets, octets) = (column("file"), column("packets"), column("octets"));
    let (mut count, mut different) = (0, Vec::new());
    for line in lines {
        let fields: Vec<_> = line.split('\t').collect();
        let path = corpus.join("captures").join(fields[file]);
        if !path.exists() {
            println!("skipped: {} is missing", path.display());
            continue;
        }
        count += 1;
        let (frames, finished) =
            read_path(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(finished.octets.to_string(), fields[octets]);
        if finished.status != CaptureStatus::Complete || frames.len().to_string() != fields[packets] {
            println!("{} of {}: {} {:?}", frames.len(), fields[packets], fields[file], finished.stopped);
            different.push(fields[file].to_owned());
        }
        assert!(frames.iter().map(|frame| frame.number).eq(1..=frames.len() as u64), "{}", fields[file]);
    }
    // The second of three sections is of pcapng version 2, whose blocks nobody can read; the index counts it in.
    let version_2 = different.iter().filter(|name| name.ends_with("/test901.pcapng")).count();
    // Cut off in the middle of its last record, which the index counts in.
    let cut = different.iter().filter(|name| name.ends_with("/melsoft_129_clean.pcap")).count();
    assert_eq!(different.len(), version_2 + cut, "{different:#?}");
    println!("{count} captures read, {} differ for a known reason", different.len());
}

#[test]
fn the_same_captures_of_either_byte_order_are_the_same() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/corpus/captures/gopacket__gopacket/pcapgo/tests");
    let expanded = expand(&[tests.join("le")]);
    if expanded.inputs.is_empty() {
        println!("skipped: {} is missing", tests.display());
        return;
    }
    for input in expanded.inputs {
        let Input::File(little) = input else { panic!("a folder gives files") };
        let big = tests.join("be").join(little.file_name().unwrap());
        let (frames, finished) = read_path(&little).unwrap();
        let (others, other) = read_path(&big).unwrap();
        assert_eq!(frames, others, "{}", little.display());
        assert_eq!(
            (finished.kernel_drops, finished.counters, finished.link_types),
            (other.kernel_drops, other.counters, other.link_types)
        );
    }
}
