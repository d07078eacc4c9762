//! `db`: the register's file through years of service.

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::support::{self, Register, capture, list};

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A register of one file that holds a capture's frames again on each of `days` days.
fn register_of_days(name: &str, days: u32) -> Register {
    let register = Register::new();
    let path = register.folder.path().join("days.pcap");
    fs::write(&path, repeated_daily(&capture(name), days)).unwrap();
    register.import(&[path]);
    register
}

/// A little-endian pcap file with the frames of `path`, the same on each day.
fn repeated_daily(path: &Path, days: u32) -> Vec<u8> {
    let whole = fs::read(path).unwrap();
    let number = |at: usize| u32::from_le_bytes(whole[at..at + 4].try_into().unwrap());
    assert!(matches!(number(0), 0xa1b2_c3d4 | 0xa1b2_3c4d), "{} is no little-endian pcap", path.display());
    let mut file = whole[..24].to_vec();
    for day in 0..days {
        let mut at = 24;
        while at < whole.len() {
            let end = at + 16 + usize::try_from(number(at + 8)).unwrap();
            file.extend_from_slice(&(number(at) + day * 86_400).to_le_bytes());
            file.extend_from_slice(&whole[at + 4..end]);
            at = end;
        }
    }
    file
}

/// The register's file as rows: how many there are of stations by day, and of conversations.
fn dry_run(register: &Register, arguments: &[&str]) -> String {
    register.stdout(&[&["db", "prune", "--dry-run"], arguments].concat())
}

#[test]
fn a_pruned_register_says_the_same_and_pruned_twice_is_pruned_once() {
    let register = register_of_days("modbus-gateway.pcap", 120);
    let before = register.text();
    let planned = dry_run(&register, &["--detail-days", "0", "--conversation-days", "0"]);
    assert!(planned.ends_with("nothing was changed\n"), "{planned}");
    assert!(before == register.text(), "a trial changed the register");

    let pruned = register.stdout(&["db", "prune", "--detail-days", "0", "--conversation-days", "0"]);
    assert_eq!(planned.replace("nothing was changed\n", ""), pruned.replace("no asset was dropped\n", ""));
    assert!(pruned.contains("presences: ") && !pruned.contains("presences: 0 rows"), "{pruned}");
    assert!(!pruned.contains("conversations: 0 rows"), "{pruned}");
    let (before, after): (Value, Value) =
        (serde_json::from_str(&before).unwrap(), serde_json::from_str(&register.text()).unwrap());
    for key in ["assets", "conversations", "findings", "captures"] {
        assert_eq!(before[key], after[key], "{key}");
    }
    assert!(list(&after, "assets").len() > 3);

    let again = register.stdout(&["db", "prune", "--detail-days", "0", "--conversation-days", "0"]);
    assert!(again.contains("presences: 0 rows") && again.contains("operations: 0 rows"), "{again}");
    let check = register.stdout(&["db", "check"]);
    assert!(check.contains("are folded\n") && check.ends_with("the register is sound\n"), "{check}");
    // 30 and 90 days stay apart unless told otherwise: nothing older is left to fold.
    assert!(dry_run(&register, &[]).contains("presences: 0 rows"));
}

#[test]
fn proof_beyond_the_limit_is_dropped_and_counted_and_doctor_says_so() {
    let register = Register::of(&[capture("modbus-gateway.pcap")]);
    let pruned = register.stdout(&["db", "prune", "--evidence-frames", "2"]);
    assert!(pruned.contains("evidence frames of"), "{pruned}");
    let doctor = register.stdout(&["doctor"]);
    assert!(doctor.contains("retention: evidence frames dropped: "), "{doctor}");
    assert!(doctor.contains("2 frames kept"), "{doctor}");
}

#[test]
fn totals_of_every_capture_add_up() {
    let register = Register::of(&support::captures().into_iter().map(|(_, path)| path).collect::<Vec<_>>());
    let check = register.stdout(&["db", "check"]);
    assert!(check.ends_with("the register is sound\n"), "{check}");
}

#[test]
fn a_backup_made_while_an_import_runs_is_restored_whole() {
    let register = Register::of(&[capture("modbus-gateway.pcap")]);
    let before = register.text();
    let folder = register.folder.path();
    let mut import = support::command(folder, ["import"])
        .arg(capture("plant.pcapng"))
        .arg("-")
        .arg("--db")
        .arg(register.database())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // It waits for standard input; by then it holds the register and what it read of the first file.
    let mut waited = 0;
    while list(&register.json(), "captures").len() < 2 {
        thread::sleep(Duration::from_millis(20));
        waited += 1;
        assert!(waited < 1500, "the import does not begin");
    }
    let copy = folder.join("copy.db");
    let backup = register.stdout(&["db", "backup", copy.to_str().unwrap()]);
    assert!(backup.contains("sha256      "), "{backup}");
    let refused = register.run(&["db", "restore", copy.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert!(said(&refused).contains("in use by another writer"), "{}", said(&refused));
    drop(import.stdin.take());
    import.wait().unwrap();

    register.import(&[capture("s7-download.pcap")]);
    let during: Value = {
        let restored = register.stdout(&["db", "restore", copy.to_str().unwrap()]);
        assert!(restored.contains("as it stands beside the backup"), "{restored}");
        assert!(restored.contains("register.db.replaced-"), "{restored}");
        register.json()
    };
    assert_eq!(list(&during, "captures").len(), 2, "the capture that came after the backup is gone");
    register.stdout(&["db", "check"]);
    let before: Value = serde_json::from_str(&before).unwrap();
    assert!(list(&during, "assets").len() > list(&before, "assets").len());

    // A hash that does not fit is a failed check.
    fs::write(folder.join("copy.db.sha256"), "0".repeat(64)).unwrap();
    let refused = register.run(&["db", "restore", copy.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(6), "{}", said(&refused));
}

#[test]
fn a_damaged_register_is_exit_6() {
    let register = Register::of(&[capture("plant.pcapng")]);
    let mut octets = fs::read(register.database()).unwrap();
    let middle = octets.len() / 2 / 4096 * 4096;
    octets[middle..middle + 512].fill(0x5a);
    fs::write(register.database(), octets).unwrap();
    let check = register.run(&["db", "check"]);
    // What cannot be read at all is a failure, what can be is found damaged.
    assert!(matches!(check.status.code(), Some(1 | 6)), "{}", said(&check));
    assert!(said(&check).to_lowercase().contains("damage"), "{}", said(&check));
}

#[test]
fn migrate_says_what_it_found() {
    let register = Register::of(&[capture("modbus-gateway.pcap")]);
    let migrated = register.stdout(&["db", "migrate"]);
    assert!(migrated.ends_with("as it was\n"), "{migrated}");
}
