//! Devices become assets: interfaces, attributes, services, roles, names.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use observation::{Address, Basis, Mac, Position, attribute};

use crate::asked::Asked;
use crate::attributes::attributes;
use crate::classes::add_classes;
use crate::destinations;
use crate::devices::{Device, Devices};
use crate::gather::{Gathered, Known, Said};
use crate::greetings;
use crate::identity::{is_serial, squash};
use crate::joins::Reasons;
use crate::links::{Lane, Links};
use crate::model::{Asset, AssetEnd, AssetState, AssetStation, Conversation, Join, Role};
use crate::names;
use crate::nest::Nested;
use crate::roles::{self, Claims};
use crate::silent::{self, Silent};
use crate::span::{Span, extend};
use crate::talks;
use crate::tenures::serial_label;

/// Everything that is known before assets are written down.
pub(crate) struct Context<'c, 'a> {
    pub(crate) gathered: &'c Gathered<'a>,
    pub(crate) links: &'c Links<'a>,
    pub(crate) nested: &'c Nested,
    pub(crate) devices: &'c Devices,
    pub(crate) silent: &'c Silent<'a>,
    pub(crate) reasons: &'c Reasons,
    pub(crate) conversations: &'c [Conversation],
}

impl Context<'_, '_> {
    /// The assets, in the order of the devices.
    pub(crate) fn assets(&self) -> Vec<Asset> {
        let mut services = talks::services(self.gathered, self.devices);
        let mut joins: BTreeMap<usize, BTreeSet<Join>> = BTreeMap::new();
        for (station, join) in self.nested.joins.iter().chain(self.reasons) {
            if let Some(asset) = self.devices.asset_of(*station) {
                joins.entry(asset).or_default().insert(join.clone());
            }
        }
        let mut assets: Vec<_> = self.devices.list.iter().map(|device| self.asset(device)).collect();
        let mut reasons = silent::reasons(self.gathered, self.devices);
        for (index, asset) in assets.iter_mut().enumerate() {
            asset.state_reasons = reasons.remove(&index).unwrap_or_default();
            asset.services = services.remove(&index).unwrap_or_default();
            asset.joins = joins.remove(&index).unwrap_or_default().into_iter().collect();
        }
        self.add_roles(&mut assets);
        let named: Vec<_> = assets
            .iter()
            .zip(&self.devices.list)
            .map(|(asset, device)| names::name(asset, &self.address(device.home)))
            .collect();
        for (asset, name) in assets.iter_mut().zip(named) {
            asset.name = name;
        }
        assets
    }

    fn asset(&self, device: &Device) -> Asset {
        let known = || device.stations.iter().filter_map(|index| self.gathered.station(*index));
        let facts: Vec<Said<'_>> = known().flat_map(|known| known.facts.iter().copied()).collect();
        let mut seen = None;
        for known in known() {
            known.sent.into_iter().chain(known.asked).for_each(|span| extend(&mut seen, span));
            known
                .mentions
                .iter()
                .filter(|_| device.state == AssetState::Referenced)
                .for_each(|(_, mention)| extend(&mut seen, Span::of(&mention.sighting)));
        }
        for span in device.stations.iter().filter_map(|station| self.silent.meant.get(station)) {
            extend(&mut seen, *span);
        }
        facts.iter().for_each(|said| extend(&mut seen, Span::of(&said.fact.sighting)));
        let stations = self.interfaces(device);
        let macs: Vec<_> = known()
            .filter_map(|known| Some((known.address.mac().filter(|_| known.is_root())?, known.sent.or(seen))))
            .collect();
        Asset {
            site: self.gathered.site.to_owned(),
            anchors: self.anchors(device, &stations),
            state: device.state,
            parent: device.parent,
            position: self.position(device),
            stations,
            attributes: attributes(&facts, &macs),
            first: seen.map(|span| span.first),
            last: seen.map(|span| span.last),
            ..Asset::default()
        }
    }

    /// MACs with their IP addresses, then IP addresses without a MAC.
    fn interfaces(&self, device: &Device) -> Vec<AssetStation> {
        let roots = || {
            device
                .stations
                .iter()
                .filter_map(|index| self.gathered.station(*index))
                .filter(|known| known.is_root() && known.address.is_unicast())
        };
        let own: BTreeSet<Mac> = roots().filter_map(|known| known.address.mac()).collect();
        let mut interfaces: BTreeMap<(Option<Mac>, Option<Address>), AssetStation> = BTreeMap::new();
        for known in roots() {
            let (key, ip, first_hand) = match known.address {
                // A MAC without an IP address was read from its own frames: nothing could stand between.
                Address::Mac(mac) => ((Some(mac), None), None, None),
                Address::Ip(ip) => match self.own_mac(ip, known.lane, &own) {
                    Some((mac, first_hand)) => ((Some(mac), None), Some(ip), Some(first_hand)),
                    None => ((None, Some(known.address)), Some(ip), Some(false)),
                },
            };
            let interface = interfaces.entry(key).or_default();
            interface.mac = key.0;
            interface.ips.extend(ip);
            // Routers carry the address through other VLANs; the interface is where its own MAC sends.
            let mac = key
                .0
                .and_then(|mac| self.gathered.station(self.gathered.root(mac.into(), Lane::default())?))
                .filter(|mac| mac.sent.is_some());
            interface.vlans.extend(&mac.unwrap_or(known).vlans);
            interface.mac_confirmed |= first_hand.unwrap_or(false);
        }
        let mut stations: Vec<_> = interfaces.into_values().collect();
        for station in &mut stations {
            station.ips.sort_unstable();
            station.vlans.sort_unstable();
            station.vlans.dedup();
            station.mac_confirmed |= station.mac.is_some() && station.ips.is_empty();
        }
        stations.sort_unstable();
        stations
    }

    /// Which of the asset's own MACs an address of it is behind, and whether that is first-hand.
    fn own_mac(&self, ip: IpAddr, lane: Lane, own: &BTreeSet<Mac>) -> Option<(Mac, bool)> {
        if let Some(pair) = self.links.pair(ip, lane) {
            return own.contains(&pair.mac).then_some((pair.mac, pair.first_hand));
        }
        // Joined for another reason: then the asset's MAC that carries the address is the one.
        let is_own = |mac: &Mac| own.contains(mac) && !self.links.routers.contains_key(mac);
        let mut carriers = self.links.carriers(ip).filter(is_own);
        match (carriers.next(), carriers.next()) {
            (Some(mac), None) => Some((mac, false)),
            _ => None,
        }
    }

    /// Confirmed MACs, IP addresses, other MACs, paths: in the order in which they last.
    fn anchors(&self, device: &Device, stations: &[AssetStation]) -> Vec<String> {
        let confirmed: BTreeSet<Address> = stations
            .iter()
            .filter(|station| station.mac_confirmed)
            .filter_map(|station| station.mac.map(Address::Mac))
            .collect();
        let rank = |index: &&usize| {
            let known = self.gathered.station(**index);
            known.map(|known| match known.address {
                _ if !known.is_root() => 3,
                address if confirmed.contains(&address) => 0,
                Address::Ip(_) => 1,
                Address::Mac(_) => 2,
            })
        };
        let mut ranked: Vec<_> = device.stations.iter().collect();
        ranked.sort_by_key(|index| (rank(index), **index));
        // Numbers below an address that are the address itself name nothing of their own.
        let is_named = |index: usize, known: &Known<'_>| {
            known.address.is_unicast() && (known.is_root() || self.nested.children.contains(&index))
        };
        let named: Vec<_> = ranked
            .into_iter()
            .filter_map(|index| self.gathered.station(*index).filter(|known| is_named(*index, known)))
            .collect();
        let mut anchors: Vec<String> = named.iter().map(|known| known.key()).collect();
        for known in named.iter().filter(|known| known.address.ip().is_some()) {
            let numbers = self.numbers(device, known);
            let numbered = numbers.iter().map(|number| format!("{} {}", known.place(), serial_label(number)));
            anchors.extend(numbered.filter(|anchor| *anchor != known.key()));
        }
        anchors
    }

    /// Serial numbers that a device states at a station, or of the whole address: by them it is found again when
    /// another has its place.
    fn numbers(&self, device: &Device, at: &Known<'_>) -> BTreeSet<String> {
        let tenures = at.address.ip().and_then(|ip| self.links.tenures.at(ip, at.lane.vlan, at.path));
        if let Some(tenures) = tenures {
            let own = tenures.get(usize::from(at.lane.tenure)).into_iter().flat_map(|own| own.serials.keys());
            return own.map(|serial| squash(serial)).collect();
        }
        let stations = device.stations.iter().filter_map(|index| self.gathered.station(*index));
        let here = stations.filter(|known| {
            (known.address, known.lane) == (at.address, at.lane) && (at.is_root() || known.path == at.path)
        });
        let facts = here.flat_map(|known| known.facts.iter().map(|said| said.fact));
        facts
            .filter(|fact| fact.basis == Basis::Stated && fact.attribute == attribute::SERIAL_NUMBER)
            .filter(|fact| is_serial(&fact.value))
            .map(|fact| squash(&fact.value))
            .collect()
    }

    /// Below the parent; for a device alone at its address, where it said it sits.
    fn position(&self, device: &Device) -> Vec<Position> {
        let path =
            |index: usize| self.gathered.station(index).map(|known| known.path.0.clone()).unwrap_or_default();
        if let Some(parent) = device.parent.and_then(|parent| self.devices.list.get(parent)) {
            let first = device
                .stations
                .iter()
                .copied()
                .find(|index| self.nested.children.contains(index))
                .unwrap_or(device.home);
            let own = path(first);
            let same_address =
                |index: &&usize| match (self.gathered.station(**index), self.gathered.station(first)) {
                    (Some(above), Some(known)) => (above.address, above.lane) == (known.address, known.lane),
                    _ => false,
                };
            let above = parent.stations.iter().filter(same_address).map(|index| path(*index));
            let above = above.filter(|above| own.starts_with(above)).map(|above| above.len()).max();
            return own.get(above.unwrap_or(0)..).unwrap_or_default().to_vec();
        }
        let places =
            |index: &&usize| self.nested.folded.contains(index) || self.nested.children.contains(index);
        let mut paths = device.stations.iter().filter(places).map(|index| path(*index));
        match (paths.next(), paths.next()) {
            (Some(only), None) => only,
            _ => Vec::new(),
        }
    }

    fn address(&self, station: usize) -> String {
        let known = self.gathered.station(station);
        known.map(|known| known.address.to_string()).unwrap_or_default()
    }

    fn add_roles(&self, assets: &mut [Asset]) {
        let mut talks: Vec<Vec<&Conversation>> = vec![Vec::new(); assets.len()];
        for conversation in self.conversations {
            let (client, server) = (index_of(&conversation.client), index_of(&conversation.server));
            for end in [client, server.filter(|server| client != Some(*server))].into_iter().flatten() {
                talks.get_mut(end).into_iter().for_each(|own| own.push(conversation));
            }
        }
        let addresses: Vec<_> = self.devices.list.iter().map(|device| self.address(device.home)).collect();
        let names = |end: &AssetEnd| match end {
            AssetEnd::Asset(index) => addresses.get(*index).cloned().unwrap_or_default(),
            AssetEnd::External(ip) | AssetEnd::Silent(ip) => ip.to_string(),
            AssetEnd::Group(address) => address.to_string(),
        };
        let mut tried: BTreeMap<usize, usize> = BTreeMap::new();
        for sweep in &self.silent.sweeps {
            if let Some(asset) = self.devices.asset_of(sweep.by) {
                tried.insert(asset, sweep.addresses.len());
            }
        }
        for (index, asset) in assets.iter_mut().enumerate() {
            let conversations = talks.get(index).map(Vec::as_slice).unwrap_or_default();
            let asked = Asked::by(index, conversations);
            let mut claims = Claims::default();
            roles::of_statements(asset, &mut claims);
            roles::of_services(index, conversations, &mut claims);
            for station in self.devices.list.get(index).into_iter().flat_map(|device| &device.stations) {
                let mac = self.gathered.station(*station).and_then(|known| known.address.mac());
                if let Some((mac, forwarding)) = mac.and_then(|mac| self.links.routers.get_key_value(&mac)) {
                    roles::of_forwarding(*mac, forwarding, &mut claims);
                }
                for reason in self.nested.gateways.get(station).into_iter().flatten() {
                    claims.add(Role::ProtocolGateway, Basis::Inferred, reason.clone());
                }
            }
            roles::of_products(index, conversations, &mut claims);
            roles::of_treatment(index, conversations, &mut claims);
            roles::of_requests(index, conversations, &asked, &names, &mut claims);
            destinations::of_destinations(asset, index, conversations, &mut claims);
            roles::of_sessions(index, conversations, &names, &mut claims);
            greetings::of_greetings(asset, &asked, &names, &mut claims);
            roles::of_capabilities(asset, &mut claims);
            roles::of_guesses(index, conversations, &mut claims);
            asset.roles = claims.finish();
            add_classes(asset, index, conversations, tried.get(&index).copied().unwrap_or(0));
        }
    }
}

/// The asset at the end of a conversation, if it is one.
fn index_of(end: &AssetEnd) -> Option<usize> {
    match end {
        AssetEnd::Asset(index) => Some(*index),
        AssetEnd::External(_) | AssetEnd::Group(_) | AssetEnd::Silent(_) => None,
    }
}
