//! Observations written as lines of text, and inventories printed as lines of text.
//!
//! ```text
//! capture b site=cell2              what follows is of this capture
//! at 10                             what follows is seen at second 10
//! bind 00:00:00:00:00:01 10.0.0.1 63      frames of an address behind a MAC, with their hop limit
//! arp 00:00:00:00:00:01 10.0.0.1 vlan=20  a MAC states its address
//! sent 10.0.0.1 unit=5 vlan=20            frames or messages that a station sent
//! fact 10.0.0.1 unit=5 | model=ACS580     the station states it, by modbus
//! fact 10.0.0.1 | cip: model=X            … by cip
//! reported 10.0.0.1 | model=X             a peer says it
//! named 10.0.0.1 unit=9 | gateway path unavailable
//! asked 10.0.0.7 by 00:00:00:00:00:01         an ARP request asks who has the address
//! talk 10.0.0.9 10.0.0.1 modbus:502 9/9 read*9 "write coil":write*2
//! ```

#![allow(
    dead_code,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test"
)]

use std::collections::BTreeMap;
use std::fmt::Write;

use inventory::{Asset, AssetEnd, Captured, Inventory, Observed, Options, resolve};
use observation::{
    Address, Basis, Batch, Binding, CaptureKind, CaptureStatus, CaptureSummary, Conversation,
    ConversationKey, Evidence, Fact, Mention, OperationKind, OperationSeen, Path, Presence, Range, Sighting,
    Station, Time, Transport,
};

pub(crate) fn summary(uid: &str, site: &str) -> CaptureSummary {
    CaptureSummary {
        uid: uid.to_owned(),
        kind: CaptureKind::File,
        name: format!("{uid}.pcap"),
        site: site.to_owned(),
        sensor: String::new(),
        interface: String::new(),
        octets: 0,
        frames: 0,
        kernel_drops: 0,
        first: None,
        last: None,
        status: CaptureStatus::Complete,
        stopped: None,
        counters: BTreeMap::new(),
    }
}

/// Reads the lines.
pub(crate) fn observed(text: &str) -> Observed {
    let mut captures: Vec<Captured> = Vec::new();
    let (mut second, mut frame) = (0_i64, 0);
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (verb, rest) = line.split_once(' ').expect(line);
        frame += 1;
        if captures.is_empty() && verb != "capture" {
            captures.push(Captured { summary: summary("a", "default"), observed: Batch::default() });
        }
        let evidence = Evidence { ranges: vec![Range { frame, offset: 42, length: 4 }] };
        let sighting = Sighting::once(Time(second * 1_000_000_000));
        match verb {
            "capture" => {
                let (uid, site) = rest.split_once(" site=").unwrap_or((rest, "default"));
                captures.push(Captured { summary: summary(uid, site), observed: Batch::default() });
            }
            "at" => second = rest.parse().expect(line),
            _ => row(&mut captures.last_mut().unwrap().observed, verb, rest, sighting, evidence),
        }
    }
    Observed { captures }
}

fn row(batch: &mut Batch, verb: &str, rest: &str, sighting: Sighting, evidence: Evidence) {
    let (words, value) = rest.split_once(" | ").unwrap_or((rest, ""));
    let words: Vec<_> = words.split(' ').collect();
    match verb {
        "bind" => {
            let (mac, ip) = (words[0].parse().unwrap(), station(&words[1..2], &words));
            let hops = words.get(2).map_or(64, |hops| hops.parse().unwrap());
            batch.presences.push(Presence {
                station: Station::root(Address::Mac(mac), ip.vlan),
                sighting,
                octets: 60,
            });
            batch.presences.push(Presence { station: ip.clone(), sighting, octets: 60 });
            batch.bindings.push(Binding { mac, station: ip, sighting, hop_limit: (hops, hops) });
        }
        "arp" => {
            let mac = station(&words[..1], &words);
            batch.presences.push(Presence { station: mac.clone(), sighting, octets: 60 });
            batch.facts.push(fact(mac, "ip_address", words[1], Basis::Stated, "arp", sighting, evidence));
        }
        "sent" => batch.presences.push(Presence { station: station(&words, &words), sighting, octets: 60 }),
        "fact" | "reported" => {
            let (protocol, value) = value.split_once(": ").unwrap_or(("modbus", value));
            let (attribute, value) = value.split_once('=').unwrap();
            let basis = if verb == "fact" { Basis::Stated } else { Basis::Reported };
            batch.facts.push(fact(
                station(&words, &words),
                attribute,
                value,
                basis,
                protocol,
                sighting,
                evidence,
            ));
        }
        "named" => {
            let (station, by) = (station(&words, &words), Station::root("10.9.9.9".parse().unwrap(), None));
            batch.mentions.push(Mention {
                station,
                by,
                protocol: "modbus".into(),
                reason: value.to_owned().into(),
                sighting,
                evidence,
            });
        }
        "asked" => batch.mentions.push(Mention {
            station: station(&words[..1], &words),
            by: station(&words[2..3], &words),
            protocol: "arp".into(),
            reason: "arp request".into(),
            sighting,
            evidence,
        }),
        "talk" => batch.conversations.push(talk(&words, sighting, &evidence)),
        other => panic!("{other}"),
    }
}

/// `10.0.0.1 rack=0/slot=2 vlan=20`.
fn station(words: &[&str], all: &[&str]) -> Station {
    let vlan = all.iter().find_map(|word| word.strip_prefix("vlan=")).map(|vlan| vlan.parse().unwrap());
    let path = words.iter().skip(1).find(|word| word.contains('=') && !word.starts_with("vlan="));
    let path = path.map_or(Path::ROOT, |path| Path::read_back(path).expect(path));
    Station { address: words[0].parse().expect(words[0]), vlan, path }
}

fn fact(
    station: Station,
    attribute: &str,
    value: &str,
    basis: Basis,
    protocol: &str,
    sighting: Sighting,
    evidence: Evidence,
) -> Fact {
    let rule = format!("{protocol}-{attribute}");
    Fact {
        station,
        attribute: attribute.to_owned().into(),
        value: value.to_owned(),
        basis,
        protocol: protocol.to_owned().into(),
        rule: rule.into(),
        evidence,
        sighting,
    }
}

/// `CLIENT SERVER PROTOCOL[/TRANSPORT]:PORT FROM/TO KIND*COUNT[:NAME_WITH_UNDERLINES] …`
fn talk(words: &[&str], sighting: Sighting, evidence: &Evidence) -> Conversation {
    let (protocol, port) = words[2].split_once(':').unwrap();
    let (protocol, transport) = protocol.split_once('/').unwrap_or((protocol, "tcp"));
    let (from, to) = words[3].split_once('/').unwrap();
    let frames = [from.parse().unwrap(), to.parse().unwrap()];
    let operations = words[4..].iter().filter(|word| word.contains('*')).map(|word| {
        let (word, name) = word.split_once(':').unwrap_or((word, ""));
        let (kind, count) = word.split_once('*').unwrap();
        let name = if name.is_empty() { kind.to_owned() } else { name.replace('_', " ") };
        let sighting = Sighting { count: count.parse().unwrap(), ..sighting };
        OperationSeen {
            kind: OperationKind::read_back(kind).expect(kind),
            name: name.into(),
            sighting,
            evidence: evidence.clone(),
        }
    });
    let end = |word: &str| Station::root(word.parse().unwrap(), None);
    let vlan = words.iter().find_map(|word| word.strip_prefix("vlan=")).map(|vlan| vlan.parse().unwrap());
    let key = ConversationKey {
        client: end(words[0]),
        server: end(words[1]),
        protocol: protocol.to_owned().into(),
        transport: Transport::read_back(transport).unwrap(),
        port: port.parse().unwrap(),
        vlan,
    };
    Conversation {
        key,
        sighting,
        frames,
        octets: frames.map(|frames| frames * 60),
        oriented: true,
        operations: operations.collect(),
    }
}

pub(crate) fn inventory(text: &str) -> Inventory {
    resolve(&observed(text), &Options::default())
}

/// The attribute's winner, or nothing.
pub(crate) fn winner<'a>(asset: &'a Asset, attribute: &str) -> &'a str {
    asset
        .attributes
        .get(attribute)
        .and_then(|candidates| candidates.first())
        .map_or("", |winner| &winner.value)
}

/// One line per asset: state, roles, name, interfaces; children indented.
pub(crate) fn assets(inventory: &Inventory) -> String {
    let mut text = String::new();
    for asset in &inventory.assets {
        let mut above = asset.parent;
        while let Some(parent) = above {
            text.push_str("  ");
            above = inventory.assets[parent].parent;
        }
        let roles: Vec<_> = asset.roles.iter().map(|claim| claim.role.as_str()).collect();
        write!(text, "{} {}: {}", asset.state.as_str(), roles.join("+"), asset.name).unwrap();
        for station in &asset.stations {
            let ips: Vec<_> = station.ips.iter().map(ToString::to_string).collect();
            let mac = station.mac.map(|mac| mac.to_string()).unwrap_or_default();
            let confirmed = if station.mac_confirmed { "!" } else { "" };
            let vlans =
                if station.vlans.is_empty() { String::new() } else { format!(" vlans {:?}", station.vlans) };
            write!(text, " [{mac}{confirmed} {}{vlans}]", ips.join(" ")).unwrap();
        }
        text.push('\n');
    }
    text
}

pub(crate) fn end(inventory: &Inventory, end: &AssetEnd) -> String {
    match end {
        AssetEnd::Asset(index) => inventory.assets[*index].anchors[0].clone(),
        AssetEnd::External(ip) => format!("external {ip}"),
        AssetEnd::Group(address) => format!("group {address}"),
        AssetEnd::Silent(ip) => format!("silent {ip}"),
    }
}

fn compare(actual: &str, expected: &str) {
    let lines = |text: &str| {
        text.lines()
            .map(str::trim_end)
            .filter(|line| !line.trim().is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    // Lines after the first stand below it in the source.
    let expected = expected.replace("\n         ", "\n");
    let (actual, expected) = (lines(actual), lines(&expected));
    assert!(actual == expected, "expected:\n{}\ngot:\n{}", expected.join("\n"), actual.join("\n"));
}

/// Resolves the lines and compares the printed assets.
pub(crate) fn check(observations: &str, expected: &str) {
    compare(&assets(&inventory(observations)), expected);
}

/// Kinds that come with most observations; they are compared only where they are expected.
const COMMON: [&str; 3] = ["insecure_protocol", "unknown_device", "write_operation"];

/// Resolves the lines and compares the findings: severity, kind, text.
pub(crate) fn check_findings(observations: &str, expected: &str) {
    let inventory = inventory(observations);
    let findings: Vec<_> = inventory
        .findings
        .iter()
        .filter(|finding| !COMMON.contains(&finding.kind) || expected.contains(finding.kind))
        .map(|finding| format!("{} {}: {}", finding.severity.as_str(), finding.kind, finding.text))
        .collect();
    compare(&findings.join("\n"), expected);
}

/// Resolves the lines and compares the conversations: ends, protocol, frames.
pub(crate) fn check_conversations(observations: &str, expected: &str) {
    let inventory = inventory(observations);
    let mut text = String::new();
    for talk in &inventory.conversations {
        let (client, server) = (end(&inventory, &talk.client), end(&inventory, &talk.server));
        writeln!(text, "{client} > {server}: {} {} {:?}", talk.protocol, talk.port, talk.frames).unwrap();
    }
    compare(&text, expected);
}

/// Resolves the lines and compares the reasons for and against joins: `+` joined, `-` not.
pub(crate) fn check_joins(observations: &str, expected: &str) {
    let mut text = String::new();
    for join in inventory(observations).assets.iter().flat_map(|asset| &asset.joins) {
        writeln!(
            text,
            "{} {} = {}: {}",
            if join.joined { '+' } else { '-' },
            join.left,
            join.right,
            join.reason
        )
        .unwrap();
    }
    compare(&text, expected);
}
