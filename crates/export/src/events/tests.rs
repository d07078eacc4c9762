use inventory::{Asset, AssetState, AssetStation, Change, Identified, Inventory, Role, RoleClaim, Standing};
use observation::Basis;

use super::syslog::Sender;
use super::*;

const HOSTILE: &str = "PLC\"]\\|=\n<13>1 - \u{1b}[2J\u{202e}; drop '\r\n] x";

fn asset(name: &str, ip: &str) -> Asset {
    Asset {
        site: "hall 2".into(),
        anchors: vec![ip.into()],
        name: name.into(),
        state: AssetState::Observed,
        roles: vec![RoleClaim { role: Role::Plc, basis: Basis::Inferred, reasons: Vec::new() }],
        parent: None,
        position: Vec::new(),
        stations: vec![AssetStation {
            mac: "00:1b:1b:23:eb:3b".parse().ok(),
            ips: ip.parse().into_iter().collect(),
            vlans: Vec::new(),
            mac_confirmed: true,
        }],
        attributes: Default::default(),
        services: Vec::new(),
        first: None,
        last: None,
        joins: Vec::new(),
        groups: Vec::new(),
        state_reasons: Vec::new(),
    }
}

fn change(kind: ChangeKind, time: i64, asset: usize, peer: Option<AssetEnd>) -> Change {
    Change {
        time: Time(time),
        kind,
        site: "hall 2".into(),
        asset: Some(asset),
        peer,
        subject: String::new(),
        before: None,
        after: Some(HOSTILE.into()),
        learned: false,
        evidence: Vec::new(),
    }
}

fn finding(kind: &'static str, severity: Severity) -> Finding {
    Finding {
        kind,
        severity,
        text: format!("{HOSTILE} talks"),
        site: "hall 2".into(),
        about: "modbus".into(),
        anchors: vec![vec!["10.0.0.1".into()]],
        assets: vec![0],
        first: Some(Time(5_000)),
        last: Some(Time(1_767_323_045_123_456_789)),
        count: 3,
        evidence: Vec::new(),
        standing: Standing::default(),
    }
}

fn plant() -> Snapshot {
    let id = |id: &str| Identified { id: id.into(), ..Identified::default() };
    Snapshot {
        inventory: Inventory {
            assets: vec![asset(HOSTILE, "10.0.0.1"), asset("EWS", "2001:db8::7")],
            changes: vec![
                change(ChangeKind::NewAsset, 1_000, 0, None),
                change(ChangeKind::FirstProgram, 2_000, 1, Some(AssetEnd::Asset(0))),
                change(ChangeKind::NewPeer, 3_000, 0, Some(AssetEnd::External([203, 0, 113, 9].into()))),
            ],
            findings: vec![
                finding("insecure_protocol", Severity::Notice),
                finding("remote_access", Severity::Warning),
            ],
            ..Inventory::default()
        },
        identified: vec![id("aaaaaaaa-0000"), id("bbbbbbbb-0000")],
        ..Snapshot::default()
    }
}

const ALL: Selection = Selection { learned: false, severity_min: Severity::Information };

fn tell(snapshot: &Snapshot, delivered: &mut Delivered) -> Vec<Event> {
    let queue = Queue::new(snapshot, &ALL, delivered).unwrap();
    let events = queue.events(0, queue.len()).unwrap();
    assert_eq!(events.len(), queue.len());
    events.iter().for_each(|event| delivered.note(event));
    events
}

fn sender() -> Sender {
    Sender { facility: 16, hostname: "sensor 1".into(), version: "0.1.0".into(), enterprise: 32_473 }
}

#[test]
fn everything_is_told_once_and_a_restart_tells_nothing_again() {
    let (plant, mut delivered) = (plant(), Delivered::default());
    let events = tell(&plant, &mut delivered);
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["new_asset", "first_program", "new_peer", "insecure_protocol", "remote_access"]);
    let mut again = Delivered::read_back(&delivered.text()).unwrap();
    assert_eq!(tell(&plant, &mut again), Vec::new());
    assert_eq!(again.text(), delivered.text());
}

#[test]
fn an_older_change_that_comes_later_is_told_and_learned_ones_are_not() {
    let (mut plant, mut delivered) = (plant(), Delivered::default());
    tell(&plant, &mut delivered);
    plant.inventory.changes.insert(0, change(ChangeKind::NewService, 1, 0, None));
    plant.inventory.changes.push(Change { learned: true, ..change(ChangeKind::NewService, 9_000, 0, None) });
    let kinds: Vec<Time> = tell(&plant, &mut delivered).iter().map(|event| event.time).collect();
    assert_eq!(kinds, [Time(1)]);
}

#[test]
fn assets_that_turn_out_to_be_one_and_names_that_change_are_no_news() {
    let (mut plant, mut delivered) = (plant(), Delivered::default());
    tell(&plant, &mut delivered);
    plant.identified[0] = Identified {
        id: "cccccccc-0000".into(),
        aliases: vec!["aaaaaaaa-0000".into()],
        ..Identified::default()
    };
    plant.inventory.assets[0].name = "another name".into();
    plant.inventory.changes[0].after = Some("observed, hmi".into());
    for finding in &mut plant.inventory.findings {
        finding.anchors = vec![vec!["00:1b:1b:23:eb:3b".into(), "10.0.0.1".into()]];
    }
    assert_eq!(tell(&plant, &mut delivered), Vec::new());
    // The old names stay remembered while they are of use.
    assert_eq!(tell(&plant, &mut delivered), Vec::new());
}

#[test]
fn a_finding_is_told_again_when_people_stand_otherwise_to_it() {
    let (mut plant, mut delivered) = (plant(), Delivered::default());
    tell(&plant, &mut delivered);
    plant.inventory.findings[1].standing.state = FindingState::Accepted;
    let events = tell(&plant, &mut delivered);
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].before.as_deref(), events[0].after.as_deref()), (Some("open"), Some("accepted")));
    assert_eq!(events[0].severity, Severity::Information);
    plant.inventory.findings[1].standing.state = FindingState::Open;
    assert_eq!(tell(&plant, &mut delivered).len(), 1);
    let queue =
        Queue::new(&plant, &Selection { severity_min: Severity::Warning, ..ALL }, &mut Delivered::default());
    assert_eq!(queue.unwrap().len(), 4, "three changes and one warning");
}

#[test]
fn what_the_register_no_longer_has_is_forgotten() {
    let (mut plant, mut delivered) = (plant(), Delivered::default());
    tell(&plant, &mut delivered);
    assert_eq!(delivered.len(), 5);
    plant.inventory.changes.clear();
    assert_eq!((tell(&plant, &mut delivered), delivered.len()), (Vec::new(), 2));
}

/// Elements of structured data: identifier, parameters.
type Elements = Vec<(String, Vec<(String, String)>)>;

/// Reads a message strictly by the grammar of RFC 5424 section 6: PRI, the header fields, parameters, the text.
fn parse(message: &str) -> (u32, Vec<String>, Elements, String) {
    let (priority, rest) = message.strip_prefix('<').unwrap().split_once(">1 ").unwrap();
    let mut fields = Vec::new();
    let mut rest = rest;
    for max in [32, 255, 48, 128, 32] {
        let (field, after) = rest.split_once(' ').unwrap();
        assert!(
            !field.is_empty() && field.len() <= max && field.bytes().all(|octet| octet.is_ascii_graphic())
        );
        fields.push(field.to_owned());
        rest = after;
    }
    let mut elements = Vec::new();
    while let Some(inner) = rest.strip_prefix('[') {
        let end = inner.find([' ', ']']).unwrap();
        let (name, mut inner) = inner.split_at(end);
        assert!(
            name.len() <= 32
                && name.bytes().all(|octet| octet.is_ascii_graphic() && !b"=]\"".contains(&octet))
        );
        let mut parameters = Vec::new();
        while let Some(parameter) = inner.strip_prefix(' ') {
            let (key, value) = parameter.split_once("=\"").unwrap();
            assert!(key.len() <= 32 && key.bytes().all(|octet| octet.is_ascii_alphanumeric()), "{key}");
            let (mut text, mut characters) = (String::new(), value.char_indices());
            let end = loop {
                let (at, character) = characters.next().unwrap();
                match character {
                    '\\' => text.push(characters.next().unwrap().1),
                    '"' => break at,
                    ']' => panic!("an unescaped bracket"),
                    other => text.push(other),
                }
            };
            parameters.push((key.to_owned(), text));
            inner = &value[end + 1..];
        }
        rest = inner.strip_prefix(']').unwrap();
        elements.push((name.to_owned(), parameters));
    }
    let text = rest.strip_prefix(" \u{feff}").unwrap();
    (priority.parse().unwrap(), fields, elements, text.to_owned())
}

#[test]
fn syslog_messages_hold_to_the_grammar_whatever_a_device_calls_itself() {
    for event in tell(&plant(), &mut Delivered::default()) {
        let message = syslog::message(&event, &sender(), 7);
        let (_, fields, elements, text) = parse(&message);
        assert_eq!(fields[1..], ["sensor_1", "tapledger", "-", &event.kind]);
        assert_eq!(elements[1], ("meta".into(), vec![("sequenceId".into(), "7".into())]));
        assert_eq!(elements[2].0, format!("{}@32473", event.class.as_str()));
        let value =
            |key: &str| elements[2].1.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str());
        assert_eq!(value("id"), Some(event.id.as_str()));
        assert_eq!(value("site"), Some("hall 2"));
        if event.parties[0].as_ref().is_some_and(|party| party.id.starts_with('a')) {
            // The name as it was, but for what would act.
            assert_eq!(value("assetName"), Some(safe_text(HOSTILE).as_ref()));
            assert_eq!(value("assetIp"), Some("10.0.0.1"));
        }
        assert_eq!(text, event.text);
        assert!(!message.chars().any(|character| character.is_control()), "{message:?}");
    }
}

#[test]
fn a_time_has_six_digits_after_the_second_at_most_and_severities_are_those_of_syslog() {
    let events = tell(&plant(), &mut Delivered::default());
    let (priority, fields, ..) = parse(&syslog::message(&events[4], &sender(), 1));
    assert_eq!((priority, fields[0].as_str()), (16 * 8 + 4, "2026-01-02T03:04:05.123456Z"));
    assert_eq!(parse(&syslog::message(&events[0], &sender(), 1)).0, 16 * 8 + 5);
}

#[test]
fn a_message_is_cut_where_it_would_be_too_long_and_still_holds_to_the_grammar() {
    let mut plant = plant();
    plant.inventory.assets[0].name = "\"電]\\".repeat(2_000);
    plant.inventory.changes[0].after = Some("]".repeat(9_000));
    plant.inventory.changes[0].before = Some("=\\|".repeat(9_000));
    for event in tell(&plant, &mut Delivered::default()) {
        let message = syslog::message(&event, &sender(), u32::MAX);
        assert!(message.len() <= syslog::MESSAGE_OCTETS_MAX, "{}", message.len());
        parse(&message);
        let cef = cef::message(&event, &sender());
        assert!(cef.len() <= syslog::MESSAGE_OCTETS_MAX, "{}", cef.len());
        parse_cef(&cef);
    }
    assert_eq!(cut("電電電", 9), "電電電");
    assert_eq!(cut("電電電a", 9), "電電…");
    assert_eq!(cut("電電電", 8), "電…");
}

/// Reads a CEF message: the fields of the header, and the extension by its keys.
fn parse_cef(message: &str) -> (Vec<String>, Vec<(String, String)>) {
    let body = message.split_once(" CEF:0|").unwrap().1;
    let (mut fields, mut field, mut characters) = (Vec::new(), String::new(), body.char_indices());
    let rest = loop {
        let (at, character) = characters.next().unwrap();
        match character {
            '\\' => {
                let next = characters.next().unwrap().1;
                assert!(matches!(next, '\\' | '|'));
                field.push(next);
            }
            '|' => {
                fields.push(std::mem::take(&mut field));
                if fields.len() == 6 {
                    break &body[at + 1..];
                }
            }
            other => field.push(other),
        }
    };
    // Keys stand before an unescaped equals sign, behind the last blank before it.
    let mut marks = Vec::new();
    let mut escaped = false;
    for (at, character) in rest.char_indices() {
        match character {
            '\\' => escaped = !escaped,
            '=' if !escaped => marks.push(at),
            _ => escaped = false,
        }
    }
    let starts: Vec<usize> =
        marks.iter().map(|at| rest[..*at].rfind(' ').map_or(0, |blank| blank + 1)).collect();
    let ends = starts.iter().skip(1).map(|start| start - 1).chain([rest.len()]);
    let pairs = marks.iter().zip(&starts).zip(ends).map(|((mark, start), end)| {
        let key = rest[*start..*mark].to_owned();
        assert!(key.bytes().all(|octet| octet.is_ascii_alphanumeric()), "{key}");
        let (mut value, mut characters) = (String::new(), rest[mark + 1..end].chars());
        while let Some(character) = characters.next() {
            value.push(match character {
                '\\' => match characters.next().unwrap() {
                    'n' => '\n',
                    'r' => '\r',
                    other => other,
                },
                other => other,
            });
        }
        (key, value)
    });
    (fields, pairs.collect())
}

#[test]
fn cef_reads_back_what_was_meant() {
    let events = tell(&plant(), &mut Delivered::default());
    let message = cef::message(&events[1], &sender());
    assert!(message.starts_with(
        "<132>Jan  1 00:00:00 sensor_1 CEF:0|tapledger|tapledger|0.1.0|first_program|first program|8|"
    ));
    let (fields, pairs) = parse_cef(&message);
    assert_eq!(fields, ["tapledger", "tapledger", "0.1.0", "first_program", "first program", "8"]);
    let value = |wanted: &str| pairs.iter().find(|(key, _)| key == wanted).map(|(_, value)| value.as_str());
    assert_eq!(value("externalId"), Some(events[1].id.as_str()));
    assert_eq!((value("shost"), value("c6a2")), (Some("EWS"), Some("2001:db8::7")));
    assert_eq!((value("dhost"), value("dst")), (Some(safe_text(HOSTILE).as_ref()), Some("10.0.0.1")));
    assert_eq!(value("msg"), Some(events[1].text.as_str()));
    assert_eq!((value("cs5Label"), value("cs5")), (Some("after"), Some(safe_text(HOSTILE).as_ref())));
    let keys: std::collections::BTreeSet<&str> = pairs.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys.len(), pairs.len(), "no key twice");
}

#[test]
fn the_json_of_an_event_is_the_object_of_the_contract() {
    let plant = plant();
    let mut written = Vec::new();
    json::write_part(&plant, json::Part::Changes, None, &mut written).unwrap();
    let all: Vec<serde_json::Value> = serde_json::from_slice(&written).unwrap();
    let events = tell(&plant, &mut Delivered::default());
    for (event, object) in events.iter().zip(&all) {
        assert_eq!(&serde_json::from_str::<serde_json::Value>(&event.json).unwrap(), object);
    }
}

#[test]
fn the_head_of_the_journal_is_told_and_so_is_that_it_was_rewritten() {
    let head = JournalHead { line: 9, hash: "ab".repeat(32) };
    let event = journal_event(&head, None, Time(0));
    assert_eq!((event.kind.as_str(), event.severity), ("journal_head", Severity::Information));
    let (.., elements, _) = parse(&syslog::message(&event, &sender(), 1));
    assert_eq!(elements[2].0, "journal@32473");
    assert!(elements[2].1.contains(&("after".into(), "ab".repeat(32))));
    let told = JournalHead { line: 12, hash: "cd".repeat(32) };
    let event = journal_event(&head, Some(&told), Time(0));
    assert_eq!((event.kind.as_str(), event.severity), ("journal_rewritten", Severity::Warning));
    assert!(event.text.contains("line 12 had the hash cdcd"), "{}", event.text);
}
