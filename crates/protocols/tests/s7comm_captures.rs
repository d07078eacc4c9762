//! S7comm on real captures, read where they lie: the corpus and the lab beside the project. Skipped, aloud, without them.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test"
)]

#[path = "common/streams.rs"]
mod streams;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

/// The folder, or `None` with a word about it.
fn shared(name: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")).join(name);
    if !folder.is_dir() {
        println!("skipped: {} is missing", folder.display());
        return None;
    }
    Some(folder)
}

/// What one capture says.
#[derive(Debug, Default)]
struct Said {
    /// Values by address and attribute.
    facts: BTreeMap<(String, &'static str), BTreeSet<String>>,
    operations: BTreeMap<String, usize>,
    stations: BTreeSet<String>,
    spoke: BTreeSet<String>,
    carries: BTreeSet<&'static str>,
    problems: Vec<String>,
}

fn read(path: &std::path::Path) -> Said {
    let mut said = Said::default();
    let protocol = protocols::by_name("s7comm").unwrap();
    streams::decode(path, protocol, 102, |message| {
        let output = message.output;
        said.problems.extend(message.malformed.clone());
        said.problems.extend(output.malformed.iter().map(ToString::to_string));
        for (fact, proof) in output.facts.iter().zip(&message.proofs) {
            let value = (protocols::rule(fact.rule).unwrap().read)(proof);
            assert_eq!(
                value.as_ref(),
                Some(&fact.value),
                "{}: {} does not read back",
                path.display(),
                fact.rule
            );
            said.facts
                .entry((fact.station.address.to_string(), fact.attribute))
                .or_default()
                .insert(fact.value.clone());
        }
        for operation in &output.operations {
            *said.operations.entry(format!("{} {}", operation.kind.as_str(), operation.name)).or_default() +=
                1;
        }
        said.stations.extend(output.mentioned.iter().map(|named| named.station.to_string()));
        said.spoke.extend(output.spoke.iter().map(|spoke| spoke.station.to_string()));
        said.carries.extend(output.carries);
    });
    said
}

/// The values of a field of a truth line that an S7 reader found: `"field": [{… "src": […s7…], "v": "value"}]`.
fn truth_values(line: &str, field: &str) -> Vec<String> {
    let Some(start) = line.find(&format!("\"{field}\": [{{")) else { return Vec::new() };
    let list = &line[start..start + line[start..].find("}]").unwrap()];
    let entries = list.split("}, {").filter(|entry| {
        entry.contains("s7_szl") || entry.contains("tshark:s7comm") || entry.contains("plant:s7comm")
    });
    entries.map(|entry| entry.split("\"v\": \"").nth(1).unwrap().trim_end_matches('"').to_owned()).collect()
}

fn string_of<'a>(line: &'a str, field: &str) -> &'a str {
    line.split(&format!("\"{field}\": \"")).nth(1).unwrap().split('"').next().unwrap()
}

fn agrees_with_truth(folder: &str) {
    let Some(folder) = shared(folder) else { return };
    let fields = [
        ("order_number", "order_number"),
        ("serial", "serial_number"),
        ("firmware", "firmware_version"),
        ("hw_version", "hardware_revision"),
        ("plc_name", "station_name"),
        ("module_name", "name"),
        ("module_type", "model"),
        ("copyright", "s7comm.copyright"),
        ("mmc_serial", "s7comm.memory_card_serial"),
    ];
    let (mut checked, mut read_captures) = (0, BTreeMap::new());
    let mut misses = Vec::new();
    for line in fs::read_to_string(folder.join("truth.jsonl")).unwrap().lines() {
        let (file, ip) = (string_of(line, "file"), string_of(line, "ip"));
        for (field, attribute) in fields {
            for value in truth_values(line, field) {
                let said = read_captures
                    .entry(file.to_owned())
                    .or_insert_with(|| read(&folder.join("captures").join(file)));
                let found = said.facts.get(&(ip.to_owned(), attribute));
                checked += 1;
                if !found.is_some_and(|values| values.contains(&value)) {
                    misses.push(format!("{file} {ip} {attribute}: {value:?} is not in {found:?}"));
                }
            }
        }
    }
    println!("{checked} values of {} captures", read_captures.len());
    assert!(checked > 0);
    assert!(misses.is_empty(), "{misses:#?}");
}

#[test]
fn identity_agrees_with_the_truth_of_the_corpus() {
    agrees_with_truth("corpus");
}

#[test]
fn identity_agrees_with_the_truth_of_the_lab() {
    agrees_with_truth("lab");
}

#[test]
fn every_capture_on_port_102_is_read_without_a_wrong_word() {
    for folder in ["corpus", "lab"] {
        let Some(folder) = shared(folder) else { return };
        let mut todo = vec![folder.join("captures")];
        let mut captures = 0;
        while let Some(path) = todo.pop() {
            if path.is_dir() {
                todo.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
                continue;
            }
            let octets = fs::read(&path).unwrap();
            let known = [[0x0a, 0x0d, 0x0d, 0x0a], [0xd4, 0xc3, 0xb2, 0xa1], [0xa1, 0xb2, 0xc3, 0xd4]];
            if octets.len() < 28 || !known.iter().any(|magic| octets.starts_with(magic)) {
                continue;
            }
            let said = read(&path);
            if said.facts.is_empty()
                && said.operations.is_empty()
                && said.carries.is_empty()
                && said.problems.is_empty()
            {
                continue;
            }
            captures += 1;
            println!(
                "{}\n  {:?}\n  {:?}\n  {:?} {:?} {:?}",
                path.display(),
                said.facts,
                said.operations,
                said.stations,
                said.spoke,
                said.carries
            );
            println!("  problems {:?}", said.problems);
            // What carries only a relative has no S7 operation.
            if said.carries.iter().any(|carried| *carried == "mms")
                && said.spoke.is_empty()
                && !path.ends_with("plant.pcapng")
                && !path.ends_with("plant-kernel-untagged.pcapng")
            {
                assert!(said.operations.is_empty(), "{}: {:?}", path.display(), said.operations);
            }
        }
        println!("{captures} captures in {}", folder.display());
        assert!(captures > 0);
    }
}
