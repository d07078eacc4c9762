//! One new fact resolves only what it touches, and that as the whole would: random observations in many looks.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use inventory::{
    Asset, AssetState, AssetStation, Captured, Decision, DecisionKind, Declared, Observed, Options, Part,
    Talking, Ties, resolve, resolve_part,
};
use observation::{Address, Basis, Batch, Conversation, Position, Time};
use proptest::prelude::*;
use proptest::sample::select;

/// Few addresses, so that everything happens to each of them.
const IPS: &[&str] = &[
    "10.0.0.1",
    "10.0.0.2",
    "10.0.0.3",
    "10.0.0.4",
    "10.0.1.5",
    "10.0.1.6",
    "203.0.113.7",
    "169.254.0.9",
    "fe80::1",
];
const MACS: &[&str] = &[
    "00:1b:1b:00:00:01",
    "00:1b:1b:00:00:02",
    "00:1b:1b:00:00:03",
    "02:1b:1b:00:00:03",
    "28:63:36:00:00:03",
    "00:00:5e:00:01:01",
];
const PATHS: &[&str] = &["", "", "", " unit=1", " unit=2", " rack=0/slot=2", " port=1/link=4"];
const VLANS: &[&str] = &["", "", "", " vlan=10", " vlan=20"];
/// Attributes that join, part or nest.
const SAID: &[&str] = &[
    "cip: serial_number=00aa0001",
    "cip: serial_number=00bb0002",
    "modbus: serial_number=00aa0001",
    "cip: vendor=V",
    "cip: model=A",
    "cip: model=B",
    "modbus: modbus.gateway=1",
    "ads: ads.net_id=5.6.7.8.1.1",
    "dhcp: dhcp.client_uuid=11112222-0000",
    "smb: smb.boot_time=1234567890123",
    "ssh: ssh.host_key=abcdef0123456789",
    "smb: hostname=PLANT-PC",
    "lldp: lldp.chassis_id=SWITCH-A",
    "lldp: mac_address=00:1b:1b:00:00:01",
    "lldp: ip_address=10.0.0.2",
    "smb: ip_address=10.0.0.3",
    "snmp: snmp.port_mac=00:1b:1b:00:00:02",
    "snmp: snmp.asset_id=INV-77",
    "profinet_dcp: station_name=switch-a",
    "vrrp: vrrp.virtual_ip=10.0.0.4",
    "arp: mac_address=28:63:36:00:00:03",
];
const REASONS: &[&str] = &["arp request", "gateway path unavailable", "electronic key"];
const TALKS: &[&str] = &[
    "modbus:502 9/9 read*9",
    "modbus:502 12/0 read*12",
    "dnp3:20000 3/0 read*3",
    "tcp:80 4/4",
    "tcp:80 4/0",
    "ethercat/ethernet:34980 5/5",
];

fn ip() -> impl Strategy<Value = String> + Clone {
    prop_oneof![4 => select(IPS).prop_map(str::to_owned), 1 => (1..250_u8).prop_map(|last| format!("10.7.0.{last}"))]
}

fn mac() -> impl Strategy<Value = &'static str> + Clone {
    select(MACS)
}

/// Some addresses at once, as many as the rules stop counting at, or fewer, or more.
fn many(line: impl Fn(usize) -> String) -> impl Fn((usize, usize)) -> String {
    move |(from, count)| (from..from + count).map(&line).collect::<Vec<_>>().join("\n")
}

/// One line, or many of a kind, in the notation of `common`.
fn line() -> impl Strategy<Value = String> {
    let place = (prop_oneof![ip(), mac().prop_map(str::to_owned)], select(PATHS), select(VLANS))
        .prop_map(|(at, path, vlan)| format!("{at}{path}{vlan}"));
    let end = || prop_oneof![3 => ip(), 1 => mac().prop_map(str::to_owned)];
    let range = || (1..60_usize, 1..45_usize);
    prop_oneof![
        6 => (mac(), ip(), select(&[1_u8, 63, 64, 64, 128][..]), select(VLANS)).prop_map(|(mac, ip, hops, vlan)| format!("bind {mac} {ip} {hops}{vlan}")),
        4 => (mac(), ip(), select(VLANS)).prop_map(|(mac, ip, vlan)| format!("arp {mac} {ip}{vlan}")),
        4 => place.clone().prop_map(|place| format!("sent {place}")),
        12 => (place.clone(), select(SAID)).prop_map(|(place, said)| format!("fact {place} | {said}")),
        2 => (place.clone(), select(SAID)).prop_map(|(place, said)| format!("reported {place} | {said}")),
        2 => (mac(), ip()).prop_map(|(mac, ip)| format!("reported {mac} | dhcp: ip_address={ip}")),
        2 => (place, select(REASONS)).prop_map(|(place, reason)| format!("named {place} | {reason}")),
        2 => (ip(), mac()).prop_map(|(ip, by)| format!("asked {ip} by {by}")),
        6 => (end(), end(), select(TALKS)).prop_map(|(client, server, talk)| format!("talk {client} {server} {talk}")),
        4 => (0..6_i64, 0..24_i64).prop_map(|(day, hour)| format!("at {}", day * 86_400 + hour * 3_600)),
        1 => (mac(), range()).prop_map(|(mac, range)| many(|at| format!("bind {mac} 10.7.0.{at} 64"))(range)),
        1 => (mac(), range()).prop_map(|(mac, range)| many(|at| format!("arp {mac} 10.7.0.{at}"))(range)),
        2 => (end(), range()).prop_map(|(by, range)| many(|at| format!("talk {by} 10.7.0.{at} tcp:80 1/0"))(range)),
        1 => (select(SAID), range()).prop_map(|(said, range)| many(|at| format!("fact 10.7.0.{at} | {said}"))(range)),
    ]
}

fn looks() -> impl Strategy<Value = Vec<Vec<String>>> {
    prop::collection::vec(prop::collection::vec(line(), 1..12), 1..6)
}

/// What people may say before anything is heard.
fn people() -> impl Strategy<Value = Options> {
    let kind = select(&[DecisionKind::Merge, DecisionKind::Split][..]);
    let anchor = || prop_oneof![ip(), mac().prop_map(str::to_owned)];
    let decision = (kind, anchor(), anchor());
    let listed = (ip(), select(&["00aa0001", "none"][..]), select(&[None, Some("INV-77")][..]));
    let decisions = prop::collection::vec(decision, 0..3);
    (decisions, prop::collection::vec(listed, 0..3)).prop_map(|(decisions, listed)| Options {
        decisions: (1..)
            .zip(decisions)
            .map(|(number, (kind, left, right))| Decision {
                number,
                kind,
                site: "default".into(),
                left: vec![left],
                right: vec![right],
                actor: "ada".into(),
                at: Time(0),
                reason: "seen in the cabinet".into(),
            })
            .collect(),
        declared: (1..)
            .zip(listed)
            .map(|(number, (ip, serial, asset_number))| Declared {
                site: "default".into(),
                anchor: format!("listed-{number}"),
                macs: Vec::new(),
                ips: vec![ip.parse().unwrap()],
                asset_number: asset_number.map(str::to_owned),
                values: BTreeMap::from([("serial_number".into(), serial.into())]),
                role: None,
                actor: "ada".into(),
                at: Time(0),
                reason: String::new(),
            })
            .collect(),
        ..Options::default()
    })
}

/// What of everything observed is needed for the part, as a register would look it up.
fn of_part(observed: &[Captured], part: &mut Part) -> Vec<Captured> {
    let addresses = part.addresses().clone();
    let is_of = |address: &Address| addresses.contains(address);
    let mut captures = observed.to_vec();
    for capture in &mut captures {
        let batch = &mut capture.observed;
        batch.presences.retain(|row| is_of(&row.station.address));
        batch.bindings.retain(|row| is_of(&row.station.address));
        batch.facts.retain(|row| is_of(&row.station.address));
        batch.mentions.retain(|row| is_of(&row.station.address));
        batch.conversations.retain(|row| {
            let key = &row.key;
            part.wants(&key.client, &key.server, &key.protocol, talking(row))
        });
    }
    captures
}

fn talking(row: &Conversation) -> Talking {
    Talking { sent: row.frames.map(|frames| frames > 0), has_operations: !row.operations.is_empty() }
}

/// What an asset is, whatever its index and its peers.
type Told = (Vec<String>, AssetState, Vec<AssetStation>, Vec<Position>, Vec<(String, Vec<String>)>);

fn told(asset: &Asset) -> Told {
    let attributes = asset.attributes.iter().map(|(name, candidates)| {
        // What is inferred from conversations may take those of others.
        let heard = candidates.iter().filter(|candidate| candidate.basis != Basis::Inferred);
        // Which of them wins may go by how often each was said.
        let values: BTreeSet<_> = heard.map(|candidate| candidate.value.clone()).collect();
        (name.clone(), values.into_iter().collect::<Vec<_>>())
    });
    let attributes = attributes.filter(|(_, values)| !values.is_empty());
    (asset.anchors.clone(), asset.state, asset.stations.clone(), asset.position.clone(), attributes.collect())
}

fn sorted<'a>(assets: impl IntoIterator<Item = &'a Asset>) -> Vec<Told> {
    let mut all: Vec<_> = assets.into_iter().map(told).collect();
    all.sort();
    all
}

/// Resolves a part of what was observed.
fn resolved(observed: &[Captured], ties: &Ties, mut part: Part, options: &Options) -> (Part, Vec<Asset>) {
    let mut captures = of_part(observed, &mut part);
    ties.complete(&part, options, &mut captures);
    let assets = resolve_part("default", &captures, options, &part);
    (part, assets)
}

fn capture(number: usize, observed: Batch) -> Captured {
    Captured { summary: common::summary(&format!("look{number}"), "default"), observed }
}

/// The lines of a look as one capture.
fn look(number: usize, lines: &[String]) -> Captured {
    let mut observed = common::observed(&lines.join("\n"));
    let mut batch = Batch::default();
    for capture in &mut observed.captures {
        let rows = &mut capture.observed;
        batch.presences.append(&mut rows.presences);
        batch.bindings.append(&mut rows.bindings);
        batch.facts.append(&mut rows.facts);
        batch.mentions.append(&mut rows.mentions);
        batch.conversations.append(&mut rows.conversations);
    }
    capture(number, batch)
}

/// Takes look after look, resolving what each touches, and compares with the whole after every one.
fn in_looks(looks: &[Vec<String>], options: &Options) -> Result<(), TestCaseError> {
    let mut ties = Ties::new();
    ties.add_people("default", options);
    let mut observed: Vec<Captured> = Vec::new();
    // Before anything is heard, what people listed is there.
    let mut standing: Vec<Asset> = resolve(&Observed::default(), options).assets;
    for (number, lines) in looks.iter().enumerate() {
        observed.push(look(number, lines));
        ties.add(&observed.last().unwrap().observed);
        let touched = ties.take_touched();
        // As one part, or in several.
        let parts: Vec<Part> = match number % 2 {
            0 => vec![ties.part(&touched, options)],
            _ => ties.parts_touched(&touched, options, 2).collect(),
        };
        for part in parts {
            let (part, assets) = resolved(&observed, &ties, part, options);
            standing.retain(|asset| !asset.anchors.iter().any(|anchor| part.has_anchor(anchor)));
            standing.extend(assets);
        }
        let whole = resolve(&Observed { captures: observed.clone() }, options);
        prop_assert_eq!(sorted(&standing), sorted(&whole.assets), "look {}", number);
        prop_assert!(ties.take_touched().is_empty());
    }
    // And the whole in parts.
    let mut assets: Vec<Told> = Vec::new();
    for part in ties.parts(options, 3) {
        assets.extend(resolved(&observed, &ties, part, options).1.iter().map(told));
    }
    assets.sort();
    assets.dedup();
    prop_assert_eq!(assets, sorted(&resolve(&Observed { captures: observed }, options).assets), "in parts");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_each_look_touches_resolves_as_the_whole_does(looks in looks()) {
        in_looks(&looks, &Options::default())?;
    }

    #[test]
    fn people_may_have_decided_and_listed_before(looks in looks(), options in people()) {
        in_looks(&looks, &options)?;
    }
}
