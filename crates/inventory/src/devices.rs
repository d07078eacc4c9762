//! Which sets of stations are assets, which are outside, and in what order they stand.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use observation::{Address, Path};

use crate::gather::Gathered;
use crate::links::{Lane, Links};
use crate::model::{AssetEnd, AssetState};
use crate::nest::{Nested, is_referenced};
use crate::options::Options;
use crate::rules::addresses::is_customary_end_of_subnet;
use crate::rules::operations::is_industrial;
use crate::sets::Sets;
use crate::silent::Silent;

/// A device: the stations that are one.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    /// Stations, in their order.
    pub(crate) stations: Vec<usize>,
    pub(crate) state: AssetState,
    /// Index of the device it sits in or behind.
    pub(crate) parent: Option<usize>,
    /// The station that names it in lists: its first IP address, else its first MAC, else its first path.
    pub(crate) home: usize,
}

/// The devices of a site, in the order of the inventory, and where each station went.
#[derive(Debug)]
pub(crate) struct Devices {
    pub(crate) list: Vec<Device>,
    /// Index into `list` for each station that is part of an asset.
    of_station: Vec<Option<usize>>,
    /// Addresses of groups of routers.
    of_groups: BTreeSet<IpAddr>,
    /// Addresses that can be outside the plant.
    outside: BTreeSet<IpAddr>,
}

impl Devices {
    /// Sorts the stations into assets and others.
    pub(crate) fn new(
        gathered: &Gathered<'_>,
        links: &Links<'_>,
        nested: &Nested,
        sets: &Sets,
        silent: &Silent<'_>,
        options: &Options,
    ) -> Self {
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for index in 0..gathered.stations.len() {
            members.entry(sets.find(index)).or_default().push(index);
        }
        let answering = answering(gathered);
        let talking: BTreeSet<_> =
            gathered.talks.iter().flat_map(|talk| [talk.client, talk.server]).collect();
        let mut states: BTreeMap<usize, AssetState> = BTreeMap::new();
        for (name, stations) in &members {
            if let Some(state) = state(gathered, links, nested, silent, stations)
                && !(stations.iter().any(|index| talking.contains(index))
                    && is_outside(gathered, links, options, &answering, stations))
            {
                states.insert(*name, state);
            }
        }
        // What has something below it is there, although it may not have spoken itself.
        let kept = |child: &&usize| states.contains_key(&sets.find(**child));
        let hosts: Vec<_> = nested.children.iter().filter(kept).collect();
        for child in hosts {
            let root = gathered.station(*child).and_then(|known| gathered.root(known.address, known.lane));
            if let Some(root) = root {
                states.entry(sets.find(root)).or_insert(AssetState::Referenced);
            }
        }
        members.retain(|name, _| states.contains_key(name));
        let of_groups = links.of_groups.clone();
        let outside = gathered.stations.iter().filter_map(|known| known.address.ip());
        let outside = outside.filter(|ip| options.may_be_outside(*ip)).collect();
        Self { of_groups, outside, ..Self::sorted(gathered, nested, sets, members, &states) }
    }

    fn sorted(
        gathered: &Gathered<'_>,
        nested: &Nested,
        sets: &Sets,
        members: BTreeMap<usize, Vec<usize>>,
        states: &BTreeMap<usize, AssetState>,
    ) -> Self {
        let mut named: Vec<_> = members
            .into_iter()
            .map(|(name, stations)| {
                let home = home(gathered, nested, &stations);
                (Place::of(gathered, home), name, stations, home)
            })
            .collect();
        named.sort_by(|left, right| (&left.0, left.1).cmp(&(&right.0, right.1)));
        let indices: BTreeMap<usize, usize> =
            named.iter().enumerate().map(|(index, (_, name, ..))| (*name, index)).collect();
        let of_station: Vec<_> =
            (0..gathered.stations.len()).map(|station| indices.get(&sets.find(station)).copied()).collect();
        let list = named
            .into_iter()
            .map(|(_, name, stations, home)| {
                let parent = parent(gathered, nested, &of_station, &stations, home);
                Device {
                    stations,
                    state: states.get(&name).copied().unwrap_or(AssetState::Referenced),
                    parent,
                    home,
                }
            })
            .collect();
        Self { list, of_station, of_groups: BTreeSet::new(), outside: BTreeSet::new() }
    }

    /// The asset that a station is part of.
    pub(crate) fn asset_of(&self, station: usize) -> Option<usize> {
        self.of_station.get(station).copied().flatten()
    }

    /// The end of a conversation that a station is.
    ///
    /// A public address that is no asset is outside: it was seen behind a router, or never. One of the plant never
    /// answered, and nothing proves that it exists (a scanned address), or it is that of a whole subnet.
    pub(crate) fn end(&self, gathered: &Gathered<'_>, station: usize) -> AssetEnd {
        let Some(known) = gathered.station(station) else {
            return AssetEnd::Group(Address::Ip(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED)));
        };
        match (self.asset_of(station), known.address) {
            (Some(asset), _) => AssetEnd::Asset(asset),
            (None, Address::Ip(ip)) if self.outside.contains(&ip) && !self.of_groups.contains(&ip) => {
                AssetEnd::External(ip)
            }
            (None, Address::Ip(ip))
                if known.address.is_unicast()
                    && !is_customary_end_of_subnet(ip)
                    && !self.of_groups.contains(&ip) =>
            {
                AssetEnd::Silent(ip)
            }
            (None, address) => AssetEnd::Group(address),
        }
    }
}

/// Where an asset stands in the list: IP addresses before MACs, numbers in paths as numbers.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    is_mac: bool,
    address: Option<(Address, Lane)>,
    path: Vec<(&'static str, Option<u64>, String)>,
}

impl Place {
    fn of(gathered: &Gathered<'_>, station: usize) -> Self {
        let known = gathered.station(station);
        let steps = known.into_iter().flat_map(|known| &known.path.0);
        Self {
            is_mac: known.is_some_and(|known| known.address.mac().is_some()),
            address: known.map(|known| (known.address, known.lane)),
            path: steps.map(|step| (step.kind, step.value.parse().ok(), step.value.clone())).collect(),
        }
    }
}

/// Stations that answered a protocol of control systems, or of which such a protocol told something.
fn answering(gathered: &Gathered<'_>) -> BTreeSet<usize> {
    let answered = gathered
        .talks
        .iter()
        .filter(|talk| talk.conversation.frames[1] > 0 && is_industrial(&talk.conversation.key.protocol));
    let told = gathered
        .stations
        .iter()
        .enumerate()
        .filter(|(_, known)| known.facts.iter().any(|said| is_industrial(&said.fact.protocol)));
    answered.map(|talk| talk.server).chain(told.map(|(index, _)| index)).collect()
}

/// Whether stations that are one are an asset, and of which state. Group, unset and virtual addresses are none.
fn state(
    gathered: &Gathered<'_>,
    links: &Links<'_>,
    nested: &Nested,
    silent: &Silent<'_>,
    stations: &[usize],
) -> Option<AssetState> {
    let known = || stations.iter().filter_map(|index| Some((*index, gathered.station(*index)?)));
    let is_child = |index: &usize| nested.children.contains(index);
    let possible = known().any(|(index, known)| match known.address {
        _ if is_child(&index) => true,
        Address::Mac(mac) => known.address.is_unicast() && known.is_root() && !mac.is_virtual_router(),
        Address::Ip(ip) => known.address.is_unicast() && known.is_root() && !links.of_groups.contains(&ip),
    });
    if !possible {
        return None;
    }
    let observed =
        // Frames are counted by day: of who had an address before, there may be only what it said.
        known().any(|(_, known)| match known.is_root() && known.tenure.is_none() {
            true => known.sent.is_some(),
            false => known.is_active(),
        });
    let referenced = || {
        known().any(|(index, known)| {
            is_child(&index)
                || is_referenced(gathered, index)
                || silent.meant.contains_key(&index)
                || (known.address.mac().is_some() && known.is_active())
        })
    };
    if observed { Some(AssetState::Observed) } else { referenced().then_some(AssetState::Referenced) }
}

/// True for a single address that is globally routable, was seen only behind a router (or not at all), and has nothing
/// to do with control systems but as somebody who asks. Without any conversation there is nothing to be the outer end
/// of: the ends of tunnels, whose conversations are those inside, are of the plant's network.
fn is_outside(
    gathered: &Gathered<'_>,
    links: &Links<'_>,
    options: &Options,
    answering: &BTreeSet<usize>,
    stations: &[usize],
) -> bool {
    stations.iter().all(|index| {
        let known = gathered.station(*index);
        let ip = known.and_then(|known| known.address.ip());
        let unseen = known.is_some_and(|known| known.sent.is_none());
        ip.is_some_and(|ip| options.may_be_outside(ip) && (unseen || links.is_behind_router(ip)))
            && !answering.contains(index)
    })
}

fn home(gathered: &Gathered<'_>, nested: &Nested, stations: &[usize]) -> usize {
    let known = |index: &&usize| gathered.station(**index);
    let roots = || stations.iter().filter(|index| known(index).is_some_and(|known| known.is_root()));
    let ip = roots().find(|index| known(index).is_some_and(|known| known.address.ip().is_some()));
    let child = || stations.iter().find(|index| nested.children.contains(index));
    ip.or_else(|| roots().next()).or_else(child).or_else(|| stations.first()).copied().unwrap_or_default()
}

/// The asset that holds the nearest station above. A device with an address of its own sits nowhere.
///
/// Taking the first of its stations cannot make a circle: a station above comes before it in the order of stations, so
/// the first station of the parent does, too.
fn parent(
    gathered: &Gathered<'_>,
    nested: &Nested,
    of_station: &[Option<usize>],
    stations: &[usize],
    home: usize,
) -> Option<usize> {
    if gathered.station(home)?.is_root() {
        return None;
    }
    let first = gathered.station(stations.iter().copied().find(|index| nested.children.contains(index))?)?;
    (0..first.path.0.len()).rev().find_map(|length| {
        let above = Path(first.path.0.get(..length)?.to_vec());
        let station = gathered.find(first.address, first.lane, &above)?;
        let asset = *of_station.get(station)?;
        asset.filter(|_| !stations.contains(&station))
    })
}
