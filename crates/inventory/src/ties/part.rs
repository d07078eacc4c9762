//! What is tied to what was touched, and what of the observations it takes to resolve that alone.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashSet, HashSetExt};
use observation::{
    Address, Basis, Batch, Binding, Conversation, ConversationKey, Evidence, Fact, Presence, Sighting,
    Station, Time, Transport, attribute,
};

use super::{Kind, Ties, Token, Touched, WIDE, address_of};
use crate::model::Captured;
use crate::options::Options;
use crate::rules::identity::{BEARING_OUT, WEAK_KEYS};
use crate::silent::is_inside;

/// A part of a site that resolves alone as it does in the whole.
///
/// To resolve it takes every presence, binding, fact and mention *of* its addresses, of the conversations with one of them
/// those that [`wants`](Self::wants) asks for, and what [`Ties::complete`] adds.
#[derive(Debug, Default)]
pub struct Part {
    nodes: HashSet<u32>,
    addresses: BTreeSet<Address>,
    declared: BTreeSet<String>,
    /// Conversations with others that were taken, one of a kind.
    taken: HashSet<(Station, bool, String, Talking)>,
}

/// What of a conversation matters when it is not one within the part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Talking {
    /// Frames from the client and from the server were seen.
    pub sent: [bool; 2],
    /// Messages were understood.
    pub has_operations: bool,
}

impl Part {
    /// Its addresses.
    #[must_use]
    pub fn addresses(&self) -> &BTreeSet<Address> {
        &self.addresses
    }

    /// Anchors of the assets that people listed and that may be of the part.
    #[must_use]
    pub fn declared(&self) -> &BTreeSet<String> {
        &self.declared
    }

    /// True if an asset with this anchor is of the part.
    #[must_use]
    pub fn has_anchor(&self, anchor: &str) -> bool {
        self.has_declared(anchor)
            || address_of(anchor).is_some_and(|address| self.addresses.contains(&address))
    }

    /// True if people listed this one, and it may be one of the part or is to be looked for there.
    pub(crate) fn has_declared(&self, anchor: &str) -> bool {
        self.declared.contains(anchor)
    }

    /// True if a conversation is needed: both ends are of the part, or it is the first of its kind with one that is not.
    /// A server with thousands of clients is told from others by one of them.
    pub fn wants(&mut self, client: &Station, server: &Station, protocol: &str, talking: Talking) -> bool {
        let is_own = [client, server].map(|end| self.addresses.contains(&end.address));
        match is_own {
            [true, true] => true,
            [false, false] => false,
            [is_client, _] => {
                let own = if is_client { client } else { server };
                self.taken.insert((own.clone(), is_client, protocol.to_owned(), talking))
            }
        }
    }
}

impl Ties {
    /// The parts that were touched, as one.
    #[must_use]
    pub fn part(&self, touched: &Touched, options: &Options) -> Part {
        let mut part = Part::default();
        self.close(&mut part, touched.nodes.iter().copied().collect(), touched, options);
        part
    }

    /// Adds addresses to a part with all that is tied to them. True if there were any of the site that it did not have.
    pub fn widen(
        &self,
        part: &mut Part,
        addresses: impl IntoIterator<Item = Address>,
        touched: &Touched,
        options: &Options,
    ) -> bool {
        let nodes = addresses.into_iter().filter_map(|address| self.find(Token::Address(address)));
        let new: Vec<u32> = nodes.filter(|node| !part.nodes.contains(node)).collect();
        let is_wider = !new.is_empty();
        self.close(part, new, touched, options);
        is_wider
    }

    /// Adds nodes and what is tied to them.
    fn close(&self, part: &mut Part, mut open: Vec<u32>, touched: &Touched, options: &Options) {
        while let Some(node) = open.pop() {
            if !part.nodes.insert(node) {
                continue;
            }
            let Some(known) = self.node(node) else { continue };
            part.addresses.extend(known.address);
            part.declared.extend(self.declared.get(&node).cloned());
            let others = known.ties.iter().filter(|(other, _)| !part.nodes.contains(other));
            // Looked at once for each kind of tie: whether this node is a hub.
            let mut is_hub: BTreeMap<Kind, bool> = BTreeMap::new();
            for (other, kind) in others {
                let follows = match kind {
                    Kind::Sure => true,
                    Kind::Bound | Kind::Owned => {
                        let is_mac = known.address.is_some_and(|address| address.mac().is_some());
                        if is_mac {
                            let is_wide =
                                is_hub.entry(*kind).or_insert_with(|| self.is_wide(node, *kind, touched));
                            !*is_wide || self.is_exempt(*other)
                        } else {
                            known.is_of_group || !self.is_wide(*other, *kind, touched)
                        }
                    }
                    Kind::Weak if known.address.is_some() => true,
                    Kind::Weak => !*is_hub.entry(*kind).or_insert_with(|| self.is_wide(node, *kind, touched)),
                    Kind::TurnedBy => self.may_be_silent(node, options, touched),
                    Kind::TurnedTo if self.is_complex(*other) || self.is_complex(node) => {
                        self.may_be_silent(*other, options, touched)
                    }
                    Kind::TurnedTo => {
                        self.may_be_silent(*other, options, touched)
                            && !*is_hub.entry(*kind).or_insert_with(|| self.sweeps(node, options, touched))
                    }
                };
                if follows {
                    open.push(*other);
                }
            }
        }
    }

    /// What was touched in parts, each closed in itself, of `size` addresses or, where more are tied, as many as these are.
    pub fn parts_touched<'t>(
        &'t self,
        touched: &'t Touched,
        options: &'t Options,
        size: usize,
    ) -> impl Iterator<Item = Part> + 't {
        self.in_parts(touched.nodes.iter().copied(), touched, options, size)
    }

    /// The whole site in such parts.
    pub fn parts<'t>(&'t self, options: &'t Options, size: usize) -> impl Iterator<Item = Part> + 't {
        let nodes = (0_u32..)
            .zip(&self.nodes)
            .filter(|(node, known)| known.address.is_some() || self.declared.contains_key(node));
        self.in_parts(nodes.map(|(node, _)| node), Touched::default(), options, size)
    }

    fn in_parts<'t>(
        &'t self,
        mut seeds: impl Iterator<Item = u32> + 't,
        touched: impl Borrow<Touched> + 't,
        options: &'t Options,
        size: usize,
    ) -> impl Iterator<Item = Part> + 't {
        let mut done: HashSet<u32> = HashSet::new();
        std::iter::from_fn(move || {
            let mut part = Part::default();
            while part.addresses.len() < size.max(1)
                && let Some(seed) = seeds.next()
            {
                if !done.contains(&seed) {
                    self.close(&mut part, vec![seed], touched.borrow(), options);
                }
            }
            done.extend(&part.nodes);
            (!part.nodes.is_empty()).then_some(part)
        })
    }

    /// True for a hub: whatever was or is touched of it, more of it was there before and is there now than a rule minds.
    fn is_wide(&self, hub: u32, kind: Kind, touched: &Touched) -> bool {
        let Some(known) = self.node(hub) else { return false };
        // Each address behind it asks, and there may be as many as were touched: that would be their square.
        *touched.hubs.borrow_mut().entry((hub, kind)).or_insert_with(|| {
            let others = known.ties.iter().filter(|(other, of)| {
                *of == kind && !self.is_exempt(*other) && !touched.nodes.contains(other)
            });
            others.take(WIDE.saturating_add(1)).count() > WIDE
        })
    }

    /// Addresses of groups count for nobody.
    fn is_exempt(&self, node: u32) -> bool {
        self.node(node).is_some_and(|known| known.is_of_group)
    }

    /// True for an address of the plant that may not have spoken: others may have been told of it, or may try it out.
    fn may_be_silent(&self, node: u32, options: &Options, touched: &Touched) -> bool {
        let is_open = self.is_unheard(node) || self.is_complex(node) || touched.woken.contains(&node);
        is_open && self.is_of_plant(node, options)
    }

    fn is_of_plant(&self, node: u32, options: &Options) -> bool {
        let address = self.node(node).and_then(|known| known.address);
        address.and_then(Address::ip).is_some_and(|ip| is_inside(ip, options))
    }

    /// True if it turned to more silent addresses than anybody means.
    fn sweeps(&self, by: u32, options: &Options, touched: &Touched) -> bool {
        let silent = self.silent_ones(by, options).filter(|to| !touched.nodes.contains(to));
        silent.take(WIDE.saturating_add(1)).count() > WIDE
    }

    /// Addresses that it turned to and that surely are silent.
    fn silent_ones<'t>(&'t self, by: u32, options: &'t Options) -> impl Iterator<Item = u32> + 't {
        let ties = self.node(by).into_iter().flat_map(|known| &known.ties);
        ties.filter(|(_, kind)| *kind == Kind::TurnedTo).map(|(to, _)| *to).filter(|to| {
            self.is_unheard(*to)
                && !self.is_exempt(*to)
                && !self.is_complex(*to)
                && self.is_of_plant(*to, options)
        })
    }

    /// Adds to what was observed of a part what stands in for the rest: hubs keep enough ties to be taken for such, and who
    /// is there but not of the part is not silent.
    pub fn complete(&self, part: &Part, options: &Options, captures: &mut Vec<Captured>) {
        let Some(first) = captures.first() else { return };
        let mut stand_ins = Batch::default();
        let sighting = Sighting::once(first.summary.first.unwrap_or(Time(0)));
        for capture in captures.iter() {
            self.add_peers(part, &capture.observed, &mut stand_ins);
            self.add_keys(part, &capture.observed, &mut stand_ins);
        }
        let mut cards: BTreeSet<u32> = BTreeSet::new();
        for (node, known) in part.nodes.iter().filter_map(|node| Some((*node, self.node(*node)?))) {
            let Some(address) = known.address else { continue };
            if address.mac().is_some() {
                cards.insert(node);
            } else {
                let beside = known.ties.iter().filter(|(other, kind)| {
                    matches!(kind, Kind::Bound | Kind::Owned) && !part.nodes.contains(other)
                });
                for (mac, kind) in beside {
                    cards.insert(*mac);
                    let of = self.node(*mac).and_then(|known| known.address);
                    if let (Some(of), Kind::Owned) = (of, kind) {
                        stand_ins.facts.push(stated(
                            of,
                            attribute::IP_ADDRESS,
                            address.to_string(),
                            sighting,
                        ));
                    }
                }
            }
            let silent = self.silent_ones(node, options).filter(|to| !part.nodes.contains(to));
            if !self.is_complex(node) {
                let silent = silent.take(WIDE.saturating_add(1));
                let to = silent.filter_map(|to| self.node(to)?.address);
                stand_ins.conversations.extend(to.map(|to| tried(address, to, sighting)));
            }
        }
        for mac in cards {
            self.add_card(mac, part, sighting, &mut stand_ins);
        }
        let summary = first.summary.clone();
        captures.push(Captured { summary, observed: stand_ins });
    }

    /// The other ends of conversations, as far as they spoke.
    fn add_peers(&self, part: &Part, observed: &Batch, stand_ins: &mut Batch) {
        for row in &observed.conversations {
            for end in [&row.key.client, &row.key.server] {
                let node = self.find(Token::Address(end.address));
                let is_there =
                    node.filter(|node| !part.nodes.contains(node)).and_then(|node| self.node(node));
                if is_there.is_some_and(|known| known.is_active) {
                    let station = Station::root(end.address, end.vlan);
                    stand_ins.presences.push(Presence { station, sighting: row.sighting, octets: 0 });
                }
            }
        }
    }

    /// Others with a weaker key that too many have.
    fn add_keys(&self, part: &Part, observed: &Batch, stand_ins: &mut Batch) {
        let mut done: HashSet<u32> = HashSet::new();
        for fact in observed.facts.iter().filter(|fact| fact.basis == Basis::Stated) {
            let name = fact.attribute.as_ref();
            if !WEAK_KEYS.contains(&name) && !BEARING_OUT.contains(&name) {
                continue;
            }
            let key = self.token(name, &fact.value).and_then(|token| self.find(token));
            let Some(key) = key.filter(|key| done.insert(*key)) else { continue };
            let ties = self.node(key).into_iter().flat_map(|known| &known.ties);
            let others = ties.filter(|(other, _)| !part.nodes.contains(other));
            let others = others.filter_map(|(other, _)| self.node(*other)?.address);
            for other in others.take(WIDE.saturating_add(1)) {
                let value = fact.value.clone();
                let of = Station::root(other, None);
                stand_ins.facts.push(Fact { station: of, value, ..fact.clone() });
            }
        }
    }

    /// Addresses of a MAC that are not of the part, as far as the rules need to see what it is.
    fn add_card(&self, node: u32, part: &Part, sighting: Sighting, stand_ins: &mut Batch) {
        let Some(known) = self.node(node) else { return };
        let Some(mac) = known.address.and_then(Address::mac) else { return };
        let is_own = part.nodes.contains(&node);
        for kind in [Kind::Bound, Kind::Owned] {
            let others = known
                .ties
                .iter()
                .filter(|(other, of)| *of == kind && !part.nodes.contains(other) && !self.is_exempt(*other));
            let others = others.filter_map(|(other, _)| self.node(*other));
            // What a MAC of the part states is there; what an address states of it is not, and only of one that spoke.
            let others = others.filter(|other| kind == Kind::Bound || !is_own || other.is_active);
            for ip in others.filter_map(|other| other.address).take(WIDE.saturating_add(1)) {
                if kind == Kind::Bound {
                    let station = Station::root(ip, None);
                    stand_ins.bindings.push(Binding { mac, station, sighting, hop_limit: (0, 0) });
                } else if is_own {
                    stand_ins.facts.push(stated(ip, attribute::MAC_ADDRESS, mac.to_string(), sighting));
                } else {
                    stand_ins.facts.push(stated(mac.into(), attribute::IP_ADDRESS, ip.to_string(), sighting));
                }
            }
        }
    }
}

fn stated(address: Address, attribute: &'static str, value: String, sighting: Sighting) -> Fact {
    Fact {
        station: Station::root(address, None),
        attribute: attribute.into(),
        value,
        basis: Basis::Stated,
        protocol: "".into(),
        rule: "".into(),
        evidence: Evidence::default(),
        sighting,
    }
}

/// Frames to one who never answered.
fn tried(by: Address, to: Address, sighting: Sighting) -> Conversation {
    let key = ConversationKey {
        client: Station::root(by, None),
        server: Station::root(to, None),
        protocol: Transport::Tcp.as_str().into(),
        transport: Transport::Tcp,
        port: 0,
        vlan: None,
    };
    Conversation { key, sighting, frames: [1, 0], octets: [0, 0], oriented: true, operations: Vec::new() }
}
