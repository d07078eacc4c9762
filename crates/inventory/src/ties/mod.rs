//! Which addresses of a site may decide about each other, so that news is resolved with what it touches and no more.
//!
//! Two addresses are *tied* where a rule of this crate may look from one to the other to say which stations are one
//! device, or whether there is a device at all: a MAC and its IP addresses, a serial number or another key that both state,
//! an address or card that one names as its own, a decision of people, somebody who turned to an address that never spoke.
//! Conversations between two that are there tie nothing. What is tied, over as many steps as there are, is a
//! [`Part`] of the site: resolved alone it gives the same assets as the whole.
//!
//! Some ties are of a hub, as a router with the addresses behind it. Beyond [`WIDE`] of them the rules take the hub for
//! one whatever else is said, and look at each of its addresses for itself: such ties are not followed. A few of its
//! addresses are added to the part as *stand-ins*, so that the rules count enough of them.

mod part;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, Hash};
use std::net::IpAddr;

use foldhash::quality::RandomState;
use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use observation::{
    Address, Basis, Batch, Binding, Conversation, Fact, Mac, Mention, Presence, Station, attribute,
};

use crate::identity::{is_placeholder, squash};
use crate::options::{Options, is_link_local};
use crate::rules::addresses::{
    CARRIED_MAX, DEVICE_WIDE, GROUP_ADDRESSES, OF_OWN_NETWORKS, OWN_ADDRESSES, OWN_CARDS, OWN_MAX,
    POLLED_FRAMES_MIN, RETURNED, SWEPT_MIN,
};
use crate::rules::identity::{
    ASSET_NUMBERS, BEARING_OUT, DEVICE_NAMES, SHARED_MAX, STRONG_KEYS, WEAK_KEYS, simulator_of,
};
use crate::rules::nesting::REQUESTS;

pub use part::{Part, Talking};

/// A hub with more ties of one kind than this is one for good: a MAC with so many addresses is a router or claims
/// everybody's, a weaker key of so many is nobody's, whoever turned to so many silent addresses sweeps.
const WIDE: usize = 32;

// The rules decide long before: of 33 addresses behind a MAC, 25 at least are not its own, 13 of them of one family.
const _: () = assert!(
    WIDE >= SHARED_MAX
        && WIDE >= SWEPT_MIN
        && WIDE >= OWN_MAX
        && WIDE.saturating_sub(OWN_MAX) > 2 * CARRIED_MAX
);

/// How two nodes are tied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    /// Always followed.
    Sure,
    /// An IP address behind a MAC.
    Bound,
    /// A MAC and an IP address that one of the two states as the other's.
    Owned,
    /// A station and a weaker key that it states.
    Weak,
    /// It turned to the other one.
    TurnedTo,
    /// The other one turned to it.
    TurnedBy,
}

/// An address, or a value that several may state.
#[derive(Clone, Debug, Default)]
struct Node {
    /// `None` for a value.
    address: Option<Address>,
    /// It sent something or said something of itself.
    is_active: bool,
    /// Routers state it as the address of their group.
    is_of_group: bool,
    /// Several serial numbers were stated there: it may have passed from one device to another.
    is_of_several: bool,
    /// Fingerprint of the first serial number as printed.
    serial: Option<u64>,
    /// MACs that it may have had, so far as they count.
    cards: u8,
    ties: Vec<(u32, Kind)>,
}

/// What news touched.
#[derive(Clone, Debug, Default)]
pub struct Touched {
    nodes: BTreeSet<u32>,
    /// Those that are silent no more, be it that they spoke or that they are the address of a group.
    woken: BTreeSet<u32>,
    /// Whether a node is a hub beside what was touched, once asked: it is what it is until the ties are added to.
    hubs: RefCell<BTreeMap<(u32, Kind), bool>>,
}

impl Touched {
    /// How many addresses.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// True if there was no news.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

/// What a node is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Token {
    Address(Address),
    /// Fingerprint of a value. Two that collide tie more than they need, which changes no result.
    Value(u64),
}

/// The ties of one site, and what news touched since they were last asked.
///
/// Bounded by what the register holds: some hundred octets for each address, some forty for each statement.
#[derive(Debug, Default)]
pub struct Ties {
    hasher: RandomState,
    nodes: Vec<Node>,
    index: HashMap<Token, u32>,
    /// The smallest and largest hop limit of each address behind a MAC, by the fingerprint of both.
    hops: HashMap<u64, (u8, u8)>,
    /// Fingerprints of statements and ties, of 64 bits under a random key: that two collide is as good as impossible.
    seen: HashSet<u64>,
    touched: Touched,
    /// Assets that people listed, by their node.
    declared: HashMap<u32, String>,
}

impl Ties {
    /// Without any address.
    #[must_use]
    pub fn new() -> Self {
        Self {
            index: HashMap::new(),
            hops: HashMap::new(),
            seen: HashSet::new(),
            declared: HashMap::new(),
            ..Self::default()
        }
    }

    /// Adds what was observed. What is new touches its addresses; what only counts further does so where counts and times
    /// matter: at an address that several devices may have had, and at one that has not spoken yet.
    pub fn add(&mut self, batch: &Batch) {
        batch.facts.iter().for_each(|row| self.fact(row));
        batch.bindings.iter().for_each(|row| self.binding(row));
        batch.presences.iter().for_each(|row| self.presence(row));
        batch.mentions.iter().for_each(|row| self.mention(row));
        batch.conversations.iter().for_each(|row| self.conversation(row));
    }

    /// Adds what people decided and listed for the site.
    pub fn add_people(&mut self, site: &str, options: &Options) {
        for decision in options.decisions.iter().filter(|decision| decision.site == site) {
            let stations = decision.left.iter().chain(&decision.right);
            let nodes: Vec<_> = stations
                .filter_map(|anchor| address_of(anchor))
                .map(|address| self.address(address))
                .collect();
            for pair in nodes.windows(2) {
                if let [one, other] = *pair {
                    self.tie(one, other, Kind::Sure);
                }
            }
        }
        for one in options.declared.iter().filter(|one| one.site == site) {
            let node = self.value(&("declared", &one.anchor));
            self.declared.insert(node, one.anchor.clone());
            let macs = one.macs.iter().map(|mac| Address::Mac(*mac));
            let addresses: Vec<_> = macs.chain(one.ips.iter().map(|ip| Address::Ip(*ip))).collect();
            let mut named: Vec<_> = addresses.into_iter().map(|address| self.address(address)).collect();
            named.extend(one.values.get(attribute::SERIAL_NUMBER).and_then(|serial| self.serial(serial)));
            named.extend(one.asset_number.as_deref().map(|number| self.asset_number(number)));
            for other in named {
                self.tie(node, other, Kind::Sure);
            }
        }
    }

    /// What was touched since this was last called.
    pub fn take_touched(&mut self) -> Touched {
        std::mem::take(&mut self.touched)
    }

    /// Puts back what was taken and not looked at.
    pub fn put_back(&mut self, mut touched: Touched) {
        self.touched.nodes.append(&mut touched.nodes);
        self.touched.woken.append(&mut touched.woken);
    }

    /// Every address of the site.
    pub fn addresses(&self) -> impl Iterator<Item = Address> + '_ {
        self.nodes.iter().filter_map(|node| node.address)
    }

    fn presence(&mut self, row: &Presence) {
        let Some(node) = self.unicast(&row.station) else { return };
        let is_new = self.is_new(&("presence", &row.station)) | self.is_complex(node);
        if row.station.path.is_root() {
            self.activate(node);
        }
        self.touch(is_new, [node]);
    }

    fn binding(&mut self, row: &Binding) {
        let Some(ip) = self.unicast(&row.station) else { return };
        let is_new = self.is_wider(row);
        self.activate(ip);
        let is_complex = self.is_complex(ip);
        self.touch(is_new | is_complex, [ip]);
        if !Address::Mac(row.mac).is_unicast() {
            return;
        }
        let mac = self.address(row.mac.into());
        self.activate(mac);
        let link_local = row.station.address.ip().is_some_and(is_link_local);
        self.tie(ip, mac, if link_local { Kind::Sure } else { Kind::Bound });
        self.touch(is_new, [mac]);
    }

    /// True if the pair is new, or its hop limits are others than those it had.
    fn is_wider(&mut self, row: &Binding) -> bool {
        let pair = self.hasher.hash_one(("binding", &row.station, row.mac));
        let (low, high) = row.hop_limit;
        let known = self.hops.get(&pair).copied();
        let wider = known.map_or((low, high), |known| (known.0.min(low), known.1.max(high)));
        if known != Some(wider) {
            self.hops.insert(pair, wider);
        }
        known != Some(wider)
    }

    fn fact(&mut self, row: &Fact) {
        let Some(node) = self.unicast(&row.station) else { return };
        let (name, is_stated) = (row.attribute.as_ref(), row.basis == Basis::Stated);
        let is_new =
            self.is_new(&("fact", &row.station, name, &row.value, row.basis.as_str(), &row.protocol));
        let is_root = row.station.path.is_root();
        if is_stated && is_root {
            self.activate(node);
        }
        if let Some((other, kind)) = self.named(row) {
            self.tie(node, other, kind);
            let is_complex = self.is_complex(other);
            self.touch(is_new | is_complex, [other]);
        }
        if name == attribute::SERIAL_NUMBER {
            let printed = self.hasher.hash_one(&row.value);
            if let Some(known) = self.nodes.get_mut(node as usize) {
                known.is_of_several |= *known.serial.get_or_insert(printed) != printed;
            }
            if let Some(key) = self.serial(&row.value) {
                self.tie(node, key, Kind::Sure);
            }
        }
        if ASSET_NUMBERS.contains(&name) {
            let key = self.asset_number(&row.value);
            self.tie(node, key, Kind::Sure);
        }
        if is_stated && is_root {
            self.keys(node, row);
        }
        let is_complex = self.is_complex(node);
        self.touch(is_new | is_complex, [node]);
    }

    /// The address that a fact names as one of the same device, or of the group that it is one of.
    fn named(&mut self, row: &Fact) -> Option<(u32, Kind)> {
        let (name, is_stated, own) =
            (row.attribute.as_ref(), row.basis == Basis::Stated, row.station.address);
        if GROUP_ADDRESSES.contains(&name) {
            let ip: IpAddr = row.value.parse().ok()?;
            let node = self.address(Address::Ip(ip));
            if let Some(known) = self.nodes.get_mut(node as usize).filter(|known| !known.is_of_group) {
                known.is_of_group = true;
                self.touched.woken.insert(node);
            }
            return Some((node, Kind::Sure));
        }
        let is_card = name == attribute::MAC_ADDRESS || OWN_CARDS.contains(&name);
        if is_card && is_stated {
            let mac: Mac = row.value.parse().ok().filter(|mac| Address::Mac(*mac).is_unicast())?;
            let is_owned = own.ip().is_some_and(|ip| !is_link_local(ip)) && name == attribute::MAC_ADDRESS;
            return Some((self.address(mac.into()), if is_owned { Kind::Owned } else { Kind::Sure }));
        }
        if name != attribute::IP_ADDRESS {
            return None;
        }
        let ip: IpAddr = row.value.parse().ok().filter(|ip| Address::Ip(*ip).is_unicast())?;
        let protocol = row.protocol.as_ref();
        let kind = match own {
            Address::Mac(_) if is_stated && !DEVICE_WIDE.contains(&protocol) && !is_link_local(ip) => {
                Kind::Owned
            }
            Address::Mac(_) => Kind::Sure,
            Address::Ip(_) => {
                let is_of_host = is_stated && OWN_ADDRESSES.contains(&protocol);
                let is_hidden = || OF_OWN_NETWORKS.iter().any(|prefix| ip.to_string().starts_with(prefix));
                (is_of_host && !is_hidden()).then_some(Kind::Sure)?
            }
        };
        Some((self.address(Address::Ip(ip)), kind))
    }

    /// Keys by which several cards may be one host, or a port the neighbour of its station.
    fn keys(&mut self, node: u32, row: &Fact) {
        let name = row.attribute.as_ref();
        let is_strong = STRONG_KEYS.contains(&name);
        if is_strong || WEAK_KEYS.contains(&name) || BEARING_OUT.contains(&name) {
            let key = self.key(name, &row.value);
            if let Some(key) = key {
                self.tie(node, key, if is_strong { Kind::Sure } else { Kind::Weak });
            }
        }
        if let Address::Mac(Mac([a, b, c, d, e, _])) = row.station.address
            && (DEVICE_NAMES.contains(&name) || name == attribute::STATION_NAME)
        {
            let near = self.value(&("near", [a, b, c, d, e], row.value.to_lowercase()));
            self.tie(node, near, Kind::Sure);
        }
    }

    fn mention(&mut self, row: &Mention) {
        let Some(node) = self.unicast(&row.station) else { return };
        let is_new = self.is_new(&("mention", &row.station, &row.by, &row.reason));
        let is_complex = self.is_complex(node);
        self.touch(is_new | is_complex, [node]);
        if REQUESTS.contains(&row.reason.as_ref())
            && let Some(by) = self.unicast(&row.by)
        {
            self.turned(by, node);
            self.touch(is_new, [by]);
        }
    }

    fn conversation(&mut self, row: &Conversation) {
        let key = &row.key;
        let ends = [self.unicast(&key.client), self.unicast(&key.server)];
        let sent = row.frames.map(|frames| frames > 0);
        let frames = row.frames.iter().copied().fold(0, u64::saturating_add);
        let is_new =
            self.is_new(&("talk", key, sent, row.operations.is_empty(), frames >= POLLED_FRAMES_MIN));
        if let [Some(client), Some(server)] = ends {
            for (by, to, sent) in [(client, server, sent[0]), (server, client, sent[1])] {
                if sent {
                    self.turned(by, to);
                }
            }
        }
        for (end, sent) in ends.into_iter().zip(sent) {
            let Some(node) = end else { continue };
            // Frames add up: those of one that never spoke may have become many.
            let is_open = self.is_complex(node) || self.is_unheard(node);
            self.touch(is_new | is_open, [node]);
            let returned = RETURNED.iter().find(|(protocol, _)| *protocol == key.protocol).filter(|_| sent);
            if let (Some((protocol, bit)), Some(Address::Mac(Mac([first, rest @ ..])))) =
                (returned, self.node(node).and_then(|known| known.address))
            {
                let value = self.value(&("returned", protocol, first & !bit, rest));
                self.tie(node, value, Kind::Sure);
            }
        }
    }

    fn turned(&mut self, by: u32, to: u32) {
        let is_new = self.is_new(&("turned", by, to));
        if by != to && is_new {
            self.push(by, (to, Kind::TurnedTo));
            self.push(to, (by, Kind::TurnedBy));
        }
    }

    fn tie(&mut self, one: u32, other: u32, kind: Kind) {
        let (low, high) = (one.min(other), one.max(other));
        let is_new = self.is_new(&("tie", low, high, kind));
        if low != high && is_new {
            self.push(one, (other, kind));
            self.push(other, (one, kind));
        }
    }

    fn push(&mut self, node: u32, tie: (u32, Kind)) {
        let is_mac = |of: &Node| of.address.is_some_and(|address| address.mac().is_some());
        let is_card = matches!(tie.1, Kind::Owned | Kind::Sure) && self.node(tie.0).is_some_and(is_mac);
        if let Some(known) = self.nodes.get_mut(node as usize) {
            known.cards = known.cards.saturating_add(u8::from(is_card));
            known.ties.push(tie);
        }
    }

    /// True the first time.
    fn is_new(&mut self, statement: &impl Hash) -> bool {
        self.seen.insert(self.hasher.hash_one(statement))
    }

    fn touch(&mut self, is_news: bool, nodes: impl IntoIterator<Item = u32>) {
        if is_news {
            self.touched.nodes.extend(nodes);
        }
    }

    /// It is there: whoever turned to it has one silent address less.
    fn activate(&mut self, node: u32) {
        if let Some(known) = self.nodes.get_mut(node as usize)
            && !known.is_active
        {
            known.is_active = true;
            self.touched.nodes.insert(node);
            self.touched.woken.insert(node);
        }
    }

    fn serial(&mut self, raw: &str) -> Option<u32> {
        let serial = squash(raw);
        let is_key = !is_placeholder(&serial) && simulator_of(&serial).is_none();
        is_key.then(|| self.value(&("serial", serial)))
    }

    fn asset_number(&mut self, raw: &str) -> u32 {
        self.value(&("number", squash(raw)))
    }

    /// The node of a key, unless it is a placeholder.
    fn key(&mut self, name: &str, value: &str) -> Option<u32> {
        let token = self.token(name, value)?;
        Some(self.at(token))
    }

    fn token(&self, name: &str, value: &str) -> Option<Token> {
        let value = value.trim().to_lowercase();
        let is_key = !is_placeholder(&squash(&value));
        is_key.then(|| Token::Value(self.hasher.hash_one(("key", name, value))))
    }

    fn value(&mut self, value: &impl Hash) -> u32 {
        self.at(Token::Value(self.hasher.hash_one(value)))
    }

    fn address(&mut self, address: Address) -> u32 {
        self.at(Token::Address(address))
    }

    /// The node of a station's address, unless that can be no device's.
    fn unicast(&mut self, station: &Station) -> Option<u32> {
        station.address.is_unicast().then(|| self.address(station.address))
    }

    fn at(&mut self, token: Token) -> u32 {
        if let Some(node) = self.index.get(&token) {
            return *node;
        }
        // More nodes than this fit into no memory.
        let node = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let address = match token {
            Token::Address(address) => Some(address),
            Token::Value(_) => None,
        };
        self.nodes.push(Node { address, ..Node::default() });
        self.index.insert(token, node);
        node
    }

    fn node(&self, node: u32) -> Option<&Node> {
        self.nodes.get(node as usize)
    }

    fn find(&self, token: Token) -> Option<u32> {
        self.index.get(&token).copied()
    }

    /// True for an IP address that several devices may have, at once or one after another: there, times matter.
    fn is_complex(&self, node: u32) -> bool {
        self.node(node).is_some_and(|known| known.is_ip() && (known.is_of_several || known.cards > 1))
    }

    /// True for an IP address of which nothing was heard.
    fn is_unheard(&self, node: u32) -> bool {
        self.node(node).is_some_and(|known| known.is_ip() && !known.is_active)
    }
}

impl Node {
    fn is_ip(&self) -> bool {
        self.address.is_some_and(|address| address.ip().is_some())
    }
}

/// The address of a station as anchors write it.
fn address_of(anchor: &str) -> Option<Address> {
    anchor.split(' ').next()?.parse().ok()
}
