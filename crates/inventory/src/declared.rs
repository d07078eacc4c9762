//! Assets that people listed: joined with what the wire shows by explicit keys, else rows of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use observation::{Basis, Mac, Time, attribute};

use crate::identity::{is_placeholder, squash};
use crate::model::{Asset, AssetState, AssetStation, Candidate, Join, Role, RoleClaim};
use crate::names;
use crate::rules::identity::{ASSET_NUMBERS, simulator_of};

/// Who carried a declared value.
const PEOPLE: &str = "people";

/// An asset that a person listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The site.
    pub site: String,
    /// The anchor that its id was issued for; unlike any station.
    pub anchor: String,
    /// MACs.
    pub macs: Vec<Mac>,
    /// IP addresses.
    pub ips: Vec<IpAddr>,
    /// Number in the company's books, as devices may carry it too.
    pub asset_number: Option<String>,
    /// Values of attributes by name; the serial number joins, the others describe.
    pub values: BTreeMap<String, String>,
    /// What it is for.
    pub role: Option<Role>,
    /// Who listed it.
    pub actor: String,
    /// When, by the wall clock.
    pub at: Time,
    /// Why, in that person's words.
    pub reason: String,
}

impl Declared {
    fn said(&self) -> String {
        if self.reason.is_empty() {
            format!("listed by {}", self.actor)
        } else {
            format!("listed by {}: {}", self.actor, self.reason)
        }
    }

    fn candidate(&self, value: &str) -> Candidate {
        Candidate {
            value: value.to_owned(),
            basis: Basis::Declared,
            protocol: PEOPLE.to_owned(),
            first: self.at,
            last: self.at,
            count: 1,
            proof: None,
            reasons: Vec::new(),
        }
    }

    fn claim(&self) -> Option<RoleClaim> {
        let role = self.role?;
        Some(RoleClaim { role, basis: Basis::Declared, reasons: vec![self.said()] })
    }
}

/// Adds what people listed to the assets of one site: to the asset of the same MAC, else of the same serial number,
/// else of the same asset number, else of the same IP address, where exactly one has it and neither serial nor order
/// number contradicts; else as an asset of its own.
pub(crate) fn attach(declared: &[Declared], site: &str, assets: &mut Vec<Asset>) {
    let heard = assets.len();
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    for one in declared.iter().filter(|one| one.site == site) {
        let (matched, refused) = find(one, assets.get(..heard).unwrap_or_default(), &taken);
        let Some((index, key)) = matched else {
            assets.push(alone(one, refused));
            continue;
        };
        taken.insert(index);
        let Some(asset) = assets.get_mut(index) else { continue };
        let left = asset.anchors.first().cloned().unwrap_or_default();
        asset.joins.push(Join {
            left,
            right: one.anchor.clone(),
            joined: true,
            reason: format!("{}; same {key}", one.said()),
        });
        asset.anchors.push(one.anchor.clone());
        for (name, value) in &one.values {
            asset.attributes.entry(name.clone()).or_default().push(one.candidate(value));
        }
        if let Some(claim) = one.claim() {
            let is_known = |known: &RoleClaim| known.role == claim.role;
            if asset.roles.iter().all(|known| known.role == Role::Unknown) {
                asset.roles = vec![claim];
            } else if !asset.roles.iter().any(is_known) {
                asset.roles.push(claim);
            }
        }
    }
}

/// The asset that a declared one is and the key that says so, or why those that share a key are not.
fn find(one: &Declared, assets: &[Asset], taken: &BTreeSet<usize>) -> (Option<(usize, String)>, Vec<Join>) {
    let holders = |holds: &dyn Fn(&Asset) -> bool| -> Vec<usize> {
        assets.iter().enumerate().filter(|(_, asset)| holds(asset)).map(|(index, _)| index).collect()
    };
    let value =
        |name: &str| one.values.get(name).map(|value| squash(value)).filter(|value| !value.is_empty());
    let serial = value(attribute::SERIAL_NUMBER)
        .filter(|serial| !is_placeholder(serial) && simulator_of(serial).is_none());
    let number = one.asset_number.as_deref().map(squash).filter(|number| !number.is_empty());
    let states = |asset: &Asset, name: &str, wanted: &str| {
        asset.attributes.get(name).into_iter().flatten().any(|candidate| squash(&candidate.value) == wanted)
    };
    let has_mac = |asset: &Asset, mac: Mac| asset.stations.iter().any(|station| station.mac == Some(mac));
    let has_ip = |asset: &Asset, ip: IpAddr| asset.stations.iter().any(|station| station.ips.contains(&ip));
    let mut keys: Vec<(String, Vec<usize>)> = Vec::new();
    keys.extend(one.macs.iter().map(|mac| (format!("MAC {mac}"), holders(&|asset| has_mac(asset, *mac)))));
    keys.extend(serial.iter().map(|serial| {
        let holds = |asset: &Asset| states(asset, attribute::SERIAL_NUMBER, serial);
        (format!("serial number {serial}"), holders(&holds))
    }));
    keys.extend(number.iter().map(|number| {
        let holds = |asset: &Asset| ASSET_NUMBERS.iter().any(|name| states(asset, name, number));
        (format!("asset number {number}"), holders(&holds))
    }));
    keys.extend(one.ips.iter().map(|ip| (format!("IP address {ip}"), holders(&|asset| has_ip(asset, *ip)))));
    let mut refused = Vec::new();
    for (key, holders) in keys {
        let joined = match holders.as_slice() {
            [] => continue,
            [index] if taken.contains(index) => Err("another listed asset is it already".to_owned()),
            [index] => contradiction(one, assets.get(*index)).map_or(Ok(*index), Err),
            several => Err(format!("{} assets have it", several.len())),
        };
        match joined {
            Ok(index) => return (Some((index, key)), refused),
            Err(why) => {
                let left = holders.first().and_then(|index| assets.get(*index)?.anchors.first().cloned());
                refused.push(Join {
                    left: left.unwrap_or_default(),
                    right: one.anchor.clone(),
                    joined: false,
                    reason: format!("same {key}, but {why}"),
                });
            }
        }
    }
    (None, refused)
}

/// What the wire says of an asset that cannot be true of the one that was listed.
fn contradiction(one: &Declared, asset: Option<&Asset>) -> Option<String> {
    let asset = asset?;
    [attribute::SERIAL_NUMBER, attribute::ORDER_NUMBER].into_iter().find_map(|name| {
        let listed = one.values.get(name)?;
        let stated: Vec<_> =
            asset.attributes.get(name)?.iter().filter(|known| known.basis == Basis::Stated).collect();
        let differs = !stated.is_empty() && stated.iter().all(|known| squash(&known.value) != squash(listed));
        differs.then(|| format!("the wire states another {name}"))
    })
}

/// The row of an asset that the wire has not shown.
fn alone(one: &Declared, refused: Vec<Join>) -> Asset {
    let interfaces = one.macs.len().max(one.ips.len()).max(1);
    let mut stations: Vec<AssetStation> = vec![AssetStation::default(); interfaces];
    // A MAC and an address that were listed at the same place are taken for one interface, not for a confirmed pair.
    for (station, mac) in stations.iter_mut().zip(&one.macs) {
        station.mac = Some(*mac);
    }
    for (station, ip) in stations.iter_mut().zip(&one.ips) {
        station.ips.push(*ip);
    }
    stations.retain(|station| station.mac.is_some() || !station.ips.is_empty());
    let address =
        one.ips.first().map(ToString::to_string).or_else(|| one.macs.first().map(ToString::to_string));
    let mut asset = Asset {
        site: one.site.clone(),
        anchors: vec![one.anchor.clone()],
        state: AssetState::Declared,
        state_reasons: vec![one.said()],
        roles: vec![one.claim().unwrap_or(RoleClaim {
            role: Role::Unknown,
            basis: Basis::Declared,
            reasons: Vec::new(),
        })],
        stations,
        attributes: one
            .values
            .iter()
            .map(|(name, value)| (name.clone(), vec![one.candidate(value)]))
            .collect(),
        joins: refused,
        ..Asset::default()
    };
    asset.name = names::name(&asset, address.as_deref().unwrap_or(&one.anchor));
    asset
}
