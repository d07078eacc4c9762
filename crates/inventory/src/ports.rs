//! Devices whose ports have MACs of their own: what a port says, it says of the device.
//!
//! Switches and controllers with several ports send discovery and spanning tree frames from the MAC of the port and all
//! else from that of the chassis. The port states the MAC of the chassis, or the address by which the device is managed.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use observation::{Address, Basis, Mac, attribute};

use crate::gather::{Gathered, Known, device_mac};
use crate::identity::{Identity, first_contradiction};
use crate::joins::{Reasons, identities};
use crate::links::{Lane, Links};
use crate::model::Join;
use crate::oui;
use crate::rules::addresses::DEVICE_WIDE;
use crate::rules::identity::DEVICE_NAMES;
use crate::sets::Sets;

/// Joins the MACs of ports with the MAC of the chassis that they state, unless what they say contradicts.
pub(crate) fn join_ports(gathered: &Gathered<'_>, sets: &mut Sets) -> Reasons {
    let mut chassis: BTreeMap<Mac, BTreeMap<usize, BTreeSet<&str>>> = BTreeMap::new();
    for (port, known) in gathered.stations.iter().enumerate() {
        for said in &known.facts {
            if let Some(mac) = device_mac(said.fact) {
                chassis.entry(mac).or_default().entry(port).or_default().insert(&said.fact.protocol);
            }
        }
    }
    let mut reasons = Reasons::new();
    if chassis.is_empty() {
        return reasons;
    }
    let mut told = Told::new(gathered, sets);
    for (mac, ports) in chassis {
        let Some(home) = gathered.root(mac.into(), Lane::default()) else { continue };
        let devices = ports.keys().copied().chain([home]);
        let veto = told.contradiction(sets, devices);
        for (port, protocols) in ports {
            let Some(known) = gathered.station(port) else { continue };
            let protocols: Vec<_> = protocols.into_iter().collect();
            let reason = veto.as_ref().map_or_else(
                || format!("the port states the MAC of its chassis ({})", protocols.join(", ")),
                |attribute| format!("ports that state this MAC as their chassis differ in {attribute}"),
            );
            let joined = veto.is_none();
            reasons.push((port, Join { left: mac.to_string(), right: known.key(), joined, reason }));
            if joined {
                told.join(sets, home, port);
            }
        }
    }
    reasons
}

/// Joins a device with the address that one of its ports states as that of the device.
pub(crate) fn join_managed(gathered: &Gathered<'_>, links: &Links<'_>, sets: &mut Sets) -> Reasons {
    let mut managed: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (port, known) in gathered.stations.iter().enumerate() {
        for ip in managed_addresses(known) {
            let vlan = known.vlans.first().copied();
            if let Some(address) = gathered.root(ip.into(), links.lane(ip.into(), vlan)) {
                managed.entry(address).or_default().insert(port);
            }
        }
    }
    let mut reasons = Reasons::new();
    if managed.is_empty() {
        return reasons;
    }
    let mut told = Told::new(gathered, sets);
    for (address, ports) in managed {
        let Some(known) = gathered.station(address) else { continue };
        let doubt = doubt(gathered, links, (sets, &told), address, &ports);
        for port in ports {
            let Some(left) = gathered.station(port).map(Known::key) else { continue };
            let joined = doubt.is_none();
            let reason =
                doubt.clone().unwrap_or_else(|| "the port states it as an address of the device".to_owned());
            reasons.push((port, Join { left, right: known.key(), joined, reason }));
            if joined {
                told.join(sets, address, port);
            }
        }
    }
    reasons
}

/// Addresses that a MAC states in protocols in which a port speaks for the device.
fn managed_addresses(known: &Known<'_>) -> BTreeSet<IpAddr> {
    let is_port = known.is_root() && known.address.mac().is_some_and(|mac| !mac.is_virtual_router());
    let said = known.facts.iter().map(|said| said.fact).filter(|fact| {
        is_port
            && fact.basis == Basis::Stated
            && fact.attribute == attribute::IP_ADDRESS
            && DEVICE_WIDE.contains(&fact.protocol.as_ref())
    });
    said.filter_map(|fact| fact.value.parse().ok()).filter(|ip| Address::Ip(*ip).is_unicast()).collect()
}

/// Why ports do not get the address that they state; factory defaults are stated by many devices at once.
fn doubt(
    gathered: &Gathered<'_>,
    links: &Links<'_>,
    (sets, told): (&Sets, &Told<'_, '_>),
    address: usize,
    ports: &BTreeSet<usize>,
) -> Option<String> {
    let devices: BTreeSet<_> = ports.iter().map(|port| sets.find(*port)).collect();
    if devices.len() > 1 && !share_a_name(gathered, ports) {
        return Some("several devices state this address".to_owned());
    }
    if let Some(attribute) = told.contradiction(sets, devices.iter().copied().chain([address])) {
        return Some(format!("the device and the address state different {attribute}"));
    }
    // Who answers for the address with another card may be another device with the same default address: then the
    // cards must at least be of one maker.
    let known = gathered.station(address)?;
    let own = links.pair(known.address.ip()?, known.lane).filter(|pair| pair.first_hand)?.mac;
    let home = gathered.root(own.into(), Lane::default()).map(|own| sets.find(own));
    let is_own = home.is_some_and(|home| devices.contains(&home));
    let is_akin = |port: &usize| {
        let mac = gathered.station(*port).and_then(|known| known.address.mac());
        mac.is_some_and(|mac| oui::maker(mac).is_some() && oui::maker(mac) == oui::maker(own))
    };
    (!is_own && !ports.iter().all(is_akin))
        .then(|| format!("{own} answers for this address, a card of another maker"))
}

/// True if all ports name their device alike.
fn share_a_name(gathered: &Gathered<'_>, ports: &BTreeSet<usize>) -> bool {
    DEVICE_NAMES.iter().any(|attribute| {
        let mut names = ports.iter().map(|port| {
            let facts = gathered.station(*port).into_iter().flat_map(|known| &known.facts);
            facts
                .filter(|said| said.fact.attribute == *attribute)
                .map(|said| said.fact.value.as_str())
                .collect::<BTreeSet<_>>()
        });
        let first = names.next().unwrap_or_default();
        !first.is_empty() && names.all(|others| !others.is_disjoint(&first))
    })
}

/// What the devices say they are, kept up while they are joined.
pub(crate) struct Told<'g, 'a>(BTreeMap<usize, Vec<Cow<'g, Identity<'a>>>>);

impl<'g, 'a> Told<'g, 'a> {
    pub(crate) fn new(gathered: &'g Gathered<'a>, sets: &Sets) -> Self {
        Self(identities(gathered, sets).into_iter().map(|(device, told)| (device, vec![told])).collect())
    }

    pub(crate) fn join(&mut self, sets: &mut Sets, left: usize, right: usize) {
        let both: BTreeSet<_> = [sets.find(left), sets.find(right)].into_iter().collect();
        let told: Vec<_> = both.iter().filter_map(|device| self.0.remove(device)).flatten().collect();
        sets.join(left, right);
        if !told.is_empty() {
            self.0.insert(sets.find(left), told);
        }
    }

    /// The attribute in which the devices of these stations cannot be one.
    pub(crate) fn contradiction(&self, sets: &Sets, stations: impl Iterator<Item = usize>) -> Option<String> {
        let devices: BTreeSet<_> = stations.map(|station| sets.find(station)).collect();
        if devices.len() < 2 {
            return None;
        }
        let told: Vec<_> =
            devices.iter().filter_map(|device| self.0.get(device)).flatten().map(Cow::as_ref).collect();
        first_contradiction(&told).map(str::to_owned)
    }
}
