//! Real advisories of CISA, read where they lie beside the project, against a list of expected verdicts with reasons.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test that reads files and says what it skips"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use advisories::{Advisory, Device, Firmware, Options, Verdict, judge};

/// The advisories by id in small letters; nothing where they are not here.
fn advisories() -> BTreeMap<String, Advisory> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/csaf");
    let Ok(entries) = fs::read_dir(&folder) else {
        println!("\nSKIPPED: {} is not here", folder.display());
        return BTreeMap::new();
    };
    let read = |path: &Path| {
        let advisory = Advisory::read(&fs::read(path).unwrap());
        advisory.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), read(&path)))
        .collect()
}

#[test]
fn expected_verdicts_are_given_for_the_reasons_that_they_were_expected_for() {
    let advisories = advisories();
    if advisories.is_empty() {
        return;
    }
    let (mut wrong, mut pairs) = (Vec::new(), 0);
    for line in include_str!("verdicts.tsv").lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [_, vendor, model, order_number, firmware, days, id, expected, why] = cells[..] else {
            panic!("{} cells: {line}", cells.len())
        };
        let device = Device {
            id: "x".into(),
            vendor: vendor.into(),
            model: model.into(),
            order_number: order_number.into(),
            firmware: (!firmware.is_empty())
                .then(|| Firmware { version: firmware.into(), days_ago: days.parse().unwrap() }),
            ..Device::default()
        };
        let outcomes = judge(&advisories[id], &[device], &Options::default());
        // The gravest of all vulnerabilities of the advisory.
        let given = outcomes.iter().map(|outcome| outcome.verdict).min().map_or("-", Verdict::as_str);
        pairs += 1;
        if given != expected {
            let reasons: Vec<String> = outcomes
                .iter()
                .map(|one| format!("{}: {} [{}] {}", one.verdict.as_str(), one.product, one.by, one.reason))
                .collect();
            wrong.push(format!("{vendor} {model} {order_number} {firmware} × {id}: {given}, expected {expected} ({why})\n    {}", reasons.join("\n    ")));
        }
    }
    println!("{} of {pairs} as expected", pairs - wrong.len());
    assert!(pairs >= 40);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_advisory_is_read_and_most_of_its_ranges_are_understood() {
    let advisories = advisories();
    if advisories.is_empty() {
        return;
    }
    let products = advisories.values().flat_map(|advisory| advisory.products.values());
    let (mut all, mut unclear) = (0_usize, BTreeMap::new());
    for product in products {
        all += 1;
        if product.versions == Some(advisories::Range::Unclear) {
            *unclear.entry(product.version_text.clone().unwrap()).or_insert(0_usize) += 1;
        }
    }
    let count: usize = unclear.values().sum();
    println!("{} advisories, {all} products, ranges not understood: {count}: {unclear:?}", advisories.len());
    assert!(count * 20 < all, "{count} of {all}");
}
