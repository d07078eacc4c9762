//! The laws of the register (`ARCHITECTURE.md`), on the program as a user runs it.

use std::fs;
use std::io::BufWriter;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::generator::file::{ETHERNET, Order, Pcap, Unit};
use crate::generator::mix::Mix;
use crate::support::canonical::canonical;
use crate::support::frames::{self, Frames};
use crate::support::{self, Register, capture, evidence, list, text};

/// Where two registers differ first, in words.
fn assert_same(left: &Value, right: &Value, what: &str) {
    for key in ["assets", "conversations", "findings", "changes", "captures"] {
        let (left, right) = (list(left, key), list(right, key));
        for (left, right) in left.iter().zip(right) {
            assert_eq!(left, right, "{what}: {key} differ");
        }
        assert_eq!(left.len(), right.len(), "{what}: the number of {key} differs");
    }
    assert_eq!(left, right, "{what}");
}

#[test]
fn the_order_of_imports_does_not_matter() {
    for (a, b) in [
        ("plant.pcapng", "plant-kernel-untagged.pcapng"),
        ("hard/mirror-duplicates.pcap", "hard/tcp-disorder.pcap"),
        ("cuts/modbus-identity.pcapng", "plant.pcapng"),
        ("enip-chassis.pcap.gz", "s7-download.pcap"),
    ] {
        let (a, b) = (capture(a), capture(b));
        let at_once = canonical(&Register::of(&[&a, &b]).json());
        for (first, second) in [(&a, &b), (&b, &a)] {
            let register = Register::of(&[first]);
            register.import(&[second]);
            assert_same(
                &at_once,
                &canonical(&register.json()),
                &format!("{} then {}", first.display(), second.display()),
            );
        }
    }
}

#[test]
fn an_asset_keeps_its_id_when_more_is_learnt_of_it() {
    let register = Register::of(&[capture("cuts/modbus-identity.pcapng")]);
    let before = register.json();
    register.import(&[capture("plant.pcapng"), capture("plant-kernel-untagged.pcapng")]);
    let after = register.json();
    let mut known: Vec<&str> = Vec::new();
    for asset in list(&after, "assets") {
        known.push(text(asset, "id"));
        known.extend(list(asset, "aliases").iter().filter_map(Value::as_str));
    }
    assert!(!list(&before, "assets").is_empty());
    for asset in list(&before, "assets") {
        assert!(known.contains(&text(asset, "id")), "{} lost its id", asset["name"]);
    }
}

#[test]
fn importing_a_file_twice_changes_nothing() {
    let register = Register::of(&[capture("plant.pcapng")]);
    let once = register.text();
    register.import(&[capture("plant.pcapng")]);
    assert!(once == register.text(), "the second import changed the register");

    // The same octets under another name, twice in one command.
    let copy = register.folder.path().join("copy.pcapng");
    fs::copy(capture("plant.pcapng"), &copy).unwrap();
    register.import(&[&copy, &copy]);
    assert!(once == register.text(), "a copy counted as another capture");
}

#[test]
fn exports_of_one_register_are_identical_on_any_machine() {
    let register = Register::of(&[capture("plant.pcapng"), capture("hard/hostile-strings.pcap")]);
    for format in ["json", "csv"] {
        let here = register.stdout(&["export", "--format", format]);
        assert!(!here.is_empty());
        for (zone, locale) in [("Asia/Kathmandu", "C"), ("America/St_Johns", "de_DE.UTF-8")] {
            let mut command =
                support::command(register.folder.path(), ["export", "--format", format, "--db"]);
            command
                .arg(register.database())
                .env("TZ", zone)
                .env("LC_ALL", locale)
                .env("TOKIO_WORKER_THREADS", "1");
            let there = command.output().unwrap();
            assert!(here.as_bytes() == there.stdout, "{format} differs with TZ={zone} LC_ALL={locale}");
        }
    }
}

#[test]
fn totals_in_are_totals_out() {
    for (name, path) in support::captures() {
        let register = Register::of(&[&path]).json();
        let captures = list(&register, "captures");
        assert_eq!(captures.len(), 1, "{name}");
        let frames = frames::read(&path);
        assert_eq!(captures[0]["frames"].as_u64(), Some(frames.count()), "{name}: frames");
        assert_eq!(
            captures[0]["octets"].as_u64(),
            Some(fs::metadata(&path).unwrap().len()),
            "{name}: octets"
        );
        assert_eq!(text(&captures[0], "status"), "complete", "{name}");
    }
}

#[test]
fn every_stated_or_reported_value_can_be_read_again_from_its_octets() {
    let mut values = 0;
    for (name, path) in support::captures() {
        let checked = evidence::check(&Register::of(&[&path]).json(), &frames::read(&path));
        assert!(checked.wrong.is_empty(), "{name}:\n{}", checked.wrong.join("\n"));
        values += checked.values;
    }
    println!("{values} values read again");
    assert!(values > 200, "only {values} values have evidence");
}

#[test]
fn a_killed_import_leaves_a_clean_register_that_a_repeated_one_completes() {
    const FRAMES: usize = 300_000;
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("mix.pcap");
    write_mix(&file, FRAMES);
    let whole = canonical(&Register::of(&[&file]).json());

    let register = Register::of(&[capture("modbus-gateway.pcap")]);
    let before = register.text();
    let mut killed = 0;
    for wait in [20, 60, 150, 300] {
        let mut command = support::command(register.folder.path(), ["import"]);
        command.arg(&file).arg("--db").arg(register.database()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut import = command.spawn().unwrap();
        thread::sleep(Duration::from_millis(wait));
        let through = import.try_wait().unwrap().is_some();
        import.kill().unwrap();
        import.wait().unwrap();
        if through {
            break;
        }
        killed += 1;
        assert!(before == register.text(), "a killed import left something behind");
    }
    assert!(killed > 0, "the import was through before it could be killed: make it longer");
    register.import(&[&file]);
    let both = Register::of(&[file.clone(), capture("modbus-gateway.pcap")]);
    assert_same(&canonical(&both.json()), &canonical(&register.json()), "completed after a kill");
    assert_eq!(list(&whole, "captures")[0]["frames"].as_u64(), Some(FRAMES as u64));
}

fn write_mix(path: &Path, frames: usize) {
    let out = BufWriter::new(fs::File::create(path).unwrap());
    let mut file = Pcap::new(out, Order::Little, Unit::Nanos, ETHERNET, 0xffff).unwrap();
    let (mut mix, mut frame) = (Mix::new(7), Vec::new());
    for _ in 0..frames {
        let time = mix.next(&mut frame);
        file.frame(time, &frame).unwrap();
    }
    file.finish().unwrap();
}
