//! The device inventory of Microsoft Defender for IoT, as CSV: the columns of its portal under their names.
//!
//! Source: MicrosoftDocs/azure-docs, articles/defender-for-iot/organizations/device-inventory.md (2023-02-19).

use std::collections::BTreeSet;
use std::io::Write;

use inventory::{Asset, Identified, Role, Snapshot};
use observation::{Time, attribute};

use crate::cells::list;
use crate::classes::classes;
use crate::csv::{CsvOptions, Table};
use crate::error::Result;
use crate::filter::Filter;
use crate::order::Sorted;
use crate::reading::{first_value, ips, macs, people, role, value, vlans};
use crate::time::printed;

/// Name and major version of what this writes.
pub const SCHEMA: &str = "tapledger.defender/1";

/// The columns, in the order of the documentation.
#[rustfmt::skip]
const COLUMNS: [&str; 38] = [
    "Authorization", "Business Function", "Class", "Data source", "Description", "Device Id", "Firmware model",
    "Firmware vendor", "Firmware version", "First seen", "Importance", "IPv4 Address", "IPv6 Address", "Last activity",
    "Location", "MAC Address", "Model", "Name", "Network location", "OS architecture", "OS distribution", "OS platform",
    "OS version", "PLC mode", "Programming device", "Protocols", "Purdue level", "Scanner device", "Sensor",
    "Serial number", "Site", "Slots", "Subtype", "Tags", "Type", "Vendor", "VLAN", "Zone",
];

/// Writes the assets that a filter holds, one line each, sorted by id. What only people or Defender itself decide
/// (authorization, importance, zone) is taken from people's fields or empty.
///
/// # Errors
///
/// Fails if `writer` does, if the delimiter cannot separate, or if the snapshot refers to assets that it does not hold.
pub fn write(snapshot: &Snapshot, filter: &Filter, writer: impl Write, options: &CsvOptions) -> Result<()> {
    let sorted = Sorted::filtered(snapshot, filter)?;
    let mut table = Table::new(writer, options)?;
    table.line(COLUMNS)?;
    for (asset, identified) in &sorted.assets {
        table.line(row(&sorted, asset, identified))?;
    }
    table.end()
}

fn row(sorted: &Sorted<'_>, asset: &Asset, identified: &Identified) -> [String; 38] {
    let ips = ips(asset);
    let claims = |role: Role| asset.roles.iter().any(|claim| claim.role == role);
    let firmware = value(asset, attribute::FIRMWARE_VERSION);
    let of_firmware = |text: String| if firmware.is_empty() { String::new() } else { text };
    let model = first_value(asset, &[attribute::MODEL, attribute::ORDER_NUMBER]);
    let vendor = value(asset, attribute::VENDOR);
    let protocols: BTreeSet<&str> = asset.services.iter().map(|service| service.protocol.as_str()).collect();
    [
        people(identified, "authorization"),
        people(identified, "business_process"),
        "IoT".to_owned(),
        "tapledger".to_owned(),
        value(asset, attribute::DESCRIPTION),
        identified.id.clone(),
        of_firmware(model.clone()),
        of_firmware(vendor.clone()),
        firmware.clone(),
        moment(asset.first),
        people(identified, "criticality"),
        list(ips.iter().filter(|ip| ip.is_ipv4())),
        list(ips.iter().filter(|ip| ip.is_ipv6())),
        moment(asset.last),
        people_or(identified, "location", value(asset, attribute::LOCATION)),
        list(macs(asset)),
        model,
        asset.name.clone(),
        network_location(asset),
        String::new(),
        String::new(),
        value(asset, attribute::OS),
        value(asset, attribute::OS_VERSION),
        mode(asset),
        yes_no(claims(Role::EngineeringWorkstation)),
        list(protocols),
        people(identified, "purdue_level"),
        String::new(),
        sensors(sorted, asset),
        value(asset, attribute::SERIAL_NUMBER),
        asset.site.clone(),
        slots(sorted, &identified.id),
        list(asset.roles.iter().map(|claim| claim.role.as_str())),
        list(["tapledger:observed"]),
        classes(role(asset)).defender.to_owned(),
        vendor,
        list(vlans(asset)),
        people(identified, "zone"),
    ]
}

fn people_or(identified: &Identified, field: &str, otherwise: String) -> String {
    identified.people.get(field).cloned().unwrap_or(otherwise)
}

fn yes_no(is: bool) -> String {
    if is { "true" } else { "false" }.to_owned()
}

/// `local` where the pair of MAC and IP is first-hand, `routed` where it is behind a router.
fn network_location(asset: &Asset) -> String {
    let with_ip = || asset.stations.iter().filter(|station| !station.ips.is_empty());
    match (with_ip().count(), with_ip().any(|station| station.mac_confirmed)) {
        (0, _) => String::new(),
        (_, true) => "local".to_owned(),
        (_, false) => "routed".to_owned(),
    }
}

/// The state of the key and of the program; one where both are the same.
fn mode(asset: &Asset) -> String {
    let modes = [value(asset, attribute::KEY_SWITCH), value(asset, attribute::MODE)];
    let mut modes: Vec<&String> = modes.iter().filter(|mode| !mode.is_empty()).collect();
    modes.dedup();
    list(modes)
}

/// The sensors, or for files their names, whose captures prove something of the asset.
fn sensors(sorted: &Sorted<'_>, asset: &Asset) -> String {
    let proofs = asset.attributes.values().flatten().filter_map(|candidate| candidate.proof.as_ref());
    let captures: BTreeSet<&str> = proofs.map(|proof| proof.capture.as_str()).collect();
    let named = sorted.captures.iter().filter(|summary| captures.contains(summary.uid.as_str()));
    let names: BTreeSet<&String> = named
        .map(|summary| if summary.sensor.is_empty() { &summary.name } else { &summary.sensor })
        .collect();
    list(names)
}

/// How many modules sit in it; nothing if none was seen.
fn slots(sorted: &Sorted<'_>, id: &str) -> String {
    let of_it =
        sorted.assets.iter().filter(|(asset, _)| asset.parent.is_some_and(|parent| sorted.id(parent) == id));
    match of_it.count() {
        0 => String::new(),
        count => count.to_string(),
    }
}

/// `MM/DD/YYYY HH:MM:SS AM/PM`, in UTC.
fn moment(time: Option<Time>) -> String {
    time.map(|time| printed(time, "%m/%d/%Y %I:%M:%S %p")).unwrap_or_default()
}
