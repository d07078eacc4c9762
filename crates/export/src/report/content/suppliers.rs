//! One view for each supplier: what it sold and services, and how it comes in.

use std::collections::{BTreeMap, BTreeSet};

use super::boundary;
use crate::report::Source;
use crate::report::page::{Block, Cell, Kind, Section, Table, Tone, column, facts, heading, note, paragraph};
use crate::report::view::{some, words};

/// Assets that a cell names.
const NAMES_MAX: usize = 30;

pub(crate) fn section(source: &Source<'_>) -> Section {
    let view = &source.view;
    let mut suppliers: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    let mut without = BTreeSet::new();
    for (index, ..) in view.counted() {
        let named = ["supplier", "maintainer"].map(|field| view.people(index, field));
        for name in named.into_iter().filter(|name| !name.is_empty()) {
            suppliers.entry(name).or_default().insert(index);
        }
        if named.iter().all(|name| name.is_empty()) {
            without.insert(index);
        }
    }
    let paths = &source.paths;
    let of = |assets: &BTreeSet<usize>| -> Vec<_> {
        let remote = paths.iter().filter(|path| path.access.is_some() || path.is_outside);
        remote.filter(|path| path.assets().any(|index| assets.contains(&index))).collect()
    };
    let mut blocks = vec![note(
        "Suppliers and those who service are people's fields supplier and maintainer. A remote path is listed with every supplier whose asset is at one of its ends: the wire does not say who sits at the other.",
    )];
    for (name, assets) in &suppliers {
        blocks.push(heading(name));
        let said = |field: &str| {
            let values: BTreeSet<&str> = assets
                .iter()
                .map(|index| view.people(*index, field))
                .filter(|value| !value.is_empty())
                .collect();
            some(values, NAMES_MAX)
        };
        let role = |field: &str| {
            assets.iter().filter(|index| view.people(**index, field) == *name).count().to_string()
        };
        let mut names: Vec<&str> = assets.iter().map(|index| view.name(*index)).collect();
        names.sort_unstable();
        let found = of(assets);
        blocks.push(facts([
            ("Sold", Cell::new(role("supplier"))),
            ("Services", Cell::new(role("maintainer"))),
            ("Assets", Cell::new(some(names, NAMES_MAX))),
            ("Remote access allowed", Cell::said(&said("remote_access_allowed"))),
            ("By", Cell::said(&said("remote_access_how"))),
            ("Support ends", Cell::said(&said("support_end"))),
        ]));
        blocks.push(if found.is_empty() {
            paragraph("No remote path to or from these assets was seen.")
        } else {
            let caption = format!("Remote paths seen: {}", found.len());
            Block::Table(boundary::table_of(source, &found, &caption))
        });
    }
    let found = of(&without);
    blocks.push(heading("Without a supplier"));
    blocks.push(paragraph(format!(
        "{} of {} assets have neither supplier nor maintainer filled in.",
        without.len(),
        view.counted().count()
    )));
    if !found.is_empty() {
        let caption = format!("Remote paths to or from them: {}", found.len());
        blocks.push(Block::Table(boundary::table_of(source, &found, &caption)));
    }
    let rows = suppliers.iter().map(|(name, assets)| {
        let roles: BTreeSet<String> = assets.iter().map(|index| words(view.role(*index).as_str())).collect();
        let found = of(assets);
        let open = found.iter().filter(|path| !path.is_authorised()).count();
        vec![
            Cell::new(*name),
            Cell::count(assets.len()),
            Cell::new(some(roles, 6)),
            Cell::count(found.len()),
            Cell::count(open).toned(if open > 0 { Tone::Warning } else { Tone::Plain }),
        ]
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        let columns = vec![
            column("Supplier or maintainer", 28),
            column("Assets", 10),
            column("Roles", 36),
            column("Remote paths", 12),
            column("Not authorised", 14),
        ];
        blocks.insert(1, Block::Table(Table::new(format!("Suppliers: {}", rows.len()), columns, rows)));
    }
    Section::new("suppliers", "Suppliers and their remote access", Kind::Chapter, blocks)
}
