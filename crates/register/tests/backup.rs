//! Backups while others write, and what is put back from them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "a test"
)]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use common::{ACTOR, each_station_an_asset, file, import, joined, summed, told};
use observation::{Batch, CaptureKind};
use register::{CaptureStart, Error, JournalCheck, Register, SCHEMA_VERSION};
use sha2::{Digest, Sha256};

const HELD: &str = "TAPLEDGER_HELD_REGISTER";

fn batches(salt: u64) -> Vec<Batch> {
    (1..60).map(|number| told(number, u8::try_from(number * salt % 251).unwrap())).collect()
}

fn filled(path: &Path) -> Register {
    let mut register = Register::create_or_open(path).unwrap();
    import(&mut register, "a", &batches(7));
    register.identify(each_station_an_asset).unwrap();
    register.release();
    register
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_backup_is_the_register_with_its_hash_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let (path, target) = (folder.path().join("register.db"), folder.path().join("copy of 5%.db"));
    let mut register = filled(&path);
    fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
    let observed = register.observed().unwrap();
    let backup = register.back_up(&target, false, &ACTOR).unwrap();

    let sha256: String =
        Sha256::digest(fs::read(&target).unwrap()).iter().map(|octet| format!("{octet:02x}")).collect();
    assert_eq!(backup.sha256, sha256);
    assert_eq!(
        fs::read_to_string(folder.path().join("copy of 5%.db.sha256")).unwrap(),
        format!("{sha256}  copy of 5%.db\n")
    );
    assert_eq!(backup.octets, target.metadata().unwrap().len());
    assert_eq!(target.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    let line = register.journal().unwrap().pop().unwrap();
    assert_eq!((line.action.as_str(), line.subject.as_str()), ("backup", "copy of 5%.db"));
    assert!(line.detail.contains(&sha256));
    assert_eq!(Register::open_existing(&target).unwrap().observed().unwrap(), observed);
    assert!(!names(folder.path()).iter().any(|name| name.contains("partial")));

    let refused = register.back_up(&target, false, &ACTOR).unwrap_err().to_string();
    assert!(refused.contains("exists already"), "{refused}");
    let refused = register.back_up(&path, true, &ACTOR).unwrap_err().to_string();
    assert!(refused.contains("the register itself"), "{refused}");
    let newer = register.back_up(&target, true, &ACTOR).unwrap();
    assert_ne!(newer.sha256, backup.sha256, "the journal has grown");
}

#[test]
fn a_backup_during_an_import_holds_whole_batches_and_can_be_restored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.db");
    filled(&path);
    let (stop, targets) = (AtomicBool::new(false), 5);
    let live = std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let mut register = Register::create_or_open(&path).unwrap();
            let start = CaptureStart {
                uid: Some("live"),
                kind: CaptureKind::Live,
                name: "eth1",
                site: "default",
                sensor: "",
                interface: "eth1",
            };
            let mut session = register.begin_capture(&start, &ACTOR).unwrap();
            let mut provisional = register.begin_capture(&file("b.pcap", "default"), &ACTOR).unwrap();
            let mut written = Vec::new();
            for (number, batch) in batches(5).iter().cycle().enumerate() {
                if stop.load(Ordering::Relaxed) && number > 20 {
                    break;
                }
                register.write(&mut session, batch).unwrap();
                register.write(&mut provisional, batch).unwrap();
                written.push(batch.clone());
            }
            written
        });
        let mut register = Register::open_existing(&path).unwrap();
        for number in 0..targets {
            register.back_up(&folder.path().join(format!("{number}.db")), false, &ACTOR).unwrap();
        }
        stop.store(true, Ordering::Relaxed);
        writing.join().unwrap()
    });
    let mut seen = 0;
    for number in 0..targets {
        let copy = folder.path().join(format!("{number}.db"));
        let restored = folder.path().join(format!("restored {number}.db"));
        let done = Register::restore(&restored, &copy, &ACTOR).unwrap();
        assert!(done.checksum_compared && done.replaced.is_none());
        let mut register = Register::open_existing(&restored).unwrap();
        let check = register.check().unwrap();
        assert!(check.is_sound(), "{check:?}");
        let observed = register.observed().unwrap();
        let a = observed.captures.iter().find(|captured| captured.summary.uid == "a").unwrap();
        assert_eq!(a.observed, summed(&joined(batches(7))));
        if let Some(session) = observed.captures.iter().find(|captured| captured.summary.uid == "live") {
            let frames: u64 = session.observed.presences.iter().map(|presence| presence.sighting.count).sum();
            let whole = live.iter().take(usize::try_from(frames).unwrap()).cloned();
            assert_eq!(session.observed, summed(&joined(whole)), "each batch has one presence");
            seen += frames;
        }
        // What the import had written by then is thrown away by the next one.
        import(&mut register, "c", &batches(3));
        assert_eq!(register.stats().unwrap().provisional, 0);
    }
    assert!(seen > 0, "no backup was made while the session wrote; the test proves nothing");
}

/// Another process that has the register open until its standard input ends. (Locks are those of a process: a test
/// cannot stand in its own way.)
fn child_that_holds(path: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "holder", "--ignored", "--nocapture"])
        .env(HELD, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.map_while(Result::ok).find(|line| line.contains("open")).unwrap();
    child
}

#[test]
#[ignore = "the process that has a register open"]
fn holder() {
    if let Ok(path) = std::env::var(HELD) {
        let register = Register::open_existing(path.as_ref()).unwrap();
        register.observed().unwrap();
        println!("open");
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    }
}

#[test]
fn a_restore_keeps_what_it_replaces_and_says_so_in_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("register.db"), folder.path().join("copy.db"));
    let mut register = filled(&path);
    fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    let before = register.observed().unwrap();
    let backup = register.back_up(&copy, false, &ACTOR).unwrap();
    import(&mut register, "b", &batches(5));
    let later = register.observed().unwrap();

    // Somebody has it open; and then an import runs.
    let refused = Register::restore(&path, &copy, &ACTOR).unwrap_err();
    assert!(matches!(refused, Error::InUse { .. }), "{refused}");
    drop(register);
    let mut reader = child_that_holds(&path);
    let refused = Register::restore(&path, &copy, &ACTOR).unwrap_err();
    assert!(matches!(refused, Error::InUse { process: None, .. }), "{refused}");
    drop(reader.stdin.take());
    reader.wait().unwrap();
    assert_eq!(
        Register::open_existing(&path).unwrap().observed().unwrap(),
        later,
        "a refused restore changes nothing"
    );

    let restored = Register::restore(&path, &copy, &ACTOR).unwrap();
    let aside = restored.replaced.unwrap();
    assert_eq!(aside, folder.path().join("register.db.replaced-2023-11-14T221320Z"));
    assert_eq!(restored.sha256, backup.sha256);
    let register = Register::open_existing(&path).unwrap();
    assert_eq!(register.observed().unwrap(), before);
    let line = register.journal().unwrap().pop().unwrap();
    assert_eq!((line.action.as_str(), line.subject.as_str()), ("restore", "copy.db"));
    assert!(
        line.detail.contains(&backup.sha256) && line.detail.contains("register.db.replaced-"),
        "{}",
        line.detail
    );
    assert!(matches!(register.verify_journal().unwrap(), JournalCheck::Intact { .. }));
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    drop(register);
    assert_eq!(Register::open_existing(&aside).unwrap().observed().unwrap(), later);

    let second = Register::restore(&path, &copy, &ACTOR).unwrap().replaced.unwrap();
    assert!(second.to_str().unwrap().ends_with("Z.2"), "{}", second.display());
}

#[test]
fn what_is_no_sound_backup_is_refused_before_anything_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("register.db"), folder.path().join("copy.db"));
    filled(&path).back_up(&copy, false, &ACTOR).unwrap();
    let (whole, register) = (fs::read(&copy).unwrap(), fs::read(&path).unwrap());
    let refused = |name: &str| {
        let error = Register::restore(&path, &folder.path().join(name), &ACTOR).unwrap_err().to_string();
        assert!(fs::read(&path).unwrap() == register, "{error}");
        error
    };
    assert!(refused("missing.db").contains("no such register"));

    let mut torn = whole.clone();
    torn[5000] ^= 0xff;
    fs::write(&copy, &torn).unwrap();
    assert!(refused("copy.db").contains("beside it"));

    // Without a hash the file itself has to tell.
    let unhashed = folder.path().join("unhashed.db");
    let mut found = 0;
    for at in (4096..whole.len()).step_by(4096) {
        let mut torn = whole.clone();
        for octet in &mut torn[at..at + 64] {
            *octet ^= 0x55;
        }
        fs::write(&unhashed, &torn).unwrap();
        if Register::restore(&folder.path().join("elsewhere.db"), &unhashed, &ACTOR).is_err() {
            found += 1;
        }
        let _ = fs::remove_file(folder.path().join("elsewhere.db"));
    }
    assert!(found > 10, "{found} torn pages were noticed");

    fs::write(&unhashed, &whole[..whole.len() / 2]).unwrap();
    refused("unhashed.db");
    fs::write(&unhashed, b"not a register").unwrap();
    assert!(refused("unhashed.db").contains("not a tapledger register"));
    fs::write(folder.path().join("unhashed.db.sha256"), "no hash\n").unwrap();
    assert!(refused("unhashed.db").contains("holds no SHA-256"));

    fs::write(&copy, &whole).unwrap();
    fs::write(folder.path().join("copy.db-wal"), b"x").unwrap();
    assert!(refused("copy.db").contains("in use and no backup"));
}

#[test]
fn a_damaged_register_is_replaced_and_its_log_does_not_reach_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("register.db"), folder.path().join("copy.db"));
    let mut register = filled(&path);
    let before = register.observed().unwrap();
    register.back_up(&copy, false, &ACTOR).unwrap();
    drop(register);
    let mut torn = fs::read(&path).unwrap();
    torn[..4096].fill(0xaa);
    fs::write(&path, &torn).unwrap();
    fs::write(folder.path().join("register.db-wal"), vec![7; 9000]).unwrap();

    let aside = Register::restore(&path, &copy, &ACTOR).unwrap().replaced.unwrap();
    assert_eq!(Register::open_existing(&path).unwrap().observed().unwrap(), before);
    assert!(fs::read(&aside).unwrap() == torn);
    let mut log = aside.into_os_string();
    log.push("-wal");
    assert_eq!(fs::metadata(log).unwrap().len(), 9000);
}

#[test]
fn a_register_of_an_older_schema_is_found_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.db");
    assert!(matches!(Register::schema_of(&path), Err(Error::NoSuchFile(_))));
    filled(&path);
    assert_eq!(Register::schema_of(&path).unwrap(), SCHEMA_VERSION);
}
