//! What threatens each asset, as far as listening tells: lines for the register of risks.

use std::collections::{BTreeMap, BTreeSet};

use inventory::AssetEnd;
use observation::OperationKind;

use crate::report::page::{Block, Cell, Kind, Section, Table, Tone, column, note, number_column, paragraph};
use crate::report::view::{index_of, operations, some, words};
use crate::report::{Advisory, Source};

/// Names that a cell shows.
const NAMES_MAX: usize = 3;

#[derive(Default)]
pub(crate) struct Threats<'a> {
    /// What of an insecure protocol it answers.
    pub(crate) insecure: BTreeSet<&'a str>,
    /// Who loads programs into it, or stops and starts it.
    pub(crate) programmed: BTreeSet<String>,
    /// Who writes values.
    pub(crate) written: BTreeSet<String>,
    /// Paths across the boundary and of remote access that lead to it, or from it.
    pub(crate) remote: BTreeSet<String>,
    /// Advisories that concern it.
    pub(crate) advisories: Vec<&'a Advisory>,
    pub(crate) has_no_owner: bool,
}

impl Threats<'_> {
    /// How many kinds there are; a count, no score.
    pub(crate) fn kinds(&self) -> usize {
        let kinds = [
            !self.insecure.is_empty(),
            !self.programmed.is_empty(),
            !self.remote.is_empty(),
            !self.advisories.is_empty(),
            self.has_no_owner,
        ];
        kinds.into_iter().filter(|is| *is).count()
    }
}

/// Threats of each asset of the report, by index.
pub(crate) fn threats<'a>(source: &'a Source<'_>) -> BTreeMap<usize, Threats<'a>> {
    let view = &source.view;
    let mut all: BTreeMap<usize, Threats<'a>> = BTreeMap::new();
    for (index, _, identified) in view.counted() {
        let advisories =
            source.options.advisories.and_then(|advisories| advisories.by_asset.get(&identified.id));
        let own = Threats {
            insecure: view
                .findings_of(index)
                .iter()
                .filter(|finding| finding.kind == "insecure_protocol")
                .map(|finding| finding.about.as_str())
                .collect(),
            advisories: advisories.into_iter().flatten().filter(|one| one.concerns).collect(),
            has_no_owner: view.people(index, "owner").is_empty(),
            ..Threats::default()
        };
        all.insert(index, own);
    }
    for conversation in &view.sorted.conversations {
        let AssetEnd::Asset(server) = conversation.server else { continue };
        let Some(own) = all.get_mut(&server) else { continue };
        let is = |kind| operations(conversation, kind) > 0;
        if is(OperationKind::Program) || is(OperationKind::Control) {
            own.programmed.insert(view.end_name(&conversation.client));
        }
        if is(OperationKind::Write) {
            own.written.insert(view.end_name(&conversation.client));
        }
    }
    for path in &source.paths {
        for index in path.assets() {
            if let Some(own) = all.get_mut(&index) {
                let other = if index_of(path.client) == Some(index) { path.server } else { path.client };
                own.remote.insert(format!("{} by {}", view.end_name(other), path.protocol));
            }
        }
    }
    all
}

pub(crate) fn section(source: &Source<'_>) -> Section {
    let view = &source.view;
    let all = threats(source);
    let mut rows: Vec<(usize, &Threats<'_>)> = all.iter().map(|(index, own)| (*index, own)).collect();
    rows.retain(|(_, own)| own.kinds() > 0 || !own.written.is_empty());
    rows.sort_by_key(|(index, own)| {
        (std::cmp::Reverse(own.kinds()), view.role(*index), view.name(*index), view.id(*index))
    });
    // Where nothing but the owner is missing, a count says as much as a row each.
    let only_unowned =
        rows.iter().filter(|(_, own)| own.kinds() == 1 && own.has_no_owner && own.written.is_empty()).count();
    rows.retain(|(_, own)| !(own.kinds() == 1 && own.has_no_owner && own.written.is_empty()));
    let names = |names: &BTreeSet<String>| some(names.iter(), NAMES_MAX);
    let lines = rows.iter().map(|(index, own)| {
        let advisories = own.advisories.iter().map(|one| format!("{} {}", one.id, one.verdict));
        let advisories = match source.options.advisories {
            None => Cell::said(""),
            Some(_) => Cell::new(some(advisories, NAMES_MAX)),
        };
        let owner = view.people(*index, "owner");
        let owner =
            if owner.is_empty() { Cell::new("no owner").toned(Tone::Warning) } else { Cell::new(owner) };
        vec![
            view.cell(*index),
            Cell::new(words(view.role(*index).as_str())),
            Cell::new(some(own.insecure.iter().map(|about| words(about)), NAMES_MAX)),
            Cell::new(names(&own.programmed)),
            Cell::new(names(&own.written)),
            Cell::new(names(&own.remote)),
            advisories,
            owner,
            Cell::count(own.kinds()),
        ]
    });
    let columns = vec![
        column("Asset", 16),
        column("Role", 10),
        column("Insecure protocol", 10),
        column("Programmed or controlled by", 14),
        column("Written by", 12),
        column("Remote path or boundary", 17),
        column("Advisories", 10),
        column("Owner", 6),
        number_column("Kinds", 5),
    ];
    let caption = format!("Threats by asset, most kinds first: {}", rows.len());
    let mut blocks = vec![
        note(
            "Input for the register of risks: what was seen, not how likely or how bad it is. Kinds counts insecure protocol, program or control access, remote path, advisory that affects it or may, and no owner (0 to 5); it is no score. Likelihood, harm and treatment are people's.",
        ),
        Block::Table(Table::new(caption, columns, lines)),
    ];
    if only_unowned > 0 {
        blocks.push(paragraph(format!(
            "{only_unowned} more assets have no owner, and nothing else of this was seen of them; section Assets lists them."
        )));
    }
    if source.options.advisories.is_none() {
        blocks.push(paragraph("No advisories were matched for this report: known vulnerabilities are not assessed. `tapledger vulns match --csaf DIR` says which there are."));
    }
    Section::new("threats", "Threats by asset", Kind::Wide, blocks)
}
