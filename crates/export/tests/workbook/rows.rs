//! New rows of a workbook: of which site they are, and which asset they mean; and cells that hold no value.

use std::io::Cursor;

use calamine::{Reader, Xlsx};
use export::book;
use export::sheet::{Sheet, SheetRow};
use inventory::{AssetEnd, Finding, Severity, Snapshot, Standing, about_words};

use crate::plant::*;

/// Two sites with the same addresses and names: assets 0 and 1 are of `north`, 2 and 3 of `south`.
fn two_sites() -> Snapshot {
    let mut snapshot = plant(4);
    for at in 0..2 {
        let (name, stations) =
            (snapshot.inventory.assets[at].name.clone(), snapshot.inventory.assets[at].stations.clone());
        let other = &mut snapshot.inventory.assets[at + 2];
        (other.site, other.name, other.stations) = ("south".into(), name, stations);
    }
    snapshot
}

fn address(snapshot: &Snapshot, at: usize) -> String {
    snapshot.inventory.assets[at].stations[0].ips[0].to_string()
}

/// A file of the register, without the rows of its assets, and with these rows in it.
fn with_rows(snapshot: &Snapshot, rows: &[&[(&str, &str)]]) -> Sheet {
    let mut sheet = read(&written(snapshot));
    sheet.rows.clear();
    sheet.listed.clear();
    for (at, pairs) in rows.iter().enumerate() {
        let mut cells = vec![String::new(); sheet.header.len()];
        for (title, text) in *pairs {
            cells[column(&sheet, title)] = (*text).into();
        }
        sheet.rows.push(SheetRow { number: 100 + at, cells });
    }
    sheet
}

#[test]
fn an_address_means_the_asset_of_its_own_site() {
    let snapshot = two_sites();
    let ip = address(&snapshot, 0);
    let row: &[(&str, &str)] = &[("Site of stations", "south"), ("IPv4", &ip), ("Owner", "Bob")];
    let found = plan(&with_rows(&snapshot, &[row]), &snapshot);
    assert_eq!((found.changes.len(), found.new.len()), (1, 0), "{found:?}");
    assert_eq!(found.changes[0].asset, 2);

    // A site that has no such address: a new asset there, and nothing of the others.
    let row: &[(&str, &str)] = &[("Site of stations", "west"), ("IPv4", &ip), ("Owner", "Bob")];
    let found = plan(&with_rows(&snapshot, &[row]), &snapshot);
    assert!(found.changes.is_empty() && found.faults.is_empty(), "{found:?}");
    assert_eq!(found.new[0].site.as_deref(), Some("west"));

    // The site that was asked for stands for rows that say none.
    let sheet = with_rows(&snapshot, &[&[("IPv4", &ip), ("Owner", "Bob")]]);
    let found = book::plan(&sheet, &snapshot, Some("south")).unwrap();
    assert_eq!(found.changes[0].asset, 2);
    let found = book::plan(&sheet, &snapshot, Some("west")).unwrap();
    assert_eq!((found.changes.len(), found.new[0].site.as_deref()), (0, Some("west")));
}

#[test]
fn two_sites_may_have_the_same_new_address() {
    let snapshot = two_sites();
    let row =
        |site: &'static str| [("Site of stations", site), ("IPv4", "10.200.0.1"), ("Asset name", "Pump")];
    let found = plan(&with_rows(&snapshot, &[&row("north"), &row("south")]), &snapshot);
    assert!(found.faults.is_empty(), "{:?}", found.faults);
    assert_eq!(found.new.len(), 2);
    let found = plan(&with_rows(&snapshot, &[&row("north"), &row("north")]), &snapshot);
    assert!(found.faults[0].contains("the same IP address as row 100"), "{:?}", found.faults);
}

#[test]
fn a_key_that_several_assets_have_is_a_fault() {
    let mut snapshot = two_sites();
    let ip = address(&snapshot, 0);
    let found = plan(&with_rows(&snapshot, &[&[("IPv4", &ip), ("Owner", "Bob")]]), &snapshot);
    assert!(found.faults[0].contains(&format!("the IP address {ip} is that of 2 assets")), "{found:?}");
    snapshot.inventory.assets[1].name = snapshot.inventory.assets[0].name.clone();
    let name = snapshot.inventory.assets[0].name.clone();
    let row: &[(&str, &str)] = &[("Site of stations", "north"), ("Asset name", &name), ("Owner", "Bob")];
    let found = plan(&with_rows(&snapshot, &[row]), &snapshot);
    assert!(found.new.is_empty() && found.faults[0].contains("is that of 2 assets"), "{found:?}");
}

#[test]
fn what_a_row_of_a_known_asset_says_and_is_not_taken_is_told() {
    let snapshot = two_sites();
    let ip = address(&snapshot, 0);
    let row: &[(&str, &str)] = &[
        ("Site of stations", "north"),
        ("IPv4", &ip),
        ("Asset type", "plc"),
        ("Vendor", "ACME"),
        ("Hostname", "pump-7"),
        ("Owner", "Bob"),
    ];
    let found = plan(&with_rows(&snapshot, &[row]), &snapshot);
    let told: Vec<&str> = found.ignored.iter().map(|ignored| ignored.text.as_str()).collect();
    assert_eq!(told, ["ACME", "pump-7"], "{:?}", found.ignored);
    assert!(found.ignored[0].why.contains("stays \"Siemens AG\""), "{:?}", found.ignored);
}

#[test]
fn an_error_cell_clears_nobodys_word() {
    let mut snapshot = plant(2);
    set(&mut snapshot, 0, "owner", "Carol");
    let mut sheet = read(&written(&snapshot));
    edit(&mut sheet, 0, "Owner", "");
    let owner = column(&sheet, "Owner");
    assert_eq!(plan(&sheet, &snapshot).changes.len(), 1, "an empty cell clears");
    sheet.broken.insert((sheet.rows[0].number, owner), "the error #N/A is no value".into());
    let found = plan(&sheet, &snapshot);
    assert!(found.changes.is_empty(), "{:?}", found.changes);
    let place = format!("Asset register!{}3", export::sheet::column_letters(owner));
    assert_eq!(found.faults, [format!("{place}: Owner: the error #N/A is no value")]);

    let mut new = with_rows(&snapshot, &[&[("Asset name", "Pump 7")]]);
    new.broken.insert((100, column(&new, "IPv4")), "the error #N/A is no value".into());
    let found = plan(&new, &snapshot);
    assert!(found.new.is_empty() && found.faults[0].ends_with("the error #N/A is no value"), "{found:?}");
    // In the column of ids it is no row of a new asset.
    let mut sheet = read(&written(&snapshot));
    edit(&mut sheet, 0, "Asset ID", "");
    sheet
        .broken
        .insert((sheet.rows[0].number, column(&sheet, "Asset ID")), "the error #N/A is no value".into());
    let found = plan(&sheet, &snapshot);
    assert!(found.new.is_empty() && found.faults[0].ends_with("the error #N/A is no value"), "{found:?}");
}

#[test]
fn what_is_retired_is_in_no_number_of_the_summary() {
    let mut snapshot = plant(3);
    set(&mut snapshot, 1, "status", "retired");
    set(&mut snapshot, 0, "owner", "Ada");
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(written(&snapshot))).unwrap();
    let range = book.worksheet_range("Summary").unwrap();
    let of = |what: &str| {
        let row = range.rows().find(|row| row[0] == *what).unwrap();
        [1, 2].map(|at: usize| row[at].to_string())
    };
    assert_eq!(of("Assets"), ["2", "–"]);
    assert_eq!(of("Retired"), ["1", "–"]);
    assert_eq!(of("With an owner"), ["1", "2"]);
    assert_eq!(of("Owner"), ["1", "1"], "of the gaps");
    let doubted = book.worksheet_range("Unidentified").unwrap();
    let rows = doubted
        .rows()
        .filter(|row| row.last().is_some_and(|id| snapshot.identified.iter().any(|one| *id == *one.id)));
    assert_eq!(rows.count().to_string(), of("On the sheet of unidentified")[0]);
}

#[test]
fn remote_access_says_who_reaches_whom_and_whose_word_counts() {
    let mut snapshot = plant(3);
    set(&mut snapshot, 2, "remote_access_allowed", "yes");
    set(&mut snapshot, 0, "remote_access_allowed", "no");
    let finding = |ends: [&AssetEnd; 2]| {
        let indices = || {
            ends.iter().filter_map(|end| match end {
                AssetEnd::Asset(index) => Some(*index),
                _ => None,
            })
        };
        let mut assets: Vec<usize> = indices().collect();
        assets.sort_unstable();
        Finding {
            kind: "remote_access",
            severity: Severity::Warning,
            text: format!("{ends:?}"),
            site: "north".into(),
            about: about_words("ssh", &ends),
            anchors: indices().map(|index| snapshot.inventory.assets[index].anchors.clone()).collect(),
            assets,
            first: None,
            last: None,
            count: 1,
            evidence: Vec::new(),
            standing: Standing::default(),
        }
    };
    let outside = AssetEnd::External("8.8.4.4".parse().unwrap());
    let [zero, one, two] = [0, 1, 2].map(AssetEnd::Asset);
    let findings = [[&outside, &zero], [&zero, &two], [&two, &one]].map(finding);
    snapshot.inventory.findings = findings.to_vec();
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(written(&snapshot))).unwrap();
    let range = book.worksheet_range("External and remote").unwrap();
    let rows: Vec<Vec<String>> =
        range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
    let head = rows.iter().find(|row| row[0] == "Kind").unwrap();
    let of = |asset: &str, title: &str| {
        let at = head.iter().position(|head| head == title).unwrap();
        let found = rows.iter().find(|row| row[0] == "Remote access" && row[1] == asset);
        found.unwrap_or_else(|| panic!("{asset}: {rows:?}"))[at].clone()
    };
    let told =
        |asset: &str| ["Peer", "Protocol", "Asset is", "Remote access allowed"].map(|title| of(asset, title));
    assert_eq!(told("PLC 0"), ["8.8.4.4 (outside)", "ssh", "–", "No"]);
    assert_eq!(told("PLC 2"), ["PLC 0", "ssh", "server", "Yes"]);
    // Nobody said anything of the one that is reached: the word about the one that reaches it counts.
    assert_eq!(told("PLC 1"), ["PLC 2", "ssh", "server", "Yes"]);
}
