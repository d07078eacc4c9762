//! The page for the auditor.

use std::collections::BTreeMap;

use inventory::{AssetState, Role};
use observation::number_of;

use super::{boundary, changes, controls, gaps};
use crate::report::page::{
    Block, Cell, Kind, Section, Table, column, facts, heading, note, number_column, paragraph, sentence,
};
use crate::report::view::{second, share, words};
use crate::report::{Source, numbers};

/// Rows that stand on the first page; the sections behind have more.
const ROLES_MAX: usize = 9;
const ZONES_MAX: usize = 7;
const PATHS_MAX: usize = 6;
const GAPS_MAX: usize = 5;

/// What a port that only listens cannot know, on every report.
const LIMITS: &str = "Limits: this register was made by listening. Who did not speak, or whose frames never reached the ports that were listened at, is not in it unless others named it or people listed it; encrypted content, local keyboards and serial lines behind gateways are not seen; a value is what was said on the wire on that day. What a port could not see is counted in section Coverage.";

pub(crate) fn section(source: &Source<'_>) -> Section {
    let view = &source.view;
    let options = source.options;
    let about = &source.about;
    let or_none = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
    let key = options
        .key_fingerprint
        .map_or_else(|| Cell::new("no key beside the register (`tapledger keys generate`)"), Cell::new);
    let filter = source.filter.words();
    let mut blocks = vec![
        facts([
            ("Organisation", Cell::said(options.organisation)),
            ("Sites", Cell::new(about.window.sites.join(", "))),
            ("As of", Cell::new(view.as_of().map_or_else(|| "nothing observed".to_owned(), second))),
            ("Listened", Cell::new(about.window.words())),
            ("Sensors", Cell::new(or_none(&about.window.sensors.join(", ")))),
            ("Made by", Cell::new(format!("{} {}, {}", about.tool.name, about.tool.version, about.schema))),
            ("Policy", Cell::new(view.snapshot.policy.text())),
            ("Filters", Cell::new(&filter)),
            ("Document SHA-256", Cell::new(&source.document)),
            ("Signing key", key),
        ]),
        note(format!(
            "The hash is that of the JSON document {} which this report is made of: `tapledger export --format json{} | sha256sum` prints it. Its evidence is handed over by `tapledger evidence create`, signed by the key above.",
            crate::json::SCHEMA,
            if source.filter.is_empty() { String::new() } else { format!(" (filters: {filter})") }
        )),
        heading("Scope"),
        scope(source),
        note(LIMITS),
        Block::Numbers(numbers::tiles(view, source.filter, options.earlier)),
        Block::Table(roles_by_zone(source)),
    ];
    let paths = &source.paths;
    let unassessed = paths.iter().filter(|path| !path.is_authorised()).count();
    let caption = format!(
        "Boundary and remote access: {}, {unassessed} not authorised by anybody{}",
        number_of(paths.len(), "path"),
        if paths.len() > PATHS_MAX { format!("; the first {PATHS_MAX} here") } else { String::new() }
    );
    blocks.push(Block::Table(boundary::table(source, paths, &caption, PATHS_MAX)));
    blocks.push(Block::Table(gaps::table(source, GAPS_MAX)));
    blocks.push(paragraph(changes::words_of(source)));
    blocks.push(Block::Table(controls::table(source)));
    blocks.push(note(controls::NOTE));
    blocks.push(Block::Signatures(vec!["Prepared", "Reviewed", "Approved"]));
    Section::new("front", super::title(source), Kind::Front, blocks)
}

/// The scope in people's words, and what of the register is in it.
fn scope(source: &Source<'_>) -> Block {
    let view = &source.view;
    let assets: Vec<_> = view.counted().collect();
    let retired = match view.retired_words() {
        words if words.is_empty() => words,
        words => format!("; {words}"),
    };
    let of = |state: AssetState| assets.iter().filter(|(_, asset, _)| asset.state == state).count();
    let said = match source.options.scope {
        "" => {
            "No scope statement was given (--scope): whether this plant is in the scope of the management system is people's to say."
        }
        scope => scope,
    };
    paragraph(format!(
        "{} This report holds {}: {} heard, {} named by others only, {} listed by people and not heard{retired}; {}.",
        sentence(said),
        number_of(assets.len(), "asset"),
        of(AssetState::Observed),
        of(AssetState::Referenced),
        of(AssetState::Declared),
        number_of(view.sorted.conversations.len(), "conversation"),
    ))
}

/// How many assets of each role are in each zone.
fn roles_by_zone(source: &Source<'_>) -> Table {
    let view = &source.view;
    let (mut cells, mut by_role, mut by_zone) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut total = 0_usize;
    for (index, ..) in view.counted() {
        let (role, zone) = (view.role(index), view.zone(index));
        let one = |count: &mut usize| *count = count.saturating_add(1);
        one(cells.entry((role, zone)).or_default());
        one(by_role.entry(role).or_default());
        one(by_zone.entry(zone).or_default());
        one(&mut total);
    }
    let mut roles: Vec<(Role, usize)> = by_role.into_iter().collect();
    roles.sort_by_key(|(role, count)| (std::cmp::Reverse(*count), *role));
    let mut zones: Vec<(&str, usize)> = by_zone.into_iter().collect();
    zones.sort_by_key(|(zone, count)| (std::cmp::Reverse(*count), *zone));
    let (own, rest) = zones.split_at(zones.len().min(ZONES_MAX));
    let of = |role: Role, zones: &[(&str, usize)]| {
        let counts = zones.iter().filter_map(|(zone, _)| cells.get(&(role, *zone)));
        counts.fold(0_usize, |sum, count| sum.saturating_add(*count))
    };
    let blank = |count: usize| if count == 0 { Cell::new("\u{2013}") } else { Cell::count(count) };
    let row = |name: String, roles: &[(Role, usize)]| {
        let sum = |zones: &[(&str, usize)]| {
            roles.iter().fold(0_usize, |sum, (role, _)| sum.saturating_add(of(*role, zones)))
        };
        let mut row = vec![Cell::new(name)];
        row.extend(own.iter().map(|zone| blank(sum(std::slice::from_ref(zone)))));
        if !rest.is_empty() {
            row.push(blank(sum(rest)));
        }
        row.push(Cell::count(sum(&zones)));
        row
    };
    let most = if roles.len() > ROLES_MAX { ROLES_MAX.saturating_sub(1) } else { ROLES_MAX };
    let (shown, others) = roles.split_at(roles.len().min(most));
    let mut rows: Vec<Vec<Cell>> =
        shown.iter().map(|one| row(words(one.0.as_str()), std::slice::from_ref(one))).collect();
    if !others.is_empty() {
        rows.push(row(number_of(others.len(), "other role"), others));
    }
    rows.push(row("all".to_owned(), &roles));
    let mut columns = vec![column("First role", 20)];
    columns.extend(own.iter().map(|(zone, _)| number_column(zone, 10)));
    if !rest.is_empty() {
        columns.push(number_column(number_of(rest.len(), "other zone"), 10));
    }
    columns.push(number_column("all", 8));
    let placed = total.saturating_sub(
        zones.iter().find(|(zone, _)| *zone == inventory::policy::NO_ZONE).map_or(0, |(_, count)| *count),
    );
    // Without a policy every address is of a zone by its range alone, which nobody decided.
    let placed = match view.snapshot.policy.is_given {
        true => format!("; {} in a zone", share(placed, total)),
        false => String::new(),
    };
    Table::new(format!("Assets by role and zone{placed}"), columns, rows)
}
