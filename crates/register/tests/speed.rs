//! How fast batches are written, read and thrown away. Prints; run it with
//! `cargo test --release -p register --test speed -- --ignored --nocapture`.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a test"
)]

mod common;

use std::time::Instant;

use common::{ACTOR, each_station_an_asset, file, joined, summary, told};
use observation::{Batch, Fact, Sighting, Station, Time};
use register::Register;

const ROWS: u32 = 200_000;
const BATCH: u32 = 1_000;

/// A new station with a new value for each row: the worst there is, nothing is remembered.
fn worst(from: u32) -> Batch {
    let facts = (from..from + BATCH).map(|row| Fact {
        station: Station::root(std::net::IpAddr::from(row.to_be_bytes()).into(), None),
        attribute: "serial_number".into(),
        value: format!("{row:08x}"),
        basis: observation::Basis::Stated,
        protocol: "enip".into(),
        rule: "cip-serial-number".into(),
        evidence: common::evidence(u64::from(row)),
        sighting: Sighting::once(Time(i64::from(row) * 1_000_000)),
    });
    Batch { facts: facts.collect(), ..Batch::default() }
}

/// What a running plant gives: the same stations and conversations, new counts.
fn usual(from: u32) -> Batch {
    joined((from..from + BATCH / 2).map(|row| told(u64::from(row) % 60, u8::try_from(row % 256).unwrap())))
}

#[test]
#[ignore = "measures; asserts only that all rows arrive"]
fn rows_per_second() {
    let folder = tempfile::tempdir().unwrap();
    for (name, batch) in [("worst", worst as fn(u32) -> Batch), ("usual", usual)] {
        let mut register = Register::create_or_open(&folder.path().join(name)).unwrap();
        let batches: Vec<Batch> = (0..ROWS / BATCH).map(|number| batch(number * BATCH)).collect();
        let per_second = |start: Instant| f64::from(ROWS) / start.elapsed().as_secs_f64();
        let mut run = |uid: Option<&str>| {
            let start = Instant::now();
            let mut writer = register.begin_capture(&file("plant.pcap", "default"), &ACTOR).unwrap();
            for batch in &batches {
                register.write(&mut writer, batch).unwrap();
            }
            let written = per_second(start);
            let start = Instant::now();
            match uid {
                Some(uid) => {
                    drop(register.finish_capture(writer, &summary(uid, "plant.pcap", 1), &ACTOR).unwrap())
                }
                None => register.abandon(writer).unwrap(),
            }
            (written, start.elapsed())
        };
        let (written, finish) = run(Some("a"));
        let (_, thrown_away) = run(None);
        let start = Instant::now();
        let observed = register.observed().unwrap();
        let read = start.elapsed();
        let start = Instant::now();
        register.identify(each_station_an_asset).unwrap();
        let identified = start.elapsed();
        println!(
            "{name}: {written:.0} rows/s written, finished in {finish:?}, thrown away in {thrown_away:?}, read in {read:?}, identified in {identified:?}"
        );
        let sum: u64 = observed
            .captures
            .iter()
            .flat_map(|captured| &captured.observed.facts)
            .map(|fact| fact.sighting.count)
            .sum();
        let given: u64 = batches.iter().flat_map(|batch| &batch.facts).map(|fact| fact.sighting.count).sum();
        assert_eq!(sum, given);
    }
}
