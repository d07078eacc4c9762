//! A small handmade plant, exported: golden files, determinism, hostile text, and the schema.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test")]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use export::csv::{CsvOptions, write_assets, write_changes, write_conversations, write_findings};
use export::json::{Tool, write};
use export::{Error, schema};
use inventory::{
    Approval, Asset, AssetEnd, AssetState, AssetStation, Candidate, CaptureCoverage, Change, ChangeKind,
    Conversation, Coverage, Estimate, Finding, FindingEvidence, FindingState, Identified, Inventory, Join,
    NoEstimate, Proof, Role, RoleClaim, Service, Severity, Snapshot, Standing,
};
use observation::{
    Basis, CaptureKind, CaptureStatus, CaptureSummary, Day, Evidence, OperationKind, OperationSeen, Position,
    Range, Sighting, Time, Transport,
};
use serde_json::Value;

const TOOL: Tool<'static> = Tool { name: "tapledger", version: "0.1.0" };
const NOON: i64 = 1_767_355_200_000_000_000;

fn evidence(frame: u64) -> Evidence {
    Evidence { ranges: vec![Range { frame, offset: 92, length: 20 }] }
}

fn candidate(value: &str, basis: Basis, frame: Option<u64>) -> Candidate {
    let proof = frame.map(|frame| Proof {
        capture: "ab".repeat(32),
        evidence: evidence(frame),
        rule: "szl-0011".into(),
    });
    Candidate {
        value: value.into(),
        basis,
        protocol: "s7comm".into(),
        first: Time(NOON),
        last: Time(NOON + 5),
        count: 3,
        proof,
        reasons: Vec::new(),
    }
}

fn asset(name: &str, role: Role) -> Asset {
    Asset {
        site: "default".into(),
        anchors: vec![name.into()],
        name: name.into(),
        state: AssetState::Observed,
        roles: vec![RoleClaim {
            role,
            basis: Basis::Inferred,
            reasons: vec!["answers S7comm as a server".into()],
        }],
        first: Some(Time(NOON)),
        last: Some(Time(NOON + 1_500_000_000)),
        ..Asset::default()
    }
}

fn capture(uid: &str, name: &str) -> CaptureSummary {
    CaptureSummary {
        uid: uid.into(),
        kind: CaptureKind::File,
        name: name.into(),
        site: "default".into(),
        sensor: String::new(),
        interface: String::new(),
        octets: 4711,
        frames: 42,
        kernel_drops: 0,
        first: Some(Time(NOON)),
        last: Some(Time(NOON + 1_500_000_000)),
        status: CaptureStatus::Truncated,
        stopped: Some("octet 5120: record of 70000 octets, 12 left".into()),
        counters: BTreeMap::from([
            ("malformed modbus".into(), 2),
            ("malformed messages not kept".into(), 1),
            ("frames untagged".into(), 40),
        ]),
    }
}

fn conversation(client: AssetEnd, server: AssetEnd, port: u16) -> Conversation {
    let sighting = Sighting { day: Day(20_455), first: Time(NOON), last: Time(NOON + 5), count: 9 };
    let read = OperationSeen {
        kind: OperationKind::Read,
        name: "read var".into(),
        sighting,
        evidence: evidence(31),
    };
    let unproven = OperationSeen {
        kind: OperationKind::Program,
        name: "request download".into(),
        sighting,
        evidence: Evidence::default(),
    };
    Conversation {
        site: "default".into(),
        client,
        server,
        protocol: "s7comm".into(),
        transport: Transport::Tcp,
        port,
        vlan: (port == 102).then_some(10),
        frames: [10, 9],
        octets: [600, 700],
        first: Time(NOON),
        last: Time(NOON + 5),
        operations: BTreeMap::from([("read", 9), ("program", 9)]),
        named: vec![("ab".repeat(32), read), ("ab".repeat(32), unproven)],
    }
}

fn coverage(sensor: &str, estimate: Result<Estimate, NoEstimate>) -> Coverage {
    Coverage {
        site: "default".into(),
        sensor: sensor.into(),
        span: Some((Time(NOON), Time(NOON + 9))),
        days: 1,
        captures: vec![CaptureCoverage {
            capture: "ab".repeat(32),
            one_way: 1,
            tcp: 4,
            kernel_drops: 2,
            losses: BTreeMap::from([("tcp gaps".into(), 3)]),
        }],
        silent_targets: vec!["192.168.1.99".parse().unwrap()],
        vlans_carried: vec![10],
        vlans_missing: vec![20, 30],
        heard: 4,
        referenced: 1,
        captured: 7_200_000_000_000,
        behind_router: 2,
        estimate,
    }
}

fn change(kind: ChangeKind, asset: Option<usize>, peer: Option<AssetEnd>) -> Change {
    Change {
        time: Time(NOON + 7),
        kind,
        site: "default".into(),
        asset,
        peer,
        subject: "mode (cip)".into(),
        before: asset.map(|_| "run".into()),
        after: Some("=stop".into()),
        learned: asset.is_none(),
        evidence: vec![FindingEvidence { capture: "ab".repeat(32), evidence: evidence(32) }],
    }
}

/// A controller with a module in its rack, an HMI, a peer outside, a group, and a finding.
fn plant() -> Snapshot {
    let mut controller = asset("SIMATIC 300 @ 192.168.1.40", Role::Plc);
    controller.roles.push(RoleClaim {
        role: Role::ProtocolGateway,
        basis: Basis::Stated,
        reasons: Vec::new(),
    });
    controller.stations = vec![AssetStation {
        mac: Some("00:1b:1b:23:eb:3b".parse().unwrap()),
        ips: vec!["192.168.1.40".parse().unwrap(), "fe80::21b:1bff:fe23:eb3b".parse().unwrap()],
        vlans: vec![10],
        mac_confirmed: true,
    }];
    controller.attributes.insert("vendor".into(), vec![candidate("Siemens AG", Basis::Stated, Some(23))]);
    controller.attributes.insert(
        "firmware_version".into(),
        vec![candidate("V3.2.6", Basis::Stated, Some(24)), candidate("V3.2", Basis::Reported, Some(25))],
    );
    controller.attributes.insert("mac_vendor".into(), vec![candidate("Siemens AG", Basis::Inferred, None)]);
    controller.attributes.insert(
        "s7comm.copyright".into(),
        vec![candidate("Original Siemens Equipment", Basis::Stated, Some(26))],
    );
    controller.services =
        vec![Service { protocol: "s7comm".into(), transport: Transport::Tcp, port: 102, units: Vec::new() }];
    controller.joins = vec![Join {
        left: "00:1b:1b:23:eb:3b".into(),
        right: "192.168.1.40".into(),
        joined: true,
        reason: "ARP says so".into(),
    }];
    let mut module = asset("CP 343-1", Role::IoModule);
    (module.parent, module.position) = (Some(0), vec![Position::new("rack", 0), Position::new("slot", 4)]);
    let mut panel = asset("panel", Role::Hmi);
    panel.state = AssetState::Referenced;
    panel.stations =
        vec![AssetStation { ips: vec!["192.168.1.50".parse().unwrap()], ..AssetStation::default() }];
    (panel.first, panel.last) = (None, None);

    let external = AssetEnd::External("203.0.113.7".parse().unwrap());
    let silent = AssetEnd::Silent("192.168.1.77".parse().unwrap());
    let group = AssetEnd::Group("01:0e:cf:00:00:00".parse().unwrap());
    let identified = ["7c", "1d", "a0"].map(|start| Identified {
        id: format!("{start}000000-0000-5000-8000-000000000000"),
        ..Identified::default()
    });
    let mut snapshot = Snapshot {
        as_of: Some(Time(NOON + 1_500_000_000)),
        captures: vec![capture(&"cd".repeat(32), "second.pcap"), capture(&"ab".repeat(32), "plant.pcapng")],
        inventory: Inventory {
            assets: vec![controller, module, panel],
            conversations: vec![
                conversation(AssetEnd::Asset(2), AssetEnd::Asset(0), 102),
                conversation(AssetEnd::Asset(0), external, 443),
                conversation(AssetEnd::Asset(0), group, 0x8892),
                conversation(AssetEnd::Asset(0), silent, 2000),
            ],
            findings: vec![Finding {
                kind: "program_operation",
                severity: Severity::Warning,
                text: "panel asks SIMATIC 300 for request download".into(),
                site: "default".into(),
                about: "s7comm".into(),
                anchors: vec![vec!["192.168.1.50".into()], vec!["00:1b:1b:23:eb:3b".into()]],
                assets: vec![2, 0],
                first: Some(Time(NOON)),
                last: None,
                count: 9,
                evidence: vec![FindingEvidence { capture: "ab".repeat(32), evidence: evidence(31) }],
                standing: Standing {
                    state: FindingState::Accepted,
                    reason: "commissioning".into(),
                    owner: Some("line 2".into()),
                    expires: Some(Time(NOON + 5_000_000_000)),
                    ..Standing::default()
                },
            }],
            changes: vec![
                change(ChangeKind::ModeChanged, Some(0), None),
                change(ChangeKind::FirstProgram, Some(2), Some(AssetEnd::Asset(0))),
                change(ChangeKind::SiteQuiet, None, None),
            ],
            coverage: vec![
                coverage("b", inventory::estimate(&[1, 1, 2, 3], 3)),
                coverage("a", Err(NoEstimate::OneOccasion)),
            ],
        },
        identified: identified.into(),
        findings_off: BTreeMap::new(),
        ..Snapshot::default()
    };
    snapshot.places = snapshot.policy.places(&snapshot.inventory.assets);
    snapshot.identified[0].aliases = vec!["00000000-0000-5000-8000-000000000001".into()];
    snapshot.identified[0].people = BTreeMap::from([("owner".into(), "line 2".into())]);
    snapshot.identified[0].approval =
        Some(Approval { by: "ada".into(), on: Time(NOON + 9), reason: "as built".into() });
    snapshot
}

/// The same plant with every list turned around and indices following.
fn turned() -> Snapshot {
    let mut snapshot = plant();
    let last = snapshot.identified.len() - 1;
    let turn = |index: &mut usize| *index = last - *index;
    let inventory = &mut snapshot.inventory;
    inventory.assets.reverse();
    snapshot.identified.reverse();
    snapshot.places.reverse();
    inventory.assets.iter_mut().filter_map(|asset| asset.parent.as_mut()).for_each(turn);
    for conversation in &mut inventory.conversations {
        for end in [&mut conversation.client, &mut conversation.server] {
            if let AssetEnd::Asset(index) = end {
                turn(index);
            }
        }
    }
    inventory.findings.iter_mut().flat_map(|finding| &mut finding.assets).for_each(turn);
    for change in &mut inventory.changes {
        change.asset.as_mut().into_iter().for_each(turn);
        if let Some(AssetEnd::Asset(index)) = &mut change.peer {
            turn(index);
        }
    }
    inventory.changes.reverse();
    inventory.coverage.reverse();
    inventory.conversations.reverse();
    inventory.findings.reverse();
    snapshot.captures.reverse();
    snapshot
}

fn json(snapshot: &Snapshot) -> String {
    let mut octets = Vec::new();
    write(snapshot, &TOOL, &mut octets).unwrap();
    String::from_utf8(octets).unwrap()
}

fn tables(snapshot: &Snapshot, options: &CsvOptions) -> [String; 4] {
    let (mut assets, mut conversations, mut findings) = (Vec::new(), Vec::new(), Vec::new());
    write_assets(snapshot, &mut assets, options).unwrap();
    write_conversations(snapshot, &mut conversations, options).unwrap();
    write_findings(snapshot, &mut findings, options).unwrap();
    let mut changes = Vec::new();
    write_changes(snapshot, &mut changes, options).unwrap();
    [assets, conversations, findings, changes].map(|octets| String::from_utf8(octets).unwrap())
}

/// What the schema has against a document.
fn objections(document: &Value) -> Vec<String> {
    static VALIDATOR: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
        let schema: Value = serde_json::from_str(schema::register()).unwrap();
        jsonschema::draft202012::new(&schema).unwrap()
    });
    VALIDATOR.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn the_register_as_json() {
    insta::assert_snapshot!(json(&plant()));
}

#[test]
fn the_register_as_csv() {
    let [assets, conversations, findings, changes] = tables(&plant(), &CsvOptions::default());
    insta::assert_snapshot!("assets_csv", assets.replace("\r\n", "\n"));
    insta::assert_snapshot!("conversations_csv", conversations.replace("\r\n", "\n"));
    insta::assert_snapshot!("findings_csv", findings.replace("\r\n", "\n"));
    insta::assert_snapshot!("changes_csv", changes.replace("\r\n", "\n"));
}

#[test]
fn the_order_of_the_snapshot_does_not_show() {
    assert_eq!(json(&plant()), json(&turned()));
    let options = CsvOptions::default();
    assert_eq!(tables(&plant(), &options), tables(&turned(), &options));
}

#[test]
fn documents_fit_the_published_schema() {
    let schema: Value = serde_json::from_str(schema::register()).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    for snapshot in [plant(), hostile(), Snapshot::default()] {
        let document: Value = serde_json::from_str(&json(&snapshot)).unwrap();
        assert_eq!(objections(&document), [""; 0]);
    }
}

#[test]
fn the_schema_refuses_fields_it_does_not_know_and_misses_those_it_does() {
    let document: Value = serde_json::from_str(&json(&plant())).unwrap();
    // Every object of the document, except those whose keys are names: attributes, people, counters, malformed.
    fn objects(value: &Value, at: String, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                let named = ["/attributes", "/people", "/counters", "/malformed", "/losses"]
                    .iter()
                    .any(|end| at.ends_with(end));
                if !named {
                    found.push(at.clone());
                }
                fields.iter().for_each(|(name, value)| {
                    objects(value, format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), found)
                });
            }
            Value::Array(parts) => parts
                .iter()
                .enumerate()
                .for_each(|(index, part)| objects(part, format!("{at}/{index}"), found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    objects(&document, String::new(), &mut found);
    assert!(found.len() > 40, "{found:?}");
    for at in found {
        let mut more = document.clone();
        more.pointer_mut(&at).unwrap().as_object_mut().unwrap().insert("confidence".into(), 97.into());
        assert!(!objections(&more).is_empty(), "an unknown field in {at:?} goes unnoticed");
        let names: Vec<String> =
            document.pointer(&at).unwrap().as_object().unwrap().keys().cloned().collect();
        for name in names {
            let mut less = document.clone();
            less.pointer_mut(&at).unwrap().as_object_mut().unwrap().remove(&name);
            assert!(!objections(&less).is_empty(), "a missing {name:?} in {at:?} goes unnoticed");
        }
    }
}

const HOSTILE: [&str; 9] = [
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "+1\r\n=2",
    "a\"b,c;d",
    "\x1b]0;owned\x07\x1b[2J",
    "exe\u{202e}fdp.\u{200b}",
    "<script>alert(1)</script>",
    "\t-1",
    "%n%n%s\0",
];

/// The plant with hostile text in every place where text can stand.
fn hostile() -> Snapshot {
    let mut snapshot = plant();
    let long = "=A".repeat(256);
    let mut texts = HOSTILE.iter().copied().chain([long.as_str()]).map(str::to_owned).cycle();
    let mut next = || texts.next().unwrap();
    for summary in &mut snapshot.captures {
        (summary.name, summary.site, summary.sensor, summary.interface) = (next(), next(), next(), next());
        summary.stopped = Some(next());
    }
    for identified in &mut snapshot.identified {
        identified.people = (0..3).map(|_| (next(), next())).collect();
    }
    for asset in &mut snapshot.inventory.assets {
        (asset.name, asset.site) = (next(), next());
        let values = ["vendor", "model", "serial_number", "hostname", "location", "description", "project"];
        asset.attributes =
            values.map(|name| (name.to_owned(), vec![candidate(&next(), Basis::Stated, Some(1))])).into();
        asset.position = vec![Position::new("slot", next())];
        asset.joins = vec![Join { left: next(), right: next(), joined: false, reason: next() }];
        asset.roles[0].reasons = vec![next(), next()];
    }
    for conversation in &mut snapshot.inventory.conversations {
        (conversation.site, conversation.protocol) = (next(), next());
        conversation.named[0].1.name = next().into();
    }
    for finding in &mut snapshot.inventory.findings {
        (finding.text, finding.site, finding.about) = (next(), next(), next());
        (finding.standing.reason, finding.standing.owner) = (next(), Some(next()));
    }
    for change in &mut snapshot.inventory.changes {
        (change.subject, change.site) = (next(), next());
        (change.before, change.after) = (Some(next()), Some(next()));
    }
    for coverage in &mut snapshot.inventory.coverage {
        (coverage.site, coverage.sensor) = (next(), next());
    }
    snapshot
}

#[test]
fn hostile_text_acts_nowhere() {
    let snapshot = hostile();
    for (delimiter, excel) in [(b',', false), (b';', true)] {
        for table in &tables(&snapshot, &CsvOptions { excel, delimiter }) {
            assert_eq!(table.starts_with('\u{feff}'), excel);
            let body = table.trim_start_matches('\u{feff}');
            let mut reader = ::csv::ReaderBuilder::new()
                .delimiter(delimiter)
                .has_headers(false)
                .from_reader(body.as_bytes());
            // The reader refuses lines of different lengths.
            let mut lines = 0;
            for line in reader.records() {
                let line = line.unwrap();
                lines += 1;
                for cell in &line {
                    assert!(!cell.trim_start().starts_with(['=', '+', '-', '@']), "a formula: {cell:?}");
                    assert!(!cell.chars().any(observation::acts), "it acts: {cell:?}");
                }
            }
            assert_eq!(body.matches("\r\n").count(), lines, "one line each");
        }
    }
    let text = json(&snapshot);
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["assets"].as_array().unwrap().len(), 3);
    let mut without_people = document;
    without_people["assets"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .for_each(|asset| drop(asset["people"].take()));
    let shown = serde_json::to_string(&without_people).unwrap();
    assert!(!shown.chars().any(observation::acts), "{shown}");
    assert!(
        !shown.contains("\\u001b") && !shown.contains("\\r"),
        "control characters hide behind JSON's escapes: {shown}"
    );
}

#[test]
fn people_s_words_are_handed_back_as_they_wrote_them() {
    let mut snapshot = plant();
    snapshot.identified[0].people.insert("notes".into(), "first line\nsecond line".into());
    let document: Value = serde_json::from_str(&json(&snapshot)).unwrap();
    let asset = document["assets"]
        .as_array()
        .unwrap()
        .iter()
        .find(|asset| asset["people"]["owner"] == "line 2")
        .unwrap();
    assert_eq!(asset["people"]["notes"], "first line\nsecond line");
}

#[test]
fn long_values_are_whole() {
    let mut snapshot = plant();
    let long = "Ä".repeat(512);
    snapshot.inventory.assets[0]
        .attributes
        .insert("model".into(), vec![candidate(&long, Basis::Stated, Some(1))]);
    assert!(json(&snapshot).contains(&long));
    assert!(tables(&snapshot, &CsvOptions::default())[0].contains(&long));
}

#[test]
fn a_snapshot_that_refers_to_nothing_is_refused_before_a_word_is_written() {
    let mut snapshot = plant();
    snapshot.inventory.findings[0].assets.push(3);
    let mut octets = Vec::new();
    let error = write(&snapshot, &TOOL, &mut octets).unwrap_err();
    assert_eq!(error.to_string(), "the snapshot refers to asset 3, and holds 3 assets with 3 ids");
    assert!(octets.is_empty());
    let mut snapshot = plant();
    snapshot.identified.pop();
    assert!(matches!(
        write_assets(&snapshot, &mut octets, &CsvOptions::default()),
        Err(Error::Inconsistent { .. })
    ));
}

#[test]
fn a_delimiter_that_cannot_separate_is_refused() {
    for delimiter in [b'"', b'\n', b'\r', b'a', b'\'', 0xff] {
        let refused = write_assets(&plant(), Vec::new(), &CsvOptions { excel: false, delimiter });
        assert!(matches!(refused, Err(Error::Delimiter(octet)) if octet == delimiter));
    }
}

#[test]
fn a_writer_that_refuses_is_an_error() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let kind = |result: export::Result<()>| match result.unwrap_err() {
        Error::Write(error) => error.kind(),
        other => panic!("{other}"),
    };
    assert_eq!(kind(write(&plant(), &TOOL, Full)), std::io::ErrorKind::BrokenPipe);
    assert_eq!(kind(write_findings(&plant(), Full, &CsvOptions::default())), std::io::ErrorKind::BrokenPipe);
}
