//! The rows of each table.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use inventory::{Asset, AssetStation, Identified};
use observation::{Transport, attribute};

use super::names::{Names, cut, is_dns_name, slug};
use crate::archive::NamedFile;
use crate::csv::{CsvOptions, Table};
use crate::error::Result;
use crate::order::Sorted;
use crate::reading::{first_value, position_words, role, value, vlans};

/// Tag of everything that comes from here: name and slug.
const TAG: (&str, &str) = ("tapledger:observed", "tapledger-observed");

/// Where the wire does not say it; NetBox needs a word.
const UNKNOWN: &str = "Unknown";

// What NetBox's columns hold, in characters.
const NAME_CHARS: usize = 64;
const MODEL_CHARS: usize = 100;
const PART_CHARS: usize = 50;
const DESCRIPTION_CHARS: usize = 200;

/// Deepest nesting looked through for the device that a module sits in.
const DEPTH_MAX: usize = 16;

/// The assets as devices and what sits in them.
pub(super) struct Plan<'s> {
    devices: Vec<Device<'s>>,
    /// Modules: index of the device, asset, ids.
    modules: Vec<(usize, &'s Asset, &'s Identified)>,
}

struct Device<'s> {
    name: String,
    asset: &'s Asset,
    identified: &'s Identified,
}

type Row = Vec<String>;

impl<'s> Plan<'s> {
    pub(super) fn new(sorted: &Sorted<'s>) -> Self {
        let mut names = Names::default();
        let mut devices = Vec::new();
        let mut by_id: BTreeMap<&str, usize> = BTreeMap::new();
        let mut waiting = Vec::new();
        let mut add = |devices: &mut Vec<Device<'s>>, asset: &'s Asset, identified: &'s Identified| {
            let name = names.give(&asset.name, &short(&identified.id), NAME_CHARS);
            devices.push(Device { name, asset, identified });
            devices.len().saturating_sub(1)
        };
        for (asset, identified) in &sorted.assets {
            if asset.parent.is_some() && asset.stations.is_empty() {
                waiting.push((*asset, *identified));
            } else {
                let index = add(&mut devices, asset, identified);
                by_id.insert(&identified.id, index);
            }
        }
        let mut modules = Vec::new();
        for (asset, identified) in waiting {
            match device_of(sorted, &by_id, asset) {
                Some(device) => modules.push((device, asset, identified)),
                // What it sits in is not part of the export.
                None => drop(add(&mut devices, asset, identified)),
            }
        }
        Self { devices, modules }
    }

    pub(super) fn files(&self) -> Result<Vec<NamedFile>> {
        let (addresses, left_out) = self.addresses();
        let (manufacturers, types) = self.types();
        let mut sites = Names::default();
        let mut roles = Names::default();
        let of_devices = |word: fn(&Asset) -> &str| -> BTreeSet<&str> {
            self.devices.iter().map(|device| word(device.asset)).collect()
        };
        let role_rows = of_devices(|asset| role(asset).as_str()).into_iter();
        let site_rows = of_devices(|asset| &asset.site).into_iter();
        let tag = || TAG.1.to_owned();
        let tables: [(&str, &[&str], Vec<Row>); 12] = [
            ("tags", &["name", "slug", "color", "description"], vec![tag_row()]),
            ("manufacturers", &["name", "slug", "tags"], manufacturers),
            (
                "device-roles",
                &["name", "slug", "color", "tags"],
                role_rows
                    .map(|role| vec![role.to_owned(), slug(role, &mut roles), "9e9e9e".to_owned(), tag()])
                    .collect(),
            ),
            ("device-types", &["manufacturer", "model", "slug", "part_number", "u_height", "tags"], types),
            (
                "sites",
                &["name", "slug", "status", "tags"],
                site_rows
                    .map(|site| {
                        vec![cut(site, MODEL_CHARS), slug(site, &mut sites), "active".to_owned(), tag()]
                    })
                    .collect(),
            ),
            (
                "devices",
                &[
                    "name",
                    "role",
                    "manufacturer",
                    "device_type",
                    "serial",
                    "site",
                    "status",
                    "description",
                    "tags",
                ],
                self.devices.iter().map(device_row).collect(),
            ),
            ("vlans", &["site", "vid", "name", "status", "tags"], self.vlans()),
            (
                "interfaces",
                &["device", "name", "type", "enabled", "tags"],
                self.each_station(|device, station| {
                    vec![vec![device.name.clone(), interface(station), "other".into(), "true".into(), tag()]]
                }),
            ),
            (
                "mac-addresses",
                &["mac_address", "device", "interface", "is_primary", "tags"],
                self.each_station(|device, station| {
                    let row = |mac: observation::Mac| {
                        vec![mac.to_string(), device.name.clone(), interface(station), "true".into(), tag()]
                    };
                    station.mac.into_iter().map(row).collect()
                }),
            ),
            (
                "ip-addresses",
                &["address", "status", "device", "interface", "is_primary", "dns_name", "tags"],
                addresses,
            ),
            (
                "services",
                &["parent_object_type", "parent", "name", "protocol", "ports", "tags"],
                self.devices.iter().flat_map(service_rows).collect(),
            ),
            (
                "inventory-items",
                &[
                    "device",
                    "name",
                    "status",
                    "manufacturer",
                    "part_id",
                    "serial",
                    "discovered",
                    "description",
                    "tags",
                ],
                self.modules(),
            ),
        ];
        let mut files = Vec::new();
        for (number, (name, header, rows)) in tables.into_iter().enumerate() {
            files.push(file(&format!("{:02}-{name}.csv", number.saturating_add(1)), header, rows)?);
        }
        files.push(file("left-out.csv", &["address", "device", "asset", "reason"], left_out)?);
        Ok(files)
    }

    /// Manufacturers and device types, each once.
    fn types(&self) -> (Vec<Row>, Vec<Row>) {
        let tag = || TAG.1.to_owned();
        let of_modules = self.modules.iter().map(|(_, asset, _)| manufacturer(asset));
        let manufacturers: BTreeSet<String> =
            self.devices.iter().map(|device| manufacturer(device.asset)).chain(of_modules).collect();
        let mut given = Names::default();
        let rows = manufacturers.into_iter().map(|name| {
            let slug = slug(&name, &mut given);
            vec![name, slug, tag()]
        });
        let rows = rows.collect();
        let types: BTreeMap<(String, String), String> = self
            .devices
            .iter()
            .map(|device| ((manufacturer(device.asset), model(device.asset)), part_number(device.asset)))
            .collect();
        let mut given = Names::default();
        let types = types.into_iter().map(|((manufacturer, model), part)| {
            let slug = slug(&format!("{manufacturer} {model}"), &mut given);
            vec![manufacturer, model, slug, part, "0".to_owned(), tag()]
        });
        (rows, types.collect())
    }

    fn each_station(&self, row: impl Fn(&Device<'_>, &AssetStation) -> Vec<Row>) -> Vec<Row> {
        let row = &row;
        self.devices
            .iter()
            .flat_map(|device| device.asset.stations.iter().flat_map(move |station| row(device, station)))
            .collect()
    }

    fn vlans(&self) -> Vec<Row> {
        let all: BTreeSet<(&str, u16)> = self
            .devices
            .iter()
            .flat_map(|device| vlans(device.asset).into_iter().map(|vlan| (device.asset.site.as_str(), vlan)))
            .collect();
        let row = |(site, vlan): (&str, u16)| {
            let name = format!("VLAN {vlan}");
            vec![cut(site, MODEL_CHARS), vlan.to_string(), name, "active".to_owned(), TAG.1.to_owned()]
        };
        // 0 and 4095 are no VLANs to NetBox: priority tags, reserved.
        all.into_iter().filter(|(_, vlan)| (1..=4094).contains(vlan)).map(row).collect()
    }

    /// Addresses, and those that another device of the export has already.
    fn addresses(&self) -> (Vec<Row>, Vec<Row>) {
        let (mut rows, mut left_out) = (Vec::new(), Vec::new());
        let mut holders: BTreeMap<IpAddr, &str> = BTreeMap::new();
        for device in &self.devices {
            let hostname = value(device.asset, attribute::HOSTNAME);
            let dns_name = if is_dns_name(&hostname) { hostname } else { String::new() };
            // The first of each family is the device's own.
            let mut primary = [true, true];
            for station in &device.asset.stations {
                for ip in &station.ips {
                    if let Some(holder) = holders.get(ip) {
                        let reason = format!("{holder} has this address too");
                        let id = device.identified.id.clone();
                        left_out.push(vec![ip.to_string(), device.name.clone(), id, reason]);
                        continue;
                    }
                    holders.insert(*ip, &device.name);
                    // Listening does not tell how long a prefix is.
                    let (family, length) = if ip.is_ipv4() { (0, 32) } else { (1, 128) };
                    let is_primary = primary.get_mut(family).map(std::mem::take).unwrap_or_default();
                    rows.push(vec![
                        format!("{ip}/{length}"),
                        "active".to_owned(),
                        device.name.clone(),
                        interface(station),
                        is_primary.to_string(),
                        dns_name.clone(),
                        TAG.1.to_owned(),
                    ]);
                }
            }
        }
        (rows, left_out)
    }

    fn modules(&self) -> Vec<Row> {
        let mut given: BTreeMap<usize, Names> = BTreeMap::new();
        let row = |(index, asset, identified): &(usize, &Asset, &Identified)| {
            let device = self.devices.get(*index)?;
            let name = given.entry(*index).or_default().give(&asset.name, &short(&identified.id), NAME_CHARS);
            Some(vec![
                device.name.clone(),
                name,
                "active".to_owned(),
                manufacturer(asset),
                part_number(asset),
                cut(&value(asset, attribute::SERIAL_NUMBER), PART_CHARS),
                "true".to_owned(),
                cut(&format!("{} tapledger {}", position_words(asset), identified.id), DESCRIPTION_CHARS),
                TAG.1.to_owned(),
            ])
        };
        self.modules.iter().filter_map(row).collect()
    }
}

/// The device that an asset without addresses sits in.
fn device_of(sorted: &Sorted<'_>, by_id: &BTreeMap<&str, usize>, asset: &Asset) -> Option<usize> {
    let mut parent = asset.parent;
    for _ in 0..DEPTH_MAX {
        let id = sorted.id(parent?);
        if let Some(device) = by_id.get(id) {
            return Some(*device);
        }
        parent = sorted.asset(id)?.parent;
    }
    None
}

fn file(name: &str, header: &[&str], rows: Vec<Row>) -> Result<NamedFile> {
    let mut octets = Vec::new();
    let mut table = Table::new(&mut octets, &CsvOptions::default())?;
    table.line(header)?;
    for row in rows {
        table.line(row)?;
    }
    table.end()?;
    Ok(NamedFile { name: name.to_owned(), octets })
}

fn tag_row() -> Row {
    let description = "heard on the network by tapledger, not entered by people";
    vec![TAG.0.to_owned(), TAG.1.to_owned(), "2196f3".to_owned(), description.to_owned()]
}

fn device_row(device: &Device<'_>) -> Row {
    let Device { name, asset, identified } = device;
    vec![
        name.clone(),
        role(asset).as_str().to_owned(),
        manufacturer(asset),
        model(asset),
        cut(&value(asset, attribute::SERIAL_NUMBER), PART_CHARS),
        cut(&asset.site, MODEL_CHARS),
        "active".to_owned(),
        cut(&format!("tapledger {} ({})", identified.id, asset.state.as_str()), DESCRIPTION_CHARS),
        TAG.1.to_owned(),
    ]
}

/// Services over TCP and UDP: the ports of each protocol.
fn service_rows(device: &Device<'_>) -> Vec<Row> {
    let mut ports: BTreeMap<(&str, &str), BTreeSet<u16>> = BTreeMap::new();
    for service in &device.asset.services {
        if matches!(service.transport, Transport::Tcp | Transport::Udp) && service.port > 0 {
            ports.entry((&service.protocol, service.transport.as_str())).or_default().insert(service.port);
        }
    }
    let row = |((protocol, transport), ports): ((&str, &str), BTreeSet<u16>)| {
        let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
        vec![
            "dcim.device".to_owned(),
            device.name.clone(),
            cut(protocol, MODEL_CHARS),
            transport.to_owned(),
            ports.join(","),
            TAG.1.to_owned(),
        ]
    };
    ports.into_iter().map(row).collect()
}

fn manufacturer(asset: &Asset) -> String {
    or_unknown(cut(&value(asset, attribute::VENDOR), MODEL_CHARS))
}

/// Model and order number; what of them is known.
fn model(asset: &Asset) -> String {
    let (model, part) = (value(asset, attribute::MODEL), value(asset, attribute::ORDER_NUMBER));
    let both = match (model.as_str(), part.as_str()) {
        ("", "") => value(asset, attribute::DEVICE_TYPE),
        ("", _) => part,
        (_, "") => model,
        _ if model.contains(&part) => model,
        _ => format!("{model} ({part})"),
    };
    or_unknown(cut(&both, MODEL_CHARS))
}

fn part_number(asset: &Asset) -> String {
    cut(&first_value(asset, &[attribute::ORDER_NUMBER]), PART_CHARS)
}

fn or_unknown(text: String) -> String {
    if text.is_empty() { UNKNOWN.to_owned() } else { text }
}

/// The name of an interface: its MAC, or its first address.
fn interface(station: &AssetStation) -> String {
    match (station.mac, station.ips.first()) {
        (Some(mac), _) => mac.to_string(),
        (None, Some(ip)) => format!("ip {ip}"),
        (None, None) => "unnamed".to_owned(),
    }
}

/// The beginning of an id: enough to tell two of the same name apart.
fn short(id: &str) -> String {
    id.chars().take(8).collect()
}
