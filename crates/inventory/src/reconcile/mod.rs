//! A company's own list against what the wire shows: matched one to one by the strongest key, and compared field by
//! field.
//!
//! # How a row finds its asset
//!
//! Keys in this order: our own asset id, serial number, MAC, asset number, IP address, name. A key counts only if one row and
//! one asset alone have it, among those that no stronger key has matched. A weaker key never matches what a stronger
//! one contradicts: an address goes to another device when a device is replaced, and its name with it. Another serial
//! number that differs in one or two characters is a slip of the pen and contradicts nothing, but is told.

mod columns;
mod compare;

use std::collections::{BTreeMap, BTreeSet};

use columns::spelled;
pub use columns::{Column, cell_values, columns, mapping};
use compare::{conflicts, contradiction, is_slip, other_name, out_of_use};

use crate::fields::RETIRED;

/// Something with keys and values: a row of a list, or an asset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Number of the row, or id of the asset.
    pub label: String,
    /// Name for people.
    pub name: String,
    /// Every value by column; of an asset the winner first.
    pub values: BTreeMap<Column, Vec<String>>,
    /// Of an asset: false for one that sits in another one and has no address of its own. Lists of devices leave those
    /// out.
    pub stands_alone: bool,
}

impl Entry {
    fn of(&self, column: Column) -> &[String] {
        self.values.get(&column).map(Vec::as_slice).unwrap_or_default()
    }

    /// The keys of a column in one spelling.
    fn keys(&self, column: Column) -> BTreeSet<String> {
        let spelled = self.of(column).iter().filter_map(|value| spelled(column, value));
        spelled.collect()
    }
}

/// A field in which a row and its asset say different things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldConflict {
    /// The field.
    pub column: Column,
    /// What the list says.
    pub listed: String,
    /// What the wire says.
    pub wire: String,
}

/// What became of a row or an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The row and the asset are one device and say the same.
    Matched,
    /// They are one device and differ in some field.
    Conflicting,
    /// On the wire, and no row is it.
    NotListed,
    /// Listed, and no asset is it.
    Silent,
    /// Listed, and several assets could be it.
    Ambiguous,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 5] =
        [Self::Matched, Self::Conflicting, Self::NotListed, Self::Silent, Self::Ambiguous];

    /// The word of the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::Conflicting => "conflicting",
            Self::NotListed => "not_listed",
            Self::Silent => "silent",
            Self::Ambiguous => "ambiguous",
        }
    }
}

/// A line of the reconciliation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Index of the row.
    pub row: Option<usize>,
    /// Index of the asset.
    pub asset: Option<usize>,
    /// The verdict.
    pub verdict: Verdict,
    /// The key that matched.
    pub key: Option<Column>,
    /// In words.
    pub reason: String,
    /// Fields in which they differ.
    pub conflicts: Vec<FieldConflict>,
}

/// Keys, strongest first.
const KEYS: [Column; 6] =
    [Column::AssetId, Column::Serial, Column::Mac, Column::AssetNumber, Column::Ip, Column::Name];

/// Matches rows and assets, and compares them. Lines come in the order of the rows, then of the assets.
#[must_use]
pub fn reconcile(rows: &[Entry], assets: &[Entry]) -> Vec<Line> {
    let mut row_of: BTreeMap<usize, usize> = BTreeMap::new();
    let mut matches: BTreeMap<usize, (usize, Column)> = BTreeMap::new();
    let mut notes: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let mut candidates: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for key in KEYS {
        let by_key = |entries: &[Entry], taken: &dyn Fn(usize) -> bool| {
            let mut holders: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
            for (index, entry) in entries.iter().enumerate().filter(|(index, _)| !taken(*index)) {
                for value in entry.keys(key) {
                    holders.entry(value).or_default().insert(index);
                }
            }
            holders
        };
        let free_rows = by_key(rows, &|row| matches.contains_key(&row));
        let free_assets = by_key(assets, &|asset| row_of.contains_key(&asset));
        let word = key.as_str();
        let mut wanted: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (value, rows_of) in &free_rows {
            let Some(assets_of) = free_assets.get(value) else { continue };
            for row in rows_of {
                if rows_of.len() > 1 {
                    notes
                        .entry(*row)
                        .or_default()
                        .push(format!("{} rows have {word} {value}", rows_of.len()));
                }
                let possible = assets_of.iter().filter(|asset| {
                    let (Some(one), Some(other)) = (rows.get(*row), assets.get(**asset)) else {
                        return false;
                    };
                    let veto = contradiction(key, one, other);
                    if let Some(veto) = &veto {
                        let text = format!("{} has its {word} {value}, but {veto}", other.name);
                        notes.entry(*row).or_default().push(text);
                    }
                    veto.is_none()
                });
                let possible: Vec<usize> = possible.copied().collect();
                if possible.len() > 1 {
                    notes
                        .entry(*row)
                        .or_default()
                        .push(format!("{} assets have {word} {value}", possible.len()));
                }
                wanted.entry(*row).or_default().extend(possible);
            }
        }
        let mut claims: BTreeMap<usize, usize> = BTreeMap::new();
        for asset in wanted.values().flatten() {
            let count = claims.entry(*asset).or_default();
            *count = count.saturating_add(1);
        }
        for (row, possible) in wanted {
            let only = possible.first().copied().filter(|_| possible.len() == 1);
            match only.filter(|asset| claims.get(asset) == Some(&1)) {
                Some(asset) => {
                    matches.insert(row, (asset, key));
                    row_of.insert(asset, row);
                }
                None => candidates.entry(row).or_default().extend(possible),
            }
        }
    }
    let mut lines = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let notes = notes.remove(&index).unwrap_or_default();
        lines.push(
            match matches.get(&index).and_then(|(asset, key)| Some((*asset, *key, assets.get(*asset)?))) {
                Some((at, key, asset)) => matched(index, row, at, asset, key),
                None => {
                    let open = candidates.remove(&index).unwrap_or_default();
                    let open: Vec<&Entry> = open
                        .iter()
                        .filter(|at| !row_of.contains_key(at))
                        .filter_map(|at| assets.get(*at))
                        .collect();
                    unmatched(index, row, &open, notes)
                }
            },
        );
    }
    for (index, asset) in assets.iter().enumerate() {
        // What people say is retired has left the list, as it should.
        let is_retired = asset.of(Column::Status).first().is_some_and(|status| *status == RETIRED);
        if asset.stands_alone && !is_retired && !row_of.contains_key(&index) {
            lines.push(Line {
                row: None,
                asset: Some(index),
                verdict: Verdict::NotListed,
                key: None,
                reason: "no row has its serial number, addresses or name".to_owned(),
                conflicts: Vec::new(),
            });
        }
    }
    lines
}

fn matched(index: usize, row: &Entry, at: usize, asset: &Entry, key: Column) -> Line {
    let conflicts = conflicts(row, asset);
    let shared = row.keys(key).intersection(&asset.keys(key)).next().cloned().unwrap_or_default();
    let mut reason = format!("same {} {shared}", key.as_str());
    for conflict in &conflicts {
        let FieldConflict { column, listed, wire } = conflict;
        reason.push_str(&format!("; {}: the list says {listed}, the wire {wire}", column.as_str()));
        if *column == Column::Serial && is_slip(listed, wire) {
            reason.push_str(" (a slip of the pen?)");
        }
    }
    if let Some(names) = other_name(row, asset) {
        reason.push_str(&format!("; the wire calls it {names}"));
    }
    Line {
        row: Some(index),
        asset: Some(at),
        verdict: if conflicts.is_empty() { Verdict::Matched } else { Verdict::Conflicting },
        key: Some(key),
        reason,
        conflicts,
    }
}

fn unmatched(index: usize, row: &Entry, open: &[&Entry], mut notes: Vec<String>) -> Line {
    let verdict = if open.is_empty() { Verdict::Silent } else { Verdict::Ambiguous };
    let mut reason = match verdict {
        Verdict::Ambiguous => {
            let names: Vec<&str> = open.iter().map(|asset| asset.name.as_str()).collect();
            format!("may be {}", names.join(" or "))
        }
        _ if out_of_use(row).is_some() => {
            format!("not heard, as its status {} says", out_of_use(row).unwrap_or_default())
        }
        _ if KEYS.iter().all(|key| row.keys(*key).is_empty()) => {
            "the row has no key that could match".to_owned()
        }
        _ => "no asset is it".to_owned(),
    };
    notes.dedup();
    for note in notes {
        reason.push_str(&format!("; {note}"));
    }
    Line { row: Some(index), asset: None, verdict, key: None, reason, conflicts: Vec::new() }
}

#[cfg(test)]
mod tests;
