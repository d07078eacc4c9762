//! What changed, as the command prints it, on captures of several days.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::canonical::canonical;
use crate::support::{Register, capture, list, text};

/// A capture of `captures/` moved by days, in the folder of a register. It has to be a pcap of microseconds,
/// little-endian: 24 octets, then records of 16 octets and what they hold.
fn moved(register: &Register, name: &str, days: u32) -> PathBuf {
    let mut octets = fs::read(capture(name)).unwrap();
    assert_eq!(&octets[..4], [0xd4, 0xc3, 0xb2, 0xa1], "{name}");
    let word = |octets: &[u8], at: usize| u32::from_le_bytes(octets[at..at + 4].try_into().unwrap());
    let mut at = 24;
    while at < octets.len() {
        let second = word(&octets, at) + days * 86_400;
        octets[at..at + 4].copy_from_slice(&second.to_le_bytes());
        at += 16 + word(&octets, at + 8) as usize;
    }
    let path = register.folder.path().join(format!("{days}-{name}"));
    fs::write(&path, octets).unwrap();
    path
}

/// A gateway that is polled on nine days, and on the last somebody else downloads a program to a controller.
fn plant(register: &Register) -> Vec<PathBuf> {
    let mut files: Vec<_> = (0..10).map(|day| moved(register, "modbus-gateway.pcap", day)).collect();
    files.push(moved(register, "s7-download.pcap", 9));
    files
}

fn kinds(changes: &[Value], learned: bool) -> Vec<&str> {
    let wanted = changes.iter().filter(|change| change["learned"] == learned);
    let mut kinds: Vec<&str> = wanted.map(|change| text(change, "kind")).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

#[test]
fn what_comes_after_the_learning_period_is_told_and_what_was_learned_is_marked() {
    let register = Register::new();
    let files = plant(&register);
    register.import(&files);
    let document = register.json();
    let changes = list(&document, "changes");
    assert_eq!(
        kinds(changes, true),
        ["first_control", "first_write", "new_asset", "new_peer", "new_service"]
    );
    assert_eq!(
        kinds(changes, false),
        ["first_control", "first_program", "first_write", "new_asset", "new_peer", "new_service"]
    );
    let program = changes.iter().find(|change| change["kind"] == "first_program").unwrap();
    assert!(!list(&program["evidence"][0], "ranges").is_empty(), "{program}");

    let table = register.stdout(&["changes"]);
    assert!(table.contains("programs") && !table.contains("(learned)"), "{table}");
    assert!(table.contains("built the first baseline (--learned prints them)"), "{table}");
    assert!(register.stdout(&["changes", "--learned"]).contains("(learned)"));

    let lines = register.stdout(&["changes", "--format", "jsonl"]);
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(&lines, changes);
    let array: Value = serde_json::from_str(&register.stdout(&["changes", "--format", "json"])).unwrap();
    assert_eq!(&array, &document["changes"]);
    assert_eq!(register.stdout(&["changes", "--format", "csv"]).lines().count(), changes.len() + 1);

    let of = |arguments: &[&str]| {
        let all = [&["changes", "--format", "jsonl"], arguments].concat();
        register.stdout(&all).lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>()
    };
    assert!(of(&["--since", "1h"]).iter().all(|change| change["learned"] == false));
    assert_eq!(
        of(&["--since", "1h"]).len(),
        changes.iter().filter(|change| change["learned"] == false).count()
    );
    let id = text(program, "asset");
    let about = of(&["--asset", id]);
    assert!(!about.is_empty() && about.len() < changes.len());
    assert!(about.iter().all(|change| change["asset"] == id || change["peer"]["asset"] == id));
    assert!(of(&["--learning", "0s"]).iter().all(|change| change["learned"] == false));
    assert!(of(&["--learning", "30d"]).iter().all(|change| change["learned"] == true));
}

#[test]
fn the_order_of_imports_changes_no_change() {
    let at_once = Register::new();
    let files = plant(&at_once);
    at_once.import(&files);
    let expected = canonical(&at_once.json());
    let one_by_one = Register::new();
    for file in files.iter().rev() {
        one_by_one.import(&[file]);
    }
    one_by_one.import(&files);
    assert_eq!(canonical(&one_by_one.json())["changes"], expected["changes"]);
    assert!(list(&expected, "changes").len() > 10);
}
