//! Who needs whom, and how it is brought back.

use std::collections::{BTreeMap, BTreeSet};

use inventory::AssetEnd;
use observation::number_of;

use crate::graph::HOUSEKEEPING;
use crate::report::Source;
use crate::report::page::{Block, Cell, Kind, Section, Table, column, note, paragraph};
use crate::report::view::{is_answered, some};

/// People's fields of recovery.
const FIELDS: [&str; 7] = [
    "recovery_order",
    "rto",
    "rpo",
    "backup_frequency",
    "backup_last",
    "backup_restore_tested",
    "depends_on",
];

/// Who needs whom, and how it is brought back.
pub(crate) fn section(source: &Source<'_>) -> Section {
    let view = &source.view;
    let mut needs: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for conversation in &view.sorted.conversations {
        if let (AssetEnd::Asset(client), AssetEnd::Asset(server)) =
            (&conversation.client, &conversation.server)
            && client != server
            && is_answered(conversation)
            && !HOUSEKEEPING.contains(&conversation.protocol.as_str())
        {
            needs.entry(*client).or_default().insert(*server);
        }
    }
    let mut needed: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (client, servers) in &needs {
        for server in servers {
            needed.entry(*server).or_default().insert(*client);
        }
    }
    let mut listed: Vec<usize> = view
        .counted()
        .map(|(index, ..)| index)
        .filter(|index| {
            needs.contains_key(index)
                || needed.contains_key(index)
                || FIELDS.iter().any(|field| !view.people(*index, field).is_empty())
        })
        .collect();
    let order = |index: usize| view.people(index, "recovery_order").parse::<f64>().ok();
    listed.sort_by(|one, other| {
        let (left, right) = (order(*one), order(*other));
        let by_order = left.unwrap_or(f64::MAX).total_cmp(&right.unwrap_or(f64::MAX));
        let needed_by = |index: &usize| needed.get(index).map_or(0, BTreeSet::len);
        by_order
            .then_with(|| needed_by(other).cmp(&needed_by(one)))
            .then_with(|| view.name(*one).cmp(view.name(*other)))
            .then_with(|| view.id(*one).cmp(view.id(*other)))
    });
    let rows = listed.iter().map(|index| {
        let names = |indices: &mut dyn Iterator<Item = usize>| {
            let names: BTreeSet<&str> = indices.map(|index| view.name(index)).collect();
            some(names, 4)
        };
        let mut servers = needs.get(index).into_iter().flatten().copied();
        let mut clients = needed.get(index).into_iter().flatten().copied();
        let mut row = vec![view.cell(*index), Cell::new(names(&mut servers)), Cell::new(names(&mut clients))];
        row.extend(FIELDS.iter().map(|field| Cell::said(view.people(*index, field))));
        row
    });
    let columns = vec![
        column("Asset", 16),
        column("Asks (seen)", 16),
        column("Is asked by (seen)", 16),
        column("Order", 7),
        column("RTO h", 7),
        column("RPO h", 7),
        column("Backup", 7),
        column("Last backup", 8),
        column("Restore tested", 8),
        column("Depends on", 8),
    ];
    let rest = view.counted().count().saturating_sub(listed.len());
    let blocks = vec![
        note(
            "Who asks whom was seen; whether one needs the other to work is people's to say (field depends_on), as are recovery time and point objectives, order, backups and restore tests. First those with an order, then those that most others ask.",
        ),
        Block::Table(Table::new(format!("Recovery: {}", listed.len()), columns, rows)),
        paragraph(format!(
            "{} more neither talk with others in the register nor have one of these fields.",
            number_of(rest, "asset")
        )),
    ];
    Section::new("recovery", "Recovery", Kind::Wide, blocks)
}
