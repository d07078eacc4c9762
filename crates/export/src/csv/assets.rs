//! The asset list.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::IpAddr;

use inventory::fields::{COLUMN_PREFIX, FIELDS, field_named};
use inventory::policy::Place;
use inventory::{Asset, AssetEnd, Identified, Proof, Snapshot};
use observation::attribute;

use super::{CsvOptions, Table, moment, place};
use crate::cells::list;
use crate::error::Result;
use crate::filter::Filter;
use crate::order::Sorted;
use crate::reading::{value, winner};

/// Identity attributes: the value and its basis, each a column.
const IDENTITY: [&str; 6] = [
    attribute::VENDOR,
    attribute::MODEL,
    attribute::ORDER_NUMBER,
    attribute::SERIAL_NUMBER,
    attribute::FIRMWARE_VERSION,
    attribute::HARDWARE_REVISION,
];

/// Further attributes: attribute and column. `name` is the asset's own column.
const FURTHER: [(&str, &str); 15] = [
    (attribute::SOFTWARE_VERSION, "software_version"),
    (attribute::DEVICE_TYPE, "device_type"),
    (attribute::OS, "os"),
    (attribute::OS_VERSION, "os_version"),
    (attribute::MODE, "mode"),
    (attribute::KEY_SWITCH, "key_switch"),
    (attribute::PROTECTION, "protection"),
    (attribute::HOSTNAME, "hostname"),
    (attribute::STATION_NAME, "station_name"),
    (attribute::NAME, "device_name"),
    (attribute::LOCATION, "location"),
    (attribute::DESCRIPTION, "description"),
    (attribute::PLANT_ID, "plant_id"),
    (attribute::PROJECT, "project"),
    (attribute::MAC_VENDOR, "mac_vendor"),
];

/// Writes the assets, one line each, sorted by id.
///
/// # Errors
///
/// Fails if `writer` does, if the delimiter is a quote or line end, or if the snapshot refers to assets that it does
/// not hold.
pub fn write_assets(snapshot: &Snapshot, writer: impl Write, options: &CsvOptions) -> Result<()> {
    write_assets_filtered(snapshot, &Filter::default(), writer, options)
}

/// Writes the assets that a filter holds, one line each, sorted by id.
///
/// # Errors
///
/// As [`write_assets`].
pub fn write_assets_filtered(
    snapshot: &Snapshot,
    filter: &Filter,
    writer: impl Write,
    options: &CsvOptions,
) -> Result<()> {
    let sorted = Sorted::filtered(snapshot, filter)?;
    // Every field has its column, filled in or not: what is missing is to be seen, and to be filled in and read back.
    let mut fields: Vec<&str> = FIELDS.iter().map(|field| field.name).collect();
    let given = sorted.assets.iter().flat_map(|(_, identified)| identified.people.keys());
    let further: BTreeSet<&str> =
        given.map(String::as_str).filter(|name| field_named(name).is_none()).collect();
    fields.extend(further);
    let peers = peers(&sorted);
    let mut table = Table::new(writer, options)?;

    let mut header: Vec<Cow<'_, str>> =
        ["id", "name", "state", "role", "roles", "role_basis", "role_reasons"].map(Cow::from).into();
    header.extend(IDENTITY.iter().flat_map(|name| [Cow::from(*name), format!("{name}_basis").into()]));
    header.extend(FURTHER.iter().map(|(_, column)| Cow::from(*column)));
    header.extend(["ipv4", "ipv6", "macs", "vlans", "parent", "parent_name", "position"].map(Cow::from));
    header.extend(["protocols", "services", "talks_to", "external_peers"].map(Cow::from));
    header.extend(["site", "aliases", "first", "last", "captures", "evidence"].map(Cow::from));
    header.extend(["zone", "zones", "level", "zone_reason", "approved_by", "approved_on"].map(Cow::from));
    header.extend(fields.iter().map(|field| Cow::from(format!("{COLUMN_PREFIX}{field}"))));
    table.line(header)?;

    for (asset, identified) in &sorted.assets {
        let mut line = observed_band(&sorted, asset, identified, peers.get(identified.id.as_str()));
        line.extend(evidence_band(&sorted, asset, identified));
        line.extend(place_band(sorted.place(&identified.id), identified));
        line.extend(fields.iter().map(|field| identified.people.get(*field).cloned().unwrap_or_default()));
        table.line(line)?;
    }
    table.end()
}

/// Whom an asset talks to, and how.
#[derive(Default)]
struct Peers<'s> {
    assets: BTreeSet<&'s str>,
    external: BTreeSet<IpAddr>,
    protocols: BTreeSet<&'s str>,
}

fn peers<'s>(sorted: &Sorted<'s>) -> BTreeMap<&'s str, Peers<'s>> {
    let mut all: BTreeMap<&str, Peers<'_>> = BTreeMap::new();
    for conversation in &sorted.conversations {
        let ends =
            [(&conversation.client, &conversation.server), (&conversation.server, &conversation.client)];
        for (own, other) in ends {
            let AssetEnd::Asset(own) = own else { continue };
            let peers = all.entry(sorted.id(*own)).or_default();
            peers.protocols.insert(&conversation.protocol);
            match other {
                AssetEnd::Asset(other) => drop(peers.assets.insert(sorted.id(*other))),
                AssetEnd::External(ip) => drop(peers.external.insert(*ip)),
                AssetEnd::Group(_) | AssetEnd::Silent(_) => {}
            }
        }
    }
    all
}

fn observed_band(
    sorted: &Sorted<'_>,
    asset: &Asset,
    identified: &Identified,
    peers: Option<&Peers<'_>>,
) -> Vec<String> {
    let primary = asset.roles.first();
    let mut line = vec![identified.id.clone(), asset.name.clone(), asset.state.as_str().into()];
    line.push(primary.map_or("unknown", |claim| claim.role.as_str()).into());
    line.push(list(asset.roles.iter().map(|claim| claim.role.as_str())));
    line.push(primary.map_or("", |claim| claim.basis.as_str()).into());
    line.push(list(primary.map(|claim| claim.reasons.as_slice()).unwrap_or_default()));
    for attribute in IDENTITY {
        let basis = winner(asset, attribute).map_or("", |candidate| candidate.basis.as_str());
        line.extend([value(asset, attribute), basis.into()]);
    }
    line.extend(FURTHER.iter().map(|(attribute, _)| value(asset, attribute)));

    let ips: BTreeSet<&IpAddr> = asset.stations.iter().flat_map(|station| &station.ips).collect();
    line.push(list(ips.iter().filter(|ip| ip.is_ipv4())));
    line.push(list(ips.iter().filter(|ip| ip.is_ipv6())));
    line.push(list(asset.stations.iter().filter_map(|station| station.mac).collect::<BTreeSet<_>>()));
    line.push(list(asset.stations.iter().flat_map(|station| &station.vlans).collect::<BTreeSet<_>>()));
    let parent = asset.parent.map(|index| sorted.id(index)).unwrap_or_default();
    line.extend([
        parent.to_owned(),
        sorted.asset(parent).map(|parent| parent.name.clone()).unwrap_or_default(),
    ]);
    line.push(list(asset.position.iter().map(|step| format!("{}={}", step.kind, step.value))));

    let mut protocols: BTreeSet<&str> =
        asset.services.iter().map(|service| service.protocol.as_str()).collect();
    protocols.extend(peers.into_iter().flat_map(|peers| &peers.protocols));
    line.push(list(protocols));
    line.push(list(
        asset
            .services
            .iter()
            .map(|service| format!("{} {}/{}", service.protocol, service.transport.as_str(), service.port)),
    ));
    line.push(peers.map_or(0, |peers| peers.assets.len()).to_string());
    line.push(list(peers.into_iter().flat_map(|peers| &peers.external)));
    line
}

/// Where it belongs, and who approved it.
fn place_band(place: Option<&Place>, identified: &Identified) -> [String; 6] {
    let approval = identified.approval.as_ref();
    [
        place.and_then(Place::zone).unwrap_or_default().to_owned(),
        list(place.into_iter().flat_map(|place| &place.zones)),
        place.and_then(|place| place.level).map_or("", |level| level.as_str()).to_owned(),
        place.map(|place| place.reason.clone()).unwrap_or_default(),
        approval.map(|approval| approval.by.clone()).unwrap_or_default(),
        moment(approval.map(|approval| approval.on)),
    ]
}

fn evidence_band(sorted: &Sorted<'_>, asset: &Asset, identified: &Identified) -> [String; 6] {
    let proofs = asset.attributes.values().flatten().filter_map(|candidate| candidate.proof.as_ref());
    let captures: BTreeSet<&str> =
        proofs.map(|proof| sorted.capture_name(&proof.capture).unwrap_or(&proof.capture)).collect();
    let proven = IDENTITY.iter().filter_map(|name| {
        let Proof { capture, evidence, .. } = winner(asset, name)?.proof.as_ref()?;
        Some(format!("{name} {}", place(capture, evidence)))
    });
    [
        asset.site.clone(),
        list(&identified.aliases),
        moment(asset.first),
        moment(asset.last),
        list(captures),
        list(proven),
    ]
}
