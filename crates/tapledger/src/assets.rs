//! `assets list`: one row for each asset.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use ::export::csv::CsvOptions;
use ::export::json::Part;
use inventory::policy::Place;
use inventory::{Asset, Snapshot, fields};

use crate::arguments::{List, ListFormat};
use crate::export::stdout;
use crate::failure::Failure;
use crate::lists::{matches, print_counted, short_time};
use crate::session::snapshot;
use crate::summary::by_state;
use crate::table::{Column, column};
use crate::terminal;

const COLUMNS: [Column; 12] = [
    column("asset", 44),
    column("role", 24),
    column("vendor", 24).leaves(6),
    column("model", 24),
    column("order number", 22).leaves(7),
    column("serial", 20).leaves(9),
    column("firmware", 16).leaves(8),
    column("IP", 34).leaves(5),
    column("MAC", 38).leaves(3),
    column("state", 22).leaves(4),
    column("zone", 16).leaves(2),
    column("last seen", 19).leaves(1),
];

/// The place of the column of zones.
const ZONE: usize = 10;

pub(crate) fn list(arguments: &List) -> Result<ExitCode, Failure> {
    let (_, snapshot) = snapshot(&arguments.db.db, None)?;
    let rows = rows(&snapshot);
    if arguments.format == ListFormat::Table {
        let counts = format!(" ({})", by_state(&snapshot.inventory));
        // Without a policy there is one zone, which says nothing.
        let shown = |at: usize| at != ZONE || snapshot.policy.is_given;
        let kept = |row: Vec<String>| -> Vec<String> {
            row.into_iter().enumerate().filter(|(at, _)| shown(*at)).map(|(_, cell)| cell).collect()
        };
        let columns: Vec<Column> =
            COLUMNS.iter().enumerate().filter(|(at, _)| shown(*at)).map(|(_, column)| *column).collect();
        let rows = rows.into_iter().map(|(_, row)| kept(row)).collect();
        return print_counted(arguments, "asset", &counts, &columns, rows);
    }
    let wanted = rows.iter().filter(|(_, row)| matches(row, arguments.find.as_deref()));
    let ids: BTreeSet<&str> = wanted
        .filter_map(|(index, _)| snapshot.identified.get(*index))
        .map(|identified| identified.id.as_str())
        .collect();
    match arguments.format {
        ListFormat::Json => {
            stdout(|out| ::export::json::write_part(&snapshot, Part::Assets, Some(&ids), out))
        }
        _ => csv(&ids, |out| ::export::csv::write_assets(&snapshot, out, &CsvOptions::default())),
    }
}

/// Prints the header of a CSV and the lines that begin with one of the ids. No line ends within its cells.
fn csv(
    ids: &BTreeSet<&str>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), ::export::Error>,
) -> Result<ExitCode, Failure> {
    let mut all = Vec::new();
    write(&mut all).map_err(|error| Failure::Other(error.into()))?;
    let all = String::from_utf8_lossy(&all);
    let is_wanted = |line: &str| line.split(',').next().is_some_and(|id| ids.contains(id));
    let wanted =
        all.split_inclusive('\n').enumerate().filter(|(number, line)| *number == 0 || is_wanted(line));
    terminal::print(&wanted.map(|(_, line)| line).collect::<String>())?;
    Ok(ExitCode::SUCCESS)
}

/// A row for each asset with its index, children below their parents.
fn rows(snapshot: &Snapshot) -> Vec<(usize, Vec<String>)> {
    let mut children: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for (index, asset) in snapshot.inventory.assets.iter().enumerate() {
        children.entry(asset.parent).or_default().push(index);
    }
    let mut rows = Vec::new();
    push(snapshot, &children, None, 0, &mut rows);
    rows
}

/// Deepest nesting shown: no fieldbus nests deeper, and a register cannot be made to recurse without end.
const DEPTH_MAX: usize = 16;

/// Rows of what `parent` contains, each with what it contains itself behind it.
fn push(
    snapshot: &Snapshot,
    children: &BTreeMap<Option<usize>, Vec<usize>>,
    parent: Option<usize>,
    depth: usize,
    rows: &mut Vec<(usize, Vec<String>)>,
) {
    for index in children.get(&parent).into_iter().flatten() {
        let Some(asset) = snapshot.inventory.assets.get(*index) else { continue };
        rows.push((*index, row(snapshot, *index, asset, depth)));
        if depth < DEPTH_MAX {
            push(snapshot, children, Some(*index), depth.saturating_add(1), rows);
        }
    }
}

fn row(snapshot: &Snapshot, index: usize, asset: &Asset, depth: usize) -> Vec<String> {
    let indent =
        if depth == 0 { String::new() } else { format!("{}└ ", "  ".repeat(depth.saturating_sub(1))) };
    let addresses = |of: fn(&inventory::AssetStation) -> Vec<String>| {
        let all: Vec<String> = asset.stations.iter().flat_map(of).collect();
        short(&all)
    };
    vec![
        format!("{indent}{}", asset.name),
        asset.roles.first().map_or("unknown", |claim| claim.role.as_str()).to_owned(),
        winner(asset, "vendor"),
        winner(asset, "model"),
        winner(asset, "order_number"),
        winner(asset, "serial_number"),
        winner(asset, "firmware_version"),
        addresses(|station| station.ips.iter().map(ToString::to_string).collect()),
        addresses(|station| station.mac.iter().map(ToString::to_string).collect()),
        state(snapshot, index, asset),
        snapshot.places.get(index).and_then(Place::zone).unwrap_or_default().to_owned(),
        asset.last.map(short_time).unwrap_or_default(),
    ]
}

/// `observed`, and what people made of it: `approved`, `retired`.
fn state(snapshot: &Snapshot, index: usize, asset: &Asset) -> String {
    let identified = snapshot.identified.get(index);
    let status = identified.and_then(|identified| identified.people.get(fields::STATUS));
    let mut state = asset.state.as_str().to_owned();
    if status.is_some_and(|status| status == fields::RETIRED) {
        state.push_str(", retired");
    } else if identified.is_some_and(|identified| identified.approval.is_some()) {
        state.push_str(", approved");
    }
    state
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
