//! Devices with several network cards: joined by what only one device can state, never against what they say.

use std::collections::{BTreeMap, BTreeSet};

use observation::{Address, Basis, Mac, attribute};

use crate::gather::{Gathered, Known};
use crate::identity::{is_placeholder, squash};
use crate::joins::Reasons;
use crate::links::{Lane, Links};
use crate::model::Join;
use crate::ports::Told;
use crate::rules::addresses::{OF_OWN_NETWORKS, OWN_ADDRESSES, OWN_CARDS};
use crate::rules::identity::{BEARING_OUT, DEVICE_NAMES, NEIGHBOURS_MAX, SHARED_MAX, STRONG_KEYS, WEAK_KEYS};
use crate::sets::Sets;

/// Joins the cards of one host: by keys that only it has, by further addresses and cards that it states, by names of its
/// ports.
pub(crate) fn join_hosts(gathered: &Gathered<'_>, links: &Links<'_>, sets: &mut Sets) -> Reasons {
    let mut joiner = Joiner { gathered, told: None, sets, reasons: Reasons::new() };
    joiner.by_keys();
    joiner.by_addresses(links);
    joiner.by_cards();
    joiner.by_port_names();
    joiner.reasons
}

struct Joiner<'j, 'a> {
    gathered: &'j Gathered<'a>,
    /// Read when the first candidates are there: it takes a while.
    told: Option<Told<'j, 'a>>,
    sets: &'j mut Sets,
    reasons: Reasons,
}

impl Joiner<'_, '_> {
    /// A strong key joins; a weaker one, which images and factory settings share, only borne out by what they do not hold.
    fn by_keys(&mut self) {
        let mut strong: BTreeMap<(&str, String), BTreeSet<usize>> = BTreeMap::new();
        let mut weak: BTreeMap<(&str, String), BTreeSet<usize>> = BTreeMap::new();
        for (index, known) in roots(self.gathered) {
            for fact in known.facts.iter().map(|said| said.fact).filter(|fact| fact.basis == Basis::Stated) {
                let name = fact.attribute.as_ref();
                let keys = if STRONG_KEYS.contains(&name) {
                    &mut strong
                } else if WEAK_KEYS.contains(&name) || BEARING_OUT.contains(&name) {
                    &mut weak
                } else {
                    continue;
                };
                let value = fact.value.trim().to_lowercase();
                if !is_placeholder(&squash(&value)) {
                    keys.entry((name, value)).or_default().insert(index);
                }
            }
        }
        for ((name, value), stations) in strong {
            self.join_all(&stations, &format!("all state {name} {value}"), &format!("state {name} {value}"));
        }
        // What pairs of stations share, by pair.
        let mut shared: BTreeMap<(usize, usize), BTreeSet<&str>> = BTreeMap::new();
        for ((name, _), stations) in weak.iter().filter(|(_, stations)| stations.len() <= SHARED_MAX) {
            for (at, left) in stations.iter().enumerate() {
                for right in stations.iter().skip(at.saturating_add(1)) {
                    shared.entry((*left, *right)).or_default().insert(name);
                }
            }
        }
        for ((left, right), names) in shared {
            if self.sets.find(left) == self.sets.find(right)
                || names.iter().all(|name| *name == attribute::HOSTNAME)
            {
                continue;
            }
            let is_borne_out = names.len() > 1 && names.iter().any(|name| BEARING_OUT.contains(name));
            let names: Vec<_> = names.into_iter().collect();
            let pair = BTreeSet::from([left, right]);
            let said = names.join(" and ");
            if is_borne_out {
                self.join_all(
                    &pair,
                    &format!("both state the same {said}"),
                    &format!("state the same {said}"),
                );
            } else {
                let why = format!("both state the same {said}, which images and defaults share");
                self.note(left, right, false, why);
            }
        }
    }

    /// A host that states further addresses as its own.
    fn by_addresses(&mut self, links: &Links<'_>) {
        // Stated address, and who states it.
        let mut stated: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (index, known) in roots(self.gathered).filter(|(_, known)| known.address.ip().is_some()) {
            for fact in known.facts.iter().map(|said| said.fact) {
                let is_own = fact.basis == Basis::Stated
                    && fact.attribute == attribute::IP_ADDRESS
                    && OWN_ADDRESSES.contains(&fact.protocol.as_ref());
                let Some(ip) =
                    fact.value.parse().ok().map(Address::Ip).filter(|ip| is_own && ip.is_unicast())
                else {
                    continue;
                };
                let other = self.gathered.root(ip, links.lane(ip, fact.station.vlan));
                let is_heard = |other: &usize| {
                    let known = self.gathered.station(*other).filter(|_| *other != index);
                    known.is_some_and(|known| {
                        let states_it =
                            || known.address.ip().is_some_and(|ip| !links.claims(ip, known.lane).is_empty());
                        known.is_active() || states_it()
                    })
                };
                if let Some(other) = other.filter(is_heard) {
                    stated.entry(other).or_default().insert(index);
                }
            }
        }
        for (address, by) in stated {
            let Some(ip) = self.gathered.station(address).and_then(|known| known.address.ip()) else {
                continue;
            };
            let hosts: BTreeSet<_> = by.iter().map(|station| self.sets.find(*station)).collect();
            let others = hosts.iter().filter(|host| **host != self.sets.find(address)).count();
            let doubt = if OF_OWN_NETWORKS.iter().any(|prefix| ip.to_string().starts_with(prefix)) {
                Some("every host with such software states this address")
            } else if others > 1 {
                Some("several devices state this address as theirs")
            } else if by.iter().any(|host| self.names_differ(*host, address)) {
                Some("the host and the address state different names")
            } else {
                None
            };
            for host in by {
                match doubt {
                    Some(doubt) => self.note(host, address, false, doubt.to_owned()),
                    None => {
                        let pair = BTreeSet::from([host, address]);
                        self.join_all(
                            &pair,
                            "the host states it as one of its own",
                            "are stated as one host",
                        );
                    }
                }
            }
        }
    }

    /// A host that states the MACs of its interfaces, as far as they were heard. What several state is a default, or that
    /// of a bridge which software makes on each of them.
    fn by_cards(&mut self) {
        let mut stated: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (index, known) in roots(self.gathered) {
            for fact in known.facts.iter().map(|said| said.fact) {
                let is_card = fact.basis == Basis::Stated && OWN_CARDS.contains(&fact.attribute.as_ref());
                let mac: Option<Mac> = fact.value.parse().ok().filter(|_| is_card);
                let card = mac.filter(|mac| Address::Mac(*mac).is_unicast() && !mac.is_virtual_router());
                let card = card.and_then(|mac| self.gathered.root(mac.into(), Lane::default()));
                if let Some(card) = card.filter(|card| *card != index) {
                    stated.entry(card).or_default().insert(index);
                }
            }
        }
        for (card, by) in stated {
            let hosts: BTreeSet<_> = by.iter().map(|station| self.sets.find(*station)).collect();
            for host in by {
                if hosts.len() > 1 {
                    self.note(host, card, false, "several devices state this card as theirs".to_owned());
                } else {
                    let why = "the host states it as one of its cards";
                    self.join_all(&BTreeSet::from([host, card]), why, "are stated as one host");
                }
            }
        }
    }

    /// Ports next to the MAC of a station that is called as they call their chassis.
    fn by_port_names(&mut self) {
        let mut named: BTreeMap<String, (BTreeSet<usize>, BTreeSet<usize>)> = BTreeMap::new();
        for (index, known) in roots(self.gathered).filter(|(_, known)| known.address.mac().is_some()) {
            for fact in known.facts.iter().map(|said| said.fact).filter(|fact| fact.basis == Basis::Stated) {
                let name = || fact.value.to_lowercase();
                if DEVICE_NAMES.contains(&fact.attribute.as_ref()) {
                    named.entry(name()).or_default().0.insert(index);
                } else if fact.attribute == attribute::STATION_NAME {
                    named.entry(name()).or_default().1.insert(index);
                }
            }
        }
        for (name, (ports, stations)) in named {
            for port in &ports {
                let mac = |index: usize| self.gathered.station(index).and_then(|known| known.address.mac());
                let near = |station: &usize| match (mac(*port), mac(*station)) {
                    (Some(port), Some(station)) => are_neighbours(port, station),
                    _ => false,
                };
                let mut near = stations.iter().copied().filter(|station| station != port).filter(near);
                // Two stations of one name next to each other: it is nobody's.
                let (Some(station), None) = (near.next(), near.next()) else { continue };
                let why = format!("the port next to it names its chassis as the station is called, {name}");
                self.join_all(&BTreeSet::from([*port, station]), &why, "are next to each other");
            }
        }
    }

    /// Joins stations with the first of them, unless they contradict each other or are too many to be one.
    fn join_all(&mut self, stations: &BTreeSet<usize>, why: &str, what: &str) {
        let devices: BTreeSet<_> = stations.iter().map(|station| self.sets.find(*station)).collect();
        let (Some(first), true) = (stations.first().copied(), devices.len() > 1) else { return };
        let mut told = self.told.take().unwrap_or_else(|| Told::new(self.gathered, self.sets));
        let veto = told.contradiction(self.sets, stations.iter().copied());
        let doubt = match veto {
            Some(attribute) => Some(format!("devices that {what} differ in {attribute}")),
            None if devices.len() > SHARED_MAX => Some(format!("so many devices {what} ({})", devices.len())),
            None => None,
        };
        for other in stations.iter().copied().filter(|other| *other != first) {
            self.note(first, other, doubt.is_none(), doubt.clone().unwrap_or_else(|| why.to_owned()));
            if doubt.is_none() {
                told.join(self.sets, first, other);
            }
        }
        self.told = Some(told);
    }

    fn note(&mut self, left: usize, right: usize, joined: bool, reason: String) {
        if let (Some(one), Some(other)) = (self.gathered.station(left), self.gathered.station(right)) {
            self.reasons.push((right, Join { left: one.key(), right: other.key(), joined, reason }));
        }
    }

    /// True if both state host names in one protocol, and no common one.
    fn names_differ(&self, left: usize, right: usize) -> bool {
        let names = |station: usize| {
            let mut names: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
            let facts = self.gathered.station(station).into_iter().flat_map(|known| &known.facts);
            for fact in facts.map(|said| said.fact).filter(|fact| fact.attribute == attribute::HOSTNAME) {
                names.entry(&fact.protocol).or_default().insert(squash(&fact.value));
            }
            names
        };
        let (own, others) = (names(left), names(right));
        own.iter().any(|(protocol, own)| others.get(protocol).is_some_and(|others| own.is_disjoint(others)))
    }
}

fn roots<'g, 'a>(gathered: &'g Gathered<'a>) -> impl Iterator<Item = (usize, &'g Known<'a>)> {
    let roots = gathered.stations.iter().enumerate();
    roots.filter(|(_, known)| known.is_root() && known.address.is_unicast() && !known.facts.is_empty())
}

/// True for MACs that a maker gave to one device: they differ in the last octet by few.
fn are_neighbours(left: Mac, right: Mac) -> bool {
    let (Mac([.., left_last]), Mac([.., right_last])) = (left, right);
    left.0.starts_with(right.0.get(..5).unwrap_or_default())
        && left_last.abs_diff(right_last) <= NEIGHBOURS_MAX
}
