//! Zones, levels and conduits: what a plant says about its own network (IEC 62443-3-2, zones and conduits; ISA-95
//! levels as in IEC 62443-1-1).
//!
//! A policy places every asset in a zone, and tells of a conversation whether it crosses from one zone into another and
//! whether a conduit allows it. Without a policy there are two zones: the plant, and what is outside.
//!
//! # How an asset comes to its zone
//!
//! The strongest word counts, each of the asset's addresses for itself:
//!
//! 1. a person's field `zone` of the asset;
//! 2. a zone that lists the asset by name or address;
//! 3. the zone with the longest prefix around the address;
//! 4. the zone of a VLAN that the address was seen in;
//! 5. the zone of the asset's first role;
//! 6. the zone of the asset that it sits in or behind.
//!
//! An asset with addresses in several zones is in all of them, the first being its main one.

mod file;
mod watch;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use observation::OperationKind;

use crate::model::{Asset, AssetEnd, Conversation, Role};
use crate::options::{Prefix, is_globally_routable};

pub use file::PolicyError;
pub use watch::Watch;
pub(crate) use watch::of_sensor;

/// Zone of everything that is an asset, where no policy was given.
pub const PLANT: &str = "plant";

/// Zone of every external end; a policy may name it in its conduits.
pub const OUTSIDE: &str = "outside";

/// Zone of what is in none, in what is said of conversations; no conduit leads there.
pub const NO_ZONE: &str = "no zone";

/// What is said where no policy was given.
pub const DEFAULT_TEXT: &str =
    "no policy file: private prefixes and every asset are the plant, everything else is outside";

/// Why an asset is in its zone, where no policy was given.
const NO_POLICY: &str = "no policy file";

/// Levels of nesting that a zone is handed down through.
const DEPTH_MAX: usize = 16;

/// Purdue level (ISA-95, IEC 62443-1-1), with the demilitarised zone between 3 and 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The physical process: sensors and actuators.
    L0,
    /// Basic control.
    L1,
    /// Supervision of a cell.
    L2,
    /// Operations of a site.
    L3,
    /// Between operations and business.
    L35,
    /// Business systems of a site.
    L4,
    /// Business systems of the enterprise.
    L5,
}

impl Level {
    /// Every level, lowest first.
    pub const ALL: [Self; 7] = [Self::L0, Self::L1, Self::L2, Self::L3, Self::L35, Self::L4, Self::L5];

    /// The word of the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::L0 => "0",
            Self::L1 => "1",
            Self::L2 => "2",
            Self::L3 => "3",
            Self::L35 => "3.5",
            Self::L4 => "4",
            Self::L5 => "5",
        }
    }

    /// The level of a word.
    #[must_use]
    pub fn read_back(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == word.trim())
    }
}

/// A group of assets with one need of protection (IEC 62443-3-2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Zone {
    /// The word by which it is referred to.
    pub id: String,
    /// For people.
    pub name: String,
    /// For people.
    pub description: String,
    /// Level of what is in it.
    pub level: Option<Level>,
    /// Target security level, 0 to 4.
    pub security_level: Option<u8>,
    /// The only site it is of; every site if not given.
    pub site: Option<String>,
    /// Prefixes of its addresses.
    pub subnets: Vec<Prefix>,
    /// Its VLANs.
    pub vlans: Vec<u16>,
    /// Roles of what is in it.
    pub roles: Vec<Role>,
    /// Assets by name or address.
    pub assets: Vec<String>,
}

/// Which end of a conduit may ask the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Direction {
    /// Clients in `from`, servers in `to`.
    #[default]
    OneWay,
    /// Both ways.
    Both,
}

/// An allowed path between two zones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conduit {
    /// For people.
    pub name: String,
    /// Zone of the clients.
    pub from: String,
    /// Zone of the servers.
    pub to: String,
    /// Which way.
    pub direction: Direction,
    /// Allowed protocols by name; every protocol if empty.
    pub protocols: Vec<String>,
    /// Allowed kinds of operations; every kind if empty.
    pub operations: Vec<OperationKind>,
}

/// What a person wrote in the fields of an asset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Override {
    /// The field `zone`.
    pub zone: Option<String>,
    /// The field `purdue_level`.
    pub level: Option<Level>,
}

/// What a plant says about its own network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// True if there is a policy file that says something of zones; without one, everything but the overrides and
    /// `watches` is empty.
    pub is_given: bool,
    /// For people.
    pub name: String,
    /// Public prefixes that the plant uses inside.
    pub plant_prefixes: Vec<Prefix>,
    /// The zones, in the order of the file.
    pub zones: Vec<Zone>,
    /// The conduits, in the order of the file.
    pub conduits: Vec<Conduit>,
    /// How changes are noticed, in the order of the file.
    pub watches: Vec<Watch>,
    /// People's fields by site and anchor of the asset.
    pub overrides: BTreeMap<(String, String), Override>,
}

/// Where an asset belongs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Zones, the main one first; none if the policy places it nowhere.
    pub zones: Vec<String>,
    /// Level.
    pub level: Option<Level>,
    /// In words, why.
    pub reason: String,
}

impl Place {
    /// The main zone.
    #[must_use]
    pub fn zone(&self) -> Option<&str> {
        self.zones.first().map(String::as_str)
    }
}

/// What the policy says of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Crossing {
    /// Both ends are in one zone or both in none, or one end is a group.
    Within,
    /// From one zone into another, by this conduit.
    Allowed {
        /// Zone of the client.
        from: String,
        /// Zone of the server.
        to: String,
        /// Name of the conduit.
        conduit: String,
    },
    /// From one zone into another, and no conduit allows it.
    NotAllowed {
        /// Zone of the client.
        from: String,
        /// Zone of the server.
        to: String,
        /// In words: no conduit, or what the conduit does not allow.
        reason: String,
    },
    /// From one zone into another, and there is no policy that could allow it.
    Unjudged {
        /// Zone of the client.
        from: String,
        /// Zone of the server.
        to: String,
    },
}

impl Crossing {
    /// The zones of client and server, where they are two.
    #[must_use]
    pub fn zones(&self) -> Option<(&str, &str)> {
        match self {
            Self::Within => None,
            Self::Allowed { from, to, .. }
            | Self::NotAllowed { from, to, .. }
            | Self::Unjudged { from, to } => Some((from, to)),
        }
    }
}

impl fmt::Display for Crossing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Within => Ok(()),
            Self::Allowed { from, to, conduit } => write!(f, "{from} > {to} (allowed: {conduit})"),
            Self::NotAllowed { from, to, reason } => write!(f, "{from} > {to} (not allowed: {reason})"),
            Self::Unjudged { from, to } => write!(f, "{from} > {to}"),
        }
    }
}

impl Policy {
    /// What is in force, in a sentence.
    #[must_use]
    pub fn text(&self) -> String {
        if !self.is_given {
            return DEFAULT_TEXT.to_owned();
        }
        let (zones, conduits) = (self.zones.len(), self.conduits.len());
        format!("policy \"{}\": zones {zones}, conduits {conduits}", self.name)
    }

    /// The zone with this id.
    #[must_use]
    pub fn zone(&self, id: &str) -> Option<&Zone> {
        self.zones.iter().find(|zone| zone.id == id)
    }

    /// Where each asset belongs, in their order.
    #[must_use]
    pub fn places(&self, assets: &[Asset]) -> Vec<Place> {
        (0..assets.len()).map(|index| self.zone_of(assets, index)).collect()
    }

    /// Where the asset at `index` belongs, and why.
    #[must_use]
    pub fn zone_of(&self, assets: &[Asset], index: usize) -> Place {
        let mut at = index;
        let mut above = String::new();
        for _ in 0..DEPTH_MAX {
            let Some(asset) = assets.get(at) else { break };
            if let Some(mut place) = self.own_place(asset) {
                place.reason.insert_str(0, &above);
                if at != index {
                    place.level = assets
                        .get(index)
                        .and_then(|asset| self.said_of(asset).and_then(|said| said.level))
                        .or(place.level);
                }
                return place;
            }
            let Some(parent) = asset.parent else { break };
            above = "what it sits in or behind: ".to_owned();
            at = parent;
        }
        if !self.is_given {
            let level = assets.get(index).and_then(|asset| self.said_of(asset)?.level);
            return Place { zones: vec![PLANT.to_owned()], level, reason: NO_POLICY.to_owned() };
        }
        let level = assets.get(index).and_then(|asset| self.said_of(asset)?.level);
        Place { zones: Vec::new(), level, reason: "no zone of the policy holds it".to_owned() }
    }

    /// The zones of an end of a conversation at `site`; `places` as of [`places`](Self::places).
    #[must_use]
    pub fn zones_of_end(&self, site: &str, end: &AssetEnd, places: &[Place]) -> Vec<String> {
        let mut zones = match end {
            AssetEnd::Asset(index) => places.get(*index).map(|place| place.zones.clone()).unwrap_or_default(),
            AssetEnd::External(ip) => {
                vec![self.zone_of_ip(site, *ip).map_or(OUTSIDE, |(zone, _)| &zone.id).to_owned()]
            }
            AssetEnd::Silent(_) if !self.is_given => vec![PLANT.to_owned()],
            AssetEnd::Silent(ip) => {
                self.zone_of_ip(site, *ip).map(|(zone, _)| zone.id.clone()).into_iter().collect()
            }
            AssetEnd::Group(_) => Vec::new(),
        };
        if zones.is_empty() && !matches!(end, AssetEnd::Group(_)) {
            zones.push(NO_ZONE.to_owned());
        }
        zones
    }

    /// Whether a conversation crosses from one zone into another, and whether it may.
    #[must_use]
    pub fn crossing(&self, conversation: &Conversation, places: &[Place]) -> Crossing {
        let zones = |end| self.zones_of_end(&conversation.site, end, places);
        let (from, to) = (zones(&conversation.client), zones(&conversation.server));
        let (Some(first), Some(second)) = (from.first(), to.first()) else { return Crossing::Within };
        if from.iter().any(|zone| to.contains(zone)) {
            return Crossing::Within;
        }
        let (first, second) = (first.clone(), second.clone());
        if !self.is_given {
            return Crossing::Unjudged { from: first, to: second };
        }
        let mut refusal = None;
        for conduit in &self.conduits {
            let joins = |client: &[String], server: &[String]| {
                client.contains(&conduit.from) && server.contains(&conduit.to)
            };
            let (forth, back) = (joins(&from, &to), joins(&to, &from));
            let carried = forth || (back && conduit.direction == Direction::Both);
            if !carried {
                if back {
                    refusal = Some(format!("conduit \"{}\" is for the other direction", conduit.name));
                }
                continue;
            }
            match conduit.refuses(conversation) {
                None => {
                    return Crossing::Allowed { from: first, to: second, conduit: conduit.name.clone() };
                }
                Some(why) => refusal = Some(format!("conduit \"{}\" does not carry {why}", conduit.name)),
            }
        }
        let reason = refusal.unwrap_or_else(|| "no conduit".to_owned());
        Crossing::NotAllowed { from: first, to: second, reason }
    }

    fn said_of(&self, asset: &Asset) -> Option<&Override> {
        if self.overrides.is_empty() {
            return None;
        }
        asset.anchors.iter().find_map(|anchor| self.overrides.get(&(asset.site.clone(), anchor.clone())))
    }

    /// The place of an asset by its own right, not by that of what it sits in.
    fn own_place(&self, asset: &Asset) -> Option<Place> {
        let said = self.said_of(asset);
        let said_level = said.and_then(|said| said.level);
        let placed = |zones: Vec<String>, level: Option<Level>, reason: String| Place {
            level: said_level.or(level),
            zones,
            reason,
        };
        if let Some(zone) = said.and_then(|said| said.zone.as_ref()) {
            let level = self.zone(zone).and_then(|zone| zone.level);
            return Some(placed(vec![zone.clone()], level, format!("a person placed it in zone {zone}")));
        }
        let of_site = || self.zones.iter().filter(|zone| zone.is_of(&asset.site));
        let listed = of_site().find_map(|zone| Some((zone, zone.lists(asset)?)));
        if let Some((zone, word)) = listed {
            return Some(placed(vec![zone.id.clone()], zone.level, format!("zone {} lists {word}", zone.id)));
        }
        let mut found: Vec<(&Zone, String)> = Vec::new();
        for station in &asset.stations {
            let by_address = station.ips.iter().filter_map(|ip| {
                let (zone, prefix) = self.zone_of_ip(&asset.site, *ip)?;
                Some((zone, format!("{ip} is in {prefix}")))
            });
            let before = found.len();
            found.extend(by_address);
            if found.len() == before {
                found.extend(station.vlans.iter().find_map(|vlan| {
                    let zone = of_site().find(|zone| zone.vlans.contains(vlan))?;
                    Some((zone, format!("seen in VLAN {vlan}")))
                }));
            }
        }
        let role = asset.roles.first().map(|claim| claim.role);
        if found.is_empty()
            && let Some(role) = role
        {
            let by_role = of_site().find(|zone| zone.roles.contains(&role));
            found.extend(by_role.map(|zone| (zone, format!("its role is {}", role.as_str()))));
        }
        let (main, _) = *found.first().map(|(zone, reason)| (zone, reason)).as_ref()?;
        let mut zones: Vec<String> = Vec::new();
        for (zone, _) in &found {
            if !zones.contains(&zone.id) {
                zones.push(zone.id.clone());
            }
        }
        let reasons: Vec<_> = found.iter().map(|(zone, reason)| format!("{reason}: {}", zone.id)).collect();
        Some(placed(zones, main.level, reasons.join("; ")))
    }

    /// The zone with the longest prefix around an address.
    fn zone_of_ip(&self, site: &str, ip: IpAddr) -> Option<(&Zone, Prefix)> {
        let mut best: Option<(&Zone, Prefix)> = None;
        for zone in self.zones.iter().filter(|zone| zone.is_of(site)) {
            for prefix in zone.subnets.iter().filter(|prefix| prefix.contains(ip)) {
                if best.is_none_or(|(_, known)| prefix.length() > known.length()) {
                    best = Some((zone, *prefix));
                }
            }
        }
        best
    }

    /// True for an address that can be outside the plant.
    #[must_use]
    pub fn may_be_outside(&self, ip: IpAddr) -> bool {
        is_globally_routable(ip) && !self.plant_prefixes.iter().any(|prefix| prefix.contains(ip))
    }
}

impl Zone {
    fn is_of(&self, site: &str) -> bool {
        self.site.as_deref().is_none_or(|own| own == site)
    }

    /// The word by which the zone lists an asset: a name of it, one of its addresses, or an address with a path.
    fn lists(&self, asset: &Asset) -> Option<&str> {
        const NAMES: [&str; 3] = ["station_name", "name", "hostname"];
        let is_it = |word: &str| {
            let attribute = |name: &str| asset.attributes.get(name).and_then(|values| values.first());
            let named = NAMES.iter().filter_map(|name| attribute(name));
            asset.name.eq_ignore_ascii_case(word)
                || named.into_iter().any(|value| value.value.eq_ignore_ascii_case(word))
                || asset.anchors.iter().any(|anchor| anchor.eq_ignore_ascii_case(word))
                || asset.stations.iter().any(|station| {
                    station.mac.is_some_and(|mac| mac.to_string().eq_ignore_ascii_case(word))
                        || station.ips.iter().any(|ip| ip.to_string() == word)
                })
        };
        self.assets.iter().map(String::as_str).find(|word| is_it(word))
    }
}

impl Conduit {
    /// What of a conversation it does not carry.
    fn refuses(&self, conversation: &Conversation) -> Option<String> {
        if !self.protocols.is_empty() && !self.protocols.contains(&conversation.protocol) {
            return Some(conversation.protocol.clone());
        }
        if self.operations.is_empty() {
            return None;
        }
        let done =
            |kind: &OperationKind| conversation.operations.get(kind.as_str()).is_some_and(|count| *count > 0);
        let refused =
            OperationKind::ALL.into_iter().find(|kind| done(kind) && !self.operations.contains(kind))?;
        Some(format!("operations of kind {}", refused.as_str()))
    }
}

#[cfg(test)]
mod tests;
