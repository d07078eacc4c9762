//! The worksheet of ServiceNow's Service Graph Connector for Microsoft Excel (OT devices), as CSV: its 75 columns A to
//! BW under their exact names and in their order, empty where the wire says nothing and where ServiceNow fills in.
//!
//! Source: ServiceNowDocs, "Prepare your Pre-import OT Worksheet Entry Review tool for Service Graph Connector import".

use std::collections::BTreeMap;
use std::io::Write;

use inventory::{Asset, AssetState, Identified, Role, Snapshot};
use observation::attribute;

use crate::classes::classes;
use crate::csv::{CsvOptions, Table};
use crate::error::Result;
use crate::filter::Filter;
use crate::order::Sorted;
use crate::reading::{first_value, ips, macs, people, position, role, value};
use crate::time::printed;

/// Name and major version of what this writes.
pub const SCHEMA: &str = "tapledger.servicenow/1";

/// Addresses that the worksheet has columns for.
const ADDRESSES: usize = 9;

/// Type of what sits in a rack.
const MODULE: &str = "Control Module";

/// The columns, A to BW.
#[rustfmt::skip]
const COLUMNS: [&str; 75] = [
    "Device criticality", "Assigned to", "Backplane id", "Backplane name", "Control module parent id", "Correlation id",
    "Custom field 1", "Custom field 2", "Custom field 3", "Custom field 4", "Custom field 5",
    "Display name", "Equipment model entity path", "Firmware version", "First discovered", "Hardware version", "Has module",
    "IO field device type",
    "IP Address 1", "IP Address 2", "IP Address 3", "IP Address 4", "IP Address 5", "IP Address 6", "IP Address 7",
    "IP Address 8", "IP Address 9",
    "MAC Address 1", "MAC Address 2", "MAC Address 3", "MAC Address 4", "MAC Address 5", "MAC Address 6", "MAC Address 7",
    "MAC Address 8", "MAC Address 9",
    "Manufacturer", "Memory card serial 1", "Memory card serial 2", "Memory card serial 3",
    "Memory size 1", "Memory size 2", "Memory size 3", "Memory type 1", "Memory type 2", "Memory type 3",
    "Model number", "Module type", "Name", "Operating system", "OS version", "OT Staging Task", "Purdue level", "Rack number",
    "Serial number", "Serial number type", "Short description", "Site", "Slot number",
    "Software install date 1", "Software install date 2", "Software install date 3",
    "Software installed 1", "Software installed 2", "Software installed 3",
    "Software version 1", "Software version 2", "Software version 3",
    "Status", "Support group", "Transformed name", "Type", "Validation comments", "Validation state", "Vendor",
];

/// Writes the assets that a filter holds, one line each, sorted by id.
///
/// `Name`, `MAC Address 1` and `Serial number` must be unique in the worksheet: a name that several assets bear gets the
/// beginning of the id behind it, a MAC or serial number that several bear is left out of all of them, for it identifies
/// none.
///
/// # Errors
///
/// Fails if `writer` does, if the delimiter cannot separate, or if the snapshot refers to assets that it does not hold.
pub fn write(snapshot: &Snapshot, filter: &Filter, writer: impl Write, options: &CsvOptions) -> Result<()> {
    let sorted = Sorted::filtered(snapshot, filter)?;
    let mut table = Table::new(writer, options)?;
    table.line(COLUMNS)?;
    let seen = Seen::of(&sorted);
    for (asset, identified) in &sorted.assets {
        let row = row(&sorted, &seen, asset, identified);
        table.line(COLUMNS.map(|column| row.get(column).map(String::as_str).unwrap_or_default()))?;
    }
    table.end()
}

/// How often each of what must be unique occurs, and which assets have modules.
#[derive(Default)]
struct Seen<'s> {
    names: BTreeMap<&'s str, usize>,
    serials: BTreeMap<String, usize>,
    macs: BTreeMap<observation::Mac, usize>,
    parents: BTreeMap<&'s str, usize>,
}

impl<'s> Seen<'s> {
    fn of(sorted: &Sorted<'s>) -> Self {
        let mut seen = Self::default();
        for (asset, _) in &sorted.assets {
            count(&mut seen.names, asset.name.as_str());
            count(&mut seen.serials, value(asset, attribute::SERIAL_NUMBER));
            for mac in macs(asset) {
                count(&mut seen.macs, mac);
            }
            if let Some(parent) = asset.parent {
                count(&mut seen.parents, sorted.id(parent));
            }
        }
        seen
    }
}

fn count<K: Ord>(counts: &mut BTreeMap<K, usize>, key: K) {
    let count = counts.entry(key).or_default();
    *count = count.saturating_add(1);
}

/// The cells of an asset that are not empty, by column.
fn row(
    sorted: &Sorted<'_>,
    seen: &Seen<'_>,
    asset: &Asset,
    identified: &Identified,
) -> BTreeMap<String, String> {
    let mut row = BTreeMap::new();
    let mut set = |column: &str, text: String| {
        if !text.is_empty() {
            row.insert(column.to_owned(), text);
        }
    };
    let id = identified.id.as_str();
    let parent = asset.parent.filter(|_| is_module(asset));
    if let Some(parent) = parent {
        let parent = sorted.id(parent);
        set("Control module parent id", parent.to_owned());
        set("Backplane id", parent.to_owned());
        set("Backplane name", sorted.asset(parent).map(|asset| asset.name.clone()).unwrap_or_default());
        set("Module type", value(asset, attribute::DEVICE_TYPE));
    }
    let has_modules = seen.parents.contains_key(id);
    if has_modules {
        set("Backplane id", id.to_owned());
        set("Backplane name", asset.name.clone());
    }
    set("Has module", if has_modules { "True" } else { "False" }.to_owned());
    set("Correlation id", id.to_owned());
    set("Display name", asset.name.clone());
    let is_shared = seen.names.get(asset.name.as_str()).is_some_and(|count| *count > 1);
    let short: String = id.chars().take(8).collect();
    set("Name", if is_shared { format!("{} ({short})", asset.name) } else { asset.name.clone() });

    for (number, ip) in ips(asset).iter().take(ADDRESSES).enumerate() {
        set(&format!("IP Address {}", number.saturating_add(1)), ip.to_string());
    }
    let own = macs(asset).into_iter().filter(|mac| seen.macs.get(mac).is_none_or(|count| *count == 1));
    for (number, mac) in own.take(ADDRESSES).enumerate() {
        set(&format!("MAC Address {}", number.saturating_add(1)), mac.to_string());
    }
    let serial = value(asset, attribute::SERIAL_NUMBER);
    if !serial.is_empty() && seen.serials.get(&serial).is_none_or(|count| *count == 1) {
        set("Serial number", serial);
        set("Serial number type", "system".to_owned());
    }
    set("Memory card serial 1", value(asset, "s7comm.memory_card_serial"));

    let vendor = value(asset, attribute::VENDOR);
    set("Manufacturer", vendor.clone());
    set("Vendor", vendor);
    set("Model number", first_value(asset, &[attribute::ORDER_NUMBER, attribute::MODEL]));
    set("Firmware version", value(asset, attribute::FIRMWARE_VERSION));
    set("Hardware version", value(asset, attribute::HARDWARE_REVISION));
    set("Operating system", value(asset, attribute::OS));
    set("OS version", value(asset, attribute::OS_VERSION));
    let software = value(asset, attribute::SOFTWARE_VERSION);
    if !software.is_empty() {
        set("Software installed 1", first_value(asset, &[attribute::MODEL, attribute::DEVICE_TYPE]));
        set("Software version 1", software);
    }
    set("Rack number", position(asset, "rack"));
    set("Slot number", position(asset, "slot"));
    set("First discovered", asset.first.map(|time| printed(time, "%Y-%m-%d %H:%M:%S")).unwrap_or_default());
    set("Site", asset.site.clone());
    set("Short description", short_description(asset));
    let kind = match (parent, role(asset)) {
        (Some(_), _) => MODULE,
        // A module of nothing is refused.
        (None, Role::IoModule) => classes(Role::Unknown).servicenow_type,
        (None, role) => classes(role).servicenow_type,
    };
    set("Type", kind.to_owned());
    if asset.state == AssetState::Observed {
        set("Status", "Installed".to_owned());
    }
    set("Device criticality", people(identified, "criticality"));
    set("Purdue level", people(identified, "purdue_level"));
    set("Assigned to", people(identified, "owner"));
    row
}

/// True if it sits in a rack: not a device of its own behind a gateway, which is what it is.
fn is_module(asset: &Asset) -> bool {
    asset.stations.is_empty()
        && asset.position.iter().any(|step| matches!(step.kind, "rack" | "slot" | "subslot" | "link"))
}

/// Model and what it is there for, in the words of the register.
fn short_description(asset: &Asset) -> String {
    let reasons = asset.roles.first().map(|claim| claim.reasons.join("; ")).unwrap_or_default();
    let model = value(asset, attribute::MODEL);
    match (model.as_str(), reasons.as_str()) {
        ("", _) => reasons,
        (_, "") => model,
        _ => format!("{model}: {reasons}"),
    }
}
