//! Who may come in: what a decision about a finding covers, and what it does not.

use std::collections::BTreeMap;

use export::report::Options;
use inventory::{AssetEnd, Conversation, Finding, FindingState, Severity, Snapshot, Standing, about_words};
use observation::{Time, Transport};

use crate::plant::plant;
use crate::{NOON, html_of, parsed, table};

fn outside(ip: &str) -> AssetEnd {
    AssetEnd::External(ip.parse().unwrap())
}

fn talk(client: AssetEnd, server: AssetEnd, protocol: &str, port: u16) -> Conversation {
    Conversation {
        site: "north".into(),
        client,
        server,
        protocol: protocol.into(),
        transport: Transport::Tcp,
        port,
        vlan: None,
        frames: [10, 9],
        octets: [600, 900],
        first: Time(NOON),
        last: Time(NOON),
        operations: BTreeMap::new(),
        named: Vec::new(),
    }
}

/// An accepted finding with the key that the inventory gives it.
fn accepted(snapshot: &Snapshot, kind: &'static str, about: &str, ends: &[&AssetEnd]) -> Finding {
    let indices = || {
        ends.iter().filter_map(|end| match end {
            AssetEnd::Asset(index) => Some(*index),
            _ => None,
        })
    };
    let mut assets: Vec<usize> = indices().collect();
    assets.sort_unstable();
    Finding {
        kind,
        severity: Severity::Warning,
        text: kind.into(),
        site: "north".into(),
        about: about_words(about, ends),
        anchors: indices().map(|index| snapshot.inventory.assets[index].anchors.clone()).collect(),
        assets,
        first: Some(Time(NOON)),
        last: Some(Time(NOON)),
        count: 1,
        evidence: Vec::new(),
        standing: Standing {
            state: FindingState::Accepted,
            reason: "vendor X".into(),
            ..Standing::default()
        },
    }
}

/// Who asks, who is asked, by what, and the verdict.
fn verdicts(snapshot: &Snapshot) -> Vec<[String; 4]> {
    let elements = parsed(&html_of(snapshot, &Options::default()));
    let rows = table(&elements, "Paths across the boundary and of remote access");
    rows.into_iter()
        .skip(1)
        .map(|row| [row[0].clone(), row[1].clone(), row[2].clone(), row[6].clone()])
        .collect()
}

/// A plant with these conversations alone.
fn quiet(conversations: Vec<Conversation>) -> Snapshot {
    let mut snapshot = plant(8, "");
    snapshot.inventory.conversations = conversations;
    snapshot.inventory.findings.clear();
    for identified in &mut snapshot.identified {
        identified.people.clear();
    }
    snapshot
}

fn of(verdicts: &[[String; 4]], client: &str, protocol: &str) -> String {
    let found: Vec<&String> = verdicts
        .iter()
        .filter(|row| row[0].starts_with(client) && row[2].starts_with(protocol))
        .map(|row| &row[3])
        .collect();
    assert_eq!(found.len(), 1, "{client} {protocol}: {verdicts:?}");
    found[0].clone()
}

const OPEN: &str = "Not assessed";
const YES: &str = "yes, accepted: vendor X";

#[test]
fn an_accepted_peer_authorises_no_other() {
    let own = AssetEnd::Asset(1);
    let peers = ["1.1.1.1", "8.8.4.4", "9.9.9.9"];
    let mut talks: Vec<Conversation> =
        peers.iter().map(|peer| talk(outside(peer), own.clone(), "ssh", 22)).collect();
    talks.push(talk(outside("8.8.4.4"), own.clone(), "rdp", 3389));
    let mut snapshot = quiet(talks);
    let finding = accepted(&snapshot, "remote_access", "ssh", &[&outside("8.8.4.4"), &own]);
    assert_eq!(finding.about, "ssh 8.8.4.4");
    snapshot.inventory.findings.push(finding);
    let verdicts = verdicts(&snapshot);
    assert_eq!(of(&verdicts, "8.8.4.4", "ssh"), YES);
    assert_eq!(of(&verdicts, "1.1.1.1", "ssh"), OPEN);
    assert_eq!(of(&verdicts, "9.9.9.9", "ssh"), OPEN);
    assert_eq!(of(&verdicts, "8.8.4.4", "rdp"), OPEN);
    let html = html_of(&snapshot, &Options::default());
    assert!(html.contains("Boundary and remote access: 4 paths, 3 not authorised by anybody"));
}

#[test]
fn what_is_accepted_of_the_outside_or_of_a_pair_covers_no_remote_access() {
    let (own, office) = (AssetEnd::Asset(1), AssetEnd::Asset(3));
    let mut snapshot = quiet(vec![
        talk(own.clone(), outside("8.8.4.4"), "tls", 443),
        talk(own.clone(), outside("8.8.4.4"), "ssh", 22),
        talk(office.clone(), own.clone(), "tds", 1433),
        talk(office.clone(), own.clone(), "rdp", 3389),
        talk(own.clone(), office.clone(), "http", 80),
    ]);
    let outer = accepted(&snapshot, "external_peer", "", &[&own]);
    let inner = accepted(&snapshot, "boundary_crossing", "", &[&office, &own]);
    snapshot.inventory.findings.extend([outer, inner]);
    let verdicts = verdicts(&snapshot);
    assert_eq!(of(&verdicts, "engineering workstation 1", "tls"), YES);
    assert_eq!(of(&verdicts, "engineering workstation 1", "ssh"), OPEN);
    assert_eq!(of(&verdicts, "server 3", "tds"), YES);
    assert_eq!(of(&verdicts, "server 3", "rdp"), OPEN);
    assert_eq!(of(&verdicts, "engineering workstation 1", "http"), OPEN, "the other direction");
}

#[test]
fn who_may_be_reached_may_not_reach_back() {
    let (one, other) = (AssetEnd::Asset(3), AssetEnd::Asset(1));
    let mut snapshot =
        quiet(vec![talk(one.clone(), other.clone(), "ssh", 22), talk(other.clone(), one.clone(), "ssh", 22)]);
    let finding = accepted(&snapshot, "remote_access", "ssh", &[&one, &other]);
    snapshot.inventory.findings.push(finding);
    let verdicts = verdicts(&snapshot);
    assert_eq!(of(&verdicts, "server 3", "ssh"), YES);
    assert_eq!(of(&verdicts, "engineering workstation 1", "ssh"), OPEN);
}

#[test]
fn a_path_is_as_good_as_its_worst_conversation() {
    const POLICY: &str = r#"
name = "north"
[[zone]]
id = "office"
level = "4"
roles = ["server"]
[[zone]]
id = "supervision"
level = "2"
roles = ["engineering_workstation"]
[[conduit]]
name = "readers"
from = "office"
to = "supervision"
protocols = ["modbus"]
operations = ["read"]
"#;
    let (office, own) = (AssetEnd::Asset(3), AssetEnd::Asset(1));
    let reads = Conversation {
        operations: BTreeMap::from([("read", 9)]),
        ..talk(office.clone(), own.clone(), "modbus", 502)
    };
    let writes =
        Conversation { operations: BTreeMap::from([("write", 9)]), ..talk(office, own, "modbus", 5020) };
    for talks in [vec![reads.clone(), writes.clone()], vec![writes, reads.clone()], vec![reads]] {
        let is_clean = talks.len() == 1;
        let mut snapshot = quiet(talks);
        snapshot.policy = inventory::policy::Policy::parse(POLICY).unwrap();
        snapshot.places = snapshot.policy.places(&snapshot.inventory.assets);
        let verdict = of(&verdicts(&snapshot), "server 3", "modbus");
        if is_clean {
            assert_eq!(verdict, "yes, conduit readers");
        } else {
            assert!(verdict.starts_with("no, policy: conduit \"readers\" does not carry"), "{verdict}");
        }
    }
}

#[test]
fn thousands_from_outside_are_judged_in_one_pass() {
    let own = AssetEnd::Asset(1);
    let count = std::env::var("REPORT_PEERS").ok().and_then(|text| text.parse().ok()).unwrap_or(3000_u32);
    let peers: Vec<AssetEnd> =
        (0..count).map(|at| AssetEnd::External((0x0808_0000_u32 + at).to_be_bytes().into())).collect();
    let mut snapshot = quiet(peers.iter().map(|peer| talk(peer.clone(), own.clone(), "ssh", 22)).collect());
    let mut findings: Vec<Finding> =
        peers.iter().map(|peer| accepted(&snapshot, "remote_access", "ssh", &[peer, &own])).collect();
    for finding in findings.iter_mut().skip(1) {
        finding.standing = Standing::default();
    }
    // The last of all, so that whoever searches has to look at every other.
    findings[0].text = "z".into();
    snapshot.inventory.findings = findings;
    let start = std::time::Instant::now();
    let html = html_of(&snapshot, &Options::default());
    println!("{count} peers: {:?}", start.elapsed());
    assert!(html.contains(&format!("{count} paths, {} not authorised by anybody", count - 1)));
    // Looking at every finding of the asset for every path, in six sections, took minutes of a debug build.
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}
