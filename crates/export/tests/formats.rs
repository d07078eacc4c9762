//! The formats that other systems take: what the schema says of them, what may stand in a cell, what a filter holds, and
//! that hostile text acts nowhere.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "a test that says what it skips"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Write};
use std::process::{Command, Stdio};

use export::archive::write_zip;
use export::csv::CsvOptions;
use export::json::Tool;
use export::{Filter, cyclonedx, defender, graph, json, netbox, servicenow};
use inventory::{
    Asset, AssetEnd, AssetState, AssetStation, Candidate, Conversation, Identified, Inventory, Proof, Role,
    RoleClaim, Service, Snapshot,
};
use observation::{
    Basis, CaptureKind, CaptureStatus, CaptureSummary, Evidence, Position, Range, Time, Transport,
};
use serde_json::Value;

const TOOL: Tool<'static> = Tool { name: "tapledger", version: "0.1.0" };
const NOON: i64 = 1_767_355_200_000_000_000;

fn candidate(value: &str, frame: u64) -> Candidate {
    let evidence = Evidence { ranges: vec![Range { frame, offset: 92, length: 20 }] };
    Candidate {
        value: value.into(),
        basis: Basis::Stated,
        protocol: "s7comm".into(),
        first: Time(NOON),
        last: Time(NOON + 5),
        count: 3,
        proof: Some(Proof { capture: "ab".repeat(32), evidence, rule: "szl-0011".into() }),
        reasons: Vec::new(),
    }
}

fn asset(site: &str, name: &str, role: Role, ip: &str) -> Asset {
    let station = AssetStation { ips: ip.parse().into_iter().collect(), ..AssetStation::default() };
    Asset {
        site: site.into(),
        anchors: vec![name.into()],
        name: name.into(),
        state: AssetState::Observed,
        roles: vec![RoleClaim { role, basis: Basis::Inferred, reasons: vec!["answers S7comm".into()] }],
        stations: if ip.is_empty() { Vec::new() } else { vec![station] },
        first: Some(Time(NOON)),
        last: Some(Time(NOON + 1_500_000_000)),
        ..Asset::default()
    }
}

fn conversation(client: AssetEnd, server: AssetEnd, protocol: &str) -> Conversation {
    Conversation {
        site: "north".into(),
        client,
        server,
        protocol: protocol.into(),
        transport: Transport::Tcp,
        port: 102,
        vlan: None,
        frames: [10, 9],
        octets: [600, 700],
        first: Time(NOON),
        last: Time(NOON + 5),
        operations: BTreeMap::from([("read", 9), ("program", 1)]),
        named: Vec::new(),
    }
}

fn capture(uid: &str, site: &str) -> CaptureSummary {
    CaptureSummary {
        uid: uid.repeat(32),
        kind: CaptureKind::File,
        name: format!("{site}.pcapng"),
        site: site.into(),
        sensor: String::new(),
        interface: String::new(),
        octets: 4711,
        frames: 42,
        kernel_drops: 0,
        first: Some(Time(NOON)),
        last: Some(Time(NOON + 1_500_000_000)),
        status: CaptureStatus::Complete,
        stopped: None,
        counters: BTreeMap::new(),
    }
}

/// A controller with a module, a panel of the same site, one of another site at the same address, a peer outside.
fn plant() -> Snapshot {
    let mut controller = asset("north", "press 1", Role::Plc, "10.0.0.1");
    controller.stations[0].mac = Some("00:1b:1b:00:00:01".parse().unwrap());
    controller.stations[0].vlans = vec![0, 10];
    for (number, (name, value)) in [
        ("vendor", "Siemens AG"),
        ("model", "CPU 315-2 PN/DP"),
        ("order_number", "6ES7 315-2EH14-0AB0"),
        ("serial_number", "S C-1"),
        ("firmware_version", "V3.2.6"),
        ("hostname", "press-1"),
    ]
    .into_iter()
    .enumerate()
    {
        controller.attributes.insert(name.into(), vec![candidate(value, 20 + number as u64)]);
    }
    controller.services =
        vec![Service { protocol: "s7comm".into(), transport: Transport::Tcp, port: 102, units: Vec::new() }];
    let mut module = asset("north", "CP 343-1", Role::IoModule, "");
    (module.parent, module.position) = (Some(0), vec![Position::new("rack", 0), Position::new("slot", 4)]);
    module.attributes.insert("os".into(), vec![candidate("VxWorks", 30)]);
    let panel = asset("north", "panel", Role::Hmi, "10.0.0.50");
    let mut other = asset("south", "panel", Role::Hmi, "10.0.0.1");
    other.state = AssetState::Referenced;
    let ids = ["7c", "1d", "a0", "b0"];
    Snapshot {
        as_of: Some(Time(NOON + 1_500_000_000)),
        captures: vec![capture("ab", "north"), capture("cd", "south")],
        inventory: Inventory {
            assets: vec![controller, module, panel, other],
            conversations: vec![
                conversation(AssetEnd::Asset(2), AssetEnd::Asset(0), "s7comm"),
                conversation(AssetEnd::Asset(2), AssetEnd::Asset(0), "arp"),
                conversation(AssetEnd::Asset(0), AssetEnd::External("203.0.113.7".parse().unwrap()), "tls"),
            ],
            findings: Vec::new(),
            changes: Vec::new(),
            coverage: Vec::new(),
        },
        identified: ids
            .map(|id| Identified {
                id: format!("{id}000000-0000-5000-8000-000000000000"),
                ..Identified::default()
            })
            .into(),
        ..Snapshot::default()
    }
}

const HOSTILE: [&str; 10] = [
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "+1\r\n=2",
    "a\"b,c;d\\",
    "\x1b]0;owned\x07\x1b[2J",
    "exe\u{202e}fdp.\u{200b}",
    "<script>alert(1)</script>&amp;]]>",
    "\t-1\u{fffe}",
    "%n%n%s\0",
    "\\N\"]; evil [label=\"\\G",
];

/// The plant with hostile text wherever text can stand.
fn hostile() -> Snapshot {
    let mut snapshot = plant();
    let mut texts = HOSTILE.into_iter().map(str::to_owned).cycle();
    let mut next = || texts.next().unwrap();
    for summary in &mut snapshot.captures {
        (summary.name, summary.site, summary.sensor) = (next(), next(), next());
    }
    for asset in &mut snapshot.inventory.assets {
        (asset.name, asset.site) = (next(), next());
        for values in asset.attributes.values_mut() {
            values[0].value = next();
        }
        asset.roles[0].reasons = vec![next()];
        asset.services.iter_mut().for_each(|service| service.protocol = next());
    }
    for conversation in &mut snapshot.inventory.conversations {
        (conversation.site, conversation.protocol) = (next(), next());
    }
    for identified in &mut snapshot.identified {
        identified.people =
            ["criticality", "purdue_level", "owner", "zone"].map(|name| (name.to_owned(), next())).into();
    }
    snapshot
}

/// Every format of the snapshot, by name.
fn all(snapshot: &Snapshot, filter: &Filter) -> BTreeMap<String, String> {
    let options = CsvOptions::default();
    let mut texts = BTreeMap::new();
    let mut add = |name: &str, write: &dyn Fn(&mut Vec<u8>) -> export::Result<()>| {
        let mut octets = Vec::new();
        write(&mut octets).unwrap();
        texts.insert(name.to_owned(), String::from_utf8(octets).unwrap());
    };
    add("json", &|out| json::write_filtered(snapshot, &TOOL, filter, out));
    add("jsonl", &|out| json::write_lines(snapshot, &TOOL, filter, out));
    add("assets.csv", &|out| export::csv::write_assets_filtered(snapshot, filter, out, &options));
    add("servicenow.csv", &|out| servicenow::write(snapshot, filter, out, &options));
    add("defender.csv", &|out| defender::write(snapshot, filter, out, &options));
    add("cyclonedx", &|out| cyclonedx::write(snapshot, &TOOL, filter, out));
    add("graphml", &|out| graph::write_graphml(snapshot, &TOOL, filter, out));
    add("dot", &|out| graph::write_dot(snapshot, &TOOL, filter, out));
    for file in netbox::files(snapshot, &TOOL, filter).unwrap() {
        texts.insert(format!("netbox/{}", file.name), String::from_utf8(file.octets).unwrap());
    }
    texts
}

/// The lines of a CSV by header.
fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = ::csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    reader
        .records()
        .map(|line| header.iter().map(str::to_owned).zip(line.unwrap().iter().map(str::to_owned)).collect())
        .collect()
}

/// What the schema of CycloneDX 1.6 has against a document.
fn objections(document: &Value) -> Vec<String> {
    let resource = |text: &str| jsonschema::Resource::from_contents(serde_json::from_str(text).unwrap());
    let base = "http://cyclonedx.org/schema/";
    let registry = jsonschema::Registry::new()
        .add(
            format!("{base}spdx.SNAPSHOT.schema.json"),
            resource(include_str!("schema/spdx.SNAPSHOT.schema.json")),
        )
        .unwrap()
        .add(
            format!("{base}jsf-0.82.SNAPSHOT.schema.json"),
            resource(include_str!("schema/jsf-0.82.SNAPSHOT.schema.json")),
        )
        .unwrap()
        .prepare()
        .unwrap();
    let schema: Value = serde_json::from_str(include_str!("schema/bom-1.6.SNAPSHOT.schema.json")).unwrap();
    let validator = jsonschema::options().with_registry(&registry).build(&schema).unwrap();
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn cyclonedx_documents_fit_the_official_schema_and_wrong_ones_do_not() {
    for snapshot in [plant(), hostile(), Snapshot::default()] {
        let document: Value = serde_json::from_str(&all(&snapshot, &Filter::default())["cyclonedx"]).unwrap();
        assert_eq!(objections(&document), [""; 0]);
    }
    let mut document: Value = serde_json::from_str(&all(&plant(), &Filter::default())["cyclonedx"]).unwrap();
    document["components"][0]["type"] = "gadget".into();
    assert!(!objections(&document).is_empty());
}

#[test]
fn cyclonedx_nests_firmware_and_modules_and_names_the_frames() {
    let document: Value = serde_json::from_str(&all(&plant(), &Filter::default())["cyclonedx"]).unwrap();
    let components = document["components"].as_array().unwrap();
    assert_eq!(components.len(), 3, "the module sits in its controller");
    let controller = components.iter().find(|one| one["name"] == "CPU 315-2 PN/DP").unwrap();
    let within = controller["components"].as_array().unwrap();
    let firmware = within.iter().find(|one| one["type"] == "firmware").unwrap();
    assert_eq!(firmware["version"], "V3.2.6");
    assert_eq!(firmware["evidence"]["occurrences"][0]["location"], "pcap:north.pcapng#frame=24");
    let module = within.iter().find(|one| one["type"] == "device").unwrap();
    assert_eq!(module["components"][0]["type"], "operating-system");
    assert_eq!(document["compositions"][0]["aggregate"], "incomplete");
}

#[test]
fn every_format_says_its_schema_the_program_the_window_and_the_filter() {
    let filter = Filter { sites: ["north".to_owned()].into(), ..Filter::default() };
    let texts = all(&plant(), &filter);
    for name in ["json", "jsonl", "cyclonedx", "graphml", "dot", "netbox/about.json"] {
        let text = &texts[name];
        for part in ["tapledger.", "0.1.0", "2026-01-02T12:00:00Z", "north"] {
            assert!(text.contains(part), "{part} is not in {name}");
        }
    }
    let mut about = Vec::new();
    export::about::write(servicenow::SCHEMA, &plant(), &TOOL, &filter, &mut about).unwrap();
    let about: Value = serde_json::from_slice(&about).unwrap();
    assert_eq!(about["schema"], "tapledger.servicenow/1");
    assert_eq!(about["window"]["captures"], 1);
    assert_eq!(about["filters"]["site"][0], "north");
    assert_eq!(about["assets"], 3);
}

#[test]
fn the_order_of_the_snapshot_does_not_show() {
    let mut turned = plant();
    turned.captures.reverse();
    turned.inventory.conversations.reverse();
    assert_eq!(all(&plant(), &Filter::default()), all(&turned, &Filter::default()));
    let files = netbox::files(&plant(), &TOOL, &Filter::default()).unwrap();
    let zipped = || {
        let mut octets = Vec::new();
        write_zip(&files, &mut octets).unwrap();
        octets
    };
    assert_eq!(zipped(), zipped());
    let mut archive = zip::ZipArchive::new(Cursor::new(zipped())).unwrap();
    assert_eq!(archive.len(), files.len());
    let mut text = String::new();
    std::io::Read::read_to_string(&mut archive.by_name("06-devices.csv").unwrap(), &mut text).unwrap();
    assert!(text.contains("press 1"));
}

#[test]
fn a_filter_holds_what_it_says_and_ends_outside_of_it_keep_their_names() {
    let filter = Filter { roles: [Role::Plc].into(), ..Filter::default() };
    let texts = all(&plant(), &filter);
    let document: Value = serde_json::from_str(&texts["json"]).unwrap();
    assert_eq!(document["assets"].as_array().unwrap().len(), 1);
    assert_eq!(document["conversations"].as_array().unwrap().len(), 3, "all with the controller");
    assert_eq!(document["filters"]["role"][0], "plc");
    assert_eq!(rows(&texts["servicenow.csv"]).len(), 1);
    assert!(texts["graphml"].contains(">panel<"), "who talks to it is in the picture");
    assert!(texts["graphml"].contains(r#"<data key="node.outside_filter">true</data>"#));
    let lines: Vec<Value> = texts["jsonl"].lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(kinds[..4], ["header", "capture", "capture", "asset"]);

    let state = Filter { states: [AssetState::Referenced].into(), ..Filter::default() };
    let texts = all(&plant(), &state);
    assert_eq!(rows(&texts["defender.csv"])[0]["Site"], "south");
    assert!(!texts["jsonl"].contains("\"type\":\"conversation\""), "none of its conversations was seen");
}

#[test]
fn json_lines_hold_what_the_document_holds() {
    let texts = all(&plant(), &Filter::default());
    let document: Value = serde_json::from_str(&texts["json"]).unwrap();
    let mut lists: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for line in texts["jsonl"].lines().skip(1) {
        let mut object: Value = serde_json::from_str(line).unwrap();
        let kind = object.as_object_mut().unwrap().remove("type").unwrap();
        let list = match kind.as_str().unwrap() {
            "capture" => "captures",
            "asset" => "assets",
            "conversation" => "conversations",
            _ => "findings",
        };
        lists.entry(list).or_default().push(object);
    }
    for list in ["captures", "assets", "conversations"] {
        assert_eq!(document[list].as_array().unwrap(), &lists[list], "{list}");
    }
}

#[test]
fn servicenow_rows_are_unique_where_they_must_be_and_modules_name_their_rack() {
    let mut snapshot = plant();
    let serial = snapshot.inventory.assets[0].attributes["serial_number"].clone();
    let rows_of = |snapshot: &Snapshot| rows(&all(snapshot, &Filter::default())["servicenow.csv"]);
    let by_id = |rows: &[BTreeMap<String, String>], start: &str| {
        rows.iter().find(|row| row["Correlation id"].starts_with(start)).unwrap().clone()
    };
    let found = rows_of(&snapshot);
    assert_eq!(found[0].len(), 75, "columns A to BW");
    assert_eq!(by_id(&found, "7c")["Serial number"], "S C-1");
    assert_eq!(by_id(&found, "7c")["Has module"], "True");
    assert_eq!(by_id(&found, "7c")["First discovered"], "2026-01-02 12:00:00");
    let module = by_id(&found, "1d");
    assert_eq!((module["Type"].as_str(), module["Slot number"].as_str()), ("Control Module", "4"));
    assert!(module["Control module parent id"].starts_with("7c"));
    let names: BTreeSet<&String> = found.iter().map(|row| &row["Name"]).collect();
    assert_eq!(names.len(), found.len(), "two panels have one name: {names:?}");
    // A serial number that two devices state identifies neither.
    snapshot.inventory.assets[2].attributes.insert("serial_number".into(), serial);
    let found = rows_of(&snapshot);
    assert_eq!(by_id(&found, "7c")["Serial number"], "");
    assert_eq!(by_id(&found, "a0")["Serial number"], "");
}

#[test]
fn netbox_tables_refer_only_to_what_an_earlier_table_made() {
    for snapshot in [plant(), hostile()] {
        let texts = all(&snapshot, &Filter::default());
        let table = |name: &str| rows(&texts[&format!("netbox/{name}.csv")]);
        let column = |name: &str, column: &str| -> Vec<String> {
            table(name).iter().map(|row| row[column].clone()).collect()
        };
        let set = |name: &str, of: &str| -> BTreeSet<String> { column(name, of).into_iter().collect() };
        let devices = set("06-devices", "name");
        assert_eq!(devices.len(), column("06-devices", "name").len(), "names are unique");
        for (file, of, made) in [
            ("04-device-types", "manufacturer", set("02-manufacturers", "name")),
            ("06-devices", "manufacturer", set("02-manufacturers", "name")),
            ("06-devices", "role", set("03-device-roles", "name")),
            ("06-devices", "device_type", set("04-device-types", "model")),
            ("06-devices", "site", set("05-sites", "name")),
            ("07-vlans", "site", set("05-sites", "name")),
            ("08-interfaces", "device", devices.clone()),
            ("09-mac-addresses", "interface", set("08-interfaces", "name")),
            ("10-ip-addresses", "interface", set("08-interfaces", "name")),
            ("11-services", "parent", devices.clone()),
            ("12-inventory-items", "device", devices),
        ] {
            let refers = set(file, of);
            assert!(refers.is_subset(&made), "{file} {of}: {refers:?} of {made:?}");
        }
        let slug = |slug: &String| {
            !slug.is_empty() && slug.chars().all(|one| one.is_ascii_alphanumeric() || one == '-')
        };
        for file in ["01-tags", "02-manufacturers", "03-device-roles", "04-device-types", "05-sites"] {
            assert!(column(file, "slug").iter().all(slug), "{file}: {:?}", column(file, "slug"));
        }
    }
    let texts = all(&plant(), &Filter::default());
    assert_eq!(rows(&texts["netbox/12-inventory-items.csv"]).len(), 1);
    assert_eq!(rows(&texts["netbox/07-vlans.csv"]).len(), 1, "0 is no VLAN");
    let left_out = rows(&texts["netbox/left-out.csv"]);
    assert_eq!(left_out.len(), 1, "two sites have one address: NetBox knows it once");
    assert_eq!(left_out[0]["reason"], "press 1 has this address too");
}

#[test]
fn hostile_text_acts_nowhere() {
    for (name, text) in all(&hostile(), &Filter::default()) {
        if name == "json" || name == "jsonl" {
            continue; // people's words are handed back as they wrote them there; tests/plant.rs looks at the rest
        }
        let shown = text.replace("\r\n", "\n");
        assert!(!shown.chars().any(|one| observation::acts(one) && one != '\n'), "{name}: {shown}");
        if name.ends_with(".csv") {
            let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
            for cell in
                reader.records().flat_map(|line| line.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
            {
                assert!(!cell.trim_start().starts_with(['=', '+', '-', '@']), "{name}: a formula: {cell:?}");
            }
        }
    }
    let texts = all(&hostile(), &Filter::default());
    assert!(!texts["graphml"].contains("<script") && !texts["graphml"].contains("]]>"));
}

/// What a program makes of a text on its standard input; `None` where it is not installed.
fn through(program: &str, arguments: &[&str], text: &str) -> Option<(bool, String)> {
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        println!("\nSKIPPED: {program} is not here");
        return None;
    };
    // One that ends early says why on standard error.
    let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
    let output = child.wait_with_output().unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Some((output.status.success(), said))
}

#[test]
fn graphviz_and_an_xml_parser_read_hostile_graphs() {
    let texts = all(&hostile(), &Filter::default());
    if let Some((is_read, said)) = through("dot", &["-Tplain"], &texts["dot"]) {
        assert!(is_read, "{said}");
        assert!(!said.lines().any(|line| line.starts_with("node evil")), "a name made a node: {said}");
        let nodes = said.lines().filter(|line| line.starts_with("node ")).count();
        assert!(nodes >= 3, "{said}");
    }
    let script = "import sys, xml.etree.ElementTree as t; r = t.fromstring(sys.stdin.buffer.read()); \
                  print(sum(1 for e in r.iter() if e.tag.endswith('}node')), sum(1 for e in r.iter() if e.tag.endswith('}edge')))";
    if let Some((is_read, said)) = through("python3", &["-c", script], &texts["graphml"]) {
        assert!(is_read, "{said}");
        assert_eq!(said.trim(), "5 3");
    }
}
