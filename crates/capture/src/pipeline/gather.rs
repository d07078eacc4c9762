//! Rows gathered until a batch is due.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;
use observation::{
    Basis, Batch, Binding, Conversation, ConversationKey, Day, End, Evidence, Fact, Mac, MalformedMessage,
    Mention, OperationSeen, Presence, Sighting, Station, Time, Transport,
};
use protocols::SeenFact;

use super::evidence::Kept;
use super::flow::{Flow, Orientation};
use super::reader::{Recognition, ethertype_name, ip_protocol_name};
use crate::limits::{BATCH_FRAME_OCTETS_MAX, BATCH_ROWS_MAX, FACTS_MAX, MALFORMED_ROWS_MAX};

/// What a fact says, without when.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct FactKey {
    station: Station,
    attribute: &'static str,
    value: String,
    basis: Basis,
    protocol: &'static str,
    rule: &'static str,
}

/// A mention, without when.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct MentionKey {
    station: Station,
    by: Station,
    protocol: &'static str,
    reason: &'static str,
}

/// An IP address behind a MAC on a day.
type BindingKey = (Mac, Station, Day);

/// Something remembered with its evidence and what was counted since the last batch, by day.
#[derive(Clone, Debug)]
struct Remembered {
    evidence: Evidence,
    /// Count 0: nothing since the last batch.
    sighting: Sighting,
}

/// Names of counters and their counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters(BTreeMap<Cow<'static, str>, u64>);

impl Counters {
    pub(crate) fn add(&mut self, name: &'static str, count: u64) {
        if count > 0 {
            let total = self.0.entry(Cow::Borrowed(name)).or_default();
            *total = total.saturating_add(count);
        }
    }

    pub(crate) fn malformed(&mut self, protocol: &str) {
        let total = self.0.entry(Cow::Owned(format!("malformed {protocol}"))).or_default();
        *total = total.saturating_add(1);
    }

    pub(crate) fn into_map(self) -> BTreeMap<String, u64> {
        self.0.into_iter().map(|(name, count)| (name.into_owned(), count)).collect()
    }
}

/// All rows since the last batch, and the memory of what was said before.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    presences: HashMap<(Station, Day), (Sighting, u64), RandomState>,
    bindings: HashMap<BindingKey, (Sighting, (u8, u8)), RandomState>,
    conversations: HashMap<(ConversationKey, Day), Conversation, RandomState>,
    facts: HashMap<FactKey, Remembered, RandomState>,
    mentions: HashMap<MentionKey, Remembered, RandomState>,
    /// Facts and mentions of a day that is over.
    past_facts: Vec<Fact>,
    past_mentions: Vec<Mention>,
    malformed: Vec<MalformedMessage>,
    malformed_rows: HashMap<Cow<'static, str>, usize>,
    pub(crate) counters: Counters,
}

impl Gathered {
    /// True if a batch should be taken before memory grows further.
    pub(crate) fn is_due(&self, kept: &Kept) -> bool {
        let rows =
            self.presences.len().saturating_add(self.bindings.len()).saturating_add(self.conversations.len());
        rows.saturating_add(self.past_facts.len()).saturating_add(self.past_mentions.len()) >= BATCH_ROWS_MAX
            || self.facts.len().saturating_add(self.mentions.len()) >= FACTS_MAX
            || kept.octets() >= BATCH_FRAME_OCTETS_MAX
    }

    /// Counts frames or messages that a station sent.
    pub(crate) fn presence(&mut self, station: Station, sighting: Sighting, octets: u64) {
        let (sum, total) =
            self.presences.entry((station, sighting.day)).or_insert((Sighting { count: 0, ..sighting }, 0));
        merge(sum, &sighting);
        *total = total.saturating_add(octets);
    }

    /// Counts frames from an IP address behind a MAC.
    pub(crate) fn binding(&mut self, mac: Mac, station: Station, sighting: Sighting, hop_limit: (u8, u8)) {
        let (sum, hops) = self
            .bindings
            .entry((mac, station, sighting.day))
            .or_insert((Sighting { count: 0, ..sighting }, (u8::MAX, 0)));
        merge(sum, &sighting);
        *hops = (hops.0.min(hop_limit.0), hops.1.max(hop_limit.1));
    }

    /// Notes a fact. True if it was not said before: its frames are needed.
    pub(crate) fn fact(&mut self, protocol: &'static str, seen: &SeenFact, time: Time) -> bool {
        let key = FactKey {
            station: seen.station.clone(),
            attribute: seen.attribute,
            value: seen.value.clone(),
            basis: seen.basis,
            protocol,
            rule: seen.rule,
        };
        let Some(known) = self.facts.get_mut(&key) else {
            self.facts
                .insert(key, Remembered { evidence: seen.evidence.clone(), sighting: Sighting::once(time) });
            return true;
        };
        if known.sighting.count > 0 && known.sighting.day != time.day() {
            self.past_facts.push(fact(&key, known));
            known.sighting = Sighting::once(time);
        } else {
            again(&mut known.sighting, time);
        }
        false
    }

    /// Notes a mention. True if it was not made before.
    pub(crate) fn mention(
        &mut self,
        protocol: &'static str,
        seen: &protocols::Mentioned,
        time: Time,
    ) -> bool {
        let key =
            MentionKey { station: seen.station.clone(), by: seen.by.clone(), protocol, reason: seen.reason };
        let Some(known) = self.mentions.get_mut(&key) else {
            self.mentions
                .insert(key, Remembered { evidence: seen.evidence.clone(), sighting: Sighting::once(time) });
            return true;
        };
        if known.sighting.count > 0 && known.sighting.day != time.day() {
            self.past_mentions.push(mention(&key, known));
            known.sighting = Sighting::once(time);
        } else {
            again(&mut known.sighting, time);
        }
        false
    }

    /// Counts a malformed message and keeps the first few of each protocol.
    pub(crate) fn malformed(&mut self, row: MalformedMessage) {
        self.counters.malformed(&row.protocol);
        let rows = self.malformed_rows.entry(row.protocol.clone()).or_default();
        if *rows < MALFORMED_ROWS_MAX {
            *rows = rows.saturating_add(1);
            self.malformed.push(row);
        }
    }

    /// Folds what a flow counted into rows.
    pub(crate) fn fold(&mut self, flow: &mut Flow) {
        flow.dirty = false;
        let stations = [End::Client, End::Server].map(|end| {
            let side = flow.side(end);
            Station::root(side.address, if side.seen { side.vlan } else { flow.side(end.other()).vlan })
        });
        let [client, server] = [End::Client, End::Server].map(|end| *flow.side(end));
        let (mut first, mut last) = (client.first.min(server.first), client.last.max(server.last));
        if client.frames.saturating_add(server.frames) == 0
            && let Some(read) = read_late(flow)
        {
            (first, last) = (read.0.0, read.1.0);
        }
        if first <= last {
            let [from_client, from_server] = stations;
            let key = ConversationKey {
                client: from_client,
                server: from_server,
                protocol: Cow::Borrowed(protocol_name(flow)),
                transport: flow.transport,
                port: port(flow),
                vlan: client.vlan.or(server.vlan),
            };
            let sighting =
                Sighting { day: Time(first).day(), first: Time(first), last: Time(last), count: flow.opened };
            flow.opened = 0;
            self.conversation(key, sighting, flow, &client, &server);
        }
        for side in &mut flow.sides {
            if side.frames > 0 {
                let (first, last) = (Time(side.first), Time(side.last));
                let sighting = Sighting { day: first.day(), first, last, count: side.frames };
                self.sent(side.mac, side.vlan, side.address, sighting, side.octets, side.hop_limit);
            }
            side.reset();
        }
    }

    /// Counts frames under every address they carried as source.
    pub(crate) fn sent(
        &mut self,
        mac: Option<Mac>,
        vlan: Option<u16>,
        address: observation::Address,
        sighting: Sighting,
        octets: u64,
        hop_limit: (u8, u8),
    ) {
        let station = Station::root(address, vlan);
        if let Some(mac) = mac.filter(|mac| observation::Address::Mac(*mac) != address) {
            self.presence(Station::root(mac.into(), vlan), sighting, octets);
            if address.is_unicast() {
                self.binding(mac, station.clone(), sighting, hop_limit);
            }
        }
        self.presence(station, sighting, octets);
    }

    fn conversation(
        &mut self,
        key: ConversationKey,
        sighting: Sighting,
        flow: &mut Flow,
        client: &super::flow::Side,
        server: &super::flow::Side,
    ) {
        let row = self.conversations.entry((key.clone(), sighting.day)).or_insert_with(|| Conversation {
            key,
            sighting: Sighting { count: 0, ..sighting },
            frames: [0; 2],
            octets: [0; 2],
            oriented: false,
            operations: Vec::new(),
        });
        merge(&mut row.sighting, &sighting);
        row.oriented |= flow.orientation >= Orientation::Opened;
        row.frames =
            [row.frames[0].saturating_add(client.frames), row.frames[1].saturating_add(server.frames)];
        row.octets =
            [row.octets[0].saturating_add(client.octets), row.octets[1].saturating_add(server.octets)];
        let Some(reader) = &mut flow.reader else { return };
        for operation in reader.operations.iter_mut().filter(|operation| operation.sighting.count > 0) {
            let known = row
                .operations
                .iter_mut()
                .find(|known| known.kind == operation.kind && known.name == operation.name);
            match known {
                Some(known) => {
                    merge(&mut known.sighting, &operation.sighting);
                    known.evidence = known.evidence.clone().min(operation.evidence.clone());
                }
                None => row.operations.push(OperationSeen {
                    kind: operation.kind,
                    name: Cow::Borrowed(operation.name),
                    sighting: operation.sighting,
                    evidence: operation.evidence.clone(),
                }),
            }
            operation.sighting.count = 0;
        }
    }

    /// Takes everything gathered; what is remembered stays remembered. `unread` says from where on frames hold
    /// messages that are not whole yet.
    pub(crate) fn take(&mut self, kept: &mut Kept, unread: &HashMap<u64, u32>) -> Batch {
        let mut batch = Batch { facts: std::mem::take(&mut self.past_facts), ..Batch::default() };
        batch.mentions = std::mem::take(&mut self.past_mentions);
        batch.malformed = std::mem::take(&mut self.malformed);
        for ((station, _), (sighting, octets)) in std::mem::take(&mut self.presences) {
            batch.presences.push(Presence { station, sighting, octets });
        }
        for ((mac, station, _), (sighting, hop_limit)) in std::mem::take(&mut self.bindings) {
            batch.bindings.push(Binding { mac, station, sighting, hop_limit });
        }
        batch.conversations.extend(std::mem::take(&mut self.conversations).into_values());
        for (key, known) in &mut self.facts {
            if known.sighting.count > 0 {
                batch.facts.push(fact(key, known));
                known.sighting.count = 0;
            }
        }
        for (key, known) in &mut self.mentions {
            if known.sighting.count > 0 {
                batch.mentions.push(mention(key, known));
                known.sighting.count = 0;
            }
        }
        if self.facts.len().saturating_add(self.mentions.len()) >= FACTS_MAX {
            self.facts.clear();
            self.mentions.clear();
            self.counters.add("fact memory cleared", 1);
        }
        batch.frames = kept.take(unread);
        // The tables are seeded: their order must not show.
        batch.presences.sort_by(|a, b| (&a.station, a.sighting.day).cmp(&(&b.station, b.sighting.day)));
        batch
            .bindings
            .sort_by(|a, b| (a.mac, &a.station, a.sighting.day).cmp(&(b.mac, &b.station, b.sighting.day)));
        batch.conversations.sort_by(|a, b| (&a.key, a.sighting.day).cmp(&(&b.key, b.sighting.day)));
        batch.facts.sort();
        batch.mentions.sort();
        batch
    }
}

fn fact(key: &FactKey, known: &Remembered) -> Fact {
    Fact {
        station: key.station.clone(),
        attribute: Cow::Borrowed(key.attribute),
        value: key.value.clone(),
        basis: key.basis,
        protocol: Cow::Borrowed(key.protocol),
        rule: Cow::Borrowed(key.rule),
        evidence: known.evidence.clone(),
        sighting: known.sighting,
    }
}

fn mention(key: &MentionKey, known: &Remembered) -> Mention {
    Mention {
        station: key.station.clone(),
        by: key.by.clone(),
        protocol: Cow::Borrowed(key.protocol),
        reason: Cow::Borrowed(key.reason),
        sighting: known.sighting,
        evidence: known.evidence.clone(),
    }
}

/// Adds up two sightings of one day.
fn merge(sum: &mut Sighting, more: &Sighting) {
    sum.first = sum.first.min(more.first);
    sum.last = sum.last.max(more.last);
    sum.count = sum.count.saturating_add(more.count);
}

/// Counts once more, the first time since a batch included.
fn again(sighting: &mut Sighting, time: Time) {
    if sighting.count == 0 {
        *sighting = Sighting::once(time);
    } else {
        sighting.add(time);
    }
}

/// First and last time of operations that were read after their frames had been counted.
fn read_late(flow: &Flow) -> Option<(Time, Time)> {
    let reader = flow.reader.as_ref()?;
    let read = || reader.operations.iter().map(|read| read.sighting).filter(|read| read.count > 0);
    Some((read().map(|read| read.first).min()?, read().map(|read| read.last).max()?))
}

/// The protocol of a flow's conversation.
fn protocol_name(flow: &Flow) -> &'static str {
    if let Some(reader) = &flow.reader {
        return reader.carries.unwrap_or(reader.protocol.name);
    }
    if let Recognition::Known(protocol) = flow.recognition {
        return protocol.name;
    }
    match flow.transport {
        Transport::Ethernet => ethertype_name(flow.number),
        Transport::Ip => ip_protocol_name(flow.number),
        transport => transport.as_str(),
    }
}

/// The port of a flow's conversation: the protocol's own where one side uses it, else the server's.
fn port(flow: &Flow) -> u16 {
    match flow.transport {
        Transport::Ethernet | Transport::Ip => flow.number,
        transport => {
            let (server, client) = (flow.side(End::Server).port, flow.side(End::Client).port);
            let registered = flow.reader.as_ref().map_or(&[][..], |reader| match transport {
                Transport::Tcp => reader.protocol.tcp,
                _ => reader.protocol.udp,
            });
            if !registered.contains(&server) && registered.contains(&client) { client } else { server }
        }
    }
}
