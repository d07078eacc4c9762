//! People's word over the rules: merges, splits, and assets that they listed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod common;

use std::collections::BTreeMap;

use common::{assets, observed};
use inventory::{Asset, AssetState, Decision, DecisionKind, Declared, Inventory, Options, Role, resolve};
use observation::{Basis, Time};

fn decision(number: i64, kind: DecisionKind, left: &[&str], right: &[&str]) -> Decision {
    let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
    Decision {
        number,
        kind,
        site: "default".into(),
        left: keys(left),
        right: keys(right),
        actor: "ada".into(),
        at: Time(0),
        reason: "seen in the cabinet".into(),
    }
}

fn decided(text: &str, decisions: Vec<Decision>) -> Inventory {
    resolve(&observed(text), &Options { decisions, ..Options::default() })
}

fn listed(values: &[(&str, &str)]) -> Declared {
    let mut declared = Declared {
        site: "default".into(),
        anchor: "declared 7".into(),
        macs: Vec::new(),
        ips: Vec::new(),
        asset_number: None,
        values: BTreeMap::new(),
        role: None,
        actor: "ada".into(),
        at: Time(5),
        reason: String::new(),
    };
    for (name, value) in values {
        match *name {
            "mac" => declared.macs.push(value.parse().unwrap()),
            "ip" => declared.ips.push(value.parse().unwrap()),
            "role" => declared.role = Role::ALL.iter().copied().find(|role| role.as_str() == *value),
            name => drop(declared.values.insert(name.to_owned(), (*value).to_owned())),
        }
    }
    declared
}

fn with(text: &str, declared: Vec<Declared>) -> Vec<Asset> {
    resolve(&observed(text), &Options { declared, ..Options::default() }).assets
}

fn said(asset: &Asset) -> Vec<String> {
    let joins = asset.joins.iter();
    joins.map(|join| format!("{} {} {}: {}", join.joined, join.left, join.right, join.reason)).collect()
}

const TWO: &str = "arp 00:1b:1b:00:00:01 10.0.0.1
                   arp 00:1b:1b:00:00:02 10.0.0.2";

#[test]
fn a_merge_makes_one_device_whatever_else_is_imported() {
    let merge = || vec![decision(1, DecisionKind::Merge, &["00:1b:1b:00:00:01", "10.0.0.1"], &["10.0.0.2"])];
    let one = decided(TWO, merge());
    assert_eq!(one.assets.len(), 1, "{}", assets(&one));
    assert_eq!(one.assets[0].stations.len(), 2);
    let why = said(&one.assets[0]);
    let own = "true 00:1b:1b:00:00:01 10.0.0.2: decision 1, merge by ada: seen in the cabinet";
    assert!(why.iter().any(|line| line == own), "{why:?}");
    // The rest of the plant does not matter, and neither does a station that is not there.
    let more = format!("{TWO}\narp 00:1b:1b:00:00:03 10.0.0.3");
    assert_eq!(decided(&more, merge()).assets.len(), 2);
    assert_eq!(decided("arp 00:1b:1b:00:00:01 10.0.0.1", merge()).assets.len(), 1);
    assert_eq!(decided(TWO, Vec::new()).assets.len(), 2, "undone");
}

#[test]
fn a_merge_against_the_rules_says_what_they_hold_against_it() {
    let text = format!(
        "{TWO}
         fact 10.0.0.1 | s7comm: serial_number=SC-0001
         fact 10.0.0.2 | s7comm: serial_number=SC-0002"
    );
    let one = decided(&text, vec![decision(3, DecisionKind::Merge, &["10.0.0.1"], &["10.0.0.2"])]);
    assert_eq!(one.assets.len(), 1);
    let why = said(&one.assets[0]).join("\n");
    assert!(why.contains("the rules would not: they state different serial_number"), "{why}");
}

#[test]
fn a_split_parts_what_rules_joined_and_later_words_stand_over_earlier_ones() {
    let text = "arp 00:1b:1b:00:00:01 10.0.0.1
                arp 00:1b:1b:00:00:01 10.0.0.9";
    assert_eq!(decided(text, Vec::new()).assets.len(), 1);
    let split = decision(1, DecisionKind::Split, &["10.0.0.9"], &["00:1b:1b:00:00:01"]);
    let two = decided(text, vec![split.clone()]);
    assert_eq!(two.assets.len(), 2, "{}", assets(&two));
    assert_eq!(two.assets[0].anchors, ["00:1b:1b:00:00:01", "10.0.0.1"]);
    assert_eq!(two.assets[1].anchors, ["10.0.0.9"]);
    let own = "false 10.0.0.9 00:1b:1b:00:00:01: decision 1, split by ada: seen in the cabinet";
    for asset in &two.assets {
        assert!(said(asset).iter().any(|line| line == own), "{:?}", said(asset));
    }
    let again = decision(2, DecisionKind::Merge, &["10.0.0.9"], &["10.0.0.1"]);
    assert_eq!(decided(text, vec![split.clone(), again.clone()]).assets.len(), 1);
    assert_eq!(decided(text, vec![again, split]).assets.len(), 2);
}

#[test]
fn what_lies_below_an_address_can_be_made_a_device_of_its_own() {
    let text = "arp 00:1b:1b:00:00:01 10.0.0.1
                fact 10.0.0.1 unit=5 | model=A";
    let before = decided(text, Vec::new());
    assert_eq!(before.assets.len(), 1, "{}", assets(&before));
    let split = decision(1, DecisionKind::Split, &["10.0.0.1 unit=5"], &["00:1b:1b:00:00:01"]);
    let two = decided(text, vec![split]);
    assert_eq!(two.assets.len(), 2, "{}", assets(&two));
    assert_eq!((two.assets[1].parent, two.assets[1].attributes["model"][0].value.as_str()), (Some(0), "A"));
    assert!(!two.assets[0].attributes.contains_key("model"));
}

#[test]
fn what_the_wire_has_not_shown_is_a_declared_row() {
    let assets = with(TWO, vec![listed(&[("ip", "10.0.0.77"), ("vendor", "ABB"), ("role", "drive")])]);
    assert_eq!(assets.len(), 3);
    let declared = &assets[2];
    assert_eq!((declared.state, declared.name.as_str()), (AssetState::Declared, "ABB @ 10.0.0.77"));
    assert_eq!(
        (declared.anchors.as_slice(), declared.roles[0].role),
        (&["declared 7".to_owned()][..], Role::Drive)
    );
    assert_eq!(declared.attributes["vendor"][0].basis, Basis::Declared);
    assert_eq!(declared.state_reasons, ["listed by ada"]);
    assert_eq!(with("", vec![listed(&[("serial_number", "X-1")])]).len(), 1, "of an empty site too");
}

#[test]
fn what_was_listed_is_the_observed_asset_of_the_same_key_and_never_overwrites_it() {
    let text = format!(
        "{TWO}
         fact 10.0.0.1 | s7comm: serial_number=SC-0001
         fact 10.0.0.1 | s7comm: vendor=Siemens"
    );
    for key in [("serial_number", "sc 0001"), ("mac", "00:1b:1b:00:00:01"), ("ip", "10.0.0.1")] {
        let assets = with(&text, vec![listed(&[key, ("vendor", "ABB")])]);
        assert_eq!(assets.len(), 2, "{key:?}");
        assert_eq!(assets[0].state, AssetState::Observed);
        assert_eq!(assets[0].anchors.last().map(String::as_str), Some("declared 7"));
        let vendors: Vec<_> = assets[0].attributes["vendor"].iter().map(|one| one.value.as_str()).collect();
        assert_eq!(vendors, ["Siemens", "ABB"]);
        assert!(said(&assets[0]).join("\n").contains("listed by ada; same "), "{:?}", said(&assets[0]));
    }
}

#[test]
fn a_listed_asset_is_no_observed_one_that_states_another_serial_number_or_that_is_taken() {
    let text = format!("{TWO}\nfact 10.0.0.1 | s7comm: serial_number=SC-0001");
    let assets = with(&text, vec![listed(&[("ip", "10.0.0.1"), ("serial_number", "SC-0002")])]);
    assert_eq!(assets.len(), 3);
    assert!(
        said(&assets[2])[0].contains("but the wire states another serial_number"),
        "{:?}",
        said(&assets[2])
    );
    let second = Declared { anchor: "declared 8".into(), ..listed(&[("ip", "10.0.0.2")]) };
    let assets = with(&text, vec![listed(&[("ip", "10.0.0.2")]), second]);
    assert_eq!(assets.len(), 3);
    assert!(said(&assets[2])[0].contains("another listed asset is it already"), "{:?}", said(&assets[2]));
}
