//! What several formats read of an asset.

use std::collections::BTreeSet;
use std::net::IpAddr;

use inventory::{Asset, Candidate, Identified, Role};
use observation::Mac;

/// The winning candidate of an attribute.
pub(crate) fn winner<'a>(asset: &'a Asset, attribute: &str) -> Option<&'a Candidate> {
    asset.attributes.get(attribute).and_then(|candidates| candidates.first())
}

/// The winning value of an attribute, or nothing.
pub(crate) fn value(asset: &Asset, attribute: &str) -> String {
    winner(asset, attribute).map(|candidate| candidate.value.clone()).unwrap_or_default()
}

/// The first of several attributes that has a value.
pub(crate) fn first_value(asset: &Asset, attributes: &[&str]) -> String {
    attributes.iter().map(|name| value(asset, name)).find(|value| !value.is_empty()).unwrap_or_default()
}

/// The primary role.
pub(crate) fn role(asset: &Asset) -> Role {
    asset.roles.first().map_or(Role::Unknown, |claim| claim.role)
}

/// All IP addresses.
pub(crate) fn ips(asset: &Asset) -> BTreeSet<IpAddr> {
    asset.stations.iter().flat_map(|station| &station.ips).copied().collect()
}

/// All MAC addresses.
pub(crate) fn macs(asset: &Asset) -> BTreeSet<Mac> {
    asset.stations.iter().filter_map(|station| station.mac).collect()
}

/// All VLANs.
pub(crate) fn vlans(asset: &Asset) -> BTreeSet<u16> {
    asset.stations.iter().flat_map(|station| &station.vlans).copied().collect()
}

/// Where it sits, of one kind: the slot, the rack.
pub(crate) fn position(asset: &Asset, kind: &str) -> String {
    asset.position.iter().find(|step| step.kind == kind).map(|step| step.value.clone()).unwrap_or_default()
}

/// Where it sits, in words: `rack 0, slot 4`.
pub(crate) fn position_words(asset: &Asset) -> String {
    let steps: Vec<String> =
        asset.position.iter().map(|step| format!("{} {}", step.kind, step.value)).collect();
    steps.join(", ")
}

/// What people wrote in a field, or nothing.
pub(crate) fn people(identified: &Identified, field: &str) -> String {
    identified.people.get(field).cloned().unwrap_or_default()
}
