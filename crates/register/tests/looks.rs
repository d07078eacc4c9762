//! Looks at a register that is being written: each issues the ids that resolving everything would, and reads what was
//! touched only.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test")]

#[path = "../../inventory/tests/common/mod.rs"]
mod notation;

use std::collections::{BTreeMap, BTreeSet};

use inventory::{DecisionKind, resolve, resolve_standing};
use observation::{Address, Basis, Batch, CaptureKind, Evidence, Fact, Presence, Sighting, Station, Time};
use proptest::prelude::*;
use proptest::sample::select;
use register::{Actor, CaptureStart, CaptureWriter, Error, Listing, Looks, Register};

const ACTOR: Actor<'static> = Actor { name: "sensor", at: Time(0) };

const IPS: &[&str] = &["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.1.4", "203.0.113.7", "fe80::1"];
const MACS: &[&str] = &["00:1b:1b:00:00:01", "00:1b:1b:00:00:02", "28:63:36:00:00:03"];
const SAID: &[&str] = &[
    "cip: serial_number=00aa0001",
    "cip: serial_number=00bb0002",
    "cip: vendor=V",
    "cip: model=A",
    "ads: ads.net_id=5.6.7.8.1.1",
    "lldp: mac_address=00:1b:1b:00:00:01",
    "vrrp: vrrp.virtual_ip=10.0.0.2",
    "modbus: modbus.gateway=1",
];

fn line() -> impl Strategy<Value = String> {
    let (ip, mac) = (|| select(IPS), || select(MACS));
    let path = select(&["", "", " unit=1", " unit=2", " rack=0/slot=2"][..]);
    let many = (mac(), 1..60_usize, 1..40_usize);
    prop_oneof![
        4 => (mac(), ip(), select(&[63_u8, 64, 64][..])).prop_map(|(mac, ip, hops)| format!("bind {mac} {ip} {hops}")),
        3 => (mac(), ip()).prop_map(|(mac, ip)| format!("arp {mac} {ip}")),
        6 => (ip(), path, select(SAID)).prop_map(|(ip, path, said)| format!("fact {ip}{path} | {said}")),
        2 => (mac(), select(SAID)).prop_map(|(mac, said)| format!("fact {mac} | {said}")),
        1 => (mac(), ip()).prop_map(|(mac, ip)| format!("reported {mac} | dhcp: ip_address={ip}")),
        1 => (ip(), mac()).prop_map(|(ip, mac)| format!("asked {ip} by {mac}")),
        3 => (ip(), ip(), select(&["modbus:502 9/9 read*9", "modbus:502 3/0 read*3", "tcp:80 4/4"][..])).prop_map(|(client, server, talk)| format!("talk {client} {server} {talk}")),
        3 => (0..6_i64, 0..24_i64).prop_map(|(day, hour)| format!("at {}", day * 86_400 + hour * 3_600)),
        1 => many.prop_map(|(mac, from, count)| (from..from + count).map(|at| format!("bind {mac} 10.7.0.{at} 64")).collect::<Vec<_>>().join("\n")),
        1 => (ip(), 1..60_usize, 1..40_usize).prop_map(|(by, from, count)| (from..from + count).map(|at| format!("talk {by} 10.7.0.{at} tcp:80 1/0")).collect::<Vec<_>>().join("\n")),
    ]
}

/// What people list: what is heard sooner or later, and what never is.
fn listing() -> impl Strategy<Value = (&'static str, &'static str)> {
    let ip = select(&["10.0.0.1", "10.0.0.2", "10.9.9.9"][..]).prop_map(|ip| ("ip", ip));
    let mac = select(&["00:1b:1b:00:00:01", "00:1b:1b:00:00:99"][..]).prop_map(|mac| ("mac", mac));
    let serial =
        select(&["00aa0001", "006c061a", "00ee0009"][..]).prop_map(|serial| ("serial_number", serial));
    prop_oneof![ip, mac, serial]
}

fn batch(lines: &[String]) -> Batch {
    let mut captures = notation::observed(&lines.join("\n")).captures;
    captures.pop().map(|capture| capture.observed).unwrap_or_default()
}

fn session(register: &mut Register, uid: &str) -> CaptureWriter {
    let (name, interface) = ("eth1", "eth1");
    let start = CaptureStart {
        uid: Some(uid),
        kind: CaptureKind::Live,
        name,
        site: "default",
        sensor: "n",
        interface,
    };
    register.begin_capture(&start, &ACTOR).unwrap()
}

/// Every id with its aliases, by the anchors of its asset.
fn ids(register: &Register) -> BTreeMap<Vec<String>, BTreeSet<String>> {
    let snapshot = register.snapshot(None, resolve).unwrap();
    let all = snapshot.inventory.assets.into_iter().zip(snapshot.identified);
    all.map(|(asset, ids)| (asset.anchors, [ids.id].into_iter().chain(ids.aliases).collect())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn looks_issue_the_ids_that_resolving_everything_issues(
        batches in prop::collection::vec(prop::collection::vec(line(), 1..10), 1..6),
        restarted in 0..6_usize,
        merged in any::<bool>(),
        listed in prop::collection::vec((0..6_usize, listing()).prop_map(|(at, (name, value))| (at, name, value)), 0..4),
    ) {
        let (mut one, mut other) = (Register::in_memory().unwrap(), Register::in_memory().unwrap());
        let mut writers = [session(&mut one, "a"), session(&mut other, "a")];
        let mut looks = Looks::new();
        for (number, lines) in batches.iter().enumerate() {
            let batch = batch(lines);
            one.write(&mut writers[0], &batch).unwrap();
            other.write(&mut writers[1], &batch).unwrap();
            looks.wrote("default", &batch);
            if number == restarted {
                looks = Looks::new();
            }
            if merged && number == 1 {
                for register in [&mut one, &mut other] {
                    register.decide(DecisionKind::Merge, "default", &["10.0.0.1".into()], &["10.0.0.3".into()], "seen", &ACTOR).unwrap();
                }
            }
            for (name, value) in listed.iter().filter(|(at, ..)| *at == number).map(|(_, name, value)| (*name, *value)) {
                for register in [&mut one, &mut other] {
                    let values = vec![(name.to_owned(), value.to_owned())];
                    let listing = Listing { site: "default".into(), role: None, values };
                    register.list_asset(&listing, "survey", &ACTOR).unwrap();
                }
            }
            let looked = one.identify_touched(&mut looks, &[], u64::MAX, false, &mut || true).unwrap();
            let whole = other.identify(resolve_standing).unwrap();
            prop_assert_eq!((looked.assets, looked.issued), (whole.assets, whole.issued), "look {}", number);
            prop_assert_eq!(ids(&one), ids(&other), "look {}", number);
        }
        prop_assert_eq!(one.identify_touched(&mut looks, &[], u64::MAX, false, &mut || true).unwrap().resolved, 0, "nothing is new");
        // In parts, everything is as it is.
        let before = ids(&one);
        let looked = one.identify_touched(&mut looks, &[], u64::MAX, true, &mut || true).unwrap();
        prop_assert_eq!((looked.issued, ids(&one)), (0, before));
        prop_assert_eq!(one.identify(resolve_standing).unwrap().issued, 0, "nothing was left for a command");
    }
}

const ATTRIBUTES: &[&str] = &[
    "serial_number",
    "vendor",
    "model",
    "order_number",
    "firmware_version",
    "hardware_revision",
    "name",
    "location",
    "mode",
    "project",
];

/// A station that says what it is, behind a router like all others.
fn station(number: u32) -> Batch {
    let [_, b, c, d] = number.to_be_bytes();
    let ip: Address = std::net::IpAddr::from([10, b, c, d]).into();
    let sighting = Sighting::once(Time(i64::from(number) + 1));
    let station = Station::root(ip, None);
    let fact = |attribute: &'static str| Fact {
        station: station.clone(),
        attribute: attribute.into(),
        value: format!("{attribute} {number:08x}"),
        basis: Basis::Stated,
        protocol: "enip".into(),
        rule: "cip-serial-number".into(),
        evidence: Evidence::default(),
        sighting,
    };
    let facts = ATTRIBUTES.iter().map(|attribute| fact(attribute)).collect();
    let router = "00:1b:1b:00:00:01".parse().unwrap();
    let binding =
        observation::Binding { mac: router, station: station.clone(), sighting, hop_limit: (63, 63) };
    let presence = Presence { station, sighting, octets: 60 };
    Batch { presences: vec![presence], bindings: vec![binding], facts, ..Batch::default() }
}

/// A register of more rows than a sensor may read at once: ids are issued all the same, and one more device costs a few
/// rows.
#[test]
fn a_large_register_is_looked_at_in_parts_and_one_new_device_reads_a_few_rows() {
    looked_at_in_parts(2_000);
}

/// The same with 208,000 rows.
#[test]
#[ignore = "takes a minute where SQLite is not optimised"]
fn a_register_of_two_hundred_thousand_rows_is_looked_at_in_parts() {
    looked_at_in_parts(16_000);
}

fn looked_at_in_parts(devices: u32) {
    let mut register = Register::in_memory().unwrap();
    let mut writer = session(&mut register, "a");
    for from in (0..devices).step_by(1000) {
        let mut all = Batch::default();
        for one in (from..from + 1000).map(station) {
            all.presences.extend(one.presences);
            all.bindings.extend(one.bindings);
            all.facts.extend(one.facts);
        }
        register.write(&mut writer, &all).unwrap();
    }
    // A station, ten facts, a binding and a presence of each.
    assert_eq!(register.growth().unwrap().rows() + u64::from(devices), 13 * u64::from(devices));
    let mut looks = Looks::new();
    // Never more than some seven thousand rows at once.
    let looked = register.identify_touched(&mut looks, &[], 8_000, false, &mut || true).unwrap();
    assert_eq!((looked.left_out, looked.issued), (0, u64::from(devices) + 1));
    assert_eq!(looked.assets, u64::from(devices) + 1);

    let new = station(devices + 7);
    register.write(&mut writer, &new).unwrap();
    looks.wrote("default", &new);
    // Whoever is told to stop has lost nothing.
    let stopped = register.identify_touched(&mut looks, &[], 100, false, &mut || false);
    assert!(matches!(stopped, Err(Error::Stopped)), "{stopped:?}");
    let looked = register.identify_touched(&mut looks, &[], 100, false, &mut || true).unwrap();
    assert_eq!((looked.issued, looked.assets), (1, u64::from(devices) + 2));
    assert!(looked.rows <= 20 && looked.resolved <= 2, "{looked:?}");

    // What is too much to be read at once is left out, and said.
    let looked = register.identify_touched(&mut looks, &[], 1, true, &mut || true).unwrap();
    assert!(looked.left_out > 0, "{looked:?}");
}
