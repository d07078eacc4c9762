//! A made-up plant, its workbook, and what reads and edits it.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use export::Filter;
use export::book::{self, Plan};
use export::json::Tool;
use export::sheet::{self, Sheet};
use inventory::fields::field_named;
use inventory::{
    Asset, AssetEnd, AssetState, AssetStation, Candidate, Conversation, Identified, Inventory, Role,
    RoleClaim, Snapshot,
};
use observation::{Basis, Time, Transport};

pub(crate) const TOOL: Tool<'static> = Tool { name: "tapledger", version: "0.1.0" };
pub(crate) const NOON: i64 = 1_767_355_200_000_000_000;

pub(crate) const HOSTILE: [&str; 12] = [
    "=cmd|' /C calc'!A0",
    "'=1+1",
    "@SUM(1+1)*cmd",
    "+1\r\n=2",
    "a\"b,c;d",
    "\x1b]0;owned\x07\x1b[2J",
    "exe\u{202e}fdp.\u{200b}",
    "<script>&amp;]]>alert(1)</script>",
    "\t-1",
    "%n%n%s\0",
    "_x0041_ _x000D_",
    "  two  blanks\u{a0}\u{fffe}\u{1f600} ",
];

pub(crate) fn id(number: usize) -> String {
    format!("{number:08x}-0000-5000-8000-000000000000")
}

pub(crate) fn candidate(value: &str) -> Candidate {
    Candidate {
        value: value.into(),
        basis: Basis::Stated,
        protocol: "s7comm".into(),
        first: Time(NOON),
        last: Time(NOON),
        count: 3,
        proof: None,
        reasons: Vec::new(),
    }
}

pub(crate) fn asset(number: usize) -> Asset {
    let [high, low] = u16::try_from(number).unwrap().to_be_bytes();
    let attributes = [("vendor", "Siemens AG".to_owned()), ("serial_number", format!("00{number}"))];
    Asset {
        site: "north".into(),
        anchors: vec![format!("10.0.{high}.{low}")],
        name: format!("PLC {number}"),
        state: AssetState::Observed,
        state_reasons: Vec::new(),
        roles: vec![RoleClaim { role: Role::Plc, basis: Basis::Inferred, reasons: vec!["answers".into()] }],
        parent: None,
        position: Vec::new(),
        stations: vec![AssetStation {
            mac: Some(format!("02:00:00:00:{high:02x}:{low:02x}").parse().unwrap()),
            ips: vec![format!("10.0.{high}.{low}").parse().unwrap()],
            vlans: vec![10],
            mac_confirmed: true,
        }],
        attributes: attributes.map(|(name, value)| (name.to_owned(), vec![candidate(&value)])).into(),
        services: Vec::new(),
        first: Some(Time(NOON + i64::try_from(number).unwrap() * 1_000_000_007)),
        last: Some(Time(NOON + 86_400_000_000_000 + i64::try_from(number).unwrap() * 7_777_777_777)),
        joins: Vec::new(),
        groups: Vec::new(),
    }
}

/// A plant of that many controllers, the first of which asks all others.
pub(crate) fn plant(assets: usize) -> Snapshot {
    let mut snapshot = Snapshot {
        as_of: Some(Time(NOON)),
        inventory: Inventory { assets: (0..assets).map(asset).collect(), ..Inventory::default() },
        identified: (0..assets).map(|at| Identified { id: id(at), ..Identified::default() }).collect(),
        ..Snapshot::default()
    };
    snapshot.inventory.conversations = (1..assets)
        .map(|server| Conversation {
            site: "north".into(),
            client: AssetEnd::Asset(0),
            server: AssetEnd::Asset(server),
            protocol: "s7comm".into(),
            transport: Transport::Tcp,
            port: 102,
            vlan: None,
            frames: [1, 1],
            octets: [60, 60],
            first: Time(NOON),
            last: Time(NOON),
            operations: BTreeMap::new(),
            named: Vec::new(),
        })
        .collect();
    snapshot.places = snapshot.policy.places(&snapshot.inventory.assets);
    snapshot
}

pub(crate) fn set(snapshot: &mut Snapshot, asset: usize, field: &str, value: &str) {
    assert!(field_named(field).is_some(), "{field}");
    let people = &mut snapshot.identified[asset].people;
    if value.is_empty() {
        people.remove(field);
    } else {
        people.insert(field.into(), value.into());
    }
}

pub(crate) fn written(snapshot: &Snapshot) -> Vec<u8> {
    let mut octets = Vec::new();
    book::write(snapshot, &TOOL, &Filter::default(), &mut octets).unwrap();
    octets
}

pub(crate) fn read(octets: &[u8]) -> Sheet {
    sheet::read(octets).unwrap()
}

pub(crate) fn column(sheet: &Sheet, title: &str) -> usize {
    sheet.header.iter().position(|head| head == title).unwrap_or_else(|| panic!("no column {title}"))
}

/// Puts a text into the row of an asset.
pub(crate) fn edit(sheet: &mut Sheet, asset: usize, title: &str, text: &str) {
    let (key, at) = (column(sheet, "Asset ID"), column(sheet, title));
    let row = sheet.rows.iter_mut().find(|row| row.cells[key] == id(asset)).unwrap();
    row.cells[at] = text.into();
}

pub(crate) fn plan(sheet: &Sheet, snapshot: &Snapshot) -> Plan {
    book::plan(sheet, snapshot, None).unwrap()
}

pub(crate) fn assert_nothing(plan: &Plan, assets: usize) {
    assert_eq!(plan, &Plan { assets, ..Plan::default() });
}

/// A part of the file, as text.
pub(crate) fn part(octets: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(octets)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}
