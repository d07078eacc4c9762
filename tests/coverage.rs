//! What a port cannot see: that it is said, and how often the interval of the estimate holds the truth.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use capture::{FileSource, Input, LinkType};
use inventory::estimate;

use crate::support::{self, Register, capture, list};

/// Slices of time that a capture is cut into: the occasions of listening.
const OCCASIONS: usize = 5;
/// Fewer hosts, or frames, tell nothing.
const HOSTS_MIN: usize = 8;
const FRAMES_MIN: usize = 200;
/// Larger files take too long for a test.
const OCTETS_MAX: u64 = 8_000_000;

/// Time in nanoseconds and source of every frame of an Ethernet capture, in order.
fn frames(path: PathBuf) -> Vec<(i64, [u8; 6])> {
    let Ok(mut source) = FileSource::open(&Input::File(path)) else { return Vec::new() };
    let mut frames = Vec::new();
    while let Some(frame) = source.next() {
        if frame.link_type == LinkType::ETHERNET
            && let Some(mac) = frame.octets.get(6..12)
            && mac[0] & 1 == 0
        {
            frames.push((frame.time.0, mac.try_into().unwrap()));
        }
    }
    frames
}

/// A number that is as good as random, the same on every run.
fn scattered(number: u64) -> u64 {
    let mixed = (number ^ (number >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32
}

#[derive(Default)]
struct Score {
    tried: usize,
    none: usize,
    held: usize,
    below: usize,
    above: usize,
}

/// One frame of `one_in` is kept, and hosts only if `keeps` says so; the truth are all hosts of the capture.
fn score(captures: &[Vec<(i64, [u8; 6])>], one_in: u64, keeps: fn(&[u8; 6]) -> bool) -> Score {
    let mut score = Score::default();
    for frames in captures {
        let truth: BTreeSet<[u8; 6]> = frames.iter().map(|(_, mac)| *mac).collect();
        let first = frames.iter().map(|(time, _)| *time).min().unwrap();
        let length = frames.iter().map(|(time, _)| *time - first).max().unwrap().max(1);
        let mut heard: BTreeMap<[u8; 6], BTreeSet<i64>> = BTreeMap::new();
        for (number, (time, mac)) in frames.iter().enumerate() {
            if scattered(number as u64).is_multiple_of(one_in) && keeps(mac) {
                let slice = i128::from(time - first) * OCCASIONS as i128 / (i128::from(length) + 1);
                heard.entry(*mac).or_default().insert(i64::try_from(slice).unwrap());
            }
        }
        let heard_on: Vec<usize> = heard.values().map(BTreeSet::len).collect();
        score.tried += 1;
        let Ok(estimate) = estimate(&heard_on, OCCASIONS) else {
            score.none += 1;
            continue;
        };
        let (low, high) = estimate.interval;
        let hosts = truth.len() as f64;
        match () {
            () if hosts < low.floor() => score.below += 1,
            () if hosts > high.ceil() => score.above += 1,
            () => score.held += 1,
        }
    }
    score
}

#[test]
fn how_often_the_interval_holds_the_truth_is_measured() {
    let mut files: Vec<PathBuf> = support::captures().into_iter().map(|(_, path)| path).collect();
    if let Some(corpus) = support::shared("corpus/captures") {
        let mut folders = vec![corpus];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
                match entry.metadata() {
                    Ok(found) if found.is_dir() => folders.push(entry.path()),
                    Ok(found) if found.len() <= OCTETS_MAX => files.push(entry.path()),
                    _ => {}
                }
            }
        }
    }
    files.sort();
    let captures: Vec<_> = files
        .into_iter()
        .map(frames)
        .filter(|frames| frames.len() >= FRAMES_MIN)
        .filter(|frames| frames.iter().map(|(_, mac)| mac).collect::<BTreeSet<_>>().len() >= HOSTS_MIN)
        .collect();
    println!("\n{} captures with {HOSTS_MIN} hosts or more, {OCCASIONS} slices of time each", captures.len());
    println!(
        "{:<44}{:>6}{:>12}{:>8}{:>12}{:>12}",
        "", "tried", "no estimate", "held", "truth above", "truth below"
    );
    let everybody: fn(&[u8; 6]) -> bool = |_| true;
    let half: fn(&[u8; 6]) -> bool = |mac| mac[5] % 2 == 0;
    let mut held = Vec::new();
    for (name, one_in, keeps) in [
        ("every frame", 1, everybody),
        ("one frame of 10", 10, everybody),
        ("one frame of 50", 50, everybody),
        ("one frame of 10, half of the hosts elsewhere", 10, half),
    ] {
        let Score { tried, none, held: within, below, above } = score(&captures, one_in, keeps);
        println!("{name:<44}{tried:>6}{none:>12}{within:>8}{above:>12}{below:>12}");
        held.push((tried - none, within, above));
    }
    // `Estimate::CAVEAT` says that it held in 40 of 44 cases, and in 6 of 10 without half of the hosts: words that are
    // to be written anew if it comes out otherwise.
    if captures.len() < 10 {
        println!("SKIPPED: too few captures to judge by");
        return;
    }
    let whole = held.iter().take(3).fold((0, 0), |sum, (tried, within, _)| (sum.0 + tried, sum.1 + within));
    let (elsewhere, within, above) = held[3];
    assert!(whole.1 * 100 >= whole.0 * 80, "{} of {} held", whole.1, whole.0);
    assert!(
        within * 100 < elsewhere * 80 && above > 0,
        "{within} of {elsewhere} held without half of the hosts"
    );
}

#[test]
fn what_was_not_seen_is_said() {
    let register = Register::of(&[capture("plant.pcapng")]);
    let document = register.json();
    let coverage = &list(&document, "coverage")[0];
    assert_eq!(
        coverage["no_estimate"].as_str().unwrap().split(';').next(),
        Some("one occasion of listening cannot tell who was silent from who is not there")
    );
    assert!(coverage["estimate"].is_null());
    let text = register.stdout(&["coverage"]);
    assert!(text.contains("no estimate: one occasion of listening"), "{text}");
    register.import(&[capture("hard/snaplen.pcap"), capture("plant-kernel-untagged.pcapng")]);
    let text = register.stdout(&["coverage"]);
    assert!(text.contains("how many") && text.contains("one way only"), "{text}");
    let json: serde_json::Value =
        serde_json::from_str(&register.stdout(&["coverage", "--format", "json"])).unwrap();
    assert_eq!(json, register.json()["coverage"]);
}
