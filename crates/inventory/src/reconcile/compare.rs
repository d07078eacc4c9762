//! Whether a row and an asset can be one device, and in what they differ.

use super::columns::Column;
use super::{Entry, FieldConflict};
use crate::attributes::is_abbreviation;
use crate::identity::squash;

/// So many characters of a serial number may differ in a slip of the pen.
const SLIP_MAX: usize = 2;

/// A serial number must have so many characters for each that differs.
const CHARS_PER_SLIP: usize = 4;

/// Words of a status that say that a device is not in use.
const OUT_OF_USE: [&str; 9] = [
    "retired",
    "decommissioning",
    "decommissioned",
    "disposed",
    "scrapped",
    "inventory",
    "spare",
    "planned",
    "absent",
];

pub(super) fn out_of_use(row: &Entry) -> Option<&str> {
    let status = row.of(Column::Status).first()?;
    OUT_OF_USE.contains(&squash(status).as_str()).then_some(status)
}

/// Why two that share a key cannot be one device: a stronger key differs.
pub(super) fn contradiction(key: Column, row: &Entry, asset: &Entry) -> Option<String> {
    if matches!(key, Column::AssetId | Column::Serial | Column::Mac) {
        return None;
    }
    let (listed, wire) = (row.keys(Column::Serial), asset.keys(Column::Serial));
    if !listed.is_empty() && !wire.is_empty() && listed.is_disjoint(&wire) {
        let slip = listed.iter().any(|one| wire.iter().any(|other| is_slip(one, other)));
        if !slip {
            return Some("its serial number is another one".to_owned());
        }
    }
    let (listed, wire) = (row.keys(Column::Mac), asset.keys(Column::Mac));
    let differs = !listed.is_empty() && !wire.is_empty() && listed.is_disjoint(&wire);
    let same_serial = !row.keys(Column::Serial).is_disjoint(&asset.keys(Column::Serial));
    (differs && !same_serial).then(|| "its MAC is another one".to_owned())
}

/// True if two serial numbers differ so little that one was written down wrongly.
pub(super) fn is_slip(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) =
        (squash(one).chars().collect(), squash(other).chars().collect());
    let length = one.len().min(other.len());
    let allowed = SLIP_MAX.min(length / CHARS_PER_SLIP);
    one != other && one.len().abs_diff(other.len()) <= allowed && distance(&one, &other) <= allowed
}

/// Characters to be put in, left out, changed, or swapped with their neighbour (optimal string alignment).
fn distance(one: &[char], other: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    let mut previous: Option<char> = None;
    for (row, left) in one.iter().enumerate() {
        let mut line = vec![row.saturating_add(1)];
        let mut previous_right: Option<char> = None;
        for (column, right) in other.iter().enumerate() {
            let at = |line: &[usize], column: usize| line.get(column).copied().unwrap_or(usize::MAX);
            let changed = at(&last, column).saturating_add(usize::from(left != right));
            let left_out = at(&last, column.saturating_add(1)).saturating_add(1);
            let put_in = at(&line, column).saturating_add(1);
            let mut best = changed.min(left_out).min(put_in);
            if previous == Some(*right) && previous_right == Some(*left) {
                best = best.min(at(&before, column.saturating_sub(1)).saturating_add(1));
            }
            line.push(best);
            previous_right = Some(*right);
        }
        previous = Some(*left);
        before = std::mem::replace(&mut last, line);
    }
    last.last().copied().unwrap_or(0)
}

/// The names that the wire has for an asset, where none of them is that of the row.
pub(super) fn other_name(row: &Entry, asset: &Entry) -> Option<String> {
    let (listed, wire) = (row.keys(Column::Name), asset.keys(Column::Name));
    let differs = !listed.is_empty() && !wire.is_empty() && listed.is_disjoint(&wire);
    differs.then(|| asset.of(Column::Name).join(", "))
}

/// The fields that both fill in and that say different things.
pub(super) fn conflicts(row: &Entry, asset: &Entry) -> Vec<FieldConflict> {
    let mut found = Vec::new();
    for column in Column::ALL {
        let (listed, wire) = (row.of(column), asset.of(column));
        let agrees = match column {
            // Names are labels: a list and a device may well have two for one. `other_name` tells them.
            Column::AssetId | Column::Status | Column::Name => true,
            Column::Serial | Column::Mac | Column::Ip => {
                let (listed, wire) = (row.keys(column), asset.keys(column));
                listed.is_empty() || wire.is_empty() || !listed.is_disjoint(&wire)
            }
            Column::AssetNumber | Column::Role => same(listed, wire, |one, other| one == other),
            // Makers are written long and short, products with and without their maker.
            Column::Vendor | Column::Model => {
                same(listed, wire, |one, other| one.contains(other) || other.contains(one))
                    || (column == Column::Vendor && abbreviate(listed, wire))
            }
            Column::Firmware => same(listed, wire, |one, other| {
                let bare = |text: &str| text.trim_start_matches('v').to_owned();
                bare(one) == bare(other)
            }),
        };
        if !agrees {
            found.push(FieldConflict { column, listed: listed.join(", "), wire: wire.join(", ") });
        }
    }
    // A device that is out of use should not speak.
    if let Some(status) = out_of_use(row) {
        found.push(FieldConflict {
            column: Column::Status,
            listed: status.to_owned(),
            wire: "heard".to_owned(),
        });
    }
    found
}

/// True if a maker is written by its first letters on either side.
fn abbreviate(listed: &[String], wire: &[String]) -> bool {
    let both = |one: &str, other: &str| is_abbreviation(one, other) || is_abbreviation(other, one);
    listed.iter().any(|one| wire.iter().any(|other| both(one.trim(), other.trim())))
}

fn same(listed: &[String], wire: &[String], agrees: impl Fn(&str, &str) -> bool) -> bool {
    let squashed = |values: &[String]| -> Vec<String> {
        values.iter().map(|value| squash(value)).filter(|value| !value.is_empty()).collect()
    };
    let (listed, wire) = (squashed(listed), squashed(wire));
    listed.is_empty()
        || wire.is_empty()
        || listed.iter().any(|one| wire.iter().any(|other| agrees(one, other)))
}
