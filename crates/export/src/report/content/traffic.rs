//! Communications: zone by zone, and one by one.

use std::collections::{BTreeMap, BTreeSet};

use inventory::policy::Crossing;
use inventory::{AssetEnd, Conversation};
use observation::{OperationKind, number_of};

use crate::report::Source;
use crate::report::page::{
    Block, Cell, Kind, ROWS_MAX, Section, Table, Tone, column, note, number_column, sentence,
};
use crate::report::view::{minute, operations, port_words, some, words};

/// What crosses from one zone into another, or goes on within one.
#[derive(Default)]
struct Traffic<'a> {
    protocols: BTreeSet<&'a str>,
    operations: BTreeMap<&'static str, u64>,
    conversations: usize,
    refused: usize,
    allowed: usize,
    unjudged: usize,
}

/// Kinds of operations with counts, or nothing: `read 900, write 4`.
fn done(counts: &BTreeMap<&'static str, u64>) -> String {
    let kinds = OperationKind::ALL.into_iter().map(OperationKind::as_str);
    let done = kinds.filter_map(|kind| {
        let count = counts.get(kind).copied().unwrap_or(0);
        (count > 0).then(|| format!("{kind} {count}"))
    });
    done.collect::<Vec<_>>().join(", ")
}

/// Of a conversation, with the strongest in a colour.
pub(crate) fn done_cell(conversation: &Conversation) -> Cell {
    let counts = conversation.operations.iter().map(|(kind, count)| (*kind, *count)).collect();
    let is = |kind| operations(conversation, kind) > 0;
    let tone = if is(OperationKind::Program) || is(OperationKind::Control) {
        Tone::Warning
    } else if is(OperationKind::Write) {
        Tone::Notice
    } else {
        Tone::Plain
    };
    Cell::new(done(&counts)).toned(tone)
}

pub(crate) fn matrix(source: &Source<'_>) -> Section {
    let view = &source.view;
    let mut zones: BTreeMap<(String, String), Traffic<'_>> = BTreeMap::new();
    let mut groups = 0_usize;
    for conversation in &view.sorted.conversations {
        let (Some(from), Some(to)) = (
            view.zone_of_end(conversation, &conversation.client),
            view.zone_of_end(conversation, &conversation.server),
        ) else {
            groups = groups.saturating_add(1);
            continue;
        };
        let traffic = zones.entry((from, to)).or_default();
        traffic.protocols.insert(&conversation.protocol);
        traffic.conversations = traffic.conversations.saturating_add(1);
        for (kind, count) in &conversation.operations {
            let sum = traffic.operations.entry(*kind).or_default();
            *sum = sum.saturating_add(*count);
        }
        let count = match view.sorted.crossing(conversation) {
            Crossing::Within => continue,
            Crossing::Allowed { .. } => &mut traffic.allowed,
            Crossing::NotAllowed { .. } => &mut traffic.refused,
            Crossing::Unjudged { .. } => &mut traffic.unjudged,
        };
        *count = count.saturating_add(1);
    }
    let names: BTreeSet<&String> = zones.keys().flat_map(|(from, to)| [from, to]).collect();
    let mut blocks = vec![note(format!(
        "{} Zones of clients stand in rows, zones of servers in columns. {} with groups (multicast, broadcast) or without an address belong to no pair of zones.",
        sentence(&view.snapshot.policy.text()),
        number_of(groups, "conversation")
    ))];
    if names.len() > 1 && names.len() <= GRID_MAX {
        blocks.push(Block::Table(grid(&zones, &names)));
    }
    let rows = zones.iter().map(|((from, to), traffic)| {
        let verdict = match (traffic.refused, traffic.allowed, traffic.unjudged) {
            (0, 0, 0) => Cell::new("within"),
            (0, allowed, 0) => Cell::new(format!("{allowed} allowed")).toned(Tone::Good),
            (0, _, unjudged) => Cell::new(format!("{unjudged} without a policy")).toned(Tone::Missing),
            (refused, allowed, _) => {
                Cell::new(format!("{refused} not allowed, {allowed} allowed")).toned(Tone::Warning)
            }
        };
        vec![
            Cell::new(from),
            Cell::new(to),
            Cell::count(traffic.conversations),
            Cell::new(some(traffic.protocols.iter(), usize::MAX)),
            Cell::new(done(&traffic.operations)),
            verdict,
        ]
    });
    let columns = vec![
        column("From zone", 12),
        column("To zone", 12),
        number_column("Conversations", 13),
        column("Protocols", 28),
        column("Operations", 20),
        column("Policy", 15),
    ];
    blocks.push(Block::Table(Table::new("Communications by zone", columns, rows)));
    let conduits = view.snapshot.policy.conduits.iter().map(|conduit| {
        let or_all = |words: Vec<String>| if words.is_empty() { "all".to_owned() } else { words.join(", ") };
        let kinds = conduit.operations.iter().map(|kind| kind.as_str().to_owned()).collect();
        let both = conduit.direction == inventory::policy::Direction::Both;
        vec![
            Cell::new(&conduit.name),
            Cell::new(&conduit.from),
            Cell::new(if both { format!("{} and back", conduit.to) } else { conduit.to.clone() }),
            Cell::new(or_all(conduit.protocols.clone())),
            Cell::new(or_all(kinds)),
        ]
    });
    let conduits: Vec<_> = conduits.collect();
    if !conduits.is_empty() {
        let columns = vec![
            column("Conduit", 24),
            column("From", 16),
            column("To", 20),
            column("Protocols", 24),
            column("Operations", 16),
        ];
        blocks.push(Block::Table(Table::new("Conduits that the policy allows", columns, conduits)));
    }
    Section::new("matrix", "Communications matrix", Kind::Chapter, blocks)
}

/// Most zones of a grid: more columns cannot be read on a sheet.
const GRID_MAX: usize = 10;

fn grid(zones: &BTreeMap<(String, String), Traffic<'_>>, names: &BTreeSet<&String>) -> Table {
    let mut columns = vec![column("From \\ to", 16)];
    columns.extend(names.iter().map(|name| column(name, 12)));
    let rows = names.iter().map(|from| {
        let mut row = vec![Cell::new(from)];
        row.extend(names.iter().map(|to| match zones.get(&((*from).clone(), (*to).clone())) {
            None => Cell::new("\u{2013}"),
            Some(traffic) => {
                let text = format!("{}: {}", traffic.conversations, some(traffic.protocols.iter(), 4));
                let tone = if traffic.refused > 0 { Tone::Warning } else { Tone::Plain };
                Cell::new(text).toned(tone)
            }
        }));
        row
    });
    Table::new("Conversations and protocols from zone to zone", columns, rows)
}

/// What is said where not every conversation is listed.
const CUT: &str = "First those that a policy does not allow, that go outside, that load programs or control, that write, that cross zones. The workbook (`tapledger export --format xlsx`) has all. ";

/// What comes first where not every conversation is listed.
fn rank(source: &Source<'_>, conversation: &Conversation) -> usize {
    let is = |kind| operations(conversation, kind) > 0;
    let crossing = source.view.sorted.crossing(conversation);
    let ends = [&conversation.client, &conversation.server];
    let ranks = [
        matches!(crossing, Crossing::NotAllowed { .. }),
        ends.iter().any(|end| matches!(end, AssetEnd::External(_))),
        is(OperationKind::Program) || is(OperationKind::Control),
        is(OperationKind::Write),
        !matches!(crossing, Crossing::Within),
    ];
    ranks.iter().position(|is| *is).unwrap_or(ranks.len())
}

/// The conversations; where they are too many, those that matter most.
pub(crate) fn conversations(source: &Source<'_>) -> Section {
    let view = &source.view;
    let mut shown: Vec<&Conversation> = view.sorted.conversations.clone();
    let is_cut = shown.len() > ROWS_MAX;
    if is_cut {
        shown.sort_by_cached_key(|conversation| rank(source, conversation));
    }
    let rows = shown.into_iter().map(|conversation| {
        let crossing = view.sorted.crossing(conversation);
        let tone = if matches!(crossing, Crossing::NotAllowed { .. }) { Tone::Warning } else { Tone::Plain };
        let [asked, answered] = conversation.frames;
        vec![
            view.end_cell(&conversation.client),
            view.end_cell(&conversation.server),
            Cell::new(&conversation.protocol),
            Cell::new(port_words(conversation)),
            Cell::new(format!("{asked} / {answered}")),
            done_cell(conversation),
            Cell::new(minute(conversation.first)),
            Cell::new(minute(conversation.last)),
            Cell::new(crossing.to_string()).toned(tone),
        ]
    });
    let columns = vec![
        column("Who asks", 16),
        column("Who is asked", 16),
        column("Protocol", 9),
        column("Port", 8),
        column("Frames", 9),
        column("Operations", 12),
        column("First (UTC)", 9),
        column("Last (UTC)", 9),
        column("From zone to zone", 12),
    ];
    let caption = format!("Conversations: {}", view.sorted.conversations.len());
    let blocks = vec![
        note(format!(
            "{}Frames of who asks and of who answers; a conversation in several VLANs has a row for each. Where no protocol was recognised its transport stands. Kinds of operations: {}.",
            if is_cut { CUT } else { "" },
            OperationKind::ALL.map(|kind| words(kind.as_str())).join(", ")
        )),
        Block::Table(Table::new(caption, columns, rows)),
    ];
    Section::new("conversations", "Conversations", Kind::Wide, blocks)
}
