//! One asset with everything known of it.

use inventory::fields::FIELDS;
use inventory::{Asset, Candidate, Identified};

use super::gaps::tone;
use super::traffic::done_cell;
use crate::reading::position_words;
use crate::report::Source;
use crate::report::page::{
    Block, Cell, Kind, Section, Table, Tone, column, facts, heading, list, note, number_column,
};
use crate::report::view::{anchor, index_of, is_personal, minute, port_words, words};

/// Reasons for joining addresses that an asset's part lists.
const JOINS_MAX: usize = 20;

/// Conversations that an asset's part lists.
const TALKS_MAX: usize = 40;

pub(crate) fn sections(source: &Source<'_>) -> Vec<Section> {
    let view = &source.view;
    let paged = view.assets().iter().copied().filter(|(index, ..)| view.paged.contains(index));
    paged.map(|(index, asset, identified)| section(source, index, asset, identified)).collect()
}

fn section(source: &Source<'_>, index: usize, asset: &Asset, identified: &Identified) -> Section {
    let mut blocks = vec![head(source, index, asset, identified), attributes(source, asset)];
    blocks.push(people(identified));
    blocks.extend(services(asset));
    blocks.extend(children(source, index));
    blocks.extend(conversations(source, index));
    blocks.extend(findings(source, index));
    blocks.extend(joins(asset));
    Section::new(anchor(&identified.id), &asset.name, Kind::Entry, blocks)
}

fn head(source: &Source<'_>, index: usize, asset: &Asset, identified: &Identified) -> Block {
    let view = &source.view;
    let stations = asset.stations.iter().map(|station| {
        let mac = station.mac.map(|mac| mac.to_string());
        let ips = station.ips.iter().map(ToString::to_string);
        let mut text = mac.into_iter().chain(ips).collect::<Vec<_>>().join(" ");
        if !station.vlans.is_empty() {
            let vlans: Vec<_> = station.vlans.iter().map(ToString::to_string).collect();
            text = format!("{text} (VLAN {})", vlans.join(", "));
        }
        text
    });
    let stations = stations.collect::<Vec<_>>().join("; ");
    let roles = asset.roles.iter().map(|claim| {
        format!("{} ({}: {})", words(claim.role.as_str()), claim.basis.as_str(), claim.reasons.join(", "))
    });
    let state = match asset.state_reasons.as_slice() {
        [] => asset.state.as_str().to_owned(),
        reasons => format!("{}: {}", asset.state.as_str(), reasons.join(", ")),
    };
    let mut pairs = vec![
        ("Id", Cell::new(&identified.id)),
        ("Site", Cell::new(&asset.site)),
        ("State", Cell::new(state)),
        ("Roles", Cell::new(roles.collect::<Vec<_>>().join("; "))),
        ("Addresses", Cell::new(stations)),
    ];
    if let Some(parent) = asset.parent {
        pairs.push(("Sits in or behind", view.cell(parent)));
    }
    if !asset.position.is_empty() {
        pairs.push(("Position", Cell::new(position_words(asset))));
    }
    let place = view.snapshot.places.get(index);
    let decided = place.and_then(|place| place.level);
    let level = match (decided, view.level(index)) {
        (Some(level), _) => level.as_str().to_owned(),
        (None, Some(level)) => format!("{} (proposed by its role)", level.as_str()),
        (None, None) => "nothing tells".to_owned(),
    };
    let reason = place.map_or("", |place| place.reason.as_str());
    pairs.push(("Zone", Cell::new(format!("{} ({reason})", view.zone(index)))));
    pairs.push(("Purdue level", Cell::new(level)));
    let seen =
        |time: Option<observation::Time>| Cell::new(time.map_or_else(|| "\u{2013}".to_owned(), minute));
    pairs.push(("First seen (UTC)", seen(asset.first)));
    pairs.push(("Last seen (UTC)", seen(asset.last)));
    let approved = identified
        .approval
        .as_ref()
        .map(|approval| format!("by {} on {}: {}", approval.by, minute(approval.on), approval.reason));
    pairs.push(("Approved", approved.map_or_else(|| Cell::said(""), Cell::new)));
    if !identified.aliases.is_empty() {
        pairs.push(("Earlier ids", Cell::new(identified.aliases.join(", "))));
    }
    facts(pairs)
}

/// Identity, each value with what proves it.
fn attributes(source: &Source<'_>, asset: &Asset) -> Block {
    let proof = |candidate: &Candidate| match &candidate.proof {
        Some(proof) => {
            let place = source.view.place_words(&proof.capture, &proof.evidence);
            format!("{place}, rule {}", proof.rule)
        }
        None => candidate.reasons.join("; "),
    };
    let values = asset.attributes.iter().flat_map(|(name, values)| {
        values.iter().enumerate().map(move |(at, candidate)| (name, at, values.len(), candidate))
    });
    let rows = values.map(|(name, at, _, candidate)| {
        let hidden = is_personal(name) && !source.options.with_users;
        let value = if hidden {
            Cell::new("left out: may be the name of a person").toned(Tone::Missing)
        } else {
            Cell::new(&candidate.value)
        };
        let label = if at == 0 { words(name) } else { format!("{} (also)", words(name)) };
        let by = match candidate.protocol.as_str() {
            "" => candidate.basis.as_str().to_owned(),
            protocol => format!("{}, {protocol}", candidate.basis.as_str()),
        };
        vec![
            Cell::new(label),
            value,
            Cell::new(by),
            Cell::new(minute(candidate.last)),
            Cell::new(proof(candidate)),
        ]
    });
    let columns = vec![
        column("Attribute", 18),
        column("Value", 27),
        column("Basis", 13),
        column("Last (UTC)", 12),
        column("Evidence", 30),
    ];
    Block::Table(Table::new("Identity and evidence", columns, rows))
}

/// What people filled in; the rest is named as a gap.
fn people(identified: &Identified) -> Block {
    let known = FIELDS.iter().filter_map(|field| {
        let value = identified.people.get(field.name).filter(|value| !value.is_empty())?;
        Some((field.title, Cell::new(value)))
    });
    let mut pairs: Vec<(&str, Cell)> = known.collect();
    let missing = FIELDS.len().saturating_sub(pairs.len());
    pairs.push((
        "People's fields",
        Cell::new(format!("{missing} of {} not assessed", FIELDS.len())).toned(if missing > 0 {
            Tone::Missing
        } else {
            Tone::Good
        }),
    ));
    facts(pairs)
}

fn services(asset: &Asset) -> Option<Block> {
    if asset.services.is_empty() {
        return None;
    }
    let services = asset.services.iter().map(|service| {
        let units: Vec<String> = service.units.iter().map(ToString::to_string).collect();
        let units = if units.is_empty() { String::new() } else { format!(" (units {})", units.join(", ")) };
        format!("{} {} {}{units}", service.protocol, service.transport.as_str(), service.port)
    });
    Some(facts([("Answers", Cell::new(services.collect::<Vec<_>>().join("; ")))]))
}

fn children(source: &Source<'_>, index: usize) -> Option<Block> {
    let view = &source.view;
    let children: Vec<usize> =
        view.children_of(index).iter().copied().filter(|child| view.holds(*child)).collect();
    if children.is_empty() {
        return None;
    }
    let rows = children.iter().filter_map(|child| {
        let asset = view.asset(*child)?;
        Some(vec![
            view.cell(*child),
            Cell::new(position_words(asset)),
            Cell::new(words(view.role(*child).as_str())),
        ])
    });
    let columns = vec![column("Asset", 50), column("Position", 25), column("Role", 25)];
    Some(Block::Table(Table::new(
        format!("Modules, and devices behind it: {}", children.len()),
        columns,
        rows,
    )))
}

fn conversations(source: &Source<'_>, index: usize) -> Vec<Block> {
    let view = &source.view;
    let talks = view.talks_of(index);
    if talks.is_empty() {
        return Vec::new();
    }
    let rows = talks.iter().take(TALKS_MAX).map(|conversation| {
        let asks = index_of(&conversation.client) == Some(index);
        let other = if asks { &conversation.server } else { &conversation.client };
        let frames = conversation.frames.into_iter().fold(0_u64, u64::saturating_add);
        vec![
            view.end_cell(other),
            Cell::new(if asks { "is asked" } else { "asks" }),
            Cell::new(&conversation.protocol),
            Cell::new(port_words(conversation)),
            Cell::count(frames),
            done_cell(conversation),
            Cell::new(minute(conversation.last)),
        ]
    });
    let columns = vec![
        column("Other end", 28),
        column("It", 8),
        column("Protocol", 13),
        column("Port", 11),
        number_column("Frames", 9),
        column("Operations", 18),
        column("Last (UTC)", 13),
    ];
    let caption = format!("Conversations: {}", talks.len());
    let mut blocks = vec![Block::Table(Table::new(caption, columns, rows))];
    let more = talks.len().saturating_sub(TALKS_MAX);
    if more > 0 {
        blocks.push(note(format!("{more} more: `tapledger conversations` and the workbook list them.")));
    }
    blocks
}

fn findings(source: &Source<'_>, index: usize) -> Option<Block> {
    let findings = source.view.findings_of(index);
    if findings.is_empty() {
        return None;
    }
    let rows = findings.iter().map(|finding| {
        let proof = finding.evidence.first();
        let place = proof.map(|proof| source.view.place_words(&proof.capture, &proof.evidence));
        vec![
            Cell::new(words(finding.severity.as_str())).toned(tone(finding.severity)),
            Cell::new(words(finding.kind)),
            Cell::new(&finding.text),
            Cell::new(finding.standing.state.as_str()),
            Cell::said(finding.standing.owner.as_deref().unwrap_or_default()),
            Cell::new(place.unwrap_or_default()),
        ]
    });
    let columns = vec![
        column("Weight", 9),
        column("Kind", 12),
        column("What", 42),
        column("State", 9),
        column("Owner", 11),
        column("Where to look", 17),
    ];
    Some(Block::Table(Table::new(format!("Findings: {}", findings.len()), columns, rows)))
}

/// Why its stations are one device, and what spoke for others.
fn joins(asset: &Asset) -> Vec<Block> {
    let said = asset.joins.iter().map(|join| {
        let verdict = if join.joined { "are one" } else { "are not joined" };
        format!("{} and {} {verdict}: {}", join.left, join.right, join.reason)
    });
    if asset.joins.is_empty() {
        return Vec::new();
    }
    let more = asset.joins.len().saturating_sub(JOINS_MAX);
    let more = (more > 0).then(|| format!("{more} more: `tapledger assets show` lists them"));
    vec![heading("Which addresses are one device, and why"), list(said.take(JOINS_MAX).chain(more))]
}
