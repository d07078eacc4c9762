//! Ids for life and people's fields, through the register.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod common;

use common::{ACTOR, asset, each_station_an_asset, import, told};
use inventory::{Inventory, Observed, Options};
use observation::Time;
use register::{Error, Identification, PEOPLE_VALUE_CHARS_MAX, Register};

fn of(assets: &'static [&'static [&'static str]]) -> impl Fn(&Observed, &Options) -> Inventory {
    move |_, _| Inventory {
        assets: assets.iter().map(|anchors| asset("default", anchors)).collect(),
        ..Inventory::default()
    }
}

/// Assets, ids issued, aliases.
fn done(identification: Identification) -> (u64, u64, u64) {
    (identification.assets, identification.issued, identification.aliases)
}

const APART: &[&[&str]] = &[&["10.0.0.1"], &["10.0.0.2"]];
const ONE: &[&[&str]] = &[&["00:1b:1b:23:eb:3b", "10.0.0.1", "10.0.0.2"]];

#[test]
fn a_snapshot_foretells_the_ids_that_identify_issues() {
    let mut register = Register::in_memory().unwrap();
    let foretold = register.snapshot(None, of(APART)).unwrap().identified;
    assert_eq!(register.identify(of(APART)).map(done).unwrap(), (2, 2, 0));
    assert_eq!(register.identify(of(APART)).map(done).unwrap(), (2, 0, 0));
    assert_eq!(register.snapshot(None, of(APART)).unwrap().identified, foretold);
    assert_eq!(register.stats().unwrap().assets, 2);
}

#[test]
fn ids_of_assets_that_become_one_resolve_and_come_back_when_they_part() {
    let mut register = Register::in_memory().unwrap();
    register.identify(of(APART)).unwrap();
    let apart = register.snapshot(None, of(APART)).unwrap().identified;
    assert_eq!(register.identify(of(ONE)).map(done).unwrap(), (1, 0, 1));
    let one = register.snapshot(None, of(ONE)).unwrap().identified;
    assert_eq!((&one[0].id, &one[0].aliases), (&apart[0].id, &vec![apart[1].id.clone()]));
    let stats = register.stats().unwrap();
    assert_eq!((stats.assets, stats.aliases), (1, 1));
    register.identify(of(APART)).unwrap();
    assert_eq!(register.snapshot(None, of(APART)).unwrap().identified, apart);
    assert_eq!(register.stats().unwrap().aliases, 0);
}

#[test]
fn people_s_fields_follow_the_asset_through_its_aliases() {
    let mut register = Register::in_memory().unwrap();
    register.identify(of(APART)).unwrap();
    let ids: Vec<String> =
        register.snapshot(None, of(APART)).unwrap().identified.into_iter().map(|asset| asset.id).collect();
    register.set_field(&ids[1], "owner", Some("line 2"), &ACTOR).unwrap();
    register.set_field(&ids[1], "name", Some("press"), &ACTOR).unwrap();
    register.set_field(&ids[0], "name", Some("mixer"), &ACTOR).unwrap();
    register.identify(of(ONE)).unwrap();
    let one = register.snapshot(None, of(ONE)).unwrap();
    let people: Vec<_> =
        one.identified[0].people.iter().map(|(field, value)| (field.as_str(), value.as_str())).collect();
    assert_eq!(people, [("name", "mixer"), ("owner", "line 2")]);
    assert_eq!(one.inventory.assets[0].name, "mixer");

    register.set_field(&ids[0], "name", None, &ACTOR).unwrap();
    assert_eq!(register.snapshot(None, of(ONE)).unwrap().inventory.assets[0].name, "press");
    let last = register.journal().unwrap().pop().unwrap();
    assert_eq!(
        (last.action.as_str(), last.subject.as_str(), last.detail.as_str()),
        ("set", ids[0].as_str(), "name: nothing instead of \"mixer\"")
    );
}

#[test]
fn fields_of_unknown_assets_and_endless_values_are_refused() {
    let mut register = Register::in_memory().unwrap();
    assert!(matches!(
        register.set_field("no such id", "owner", Some("x"), &ACTOR),
        Err(Error::UnknownAsset(_))
    ));
    register.identify(of(APART)).unwrap();
    let id = register.snapshot(None, of(APART)).unwrap().identified.remove(0).id;
    let long = "x".repeat(PEOPLE_VALUE_CHARS_MAX + 1);
    let refused = register.set_field(&id, "owner", Some(&long), &ACTOR).unwrap_err().to_string();
    assert_eq!(refused, "the value of \"owner\" has 4097 characters, at most 4096 are kept");
    assert!(register.journal().unwrap().is_empty());
}

#[test]
fn a_snapshot_bears_the_latest_observed_time_unless_given_another() {
    let mut register = Register::in_memory().unwrap();
    assert_eq!(register.snapshot(None, each_station_an_asset).unwrap().as_of, None);
    import(&mut register, "a", &[told(3, 0)]);
    let snapshot = register.snapshot(None, each_station_an_asset).unwrap();
    assert_eq!(snapshot.as_of, Some(Time(1000)));
    assert_eq!((snapshot.captures.len(), snapshot.identified.len()), (1, snapshot.inventory.assets.len()));
    assert_eq!(register.snapshot(Some(Time(7)), each_station_an_asset).unwrap().as_of, Some(Time(7)));
}
