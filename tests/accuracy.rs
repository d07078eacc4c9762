//! The accuracy table: what the register says of devices that are known, by protocol.
//!
//! A device counts as *found* if its IP address or its only MAC is on an asset. A *core* value (who made it, what it is,
//! its number, its version) counts if it is the winner under the attribute where it belongs, on the asset, in it or
//! behind it. Values of simulators are not counted as core. The octets of those captures stay where they are: nothing
//! of them is part of the project.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::Value;

use crate::roles::{self, Label, Roles};
use crate::support::{self, Register, capture, evidence, frames, list, text, winner};

/// Protocols whose devices are known, with the prefixes of the sources of their truth; the first that fits counts.
const PROTOCOLS: [(&str, &[&str]); 22] = [
    ("modbus", &["modbus"]),
    ("s7comm_plus", &["s7plus"]),
    ("s7comm", &["s7_", "s7comm"]),
    ("dnp3", &["dnp3"]),
    ("enip", &["enip", "cip"]),
    ("pccc", &["ab_string"]),
    ("umas", &["umas"]),
    ("bacnet", &["bacnet"]),
    ("opcua", &["opcua"]),
    ("profinet_dcp", &["pn_dcp"]),
    ("mms", &["mms"]),
    ("goose", &["goose"]),
    ("iec104", &["iec104"]),
    ("fins", &["fins"]),
    ("melsec", &["melsec"]),
    ("hart_ip", &["hart"]),
    ("ads", &["ads"]),
    ("sparkplug", &["sparkplug"]),
    ("c37118", &["synphasor"]),
    ("lldp", &["lldp"]),
    ("cdp", &["cdp"]),
    ("windows", &["smb", "nbdgm", "browser", "ntlmssp", "nbns"]),
];

/// Workers that import captures side by side.
const WORKERS: usize = 2;

/// Where a value of the truth belongs, best attribute first, and how it is compared.
fn place(field: &str) -> Option<(&'static [&'static str], Kind)> {
    Some(match field {
        "vendor" => (&["vendor"], Kind::Vendor),
        "order_number" => (&["order_number", "model"], Kind::Exact),
        "serial" => (&["serial_number"], Kind::Serial),
        "firmware" | "revision" => (&["firmware_version", "software_version"], Kind::Version),
        "hw_version" => (&["hardware_revision"], Kind::Number),
        "product_name" | "model" | "ab_product_string" | "bacnet_model_name" | "mms_modelName"
        | "cdp_platform" => (&["model"], Kind::Name),
        "bacnet_vendor_name" | "mms_vendorName" => (&["vendor"], Kind::Vendor),
        "bacnet_firmware" => (&["firmware_version"], Kind::Version),
        "mms_revision" => (&["firmware_version", "software_version", "mms.revision"], Kind::Version),
        "type_of_station" => (&["model", "device_type"], Kind::Name),
        "lldp_sysname" | "cdp_deviceid" => (&["hostname", "name"], Kind::Exact),
        "product_code" => (&["model", "order_number"], Kind::Name),
        "module_type" => (&["model", "device_type"], Kind::Name),
        "module_name" => (&["name", "model", "station_name"], Kind::Name),
        "plc_name" | "station_name" => (&["station_name", "name"], Kind::Exact),
        _ => return None,
    })
}

#[derive(Clone, Copy)]
enum Kind {
    Exact,
    Vendor,
    Serial,
    Version,
    Number,
    Name,
}

/// Letters and digits only, in lower case: blanks and punctuation differ from source to source.
fn plain(value: &str) -> String {
    value
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|character| character.to_ascii_lowercase())
        .collect()
}

/// The numbers in a version, without zeros at the end: V3.2.0 is 3.2.
fn numbers(value: &str) -> Vec<u64> {
    let parts = value.split(|character: char| !character.is_ascii_digit());
    let mut numbers: Vec<u64> = parts.filter_map(|part| part.parse().ok()).collect();
    while numbers.last() == Some(&0) && numbers.len() > 1 {
        numbers.pop();
    }
    numbers
}

fn integer(value: &str, radix: u32) -> Option<u64> {
    let value = value.trim();
    match value.strip_prefix("0x").or_else(|| value.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => u64::from_str_radix(value, radix).ok(),
    }
}

/// True if the register's value says what the truth says.
fn agrees(truth: &str, value: &str, kind: Kind) -> bool {
    let (expected, got) = (plain(truth), plain(value));
    if expected == got {
        return true;
    }
    match kind {
        Kind::Exact => false,
        Kind::Vendor => {
            let first =
                |name: &str| name.to_lowercase().split([' ', '/', ',']).next().unwrap_or("").to_owned();
            first(truth).len() >= 3 && first(truth) == first(value)
        }
        Kind::Serial => integer(truth, 16)
            .is_some_and(|serial| [integer(value, 10), integer(value, 16)].contains(&Some(serial))),
        Kind::Version => !numbers(truth).is_empty() && numbers(truth) == numbers(value),
        Kind::Number => integer(truth, 10).is_some_and(|number| integer(value, 10) == Some(number)),
        Kind::Name => expected.len() >= 5 && got.contains(&expected) && got.len() <= expected.len() + 24,
    }
}

/// Counts of one protocol.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    devices: usize,
    found: usize,
    core: usize,
    right: usize,
}

#[derive(Debug, Default)]
struct Table {
    protocols: BTreeMap<&'static str, Counts>,
    /// Values read again from their octets.
    values: usize,
    captures: usize,
    misses: Vec<String>,
    broken: Vec<String>,
    roles: Roles,
}

impl Table {
    fn total(&self) -> Counts {
        self.protocols.values().fold(Counts::default(), |sum, one| Counts {
            devices: sum.devices + one.devices,
            found: sum.found + one.found,
            core: sum.core + one.core,
            right: sum.right + one.right,
        })
    }

    fn print(&self, what: &str) {
        let percent = |part: usize, of: usize| {
            if of == 0 { "-".to_owned() } else { format!("{:.1} %", 100.0 * part as f64 / of as f64) }
        };
        println!(
            "\nAccuracy on {what}: {} captures, {} values read again from their octets",
            self.captures, self.values
        );
        println!("| protocol | devices | found | | core values | right | |");
        println!("|---|---|---|---|---|---|---|");
        let rows =
            self.protocols.iter().map(|(name, counts)| (*name, *counts)).chain([("all", self.total())]);
        for (name, Counts { devices, found, core, right }) in rows {
            println!(
                "| {name} | {devices} | {found} | {} | {core} | {right} | {} |",
                percent(found, devices),
                percent(right, core)
            );
        }
        for miss in &self.misses {
            println!("missed: {miss}");
        }
    }
}

/// Assets of a register by address, with the whole tree that each belongs to.
struct Trees<'r> {
    by_id: BTreeMap<&'r str, &'r Value>,
    by_address: BTreeMap<String, Vec<&'r str>>,
}

impl<'r> Trees<'r> {
    fn new(register: &'r Value) -> Self {
        let (mut by_id, mut by_address) = (BTreeMap::new(), BTreeMap::<String, Vec<&str>>::new());
        for asset in list(register, "assets") {
            let id = text(asset, "id");
            by_id.insert(id, asset);
            for station in list(asset, "stations") {
                let ips = list(station, "ips").iter().filter_map(Value::as_str);
                for address in ips.chain(station["mac"].as_str()) {
                    by_address.entry(address.to_lowercase()).or_default().push(id);
                }
            }
        }
        Self { by_id, by_address }
    }

    /// The assets at that address, their parents, and everything in and behind them.
    fn family(&self, addresses: &[String]) -> Vec<&'r Value> {
        let at = addresses.iter().filter_map(|address| self.by_address.get(address)).flatten();
        let mut family: BTreeSet<&str> = at.copied().collect();
        let parents: Vec<&str> = family.iter().filter_map(|id| self.by_id[id]["parent"].as_str()).collect();
        loop {
            let children = self
                .by_id
                .iter()
                .filter(|(_, asset)| asset["parent"].as_str().is_some_and(|parent| family.contains(parent)));
            let children: Vec<&str> = children.map(|(id, _)| *id).filter(|id| !family.contains(id)).collect();
            if children.is_empty() {
                break;
            }
            family.extend(children);
        }
        family.extend(parents);
        family.iter().filter_map(|id| self.by_id.get(id).copied()).collect()
    }
}

/// The protocol that a source of truth belongs to.
fn protocol(source: &str) -> Option<&'static str> {
    let source = source.rsplit(':').next().unwrap_or(source);
    PROTOCOLS
        .iter()
        .find(|(_, prefixes)| prefixes.iter().any(|prefix| source.starts_with(prefix)))
        .map(|(name, _)| *name)
}

/// Compares a register with what is known of one device.
fn judge(trees: &Trees<'_>, device: &Value, file: &str, table: &mut Table) {
    let macs: Vec<String> =
        list(device, "macs").iter().filter_map(Value::as_str).map(str::to_lowercase).collect();
    let (ip, who) =
        (text(device, "ip").to_lowercase(), format!("{file} {} {}", text(device, "ip"), macs.join(" ")));
    let mut addresses = vec![ip.clone()];
    if !trees.by_address.contains_key(&ip) && (macs.len() == 1 || ip.is_empty()) {
        addresses = macs;
    }
    let family = trees.family(&addresses);

    let mut wanted: Vec<(&str, &str, &str)> = Vec::new();
    for (field, entries) in device["identity"].as_object().into_iter().flatten() {
        for entry in entries.as_array().into_iter().flatten() {
            let sources = list(entry, "src").iter().filter_map(Value::as_str);
            if let Some(protocol) = sources.filter_map(protocol).next() {
                wanted.push((protocol, field, text(entry, "v")));
            }
        }
    }
    let ends = ["server_of", "client_of"].into_iter().filter_map(|end| device[end].as_object()).flatten();
    let speaks: BTreeSet<&'static str> = ends
        .filter_map(|(name, _)| protocol(name))
        .chain(wanted.iter().map(|(protocol, ..)| *protocol))
        .collect();
    for protocol in speaks {
        let counts = table.protocols.entry(protocol).or_default();
        counts.devices += 1;
        counts.found += usize::from(!family.is_empty());
        if family.is_empty() {
            table.misses.push(format!("{who}: no asset"));
        }
    }
    if device["synthetic"] == true {
        return;
    }
    for (protocol, field, value) in &wanted {
        let Some((attributes, kind)) = place(field) else { continue };
        if plain(value).is_empty() {
            continue;
        }
        // Several true values of one field on one asset (a version that changed): the one is the winner, the other follows.
        let truths: Vec<&str> =
            wanted.iter().filter(|(_, other, _)| other == field).map(|(.., value)| *value).collect();
        let right = family.iter().any(|asset| {
            attributes.iter().any(|attribute| {
                let candidates = list(&asset["attributes"], attribute);
                let says = |candidate: &Value, truth: &str| agrees(truth, text(candidate, "value"), kind);
                let wins = candidates
                    .first()
                    .is_some_and(|first| says(first, value) || truths.iter().any(|truth| says(first, truth)));
                wins && candidates.iter().any(|candidate| says(candidate, value))
                    || *attribute == "name" && agrees(value, text(asset, "name"), kind)
            })
        });
        let counts = table.protocols.entry(protocol).or_default();
        counts.core += 1;
        counts.right += usize::from(right);
        if !right {
            let got: Vec<&str> = family.iter().filter_map(|asset| winner(asset, attributes[0])).collect();
            table.misses.push(format!("{who}: {field} is {value:?}, the register says {got:?}"));
        }
    }
}

/// Imports one capture and compares.
fn measure(folder: &Path, file: &str, devices: &[Value], labels: &[Label], table: &Mutex<Table>) {
    let path = folder.join(file);
    let register = Register::new();
    let import = register.run(&["import", path.to_str().unwrap()]);
    let log = String::from_utf8_lossy(&import.stderr).into_owned();
    let export = register.run(&["export", "--format", "json"]);
    let json: Result<Value, _> = serde_json::from_slice(&export.stdout);
    let mut table = table.lock().unwrap();
    table.captures += 1;
    let (Some(0 | 4), false, Ok(json)) = (import.status.code(), log.contains("panicked"), json) else {
        table.broken.push(format!(
            "{file}: import exit {:?}, export exit {:?}: {log}",
            import.status.code(),
            export.status.code()
        ));
        return;
    };
    let checked = evidence::check(&json, &frames::read(&path));
    table.values += checked.values;
    table.broken.extend(checked.wrong.into_iter().map(|wrong| format!("{file}: {wrong}")));
    table.roles.judge(&json, file, labels);
    let trees = Trees::new(&json);
    for device in devices {
        judge(&trees, device, file, &mut table);
    }
}

/// Imports every capture of a corpus, each into a register of its own.
fn table(corpus: &Path, labels: &BTreeMap<String, Vec<Label>>) -> Table {
    let mut devices: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in fs::read_to_string(corpus.join("truth.jsonl")).unwrap().lines() {
        let device: Value = serde_json::from_str(line).unwrap();
        // A device that only a serial bus addresses has no station here.
        let addressed = !text(&device, "ip").is_empty() || !list(&device, "macs").is_empty();
        let of_file = devices.entry(text(&device, "file").to_owned()).or_default();
        if addressed {
            of_file.push(device);
        }
    }
    for line in fs::read_to_string(corpus.join("endpoints.jsonl")).unwrap().lines() {
        let ends: Value = serde_json::from_str(line).unwrap();
        devices.entry(text(&ends, "file").to_owned()).or_default();
    }
    let (folder, files) = (corpus.join("captures"), devices.into_iter().collect::<Vec<_>>());
    let (table, next) = (Mutex::new(Table::default()), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some((file, devices)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let labels = labels.get(file).map(Vec::as_slice).unwrap_or_default();
                    measure(&folder, file, devices, labels, &table);
                }
            });
        }
    });
    let mut table = table.into_inner().unwrap();
    table.misses.sort();
    table.broken.sort();
    table
}

#[test]
fn real_captures_give_the_devices_that_are_known_to_be_in_them() {
    let Some(corpus) = support::shared("corpus/truth.jsonl") else { return };
    let labels = roles::of_corpus();
    let table = table(corpus.parent().unwrap(), &labels);
    table.print("real captures");
    table.roles.print("real captures");
    assert!(table.broken.is_empty(), "{}", table.broken.join("\n"));
    let Counts { devices, found, core, right } = table.total();
    assert!(devices > 400 && core > 80, "{devices} devices, {core} core values: the truth was not read");
    assert!(found * 100 >= devices * 99, "device recall {found} of {devices}");
    assert!(right * 100 >= core * 97, "core identity {right} of {core}");
    let (known, rightly) = table.roles.by_product;
    assert!(known > 50 && rightly * 100 >= known * 95, "{rightly} of {known} products have the right role");
}

#[test]
fn the_lab_gives_every_device_that_was_configured() {
    let Some(lab) = support::shared("lab/truth.jsonl") else { return };
    let table = table(lab.parent().unwrap(), &BTreeMap::new());
    table.print("the plant lab");
    assert!(table.broken.is_empty(), "{}", table.broken.join("\n"));
    let Counts { devices, found, core, right } = table.total();
    assert!(devices > 15 && core > 40, "{devices} devices, {core} core values: the truth was not read");
    assert_eq!((found, right), (devices, core));
}

/// The same for the plant in `captures/`, from the truth beside it: this holds in every clone.
#[test]
fn the_plant_of_this_repository_is_read_whole() {
    const ATTRIBUTES: [(&str, Kind); 6] = [
        ("vendor", Kind::Vendor),
        ("model", Kind::Name),
        ("order_number", Kind::Exact),
        ("serial_number", Kind::Serial),
        ("firmware_version", Kind::Version),
        ("station_name", Kind::Exact),
    ];
    // What runs on a computer has a version of its software.
    let places = |attribute: &'static str| match attribute {
        "firmware_version" => vec![attribute, "software_version"],
        _ => vec![attribute],
    };
    let decoded: Vec<&str> = protocols::ALL.iter().map(|protocol| protocol.name).collect();
    for name in ["plant.pcapng", "plant-kernel-untagged.pcapng"] {
        let json = Register::of(&[capture(name)]).json();
        let trees = Trees::new(&json);
        let mut truth = csv::Reader::from_path(support::root().join("captures/plant.truth.csv")).unwrap();
        let (mut devices, mut values, mut wrong) = (0, 0, Vec::new());
        let mut roles = Roles::default();
        for row in truth.deserialize::<BTreeMap<String, String>>() {
            let row = row.unwrap();
            // Before its protocol is read, a device without IP traffic is known by its MAC alone.
            let family = trees.family(&[row["ip"].clone(), row["mac"].clone()]);
            let own = |asset: &&Value| {
                list(asset, "stations").iter().any(|station| text(station, "mac") == row["mac"])
            };
            if !family.iter().any(own) {
                wrong.push(format!("{}: no asset with {}", row["device"], row["mac"]));
            }
            devices += 1;
            if !row["protocol"].is_empty() && !decoded.contains(&row["protocol"].as_str()) {
                continue;
            }
            let unit = |asset: &Value| {
                list(asset, "position")
                    .iter()
                    .any(|step| text(step, "kind") == "unit" && text(step, "value") == row["unit"])
            };
            for (attribute, kind) in
                ATTRIBUTES.into_iter().filter(|(attribute, _)| !row[*attribute].is_empty())
            {
                let mut holders = family.iter().filter(|asset| row["unit"].is_empty() || unit(asset));
                values += 1;
                if !holders.any(|asset| {
                    let values =
                        places(attribute).into_iter().filter_map(|attribute| winner(asset, attribute));
                    values.into_iter().any(|value| agrees(&row[attribute], value, kind))
                }) {
                    wrong.push(format!("{}: {attribute} is not {}", row["device"], row[attribute]));
                }
            }
            if !row["role"].is_empty() {
                let (address, unit) = (row["ip"].clone(), row["unit"].clone());
                let label = Label { address, unit, role: row["role"].clone(), by_product: false };
                roles.judge(&json, name, &[label]);
                let has = family
                    .iter()
                    .any(|asset| list(asset, "roles").iter().any(|role| text(role, "role") == row["role"]));
                if !has {
                    wrong.push(format!("{}: its roles do not hold {}", row["device"], row["role"]));
                }
            }
        }
        roles.print(name);
        assert!(devices >= 30, "{devices}");
        assert!(wrong.is_empty(), "{name}: {values} values of {devices} devices\n{}", wrong.join("\n"));
    }
}
