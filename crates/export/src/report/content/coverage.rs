//! What the ports that were listened at could not see.

use inventory::{Coverage, Estimate};
use observation::number_of;

use crate::report::Source;
use crate::report::page::{
    Block, Cell, Kind, Section, Table, Tone, column, facts, heading, note, number_column,
};
use crate::report::view::{minute, second, some};

/// Addresses that are named one by one.
const NAMED_MAX: usize = 40;

fn one(coverage: &Coverage) -> Vec<Block> {
    let sensor = if coverage.sensor.is_empty() { "files that name no sensor" } else { &coverage.sensor };
    let span = coverage.span.map_or_else(
        || "nothing was heard".to_owned(),
        |(first, last)| {
            format!(
                "{} to {}, on {}, in {}",
                second(first),
                second(last),
                number_of(coverage.days, "day"),
                number_of(coverage.captures.len(), "capture")
            )
        },
    );
    let list = |vlans: &[u16], none: &str| {
        if vlans.is_empty() {
            none.to_owned()
        } else {
            some(vlans.iter().map(ToString::to_string), NAMED_MAX)
        }
    };
    let silent: Vec<String> = coverage.silent_targets.iter().map(ToString::to_string).collect();
    let silent = if silent.is_empty() {
        "none".to_owned()
    } else {
        format!("{}: {}", silent.len(), some(silent, NAMED_MAX))
    };
    let estimate = match &coverage.estimate {
        Err(reason) => format!("no estimate: {}", reason.as_str()),
        Ok(estimate) => format!(
            "{:.0} or more devices (Chao2, 95 % interval of that bound {:.0} to {:.0}), {} heard",
            estimate.at_least, estimate.interval.0, estimate.interval.1, estimate.heard
        ),
    };
    let lost = coverage.captures.iter().fold(0_u64, |sum, capture| sum.saturating_add(capture.kernel_drops));
    let mut blocks = vec![
        heading(format!("Site {}, {sensor}", coverage.site)),
        facts([
            ("Listened", Cell::new(span)),
            (
                "Heard",
                Cell::new(format!(
                    "{} with an address of their own, not counting what sits in them or behind them",
                    number_of(coverage.heard, "asset")
                )),
            ),
            ("Only named by others", Cell::new(number_of(coverage.referenced, "asset"))),
            (
                "Behind routers",
                Cell::new(format!(
                    "{} whose own link does not pass here",
                    number_of(coverage.behind_router, "address")
                )),
            ),
            ("Asked for, never spoke", Cell::new(silent)),
            ("VLANs carried", Cell::new(list(&coverage.vlans_carried, "no tag"))),
            ("VLANs announced, not seen", Cell::new(list(&coverage.vlans_missing, "none"))),
            ("Frames lost", Cell::count(lost).toned(if lost > 0 { Tone::Warning } else { Tone::Plain })),
            ("How many there are", Cell::new(estimate)),
        ]),
    ];
    if coverage.estimate.is_ok() {
        blocks.push(note(Estimate::CAVEAT));
    }
    blocks
}

pub(crate) fn section(source: &Source<'_>) -> Section {
    let view = &source.view;
    let mut blocks: Vec<Block> = view.sorted.coverage.iter().flat_map(|coverage| one(coverage)).collect();
    let rows = view.sorted.captures.iter().map(|summary| {
        let seen = view.sorted.coverage.iter().flat_map(|coverage| &coverage.captures);
        let seen = seen.into_iter().find(|capture| capture.capture == summary.uid);
        let one_way = seen.map(|seen| format!("{} of {}", seen.one_way, seen.tcp)).unwrap_or_default();
        let losses = seen.map(|seen| {
            let lost = seen.losses.iter().map(|(name, count)| format!("{name} {count}"));
            lost.collect::<Vec<_>>().join(", ")
        });
        let malformed = summary.counters.iter().filter(|(name, _)| {
            name.strip_prefix("malformed ").is_some_and(|protocol| !protocol.contains(' '))
        });
        let malformed = malformed.fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
        let whole = summary.status == observation::CaptureStatus::Complete;
        vec![
            Cell::new(&summary.name),
            Cell::new(&summary.uid),
            Cell::new(summary.status.as_str()).toned(if whole { Tone::Plain } else { Tone::Notice }),
            Cell::new(summary.first.map(minute).unwrap_or_default()),
            Cell::new(summary.last.map(minute).unwrap_or_default()),
            Cell::count(summary.frames),
            Cell::count(summary.kernel_drops),
            Cell::count(malformed),
            Cell::new(one_way),
            Cell::new(losses.unwrap_or_default()),
        ]
    });
    let columns = vec![
        column("Capture", 13),
        column("Id (SHA-256 of files)", 17),
        column("State", 9),
        column("First (UTC)", 9),
        column("Last (UTC)", 9),
        number_column("Frames", 8),
        number_column("Lost", 6),
        number_column("Malformed", 9),
        column("TCP one way", 7),
        column("Other losses", 13),
    ];
    let caption = format!("Captures: {}", view.sorted.captures.len());
    blocks.push(Block::Table(Table::new(caption, columns, rows)));
    Section::new("coverage", "Coverage and its limits", Kind::Chapter, blocks)
}
