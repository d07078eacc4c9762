//! What people decided about assets, over the rules: these stations are one device, those are not, and this device is
//! there although the wire has not shown it.
//!
//! Decisions name stations, not assets: ids come and go with what is imported, a MAC or an address stays. They are
//! applied in the order in which they were taken, after every rule, so the last word on a station stands.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use observation::Time;

use crate::gather::Gathered;
use crate::identity::{Identity, first_contradiction};
use crate::joins::Reasons;
use crate::model::Join;
use crate::nest::Nested;
use crate::sets::Sets;
use crate::span::Span;

/// Whether stations are one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DecisionKind {
    /// The stations on the left and on the right are one device.
    Merge,
    /// The stations on the left are a device of their own, apart from those on the right.
    Split,
}

impl DecisionKind {
    /// The word of the register and its journal.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Split => "split",
        }
    }

    /// The kind of a word.
    #[must_use]
    pub fn read_back(word: &str) -> Option<Self> {
        [Self::Merge, Self::Split].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A person's word on stations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Its number; later ones stand over earlier ones.
    pub number: i64,
    /// Which.
    pub kind: DecisionKind,
    /// The site of the stations.
    pub site: String,
    /// Stations as anchors write them, strongest first.
    pub left: Vec<String>,
    /// Stations as anchors write them, strongest first.
    pub right: Vec<String>,
    /// Who decided.
    pub actor: String,
    /// When, by the wall clock.
    pub at: Time,
    /// Why, in that person's words.
    pub reason: String,
}

/// What decisions leave behind.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// What to say of them.
    pub(crate) reasons: Reasons,
    /// Stations that were parted from others, and when those were heard: they are devices now, even if only the others
    /// ever named them.
    pub(crate) parted: BTreeMap<usize, Span>,
}

/// Applies the decisions of one site.
pub(crate) fn apply(
    decisions: &[Decision],
    gathered: &Gathered<'_>,
    nested: &mut Nested,
    sets: &mut Sets,
) -> Applied {
    let mut applied = Applied::default();
    if !decisions.iter().any(|decision| decision.site == gathered.site) {
        return applied;
    }
    let keys: HashMap<String, usize> =
        gathered.stations.iter().enumerate().map(|(index, known)| (known.key(), index)).collect();
    for decision in decisions.iter().filter(|decision| decision.site == gathered.site) {
        let known = |wanted: &[String]| -> Vec<usize> {
            wanted.iter().filter_map(|key| keys.get(key).copied()).collect()
        };
        let (left, right) = (known(&decision.left), known(&decision.right));
        match decision.kind {
            DecisionKind::Merge => {
                // The strongest station that is still there speaks for each side: weaker ones (an address) may have
                // gone to another device since.
                if let (Some(one), Some(other)) = (left.first(), right.first()) {
                    merge(decision, gathered, (*one, *other), sets, &mut applied);
                }
            }
            DecisionKind::Split => split(decision, &keys, gathered, &left, nested, sets, &mut applied),
        }
    }
    applied
}

fn merge(
    decision: &Decision,
    gathered: &Gathered<'_>,
    (one, other): (usize, usize),
    sets: &mut Sets,
    applied: &mut Applied,
) {
    let identity = |of: usize| {
        let name = sets.find(of);
        let stations = gathered.stations.iter().enumerate().filter(|(index, _)| sets.find(*index) == name);
        Identity::of(stations.flat_map(|(_, known)| known.facts.iter().copied()))
    };
    let veto = first_contradiction(&[identity(one), identity(other)]);
    let rules = veto.map(|attribute| format!("; the rules would not: they state different {attribute}"));
    let reason = format!("{}{}", said(decision), rules.unwrap_or_default());
    if let (Some(left), Some(right)) = (gathered.station(one), gathered.station(other)) {
        applied.reasons.push((one, Join { left: left.key(), right: right.key(), joined: true, reason }));
    }
    sets.join(one, other);
}

/// Takes stations out of their set, with what is folded into them from below, and makes one set of them.
fn split(
    decision: &Decision,
    keys: &HashMap<String, usize>,
    gathered: &Gathered<'_>,
    leaving: &[usize],
    nested: &mut Nested,
    sets: &mut Sets,
    applied: &mut Applied,
) {
    let Some(first) = leaving.first().copied() else { return };
    let mut apart: BTreeSet<usize> = leaving.iter().copied().collect();
    for root in leaving.iter().filter_map(|index| gathered.station(*index)).filter(|known| known.is_root()) {
        let below = gathered.stations.iter().enumerate().filter(|(index, known)| {
            !known.is_root()
                && (known.address, known.lane) == (root.address, root.lane)
                && !nested.children.contains(index)
        });
        apart.extend(below.map(|(index, _)| index));
    }
    let left_behind: BTreeSet<usize> = apart.iter().map(|index| sets.find(*index)).collect();
    let stays = (0..gathered.stations.len())
        .find(|index| left_behind.contains(&sets.find(*index)) && !apart.contains(index));
    if let Some(heard) = stays.and_then(|index| gathered.station(index)?.sent) {
        applied.parted.insert(first, Span { count: 0, ..heard });
    }
    sets.take_out(&apart);
    apart.iter().for_each(|index| {
        sets.join(first, *index);
    });
    // What lies below an address and is a device of its own hangs there as a child.
    nested.children.extend(
        leaving.iter().filter(|index| gathered.station(**index).is_some_and(|known| !known.is_root())),
    );
    let left = gathered.station(first).map(|known| known.key()).unwrap_or_default();
    let other = decision.right.first().cloned();
    let other = other.or_else(|| Some(gathered.station(stays?)?.key()));
    let join = Join { left, right: other.unwrap_or_default(), joined: false, reason: said(decision) };
    applied.reasons.push((first, join.clone()));
    let mut right = decision.right.iter().filter_map(|key| keys.get(key).copied());
    let right = right.find(|index| !apart.contains(index));
    applied.reasons.extend(right.map(|right| (right, join)));
}

fn said(decision: &Decision) -> String {
    let Decision { number, kind, actor, reason, .. } = decision;
    format!("decision {number}, {} by {actor}: {reason}", kind.as_str())
}
