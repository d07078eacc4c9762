//! What lies below an address: devices of their own, or the address itself.

use std::collections::{BTreeMap, BTreeSet};

use observation::Basis;

use crate::gather::{Gathered, Known};
use crate::identity::{Identity, first_contradiction};
use crate::model::Join;
use crate::rules::nesting::{GATEWAY_ATTRIBUTES, NAMED, Nesting, SILENT, nesting};
use crate::sets::Sets;

/// What became of the stations below addresses.
#[derive(Debug, Default)]
pub(crate) struct Nested {
    /// Stations that are devices of their own.
    pub(crate) children: BTreeSet<usize>,
    /// Stations below an address that are the device at that address, where they say where it sits.
    pub(crate) folded: BTreeSet<usize>,
    /// Addresses that are gateways, with the reasons.
    pub(crate) gateways: BTreeMap<usize, Vec<String>>,
    /// Why, by station.
    pub(crate) joins: Vec<(usize, Join)>,
}

/// Decides for every station below an address. Those that are the address itself join its set.
pub(crate) fn nest(gathered: &Gathered<'_>, sets: &mut Sets) -> Nested {
    let mut nested = Nested::default();
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut below: BTreeMap<usize, BTreeMap<&str, Vec<usize>>> = BTreeMap::new();
    for (index, known) in gathered.stations.iter().enumerate() {
        match known.path.0.first() {
            None => members.entry(sets.find(index)).or_default().push(index),
            // Nobody sits at a group address.
            Some(_) if !known.address.is_unicast() => {}
            Some(step) => {
                if let Some(root) = gathered.root(known.address, known.lane) {
                    below.entry(root).or_default().entry(step.kind).or_default().push(index);
                }
            }
        }
    }
    for (root, kinds) in below {
        let roots = members.get(&sets.find(root)).map(Vec::as_slice).unwrap_or_default();
        let own = roots
            .iter()
            .filter_map(|index| gathered.station(*index))
            .flat_map(|known| known.facts.iter().copied());
        let address = Address { root, identity: Identity::of(own), gathered };
        for (kind, stations) in kinds {
            address.settle(nesting(kind), &stations, sets, &mut nested);
        }
    }
    nested
}

/// An address with what lies below it.
struct Address<'g, 'a> {
    root: usize,
    identity: Identity<'a>,
    gathered: &'g Gathered<'a>,
}

impl Address<'_, '_> {
    fn settle(&self, nesting: Nesting, stations: &[usize], sets: &mut Sets, nested: &mut Nested) {
        let known = |index: &usize| self.gathered.station(*index);
        let active: Vec<_> = stations
            .iter()
            .copied()
            .filter(|index| known(index).is_some_and(|known| known.is_active()))
            .collect();
        let identities: Vec<_> =
            active.iter().filter_map(|index| known(index).map(Known::identity)).collect();
        let differing = first_contradiction(&identities);
        let own_identity = || identities.iter().find_map(|identity| self.identity.contradiction(identity));
        let silent = self.mentioned(stations, SILENT);
        if nesting.needs_gateway {
            let reasons = self.gateway_reasons(nesting, differing.or_else(own_identity), &silent);
            if reasons.is_empty() {
                for index in active {
                    self.fold(
                        index,
                        nesting,
                        "nothing shows that the address is a gateway: its units are the server itself",
                        sets,
                        nested,
                    );
                }
                return;
            }
            nested.gateways.entry(self.root).or_default().extend(reasons);
            nested.children.extend(active);
            nested.children.extend(silent);
            return;
        }
        let is_one = active.len() == 1 || (nesting.alike_is_one && differing.is_none());
        let alone = nesting.alone_is_address && is_one;
        for (index, identity) in active.iter().copied().zip(identities) {
            let contradiction = self.identity.contradiction(identity);
            if self.identity.shares_serial(identity) && contradiction.is_none() {
                self.fold(index, nesting, "states the same serial number as the address", sets, nested);
            } else if nesting.alike_is_one && identity.is_blank() {
                self.fold(index, nesting, "says nothing that tells it from the address", sets, nested);
            } else if alone && contradiction.is_none() {
                self.fold(index, nesting, "alone below the address, and nothing contradicts", sets, nested);
            } else {
                if let Some(attribute) = contradiction {
                    self.note(index, false, &format!("{attribute} differs from that of the address"), nested);
                }
                nested.children.insert(index);
            }
        }
        for index in stations.iter().filter(|index| known(index).is_some_and(|known| !known.is_active())) {
            let described = known(index).is_some_and(|known| known.is_described());
            if described || self.mentioned(&[*index], NAMED).contains(index) {
                nested.children.insert(*index);
            } else if nesting.silent_is_address && stations.len() == 1 {
                self.fold(*index, nesting, "the only one asked for at the address", sets, nested);
            }
        }
    }

    fn gateway_reasons(&self, nesting: Nesting, differing: Option<&str>, silent: &[usize]) -> Vec<String> {
        let mut reasons = Vec::new();
        let said = self.gathered.station(self.root).into_iter().flat_map(|known| &known.facts);
        if let Some(said) = said
            .filter(|said| GATEWAY_ATTRIBUTES.contains(&said.fact.attribute.as_ref()))
            .min_by_key(|said| &said.fact.value)
        {
            reasons.push(format!("says that it is a gateway: {}", said.fact.value));
        }
        if let Some(attribute) = differing {
            reasons.push(format!("{}s behind it answer with another {attribute}", nesting.kind));
        }
        if !silent.is_empty() {
            let values: Vec<_> = silent
                .iter()
                .filter_map(|index| self.gathered.station(*index)?.path.0.last())
                .map(|step| step.value.as_str())
                .collect();
            reasons.push(format!("says that {} {} behind it is silent", nesting.kind, values.join(", ")));
        }
        reasons
    }

    /// Stations that others mention for one of these reasons.
    fn mentioned(&self, stations: &[usize], parts: &[&str]) -> Vec<usize> {
        let fits = |reason: &str| parts.iter().any(|part| reason.contains(part));
        let mentioned = |index: &usize| {
            self.gathered
                .station(*index)
                .is_some_and(|known| known.mentions.iter().any(|(_, mention)| fits(&mention.reason)))
        };
        stations.iter().copied().filter(|index| mentioned(index)).collect()
    }

    fn fold(&self, index: usize, nesting: Nesting, reason: &str, sets: &mut Sets, nested: &mut Nested) {
        sets.join(self.root, index);
        if nesting.tells_position {
            nested.folded.insert(index);
        }
        self.note(index, true, reason, nested);
    }

    fn note(&self, index: usize, joined: bool, reason: &str, nested: &mut Nested) {
        if let (Some(root), Some(known)) = (self.gathered.station(self.root), self.gathered.station(index)) {
            nested.joins.push((
                index,
                Join { left: root.key(), right: known.key(), joined, reason: reason.to_owned() },
            ));
        }
    }
}

/// True if what is known of a station is worth a row although it never spoke: others say what it is, or prove that it
/// is there.
pub(crate) fn is_referenced(gathered: &Gathered<'_>, index: usize) -> bool {
    gathered.station(index).is_some_and(|known| {
        known.asked.is_some()
            || known.facts.iter().any(|said| said.fact.basis == Basis::Reported) && known.is_described()
    })
}
