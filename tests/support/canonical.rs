//! A register without its ids: what laws compare and golden files keep.
//!
//! Ids are made anew in each register, so each is replaced by the asset's name, with a number where several share it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{list, text, winner};

/// Names of the assets of a register by id, unique.
fn labels(register: &Value) -> BTreeMap<String, String> {
    let assets = list(register, "assets");
    let by_id: BTreeMap<&str, &Value> = assets.iter().map(|asset| (text(asset, "id"), asset)).collect();
    // What tells assets of one name apart: everything but ids, and the same of whom they sit in.
    let describe = |asset: &Value| {
        let mut description = String::new();
        let mut next = Some(asset);
        while let Some(asset) = next {
            description += &format!(
                "{} {} {} {}/",
                asset["stations"], asset["position"], asset["attributes"], asset["name"]
            );
            next = asset["parent"].as_str().and_then(|parent| by_id.get(parent).copied());
        }
        description
    };
    let mut by_name: BTreeMap<&str, Vec<(String, &str)>> = BTreeMap::new();
    for asset in assets {
        by_name.entry(text(asset, "name")).or_default().push((describe(asset), text(asset, "id")));
    }
    let mut labels = BTreeMap::new();
    for (name, mut same) in by_name {
        same.sort();
        for (index, (_, id)) in same.iter().enumerate() {
            let label = if same.len() == 1 { name.to_owned() } else { format!("{name} #{}", index + 1) };
            labels.insert((*id).to_owned(), label);
        }
    }
    labels
}

fn renamed(value: &Value, labels: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => Value::String(labels.get(text).unwrap_or(text).clone()),
        Value::Array(values) => Value::Array(values.iter().map(|value| renamed(value, labels)).collect()),
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(key, _)| *key != "aliases");
            Value::Object(
                kept.map(|(key, value)| (key.clone(), renamed(value, labels))).collect::<Map<_, _>>(),
            )
        }
        other => other.clone(),
    }
}

/// The register with names for ids, aliases left out, its lists sorted by their text.
pub fn canonical(register: &Value) -> Value {
    let mut register = renamed(register, &labels(register));
    for key in ["assets", "conversations", "findings", "changes", "captures"] {
        if let Some(values) = register.get_mut(key).and_then(Value::as_array_mut) {
            values.sort_by_cached_key(ToString::to_string);
        }
    }
    register
}

/// What a golden folder holds: file names and texts.
pub fn golden(register: &Value) -> [(&'static str, String); 3] {
    let register = canonical(register);
    let findings = serde_json::to_string_pretty(&json!(list(&register, "findings"))).unwrap() + "\n";
    [
        ("assets.csv", assets(&register)),
        ("conversations.csv", conversations(&register)),
        ("findings.json", findings),
    ]
}

/// Attributes with a column of their own.
const COLUMNS: [&str; 8] = [
    "vendor",
    "model",
    "order_number",
    "serial_number",
    "firmware_version",
    "hardware_revision",
    "station_name",
    "device_type",
];

fn assets(register: &Value) -> String {
    let mut rows = Vec::new();
    for asset in list(register, "assets") {
        let join = |values: Vec<String>| values.join(" ");
        let stations = list(asset, "stations");
        let mut row = vec![
            text(asset, "id").to_owned(),
            text(asset, "state").to_owned(),
            join(list(asset, "roles").iter().map(|role| text(role, "role").to_owned()).collect()),
            text(asset, "parent").to_owned(),
            join(
                list(asset, "position")
                    .iter()
                    .map(|step| format!("{}={}", text(step, "kind"), text(step, "value")))
                    .collect(),
            ),
            join(
                stations
                    .iter()
                    .map(|station| text(station, "mac").to_owned())
                    .filter(|mac| !mac.is_empty())
                    .collect(),
            ),
            join(stations.iter().flat_map(|station| list(station, "ips")).map(plain).collect()),
            join(stations.iter().flat_map(|station| list(station, "vlans")).map(plain).collect()),
            join(list(asset, "services").iter().map(service).collect()),
        ];
        row.extend(COLUMNS.map(|name| winner(asset, name).unwrap_or("").to_owned()));
        let others = asset["attributes"]
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| !COLUMNS.contains(&name.as_str()));
        row.push(
            others
                .map(|(name, _)| format!("{name}={}", winner(asset, name).unwrap_or("")))
                .collect::<Vec<_>>()
                .join("; "),
        );
        rows.push(row);
    }
    let mut header =
        vec!["asset", "state", "roles", "parent", "position", "macs", "ips", "vlans", "services"];
    header.extend(COLUMNS);
    header.push("other attributes");
    table(&header, rows)
}

fn service(service: &Value) -> String {
    let units = list(service, "units").iter().map(plain).collect::<Vec<_>>().join("+");
    let units = if units.is_empty() { units } else { format!("[{units}]") };
    format!("{}/{}/{}{units}", text(service, "protocol"), text(service, "transport"), service["port"])
}

fn conversations(register: &Value) -> String {
    let end =
        |value: &Value| value.as_object().and_then(|end| end.values().next()).map_or_else(String::new, plain);
    let mut rows = Vec::new();
    for conversation in list(register, "conversations") {
        let counts =
            |key: &str| list(conversation, key).iter().map(ToString::to_string).collect::<Vec<_>>().join("/");
        let operations = conversation["operations"].as_object().into_iter().flatten();
        let operations =
            operations.filter(|(_, count)| **count != 0).map(|(kind, count)| format!("{kind}={count}"));
        rows.push(vec![
            end(&conversation["client"]),
            end(&conversation["server"]),
            text(conversation, "protocol").to_owned(),
            text(conversation, "transport").to_owned(),
            plain(&conversation["port"]),
            plain(&conversation["vlan"]),
            counts("frames"),
            counts("octets"),
            operations.collect::<Vec<_>>().join(" "),
        ]);
    }
    table(
        &["client", "server", "protocol", "transport", "port", "vlan", "frames", "octets", "operations"],
        rows,
    )
}

/// Text without quotes, numbers as they are, nothing for null.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Comma-separated, sorted by row, RFC 4180.
fn table(header: &[&str], mut rows: Vec<Vec<String>>) -> String {
    rows.sort();
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(header).unwrap();
    for row in rows {
        out.write_record(row).unwrap();
    }
    String::from_utf8(out.into_inner().unwrap()).unwrap()
}
