//! What is open, whose it is and until when.

use inventory::{Finding, FindingState, Severity};
use observation::number_of;

use super::is_open;
use crate::report::Source;
use crate::report::page::{Block, Cell, Kind, Section, Table, Tone, column, note, number_column, paragraph};
use crate::report::view::{day, minute, words};

pub(crate) fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Warning => Tone::Warning,
        Severity::Notice => Tone::Notice,
        Severity::Information => Tone::Plain,
    }
}

/// Open findings, what matters most and is due first.
pub(crate) fn open<'a>(source: &'a Source<'_>) -> Vec<&'a Finding> {
    let mut open: Vec<&Finding> =
        source.view.sorted.findings.iter().copied().filter(|finding| is_open(finding)).collect();
    open.sort_by_key(|finding| {
        let due = finding.standing.due;
        (std::cmp::Reverse(finding.severity), due.is_none(), due, std::cmp::Reverse(finding.last))
    });
    open
}

fn row(source: &Source<'_>, finding: &Finding, with_evidence: bool) -> Vec<Cell> {
    let as_of = source.view.as_of();
    let due = finding.standing.due;
    let due = match due {
        None => Cell::said(""),
        Some(due) if as_of.is_some_and(|as_of| as_of > due) => {
            Cell::new(format!("{}, past", day(due))).toned(Tone::Warning)
        }
        Some(due) => Cell::new(day(due)),
    };
    let mut cells = vec![
        Cell::new(words(finding.severity.as_str())).toned(tone(finding.severity)),
        Cell::new(&finding.text),
        Cell::said(finding.standing.owner.as_deref().unwrap_or_default()),
        due,
    ];
    if with_evidence {
        let evidence = finding.evidence.first();
        let place = evidence.map(|proof| source.view.place_words(&proof.capture, &proof.evidence));
        let last = finding.last.map(minute).unwrap_or_default();
        let state = match (finding.standing.state, finding.standing.reason.as_str()) {
            (state, "") => state.as_str().to_owned(),
            (state, reason) => format!("{}: {reason}", state.as_str()),
        };
        cells.insert(1, Cell::new(words(finding.kind)));
        cells.push(Cell::new(state));
        cells.push(Cell::new(last));
        cells.push(Cell::new(place.unwrap_or_default()));
        cells.push(Cell::new(finding.id()));
    }
    cells
}

/// The first open findings, for the page of the auditor.
pub(crate) fn table(source: &Source<'_>, most: usize) -> Table {
    let open = open(source);
    let unowned = open.iter().filter(|finding| finding.standing.owner.is_none()).count();
    let of = |severity: Severity| open.iter().filter(|finding| finding.severity == severity).count();
    let caption = format!(
        "Open gaps: {} ({}, {}, {} to know); {unowned} without an owner{}",
        open.len(),
        number_of(of(Severity::Warning), "warning"),
        number_of(of(Severity::Notice), "notice"),
        of(Severity::Information),
        if open.len() > most { format!("; the first {most} here") } else { String::new() }
    );
    let columns = vec![column("Weight", 8), column("What", 62), column("Owner", 16), column("Due", 14)];
    Table::new(caption, columns, open.iter().take(most).map(|finding| row(source, finding, false)))
}

/// All findings.
pub(crate) fn section(source: &Source<'_>) -> Section {
    let open = open(source);
    let columns = || {
        vec![
            column("Weight", 7),
            column("Kind", 10),
            column("What", 34),
            column("Owner", 7),
            column("Due", 7),
            column("State", 8),
            column("Last (UTC)", 8),
            column("Where to look", 11),
            column("Finding", 9),
        ]
    };
    let rows =
        |findings: &[&Finding]| findings.iter().map(|finding| row(source, finding, true)).collect::<Vec<_>>();
    let mut decided: Vec<&Finding> =
        source.view.sorted.findings.iter().copied().filter(|finding| !is_open(finding)).collect();
    decided.sort_by_key(|finding| (finding.standing.state, finding.standing.expires, finding.kind));
    let accepted = decided.iter().filter(|finding| finding.standing.state == FindingState::Accepted).count();
    let mut blocks = vec![
        note(
            "Findings are what an auditor or engineer should see. `tapledger findings assign` gives one an owner and a day, `accept` lets it stay for a reason until a day. Octets 73+18 are 18 octets from octet 73 of the frame on.",
        ),
        Block::Table(Table::new(
            format!("Open and acknowledged findings: {}", open.len()),
            columns(),
            rows(&open),
        )),
        Block::Table(Table::new(
            format!(
                "Decided findings: {} accepted, {} closed",
                accepted,
                decided.len().saturating_sub(accepted)
            ),
            columns(),
            rows(&decided),
        )),
    ];
    let off = &source.view.snapshot.findings_off;
    if !off.is_empty() {
        let kinds: Vec<(String, u64)> = off.iter().map(|(kind, count)| (kind.clone(), *count)).collect();
        let rows = kinds.iter().map(|(kind, count)| vec![Cell::new(words(kind)), Cell::count(count)]);
        blocks.push(paragraph(
            "People switched these kinds of findings off; they are in no count of this report.",
        ));
        let columns = vec![column("Kind", 60), number_column("Left out", 20)];
        blocks.push(Block::Table(Table::new("Kinds that are switched off", columns, rows)));
    }
    Section::new("gaps", "Findings, owners and due dates", Kind::Wide, blocks)
}
