//! The six figures of the first page, now and at an earlier moment.

use std::collections::{BTreeMap, BTreeSet};

use inventory::AssetEnd;
use inventory::fields::is_retired;
use inventory::policy::Level;
use observation::{Time, attribute};

use super::page::Number;
use super::view::{View, day, minute};
use crate::baseline::{Frozen, FrozenAsset};
use crate::filter::Filter;
use crate::reading;

/// What is counted, in the order of the page, and how.
pub(crate) const COUNTS: [(&str, &str); 6] = [
    (
        "assets in total",
        "heard, named by others, or listed by people; modules and devices behind gateways count, retired ones do not",
    ),
    ("vendor and model known", "vendor, and model or order number, known; inferred ones too"),
    ("with an owner", "people's field owner filled in"),
    (
        "not in the earlier register",
        "neither its id nor an id it had is in the baseline, or first heard after the moment compared with",
    ),
    (
        "firmware unknown or unsupported",
        "no firmware version known (software aside), or people's field support_end past",
    ),
    (
        "talking across the IT\u{2013}OT boundary",
        "at level 3 or below, with an end at level 3.5 or above or outside, answered or not; level as decided, else proposed by role",
    ),
];

/// What the figures are compared with.
#[derive(Clone, Copy, Debug)]
pub enum Earlier<'a> {
    /// A frozen register, with its name.
    Baseline(&'a str, &'a Frozen),
    /// A moment. What was known then follows from the times of what was seen; what people wrote has none, so figures
    /// that ask for it have no earlier value.
    Moment(Time),
}

/// The figures; `None` is not known.
pub(crate) type Counts = [Option<usize>; 6];

/// An end of a conversation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct End<K> {
    /// Which asset; `None` for others.
    key: Option<K>,
    /// True at level 3 or below.
    is_plant: Option<bool>,
    is_outside: bool,
}

/// The assets on the OT side of pairs that talk across.
///
/// An asset whose level nobody knows is inside of the plant if the other end is outside; else it tells nothing.
fn across<K: Ord + Copy>(pairs: impl Iterator<Item = [End<K>; 2]>) -> BTreeSet<K> {
    let mut found = BTreeSet::new();
    for [left, right] in pairs {
        let with_outside = left.is_outside || right.is_outside;
        let side = |end: End<K>| match end.is_plant {
            None if with_outside && end.key.is_some() => Some(true),
            known => known,
        };
        if let (Some(one), Some(other)) = (side(left), side(right))
            && one != other
        {
            found.extend(if one { left.key } else { right.key });
        }
    }
    found
}

fn is_plant(level: Level) -> bool {
    level <= Level::L3
}

fn is_identified(has: impl Fn(&str) -> bool) -> bool {
    has(attribute::VENDOR) && (has(attribute::MODEL) || has(attribute::ORDER_NUMBER))
}

/// True if a day that people wrote lies before the moment.
pub(crate) fn is_past(written: &str, as_of: Option<Time>) -> bool {
    !written.is_empty() && as_of.is_some_and(|as_of| written < day(as_of).as_str())
}

/// The assets of the report that talk across the boundary, by index; of conversations that began by `until`.
pub(crate) fn boundary(view: &View<'_>, until: Option<Time>) -> BTreeSet<usize> {
    let conversations = view.sorted.conversations.iter();
    let end = |end: &AssetEnd| match end {
        AssetEnd::Asset(index) => {
            End { key: Some(*index), is_plant: view.level(*index).map(is_plant), is_outside: false }
        }
        AssetEnd::External(_) => End { key: None, is_plant: Some(false), is_outside: true },
        AssetEnd::Group(_) | AssetEnd::Silent(_) => End { key: None, is_plant: None, is_outside: false },
    };
    let pairs = conversations
        .filter(|conversation| until.is_none_or(|until| conversation.first <= until))
        .map(|conversation| [end(&conversation.client), end(&conversation.server)]);
    let mut found = across(pairs);
    let counted: BTreeSet<usize> = view.counted().map(|(index, ..)| index).collect();
    found.retain(|index| counted.contains(index));
    found
}

/// True if the report's asset lacks a firmware version, or support for it.
pub(crate) fn lacks_firmware(view: &View<'_>, index: usize) -> bool {
    let version = view.asset(index).and_then(|asset| reading::winner(asset, attribute::FIRMWARE_VERSION));
    version.is_none() || is_past(view.people(index, "support_end"), view.as_of())
}

/// True if it is known whose and what the asset is.
pub(crate) fn identified(view: &View<'_>, index: usize) -> bool {
    view.asset(index).is_some_and(|asset| is_identified(|name| reading::winner(asset, name).is_some()))
}

/// The figures of the register.
pub(crate) fn now(view: &View<'_>, earlier: Option<Earlier<'_>>) -> Counts {
    let assets: Vec<_> = view.counted().collect();
    let count = |is: &dyn Fn(usize) -> bool| assets.iter().filter(|(index, ..)| is(*index)).count();
    let unlisted = match earlier {
        Some(Earlier::Baseline(_, frozen)) => {
            let known: BTreeSet<&str> = frozen
                .assets
                .iter()
                .flat_map(|asset| asset.aliases.iter().chain([&asset.id]))
                .map(String::as_str)
                .collect();
            let is_new = |index: usize| {
                view.identified(index).is_some_and(|own| {
                    !own.aliases.iter().chain([&own.id]).any(|id| known.contains(id.as_str()))
                })
            };
            Some(count(&is_new))
        }
        Some(Earlier::Moment(moment)) => {
            let is_new = |index: usize| {
                view.asset(index).is_some_and(|asset| asset.first.is_some_and(|first| first > moment))
            };
            Some(count(&is_new))
        }
        None => None,
    };
    [
        Some(assets.len()),
        Some(count(&|index| identified(view, index))),
        Some(count(&|index| !view.people(index, "owner").is_empty())),
        unlisted,
        Some(count(&|index| lacks_firmware(view, index))),
        Some(boundary(view, None).len()),
    ]
}

/// The figures at an earlier moment.
pub(crate) fn before(view: &View<'_>, filter: &Filter, earlier: Earlier<'_>) -> Counts {
    match earlier {
        Earlier::Baseline(_, frozen) => of_frozen(frozen, filter),
        Earlier::Moment(moment) => {
            let held: Vec<_> = view
                .counted()
                .filter(|(_, asset, _)| asset.first.is_some_and(|first| first <= moment))
                .collect();
            let known = held.iter().filter(|(_, asset, _)| {
                is_identified(|name| {
                    asset
                        .attributes
                        .get(name)
                        .into_iter()
                        .flatten()
                        .any(|candidate| candidate.first <= moment)
                })
            });
            let boundary = boundary(view, Some(moment)).len();
            [Some(held.len()), Some(known.count()), None, None, None, Some(boundary)]
        }
    }
}

fn of_frozen(frozen: &Frozen, filter: &Filter) -> Counts {
    let as_of = frozen.as_of.as_deref().and_then(|text| crate::time::parse(text).ok());
    let holds = |asset: &&FrozenAsset| filter.holds_frozen(asset) && !is_retired(&asset.people);
    let held: Vec<&FrozenAsset> = frozen.assets.iter().filter(holds).collect();
    let said = |asset: &FrozenAsset, name: &str| asset.people.get(name).is_some_and(|text| !text.is_empty());
    let known: BTreeMap<&str, (usize, Option<bool>)> = frozen
        .assets
        .iter()
        .enumerate()
        .map(|(at, asset)| {
            let proposed = asset.attributes.get("purdue_level").and_then(|values| values.first());
            let level = asset.level.as_ref().or(proposed).and_then(|text| Level::read_back(text));
            (asset.id.as_str(), (at, level.map(is_plant)))
        })
        .collect();
    let end = |name: &str| -> End<usize> {
        if name.starts_with("external ") {
            return End { key: None, is_plant: Some(false), is_outside: true };
        }
        let asset = known.get(name);
        End {
            key: asset.map(|(at, _)| *at),
            is_plant: asset.and_then(|(_, is_plant)| *is_plant),
            is_outside: false,
        }
    };
    let pairs = frozen.conversations.iter().map(|talk| [end(&talk.client), end(&talk.server)]);
    let crossing = across(pairs);
    let crossing =
        crossing.into_iter().filter(|at| frozen.assets.get(*at).is_some_and(|asset| holds(&asset))).count();
    let lacks = |asset: &&&FrozenAsset| {
        !asset.attributes.contains_key(attribute::FIRMWARE_VERSION)
            || is_past(asset.people.get("support_end").map_or("", String::as_str), as_of)
    };
    [
        Some(held.len()),
        Some(held.iter().filter(|asset| is_identified(|name| asset.attributes.contains_key(name))).count()),
        Some(held.iter().filter(|asset| said(asset, "owner")).count()),
        None,
        Some(held.iter().filter(lacks).count()),
        Some(crossing),
    ]
}

/// The figures as the page shows them.
pub(crate) fn tiles(view: &View<'_>, filter: &Filter, earlier: Option<Earlier<'_>>) -> Vec<Number> {
    let now = now(view, earlier);
    let before = earlier.map(|earlier| before(view, filter, earlier));
    let since = match earlier {
        Some(Earlier::Baseline(name, frozen)) => {
            let of = frozen.as_of.as_deref().and_then(|text| crate::time::parse(text).ok());
            format!("since baseline {name}{}", of.map(|of| format!(" of {}", minute(of))).unwrap_or_default())
        }
        Some(Earlier::Moment(moment)) => format!("since {}", minute(moment)),
        None => String::new(),
    };
    let tile = |at: usize, (label, formula): (&str, &str)| {
        let value = now.get(at).copied().flatten();
        let earlier = before.and_then(|before| before.get(at).copied().flatten());
        let change = match (value, earlier) {
            _ if since.is_empty() => "no earlier register given to compare with".to_owned(),
            (Some(_), None) if at == 3 => since.clone(),
            (Some(value), Some(earlier)) if value == earlier => format!("unchanged {since}"),
            (Some(value), Some(earlier)) if value > earlier => {
                format!("+{} {since}", value.saturating_sub(earlier))
            }
            (Some(value), Some(earlier)) => {
                format!("\u{2212}{} {since}", earlier.saturating_sub(value))
            }
            (Some(_), None) => format!("{since}: not known then"),
            (None, _) => since.clone(),
        };
        Number {
            value: value.map_or_else(|| "\u{2013}".to_owned(), |value| value.to_string()),
            label: label.to_owned(),
            formula: formula.to_owned(),
            change: super::page::shown(&change),
        }
    };
    COUNTS.into_iter().enumerate().map(|(at, count)| tile(at, count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(key: Option<u8>, is_plant: Option<bool>, is_outside: bool) -> End<u8> {
        End { key, is_plant, is_outside }
    }

    #[test]
    fn the_side_of_the_plant_is_what_talks_across() {
        let plc = end(Some(1), Some(true), false);
        let office = end(Some(2), Some(false), false);
        let unknown = end(Some(3), None, false);
        let outside = end(None, Some(false), true);
        let of = |pairs: &[[End<u8>; 2]]| across(pairs.iter().copied()).into_iter().collect::<Vec<_>>();
        assert_eq!(of(&[[plc, office], [office, plc]]), [1]);
        assert_eq!(of(&[[unknown, outside], [office, outside]]), [3]);
        assert_eq!(of(&[[plc, unknown], [plc, plc], [office, unknown]]), Vec::<u8>::new());
        assert_eq!(of(&[[outside, plc]]), [1]);
    }

    #[test]
    fn a_day_is_past_when_it_is_over() {
        let noon = Some(Time(1_767_355_200_000_000_000)); // 2026-01-02
        assert!(is_past("2026-01-01", noon));
        assert!(!is_past("2026-01-02", noon) && !is_past("", noon) && !is_past("2020-01-01", None));
    }
}
