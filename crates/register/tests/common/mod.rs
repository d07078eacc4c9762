//! What the tests of the register share: a small plant in batches, and the sum that the register must arrive at.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test; each test file uses some of it"
)]

use std::collections::BTreeMap;

use inventory::{Asset, AssetState, AssetStation, Inventory, Observed, Options};
use observation::{
    Basis, Batch, Binding, CaptureKind, CaptureStatus, CaptureSummary, Conversation, ConversationKey,
    Evidence, Fact, KeptFrame, MalformedMessage, Mention, NANOS_PER_DAY, OperationKind, OperationSeen,
    Position, Presence, Range, Sighting, Station, Time, Transport,
};
use register::{Actor, CaptureStart, Finished, Register};

pub const ACTOR: Actor<'static> = Actor { name: "tester", at: Time(1_700_000_000_000_000_000) };

pub fn file<'a>(name: &'a str, site: &'a str) -> CaptureStart<'a> {
    CaptureStart { uid: None, kind: CaptureKind::File, name, site, sensor: "", interface: "" }
}

pub fn summary(uid: &str, name: &str, frames: u64) -> CaptureSummary {
    CaptureSummary {
        uid: uid.into(),
        kind: CaptureKind::File,
        name: name.into(),
        site: "default".into(),
        sensor: String::new(),
        interface: String::new(),
        octets: frames * 100,
        frames,
        kernel_drops: 0,
        first: Some(Time(1)),
        last: Some(Time(i64::try_from(frames).unwrap())),
        status: CaptureStatus::Complete,
        stopped: None,
        counters: BTreeMap::from([("malformed modbus".into(), 2)]),
    }
}

/// Imports batches as one file.
pub fn import(register: &mut Register, uid: &str, batches: &[Batch]) -> Finished {
    let mut writer = register.begin_capture(&file("plant.pcap", "default"), &ACTOR).unwrap();
    for batch in batches {
        register.write(&mut writer, batch).unwrap();
    }
    register.finish_capture(writer, &summary(uid, "plant.pcap", 1000), &ACTOR).unwrap()
}

/// A station of the small plant: addresses, units below them, VLANs.
pub fn station(number: u8) -> Station {
    let address = if number.is_multiple_of(4) {
        format!("00:1b:1b:00:00:{number:02x}")
    } else {
        format!("10.0.0.{number}")
    };
    let root = Station::root(address.parse().unwrap(), number.is_multiple_of(3).then_some(10));
    if number.is_multiple_of(5) {
        root.below([Position::new("rack", 0), Position::new("slot", number)])
    } else {
        root
    }
}

pub fn evidence(frame: u64) -> Evidence {
    Evidence {
        ranges: vec![
            Range { frame, offset: 54, length: 8 },
            Range { frame: frame + 1, offset: 54, length: 2 },
        ],
    }
}

pub fn frame(number: u64) -> KeptFrame {
    let octets: Vec<u8> = number.to_be_bytes().repeat(8);
    let masked = if number.is_multiple_of(7) {
        vec![Range { frame: number, offset: 60, length: 4 }]
    } else {
        Vec::new()
    };
    KeptFrame { frame: number, time: Time(time(number)), link_type: 1, original_length: 64, octets, masked }
}

/// Frames are a sixth of a day apart, so a few of them span several days.
pub fn time(frame: u64) -> i64 {
    i64::try_from(frame).unwrap() * (NANOS_PER_DAY / 6) + 12_345
}

/// What one frame tells, in the smallest batch: everything else about it follows from its number and `kind`.
pub fn told(number: u64, kind: u8) -> Batch {
    let at = Sighting::once(Time(time(number)));
    let (one, other) = (station(kind % 7 + 1), station(kind % 5 + 8));
    let mut batch = Batch {
        presences: vec![Presence { station: one.clone(), sighting: at, octets: 60 + number }],
        ..Batch::default()
    };
    match kind % 6 {
        0 => batch.facts.push(Fact {
            station: one,
            attribute: "vendor".into(),
            value: format!("maker {}", kind % 3),
            basis: Basis::Stated,
            protocol: "enip".into(),
            rule: "cip-vendor-id".into(),
            evidence: evidence(number),
            sighting: at,
        }),
        1 => batch.facts.push(Fact {
            station: one,
            attribute: "mac_vendor".into(),
            value: "Siemens AG".into(),
            basis: Basis::Inferred,
            protocol: "ethernet".into(),
            rule: "oui".into(),
            evidence: Evidence::default(),
            sighting: at,
        }),
        2 => batch.mentions.push(Mention {
            station: one,
            by: other,
            protocol: "arp".into(),
            reason: "arp request".into(),
            sighting: at,
            evidence: evidence(number),
        }),
        3 => batch.conversations.push(Conversation {
            key: ConversationKey {
                client: one,
                server: other,
                protocol: "modbus".into(),
                transport: Transport::Tcp,
                port: 502,
                vlan: Some(10),
            },
            sighting: at,
            frames: [1, 2],
            octets: [66, 130],
            oriented: number.is_multiple_of(3),
            operations: vec![OperationSeen {
                kind: OperationKind::Read,
                name: "read holding registers".into(),
                sighting: at,
                evidence: evidence(number),
            }],
        }),
        4 => batch.bindings.push(Binding {
            mac: "00:1b:1b:00:00:99".parse().unwrap(),
            station: one,
            sighting: at,
            hop_limit: (kind, kind.saturating_add(64)),
        }),
        _ => batch.malformed.push(MalformedMessage {
            protocol: "modbus".into(),
            frame: number,
            time: Time(time(number)),
            station: kind.is_multiple_of(2).then_some(one),
            problem: format!("length field at octet {kind}: 1 octet missing"),
        }),
    }
    batch.frames = vec![frame(number), frame(number + 1)];
    batch
}

/// Several batches in one, nothing added up: the register has to do that.
pub fn joined(batches: impl IntoIterator<Item = Batch>) -> Batch {
    let mut all = Batch::default();
    for batch in batches {
        all.presences.extend(batch.presences);
        all.bindings.extend(batch.bindings);
        all.conversations.extend(batch.conversations);
        all.facts.extend(batch.facts);
        all.mentions.extend(batch.mentions);
        all.frames.extend(batch.frames);
        all.malformed.extend(batch.malformed);
    }
    all
}

fn add(sum: &mut Sighting, more: &Sighting) {
    sum.first = sum.first.min(more.first);
    sum.last = sum.last.max(more.last);
    sum.count += more.count;
}

/// What the register must make of a batch, by another way: groups kept in ordered maps. Without frames.
pub fn summed(batch: &Batch) -> Batch {
    let (mut presences, mut bindings) = (BTreeMap::new(), BTreeMap::new());
    for presence in &batch.presences {
        let sum =
            presences.entry((presence.station.clone(), presence.sighting.day)).or_insert_with(|| Presence {
                sighting: Sighting { count: 0, ..presence.sighting },
                octets: 0,
                station: presence.station.clone(),
            });
        add(&mut sum.sighting, &presence.sighting);
        sum.octets += presence.octets;
    }
    for binding in &batch.bindings {
        let key = (binding.station.clone(), binding.mac, binding.sighting.day);
        let sum = bindings.entry(key).or_insert_with(|| Binding {
            sighting: Sighting { count: 0, ..binding.sighting },
            ..binding.clone()
        });
        add(&mut sum.sighting, &binding.sighting);
        sum.hop_limit = (sum.hop_limit.0.min(binding.hop_limit.0), sum.hop_limit.1.max(binding.hop_limit.1));
    }
    let (mut facts, mut first_evidence) = (BTreeMap::new(), BTreeMap::<_, Evidence>::new());
    for fact in &batch.facts {
        let key =
            (fact.station.clone(), fact.attribute.clone(), fact.value.clone(), fact.basis, fact.rule.clone());
        let first = first_evidence.entry(key.clone()).or_insert_with(|| fact.evidence.clone());
        *first = first.clone().min(fact.evidence.clone());
        let sum = facts
            .entry((key, fact.sighting.day))
            .or_insert_with(|| Fact { sighting: Sighting { count: 0, ..fact.sighting }, ..fact.clone() });
        add(&mut sum.sighting, &fact.sighting);
    }
    for ((key, _), fact) in &mut facts {
        fact.evidence = first_evidence[key].clone();
    }
    let (mut mentions, mut first_evidence) = (BTreeMap::new(), BTreeMap::<_, Evidence>::new());
    for mention in &batch.mentions {
        let key =
            (mention.station.clone(), mention.by.clone(), mention.protocol.clone(), mention.reason.clone());
        let first = first_evidence.entry(key.clone()).or_insert_with(|| mention.evidence.clone());
        *first = first.clone().min(mention.evidence.clone());
        let sum = mentions.entry((key, mention.sighting.day)).or_insert_with(|| Mention {
            sighting: Sighting { count: 0, ..mention.sighting },
            ..mention.clone()
        });
        add(&mut sum.sighting, &mention.sighting);
    }
    for ((key, _), mention) in &mut mentions {
        mention.evidence = first_evidence[key].clone();
    }
    let mut malformed = batch.malformed.clone();
    malformed.sort_by_key(|message| {
        (
            message.protocol.clone(),
            message.frame,
            message.time,
            message.station.clone(),
            message.problem.clone(),
        )
    });
    Batch {
        presences: presences.into_values().collect(),
        bindings: bindings.into_values().collect(),
        conversations: conversations_summed(batch),
        facts: facts.into_values().collect(),
        mentions: mentions.into_values().collect(),
        frames: Vec::new(),
        malformed,
    }
}

fn conversations_summed(batch: &Batch) -> Vec<Conversation> {
    let (mut oriented, mut first_evidence) = (BTreeMap::new(), BTreeMap::<_, Evidence>::new());
    let (mut conversations, mut operations) = (BTreeMap::new(), BTreeMap::new());
    for conversation in &batch.conversations {
        let (key, day) = (conversation.key.clone(), conversation.sighting.day);
        *oriented.entry(key.clone()).or_insert(false) |= conversation.oriented;
        let sum = conversations.entry((key.clone(), day)).or_insert_with(|| Conversation {
            sighting: Sighting { count: 0, ..conversation.sighting },
            frames: [0; 2],
            octets: [0; 2],
            operations: Vec::new(),
            ..conversation.clone()
        });
        add(&mut sum.sighting, &conversation.sighting);
        for end in 0..2 {
            sum.frames[end] += conversation.frames[end];
            sum.octets[end] += conversation.octets[end];
        }
        for operation in &conversation.operations {
            let name = (key.clone(), operation.kind, operation.name.clone());
            let first = first_evidence.entry(name.clone()).or_insert_with(|| operation.evidence.clone());
            *first = first.clone().min(operation.evidence.clone());
            let sum = operations
                .entry((key.clone(), day, operation.kind, operation.name.clone()))
                .or_insert_with(|| OperationSeen {
                    sighting: Sighting { count: 0, ..operation.sighting },
                    ..operation.clone()
                });
            add(&mut sum.sighting, &operation.sighting);
        }
    }
    for ((key, day, kind, name), mut operation) in operations {
        operation.evidence = first_evidence[&(key.clone(), kind, name)].clone();
        conversations.get_mut(&(key, day)).unwrap().operations.push(operation);
    }
    for ((key, _), conversation) in &mut conversations {
        conversation.oriented = oriented[key];
    }
    conversations.into_values().collect()
}

/// The simplest inventory: every root station that spoke is an asset.
pub fn each_station_an_asset(observed: &Observed, _: &Options) -> Inventory {
    let mut assets = BTreeMap::new();
    for captured in &observed.captures {
        for presence in captured.observed.presences.iter().filter(|presence| presence.station.path.is_root())
        {
            let (site, anchor) = (captured.summary.site.clone(), presence.station.address.to_string());
            assets.entry((site.clone(), anchor.clone())).or_insert_with(|| asset(&site, &[&anchor]));
        }
    }
    Inventory { assets: assets.into_values().collect(), ..Inventory::default() }
}

pub fn asset(site: &str, anchors: &[&str]) -> Asset {
    Asset {
        site: site.into(),
        anchors: anchors.iter().map(|anchor| (*anchor).to_owned()).collect(),
        name: format!("unknown @ {}", anchors[0]),
        state: AssetState::Observed,
        stations: vec![AssetStation::default()],
        ..Asset::default()
    }
}
