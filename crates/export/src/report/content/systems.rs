//! The systems that an auditor asks for by name, and AI and edge systems one by one.

use std::collections::BTreeSet;

use inventory::{AssetEnd, Role};

use crate::report::page::{Block, Cell, Kind, Section, Table, column, note, number_column};
use crate::report::view::{index_of, some, words};
use crate::report::{Earlier, Source, numbers};

/// Groups of roles that an auditor asks for by name.
pub(crate) const ASKED_FOR: [(&str, &[Role]); 8] = [
    (
        "controllers",
        &[
            Role::SafetyController,
            Role::DcsController,
            Role::Plc,
            Role::Rtu,
            Role::Ied,
            Role::Cnc,
            Role::Robot,
            Role::BuildingController,
        ],
    ),
    ("operator panels and stations (HMI)", &[Role::Hmi, Role::ScadaServer]),
    ("historians", &[Role::Historian]),
    ("engineering workstations", &[Role::EngineeringWorkstation]),
    ("AI systems", &[Role::AiSystem]),
    (
        "edge systems and data gateways",
        &[Role::DataGateway, Role::OpcServer, Role::ProtocolGateway, Role::Mes],
    ),
    ("remote access appliances and firewalls", &[Role::RemoteAccess, Role::Firewall, Role::Router]),
    ("not known what they are", &[Role::Unknown]),
];

/// Assets of the report with one of the roles among theirs.
pub(crate) fn of_roles(source: &Source<'_>, roles: &[Role]) -> Vec<usize> {
    let assets = source.view.counted();
    let is_one = |asset: &inventory::Asset| asset.roles.iter().any(|claim| roles.contains(&claim.role));
    assets.filter(|(_, asset, _)| is_one(asset)).map(|(index, ..)| index).collect()
}

/// Classes of systems that are asked for, and AI and edge systems one by one.
pub(crate) fn section(source: &Source<'_>) -> Section {
    let view = &source.view;
    let known: Option<BTreeSet<&str>> = match source.options.earlier {
        Some(Earlier::Baseline(_, frozen)) => {
            Some(frozen.assets.iter().map(|asset| asset.id.as_str()).collect())
        }
        _ => None,
    };
    let rows = ASKED_FOR.iter().map(|(name, roles)| {
        let assets = of_roles(source, roles);
        let count = |is: &dyn Fn(usize) -> bool| assets.iter().filter(|index| is(**index)).count();
        let approved = |index: usize| view.identified(index).is_some_and(|own| own.approval.is_some());
        let earlier = known.as_ref().map_or_else(
            || Cell::new("\u{2013}"),
            |known| Cell::count(count(&|index| !known.contains(view.id(index)))),
        );
        vec![
            Cell::new(name),
            Cell::count(assets.len()),
            Cell::count(count(&|index| numbers::identified(view, index))),
            Cell::count(count(&|index| !view.people(index, "owner").is_empty())),
            Cell::count(count(&approved)),
            Cell::count(count(&|index| !view.people(index, "reviewed_on").is_empty())),
            earlier,
        ]
    });
    let columns = vec![
        column("Class (any of an asset's roles)", 34),
        number_column("Assets", 9),
        number_column("Vendor and model known", 14),
        number_column("Owned", 10),
        number_column("Approved", 11),
        number_column("Review noted", 11),
        number_column("Not in baseline", 14),
    ];
    let mut blocks = vec![Block::Table(Table::new("Classes of systems", columns, rows))];
    let smart = of_roles(source, &[Role::AiSystem, Role::DataGateway]);
    let rows = smart.iter().map(|index| {
        let reads = view.talks_of(*index).iter().filter(|talk| index_of(&talk.client) == Some(*index));
        let reads: BTreeSet<String> = reads
            .filter(|talk| inventory::is_industrial(&talk.protocol))
            .map(|talk| format!("{} by {}", view.end_name(&talk.server), talk.protocol))
            .collect();
        let outside: BTreeSet<String> = view
            .talks_of(*index)
            .iter()
            .flat_map(|talk| [&talk.client, &talk.server])
            .filter(|end| matches!(end, AssetEnd::External(_)))
            .map(|end| view.end_name(end))
            .collect();
        vec![
            view.cell(*index),
            Cell::new(words(view.role(*index).as_str())),
            Cell::new(some(reads, 4)),
            Cell::new(some(outside, 3)),
            Cell::said(view.people(*index, "ai_model")),
            Cell::said(view.people(*index, "ai_training_data")),
            Cell::said(view.people(*index, "cloud_service")),
            Cell::said(view.people(*index, "owner")),
        ]
    });
    let columns = vec![
        column("Asset", 19),
        column("First role", 10),
        column("Reads", 19),
        column("Outside peers", 12),
        column("Model", 10),
        column("Training data", 10),
        column("Cloud service", 10),
        column("Owner", 10),
    ];
    blocks.push(Block::Table(Table::new(format!("AI and edge systems: {}", smart.len()), columns, rows)));
    blocks.push(note("Model, training data and cloud service are people's fields ai_model, ai_training_data and cloud_service (`tapledger assets set`)."));
    Section::new("systems", "Systems that are asked for by name", Kind::Chapter, blocks)
}
