//! Retention: what is folded adds up, what is dropped is counted, and no asset goes.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "a test"
)]

mod common;

use std::collections::BTreeMap;

use common::{ACTOR, each_station_an_asset, evidence, frame, import, joined, station, told};
use observation::{Basis, Batch, Binding, CaptureKind, Day, Fact, NANOS_PER_DAY, Presence, Sighting, Time};
use proptest::prelude::*;
use register::{
    Actor, COUNTER_FRAMES_PRUNED, COUNTER_MALFORMED_PRUNED, CaptureStart, Policy, Pruned, Register,
};

/// Keeps what is of the last day, and all proof.
const EVERYTHING_OLD: Policy = Policy {
    detail_days: 0,
    conversation_days: 0,
    evidence_frames_max: u64::MAX,
    evidence_octets_max: u64::MAX,
};

/// What must stay, by key: first, last and sums, however many rows they are in.
type Sums = BTreeMap<String, (Time, Time, Vec<u64>)>;

fn sums(batch: &Batch) -> Sums {
    let mut sums = Sums::new();
    let mut add = |key: String, sighting: &Sighting, counts: &[u64]| {
        let known =
            sums.entry(key).or_insert_with(|| (sighting.first, sighting.last, vec![0; counts.len() + 1]));
        known.0 = known.0.min(sighting.first);
        known.1 = known.1.max(sighting.last);
        for (sum, count) in known.2.iter_mut().zip(std::iter::once(&sighting.count).chain(counts)) {
            *sum += count;
        }
    };
    for presence in &batch.presences {
        add(format!("presence {:?}", presence.station), &presence.sighting, &[presence.octets]);
    }
    for binding in &batch.bindings {
        add(format!("binding {:?} {}", binding.station, binding.mac), &binding.sighting, &[]);
    }
    for fact in &batch.facts {
        let Fact { station, attribute, value, basis, protocol, rule, evidence, .. } = fact;
        add(
            format!("fact {station:?} {attribute} {value} {basis:?} {protocol} {rule} {evidence:?}"),
            &fact.sighting,
            &[],
        );
    }
    for mention in &batch.mentions {
        add(
            format!(
                "mention {:?} {:?} {} {:?}",
                mention.station, mention.by, mention.reason, mention.evidence
            ),
            &mention.sighting,
            &[],
        );
    }
    for talk in &batch.conversations {
        let key = format!("{:?} {}", talk.key, talk.oriented);
        let [a, b] = talk.frames;
        let [c, d] = talk.octets;
        add(format!("conversation {key}"), &talk.sighting, &[a, b, c, d]);
        for operation in &talk.operations {
            add(
                format!("operation {key} {:?} {} {:?}", operation.kind, operation.name, operation.evidence),
                &operation.sighting,
                &[],
            );
        }
    }
    sums
}

fn observed(register: &Register) -> Batch {
    register.observed().unwrap().captures[0].observed.clone()
}

fn days(batch: &Batch) -> impl Iterator<Item = Day> + '_ {
    batch.presences.iter().map(|presence| presence.sighting.day)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_goes_in_comes_out_and_a_second_prune_changes_nothing(
        events in prop::collection::vec((1_u64..90, any::<u8>()), 1..80),
        detail_days in 0_u32..6,
        conversation_days in 0_u32..6,
    ) {
        let told: Vec<Batch> = events.iter().map(|(number, kind)| told(*number, *kind)).collect();
        let mut register = Register::in_memory().unwrap();
        import(&mut register, "a", &[joined(told)]);
        let (before, malformed) = (observed(&register), observed(&register).malformed.len() as u64);

        let policy = Policy { detail_days, conversation_days, ..EVERYTHING_OLD };
        let would = register.would_prune(&policy, ACTOR.at).unwrap();
        prop_assert_eq!(&observed(&register), &before);
        let pruned = register.prune(&policy, &ACTOR).unwrap();
        prop_assert_eq!(pruned, would);
        let after = observed(&register);
        prop_assert_eq!(sums(&after), sums(&before));
        prop_assert_eq!(after.malformed.len() as u64 + pruned.malformed, malformed);
        prop_assert_eq!(pruned.frames, 0);
        prop_assert!(register.check().unwrap().is_sound());

        // Each station has one row for the days before the boundary, and all others as they were.
        let mut folded: BTreeMap<_, usize> = BTreeMap::new();
        for presence in after.presences.iter().filter(|presence| presence.sighting.day < pruned.before) {
            *folded.entry(&presence.station).or_default() += 1;
        }
        prop_assert!(folded.values().all(|rows| *rows == 1));
        prop_assert_eq!(
            after.presences.iter().filter(|presence| presence.sighting.day >= pruned.before).collect::<Vec<_>>(),
            before.presences.iter().filter(|presence| presence.sighting.day >= pruned.before).collect::<Vec<_>>()
        );

        let again = register.prune(&policy, &ACTOR).unwrap();
        prop_assert!(again.is_empty(), "{:?}", again);
        prop_assert_eq!(observed(&register), after);
        prop_assert_eq!(register.stats().unwrap().folded_before, Some(pruned.before));
    }

    #[test]
    fn pruned_on_the_way_or_at_the_end_the_sums_are_the_same(
        events in prop::collection::vec((1_u64..60, any::<u8>()), 2..60),
        cut in any::<prop::sample::Index>(),
    ) {
        let told: Vec<Batch> = events.iter().map(|(number, kind)| told(*number, *kind)).collect();
        let (first, rest) = told.split_at(cut.index(told.len()));
        let start = CaptureStart {
            uid: Some("live"), kind: CaptureKind::Live, name: "eth1", site: "default", sensor: "", interface: "eth1",
        };
        let mut on_the_way = Register::in_memory().unwrap();
        let mut writer = on_the_way.begin_capture(&start, &ACTOR).unwrap();
        on_the_way.write(&mut writer, &joined(first.to_vec())).unwrap();
        on_the_way.prune(&EVERYTHING_OLD, &ACTOR).unwrap();
        on_the_way.write(&mut writer, &joined(rest.to_vec())).unwrap();
        on_the_way.prune(&EVERYTHING_OLD, &ACTOR).unwrap();

        let mut at_the_end = Register::in_memory().unwrap();
        let mut writer = at_the_end.begin_capture(&start, &ACTOR).unwrap();
        at_the_end.write(&mut writer, &joined(told.clone())).unwrap();
        at_the_end.prune(&EVERYTHING_OLD, &ACTOR).unwrap();
        prop_assert_eq!(sums(&observed(&on_the_way)), sums(&observed(&at_the_end)));
    }
}

fn fact(value: &str, day: i64, hour: i64) -> Fact {
    Fact {
        station: station(1),
        attribute: "firmware_version".into(),
        value: value.into(),
        basis: Basis::Stated,
        protocol: "enip".into(),
        rule: "cip-revision".into(),
        evidence: evidence(1),
        sighting: Sighting::once(Time(day * NANOS_PER_DAY + hour * NANOS_PER_DAY / 24)),
    }
}

/// A register of one station that was heard on the last day, too, with those facts.
fn stating(facts: Vec<Fact>) -> Register {
    let last =
        Presence { station: station(1), sighting: Sighting::once(Time(1000 * NANOS_PER_DAY)), octets: 60 };
    let mut register = Register::in_memory().unwrap();
    import(&mut register, "a", &[Batch { facts, presences: vec![last], ..Batch::default() }]);
    register
}

fn told_in_order(register: &Register) -> Vec<(String, i32, u64)> {
    let mut facts = observed(register).facts;
    facts.sort_by_key(|fact| fact.sighting.first);
    facts.into_iter().map(|fact| (fact.value, fact.sighting.day.0, fact.sighting.count)).collect()
}

#[test]
fn a_value_that_was_replaced_and_came_back_is_still_three_turns() {
    let days = |value: &'static str, days: std::ops::Range<i64>| days.map(move |day| fact(value, day, 8));
    let mut register =
        stating(days("1.0", 0..40).chain(days("2.0", 40..45)).chain(days("1.0", 45..90)).collect());
    let pruned = register.prune(&EVERYTHING_OLD, &ACTOR).unwrap();
    assert_eq!(
        told_in_order(&register),
        [("1.0".into(), 0, 40), ("2.0".into(), 40, 5), ("1.0".into(), 45, 45)]
    );
    assert_eq!(pruned.folded.facts, 90 - 3);
}

#[test]
fn values_that_alternate_for_ever_are_a_bounded_number_of_rows() {
    let facts = (0..400).flat_map(|day| [fact("a", day, 8), fact("b", day, 9)]).collect();
    let mut register = stating(facts);
    register.prune(&EVERYTHING_OLD, &ACTOR).unwrap();
    let told = told_in_order(&register);
    assert_eq!((told.len(), told.iter().map(|(_, _, count)| count).sum::<u64>()), (32, 800));
    // The newest turns are those that stay apart.
    assert_eq!(told[31], ("b".into(), 399, 1));
    assert_eq!(told[0], ("a".into(), 0, 385));
    assert!(register.prune(&EVERYTHING_OLD, &ACTOR).unwrap().is_empty());
}

#[test]
fn an_address_that_moved_to_another_card_and_back_is_still_three_turns() {
    let bindings = (0..9).map(|day| Binding {
        mac: if (3..6).contains(&day) { "00:1b:1b:00:00:02" } else { "00:1b:1b:00:00:01" }.parse().unwrap(),
        station: station(1),
        sighting: Sighting::once(Time(day * NANOS_PER_DAY)),
        hop_limit: (60 + u8::try_from(day).unwrap(), 64),
    });
    let mut register = stating(Vec::new());
    import(&mut register, "b", &[Batch { bindings: bindings.collect(), ..Batch::default() }]);
    register.prune(&EVERYTHING_OLD, &ACTOR).unwrap();
    let bindings = &register.observed().unwrap().captures[1].observed.bindings;
    let mut turns: Vec<_> = bindings
        .iter()
        .map(|binding| (binding.sighting.day.0, binding.sighting.count, binding.hop_limit))
        .collect();
    turns.sort();
    assert_eq!(turns, [(0, 3, (60, 64)), (3, 3, (63, 64)), (6, 3, (66, 64))]);
}

#[test]
fn proof_goes_least_important_and_oldest_first_and_is_counted() {
    let mut register = Register::in_memory().unwrap();
    // Facts of frames 1..=10, operations of frames 11..=30; each proof is in two frames.
    let facts = (1..=5).map(|number| told(number * 2 - 1, 30 + u8::try_from(number).unwrap() * 6));
    let operations = (6..=15).map(|number| told(number * 2 - 1, u8::try_from(number).unwrap() * 6 + 3));
    import(&mut register, "a", &[joined(facts.chain(operations))]);
    let kept = register.kept_frames("a").unwrap();
    let policy = Policy { evidence_frames_max: 12, ..Policy::default() };
    let Pruned { frames, frame_octets, .. } = register.prune(&policy, &ACTOR).unwrap();
    assert_eq!((frames, frame_octets), (kept.len() as u64 - 12, (kept.len() as u64 - 12) * 64));
    let left = register.kept_frames("a").unwrap();
    let facts: Vec<u64> = register.observed().unwrap().captures[0]
        .observed
        .facts
        .iter()
        .flat_map(|fact| fact.evidence.ranges.iter().map(|range| range.frame))
        .collect();
    assert!(!facts.is_empty() && facts.iter().all(|frame| left.contains(frame)), "{facts:?} of {left:?}");
    assert!(left.contains(kept.last().unwrap()), "the newest of the others stays");
    let counters = &register.observed().unwrap().captures[0].summary.counters;
    assert_eq!(counters[COUNTER_FRAMES_PRUNED], frames);
    assert_eq!(register.evidence("a", left[0]).unwrap(), Some(frame(left[0])));
    assert!(register.check().unwrap().is_sound());

    // By octets too, and twice is once.
    let policy = Policy { evidence_octets_max: 5 * 64, ..Policy::default() };
    assert_eq!(register.prune(&policy, &ACTOR).unwrap().frames, 12 - 5);
    assert_eq!(register.prune(&policy, &ACTOR).unwrap().frames, 0);
    assert_eq!(register.stats().unwrap().frame_octets, 5 * 64);
}

#[test]
fn a_prune_is_one_line_of_the_journal_with_its_counts() {
    let told: Vec<Batch> = (1..60).map(|number| told(number, u8::try_from(number % 12).unwrap())).collect();
    let mut register = Register::in_memory().unwrap();
    import(&mut register, "a", &told);
    let lines = register.journal().unwrap().len();
    let pruned = register.prune(&EVERYTHING_OLD, &ACTOR).unwrap();
    assert!(pruned.folded.total() > 0 && pruned.malformed > 0);
    let journal = register.journal().unwrap();
    assert_eq!(journal.len(), lines + 1);
    let line = &journal[lines];
    assert_eq!((line.action.as_str(), line.subject.as_str()), ("prune", "retention"));
    assert_eq!(line.detail, pruned.text());
    assert!(
        line.detail.contains(&format!("dropped {} malformed messages", pruned.malformed)),
        "{}",
        line.detail
    );
    assert_eq!(
        register.observed().unwrap().captures[0].summary.counters[COUNTER_MALFORMED_PRUNED],
        pruned.malformed
    );
}

#[test]
fn no_asset_id_or_persons_word_goes_however_long_ago() {
    let mut register = Register::in_memory().unwrap();
    import(
        &mut register,
        "a",
        &[joined((1..200).map(|number| told(number, u8::try_from(number % 250).unwrap())))],
    );
    register.identify(each_station_an_asset).unwrap();
    let before = register.snapshot(None, each_station_an_asset).unwrap();
    let id = before.identified[0].id.clone();
    register.set_field(&id, "owner", Some("Ada"), &ACTOR).unwrap();
    let ten_years =
        Presence { station: station(1), sighting: Sighting::once(Time(3650 * NANOS_PER_DAY)), octets: 60 };
    import(&mut register, "b", &[Batch { presences: vec![ten_years], ..Batch::default() }]);
    register.prune(&EVERYTHING_OLD, &ACTOR).unwrap();
    assert_eq!(register.identify(each_station_an_asset).unwrap().issued, 0);
    let after = register.snapshot(None, each_station_an_asset).unwrap();
    assert_eq!(after.identified.len(), before.identified.len());
    assert_eq!(after.identified[0].people["owner"], "Ada");
}

#[test]
fn neither_a_frame_from_the_future_nor_a_wrong_clock_folds_today() {
    let day = 20_000_i64;
    let at = |day: i64| Presence {
        station: station(1),
        sighting: Sighting::once(Time(day * NANOS_PER_DAY)),
        octets: 60,
    };
    let fresh = |presences: Vec<Presence>| {
        let mut register = Register::in_memory().unwrap();
        import(&mut register, "a", &[Batch { presences, ..Batch::default() }]);
        register
    };
    let clock = |day: i64| Actor { name: "sensor", at: Time(day * NANOS_PER_DAY + 5) };
    // A frame of the year 2100.
    let mut register = fresh(vec![at(day - 1), at(day), at(47_482)]);
    let pruned = register.prune(&Policy { detail_days: 0, ..EVERYTHING_OLD }, &clock(day)).unwrap();
    assert_eq!(pruned.before, Day(i32::try_from(day).unwrap()));
    assert_eq!(days(&observed(&register)).count(), 3);
    // A clock of 1970, and one that is years ahead.
    for wrong in [0, day + 4000] {
        let mut register = fresh(vec![at(day - 2), at(day - 1), at(day)]);
        register.prune(&Policy { detail_days: 1, ..EVERYTHING_OLD }, &clock(wrong)).unwrap();
        assert_eq!(days(&observed(&register)).count(), 3, "clock {wrong}");
    }
}

#[test]
fn an_import_that_runs_is_left_alone() {
    let mut register = Register::in_memory().unwrap();
    let mut writer = register.begin_capture(&common::file("a.pcap", "default"), &ACTOR).unwrap();
    let batches: Vec<Batch> =
        (1..60).map(|number| told(number, u8::try_from(number % 250).unwrap())).collect();
    register.write(&mut writer, &joined(batches.clone())).unwrap();
    assert!(register.prune(&EVERYTHING_OLD, &ACTOR).unwrap().is_empty());
    register.finish_capture(writer, &common::summary("a", "a.pcap", 59), &ACTOR).unwrap();
    assert_eq!(observed(&register), common::summed(&joined(batches)));
}
