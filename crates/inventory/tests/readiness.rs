//! Audit readiness on facts: what counts as present, by whom, how old, and whose work is left.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test"
)]

mod common;

use std::collections::BTreeMap;

use common::observed;
use inventory::readiness::{AnswerState, Mark, Profile, Readiness, Scope, Sum};
use inventory::{Identified, Options, Snapshot, resolve};
use observation::{NANOS_PER_DAY, Time};

const PLANT: &str = "
    bind 00:00:00:00:00:01 10.0.0.1 64
    fact 10.0.0.1 | cip: vendor=Rockwell
    fact 10.0.0.1 | cip: model=1756-L71
    sent 10.0.0.1 unit=9
    fact 10.0.0.1 unit=9 | vendor=ABB
    named 10.0.0.1 unit=9 | gateway target device failed to respond
    at 864000
    bind 00:00:00:00:00:02 10.0.0.2 64
    fact 10.0.0.2 | cip: model=unknown
    capture b site=north
    bind 00:00:00:00:00:03 10.0.0.3 64
";

const PROFILE: &str = r#"
    id = "own"
    title = "Own"
    source = "house rule"
    edition = "1"
    [[field]]
    name = "vendor"
    title = "Vendor"
    clause = "1"
    any = ["stated:vendor"]
    max_age_days = 5
    max_age_why = "house rule"
    [[field]]
    name = "model"
    title = "Model"
    clause = "2"
    any = ["attribute:model"]
    [[field]]
    name = "ip"
    title = "IP address"
    clause = "3"
    applies = "addressed"
    any = ["asset:ip"]
    [[field]]
    name = "owner"
    title = "Owner"
    clause = "4"
    group = "people"
    any = ["people:owner"]
    [[field]]
    name = "how"
    title = "Remote access by"
    clause = "5"
    group = "people"
    when = "people:remote_access_allowed=yes"
    any = ["people:remote_access_how"]
    [[field]]
    name = "reviewed"
    title = "Reviewed"
    clause = "6"
    group = "people"
    any = ["date:reviewed_on"]
    max_age_days = 10
    max_age_why = "house rule"
    [[field]]
    name = "image"
    title = "Image"
    clause = "7"
    any = []
    why_none = "not kept"
"#;

fn plant(people: &[(&str, &str, &str)]) -> (Snapshot, Vec<BTreeMap<String, Mark>>) {
    let inventory = resolve(&observed(PLANT), &Options::default());
    let mut identified: Vec<Identified> = (0..inventory.assets.len())
        .map(|number| Identified { id: format!("id{number}"), ..Identified::default() })
        .collect();
    let mut marks = vec![BTreeMap::new(); identified.len()];
    for (anchor, field, value) in people {
        let index = inventory.assets.iter().position(|asset| asset.anchors.iter().any(|one| one == anchor));
        let index = index.unwrap_or_else(|| panic!("{anchor}"));
        identified[index].people.insert((*field).into(), (*value).into());
        marks[index].insert((*field).into(), Mark { by: "ada".into(), on: Time(9 * NANOS_PER_DAY) });
    }
    let snapshot = Snapshot {
        as_of: Some(Time(10 * NANOS_PER_DAY)),
        places: vec![Default::default(); identified.len()],
        inventory,
        identified,
        ..Snapshot::default()
    };
    (snapshot, marks)
}

/// The state of one field of the asset with an anchor.
fn state(snapshot: &Snapshot, found: &Readiness<'_>, anchor: &str, field: usize) -> AnswerState {
    let has = |asset: usize| snapshot.inventory.assets[asset].anchors.iter().any(|one| one == anchor);
    let one = found.assets.iter().find(|one| has(one.asset)).unwrap_or_else(|| panic!("{anchor}"));
    one.answers[field].state
}

#[test]
fn what_is_present_by_whom_and_how_old() {
    use AnswerState::{Missing, NotApplicable, Present, Stale};
    let (snapshot, marks) = plant(&[
        ("10.0.0.1", "owner", "Ada"),
        ("10.0.0.2", "owner", "unknown"),
        ("10.0.0.1", "remote_access_allowed", "yes"),
        ("10.0.0.1", "reviewed_on", "1970-01-05"),
        ("10.0.0.2", "reviewed_on", "1969-12-01"),
    ]);
    let profile = Profile::parse(PROFILE).unwrap();
    let found = Readiness::of(&profile, &snapshot, &marks, &Scope::default());
    assert_eq!(found.assets.len(), 4, "three with addresses, and a unit behind one of them");
    let told = |field, anchors: &[&str]| -> Vec<AnswerState> {
        anchors.iter().map(|anchor| state(&snapshot, &found, anchor, field)).collect()
    };
    let (one, two, three, unit) = ("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.1 unit=9");
    assert_eq!(told(0, &[one, two, unit]), [Stale, Missing, Stale], "proven ten days ago, five are allowed");
    assert_eq!(told(1, &[one, two]), [Present, Missing], "the word unknown is no value");
    assert_eq!(told(2, &[one, unit]), [Present, NotApplicable], "a unit has no address");
    assert_eq!(told(3, &[one, two, three]), [Present, Missing, Missing]);
    assert_eq!(told(4, &[one, two]), [Missing, NotApplicable], "only where remote access is allowed");
    assert_eq!(told(5, &[one, two]), [Present, Stale], "the age counts from the day itself");
    assert_eq!(
        told(6, &[one, two, three, unit]),
        [Missing; 4],
        "what the register cannot keep is missing of all"
    );

    let owner = found.assets.iter().find(|asset| asset.owner.as_deref() == Some("Ada")).unwrap();
    let said = owner.answers[3].people.as_ref().unwrap();
    assert_eq!((said.value.as_str(), said.by.as_str(), owner.answers[3].age_days), ("Ada", "ada", Some(1)));
    assert_eq!(owner.answers[0].wire.as_ref().unwrap().by, "stated");
}

#[test]
fn sums_add_up_over_fields_groups_sites_zones_and_assets() {
    let (snapshot, marks) = plant(&[("10.0.0.1", "owner", "Ada"), ("10.0.0.3", "owner", "Grace")]);
    let profile = Profile::parse(PROFILE).unwrap();
    let found = Readiness::of(&profile, &snapshot, &marks, &Scope::default());
    let total = found.total();
    let add = |sums: &mut dyn Iterator<Item = Sum>| {
        sums.fold((0, 0, 0, 0, 0), |(a, p, w, h, s), sum| {
            (a + sum.applicable, p + sum.present, w + sum.wire, h + sum.people, s + sum.stale)
        })
    };
    let expected = (total.applicable, total.present, total.wire, total.people, total.stale);
    assert_eq!(add(&mut (0..profile.fields.len()).map(|field| found.of_field(field))), expected);
    assert_eq!(add(&mut found.groups().into_iter().map(|(_, sum)| sum)), expected);
    assert_eq!(add(&mut found.sites().into_values()), expected);
    assert_eq!(add(&mut found.zones().into_values()), expected);
    assert_eq!(add(&mut found.assets.iter().map(Readiness::of_asset)), expected);
    assert_eq!(found.groups().iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["", "people"]);
    assert_eq!(total.percent(), Some(total.present * 100 / total.applicable));
    assert_eq!(
        found.of_field(3),
        Sum { applicable: 4, present: 2, people: 2, oldest_days: Some(1), ..Sum::default() }
    );
}

#[test]
fn the_worklist_names_owners_and_leaves_out_what_nobody_can_do() {
    let (snapshot, marks) = plant(&[("10.0.0.1", "owner", "Ada"), ("10.0.0.3", "owner", "Ada")]);
    let profile = Profile::parse(PROFILE).unwrap();
    let found = Readiness::of(&profile, &snapshot, &marks, &Scope::default());
    let tasks = found.worklist();
    assert!(tasks.iter().all(|task| profile.fields[task.field].name != "image"));
    assert_eq!(tasks[0].owner, None, "what nobody owns comes first");
    let ada: Vec<_> = tasks
        .iter()
        .filter(|task| task.owner.as_deref() == Some("Ada"))
        .map(|task| (profile.fields[task.field].name.as_str(), task.missing.len(), task.stale.len()))
        .collect();
    assert_eq!(ada, [("reviewed", 2, 0), ("vendor", 1, 1), ("model", 1, 0)], "the most first");
}

#[test]
fn retired_assets_and_those_out_of_scope_do_not_count() {
    let (snapshot, marks) = plant(&[
        ("10.0.0.1", "owner", "Ada"),
        ("10.0.0.2", "status", "retired"),
        ("10.0.0.3", "status", "spare"),
    ]);
    let profile = Profile::parse(PROFILE).unwrap();
    let count = |scope: Scope| Readiness::of(&profile, &snapshot, &marks, &scope).assets.len();
    assert_eq!(count(Scope::default()), 3);
    assert_eq!(count(Scope { sites: vec!["north".into()], ..Scope::default() }), 1);
    assert_eq!(count(Scope { owners: vec!["Ada".into()], ..Scope::default() }), 1);
    assert_eq!(count(Scope { owners: vec![String::new()], ..Scope::default() }), 2, "nobody's");
    let both = Scope { sites: vec!["north".into()], owners: vec!["Ada".into()], ..Scope::default() };
    let found = Readiness::of(&profile, &snapshot, &marks, &both);
    assert_eq!((found.assets.len(), found.total().percent()), (0, None), "no share of nothing");
}
