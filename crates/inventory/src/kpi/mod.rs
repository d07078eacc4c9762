//! Key figures of the register at a moment, each with a written, versioned definition ([`definitions()`]).
//!
//! Whole numbers only: a share is two counts, a median is a time and of how many things. So a figure can be counted again
//! by hand, hashes do not depend on how a machine rounds, and sums can be checked.

mod definitions;
mod parts;

use std::collections::{BTreeMap, BTreeSet};

use observation::Time;

use crate::model::{Asset, Role};
use crate::readiness::Mark;
use crate::rules::classes::LEVELS;
use crate::snapshot::Snapshot;
pub use definitions::{Definition, Unit, definitions};
use parts::Parts;

/// What people did with a finding, by the wall clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decided {
    /// When it was first acknowledged, accepted or closed.
    pub acknowledged: Option<Time>,
    /// When it was closed last.
    pub closed: Option<Time>,
}

/// What the last comparison with the company's own list found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// The site that it was about; all if empty.
    pub site: String,
    /// Rows and assets that were compared.
    pub compared: u64,
    /// Those that did not match.
    pub gap: u64,
}

/// What figures are made of.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The register.
    pub snapshot: &'a Snapshot,
    /// Who wrote people's fields; runs parallel to the assets.
    pub marks: &'a [BTreeMap<String, Mark>],
    /// What people did with findings; runs parallel to the findings.
    pub decided: &'a [Decided],
    /// The last comparison, if there was one.
    pub reconciled: Option<&'a Reconciled>,
    /// The wall clock, for the age of what people did.
    pub now: Time,
}

/// One figure of the register, of a site, or of a class of assets of a site.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Figure {
    /// Which.
    pub kpi: String,
    /// The version of its definition.
    pub version: u32,
    /// The site; empty for the whole register.
    pub site: String,
    /// The class of assets; empty for all.
    pub class: String,
    /// The number: a count, the part of a share, days or hours.
    pub value: i64,
    /// The whole of a share; of how many things a median is.
    pub of: Option<i64>,
}

impl Figure {
    /// A share in tenths of a percent, rounded down; `None` for what is no share, and for a share of nothing.
    #[must_use]
    pub fn permille(&self, unit: Unit) -> Option<i64> {
        let whole = self.of.filter(|_| unit == Unit::Share)?;
        self.value.saturating_mul(1000).checked_div(whole)
    }

    /// The number as people read it: `12`, `66.6 % (2 of 3)`, `5 days`.
    #[must_use]
    pub fn words(&self, unit: Unit) -> String {
        match (unit, self.of) {
            (Unit::Count, _) => self.value.to_string(),
            (Unit::Share, Some(whole)) => match self.permille(unit) {
                Some(permille) => format!("{} % ({} of {whole})", tenths(permille), self.value),
                None => "none to count".to_owned(),
            },
            (Unit::Share, None) => self.value.to_string(),
            (Unit::Days | Unit::Hours, of) => {
                let of = of.map(|of| format!(" (of {of})")).unwrap_or_default();
                let noun = if unit == Unit::Days { "day" } else { "hour" };
                let plural = if self.value == 1 { "" } else { "s" };
                format!("{} {noun}{plural}{of}", self.value)
            }
        }
    }
}

/// A number of tenths: `66.6`.
#[must_use]
pub fn tenths(number: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    let number = number.unsigned_abs();
    format!("{sign}{}.{}", number.checked_div(10).unwrap_or(0), number.checked_rem(10).unwrap_or(0))
}

/// The class of an asset, by its first role.
#[must_use]
pub fn class_of(asset: &Asset) -> &'static str {
    let Some(role) = asset.roles.first().map(|claim| claim.role) else { return "unknown" };
    match role {
        Role::Switch | Role::Router | Role::AccessPoint => "network device",
        Role::TimeServer => "server",
        Role::Camera => "office device",
        role => LEVELS.iter().find(|(known, ..)| *known == role).map_or("unknown", |(_, class, _)| class),
    }
}

/// All figures: by definition, then the register, its sites and the classes of each, by name.
#[must_use]
pub fn figures(input: &Input<'_>) -> Vec<Figure> {
    let parts = Parts::new(input);
    definitions().iter().flat_map(|definition| sums(definition, &parts.of(&definition.id))).collect()
}

/// One thing that a figure counts.
#[derive(Clone, Debug, Default)]
struct Part {
    site: String,
    /// The classes that it touches; none for what is about no asset.
    classes: BTreeSet<&'static str>,
    /// What it adds: to a count, to the part of a share; its days or hours.
    value: i64,
    /// What it adds to the whole of a share.
    whole: i64,
}

/// How parts of a figure come together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gather {
    Sum,
    Median,
    Greatest,
}

/// The parts of a figure; `None` if it cannot be counted yet.
type Counted = Option<(Gather, Vec<Part>)>;

/// The figures of one definition.
fn sums(definition: &Definition, counted: &Counted) -> Vec<Figure> {
    let Some((gather, parts)) = counted else { return Vec::new() };
    let mut groups: BTreeMap<(&str, &str), Vec<&Part>> = BTreeMap::new();
    // The whole register has its figure even if nothing counts.
    groups.entry(("", "")).or_default();
    for part in parts {
        let mut add = |site, class| groups.entry((site, class)).or_default().push(part);
        add("", "");
        if part.site.is_empty() {
            continue;
        }
        add(&part.site, "");
        part.classes.iter().for_each(|class| add(&part.site, class));
    }
    let figure = |((site, class), parts): ((&str, &str), Vec<&Part>)| {
        let sum =
            |number: fn(&Part) -> i64| parts.iter().fold(0_i64, |sum, part| sum.saturating_add(number(part)));
        let count = i64::try_from(parts.len()).unwrap_or(i64::MAX);
        let (value, of) = match (gather, definition.unit) {
            (Gather::Sum, Unit::Share) => (sum(|part| part.value), Some(sum(|part| part.whole))),
            (Gather::Sum, _) => {
                let whole = sum(|part| part.whole);
                (sum(|part| part.value), (whole > 0).then_some(whole))
            }
            (Gather::Median, _) => (median(parts.iter().map(|part| part.value).collect())?, Some(count)),
            (Gather::Greatest, _) => (parts.iter().map(|part| part.value).max()?, Some(count)),
        };
        Some(Figure {
            kpi: definition.id.clone(),
            version: definition.version,
            site: site.to_owned(),
            class: class.to_owned(),
            value,
            of,
        })
    };
    groups.into_iter().filter_map(figure).collect()
}

/// The middle one; of an even number the smaller of the two in the middle. `None` of nothing.
fn median(mut values: Vec<i64>) -> Option<i64> {
    values.sort_unstable();
    let middle = values.len().checked_sub(1)?.checked_div(2)?;
    values.get(middle).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(site: &str, classes: &[&'static str], value: i64, whole: i64) -> Part {
        Part { site: site.into(), classes: classes.iter().copied().collect(), value, whole }
    }

    fn definition(unit: Unit) -> Definition {
        let text = String::new;
        Definition { id: "x".into(), version: 3, unit, better: text(), title: text(), definition: text() }
    }

    fn told(unit: Unit, gather: Gather, parts: Vec<Part>) -> Vec<String> {
        let figures = sums(&definition(unit), &Some((gather, parts)));
        figures
            .iter()
            .map(|figure| format!("{}/{}: {}", figure.site, figure.class, figure.words(unit)))
            .collect()
    }

    #[test]
    fn what_touches_two_classes_counts_once_in_each_and_once_in_the_sum() {
        let parts = vec![
            part("a", &["controller", "server"], 1, 1),
            part("a", &["server"], 0, 1),
            part("b", &[], 1, 1),
        ];
        assert_eq!(
            told(Unit::Share, Gather::Sum, parts),
            [
                "/: 66.6 % (2 of 3)",
                "a/: 50.0 % (1 of 2)",
                "a/controller: 100.0 % (1 of 1)",
                "a/server: 50.0 % (1 of 2)",
                "b/: 100.0 % (1 of 1)"
            ]
        );
    }

    #[test]
    fn a_median_of_nothing_is_no_figure_and_a_count_of_nothing_is_0() {
        assert!(told(Unit::Days, Gather::Median, Vec::new()).is_empty());
        assert_eq!(told(Unit::Count, Gather::Sum, Vec::new()), ["/: 0"]);
        assert_eq!(told(Unit::Share, Gather::Sum, Vec::new()), ["/: none to count"]);
        let days = |values: &[i64]| values.iter().map(|value| part("", &[], *value, 0)).collect::<Vec<_>>();
        assert_eq!(told(Unit::Days, Gather::Median, days(&[9, 1, 4])), ["/: 4 days (of 3)"]);
        assert_eq!(told(Unit::Days, Gather::Median, days(&[9, 1, 4, 2])), ["/: 2 days (of 4)"]);
        assert_eq!(told(Unit::Hours, Gather::Greatest, days(&[1, 0])), ["/: 1 hour (of 2)"]);
        assert!(sums(&definition(Unit::Count), &None).is_empty());
    }

    #[test]
    fn tenths_have_a_sign_of_their_own() {
        assert_eq!([0, 5, -5, 1000, -1234].map(tenths), ["0.0", "0.5", "-0.5", "100.0", "-123.4"]);
    }

    #[test]
    fn every_definition_is_counted_and_nothing_else() {
        let snapshot = Snapshot::default();
        let reconciled = Reconciled::default();
        let input = Input {
            snapshot: &snapshot,
            marks: &[],
            decided: &[],
            reconciled: Some(&reconciled),
            now: Time(0),
        };
        let parts = Parts::new(&input);
        for definition in definitions() {
            assert!(parts.of(&definition.id).is_some(), "{}", definition.id);
        }
        assert!(parts.of("no such figure").is_none());
    }
}
