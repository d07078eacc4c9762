//! Law 8: kill -9 at any moment loses at most the last uncommitted batch, and a repeated import completes it.
//!
//! The test binary starts itself as the process to be killed.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "a test"
)]

mod common;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::{ACTOR, each_station_an_asset, import, joined, summed, told};
use inventory::Observed;
use observation::{Batch, CaptureKind};
use register::{CaptureStart, JournalCheck, Register};

const REGISTER: &str = "TAPLEDGER_KILLED_REGISTER";
const FILES: [&str; 3] = ["a", "b", "c"];
const BATCHES: u64 = 60;
const EVENTS: u64 = 20;

/// Moments of death after the start, in milliseconds: fixed, spread over a whole import and its beginning.
fn moments() -> impl Iterator<Item = u64> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        5 + state % 400
    })
}

fn batch(file: &str, number: u64) -> Batch {
    let salt = u64::from(file.as_bytes()[0]);
    joined((0..EVENTS).map(|event| {
        let at = number * EVENTS + event;
        told(at / 8, u8::try_from((at * 7 + salt * 31) % 256).unwrap())
    }))
}

fn batches(file: &str) -> Vec<Batch> {
    (0..BATCHES).map(|number| batch(file, number)).collect()
}

/// Every file, then all of them again: known captures are written and thrown away.
fn import_all(register: &mut Register) {
    for file in FILES.iter().chain(&FILES) {
        import(register, file, &batches(file));
        register.identify(each_station_an_asset).unwrap();
    }
}

fn child(path: &Path, test: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env(REGISTER, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
#[ignore = "the process that the test of killed imports kills"]
fn child_that_imports() {
    if let Ok(path) = std::env::var(REGISTER) {
        import_all(&mut Register::create_or_open(path.as_ref()).unwrap());
    }
}

#[test]
#[ignore = "the process that the test of killed sessions kills"]
fn child_that_listens() {
    if let Ok(path) = std::env::var(REGISTER) {
        let mut register = Register::create_or_open(path.as_ref()).unwrap();
        let start = CaptureStart {
            uid: Some("live"),
            kind: CaptureKind::Live,
            name: "eth1",
            site: "default",
            sensor: "",
            interface: "eth1",
        };
        let mut writer = register.begin_capture(&start, &ACTOR).unwrap();
        for number in 0.. {
            register.write(&mut writer, &batch("live", number)).unwrap();
            println!("written {}", number + 1);
        }
    }
}

fn clean() -> Observed {
    let mut register = Register::in_memory().unwrap();
    import_all(&mut register);
    register.observed().unwrap()
}

#[test]
fn an_import_killed_at_any_moment_is_completed_by_the_next() {
    let whole = clean();
    let folder = tempfile::tempdir().unwrap();
    let (mut found_leftovers, mut found_captures) = (0, 0);
    let mut moments = moments();
    for round in 0..6 {
        let path = folder.path().join(format!("{round}.db"));
        for _ in 0..4 {
            let mut child = child(&path, "child_that_imports");
            std::thread::sleep(Duration::from_millis(moments.next().unwrap()));
            child.kill().unwrap();
            child.wait().unwrap();
            // Killed before there was a register, or with an empty file: the next one makes it.
            let Ok(register) = Register::open_existing(&path) else { continue };
            let check = register.check().unwrap();
            assert!(check.is_sound(), "{check:?}");
            let observed = register.observed().unwrap();
            for captured in &observed.captures {
                let of_clean = whole.captures.iter().find(|clean| clean.summary.uid == captured.summary.uid);
                assert_eq!(Some(captured), of_clean, "a capture is in the register whole or not at all");
            }
            let stats = register.stats().unwrap();
            assert!(stats.provisional <= 1, "each import throws away what the one before it left");
            found_leftovers += stats.provisional;
            found_captures += stats.captures;
        }
        let mut register = Register::create_or_open(&path).unwrap();
        import_all(&mut register);
        assert_eq!(register.observed().unwrap(), whole);
        let stats = register.stats().unwrap();
        assert_eq!((stats.provisional, stats.captures), (0, FILES.len() as u64));
        assert!(register.check().unwrap().is_sound());
        assert!(matches!(register.verify_journal().unwrap(), JournalCheck::Intact { .. }));
    }
    println!(
        "24 imports killed: {found_leftovers} left rows behind, {found_captures} captures were whole by then"
    );
    assert!(found_leftovers > 0, "no moment hit a running import; the test proves nothing");
}

#[test]
fn a_live_session_killed_at_any_moment_loses_at_most_the_last_batch() {
    let folder = tempfile::tempdir().unwrap();
    let mut written_in_all = 0;
    for (round, moment) in moments().take(8).enumerate() {
        let path = folder.path().join(format!("{round}.db"));
        let mut child = child(&path, "child_that_listens");
        std::thread::sleep(Duration::from_millis(moment));
        child.kill().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let written = lines
            .map_while(Result::ok)
            .filter_map(|line| line.strip_prefix("written ")?.parse::<u64>().ok())
            .last();
        child.wait().unwrap();
        let Some(written) = written else { continue };
        written_in_all += written;
        let mut register = Register::open_existing(&path).unwrap();
        import(&mut register, "a", &batches("a"));
        let observed = register.observed().unwrap();
        let session = observed.captures.iter().find(|captured| captured.summary.uid == "live").unwrap();
        let upto = |last: u64| summed(&joined((0..last).map(|number| batch("live", number))));
        assert!(
            session.observed == upto(written) || session.observed == upto(written + 1),
            "{written} batches were said to be written"
        );
    }
    assert!(written_in_all > 0, "no session wrote anything; the test proves nothing");
}
