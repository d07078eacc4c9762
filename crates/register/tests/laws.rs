//! Law 1 on disk: order and size of batches, order of captures and repeated imports do not show.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test")]

mod common;

use common::{
    ACTOR, each_station_an_asset, evidence, file, frame, import, joined, station, summary, summed, told,
};
use observation::{Basis, Batch, Fact, Presence, Sighting, Time};
use proptest::prelude::*;
use register::{Finished, Register};

/// Everything the register keeps of one capture, frames included.
fn kept(register: &Register, uid: &str) -> (Batch, Vec<observation::KeptFrame>) {
    let observed = register.observed().unwrap();
    let captured = observed.captures.iter().find(|captured| captured.summary.uid == uid).unwrap();
    let frames = register.kept_frames(uid).unwrap();
    let frames = frames.iter().map(|number| register.evidence(uid, *number).unwrap().unwrap()).collect();
    (captured.observed.clone(), frames)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn neither_order_nor_size_of_batches_shows(
        events in prop::collection::vec((1_u64..60, any::<u8>()), 1..60),
        cuts in prop::collection::vec(1_usize..9, 1..20),
        shuffled in any::<prop::sample::Index>(),
    ) {
        let told: Vec<Batch> = events.iter().map(|(number, kind)| told(*number, *kind)).collect();
        let mut one_batch = Register::in_memory().unwrap();
        import(&mut one_batch, "a", &[joined(told.clone())]);

        let mut turned = told.clone();
        turned.rotate_left(shuffled.index(told.len()));
        turned.reverse();
        let mut batches = Vec::new();
        let mut cuts = cuts.iter().cycle();
        while !turned.is_empty() {
            let rest = turned.split_off((*cuts.next().unwrap()).min(turned.len()));
            batches.push(joined(std::mem::replace(&mut turned, rest)));
        }
        let mut many_batches = Register::in_memory().unwrap();
        import(&mut many_batches, "a", &batches);

        let (batch, frames) = kept(&one_batch, "a");
        prop_assert_eq!(&batch, &summed(&joined(told)));
        prop_assert_eq!(kept(&many_batches, "a"), (batch.clone(), frames.clone()));

        // Exactly the frames that proof refers to are kept.
        let proofs = batch.facts.iter().map(|fact| &fact.evidence)
            .chain(batch.mentions.iter().map(|mention| &mention.evidence))
            .chain(batch.conversations.iter().flat_map(|talk| talk.operations.iter().map(|operation| &operation.evidence)));
        let needed: std::collections::BTreeSet<u64> = proofs.flat_map(|proof| proof.ranges.iter().map(|range| range.frame)).collect();
        prop_assert_eq!(frames, needed.into_iter().map(frame).collect::<Vec<_>>());
    }
}

#[test]
fn order_of_captures_and_repeated_imports_do_not_show() {
    let a: Vec<Batch> = (1..40).map(|number| told(number, u8::try_from(number * 7 % 251).unwrap())).collect();
    let b: Vec<Batch> =
        (20..70).map(|number| told(number, u8::try_from(number * 5 % 241).unwrap())).collect();
    let (mut ab, mut ba) = (Register::in_memory().unwrap(), Register::in_memory().unwrap());
    assert_eq!(import(&mut ab, "a", &a), Finished::New);
    assert_eq!(import(&mut ab, "b", &b), Finished::New);
    assert_eq!(import(&mut ba, "b", &b), Finished::New);
    assert_eq!(import(&mut ba, "a", &a), Finished::New);
    assert_eq!(ab.observed().unwrap(), ba.observed().unwrap());
    assert_eq!(ab.observed().unwrap().captures.len(), 2);
    for register in [&mut ab, &mut ba] {
        register.identify(each_station_an_asset).unwrap();
    }
    assert_eq!(
        ab.snapshot(None, each_station_an_asset).unwrap(),
        ba.snapshot(None, each_station_an_asset).unwrap()
    );

    let (before, stats) = (ab.observed().unwrap(), ab.stats().unwrap());
    let again = import(&mut ab, "a", &a);
    let imported_at = Some(ACTOR.at);
    assert_eq!(
        again,
        Finished::AlreadyImported { site: "default".into(), name: "plant.pcap".into(), imported_at }
    );
    assert_eq!(ab.identify(each_station_an_asset).unwrap().issued, 0);
    assert_eq!(ab.observed().unwrap(), before);
    let after = ab.stats().unwrap();
    assert_eq!(after.journal_lines, stats.journal_lines + 1);
    assert_eq!(
        after,
        register::Stats {
            journal_lines: after.journal_lines,
            pages: after.pages,
            free_pages: after.free_pages,
            ..stats
        }
    );
    assert_eq!(ab.journal().unwrap().last().unwrap().action, "import repeated");
}

#[test]
fn both_at_once_is_the_same_as_one_after_the_other() {
    let (a, b) = ([told(1, 0), told(9, 3)], [told(2, 0), told(4, 2)]);
    let mut after = Register::in_memory().unwrap();
    import(&mut after, "a", &a);
    import(&mut after, "b", &b);
    let mut at_once = Register::in_memory().unwrap();
    let mut left = at_once.begin_capture(&file("plant.pcap", "default"), &ACTOR).unwrap();
    let mut right = at_once.begin_capture(&file("plant.pcap", "default"), &ACTOR).unwrap();
    for (a, b) in a.iter().zip(&b) {
        at_once.write(&mut right, b).unwrap();
        at_once.write(&mut left, a).unwrap();
    }
    at_once.finish_capture(left, &summary("a", "plant.pcap", 1000), &ACTOR).unwrap();
    at_once.finish_capture(right, &summary("b", "plant.pcap", 1000), &ACTOR).unwrap();
    assert_eq!(at_once.observed().unwrap(), after.observed().unwrap());
}

#[test]
fn the_same_file_imported_twice_at_once_counts_once() {
    let mut register = Register::in_memory().unwrap();
    let mut left = register.begin_capture(&file("a.pcap", "default"), &ACTOR).unwrap();
    let mut right = register.begin_capture(&file("copy of a.pcap", "other"), &ACTOR).unwrap();
    register.write(&mut left, &told(1, 0)).unwrap();
    register.write(&mut right, &told(1, 0)).unwrap();
    assert_eq!(register.finish_capture(left, &summary("a", "a.pcap", 1), &ACTOR).unwrap(), Finished::New);
    let second = register.finish_capture(right, &summary("a", "copy of a.pcap", 1), &ACTOR).unwrap();
    assert!(matches!(second, Finished::AlreadyImported { name, .. } if name == "a.pcap"));
    assert_eq!(register.observed().unwrap().captures[0].observed, summed(&told(1, 0)));
}

#[test]
fn counts_that_would_overflow_stop_at_the_largest() {
    let mut register = Register::in_memory().unwrap();
    let sighting = Sighting { count: u64::MAX, ..Sighting::once(Time(i64::MAX)) };
    let presence = Presence { station: station(1), sighting, octets: u64::MAX - 5 };
    let batch = Batch { presences: vec![presence.clone(), presence.clone(), presence], ..Batch::default() };
    import(&mut register, "a", &[batch.clone(), batch]);
    let observed = register.observed().unwrap();
    let sum = &observed.captures[0].observed.presences[0];
    assert_eq!((sum.sighting.count, sum.octets), (i64::MAX.unsigned_abs(), i64::MAX.unsigned_abs()));
}

#[test]
fn times_of_any_clock_are_kept() {
    let mut register = Register::in_memory().unwrap();
    let at = |nanos| Presence { station: station(1), sighting: Sighting::once(Time(nanos)), octets: 60 };
    let batch = Batch { presences: vec![at(i64::MAX), at(0), at(i64::MIN), at(-1)], ..Batch::default() };
    import(&mut register, "a", std::slice::from_ref(&batch));
    assert_eq!(register.observed().unwrap().captures[0].observed, summed(&batch));
}

#[test]
fn evidence_beats_none_and_the_lowest_frame_beats_both() {
    let fact = |evidence| Fact {
        station: station(1),
        attribute: "model".into(),
        value: "M340".into(),
        basis: Basis::Stated,
        protocol: "modbus".into(),
        rule: "modbus-product-code".into(),
        evidence,
        sighting: Sighting::once(Time(5)),
    };
    let mut register = Register::in_memory().unwrap();
    let batch = |evidence, number| Batch {
        facts: vec![fact(evidence)],
        frames: vec![frame(number), frame(number + 1)],
        ..Batch::default()
    };
    let none = Batch { frames: Vec::new(), ..batch(Default::default(), 1) };
    import(
        &mut register,
        "a",
        &[none, batch(evidence(300), 300), batch(evidence(9), 9), batch(evidence(40), 40)],
    );
    let (observed, frames) = kept(&register, "a");
    assert_eq!(observed.facts[0].evidence, evidence(9));
    assert_eq!(observed.facts[0].sighting.count, 4);
    assert_eq!(frames, [frame(9), frame(10)]);
}
