//! A generated plant with hostile names.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use inventory::policy::Policy;
use inventory::{
    Asset, AssetEnd, AssetState, AssetStation, Candidate, Conversation, Coverage, Finding, FindingEvidence,
    Identified, Inventory, NoEstimate, Proof, Role, RoleClaim, Service, Severity, Snapshot, Standing,
};
use observation::{Basis, CaptureKind, CaptureStatus, CaptureSummary, Evidence, Range, Time, Transport};

use crate::{DAY, HOSTILE, NOON};

fn proof(frame: u64) -> Evidence {
    Evidence { ranges: vec![Range { frame, offset: 54, length: 20 }] }
}

fn said(value: &str, basis: Basis) -> Vec<Candidate> {
    vec![Candidate {
        value: value.into(),
        basis,
        protocol: "s7comm".into(),
        first: Time(NOON),
        last: Time(NOON + DAY),
        count: 2,
        proof: (basis == Basis::Stated).then(|| Proof {
            capture: "ab".repeat(32),
            evidence: proof(7),
            rule: "szl-0011".into(),
        }),
        reasons: vec!["customary".into()],
    }]
}

fn device(number: usize, role: Role, level: &str) -> Asset {
    let subnet = u8::try_from(number / 200 % 250).unwrap();
    let host = u8::try_from(number % 200 + 1).unwrap();
    let ip = Ipv4Addr::new(10, u8::try_from(number / 50_000).unwrap(), subnet, host);
    let model = format!("Model {}", number % 17);
    let mut attributes: BTreeMap<String, Vec<Candidate>> = BTreeMap::from([
        ("purdue_level".into(), said(level, Basis::Inferred)),
        ("model".into(), said(&model, Basis::Stated)),
    ]);
    if !number.is_multiple_of(3) {
        attributes.insert("vendor".into(), said("Example Automation GmbH", Basis::Stated));
        attributes.insert("firmware_version".into(), said("V4.2.1", Basis::Stated));
    }
    if number % 50 == 1 {
        attributes.insert("dnp3.owner".into(), said("Erika Mustermann", Basis::Stated));
    }
    Asset {
        site: "north".into(),
        anchors: vec![ip.to_string()],
        name: format!("{} {number} @ {ip}", role.as_str().replace('_', " ")),
        state: if number % 40 == 5 { AssetState::Referenced } else { AssetState::Observed },
        state_reasons: Vec::new(),
        roles: vec![RoleClaim { role, basis: Basis::Inferred, reasons: vec!["answers s7comm".into()] }],
        parent: None,
        position: Vec::new(),
        stations: vec![AssetStation {
            mac: None,
            ips: vec![IpAddr::V4(ip)],
            vlans: vec![10],
            mac_confirmed: false,
        }],
        attributes,
        services: vec![Service {
            protocol: "s7comm".into(),
            transport: Transport::Tcp,
            port: 102,
            units: vec![1],
        }],
        first: Some(Time(NOON + DAY * i64::try_from(number % 4).unwrap())),
        last: Some(Time(NOON + 5 * DAY)),
        joins: Vec::new(),
        groups: Vec::new(),
    }
}

fn talk(client: AssetEnd, server: AssetEnd, protocol: &str, kind: &'static str) -> Conversation {
    Conversation {
        site: "north".into(),
        client,
        server,
        protocol: protocol.into(),
        transport: Transport::Tcp,
        port: 102,
        vlan: None,
        frames: [100, 90],
        octets: [6000, 9000],
        first: Time(NOON),
        last: Time(NOON + 4 * DAY),
        operations: BTreeMap::from([(kind, 90)]),
        named: Vec::new(),
    }
}

/// A plant of so many assets: one in twenty supervises, one in a hundred is of the office.
pub fn plant(count: usize, policy: &str) -> Snapshot {
    let role = |number: usize| match number % 100 {
        0 => (Role::ScadaServer, "2"),
        1 => (Role::EngineeringWorkstation, "2"),
        2 => (Role::Historian, "3"),
        3 => (Role::Server, "4"),
        4 => (Role::AiSystem, "3"),
        5 => (Role::RemoteAccess, "3.5"),
        6..=9 => (Role::Hmi, "2"),
        10..=12 => (Role::Switch, ""),
        13..=29 => (Role::Drive, "0"),
        30..=49 => (Role::IoModule, "1"),
        _ => (Role::Plc, "1"),
    };
    let mut assets: Vec<Asset> =
        (0..count).map(|number| device(number, role(number).0, role(number).1)).collect();
    let mut conversations = Vec::new();
    for number in 0..count {
        let block = number / 100 * 100;
        let own = AssetEnd::Asset(number);
        match role(number).0 {
            Role::Plc => {
                conversations.push(talk(AssetEnd::Asset(block), own.clone(), "s7comm", "read"));
                if number % 100 < 60 && block + 6 + number % 4 < count {
                    let panel = AssetEnd::Asset(block + 6 + number % 4);
                    conversations.push(talk(panel, own.clone(), "s7comm", "write"));
                }
                if number % 100 == 77 {
                    conversations.push(talk(AssetEnd::Asset(block + 1), own, "s7comm", "program"));
                }
            }
            Role::Drive if number + 40 < count => {
                conversations.push(talk(AssetEnd::Asset(number + 40), own, "profinet_rt", "write"));
            }
            Role::Historian => conversations.push(talk(own, AssetEnd::Asset(block), "opcua", "read")),
            Role::Server => conversations.push(talk(own, AssetEnd::Asset(block + 2), "tds", "read")),
            Role::AiSystem => {
                conversations.push(talk(own.clone(), AssetEnd::Asset(block), "opcua", "read"));
                let cloud = AssetEnd::External("203.0.113.7".parse().unwrap());
                conversations.push(talk(own, cloud, "tls", "read"));
            }
            Role::RemoteAccess => {
                conversations.push(talk(own, AssetEnd::Asset(block + 1), "rdp", "read"));
            }
            _ => {}
        }
    }
    if count > 20 {
        assets[17].name = HOSTILE.into();
        assets[17].attributes.insert("vendor".into(), said(HOSTILE, Basis::Stated));
        assets[18].name = "電動機 מנוע a\u{301}".into();
        conversations[0].protocol = HOSTILE.into();
    }
    let finding = |number: usize, kind: &'static str, severity| Finding {
        kind,
        severity,
        text: format!("asset {number}: {kind}, {HOSTILE}"),
        site: "north".into(),
        about: "telnet".into(),
        anchors: vec![assets[number].anchors.clone()],
        assets: vec![number],
        first: Some(Time(NOON)),
        last: Some(Time(NOON + DAY)),
        count: 3,
        evidence: vec![FindingEvidence { capture: "ab".repeat(32), evidence: proof(9) }],
        standing: Standing {
            owner: number.is_multiple_of(20).then(|| "cell lead".to_owned()),
            due: Some(Time(NOON + DAY)),
            ..Standing::default()
        },
    };
    let findings = (0..count).step_by(10).map(|number| match number % 30 {
        0 => finding(number, "insecure_protocol", Severity::Notice),
        10 => finding(number, "program_operation", Severity::Warning),
        _ => finding(number, "unknown_device", Severity::Information),
    });
    let findings = findings.collect();
    let identified = (0..count).map(|number| {
        let people = match number % 5 {
            0 => BTreeMap::from([
                ("owner".to_owned(), "Käthe <b>".to_owned()),
                ("supplier".to_owned(), format!("Supplier {}", number % 3)),
                ("recovery_order".to_owned(), (number % 7).to_string()),
            ]),
            _ => BTreeMap::new(),
        };
        Identified {
            id: format!("{number:08x}-0000-5000-8000-000000000000"),
            people,
            ..Identified::default()
        }
    });
    let identified = identified.collect();
    let policy = if policy.is_empty() { Policy::default() } else { Policy::parse(policy).unwrap() };
    let places = policy.places(&assets);
    let capture = CaptureSummary {
        uid: "ab".repeat(32),
        kind: CaptureKind::File,
        name: HOSTILE.into(),
        site: "north".into(),
        sensor: String::new(),
        interface: String::new(),
        octets: 4711,
        frames: 4200,
        kernel_drops: 3,
        first: Some(Time(NOON)),
        last: Some(Time(NOON + 5 * DAY)),
        status: CaptureStatus::Complete,
        stopped: None,
        counters: BTreeMap::from([("malformed modbus".into(), 2)]),
    };
    Snapshot {
        as_of: Some(Time(NOON + 5 * DAY)),
        captures: vec![capture],
        inventory: Inventory {
            assets,
            conversations,
            findings,
            changes: Vec::new(),
            coverage: vec![Coverage {
                site: "north".into(),
                sensor: String::new(),
                span: Some((Time(NOON), Time(NOON + 5 * DAY))),
                days: 6,
                captured: 3600 * 1_000_000_000,
                captures: Vec::new(),
                silent_targets: vec!["10.0.0.99".parse().unwrap()],
                vlans_carried: vec![10],
                vlans_missing: vec![20],
                heard: count,
                referenced: 0,
                behind_router: 1,
                estimate: Err(NoEstimate::NobodyOnce),
            }],
        },
        identified,
        policy,
        places,
        ..Snapshot::default()
    }
}

pub const POLICY: &str = r#"
name = "north"
[[zone]]
id = "office"
level = "4"
roles = ["server"]
[[zone]]
id = "operations"
level = "3"
roles = ["historian", "ai_system"]
[[zone]]
id = "dmz"
level = "3.5"
roles = ["remote_access"]
[[zone]]
id = "supervision"
level = "2"
roles = ["scada_server", "hmi", "engineering_workstation"]
[[zone]]
id = "control"
level = "1"
roles = ["plc", "io_module"]
[[zone]]
id = "drives"
level = "0"
roles = ["drive"]
[[zone]]
id = "never-heard"
name = "the hall that nobody listens in"
level = "1"
vlans = [4000]
[[conduit]]
name = "polling"
from = "supervision"
to = "control"
protocols = ["s7comm"]
operations = ["read", "write"]
"#;
