use std::collections::BTreeMap;

use observation::{OperationKind, Time, Transport};

use super::*;
use crate::model::{AssetState, AssetStation, RoleClaim};

const PLANT_POLICY: &str = r#"
name = "Plant North"
plant_prefixes = ["203.0.113.0/24"]

[[zone]]
id = "cell1"
level = 1
subnets = ["10.10.10.0/24"]

[[zone]]
id = "cell1-safety"
level = "1"
subnets = ["10.10.10.128/25"]
assets = ["SIS-1"]

[[zone]]
id = "control"
level = 2
vlans = [20]

[[zone]]
id = "dmz"
level = 3.5
roles = ["historian"]
subnets = ["10.10.30.0/24"]

[[conduit]]
name = "supervision"
from = "control"
to = "cell1"
protocols = ["modbus", "s7comm"]
operations = ["read", "identify"]

[[conduit]]
from = "dmz"
to = "outside"
direction = "both"
protocols = ["*"]
"#;

fn asset(ips: &[&str], vlan: Option<u16>, role: Role) -> Asset {
    Asset {
        site: "default".into(),
        anchors: ips.iter().map(|ip| (*ip).to_owned()).collect(),
        state: AssetState::Observed,
        roles: vec![RoleClaim { role, basis: observation::Basis::Inferred, reasons: Vec::new() }],
        stations: ips
            .iter()
            .map(|ip| AssetStation {
                ips: vec![ip.parse().unwrap()],
                vlans: vlan.into_iter().collect(),
                ..Default::default()
            })
            .collect(),
        ..Asset::default()
    }
}

fn talk(client: AssetEnd, server: AssetEnd, protocol: &str, kind: &'static str) -> Conversation {
    Conversation {
        site: "default".into(),
        client,
        server,
        protocol: protocol.into(),
        transport: Transport::Tcp,
        port: 502,
        vlan: None,
        frames: [1, 1],
        octets: [60, 60],
        first: Time(0),
        last: Time(0),
        operations: BTreeMap::from([(kind, 1)]),
        named: Vec::new(),
    }
}

fn zone(policy: &Policy, asset: Asset) -> (Option<String>, String) {
    let place = policy.zone_of(&[asset], 0);
    (place.zone().map(str::to_owned), place.reason)
}

#[test]
fn an_asset_is_where_the_strongest_word_places_it() {
    let mut policy = Policy::parse(PLANT_POLICY).unwrap();
    let of = |ip: &str, vlan, role| zone(&policy, asset(&[ip], vlan, role)).0.unwrap_or_default();
    assert_eq!(of("10.10.10.11", Some(20), Role::Plc), "cell1", "a prefix stands before a VLAN");
    assert_eq!(of("10.10.10.200", None, Role::Plc), "cell1-safety", "the longest prefix counts");
    assert_eq!(of("10.10.20.50", Some(20), Role::Historian), "control", "a VLAN stands before a role");
    assert_eq!(of("10.10.99.9", None, Role::Historian), "dmz");
    assert_eq!(of("10.10.99.9", None, Role::Plc), "", "placed nowhere");
    let mut listed = asset(&["10.10.10.11"], None, Role::SafetyController);
    listed.name = "sis-1".into();
    assert_eq!(zone(&policy, listed), (Some("cell1-safety".into()), "zone cell1-safety lists SIS-1".into()));
    policy.overrides.insert(
        ("default".into(), "10.10.10.11".into()),
        Override { zone: Some("dmz".into()), level: Some(Level::L3) },
    );
    let place = policy.zone_of(&[asset(&["10.10.10.11"], None, Role::Plc)], 0);
    assert_eq!((place.zone(), place.level), (Some("dmz"), Some(Level::L3)));
    assert_eq!(place.reason, "a person placed it in zone dmz");
}

#[test]
fn what_sits_behind_an_address_is_in_the_zone_of_that_address() {
    let policy = Policy::parse(PLANT_POLICY).unwrap();
    let mut unit = asset(&[], None, Role::Meter);
    unit.parent = Some(0);
    let place = policy.zone_of(&[asset(&["10.10.10.14"], None, Role::ProtocolGateway), unit], 1);
    assert_eq!((place.zone(), place.level), (Some("cell1"), Some(Level::L1)));
    assert!(place.reason.starts_with("what it sits in or behind: 10.10.10.14"), "{}", place.reason);
}

#[test]
fn conduits_carry_what_they_say_and_no_more() {
    let policy = Policy::parse(PLANT_POLICY).unwrap();
    let assets = [
        asset(&["10.10.20.50"], Some(20), Role::ScadaServer),
        asset(&["10.10.10.11"], None, Role::Plc),
        asset(&["10.10.30.10"], None, Role::Historian),
        asset(&["10.10.30.1", "10.10.10.1"], None, Role::Firewall),
        asset(&["10.10.99.1"], None, Role::Workstation),
    ];
    let places = policy.places(&assets);
    let judge = |client, server, protocol, kind: OperationKind| {
        policy.crossing(&talk(client, server, protocol, kind.as_str()), &places).to_string()
    };
    use AssetEnd::{Asset, External};
    assert_eq!(
        judge(Asset(0), Asset(1), "modbus", OperationKind::Read),
        "control > cell1 (allowed: supervision)"
    );
    assert_eq!(
        judge(Asset(0), Asset(1), "modbus", OperationKind::Write),
        "control > cell1 (not allowed: conduit \"supervision\" does not carry operations of kind write)"
    );
    assert_eq!(
        judge(Asset(0), Asset(1), "dnp3", OperationKind::Read),
        "control > cell1 (not allowed: conduit \"supervision\" does not carry dnp3)"
    );
    assert_eq!(
        judge(Asset(1), Asset(0), "modbus", OperationKind::Read),
        "cell1 > control (not allowed: conduit \"supervision\" is for the other direction)"
    );
    assert_eq!(
        judge(Asset(2), Asset(1), "s7comm", OperationKind::Read),
        "dmz > cell1 (not allowed: no conduit)"
    );
    assert_eq!(
        judge(Asset(3), Asset(1), "snmp", OperationKind::Read),
        "",
        "the firewall stands in both zones"
    );
    assert_eq!(
        judge(Asset(4), Asset(1), "s7comm", OperationKind::Read),
        "no zone > cell1 (not allowed: no conduit)",
        "what the policy forgot is not hidden"
    );
    assert_eq!(judge(Asset(4), Asset(4), "s7comm", OperationKind::Read), "");
    let outside = External("198.51.100.7".parse().unwrap());
    assert_eq!(
        judge(outside.clone(), Asset(2), "tls", OperationKind::Read),
        "outside > dmz (allowed: dmz > outside)"
    );
    assert_eq!(
        judge(outside, Asset(1), "tls", OperationKind::Read),
        "outside > cell1 (not allowed: no conduit)"
    );
}

#[test]
fn without_a_policy_there_is_the_plant_and_the_outside() {
    let policy = Policy::default();
    let assets = [asset(&["10.0.0.1"], None, Role::Plc)];
    let places = policy.places(&assets);
    assert_eq!((places[0].zone(), places[0].reason.as_str()), (Some(PLANT), NO_POLICY));
    let out = AssetEnd::External("198.51.100.7".parse().unwrap());
    let crossing = policy.crossing(&talk(AssetEnd::Asset(0), out, "tls", "read"), &places);
    assert_eq!(crossing, Crossing::Unjudged { from: PLANT.into(), to: OUTSIDE.into() });
    assert_eq!(policy.text(), DEFAULT_TEXT);
}

#[test]
fn a_file_that_cannot_be_meant_is_refused_with_the_place() {
    for (text, expected) in [
        ("zones = []", "line 1"),
        ("[[zone]]\nid = \"a\"\ncolour = 1", "colour"),
        ("[[zone]]\nid = \"a\"\nlevel = 7", "zone a: no level is called 7"),
        ("[[zone]]\nid = \"a\"\nsubnets = [\"10.0.0.0\"]", "zone a: \"10.0.0.0\""),
        ("[[zone]]\nid = \"a\"\nroles = [\"boss\"]", "no role is called boss"),
        ("[[zone]]\nid = \"a\"\nvlans = [0]", "there is no VLAN 0"),
        ("[[zone]]\nid = \"outside\"", "cannot be the id"),
        ("[[zone]]\nid = \"a\"\n[[zone]]\nid = \"a\"", "two of this id"),
        (
            "[[zone]]\nid = \"a\"\nvlans = [5]\n[[zone]]\nid = \"b\"\nvlans = [5]",
            "VLAN 5 is of zone a already",
        ),
        ("[[conduit]]\nfrom = \"a\"\nto = \"b\"", "there is no zone a"),
        (
            "[[zone]]\nid = \"a\"\n[[conduit]]\nfrom = \"a\"\nto = \"a\"\ndirection = \"up\"",
            "no direction is called up",
        ),
    ] {
        let error = Policy::parse(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
    assert_eq!(Policy::parse(PLANT_POLICY).unwrap().remarks().len(), 2);
}
