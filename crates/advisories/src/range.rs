//! Which versions an advisory means: `vers` (ECMA-427) first, then the forms that advisories of CISA have.

use std::cmp::Ordering;

use crate::version::Version;

/// Longest text that is read as a range, in characters: more is prose.
const TEXT_CHARS_MAX: usize = 300;

/// Versions that are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Range {
    /// Every one.
    All,
    /// Those that meet one of these lists of bounds in whole.
    Any(Vec<Vec<Bound>>),
    /// One version, said to be that one: others are not said to be anything.
    Exactly(Version),
    /// It is not understood.
    Unclear,
}

/// A bound of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    comparison: Comparison,
    version: Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Below,
    UpTo,
    Equal,
    Other,
    From,
    Above,
}

/// Whether a version is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// It is.
    In,
    /// It is not.
    Out,
    /// That cannot be told.
    Unclear,
}

impl Range {
    /// What a branch of the category `product_version` names.
    #[must_use]
    pub fn exactly(text: &str) -> Self {
        match Self::parse(text) {
            Self::Any(lists) => match lists.as_slice() {
                [list] => match list.as_slice() {
                    [Bound { comparison: Comparison::Equal, version }] => Self::Exactly(version.clone()),
                    _ => Self::Any(lists),
                },
                _ => Self::Any(lists),
            },
            other => other,
        }
    }

    /// What a branch of the category `product_version_range` names.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.trim().replace('\u{a0}', " ");
        if text.chars().count() > TEXT_CHARS_MAX {
            return Self::Unclear;
        }
        // "vers:scheme/…", with the scheme that CISA writes for "I do not know" too: all.
        let body = match text.strip_prefix("vers:") {
            Some(rest) => match rest.split_once('/') {
                Some((_, body)) => body,
                None => return Self::Unclear,
            },
            None => &text,
        };
        let lower = body.to_ascii_lowercase();
        let mut rest = lower.trim();
        for all in ["all versions", "all version", "all", "versions", "version"] {
            if let Some(after) = rest.strip_prefix(all)
                && !after.starts_with(|one: char| one.is_ascii_alphanumeric())
            {
                rest = after.trim_start_matches([' ', ':', ',']);
                if rest.is_empty() && all.starts_with("all") {
                    return Self::All;
                }
                break;
            }
        }
        if rest == "*" {
            return Self::All;
        }
        bounds(rest).or_else(|| prose(rest)).unwrap_or(Self::Unclear)
    }

    /// True if it names versions one by one: of others it says nothing.
    #[must_use]
    pub fn is_enumeration(&self) -> bool {
        match self {
            Self::Exactly(_) => true,
            Self::Any(lists) => lists.iter().flatten().all(|bound| bound.comparison == Comparison::Equal),
            Self::All | Self::Unclear => false,
        }
    }

    /// Whether a version is meant.
    #[must_use]
    pub fn holds(&self, version: &Version) -> Held {
        match self {
            Self::All => Held::In,
            Self::Unclear => Held::Unclear,
            Self::Exactly(one) => match one.compare(version) {
                Some(Ordering::Equal) => Held::In,
                Some(_) => Held::Out,
                None => Held::Unclear,
            },
            Self::Any(lists) => {
                let all = lists.iter().map(|list| list_holds(list, version));
                all.fold(Held::Out, |so_far, held| match (so_far, held) {
                    (Held::In, _) | (_, Held::In) => Held::In,
                    (Held::Unclear, _) | (_, Held::Unclear) => Held::Unclear,
                    _ => Held::Out,
                })
            }
        }
    }
}

fn list_holds(list: &[Bound], version: &Version) -> Held {
    let mut all = Held::In;
    for bound in list {
        let Some(ordering) = version.compare(&bound.version) else {
            all = Held::Unclear;
            continue;
        };
        // "up to 4.5" may mean 4.5.3 too.
        if bound.comparison == Comparison::UpTo && version.is_begun_by(&bound.version) {
            all = Held::Unclear;
            continue;
        }
        let is_met = match bound.comparison {
            Comparison::Below => ordering.is_lt(),
            Comparison::UpTo => ordering.is_le(),
            Comparison::Equal => ordering.is_eq(),
            Comparison::Other => ordering.is_ne(),
            Comparison::From => ordering.is_ge(),
            Comparison::Above => ordering.is_gt(),
        };
        if !is_met {
            return Held::Out;
        }
    }
    all
}

/// `<V2.9.7`, `>= V2.0 and < V2.6`, `>=V21.9<V21.9.4`, `>=1.0|<2.0`, `1.0|2.0`, `16 <= 20`.
///
/// Bounds belong together as `vers` has it: each that opens a range with the one that closes it behind it.
fn bounds(text: &str) -> Option<Range> {
    let mut bounds = Vec::new();
    for part in text.split(['|', ',']).flat_map(|part| part.split(" and ")) {
        let mut rest = part.trim();
        if rest.is_empty() {
            return None;
        }
        while !rest.is_empty() {
            let (comparison, after) = comparison(rest);
            // The next sign begins the next bound.
            let end = after.find(['<', '>', '=', '!', '≤', '≥']).unwrap_or(after.len());
            let (version, next) = after.split_at(end);
            bounds.push(Bound { comparison, version: Version::parse(version)? });
            rest = next.trim_start();
        }
    }
    let mut lists: Vec<Vec<Bound>> = Vec::new();
    for bound in bounds {
        let closes = matches!(bound.comparison, Comparison::Below | Comparison::UpTo);
        let opens = |list: &&mut Vec<Bound>| {
            list.last().is_some_and(|last| matches!(last.comparison, Comparison::From | Comparison::Above))
        };
        match lists.last_mut().filter(opens) {
            Some(open) if closes => open.push(bound),
            // "16 <= 20" of some advisories: from 16 to 20. Read as 16, or up to 20, it holds more, not less.
            _ => lists.push(vec![bound]),
        }
    }
    let excludes = lists.iter().flatten().any(|bound| bound.comparison == Comparison::Other);
    // A version that is left out of something: not seen in advisories, and not weighed here.
    (!lists.is_empty() && !excludes).then_some(Range::Any(lists))
}

fn comparison(text: &str) -> (Comparison, &str) {
    const SIGNS: [(&str, Comparison); 10] = [
        ("<=", Comparison::UpTo),
        ("=<", Comparison::UpTo),
        ("≤", Comparison::UpTo),
        (">=", Comparison::From),
        ("=>", Comparison::From),
        ("≥", Comparison::From),
        ("!=", Comparison::Other),
        ("<", Comparison::Below),
        (">", Comparison::Above),
        ("=", Comparison::Equal),
    ];
    SIGNS
        .into_iter()
        .find_map(|(sign, comparison)| text.strip_prefix(sign).map(|rest| (comparison, rest.trim_start())))
        .unwrap_or((Comparison::Equal, text))
}

/// `prior to V2.9`, `before 3.1`, `V2.9 and prior`, `2.0 and earlier`, `4.0 and later`, `V4.2 to V4.5`.
fn prose(text: &str) -> Option<Range> {
    let one = |comparison, version: &str| {
        let version = Version::parse(version)?;
        Some(Range::Any(vec![vec![Bound { comparison, version }]]))
    };
    for word in ["prior to", "before", "earlier than", "lower than"] {
        if let Some(version) = text.strip_prefix(word) {
            return one(Comparison::Below, version);
        }
    }
    for word in ["and prior", "and earlier", "and below", "or earlier", "or prior", "and lower"] {
        if let Some(version) =
            text.strip_suffix(word).or_else(|| text.strip_suffix(&format!("{word} versions")))
        {
            return one(Comparison::UpTo, version.trim_end_matches([' ', ',']));
        }
    }
    for word in ["and later", "and newer", "and above", "or later", "and higher"] {
        if let Some(version) = text.strip_suffix(word) {
            return one(Comparison::From, version.trim_end_matches([' ', ',']));
        }
    }
    for word in [" through ", " to ", " - "] {
        if let Some((from, to)) = text.trim_start_matches("from ").split_once(word) {
            let bound = |comparison, text| Some(Bound { comparison, version: Version::parse(text)? });
            return Some(Range::Any(vec![vec![
                bound(Comparison::From, from)?,
                bound(Comparison::UpTo, to)?,
            ]]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(range: &str, version: &str) -> Held {
        Range::parse(range).holds(&Version::parse(version).unwrap())
    }

    #[test]
    fn ranges_of_real_advisories_are_understood() {
        for (range, within, without) in [
            ("vers:all/<V3.2.17", "V3.2.6", "V3.2.17"),
            ("<V2.9.7", "2.9.6", "V2.9.7"),
            ("< V4.1.3", "V4.1.2", "V4.1.3"),
            ("<= 16.00", "16.0", "16.001"),
            (">= V2.0 and < V2.6", "V2.0", "V2.6"),
            ("All versions >= V2.0 and < V2.5", "V2.4.9", "V1.9"),
            ("All versions < V4.8 SP5", "V4.8 SP4", "V4.8 SP5"),
            ("All Versions < V4.5", "V4.4", "V4.5"),
            ("vers:all/>=V21.9<V21.9.4", "V21.9.3", "V21.9.4"),
            ("vers:all/>=V4.2", "V4.2", "V4.1.9"),
            (">=R302-V0|<R302-V1", "R302-V0", "R302-V1"),
            (">v33.011|<v33.015", "33.012", "33.011"),
            (">=1.0|<2.0", "1.5", "2.0"),
            ("> V2.5 < V2.9.2", "V2.9.1", "V2.5"),
            ("vers:generic/1.0|>=2.0|<3.0", "2.5", "1.5"),
            ("R203 | R203-V1 | R203-V2", "R203-V2", "R203-V3"),
            ("All versions < V3.X.17", "V3.3.16", "V3.3.17"),
            ("<= HiOS 07.0.02", "07.0.02", "07.0.03"),
            ("<=V6.0.1", "V6.0.1", "V6.1"),
            ("prior to V2.9", "2.8", "2.9"),
            ("V2.9 and prior", "2.9", "3.0"),
            ("version 4.2 to 4.5", "4.5", "4.6"),
            ("28  - 32", "31.11", "33.1"),
            ("4.0 and later", "5", "3.9"),
            ("Version V4.4", "V4.4", "V4.5"),
        ] {
            assert_eq!(holds(range, within), Held::In, "{range} holds {within}");
            assert_eq!(holds(range, without), Held::Out, "{range} does not hold {without}");
        }
        for range in ["vers:all/*", "vers:generic/*", "*", "All versions", "All", "all Versions"] {
            assert_eq!(Range::parse(range), Range::All, "{range}");
        }
    }

    #[test]
    fn what_is_not_understood_is_unclear_and_neither_in_nor_out() {
        for range in [
            "",
            "* (only affected by CVE-2019-10929)",
            ">= 20.8 (only affected by CVE-2019-10929)",
            "All versions only when running in x",
            "1766-L32AWA",
            "S7-1211",
            "< 1.49 (1.29 for NX7)x",
            "vers:nothing",
            "!=2.0",
            "see below",
            "<=2.11 R3 2259",
        ] {
            assert_eq!(holds(range, "1.0"), Held::Unclear, "{range}");
        }
        assert_eq!(holds("<R302-V1", "2.0"), Held::Unclear, "another form of version");
        assert_eq!(holds("28  - 32", "32.11"), Held::Unclear, "32 may be all of 32");
        assert_eq!(holds("<= 4.5", "4.5.3"), Held::Unclear);
        assert_eq!(holds("< 2.9", "2.70"), Held::Unclear);
    }

    #[test]
    fn one_version_named_as_such_says_nothing_of_others_beside_that_they_are_not_it() {
        let range = Range::exactly("v.32.011");
        assert!(matches!(range, Range::Exactly(_)));
        assert_eq!(range.holds(&Version::parse("32.11").unwrap()), Held::In);
        assert_eq!(Range::exactly("vers:all/*"), Range::All);
    }
}
