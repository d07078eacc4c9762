//! What becomes of a capture: provisional, real, known, abandoned, live, or left behind by a process that died.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod common;

use common::{ACTOR, each_station_an_asset, evidence, file, frame, import, station, summary, summed, told};
use observation::{Basis, Batch, CaptureKind, CaptureSummary, Fact, KeptFrame, Mention, Sighting, Time};
use register::{
    COUNTER_FRAMES_NOT_KEPT, COUNTER_MALFORMED_NOT_KEPT, CaptureStart, Error, FRAME_OCTETS_MAX, FRAMES_MAX,
    Finished, MALFORMED_MAX, Register, session_uid,
};

#[test]
fn a_capture_that_is_being_imported_is_seen_by_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.db");
    let mut writing = Register::create_or_open(&path).unwrap();
    let reading = Register::open_existing(&path).unwrap();
    let mut writer = writing.begin_capture(&file("plant.pcap", "default"), &ACTOR).unwrap();
    writing.write(&mut writer, &told(1, 0)).unwrap();
    for register in [&writing, &reading] {
        assert!(register.observed().unwrap().captures.is_empty());
        assert!(register.snapshot(None, each_station_an_asset).unwrap().inventory.assets.is_empty());
        assert!(matches!(register.kept_frames("a"), Err(Error::UnknownCapture(_))));
        assert_eq!(register.stats().unwrap().provisional, 1);
    }
    writing.finish_capture(writer, &summary("a", "plant.pcap", 1), &ACTOR).unwrap();
    assert_eq!(reading.observed().unwrap().captures[0].observed, summed(&told(1, 0)));
    assert_eq!(reading.stats().unwrap().provisional, 0);
}

#[test]
fn the_summary_reads_back_as_it_was_given() {
    let mut register = Register::in_memory().unwrap();
    let writer = register.begin_capture(&file("x", "y"), &ACTOR).unwrap();
    let given = CaptureSummary {
        status: observation::CaptureStatus::Truncated,
        stopped: Some("octet 5120: record of 70000 octets, 12 left".into()),
        kernel_drops: 3,
        first: None,
        last: Some(Time(-5)),
        site: "north".into(),
        ..summary("a", "plant.pcap", 77)
    };
    register.finish_capture(writer, &given, &ACTOR).unwrap();
    assert_eq!(register.observed().unwrap().captures[0].summary, given);
}

#[test]
fn an_abandoned_capture_leaves_nothing_behind() {
    let mut register = Register::in_memory().unwrap();
    let before = register.stats().unwrap();
    let mut writer = register.begin_capture(&file("plant.pcap", "default"), &ACTOR).unwrap();
    for kind in 0..60 {
        register.write(&mut writer, &told(u64::from(kind), kind)).unwrap();
    }
    assert!(register.stats().unwrap().facts > 0);
    register.abandon(writer).unwrap();
    let after = register.stats().unwrap();
    assert_eq!(after, register::Stats { pages: after.pages, free_pages: after.free_pages, ..before });
    assert!(register.journal().unwrap().is_empty());
}

#[test]
fn every_import_writes_one_line_of_the_journal() {
    let mut register = Register::in_memory().unwrap();
    import(&mut register, "a", &[told(1, 0)]);
    import(&mut register, "b", &[told(1, 0)]);
    import(&mut register, "a", &[told(1, 0)]);
    register.identify(each_station_an_asset).unwrap();
    let lines: Vec<_> = register
        .journal()
        .unwrap()
        .into_iter()
        .map(|line| (line.action, line.subject, line.actor, line.at))
        .collect();
    let line =
        |action: &str, subject: &str| (action.to_owned(), subject.to_owned(), "tester".to_owned(), ACTOR.at);
    assert_eq!(lines, [line("import", "a"), line("import", "b"), line("import repeated", "a")]);
}

#[test]
fn only_one_register_writes_captures_and_the_others_read_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.db");
    let mut first = Register::create_or_open(&path).unwrap();
    let mut second = Register::create_or_open(&path).unwrap();
    let writer = first.begin_capture(&file("a.pcap", "default"), &ACTOR).unwrap();
    let refused = second.begin_capture(&file("b.pcap", "default"), &ACTOR).unwrap_err().to_string();
    assert!(refused.contains("register.db: in use by another writer (process "), "{refused}");
    assert!(second.observed().unwrap().captures.is_empty());
    second.record(&ACTOR, "export", "register.json", "").unwrap();
    first.finish_capture(writer, &summary("a", "a.pcap", 1), &ACTOR).unwrap();
    // Between two files of one import nobody else gets in.
    assert!(second.begin_capture(&file("b.pcap", "default"), &ACTOR).is_err());
    first.release();
    let writer = second.begin_capture(&file("b.pcap", "default"), &ACTOR).unwrap();
    second.abandon(writer).unwrap();
}

#[test]
fn what_a_dead_import_left_goes_with_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.db");
    let mut dying = Register::create_or_open(&path).unwrap();
    let mut writer = dying.begin_capture(&file("cut.pcap", "default"), &ACTOR).unwrap();
    dying.write(&mut writer, &told(1, 0)).unwrap();
    drop((writer, dying));

    let mut next = Register::open_existing(&path).unwrap();
    assert_eq!(next.stats().unwrap().provisional, 1);
    import(&mut next, "a", &[told(2, 0)]);
    let stats = next.stats().unwrap();
    assert_eq!((stats.provisional, stats.captures, stats.stations), (0, 1, 1));
    let actions: Vec<_> =
        next.journal().unwrap().into_iter().map(|line| (line.action, line.subject)).collect();
    assert_eq!(
        actions,
        [("import discarded".into(), "cut.pcap".to_owned()), ("import".into(), "a".to_owned())]
    );
}

#[test]
fn a_writer_whose_rows_are_gone_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.db");
    let mut slow = Register::create_or_open(&path).unwrap();
    let mut writer = slow.begin_capture(&file("a.pcap", "default"), &ACTOR).unwrap();
    slow.release();
    let mut other = Register::create_or_open(&path).unwrap();
    import(&mut other, "b", &[told(1, 0)]);
    assert!(matches!(slow.write(&mut writer, &told(1, 0)), Err(Error::CaptureGone)));
    assert!(matches!(
        slow.finish_capture(writer, &summary("a", "a.pcap", 1), &ACTOR),
        Err(Error::CaptureGone)
    ));
    assert_eq!(other.observed().unwrap().captures.len(), 1);
}

#[test]
fn a_live_session_is_real_from_its_first_batch_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.db");
    let uid = session_uid();
    let start = CaptureStart {
        uid: Some(&uid),
        kind: CaptureKind::Live,
        name: "eth1",
        site: "north",
        sensor: "box 1",
        interface: "eth1",
    };
    let mut register = Register::create_or_open(&path).unwrap();
    let mut writer = register.begin_capture(&start, &ACTOR).unwrap();
    assert!(matches!(register.begin_capture(&start, &ACTOR), Err(Error::CaptureExists(_))));
    register.write(&mut writer, &told(1, 0)).unwrap();
    let so_far = CaptureSummary { kind: CaptureKind::Live, ..summary(&uid, "eth1", 50) };
    register.update_summary(&writer, &so_far).unwrap();
    register.write(&mut writer, &told(2, 0)).unwrap();
    drop((writer, register)); // as if the power went

    let mut register = Register::open_existing(&path).unwrap();
    import(&mut register, "a", &[told(9, 1)]);
    let observed = register.observed().unwrap();
    let session = observed.captures.iter().find(|captured| captured.summary.uid == uid).unwrap();
    assert_eq!(session.summary.frames, 50);
    assert_eq!(session.observed, summed(&common::joined([told(1, 0), told(2, 0)])));

    // A session that nobody has described says that it has not ended.
    let other = session_uid();
    let writer = register.begin_capture(&CaptureStart { uid: Some(&other), ..start }, &ACTOR).unwrap();
    let observed = register.observed().unwrap();
    let session = observed.captures.iter().find(|captured| captured.summary.uid == other).unwrap();
    assert_eq!(session.summary.stopped.as_deref(), Some("the session has not ended"));
    let ended = CaptureSummary { kind: CaptureKind::Live, ..summary(&other, "eth1", 9) };
    assert_eq!(register.finish_capture(writer, &ended, &ACTOR).unwrap(), Finished::New);
    let observed = register.observed().unwrap();
    assert_eq!(
        observed.captures.iter().find(|captured| captured.summary.uid == other).unwrap().summary,
        ended
    );
}

fn fact(number: u64) -> Fact {
    Fact {
        station: station(1),
        attribute: "serial_number".into(),
        value: number.to_string(),
        basis: Basis::Stated,
        protocol: "enip".into(),
        rule: "cip-serial-number".into(),
        evidence: evidence(number),
        sighting: Sighting::once(Time(0)),
    }
}

fn large(number: u64) -> KeptFrame {
    KeptFrame { octets: vec![0; 256 << 10], ..frame(number) }
}

#[test]
fn frames_are_kept_up_to_a_limit_and_what_was_not_is_counted() {
    let mut register = Register::in_memory().unwrap();
    let mut writer = register.begin_capture(&file("a.pcap", "default"), &ACTOR).unwrap();
    // Mentions may fill half of the room, so the facts that come after them still find some.
    let mention = |number: u64| Mention {
        station: station(1),
        by: station(8),
        protocol: "arp".into(),
        reason: "arp request".into(),
        sighting: Sighting::once(Time(0)),
        evidence: evidence(number),
    };
    let fits = FRAME_OCTETS_MAX / (256 << 10);
    // One mention whose proof spans more frames than half of the room.
    let mut long = mention(2);
    long.evidence.ranges =
        (0..fits).map(|frame| observation::Range { frame, offset: 0, length: 1 }).collect();
    register
        .write(
            &mut writer,
            &Batch { mentions: vec![long], frames: (0..fits).map(large).collect(), ..Batch::default() },
        )
        .unwrap();
    assert_eq!(register.stats().unwrap().frames, fits / 2);
    for number in (1000..1000 + fits).step_by(2) {
        let frames = vec![large(number), large(number + 1)];
        register
            .write(&mut writer, &Batch { facts: vec![fact(number)], frames, ..Batch::default() })
            .unwrap();
    }
    let stats = register.stats().unwrap();
    assert_eq!((stats.frames, stats.frame_octets), (fits, FRAME_OCTETS_MAX));
    register.finish_capture(writer, &summary("a", "a.pcap", 1), &ACTOR).unwrap();
    let counters = &register.observed().unwrap().captures[0].summary.counters;
    assert_eq!(counters.get(COUNTER_FRAMES_NOT_KEPT), Some(&fits));
    let check = register.check().unwrap();
    assert_eq!((check.frames_needed, check.frames_missing, check.is_sound()), (2 * fits, fits, true));
}

#[test]
fn the_number_of_frames_is_limited_too() {
    let mut register = Register::in_memory().unwrap();
    let mut writer = register.begin_capture(&file("a.pcap", "default"), &ACTOR).unwrap();
    let numbers: Vec<u64> = (0..FRAMES_MAX + 10).collect();
    let mut proof = fact(1);
    proof.evidence.ranges =
        numbers.iter().map(|frame| observation::Range { frame: *frame, offset: 0, length: 1 }).collect();
    let frames = numbers.iter().map(|number| KeptFrame { octets: vec![1; 60], ..frame(*number) }).collect();
    register.write(&mut writer, &Batch { facts: vec![proof], frames, ..Batch::default() }).unwrap();
    register.finish_capture(writer, &summary("a", "a.pcap", 1), &ACTOR).unwrap();
    assert_eq!(register.stats().unwrap().frames, FRAMES_MAX);
    assert_eq!(
        register.observed().unwrap().captures[0].summary.counters.get(COUNTER_FRAMES_NOT_KEPT),
        Some(&10)
    );
}

#[test]
fn malformed_messages_are_kept_up_to_a_limit_and_what_was_not_is_counted() {
    let mut register = Register::in_memory().unwrap();
    let mut writer = register.begin_capture(&file("a.pcap", "default"), &ACTOR).unwrap();
    let one = told(1, 5).malformed.remove(0);
    for _ in 0..=MALFORMED_MAX / 5000 {
        register
            .write(&mut writer, &Batch { malformed: vec![one.clone(); 5000], ..Batch::default() })
            .unwrap();
    }
    register.finish_capture(writer, &summary("a", "a.pcap", 1), &ACTOR).unwrap();
    assert_eq!(register.stats().unwrap().malformed, MALFORMED_MAX);
    assert_eq!(
        register.observed().unwrap().captures[0].summary.counters.get(COUNTER_MALFORMED_NOT_KEPT),
        Some(&5000)
    );
}

#[test]
fn a_kept_frame_reads_back_with_its_masks() {
    let mut register = Register::in_memory().unwrap();
    import(&mut register, "a", &[told(6, 0)]);
    assert_eq!(register.evidence("a", 7).unwrap(), Some(frame(7)));
    assert!(!register.evidence("a", 7).unwrap().unwrap().masked.is_empty());
    assert_eq!(register.evidence("a", 8).unwrap(), None);
    assert_eq!(register.evidence("b", 7).unwrap(), None);
}
