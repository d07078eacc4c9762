//! The asset register: a row for each asset.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use inventory::policy::Place;
use inventory::{Asset, Identified, Prefix, Snapshot};
use observation::attribute;

use super::columns::{NO, NONE, NOT_OBSERVED, people};
use super::page::Cell;
use super::peers::{Peers, peers};
use super::state::{State, digest, digest_of_cells};
use super::words::{people_cell, shown};
use crate::cells::list;
use crate::csv::place as evidence_place;
use crate::error::Result;
use crate::order::Sorted;
use crate::reading::{first_value, ips, macs, value, vlans, winner};
use crate::time::printed;

/// What identifies a device.
pub(super) const IDENTITY: [&str; 6] = [
    attribute::VENDOR,
    attribute::MODEL,
    attribute::ORDER_NUMBER,
    attribute::SERIAL_NUMBER,
    attribute::FIRMWARE_VERSION,
    attribute::HARDWARE_REVISION,
];

/// Most parts of a list in one cell; more are counted.
const PARTS_MAX: usize = 12;

/// Digits of a row's version.
pub(super) const VERSION_DIGITS: usize = 12;

/// What a row is made of.
pub(super) struct Row {
    pub(super) observed: Vec<Cell>,
    pub(super) people: Vec<Cell>,
    pub(super) evidence: Vec<Cell>,
    pub(super) version: String,
    pub(super) state: String,
    sort_key: Cell,
}

impl Row {
    /// The cells in the order of the columns.
    pub(super) fn cells(self) -> Vec<Cell> {
        let mut cells = self.observed;
        cells.extend(self.people);
        cells.extend(self.evidence);
        cells.extend([Cell::Text(self.version), self.sort_key, Cell::Text(self.state)]);
        cells
    }
}

/// The assets of an export, and what is needed to write a row of each.
pub(super) struct Register<'s> {
    pub(super) sorted: &'s Sorted<'s>,
    pub(super) peers: BTreeMap<&'s str, Peers<'s>>,
    snapshot: &'s Snapshot,
}

impl<'s> Register<'s> {
    pub(super) fn new(snapshot: &'s Snapshot, sorted: &'s Sorted<'s>) -> Self {
        Self { sorted, peers: peers(sorted), snapshot }
    }

    /// The row of an asset.
    pub(super) fn row(&self, asset: &Asset, identified: &Identified) -> Result<Row> {
        let observed = self.observed(asset, identified);
        let evidence = self.evidence(asset, identified);
        let people: Vec<Cell> = people()
            .map(|(field, _)| people_cell(field, identified.people.get(field.name).map(String::as_str)))
            .collect();
        let locked = digest_of_cells(observed.iter().chain(&evidence));
        let mut version = digest([locked.clone(), digest_of_cells(&people)]);
        version.truncate(VERSION_DIGITS);
        let state = State::of(&identified.id, locked, &identified.people).write()?;
        let v4 = ips(asset).into_iter().find_map(|ip| match ip {
            IpAddr::V4(ip) => Some(u32::from(ip)),
            IpAddr::V6(_) => None,
        });
        let sort_key = v4.map_or(Cell::Blank(NO), |ip| Cell::Number(ip.into()));
        Ok(Row { observed, people, evidence, version, state, sort_key })
    }

    fn observed(&self, asset: &Asset, identified: &Identified) -> Vec<Cell> {
        let seen = |text: String| Cell::text(text, NOT_OBSERVED);
        let peers = self.peers.get(identified.id.as_str());
        let role = asset.roles.first();
        let reasons = role.map(|claim| {
            let reasons = parts(&claim.reasons);
            let colon = if reasons.is_empty() { "" } else { ": " };
            format!("{}{colon}{reasons}", claim.basis.as_str())
        });
        let of = |attribute: &str| seen(value(asset, attribute));
        let os = [value(asset, attribute::OS), value(asset, attribute::OS_VERSION)];
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for ip in ips(asset) {
            if ip.is_ipv4() { v4.push(ip) } else { v6.push(ip) }
        }
        let parent = asset.parent.map(|index| self.sorted.id(index)).unwrap_or_default();
        let parent = self.sorted.asset(parent).map(|parent| parent.name.clone());
        let position: Vec<String> =
            asset.position.iter().map(|step| format!("{} {}", step.kind, step.value)).collect();
        let mut protocols: BTreeSet<&str> =
            asset.services.iter().map(|service| service.protocol.as_str()).collect();
        protocols.extend(peers.into_iter().flat_map(|peers| &peers.protocols));
        let services = asset
            .services
            .iter()
            .map(|service| format!("{} {}/{}", service.protocol, service.transport.as_str(), service.port));
        let place = self.sorted.place(&identified.id);
        let crosses = match peers {
            Some(peers) if peers.is_crossing => Cell::Text("Yes".to_owned()),
            Some(_) => Cell::Text("No".to_owned()),
            None => Cell::Blank(NOT_OBSERVED),
        };
        vec![
            Cell::Text(identified.id.clone()),
            seen(asset.name.clone()),
            Cell::Text(shown(asset.state.as_str())),
            Cell::Text(shown(role.map_or("unknown", |claim| claim.role.as_str()))),
            seen(reasons.unwrap_or_default()),
            of(attribute::VENDOR),
            of(attribute::MODEL),
            of(attribute::ORDER_NUMBER),
            of(attribute::SERIAL_NUMBER),
            of(attribute::HARDWARE_REVISION),
            seen(first_value(asset, &[attribute::FIRMWARE_VERSION, attribute::SOFTWARE_VERSION])),
            seen(os.join(" ").trim().to_owned()),
            Cell::text(position.join(", "), NO),
            Cell::text(parent.unwrap_or_default(), NO),
            seen(parts(&v4)),
            seen(parts(&v6)),
            seen(parts(&macs(asset).into_iter().collect::<Vec<_>>())),
            of(attribute::HOSTNAME),
            Cell::text(parts(&vlans(asset).into_iter().collect::<Vec<_>>()), NO),
            seen(self.subnets(asset)),
            seen(parts(&protocols.into_iter().collect::<Vec<_>>())),
            Cell::text(parts(&services.collect::<Vec<_>>()), NONE),
            Cell::text(place.and_then(Place::zone).unwrap_or_default(), NO),
            Cell::text(place.and_then(|place| place.level).map_or("", |level| level.as_str()), NO),
            Cell::count(peers.map_or(0, |peers| peers.assets.len() as u64)),
            crosses,
            Cell::text(peers.map(|peers| self.outside(peers)).unwrap_or_default(), NONE),
            seen(asset.site.clone()),
        ]
    }

    /// Addresses outside, and the names of ends of remote access.
    fn outside(&self, peers: &Peers<'_>) -> String {
        let outside = peers.external.iter().map(ToString::to_string);
        let remote = peers.remote.iter().filter_map(|id| self.sorted.asset(id));
        let remote = remote.map(|asset| format!("remote access: {}", asset.name));
        parts(&outside.chain(remote).collect::<Vec<_>>())
    }

    /// Prefixes that the plant's own word puts around its addresses.
    fn subnets(&self, asset: &Asset) -> String {
        let mask: Option<std::net::Ipv4Addr> = value(asset, "dhcp.subnet_mask").parse().ok();
        let subnets: BTreeSet<String> = ips(asset)
            .into_iter()
            .filter_map(|ip| {
                let zones = self.snapshot.policy.zones.iter();
                let prefixes = zones
                    .filter(|zone| zone.site.as_deref().is_none_or(|site| site == asset.site))
                    .flat_map(|zone| &zone.subnets);
                let longest =
                    prefixes.filter(|prefix| prefix.contains(ip)).max_by_key(|prefix| prefix.length());
                longest.map(ToString::to_string).or_else(|| masked(ip, mask?))
            })
            .collect();
        parts(&subnets.into_iter().collect::<Vec<_>>())
    }

    fn evidence(&self, asset: &Asset, identified: &Identified) -> Vec<Cell> {
        let seen = |text: String| Cell::text(text, NOT_OBSERVED);
        let candidates = || asset.attributes.values().flatten();
        let captures: BTreeSet<&str> = candidates()
            .filter_map(|candidate| candidate.proof.as_ref())
            .map(|proof| self.sorted.capture_name(&proof.capture).unwrap_or(&proof.capture))
            .collect();
        let proven = IDENTITY.iter().filter_map(|name| {
            let proof = winner(asset, name)?.proof.as_ref()?;
            Some(format!("{name} {}", evidence_place(&proof.capture, &proof.evidence)))
        });
        let observations = candidates().fold(0_u64, |sum, candidate| sum.saturating_add(candidate.count));
        let approval = identified
            .approval
            .as_ref()
            .map(|approval| format!("{}, {}", approval.by, printed(approval.on, "%Y-%m-%d")));
        vec![
            Cell::moment(asset.first, NOT_OBSERVED),
            Cell::moment(asset.last, NOT_OBSERVED),
            seen(parts(&captures.into_iter().collect::<Vec<_>>())),
            Cell::count(observations),
            Cell::text(list(proven), "No identity attribute is proven by octets"),
            Cell::Text(confidence(asset)),
            Cell::text(approval.unwrap_or_default(), "Not approved"),
        ]
    }
}

/// `5 of 6 known: 4 stated, 1 inferred`.
fn confidence(asset: &Asset) -> String {
    let mut bases: BTreeMap<&str, usize> = BTreeMap::new();
    for candidate in IDENTITY.iter().filter_map(|name| winner(asset, name)) {
        let count = bases.entry(candidate.basis.as_str()).or_default();
        *count = count.saturating_add(1);
    }
    let known = bases.values().fold(0_usize, |sum, count| sum.saturating_add(*count));
    let told = ["stated", "reported", "inferred", "declared"]
        .into_iter()
        .filter_map(|basis| bases.get(basis).map(|count| format!("{count} {basis}")));
    let told: Vec<String> = told.collect();
    let colon = if told.is_empty() { "" } else { ": " };
    format!("{known} of {} known{colon}{}", IDENTITY.len(), told.join(", "))
}

/// The prefix of an address under a subnet mask.
fn masked(ip: IpAddr, mask: std::net::Ipv4Addr) -> Option<String> {
    let IpAddr::V4(ip) = ip else { return None };
    let mask = u32::from(mask);
    // A mask is ones, then zeros.
    if mask.leading_ones().checked_add(mask.trailing_zeros()) != Some(32) {
        return None;
    }
    let length = u8::try_from(mask.leading_ones()).ok()?;
    Prefix::new(IpAddr::V4((u32::from(ip) & mask).into()), length).map(|prefix| prefix.to_string())
}

/// The first of a list, and how many more there are.
pub(super) fn parts<T: ToString>(all: &[T]) -> String {
    let more = all.len().saturating_sub(PARTS_MAX);
    let first = list(all.iter().take(PARTS_MAX).map(ToString::to_string));
    if more == 0 { first } else { format!("{first}; and {more} more") }
}
