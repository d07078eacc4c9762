//! Laws 1 to 3 of `ARCHITECTURE.md` on made-up observations: order and division change nothing, and nothing is lost.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use inventory::{Asset, AssetEnd, Captured, ChangeKind, Conversation, Inventory, Observed, Options, resolve};
use observation::{Address, Batch, OperationKind, OperationSeen, Sighting};
use proptest::prelude::*;
use proptest::sample::{Index, select};

const MACS: &[&str] = &[
    "00:1b:1b:00:00:01",
    "00:1b:1b:00:00:02",
    "28:63:36:00:00:03",
    "00:00:5e:00:01:01",
    "ff:ff:ff:ff:ff:ff",
];
const IPS: &[&str] = &[
    "10.0.0.1",
    "10.0.0.2",
    "10.0.0.3",
    "10.0.1.4",
    "203.0.113.7",
    "169.254.0.9",
    "fe80::1",
    "0.0.0.0",
    "224.0.0.5",
    "127.0.0.1",
];
const PATHS: &[&str] = &[
    "",
    "",
    " unit=1",
    " unit=2",
    " rack=0/slot=2",
    " rack=0/slot=3",
    " port=1/link=0",
    " port=1/link=0/port=2/link=4",
    " outstation=10",
];
const VLANS: &[&str] = &["", "", " vlan=10", " vlan=20"];
const VALUES: &[&str] = &[
    "model=A",
    "model=B",
    "serial_number=00aa0001",
    "serial_number=00bb0002",
    "serial_number=0",
    "vendor=V",
    "cip.device_type=14",
    "station_name=N",
    "modbus.gateway=1",
];
const PROTOCOLS: &[&str] = &["modbus", "cip", "s7comm"];
const REASONS: &[&str] = &["arp request", "modbus request", "gateway path unavailable", "electronic key"];
const TALKS: &[&str] = &[
    "modbus:502 9/9 read*9",
    "s7comm:102 5/5 program*1:download",
    "dnp3:20000 3/0 read*3",
    "tcp:80 4/4",
    "enip/udp:44818 1/0 identify*1",
];

fn ip() -> impl Strategy<Value = &'static str> + Clone {
    select(IPS)
}

/// One line in the notation of `common`.
fn line() -> impl Strategy<Value = String> {
    let place = (ip(), select(PATHS), select(VLANS)).prop_map(|(ip, path, vlan)| format!("{ip}{path}{vlan}"));
    let said =
        (select(PROTOCOLS), select(VALUES)).prop_map(|(protocol, value)| format!("{protocol}: {value}"));
    prop_oneof![
        3 => (select(MACS), ip(), select(&[1_u8, 63, 64, 128][..]), select(VLANS)).prop_map(|(mac, ip, hops, vlan)| format!("bind {mac} {ip} {hops}{vlan}")),
        2 => (select(MACS), ip(), select(VLANS)).prop_map(|(mac, ip, vlan)| format!("arp {mac} {ip}{vlan}")),
        2 => place.clone().prop_map(|place| format!("sent {place}")),
        4 => (place.clone(), said.clone()).prop_map(|(place, said)| format!("fact {place} | {said}")),
        1 => (place.clone(), said).prop_map(|(place, said)| format!("reported {place} | {said}")),
        1 => (place, select(REASONS)).prop_map(|(place, reason)| format!("named {place} | {reason}")),
        2 => (ip(), ip(), select(TALKS)).prop_map(|(client, server, talk)| format!("talk {client} {server} {talk}")),
        2 => (0..20).prop_map(|second| format!("at {second}")),
        2 => (0..20, 0..24).prop_map(|(day, hour)| format!("at {}", day * 86_400 + hour * 3_600)),
    ]
}

/// Captures of two sites.
fn plants() -> impl Strategy<Value = Observed> {
    let capture = (select(&["north", "south"][..]), prop::collection::vec(line(), 1..40));
    prop::collection::vec(capture, 1..4).prop_map(|captures| {
        let lines: Vec<_> = captures
            .iter()
            .enumerate()
            .map(|(number, (site, lines))| format!("capture c{number} site={site}\n{}", lines.join("\n")))
            .collect();
        common::observed(&lines.join("\n"))
    })
}

/// One line about few addresses that pass from card to card, number to number and lease to lease, over days.
fn event() -> impl Strategy<Value = String> {
    let ip = || select(&IPS[..2]);
    let mac = || select(&MACS[..3]);
    let path = || select(&["", "", "", " rack=0/slot=2", " port=1/link=0", " port=1/link=4"][..]);
    let number = || select(&["00aa0001", "00bb0002", "00cc0003"][..]);
    prop_oneof![
        3 => (0..5_i64, 0..4_i64).prop_map(|(day, hour)| format!("at {}", day * 86_400 + hour * 3600)),
        3 => (ip(), path(), number(), select(&PROTOCOLS[..2])).prop_map(|(ip, path, number, protocol)| format!("fact {ip}{path} | {protocol}: serial_number={number}")),
        1 => (ip(), select(&["A", "B"][..])).prop_map(|(ip, model)| format!("fact {ip} | cip: model={model}")),
        1 => ip().prop_map(|ip| format!("sent {ip}")),
        2 => (mac(), ip()).prop_map(|(mac, ip)| format!("bind {mac} {ip} 64")),
        2 => (mac(), ip()).prop_map(|(mac, ip)| format!("arp {mac} {ip}")),
        1 => (mac(), ip()).prop_map(|(mac, ip)| format!("reported {mac} | dhcp: ip_address={ip}")),
        1 => (ip(), ip(), select(TALKS)).prop_map(|(client, server, talk)| format!("talk {client} {server} {talk}")),
    ]
}

fn histories() -> impl Strategy<Value = Observed> {
    prop::collection::vec(prop::collection::vec(event(), 2..14), 1..4).prop_map(|captures| {
        let lines: Vec<_> = captures
            .iter()
            .enumerate()
            .map(|(number, lines)| format!("capture h{number} site=north\n{}", lines.join("\n")))
            .collect();
        common::observed(&lines.join("\n"))
    })
}

/// Everything that a register may hold.
fn anything() -> impl Strategy<Value = Observed> {
    prop_oneof![plants(), histories()]
}

/// One capture per site, with one row per statement and day: what an import of all files as one gives.
fn in_one_file(observed: &Observed) -> Observed {
    fn add(known: &mut Sighting, other: &Sighting) {
        known.first = known.first.min(other.first);
        known.last = known.last.max(other.last);
        known.count += other.count;
    }
    fn sum<T: Clone, K: Ord>(rows: Vec<T>, key: impl Fn(&T) -> K, merge: impl Fn(&mut T, T)) -> Vec<T> {
        let mut sums: BTreeMap<K, T> = BTreeMap::new();
        for row in rows {
            match sums.get_mut(&key(&row)) {
                Some(known) => merge(known, row),
                None => {
                    sums.insert(key(&row), row);
                }
            }
        }
        sums.into_values().collect()
    }
    let mut sites: BTreeMap<&str, Batch> = BTreeMap::new();
    for capture in &observed.captures {
        let (site, rows) = (sites.entry(&capture.summary.site).or_default(), capture.observed.clone());
        site.presences.extend(rows.presences);
        site.bindings.extend(rows.bindings);
        site.conversations.extend(rows.conversations);
        site.facts.extend(rows.facts);
        site.mentions.extend(rows.mentions);
    }
    let captures = sites.into_iter().map(|(site, rows)| {
        let day = |sighting: &Sighting| sighting.day;
        let mut conversations = rows.conversations;
        conversations = sum(
            conversations,
            |row| (row.key.clone(), day(&row.sighting)),
            |known, row| {
                add(&mut known.sighting, &row.sighting);
                (0..2).for_each(|end| {
                    known.frames[end] += row.frames[end];
                    known.octets[end] += row.octets[end];
                });
                known.operations.extend(row.operations);
                known.operations = sum(
                    std::mem::take(&mut known.operations),
                    |seen| (seen.kind, seen.name.clone()),
                    |known, seen| add(&mut known.sighting, &seen.sighting),
                );
            },
        );
        let observed = Batch {
            presences: sum(
                rows.presences,
                |row| (row.station.clone(), day(&row.sighting)),
                |known, row| {
                    add(&mut known.sighting, &row.sighting);
                    known.octets += row.octets;
                },
            ),
            bindings: sum(
                rows.bindings,
                |row| (row.mac, row.station.clone(), day(&row.sighting)),
                |known, row| {
                    add(&mut known.sighting, &row.sighting);
                    known.hop_limit.0 = known.hop_limit.0.min(row.hop_limit.0);
                    known.hop_limit.1 = known.hop_limit.1.max(row.hop_limit.1);
                },
            ),
            conversations,
            facts: sum(
                rows.facts,
                |row| {
                    let what = (row.attribute.clone(), row.value.clone(), row.basis, row.protocol.clone());
                    (row.station.clone(), what, day(&row.sighting))
                },
                |known, row| add(&mut known.sighting, &row.sighting),
            ),
            mentions: sum(
                rows.mentions,
                |row| {
                    let what = (row.protocol.clone(), row.reason.clone(), day(&row.sighting));
                    (row.station.clone(), row.by.clone(), what)
                },
                |known, row| add(&mut known.sighting, &row.sighting),
            ),
            ..Batch::default()
        };
        Captured { summary: common::summary(site, site), observed }
    });
    Observed { captures: captures.collect() }
}

fn rotate<T>(rows: &mut [T], by: &Index) {
    if !rows.is_empty() {
        let at = by.index(rows.len());
        rows.rotate_left(at);
        rows[at..].reverse();
    }
}

fn shuffled(mut observed: Observed, by: &Index) -> Observed {
    rotate(&mut observed.captures, by);
    for capture in &mut observed.captures {
        let batch = &mut capture.observed;
        rotate(&mut batch.presences, by);
        rotate(&mut batch.bindings, by);
        rotate(&mut batch.conversations, by);
        rotate(&mut batch.facts, by);
        rotate(&mut batch.mentions, by);
    }
    observed
}

/// Every row in a capture of its own.
fn divided(observed: &Observed) -> Observed {
    let mut captures = Vec::new();
    let mut add = |site: &str, observed: Batch| {
        captures.push(Captured { summary: common::summary(&format!("d{}", captures.len()), site), observed })
    };
    for capture in &observed.captures {
        let (site, batch) = (&capture.summary.site, capture.observed.clone());
        batch
            .presences
            .into_iter()
            .for_each(|row| add(site, Batch { presences: vec![row], ..Batch::default() }));
        batch
            .bindings
            .into_iter()
            .for_each(|row| add(site, Batch { bindings: vec![row], ..Batch::default() }));
        batch
            .conversations
            .into_iter()
            .for_each(|row| add(site, Batch { conversations: vec![row], ..Batch::default() }));
        batch.facts.into_iter().for_each(|row| add(site, Batch { facts: vec![row], ..Batch::default() }));
        batch
            .mentions
            .into_iter()
            .for_each(|row| add(site, Batch { mentions: vec![row], ..Batch::default() }));
    }
    Observed { captures }
}

/// The inventory without the names of captures and the octets that were chosen for a proof.
fn without_proofs(mut inventory: Inventory) -> Inventory {
    for candidate in inventory.assets.iter_mut().flat_map(|asset| asset.attributes.values_mut()).flatten() {
        candidate.proof = None;
    }
    for (capture, seen) in inventory.conversations.iter_mut().flat_map(|conversation| &mut conversation.named)
    {
        capture.clear();
        seen.evidence.ranges.clear();
    }
    inventory.findings.iter_mut().for_each(|finding| finding.evidence.clear());
    inventory.changes.iter_mut().for_each(|change| change.evidence.clear());
    // What each capture saw half depends on what a capture is.
    inventory.coverage.clear();
    inventory
}

fn holders<'i>(inventory: &'i Inventory, site: &str, address: Address) -> Vec<&'i Asset> {
    let holds = |asset: &&Asset| {
        asset.stations.iter().any(|station| {
            station.mac.map(Address::Mac) == Some(address)
                || station.ips.iter().any(|ip| Address::Ip(*ip) == address)
        })
    };
    inventory.assets.iter().filter(|asset| asset.site == site).filter(holds).collect()
}

/// Law 5: protocols are named in the tables of `src/rules` only.
#[test]
fn no_code_outside_the_rules_names_a_protocol() {
    const NAMES: &[&str] = &[
        "arp", "bacnet", "cip", "dnp3", "enip", "goose", "iec104", "lldp", "mms", "modbus", "opcua", "pccc",
        "profinet", "s7comm", "umas",
    ];
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut read = 0;
    let folders = [source.clone(), source.join("findings"), source.join("changes")];
    for entry in folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap()) {
        let path = entry.unwrap().path();
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        read += 1;
        let code = text.split("#[cfg(test)]").next().unwrap();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let named = NAMES.iter().find(|name| line.contains(&format!("\"{name}")));
            assert_eq!(named, None, "{}: {line}", path.display());
        }
    }
    assert!(read > 15, "{read} files");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_captures_and_rows_changes_nothing(observed in anything(), by in any::<Index>()) {
        let options = Options::default();
        let inventory = resolve(&observed, &options);
        prop_assert_eq!(&resolve(&observed, &options), &inventory);
        prop_assert_eq!(resolve(&shuffled(observed, &by), &options), inventory);
    }

    #[test]
    fn how_rows_are_divided_into_captures_changes_no_asset_and_no_conversation(observed in anything()) {
        let options = Options::default();
        let (whole, parts) = (resolve(&observed, &options), resolve(&divided(&observed), &options));
        prop_assert_eq!(without_proofs(parts), without_proofs(whole));
    }

    #[test]
    fn one_file_and_many_files_give_the_same(observed in anything()) {
        let options = Options::default();
        let (one, many) = (resolve(&in_one_file(&observed), &options), resolve(&observed, &options));
        prop_assert_eq!(without_proofs(one), without_proofs(many));
    }

    #[test]
    fn what_is_observed_twice_is_the_same_devices(observed in anything()) {
        let options = Options::default();
        let twice = Observed { captures: observed.captures.iter().cloned().chain(observed.captures.iter().cloned()).collect() };
        let known = |inventory: Inventory| {
            let assets = inventory.assets.into_iter();
            assets.map(|asset| (asset.anchors, asset.name, asset.parent, asset.stations, asset.joins, asset.first, asset.last)).collect::<Vec<_>>()
        };
        prop_assert_eq!(known(resolve(&twice, &options)), known(resolve(&observed, &options)));
    }

    #[test]
    fn changes_are_in_observed_time_and_name_what_is_there(observed in anything()) {
        let options = Options { learning: Some(std::time::Duration::from_secs(86_400)), ..Options::default() };
        let inventory = resolve(&observed, &options);
        prop_assert!(inventory.changes.is_sorted());
        let times = || observed.captures.iter().flat_map(|capture| {
            let rows = &capture.observed;
            let facts = rows.facts.iter().map(|fact| fact.sighting);
            let sent = rows.presences.iter().map(|presence| presence.sighting);
            facts.chain(sent).chain(rows.conversations.iter().map(|talk| talk.sighting)).chain(rows.bindings.iter().map(|bound| bound.sighting)).chain(rows.mentions.iter().map(|mention| mention.sighting))
        });
        let (first, last) = (times().map(|seen| seen.first).min(), times().map(|seen| seen.last).max());
        for change in &inventory.changes {
            prop_assert!(Some(change.time) >= first && Some(change.time) <= last, "{change:?}");
            prop_assert!(change.asset.is_none_or(|asset| asset < inventory.assets.len()));
            prop_assert!(!change.text(&inventory.assets).is_empty());
            for place in &change.evidence {
                prop_assert!(observed.captures.iter().any(|capture| capture.summary.uid == place.capture), "{change:?}");
            }
        }
        for asset in inventory.assets.iter().filter(|asset| asset.first.is_some()) {
            let began = inventory.changes.iter().any(|change| {
                let is_own = change.asset.is_some_and(|index| inventory.assets[index] == *asset);
                let is_module = matches!(&change.peer, Some(AssetEnd::Asset(index)) if inventory.assets[*index] == *asset);
                Some(change.time) == asset.first && ((is_own && change.kind == ChangeKind::NewAsset) || (is_module && change.kind == ChangeKind::ModuleAppeared))
            });
            prop_assert!(began, "{asset:?} began without a change");
        }
    }

    #[test]
    fn everybody_who_sent_is_one_asset_or_outside(observed in anything()) {
        let inventory = resolve(&observed, &Options::default());
        for capture in &observed.captures {
            for presence in capture.observed.presences.iter().filter(|presence| presence.station.path.is_root()) {
                let address = presence.station.address;
                let holders = holders(&inventory, &capture.summary.site, address);
                let is_virtual = address.mac().is_some_and(|mac| mac.is_virtual_router());
                if !address.is_unicast() || is_virtual {
                    prop_assert!(holders.is_empty(), "{address}");
                } else if holders.len() != 1 {
                    // Outside, or several devices that proved themselves: in several VLANs, or one after another.
                    let own = |asset: &&Asset| asset.anchors.iter().find(|anchor| anchor.starts_with(&address.to_string())).cloned();
                    let lanes: BTreeSet<_> = holders.iter().copied().filter_map(|asset| own(&asset)).collect();
                    prop_assert!(lanes.len() == holders.len() && (!holders.is_empty() || address.to_string() == "203.0.113.7"), "{address} {holders:?}");
                }
            }
        }
    }

    #[test]
    fn frames_and_facts_in_are_frames_and_facts_out(observed in anything()) {
        let inventory = resolve(&observed, &Options::default());
        let rows = || observed.captures.iter().map(|capture| &capture.observed);
        let frames = |sum: u64, frames: &[u64; 2]| sum + frames[0] + frames[1];
        prop_assert_eq!(
            inventory.conversations.iter().map(|conversation| &conversation.frames).fold(0, frames),
            rows().flat_map(|rows| &rows.conversations).map(|conversation| &conversation.frames).fold(0, frames)
        );
        for capture in &observed.captures {
            for fact in capture.observed.facts.iter().filter(|fact| fact.station.path.is_root()) {
                let said = |asset: &&Asset| asset.attributes.get(fact.attribute.as_ref()).is_some_and(|candidates| candidates.iter().any(|candidate| candidate.value == fact.value && candidate.proof.is_some()));
                let holders = holders(&inventory, &capture.summary.site, fact.station.address);
                prop_assert!(holders.is_empty() || holders.iter().any(said), "{fact:?}");
            }
        }
    }

    /// Findings and roles go through conversations of a pair where they stand together, and count what was asked by name.
    #[test]
    fn conversations_are_sorted_and_count_what_was_asked_of_each(observed in anything()) {
        let inventory = resolve(&observed, &Options::default());
        let place = |talk: &Conversation| {
            let ends = (talk.client.clone(), talk.server.clone());
            (ends, talk.protocol.clone(), talk.transport, talk.port, talk.vlan)
        };
        for site in inventory.conversations.chunk_by(|left, right| left.site == right.site) {
            let is_sorted = site.is_sorted_by(|left, right| place(left) < place(right));
            prop_assert!(is_sorted);
        }
        let name = |(_, seen): &(String, OperationSeen)| (seen.kind, seen.name.clone());
        for talk in &inventory.conversations {
            let is_sorted = talk.named.is_sorted_by(|left, right| name(left) < name(right));
            prop_assert!(is_sorted);
            for kind in OperationKind::ALL {
                let of_kind = talk.named.iter().filter(|(_, seen)| seen.kind == kind);
                let sum: u64 = of_kind.map(|(_, seen)| seen.sighting.count).sum();
                prop_assert_eq!(talk.operations.get(kind.as_str()), Some(&sum));
            }
        }
    }

    #[test]
    fn assets_are_well_formed(observed in anything()) {
        let inventory = resolve(&observed, &Options::default());
        let mut anchors: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for (index, asset) in inventory.assets.iter().enumerate() {
            prop_assert!(!asset.roles.is_empty() && !asset.name.is_empty() && !asset.anchors.is_empty());
            for anchor in &asset.anchors {
                prop_assert_eq!(anchors.insert((&asset.site, anchor), index), None, "{} is on two assets", anchor);
            }
            let (mut above, mut steps) = (asset.parent, 0);
            while let Some(parent) = above {
                prop_assert_eq!(&inventory.assets[parent].site, &asset.site);
                prop_assert!(steps < inventory.assets.len(), "a circle of parents");
                (above, steps) = (inventory.assets[parent].parent, steps + 1);
            }
            prop_assert!(asset.parent.is_none() || (!asset.position.is_empty() && asset.stations.is_empty()), "{asset:?} in {}", common::assets(&inventory));
        }
        for end in inventory.conversations.iter().flat_map(|conversation| [&conversation.client, &conversation.server]) {
            prop_assert!(!matches!(end, AssetEnd::Asset(index) if *index >= inventory.assets.len()));
        }
    }
}
