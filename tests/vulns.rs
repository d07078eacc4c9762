//! `vulns match` on registers of captures and real advisories: the verdicts that were expected by reading them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::{Register, capture, list, shared, text, winner};

/// The list of expected verdicts, which the crate's own tests read too.
const EXPECTED: &str = include_str!("../crates/advisories/tests/verdicts.tsv");

/// A capture of ours, or one of the corpus.
fn source(name: &str) -> Option<PathBuf> {
    match name.strip_prefix("corpus/") {
        Some(name) => shared(&format!("corpus/captures/{name}")),
        None => Some(capture(name)),
    }
}

/// The gravest verdict on each asset in view of each advisory.
fn gravest(document: &Value) -> BTreeMap<(String, String), String> {
    let mut gravest = BTreeMap::new();
    // Sorted with the gravest first.
    for outcome in list(document, "outcomes") {
        let advisory = text(outcome, "advisory").to_lowercase();
        gravest
            .entry((text(outcome, "asset").to_owned(), advisory))
            .or_insert_with(|| text(outcome, "verdict").to_owned());
    }
    gravest
}

#[test]
fn assets_of_captures_get_the_verdicts_that_reading_the_advisories_gives() {
    let Some(csaf) = shared("data/csaf") else { return };
    let lines = EXPECTED.lines().filter(|line| !line.starts_with('#'));
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split('\t').collect()).collect();
    let names: BTreeSet<&str> = rows.iter().map(|row| row[0]).filter(|name| *name != "made up").collect();
    let mut pairs = 0;
    for name in names {
        let Some(path) = source(name) else { continue };
        let register = Register::of(&[path]);
        let arguments = ["vulns", "match", "--csaf", csaf.to_str().unwrap(), "--format", "json"];
        let document: Value = serde_json::from_str(&register.stdout(&arguments)).unwrap();
        assert_eq!(list(&document, "advisories").len(), 98);
        let verdicts = gravest(&document);
        let register = register.json();
        for row in rows.iter().filter(|row| row[0] == name) {
            let is_it = |asset: &&Value| {
                let is = |attribute, cell: &str| winner(asset, attribute).unwrap_or_default() == cell;
                let (models, orders) = (is("model", row[2]), is("order_number", row[3]));
                models && orders && is("firmware_version", row[4])
            };
            let assets: Vec<&Value> = list(&register, "assets").iter().filter(is_it).collect();
            assert!(!assets.is_empty(), "{name} has no {row:?}");
            for asset in assets {
                let given = verdicts.get(&(text(asset, "id").to_owned(), row[6].to_owned()));
                assert_eq!(given.map_or("-", String::as_str), row[7], "{row:?}");
            }
            pairs += 1;
        }
    }
    println!("{pairs} pairs of an asset of a capture and an advisory as expected");
    assert!(pairs >= 25, "{pairs}");
}

/// A folder with one advisory about a CPU of our plant, and what else is given.
fn folder(register: &Register, more: &[(&str, &str)]) -> PathBuf {
    let folder = register.folder.path().join("csaf");
    fs::create_dir_all(folder.join("2026")).unwrap();
    let advisory = json!({
        "document": {"csaf_version": "2.0", "title": "=cmd()\u{1b}[2J", "tracking": {"id": "MAKER-1", "version": "1"}},
        "product_tree": {"branches": [{"category": "vendor", "name": "Siemens", "branches": [
            {"category": "product_name", "name": "\u{202e}CPU", "branches": [{"category": "product_version_range", "name": "<V3.2.17",
             "product": {"name": "=x", "product_id": "P", "product_identification_helper": {"skus": ["6ES7315-2EH14-0AB0"]}}}]}]}]},
        "vulnerabilities": [{"cve": "CVE-2026-1", "product_status": {"known_affected": ["P"]}}]});
    fs::write(folder.join("2026/maker-1.json"), advisory.to_string()).unwrap();
    for (name, text) in more {
        fs::write(folder.join(name), text).unwrap();
    }
    folder
}

#[test]
fn verdicts_are_a_table_a_csv_and_json_with_hash_reason_and_what_is_exploited() {
    let register = Register::of(&[capture("plant.pcapng")]);
    let folder = folder(
        &register,
        &[("kev.txt", r#"{"vulnerabilities": [{"cveID": "CVE-2026-1", "dateAdded": "2026-02-03"}]}"#)],
    );
    let (csaf, kev) =
        (folder.to_str().unwrap().to_owned(), folder.join("kev.txt").to_str().unwrap().to_owned());
    let matched = |more: &[&str]| {
        register.stdout(&[&["vulns", "match", "--csaf", &csaf, "--kev", &kev], more].concat())
    };
    let table = matched(&["--wide"]);
    for part in ["affected", "cannot tell", "firmware V3.2.6 is in <V3.2.17", "CVE-2026-1", "2 verdicts"] {
        assert!(table.contains(part), "{part}: {table}");
    }
    let json: Value = serde_json::from_str(&matched(&["--format", "json", "--verdict", "affected"])).unwrap();
    let outcome = &list(&json, "outcomes")[0];
    assert_eq!(list(&json, "outcomes").len(), 1);
    assert_eq!(outcome["known_exploited"][0]["added"], "2026-02-03");
    assert_eq!(text(outcome, "advisory_sha256").len(), 64);
    let csv = matched(&["--format", "csv"]);
    assert!(!csv.contains('\u{1b}') && !csv.contains('\u{202e}'), "{csv}");
    assert!(!csv.contains(",=cmd"), "no formula: {csv}");
    assert_eq!(csv.lines().count(), 3);
}

#[test]
fn a_document_that_is_none_is_named_and_the_exit_is_4_and_no_document_at_all_is_wrong_usage() {
    let register = Register::of(&[capture("plant.pcapng")]);
    let folder = folder(&register, &[("bad.json", "{\"document\": 7}"), ("index.json", "[]")]);
    let output = register.run(&["vulns", "match", "--csaf", folder.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("not read: bad.json: ") && said.contains("not read: index.json: "), "{said}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("affected"), "what could be read counts");
    let empty = register.folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let output = register.run(&["vulns", "match", "--csaf", empty.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_firmware_proven_too_long_ago_is_not_known() {
    // The CPU of July's capture is proven in January; the plant's register ends in November.
    let register = Register::of(&[capture("s7-download.pcap"), capture("plant.pcapng")]);
    let Some(csaf) = shared("data/csaf") else { return };
    let verdict = |days: &str| {
        let arguments =
            ["vulns", "match", "--csaf", csaf.to_str().unwrap(), "--format", "json", "--max-age", days];
        let document: Value = serde_json::from_str(&register.stdout(&arguments)).unwrap();
        let of_it = list(&document, "outcomes").iter().find(|outcome| {
            outcome["order_number"] == "6ES7 414-3EM07-0AB0" && outcome["advisory"] == "ICSA-18-079-02"
        });
        let outcome = of_it.unwrap();
        (text(outcome, "verdict").to_owned(), text(outcome, "reason").to_owned())
    };
    assert_eq!(verdict("365").0, "not affected");
    let (given, reason) = verdict("30");
    assert_eq!(given, "cannot tell");
    // How many depends on when the plant was recorded.
    let (_, days) = reason.split_once("was last proven ").unwrap();
    let days: u32 = days.split_once(" days ago").unwrap().0.parse().unwrap();
    assert!((31..365).contains(&days), "{reason}");
}
