//! What changed, and how the register grew.

use std::collections::BTreeMap;

use inventory::Change;
use observation::{NANOS_PER_DAY, Time, number_of};

use crate::baseline::{Difference, Frozen, differences};
use crate::report::page::{Block, Cell, Kind, Section, Table, column, note, number_column};
use crate::report::view::{anchor, minute, words};
use crate::report::{Earlier, Source};

/// Changes after the first baseline was learned, and after the moment compared with.
pub(crate) fn shown<'a>(source: &'a Source<'_>) -> Vec<&'a Change> {
    let since = match source.options.earlier {
        Some(Earlier::Moment(moment)) => Some(moment),
        Some(Earlier::Baseline(_, frozen)) => {
            frozen.as_of.as_deref().and_then(|text| crate::time::parse(text).ok())
        }
        None => None,
    };
    let is_shown = |change: &&Change| !change.learned && since.is_none_or(|since| change.time > since);
    source.view.sorted.changes.iter().copied().filter(is_shown).collect()
}

/// In a sentence.
pub(crate) fn words_of(source: &Source<'_>) -> String {
    let changes = shown(source);
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for change in &changes {
        let count = kinds.entry(change.kind.as_str()).or_default();
        *count = count.saturating_add(1);
    }
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|(kind, count)| (std::cmp::Reverse(*count), *kind));
    let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{} {count}", words(kind))).collect();
    let learned = source.view.sorted.changes.iter().filter(|change| change.learned).count();
    let since = match source.options.earlier {
        Some(Earlier::Moment(moment)) => format!(" since {}", minute(moment)),
        Some(Earlier::Baseline(name, _)) => format!(" since baseline {name}"),
        None => " after the first baseline was learned".to_owned(),
    };
    let list = match kinds.len() {
        0 => "none".to_owned(),
        _ => format!("{}: {}", changes.len(), crate::report::view::some(kinds, 8)),
    };
    format!("Changes{since}: {list}. {} built the first baseline.", number_of(learned, "change"))
}

/// Assets by the day they were first seen on, added up.
pub(crate) fn growth(source: &Source<'_>) -> Vec<(Time, f64)> {
    let mut days: BTreeMap<i64, u32> = BTreeMap::new();
    for (_, asset, _) in source.view.assets().iter().copied() {
        if let Some(first) = asset.first {
            let count = days.entry(first.0.div_euclid(NANOS_PER_DAY)).or_default();
            *count = count.saturating_add(1);
        }
    }
    let mut sum = 0_u32;
    let each = days.into_iter().map(|(day, count)| {
        sum = sum.saturating_add(count);
        (Time(day.saturating_mul(NANOS_PER_DAY)), f64::from(sum))
    });
    each.collect()
}

pub(crate) fn section(source: &Source<'_>) -> Section {
    let view = &source.view;
    let changes = shown(source);
    let rows = changes.iter().rev().map(|change| {
        let proof = change.evidence.first();
        let place = proof.map(|proof| view.place_words(&proof.capture, &proof.evidence)).unwrap_or_default();
        let text = Cell::new(change.text(&view.snapshot.inventory.assets));
        let link =
            change.asset.filter(|index| view.paged.contains(index)).map(|index| anchor(view.id(index)));
        vec![
            Cell::new(minute(change.time)),
            Cell::new(words(change.kind.as_str())),
            text.linked(link),
            Cell::new(place),
        ]
    });
    let columns = vec![
        column("When (UTC)", 13),
        column("What", 14),
        column("In words", 53),
        column("Where to look", 20),
    ];
    let mut blocks = vec![
        note(format!(
            "{} `tapledger changes` lists all, and so does the workbook (`tapledger export --format xlsx`).",
            words_of(source)
        )),
        Block::Table(Table::new(format!("Changes, latest first: {}", changes.len()), columns, rows)),
    ];
    if let Some(Earlier::Baseline(name, frozen)) = source.options.earlier
        && let Ok(now) = Frozen::of(view.snapshot)
    {
        let found: Vec<Difference> = differences(frozen, &now)
            .into_iter()
            .filter(|one| source.filter.is_empty() || view.sorted.holds(&one.asset))
            .collect();
        let cell = |value: &Option<String>| Cell::new(value.as_deref().unwrap_or_default());
        let rows = found.iter().map(|one| {
            vec![
                Cell::new(one.became.as_str()),
                Cell::new(&one.name),
                Cell::new(words(&one.what)),
                cell(&one.before),
                cell(&one.after),
            ]
        });
        let columns = vec![
            column("Became", 9),
            column("Asset", 24),
            column("What", 17),
            column("In the baseline", 25),
            column("Now", 25),
        ];
        let caption = format!("Differences from baseline {name}: {}", found.len());
        blocks.push(Block::Table(Table::new(caption, columns, rows)));
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for one in &found {
            let count = kinds.entry(one.became.as_str()).or_default();
            *count = count.saturating_add(1);
        }
        let rows = kinds.iter().map(|(became, count)| vec![Cell::new(*became), Cell::count(count)]);
        let columns = vec![column("Became", 60), number_column("How many", 20)];
        blocks.push(Block::Table(Table::new("Differences by kind", columns, rows)));
    }
    Section::new("changes", "Changes", Kind::Chapter, blocks)
}
