//! Rows gathered until a batch is due.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;
use observation::{
    Address, Batch, Binding, Conversation, ConversationKey, Day, End, Evidence, Fact, Mac, MalformedMessage,
    Mention, OperationSeen, Presence, Sighting, Station, Time,
};
use protocols::{Known, SeenFact};

use super::evidence::Kept;
use super::flow::{Flow, Orientation, Side};
use super::key::{Interface, number};
use super::naming::{port, protocol_name, read_late};
use super::remembered::{self, FactKey, Facts, MentionKey, Remembered, fact, mention};
use super::words::{TRANSPORT_BIT, Words, day, name_words, root};
use crate::limits::{BATCH_FRAME_OCTETS_MAX, BATCH_ROWS_MAX, FACTS_MAX, MALFORMED_ROWS_MAX};

/// Who sends frames: an address behind a MAC address in a VLAN, on one day. Presences and bindings are made of these when
/// a batch is taken: to count a frame is one look-up, not three.
#[derive(Clone, Copy, Debug)]
struct Sender {
    mac: Interface,
    vlan: Option<u16>,
    address: Address,
    sighting: Sighting,
    octets: u64,
    hop_limit: (u8, u8),
}

/// Rows that most senders become: a presence and a binding. What is sent by one MAC address adds up to one more.
const ROWS_OF_SENDER: usize = 2;

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
#[derive(Debug)]
pub(crate) struct Gathered {
    /// Frames by who sent them.
    senders: HashMap<Words<4>, Sender, RandomState>,
    /// Frames of addresses, without those that senders hold.
    presences: HashMap<Words<3>, Presence, RandomState>,
    /// Messages of stations below an address.
    below: HashMap<(Station, Day), (Sighting, u64), RandomState>,
    /// By IP address and MAC.
    bindings: HashMap<Words<4>, Binding, RandomState>,
    /// By client, server and what they speak.
    conversations: HashMap<Words<8>, Conversation, RandomState>,
    facts: Facts,
    /// By what octets facts were stated: lent to the decoder while it reads a message.
    pub(crate) known: Option<Box<Known>>,
    mentions: HashMap<MentionKey, Remembered, RandomState>,
    /// Facts and mentions of a day that is over.
    past_facts: Vec<Fact>,
    past_mentions: Vec<Mention>,
    malformed: Vec<MalformedMessage>,
    malformed_rows: HashMap<Cow<'static, str>, usize>,
    pub(crate) counters: Counters,
}

impl Default for Gathered {
    fn default() -> Self {
        Self {
            senders: HashMap::default(),
            presences: HashMap::default(),
            below: HashMap::default(),
            bindings: HashMap::default(),
            conversations: HashMap::default(),
            facts: Facts::default(),
            known: Some(Box::default()),
            mentions: HashMap::default(),
            past_facts: Vec::new(),
            past_mentions: Vec::new(),
            malformed: Vec::new(),
            malformed_rows: HashMap::new(),
            counters: Counters::default(),
        }
    }
}

impl Gathered {
    /// True if a batch should be taken before memory grows further.
    pub(crate) fn is_due(&self, kept: &Kept) -> bool {
        let sent = self.senders.len().saturating_mul(ROWS_OF_SENDER);
        let rows = [self.presences.len(), self.below.len(), self.bindings.len(), self.conversations.len()];
        let rows = rows.into_iter().fold(sent, usize::saturating_add);
        rows.saturating_add(self.past_facts.len()).saturating_add(self.past_mentions.len()) >= BATCH_ROWS_MAX
            || self.facts.all.len().saturating_add(self.mentions.len()) >= FACTS_MAX
            || kept.octets() >= BATCH_FRAME_OCTETS_MAX
    }

    /// Counts frames that an address sent.
    pub(crate) fn presence(&mut self, address: Address, vlan: Option<u16>, sighting: Sighting, octets: u64) {
        let row = self.presences.entry(Words(root(address, vlan, day(sighting.day)))).or_insert_with(|| {
            let station = Station::root(address, vlan);
            Presence { station, sighting: Sighting { count: 0, ..sighting }, octets: 0 }
        });
        merge(&mut row.sighting, &sighting);
        row.octets = row.octets.saturating_add(octets);
    }

    /// Counts messages that a station sent.
    pub(crate) fn spoke(&mut self, station: Station, sighting: Sighting, octets: u64) {
        if station.path.is_root() {
            return self.presence(station.address, station.vlan, sighting, octets);
        }
        let (sum, total) =
            self.below.entry((station, sighting.day)).or_insert((Sighting { count: 0, ..sighting }, 0));
        merge(sum, &sighting);
        *total = total.saturating_add(octets);
    }

    /// Counts frames from an IP address behind a MAC.
    pub(crate) fn binding(
        &mut self,
        mac: Mac,
        address: Address,
        vlan: Option<u16>,
        sighting: Sighting,
        hop_limit: (u8, u8),
    ) {
        let [upper, lower, rest] = root(address, vlan, day(sighting.day));
        let [_, of_mac] = number(mac.into());
        let row = self.bindings.entry(Words([upper, lower, rest, of_mac])).or_insert_with(|| Binding {
            mac,
            station: Station::root(address, vlan),
            sighting: Sighting { count: 0, ..sighting },
            hop_limit: (u8::MAX, 0),
        });
        merge(&mut row.sighting, &sighting);
        row.hop_limit = (row.hop_limit.0.min(hop_limit.0), row.hop_limit.1.max(hop_limit.1));
    }

    /// Notes a fact. True if it was not said before: its frames are needed.
    pub(crate) fn fact(&mut self, protocol: &'static str, seen: &SeenFact, time: Time) -> bool {
        let known = self.facts.find(protocol, seen);
        let at = match known {
            Some(at) => {
                self.again(at, time);
                at
            }
            None => {
                let key = FactKey {
                    station: seen.station.clone(),
                    attribute: seen.attribute,
                    value: seen.value.clone(),
                    basis: seen.basis,
                    protocol,
                    rule: seen.rule,
                };
                self.facts.insert(key, seen.evidence.clone(), time)
            }
        };
        if let (Some(known), Some(print)) = (&mut self.known, seen.print) {
            known.learn(print, at);
        }
        known.is_none()
    }

    /// Notes that a fact was said again.
    pub(crate) fn again(&mut self, fact: u32, time: Time) {
        let Some(sighting) = self.facts.sightings.get_mut(fact as usize) else { return };
        if sighting.count > 0 && sighting.day != time.day() {
            let past = std::mem::replace(sighting, Sighting::once(time));
            if let Some((key, evidence)) = self.facts.all.get(fact as usize) {
                self.past_facts.push(remembered::fact(key, evidence, past));
            }
        } else {
            again(sighting, time);
        }
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
        let [client, server] = [End::Client, End::Server].map(|end| *flow.side(end));
        let (mut first, mut last) = (client.first.min(server.first), client.last.max(server.last));
        if client.frames.saturating_add(server.frames) == 0
            && let Some(read) = read_late(flow)
        {
            (first, last) = (read.0.0, read.1.0);
        }
        if first <= last {
            let sighting = Sighting {
                day: Time(first).day(),
                first: Time(first),
                last: Time(last),
                count: flow.opened.into(),
            };
            flow.opened = 0;
            self.conversation(sighting, flow, &client, &server);
        }
        for (index, address) in flow.addresses().into_iter().enumerate() {
            let (side, _) = flow.pair(index);
            if side.frames > 0 {
                let (first, last) = (Time(side.first), Time(side.last));
                let sighting = Sighting { day: first.day(), first, last, count: side.frames.into() };
                self.sent(side.mac, side.vlan, address, sighting, side.octets, side.hop_limit);
                side.reset();
            }
        }
    }

    /// Counts frames under every address they carried as source.
    pub(crate) fn sent(
        &mut self,
        mac: Interface,
        vlan: Option<u16>,
        address: Address,
        sighting: Sighting,
        octets: u64,
        hop_limit: (u8, u8),
    ) {
        let [upper, lower, rest] = root(address, vlan, day(sighting.day));
        let row = self.senders.entry(Words([upper, lower, rest, mac.word()])).or_insert_with(|| Sender {
            mac,
            vlan,
            address,
            sighting: Sighting { count: 0, ..sighting },
            octets: 0,
            hop_limit: (u8::MAX, 0),
        });
        merge(&mut row.sighting, &sighting);
        row.octets = row.octets.saturating_add(octets);
        row.hop_limit = (row.hop_limit.0.min(hop_limit.0), row.hop_limit.1.max(hop_limit.1));
    }

    /// Makes presences and bindings of all senders.
    fn spread_senders(&mut self) {
        for sender in std::mem::take(&mut self.senders).into_values() {
            let Sender { mac, vlan, address, sighting, octets, hop_limit } = sender;
            if let Some(mac) = mac.mac().filter(|mac| Address::Mac(*mac) != address) {
                self.presence(mac.into(), vlan, sighting, octets);
                if address.is_unicast() {
                    self.binding(mac, address, vlan, sighting, hop_limit);
                }
            }
            self.presence(address, vlan, sighting, octets);
        }
    }

    fn conversation(&mut self, sighting: Sighting, flow: &mut Flow, client: &Side, server: &Side) {
        // Who was not seen is taken to be in the VLAN of the other.
        let of_client = if client.seen { client.vlan } else { server.vlan };
        let of_server = if server.seen { server.vlan } else { client.vlan };
        let (protocol, port, vlan) = (protocol_name(flow), port(flow), client.vlan.or(server.vlan));
        let (transport, client_address, server_address) =
            (flow.transport(), flow.address(flow.client()), flow.address(flow.server()));
        let [a, b, c] = root(client_address, of_client, day(sighting.day));
        let vlan_and_port = vlan.map_or(0, |vlan| u32::from(vlan).saturating_add(1)) << 16 | u32::from(port);
        let [d, e, f] = root(server_address, of_server, vlan_and_port);
        let [g, h] = name_words(protocol);
        let c = c | (transport as u64) << TRANSPORT_BIT;
        let row = self.conversations.entry(Words([a, b, c, d, e, f, g, h])).or_insert_with(|| Conversation {
            key: ConversationKey {
                client: Station::root(client_address, of_client),
                server: Station::root(server_address, of_server),
                protocol: Cow::Borrowed(protocol),
                transport,
                port,
                vlan,
            },
            sighting: Sighting { count: 0, ..sighting },
            frames: [0; 2],
            octets: [0; 2],
            oriented: false,
            operations: Vec::new(),
        });
        merge(&mut row.sighting, &sighting);
        row.oriented |= flow.orientation >= Orientation::Opened;
        row.frames = [
            row.frames[0].saturating_add(client.frames.into()),
            row.frames[1].saturating_add(server.frames.into()),
        ];
        row.octets =
            [row.octets[0].saturating_add(client.octets), row.octets[1].saturating_add(server.octets)];
        let Some(reader) = &mut flow.reader else { return };
        for (operation, proof) in reader.operations.iter_mut() {
            let Some(sighting) = operation.sighting() else { continue };
            let known = row
                .operations
                .iter_mut()
                .find(|known| known.kind == operation.kind && known.name == operation.name);
            match known {
                Some(known) => {
                    merge(&mut known.sighting, &sighting);
                    if proof < known.evidence.ranges.as_slice() {
                        known.evidence = Evidence { ranges: proof.to_vec() };
                    }
                }
                None => row.operations.push(OperationSeen {
                    kind: operation.kind,
                    name: Cow::Borrowed(operation.name),
                    sighting,
                    evidence: Evidence { ranges: proof.to_vec() },
                }),
            }
            operation.reset();
        }
    }

    /// Takes everything gathered; what is remembered stays remembered. `unread` says from where on frames hold
    /// messages that are not whole yet.
    pub(crate) fn take(&mut self, kept: &mut Kept, unread: &HashMap<u64, u32>) -> Batch {
        self.spread_senders();
        let mut batch = Batch { facts: std::mem::take(&mut self.past_facts), ..Batch::default() };
        batch.mentions = std::mem::take(&mut self.past_mentions);
        batch.malformed = std::mem::take(&mut self.malformed);
        batch.presences.extend(std::mem::take(&mut self.presences).into_values());
        for ((station, _), (sighting, octets)) in std::mem::take(&mut self.below) {
            batch.presences.push(Presence { station, sighting, octets });
        }
        batch.bindings.extend(std::mem::take(&mut self.bindings).into_values());
        batch.conversations.extend(std::mem::take(&mut self.conversations).into_values());
        for ((key, evidence), sighting) in self.facts.all.iter().zip(&mut self.facts.sightings) {
            if sighting.count > 0 {
                batch.facts.push(fact(key, evidence, *sighting));
                sighting.count = 0;
            }
        }
        for (key, known) in &mut self.mentions {
            if known.sighting.count > 0 {
                batch.mentions.push(mention(key, known));
                known.sighting.count = 0;
            }
        }
        if self.facts.all.len().saturating_add(self.mentions.len()) >= FACTS_MAX {
            self.facts.clear();
            if let Some(known) = &mut self.known {
                known.clear();
            }
            self.mentions.clear();
            self.counters.add("fact memory cleared", 1);
        }
        batch.frames = kept.take(unread);
        // The tables are seeded: their order must not show.
        sort(&mut batch.presences, |a, b| (&a.station, a.sighting.day).cmp(&(&b.station, b.sighting.day)));
        sort(&mut batch.bindings, |a, b| {
            (a.mac, &a.station, a.sighting.day).cmp(&(b.mac, &b.station, b.sighting.day))
        });
        sort(&mut batch.conversations, |a, b| (&a.key, a.sighting.day).cmp(&(&b.key, b.sighting.day)));
        sort(&mut batch.facts, Ord::cmp);
        sort(&mut batch.mentions, Ord::cmp);
        batch
    }
}

/// Sorts rows by sorting where they stand: they are long, and to move each again and again costs more than to compare them.
fn sort<T>(rows: &mut Vec<T>, order: impl Fn(&T, &T) -> Ordering) {
    let mut places: Vec<usize> = (0..rows.len()).collect();
    places.sort_by(|one, other| match (rows.get(*one), rows.get(*other)) {
        (Some(one), Some(other)) => order(one, other),
        _ => Ordering::Equal,
    });
    let mut unsorted: Vec<Option<T>> = std::mem::take(rows).into_iter().map(Some).collect();
    rows.extend(places.into_iter().filter_map(|place| unsorted.get_mut(place)?.take()));
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
