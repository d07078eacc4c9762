//! The register's workbook, written and read back: sheets, locks, the three-way comparison, hostile text, many assets.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test"
)]

mod plant;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use export::Error;
use export::book::{self, REGISTER_SHEET};
use export::sheet::{self, Sheet};
use inventory::fields::{FIELDS, NOT_ASSESSED, field_named};
use inventory::{AssetEnd, Identified, Snapshot};
use observation::Time;
use proptest::prelude::*;
use rust_xlsxwriter::Workbook;

use plant::*;

#[test]
fn a_workbook_has_eleven_sheets_and_the_same_octets_whatever_the_order() {
    let mut snapshot = plant(3);
    set(&mut snapshot, 0, "owner", "line 2");
    let octets = written(&snapshot);
    let book: Xlsx<_> = Xlsx::new(Cursor::new(octets.clone())).unwrap();
    let names = [
        "Summary",
        REGISTER_SHEET,
        "Modules and slots",
        "Interfaces",
        "Communications",
        "External and remote",
        "Changes",
        "Unidentified",
        "Coverage and limits",
        "Evidence manifest",
        "Controls and dictionary",
    ];
    assert_eq!(book.sheet_names(), names);
    let turn = |index: &mut usize| *index = 2 - *index;
    snapshot.inventory.assets.reverse();
    snapshot.identified.reverse();
    snapshot.places.reverse();
    snapshot.inventory.conversations.reverse();
    for conversation in &mut snapshot.inventory.conversations {
        for end in [&mut conversation.client, &mut conversation.server] {
            if let AssetEnd::Asset(index) = end {
                turn(index);
            }
        }
    }
    assert!(octets == written(&snapshot), "the order of the snapshot shows");
    // An empty register is a workbook too.
    let empty = Snapshot::default();
    assert_nothing(&plan(&read(&written(&empty)), &empty), 0);
}

#[test]
fn the_register_has_its_bands_locks_lists_table_and_pages() {
    let octets = written(&plant(3));
    let sheet = part(&octets, "xl/worksheets/sheet2.xml");
    for expected in [
        "<sheetProtection sheet=\"1\"",
        "autoFilter=\"0\"",
        "paperSize=\"9\"",
        "orientation=\"landscape\"",
        "state=\"frozen\"",
        "Page &amp;P of &amp;N",
        "Site: none",
        "<dataValidation type=\"list\"",
        "<dataValidation type=\"date\"",
        "<dataValidation type=\"decimal\"",
        "&quot;Low,Medium,High,Critical,Not assessed&quot;",
        "<tablePart ",
        "hidden=\"1\"",
    ] {
        let quoted = expected.replace("&quot;", "\"");
        assert!(sheet.contains(expected) || sheet.contains(&quoted), "{expected} is missing");
    }
    for never in ["password", "<mergeCell", "<hyperlink", "<f>"] {
        assert!(!sheet.contains(never), "{never}");
    }
    let table = part(&octets, "xl/tables/table3.xml");
    assert!(table.contains("name=\"AssetRegister\"") && table.contains("<autoFilter"), "{table}");
    let names = part(&octets, "xl/workbook.xml");
    assert!(names.contains("_xlnm.Print_Titles"), "{names}");
    // On paper from the name to what people have to fill in, a page wide.
    let heads = read(&octets).header;
    let area = names.split("_xlnm.Print_Area").nth(1).unwrap();
    assert!(area.contains("'Asset register'!$B:$P<"), "{area}");
    assert_eq!((heads[1].as_str(), heads[15].as_str()), ("Asset name", "Status"));
    assert!(sheet.contains("fitToHeight=\"0\"") && !sheet.contains("<colBreaks"));

    // What is locked and what is not, by the formats of one row.
    let styles = part(&octets, "xl/styles.xml");
    let formats: Vec<&str> = styles.split("<cellXfs").nth(1).unwrap().split("<xf ").skip(1).collect();
    let row = sheet.split("<row ").find(|row| row.starts_with("r=\"3\"")).unwrap();
    for (head, cell) in heads.iter().zip(row.split("<c ").skip(1)) {
        let style: usize = cell.split("s=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
        let is_free = formats[style].contains("locked=\"0\"");
        assert_eq!(is_free, field_named(head).is_some(), "{head}");
    }
}

#[test]
fn blanks_say_whose_they_are() {
    let sheet = read(&written(&plant(1)));
    let cell = |title: &str| sheet.rows[0].cell(column(&sheet, title)).to_owned();
    assert_eq!(cell("Owner"), NOT_ASSESSED);
    assert_eq!(cell("Backup frequency"), NOT_ASSESSED);
    assert_eq!(cell("Model"), "Not observed");
    assert_eq!(cell("Crosses a zone boundary"), "Not observed");
    assert_eq!(cell("External and remote access peers"), "None");
    assert_eq!(cell("Asset type"), "PLC");
    assert_eq!(cell("First seen (UTC)"), "2026-01-02T12:00:00Z");
    assert_eq!(cell("Confidence"), "2 of 6 known: 2 stated");
}

/// A plant with hostile text wherever text can stand, people's fields among it.
fn hostile(assets: usize) -> Snapshot {
    let mut snapshot = plant(assets);
    let long = "=A ".repeat(1300);
    let mut texts = HOSTILE.iter().copied().chain([long.as_str()]).map(str::to_owned).cycle();
    let mut next = || texts.next().unwrap();
    for (at, asset) in snapshot.inventory.assets.iter_mut().enumerate() {
        asset.name = next();
        for name in ["vendor", "model", "order_number", "hostname", "firmware_version", "os"] {
            asset.attributes.insert(name.into(), vec![candidate(&next())]);
        }
        asset.roles[0].reasons = vec![next(), next()];
        for field in FIELDS.iter().skip(at % 3) {
            snapshot.identified[at].people.insert(field.name.into(), next());
        }
    }
    for conversation in &mut snapshot.inventory.conversations {
        (conversation.site, conversation.protocol) = (next(), next());
    }
    snapshot
}

#[test]
fn what_is_read_back_unchanged_changes_nothing_however_hostile_it_is() {
    let snapshot = hostile(40);
    let octets = written(&snapshot);
    assert_nothing(&plan(&read(&octets), &snapshot), 40);
    for name in 1..=11 {
        let sheet = part(&octets, &format!("xl/worksheets/sheet{name}.xml"));
        assert!(!sheet.contains("<f>") && !sheet.contains("<hyperlink"), "sheet {name}");
    }
    let texts = part(&octets, "xl/sharedStrings.xml");
    assert!(!texts.chars().any(|c| observation::acts(c) && !"\r\n\t".contains(c)), "something acts");
    // Through another program, which keeps values and moves what it likes.
    assert_nothing(&plan(&read(&resaved(&octets)), &snapshot), 40);
}

/// The asset register as another program may write it: columns in another order, rows in another order, no formats but
/// dates.
fn resaved(octets: &[u8]) -> Vec<u8> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(octets.to_vec())).unwrap();
    let range = book.worksheet_range(REGISTER_SHEET).unwrap();
    let mut rows: Vec<Vec<Data>> = range.rows().map(<[Data]>::to_vec).collect();
    rows.iter_mut().for_each(|row| row.reverse());
    rows[2..].reverse();
    let mut other = Workbook::new();
    let sheet = other.add_worksheet().set_name("ASSET REGISTER").unwrap();
    let day = rust_xlsxwriter::Format::new().set_num_format("dd.mm.yyyy hh:mm");
    for (line, row) in (0_u32..).zip(&rows) {
        for (at, cell) in (0_u16..).zip(row) {
            match cell {
                Data::String(text) => drop(sheet.write_string(line, at, text).unwrap()),
                Data::Float(number) => drop(sheet.write_number(line, at, *number).unwrap()),
                Data::DateTime(moment) => {
                    sheet.write_number_with_format(line, at, moment.as_f64(), &day).unwrap();
                }
                Data::Empty => {}
                other => panic!("{other:?}"),
            }
        }
    }
    other.save_to_buffer().unwrap()
}

#[test]
fn edits_are_taken_and_those_of_locked_cells_are_told() {
    let mut snapshot = plant(3);
    set(&mut snapshot, 0, "owner", "line 2");
    set(&mut snapshot, 0, "notes", "old");
    let octets = resaved(&written(&snapshot));
    let mut sheet = read(&octets);
    edit(&mut sheet, 0, "Owner", "");
    edit(&mut sheet, 0, "Notes", "old");
    edit(&mut sheet, 1, "Criticality", "Very critical".trim_start_matches("Very ").trim());
    edit(&mut sheet, 1, "Last backup", "2026-01-31");
    edit(&mut sheet, 1, "Vendor", "ACME");
    edit(&mut sheet, 1, "Last seen (UTC)", "2020-01-01");
    let plan = plan(&sheet, &snapshot);
    let changes: Vec<_> = plan
        .changes
        .iter()
        .map(|change| (change.asset, change.field.name, change.before.as_deref(), change.after.as_deref()))
        .collect();
    let expected = BTreeSet::from([
        (0, "owner", Some("line 2"), None),
        (1, "criticality", None, Some("critical")),
        (1, "backup_last", None, Some("2026-01-31")),
    ]);
    assert_eq!(changes.into_iter().collect::<BTreeSet<_>>(), expected);
    let place = &plan.changes.iter().find(|change| change.field.name == "owner").unwrap().place;
    assert_eq!(
        *place,
        format!("ASSET REGISTER!{}{}", sheet::column_letters(column(&sheet, "Owner")), 5),
        "the first asset is the last row"
    );
    let ignored: Vec<_> =
        plan.ignored.iter().map(|ignored| (ignored.text.as_str(), ignored.why.as_str())).collect();
    assert_eq!(ignored[0], ("ACME", "Vendor is observed, and stays \"Siemens AG\""));
    assert_eq!((ignored.len(), ignored[1].0), (2, "2020-01-01"));
    assert!(plan.conflicts.is_empty() && plan.faults.is_empty() && plan.new.is_empty());
}

#[test]
fn what_the_wire_showed_since_the_export_is_no_edit() {
    let snapshot = plant(2);
    let sheet = read(&written(&snapshot));
    let mut later = snapshot;
    later.inventory.assets[0].last = Some(Time(NOON + 900_000_000_000_000));
    later.inventory.assets[0].attributes.insert("model".into(), vec![candidate("S7-300")]);
    assert_nothing(&plan(&sheet, &later), 2);
}

#[test]
fn what_changed_on_both_sides_is_a_conflict_with_all_three_values() {
    let mut snapshot = plant(2);
    set(&mut snapshot, 0, "owner", "line 2");
    let mut sheet = read(&written(&snapshot));
    edit(&mut sheet, 0, "Owner", "Ada");
    edit(&mut sheet, 1, "Owner", "Ada");
    set(&mut snapshot, 0, "owner", "Grace");
    set(&mut snapshot, 1, "owner", "Ada");
    let plan = plan(&sheet, &snapshot);
    assert!(plan.changes.is_empty(), "the same on both sides is no change");
    let [conflict] = plan.conflicts.as_slice() else { panic!("{:?}", plan.conflicts) };
    assert_eq!(conflict.exported.as_deref(), Some("line 2"));
    assert_eq!(conflict.change.after.as_deref(), Some("Ada"));
    assert_eq!(conflict.change.before.as_deref(), Some("Grace"));
}

#[test]
fn what_is_no_value_is_refused_with_its_cell() {
    let snapshot = plant(2);
    let mut sheet = read(&written(&snapshot));
    edit(&mut sheet, 0, "Criticality", "enormous");
    edit(&mut sheet, 1, "Next review", "soon");
    edit(&mut sheet, 1, "Notes", &"x".repeat(4097));
    let plan = plan(&sheet, &snapshot);
    let at = |title: &str, row: usize| {
        format!("{REGISTER_SHEET}!{}{row}: ", sheet::column_letters(column(&sheet, title)))
    };
    assert_eq!(plan.faults.len(), 3, "{:?}", plan.faults);
    assert!(plan.faults[0].starts_with(&at("Criticality", 3)), "{:?}", plan.faults);
    let starts = |start: &String| plan.faults.iter().any(|fault| fault.starts_with(start));
    assert!(starts(&at("Next review", 4)) && starts(&at("Notes", 4)), "{:?}", plan.faults);
}

#[test]
fn rows_are_added_copied_deleted() {
    let snapshot = plant(3);
    let mut sheet = read(&written(&snapshot));
    let cells = |sheet: &Sheet, pairs: &[(&str, &str)]| {
        let mut cells = vec![String::new(); sheet.header.len()];
        for (title, text) in pairs {
            cells[column(sheet, title)] = (*text).into();
        }
        cells
    };
    let rows = [
        cells(
            &sheet,
            &[
                ("Asset name", "Pump 7"),
                ("Asset type", "Drive"),
                ("IPv4", "10.9.9.9, 10.9.9.10"),
                ("MAC", "02-AA-00-00-00-01"),
                ("Vendor", "ACME"),
                ("Owner", "Ada"),
            ],
        ),
        // Already in the register, by its address, but its row is in the file.
        cells(&sheet, &[("IPv4", "10.0.0.1"), ("Owner", "Ada")]),
        cells(&sheet, &[("Vendor", "ACME")]),
        cells(&sheet, &[("IPv4", "10.9.9.300"), ("Asset type", "toaster")]),
        cells(&sheet, &[("Asset name", "other"), ("IPv4", "10.9.9.9")]),
    ];
    for (number, cells) in rows.into_iter().enumerate() {
        sheet.rows.push(sheet::SheetRow { number: 100 + number, cells });
    }
    let first = sheet.rows[2].clone();
    sheet.rows.push(sheet::SheetRow { number: 200, ..first });
    sheet.rows.remove(0);
    let plan = plan(&sheet, &snapshot);
    assert_eq!(plan.deleted, [id(0)]);
    let [new] = plan.new.as_slice() else { panic!("{:?}", plan.new) };
    assert_eq!(new.place, format!("{REGISTER_SHEET}!A100"));
    assert_eq!(new.role, Some("drive"));
    let values = [("ip", "10.9.9.9"), ("ip", "10.9.9.10"), ("mac", "02:aa:00:00:00:01"), ("vendor", "ACME")];
    assert_eq!(new.values, values.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(new.people, BTreeMap::from([("name", "Pump 7".to_owned()), ("owner", "Ada".to_owned())]));
    let faults = plan.faults.join("\n");
    for expected in [
        "the IP address 10.0.0.1 is that of row 4; fill in that row",
        "a new asset needs a name",
        "\"10.9.9.300\" is no IP address",
        "\"toaster\" is no asset type",
        "the same IP address as row 100",
        "the same asset as row 5; for a new asset, clear the asset ID",
    ] {
        assert!(faults.contains(expected), "{expected}: {faults}");
    }
    assert_eq!(plan.faults.len(), 6, "{faults}");
}

#[test]
fn a_row_that_was_taken_over_once_is_not_taken_over_twice() {
    let mut snapshot = plant(1);
    let mut sheet = read(&written(&snapshot));
    let mut cells = vec![String::new(); sheet.header.len()];
    cells[column(&sheet, "Asset name")] = "Pump 7".into();
    cells[column(&sheet, "Owner")] = "Ada".into();
    sheet.rows.push(sheet::SheetRow { number: 9, cells });
    assert_eq!(plan(&sheet, &snapshot).new.len(), 1);
    let mut listed = asset(7);
    listed.name = "Pump 7".into();
    snapshot.inventory.assets.push(listed);
    snapshot.identified.push(Identified { id: id(7), ..Identified::default() });
    set(&mut snapshot, 1, "name", "Pump 7");
    set(&mut snapshot, 1, "owner", "Ada");
    let again = plan(&sheet, &snapshot);
    assert_eq!((again.new.len(), again.changes.len(), again.conflicts.len()), (0, 0, 0));
    assert_eq!(again.notes, [format!("{REGISTER_SHEET}!A9: the name Pump 7 is that of asset {}", id(7))]);
    set(&mut snapshot, 1, "owner", "Grace");
    assert_eq!(plan(&sheet, &snapshot).conflicts.len(), 1);
}

#[test]
fn assets_that_became_one_since_keep_what_was_said_of_each() {
    let mut snapshot = plant(3);
    let mut sheet = read(&written(&snapshot));
    snapshot.inventory.assets.truncate(2);
    snapshot.inventory.conversations.truncate(1);
    snapshot.identified.truncate(2);
    snapshot.places.truncate(2);
    snapshot.identified[1].aliases = vec![id(2)];
    assert_nothing(&plan(&sheet, &snapshot), 3);
    edit(&mut sheet, 2, "Owner", "Ada");
    let one = plan(&sheet, &snapshot);
    assert_eq!((one.changes.len(), one.changes[0].asset), (1, 1));
    edit(&mut sheet, 1, "Owner", "Grace");
    assert!(plan(&sheet, &snapshot).faults[0].contains("another row, which is the same asset"));
}

#[test]
fn what_is_no_workbook_of_ours_or_of_another_version_is_refused() {
    let snapshot = plant(1);
    let sheet = read(&written(&snapshot));
    assert!(book::is_register(&sheet) && !book::is_register(&Sheet::default()));
    let refused = |change: &dyn Fn(&mut Sheet)| {
        let mut sheet = sheet.clone();
        change(&mut sheet);
        match book::plan(&sheet, &snapshot, None) {
            Err(Error::Sheet(why)) => why,
            other => panic!("{other:?}"),
        }
    };
    let state = column(&sheet, "tapledger.workbook/1");
    let newer = refused(&|sheet| sheet.header[state] = "tapledger.workbook/2".into());
    assert!(newer.contains("another version"), "{newer}");
    assert!(refused(&|sheet| sheet.header[0] = "x".into()).contains("Asset ID"));
    let owner = column(&sheet, "Owner");
    assert!(refused(&|sheet| sheet.header[owner] = "Custodian".into()).contains("two columns"));
    // A hidden cell that was damaged: nothing that is there is overwritten.
    let mut damaged = sheet.clone();
    damaged.rows[0].cells[state] = "{".into();
    damaged.rows[0].cells[owner] = "Ada".into();
    let mut owned = snapshot.clone();
    set(&mut owned, 0, "owner", "Grace");
    assert_eq!(plan(&damaged, &snapshot).changes.len(), 1);
    assert_eq!(plan(&damaged, &owned).conflicts.len(), 1);
}

/// A value that a field may hold.
fn value_of(field: &'static inventory::fields::Field, choice: usize) -> String {
    use inventory::fields::FieldKind;
    match field.kind {
        FieldKind::Text => ["", "Ada", "=1+1", "Käthe", "0042", "1-2"][choice % 6].into(),
        FieldKind::Date => ["", "2026-01-31", "1900-01-02", "2999-12-31"][choice % 4].into(),
        FieldKind::Number => ["", "4", "4.5", "0.1", "123456789012345"][choice % 5].into(),
        FieldKind::YesNo => ["", "yes", "no"][choice % 3].into(),
        FieldKind::List(words) => words.get(choice % (words.len() + 1)).copied().unwrap_or_default().into(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever was exported, edited in the file and changed in the register: what only one side changed is kept, what
    /// both changed alike is kept, and what both changed differently is told with all three values and overwritten nowhere.
    #[test]
    fn nothing_of_either_side_is_lost(
        exported in prop::collection::vec(0_usize..20, 2 * FIELDS.len()),
        file in prop::collection::vec(prop::option::weighted(0.3, 0_usize..20), 2 * FIELDS.len()),
        now in prop::collection::vec(prop::option::weighted(0.3, 0_usize..20), 2 * FIELDS.len()),
    ) {
        let fields: Vec<_> = (0..2_usize).flat_map(|asset| FIELDS.iter().map(move |field| (asset, field))).collect();
        let mut snapshot = plant(2);
        for ((asset, field), choice) in fields.iter().zip(&exported) {
            set(&mut snapshot, *asset, field.name, &value_of(field, *choice));
        }
        let mut sheet = read(&written(&snapshot));
        let before = snapshot.clone();
        for ((asset, field), choice) in fields.iter().zip(&file) {
            if let Some(choice) = choice {
                edit(&mut sheet, *asset, field.title, &value_of(field, *choice));
            }
        }
        for ((asset, field), choice) in fields.iter().zip(&now) {
            if let Some(choice) = choice {
                set(&mut snapshot, *asset, field.name, &value_of(field, *choice));
            }
        }
        let plan = plan(&sheet, &snapshot);
        prop_assert!(plan.faults.is_empty() && plan.new.is_empty() && plan.deleted.is_empty(), "{:?}", plan);
        prop_assert!(plan.ignored.is_empty(), "{:?}", plan.ignored);
        let mut after = snapshot.clone();
        for change in &plan.changes {
            set(&mut after, change.asset, change.field.name, change.after.as_deref().unwrap_or_default());
        }
        let value = |snapshot: &Snapshot, asset: usize, field: &str| {
            snapshot.identified[asset].people.get(field).cloned().unwrap_or_default()
        };
        for ((asset, field), file) in fields.iter().zip(&file) {
            let was = value(&before, *asset, field.name);
            let is = value(&snapshot, *asset, field.name);
            let said = file.map_or_else(|| was.clone(), |choice| value_of(field, choice));
            let got = value(&after, *asset, field.name);
            let conflict = plan.conflicts.iter().find(|one| one.change.asset == *asset && one.change.field == *field);
            if said == was {
                prop_assert_eq!(&got, &is, "only the register changed {}", field.name);
                prop_assert!(conflict.is_none());
            } else if is == was || is == said {
                prop_assert_eq!(&got, &said, "only the file changed {}, or both alike", field.name);
                prop_assert!(conflict.is_none());
            } else {
                prop_assert_eq!(&got, &is, "both changed {}", field.name);
                let conflict = conflict.unwrap();
                prop_assert_eq!(conflict.change.after.as_deref().unwrap_or_default(), &said);
                prop_assert_eq!(conflict.change.before.as_deref().unwrap_or_default(), &is);
                prop_assert_eq!(conflict.exported.as_deref().unwrap_or_default(), &was);
            }
        }
    }
}

/// Ten thousand assets, of which a test of every build would take long: `cargo test --release -p export --test workbook
/// -- --ignored --nocapture ten_thousand` prints times and the most memory that the process held. People's fields are as
/// long as anybody fills them in.
#[test]
#[ignore = "a measurement"]
fn ten_thousand_assets() {
    let mut snapshot = plant(10_000);
    for at in 0..10_000 {
        for (field, value) in [("owner", "line 2"), ("physical_location", "hall 3"), ("criticality", "high")]
        {
            set(&mut snapshot, at, field, value);
        }
    }
    measure(&snapshot);
}

/// The same with hostile text in every cell, of which each thirteenth has 3,900 characters.
#[test]
#[ignore = "a measurement"]
fn ten_thousand_hostile_assets() {
    measure(&hostile(10_000));
}

fn measure(snapshot: &Snapshot) {
    let before = peak_rss();
    let begun = std::time::Instant::now();
    let octets = written(snapshot);
    let wrote = begun.elapsed();
    let peak = peak_rss();
    let begun = std::time::Instant::now();
    let plan = plan(&read(&octets), snapshot);
    let took = begun.elapsed();
    assert_nothing(&plan, 10_000);
    println!(
        "10,000 assets: {} octets written in {wrote:?}, peak {peak} ({before} before); read and compared in {took:?}, peak {}",
        octets.len(),
        peak_rss()
    );
}

fn peak_rss() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default().replace('\t', " ")
}
