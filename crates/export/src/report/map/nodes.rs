//! What is drawn on the map: assets or, of large plants, their subnets; and the lines between them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use inventory::policy::{Crossing, Level};
use inventory::{AssetEnd, AssetState, Role};
use observation::{OperationKind, number_of};

use super::super::view::{View, is_answered, operations, some, words};
use crate::graph::HOUSEKEEPING;
use crate::reading;

/// Most boxes that are drawn one by one: beyond it subnets are folded into one box each.
pub(crate) const NODES_MAX: usize = 300;

/// Most outside addresses that are drawn one by one.
const OUTSIDE_MAX: usize = 8;

/// A height of the map, top to bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Band {
    Outside,
    Level(std::cmp::Reverse<Level>),
    NoLevel,
}

impl Band {
    pub(crate) fn title(self) -> (String, &'static str) {
        let Self::Level(std::cmp::Reverse(level)) = self else {
            return match self {
                Self::Outside => ("Outside".to_owned(), "public addresses"),
                _ => ("No level".to_owned(), "nothing tells"),
            };
        };
        let what = match level {
            Level::L5 => "enterprise",
            Level::L4 => "business",
            Level::L35 => "between plant and business",
            Level::L3 => "operations",
            Level::L2 => "supervision",
            Level::L1 => "basic control",
            Level::L0 => "process",
        };
        (format!("Level {}", level.as_str()), what)
    }
}

/// How far assets are folded together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fold {
    /// Not at all.
    Assets,
    /// By subnets with these lengths, IPv4 and IPv6.
    Subnets(u32, u32),
    /// By zone.
    Zones,
}

impl Fold {
    const ALL: [Self; 4] = [Self::Assets, Self::Subnets(24, 64), Self::Subnets(16, 48), Self::Zones];
}

/// A box of the map.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) band: Band,
    /// Zone, with the site before it where there are several.
    pub(crate) zone: String,
    pub(crate) title: String,
    pub(crate) subtitle: String,
    pub(crate) role: Role,
    /// True if it was heard.
    pub(crate) is_observed: bool,
    pub(crate) is_folded: bool,
    pub(crate) assets: usize,
}

/// How much a line matters, least first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    /// Values are read, or nothing is known of what is asked.
    #[default]
    Talks,
    /// Values are written.
    Writes,
    /// Programs are loaded, or devices are stopped and started.
    Programs,
}

/// What goes on between two boxes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) weight: Weight,
    /// True if a policy is given and no conduit allows it.
    pub(crate) is_refused: bool,
    /// Pairs of assets.
    pub(crate) pairs: usize,
}

impl Link {
    pub(crate) fn add(&mut self, other: Self) {
        self.weight = self.weight.max(other.weight);
        self.is_refused |= other.is_refused;
        self.pairs = self.pairs.saturating_add(other.pairs);
    }
}

/// Boxes and lines, and what is not drawn.
pub(crate) struct Net {
    pub(crate) nodes: Vec<Node>,
    /// By the indices of two boxes, the smaller first.
    pub(crate) links: BTreeMap<(usize, usize), Link>,
    pub(crate) fold: Fold,
    /// In words.
    pub(crate) left_out: Vec<String>,
}

/// A box before it is drawn: what tells it from others.
type Key = (Band, String, String);

pub(crate) fn net(view: &View<'_>) -> Net {
    for fold in Fold::ALL {
        let net = folded(view, fold);
        let inside = net.nodes.iter().filter(|node| node.band != Band::Outside).count();
        if inside <= NODES_MAX || fold == Fold::Zones {
            return net;
        }
    }
    folded(view, Fold::Zones)
}

fn folded(view: &View<'_>, fold: Fold) -> Net {
    let assets = &view.snapshot.inventory.assets;
    let sites: BTreeSet<&str> = assets.iter().map(|asset| asset.site.as_str()).collect();
    let with_site = sites.len() > 1;
    let mut keys: BTreeMap<usize, Key> = BTreeMap::new();
    let mut members: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    let mut modules = 0_usize;
    let mut drawn: BTreeSet<usize> = BTreeSet::new();
    for (index, ..) in view.assets().iter().copied() {
        let top = view.outermost(index);
        modules = modules.saturating_add(usize::from(top != index));
        drawn.insert(top);
    }
    let talking = view.sorted.conversations.iter().flat_map(|talk| [&talk.client, &talk.server]);
    drawn.extend(talking.filter_map(super::super::view::index_of).map(|index| view.outermost(index)));
    for index in drawn {
        let key = key(view, index, fold, with_site);
        members.entry(key.clone()).or_default().push(index);
        keys.insert(index, key);
    }
    let outside = outside(view);
    let one_by_one = outside.len() <= OUTSIDE_MAX && fold == Fold::Assets;
    let outside_key = |ip: IpAddr| -> Key {
        let name = if one_by_one { ip.to_string() } else { String::new() };
        (Band::Outside, inventory::policy::OUTSIDE.to_owned(), name)
    };
    for ip in &outside {
        members.entry(outside_key(*ip)).or_default();
    }
    let ordered: Vec<Key> = members.keys().cloned().collect();
    let at: BTreeMap<&Key, usize> = ordered.iter().enumerate().map(|(at, key)| (key, at)).collect();
    let nodes = members.iter().map(|(key, members)| match key.0 {
        Band::Outside if members.is_empty() => outside_node(key, outside.len()),
        _ => node(view, key, members, fold),
    });
    let nodes: Vec<Node> = nodes.collect();

    let mut pairs: BTreeMap<(usize, usize, String, String), Link> = BTreeMap::new();
    let (mut housekeeping, mut others) = (0_usize, 0_usize);
    for conversation in &view.sorted.conversations {
        let place = |end: &AssetEnd| match end {
            AssetEnd::Asset(index) => {
                let top = view.outermost(*index);
                Some((*at.get(keys.get(&top)?)?, top.to_string()))
            }
            AssetEnd::External(ip) => Some((*at.get(&outside_key(*ip))?, ip.to_string())),
            AssetEnd::Group(_) | AssetEnd::Silent(_) => None,
        };
        let (Some(client), Some(server)) = (place(&conversation.client), place(&conversation.server)) else {
            others = others.saturating_add(1);
            continue;
        };
        if HOUSEKEEPING.contains(&conversation.protocol.as_str()) || !is_answered(conversation) {
            housekeeping = housekeeping.saturating_add(1);
            continue;
        }
        if client == server {
            continue;
        }
        let (one, other) = if client <= server { (client, server) } else { (server, client) };
        let done = |kind| operations(conversation, kind) > 0;
        let weight = if done(OperationKind::Program) || done(OperationKind::Control) {
            Weight::Programs
        } else if done(OperationKind::Write) {
            Weight::Writes
        } else {
            Weight::Talks
        };
        let is_refused = matches!(view.sorted.crossing(conversation), Crossing::NotAllowed { .. });
        let link = pairs.entry((one.0, other.0, one.1, other.1)).or_default();
        link.add(Link { weight, is_refused, pairs: 0 });
    }
    let mut links: BTreeMap<(usize, usize), Link> = BTreeMap::new();
    for ((one, other, ..), link) in pairs {
        links.entry((one, other)).or_default().add(Link { pairs: 1, ..link });
    }
    let mut left_out = Vec::new();
    if modules > 0 {
        left_out.push(format!("{} drawn as part of what they sit in or behind", number_of(modules, "asset")));
    }
    if housekeeping > 0 {
        left_out.push(format!(
            "{} by which stations only find each other, or that nobody answered, not drawn",
            number_of(housekeeping, "conversation")
        ));
    }
    if others > 0 {
        left_out.push(format!(
            "{} with groups and silent addresses not drawn",
            number_of(others, "conversation")
        ));
    }
    Net { nodes, links, fold, left_out }
}

fn outside(view: &View<'_>) -> BTreeSet<IpAddr> {
    let ends = view.sorted.conversations.iter().flat_map(|talk| [&talk.client, &talk.server]);
    ends.filter_map(|end| match end {
        AssetEnd::External(ip) => Some(*ip),
        _ => None,
    })
    .collect()
}

fn band(view: &View<'_>, index: usize) -> Band {
    view.level(index).map_or(Band::NoLevel, |level| Band::Level(std::cmp::Reverse(level)))
}

fn key(view: &View<'_>, index: usize, fold: Fold, with_site: bool) -> Key {
    let zone = view.zone(index);
    let site = view.asset(index).map_or("", |asset| asset.site.as_str());
    let zone = if with_site { format!("{site}: {zone}") } else { zone.to_owned() };
    let first = view.asset(index).and_then(|asset| reading::ips(asset).into_iter().next());
    let name = match (fold, first) {
        // By address as a number first, so that neighbours stand side by side.
        (Fold::Assets, first) => format!("{} {}", sortable(first), view.id(index)),
        (Fold::Subnets(v4, v6), Some(ip)) => {
            let (first, length) = subnet(ip, v4, v6);
            format!("{} {first}/{length}", sortable(Some(first)))
        }
        (Fold::Subnets(..), None) => format!("{} no IP address", sortable(None)),
        (Fold::Zones, _) => String::new(),
    };
    (band(view, index), zone, name)
}

/// An address as a text that sorts as its number does.
fn sortable(ip: Option<IpAddr>) -> String {
    match ip {
        Some(IpAddr::V4(ip)) => format!("4{:08x}", ip.to_bits()),
        Some(IpAddr::V6(ip)) => format!("6{:032x}", ip.to_bits()),
        None => "9".to_owned(),
    }
}

/// The first address of the subnet that an address is in, and the length of its prefix.
fn subnet(ip: IpAddr, v4: u32, v6: u32) -> (IpAddr, u32) {
    match ip {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(v4)).unwrap_or(0);
            (std::net::Ipv4Addr::from_bits(ip.to_bits() & mask).into(), v4)
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(v6)).unwrap_or(0);
            (std::net::Ipv6Addr::from_bits(ip.to_bits() & mask).into(), v6)
        }
    }
}

fn outside_node(key: &Key, count: usize) -> Node {
    let (title, subtitle, is_folded) = if key.2.is_empty() {
        (number_of(count, "address"), "outside".to_owned(), true)
    } else {
        (key.2.clone(), "outside".to_owned(), false)
    };
    let (band, zone) = (key.0, key.1.clone());
    Node { band, zone, title, subtitle, role: Role::Unknown, is_observed: true, is_folded, assets: 0 }
}

fn node(view: &View<'_>, key: &Key, members: &[usize], fold: Fold) -> Node {
    let roles = || members.iter().map(|index| view.role(*index));
    let mut tally: BTreeMap<Role, usize> = BTreeMap::new();
    for role in roles() {
        let count = tally.entry(role).or_default();
        *count = count.saturating_add(1);
    }
    let mut tally: Vec<(Role, usize)> = tally.into_iter().collect();
    tally.sort_by_key(|(role, count)| (std::cmp::Reverse(*count), *role));
    let role = tally.first().map_or(Role::Unknown, |(role, _)| *role);
    let is_observed = members
        .iter()
        .filter_map(|index| view.asset(*index))
        .any(|asset| asset.state == AssetState::Observed);
    let (title, subtitle) = match (fold, members) {
        (Fold::Assets, [index]) => {
            let name = view.name(*index);
            let (name, _) = name.split_once(" @ ").unwrap_or((name, ""));
            let asset = view.asset(*index);
            let ip = asset.and_then(|asset| reading::ips(asset).into_iter().next()).map(|ip| ip.to_string());
            let mac =
                || asset.and_then(|asset| reading::macs(asset).into_iter().next()).map(|mac| mac.to_string());
            let address = ip.or_else(mac).unwrap_or_default();
            let parts = view.children_of(*index).len();
            let parts = if parts > 0 { format!(" +{parts}") } else { String::new() };
            (name.to_owned(), format!("{} {address}{parts}", words(role.as_str())))
        }
        _ => {
            let kinds = tally.iter().map(|(role, count)| format!("{} {count}", words(role.as_str())));
            // What it is called stands behind what it is sorted by.
            let title = key.2.split_once(' ').map_or("all of the zone", |(_, title)| title);
            (title.to_owned(), some(kinds, 2))
        }
    };
    let (band, zone) = (key.0, key.1.clone());
    let is_folded = fold != Fold::Assets;
    Node { band, zone, title, subtitle, role, is_observed, is_folded, assets: members.len() }
}
