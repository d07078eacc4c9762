//! `assets list`: one row for each asset.

use std::process::ExitCode;

use inventory::{Asset, Snapshot};

use crate::arguments::{List, ListFormat};
use crate::failure::Failure;
use crate::session::snapshot;
use crate::terminal;

const HEADER: [&str; 11] = [
    "asset",
    "role",
    "vendor",
    "model",
    "order number",
    "serial",
    "firmware",
    "IP",
    "MAC",
    "state",
    "last seen",
];

pub(crate) fn list(arguments: &List) -> Result<ExitCode, Failure> {
    let (_, snapshot) = snapshot(&arguments.db.db, None)?;
    match arguments.format {
        ListFormat::Table => terminal::print(&asset_table(&snapshot, arguments.find.as_deref()))?,
        ListFormat::Csv => crate::lists::csv(|out| {
            export::csv::write_assets(&snapshot, out, &export::csv::CsvOptions::default())
        })?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The table of assets, children below their parents.
fn asset_table(snapshot: &Snapshot, find: Option<&str>) -> String {
    let assets = &snapshot.inventory.assets;
    let mut rows = Vec::new();
    for (index, asset) in assets.iter().enumerate().filter(|(_, asset)| asset.parent.is_none()) {
        push(snapshot, index, asset, 0, &mut rows);
    }
    let total = rows.len();
    let rows: Vec<_> = rows.into_iter().filter(|row| crate::lists::matches(row, find)).collect();
    let shown = rows.len();
    let mut text = terminal::table(&HEADER, rows);
    text.push_str(&if shown == total {
        format!("{total} assets\n")
    } else {
        format!("{shown} of {total} assets\n")
    });
    text
}

/// Deepest nesting shown: no fieldbus nests deeper, and a register cannot be made to recurse without end.
const DEPTH_MAX: usize = 16;

fn push(snapshot: &Snapshot, index: usize, asset: &Asset, depth: usize, rows: &mut Vec<Vec<String>>) {
    let indent =
        if depth == 0 { String::new() } else { format!("{}└ ", "  ".repeat(depth.saturating_sub(1))) };
    let addresses = |of: fn(&inventory::AssetStation) -> Vec<String>| {
        let all: Vec<String> = asset.stations.iter().flat_map(of).collect();
        short(&all)
    };
    rows.push(vec![
        format!("{indent}{}", asset.name),
        asset.roles.first().map_or("unknown", |claim| claim.role.as_str()).to_owned(),
        winner(asset, "vendor"),
        winner(asset, "model"),
        winner(asset, "order_number"),
        winner(asset, "serial_number"),
        winner(asset, "firmware_version"),
        addresses(|station| station.ips.iter().map(ToString::to_string).collect()),
        addresses(|station| station.mac.iter().map(ToString::to_string).collect()),
        asset.state.as_str().to_owned(),
        asset.last.map(|time| export::time::rfc3339(time).chars().take(19).collect()).unwrap_or_default(),
    ]);
    if depth >= DEPTH_MAX {
        return;
    }
    for (child_index, child) in snapshot.inventory.assets.iter().enumerate() {
        if child.parent == Some(index) {
            push(snapshot, child_index, child, depth.saturating_add(1), rows);
        }
    }
}

/// The winning value of an attribute, or nothing.
pub(crate) fn winner(asset: &Asset, attribute: &str) -> String {
    asset
        .attributes
        .get(attribute)
        .and_then(|candidates| candidates.first())
        .map(|first| first.value.clone())
        .unwrap_or_default()
}

/// The first two of a list and how many more there are.
fn short(values: &[String]) -> String {
    match values {
        [] => String::new(),
        [first] => first.clone(),
        [first, second] => format!("{first} {second}"),
        [first, second, rest @ ..] => format!("{first} {second} +{}", rest.len()),
    }
}
