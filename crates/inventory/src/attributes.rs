//! Attributes with their candidate values, winner first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use observation::{Basis, Mac, Time, attribute};

use crate::gather::Said;
use crate::model::{Candidate, Proof};
use crate::oui;
use crate::span::{Span, extend};

/// What is written for a value that follows from the MAC and the table of makers, and from no octets of a message.
const MAC_PROTOCOL: &str = "ethernet";

/// Attributes that hold versions: numbers with dots, which some messages state to fewer places than others.
const VERSIONS: &[&str] = &[
    attribute::FIRMWARE_VERSION,
    attribute::SOFTWARE_VERSION,
    attribute::HARDWARE_REVISION,
    attribute::OS_VERSION,
];

/// Candidate values by attribute.
pub(crate) type Attributes = BTreeMap<String, Vec<Candidate>>;

/// All values that facts give an asset.
///
/// The winner is the value with the strongest basis; among those, none that another one states more exactly; then
/// one that its own protocol has not replaced since; then what more protocols say, what was said later, and more often.
/// The order of the facts does not matter.
pub(crate) fn attributes<'a>(facts: &[Said<'a>], macs: &[(Mac, Option<Span>)]) -> Attributes {
    let mut values: BTreeMap<&str, BTreeMap<&str, Value<'a>>> = BTreeMap::new();
    for said in facts {
        let fact = said.fact;
        let value = values.entry(fact.attribute.as_ref()).or_default().entry(fact.value.as_str());
        value.and_modify(|value| value.add(*said)).or_insert_with(|| Value::new(*said));
    }
    let mut attributes: Attributes =
        values.into_iter().map(|(name, values)| (name.to_owned(), rank(name, values))).collect();
    let makers = makers(macs);
    if !makers.is_empty() {
        attributes.insert(attribute::MAC_VENDOR.to_owned(), makers);
    }
    attributes
}

/// One value of one attribute.
struct Value<'a> {
    /// The earliest fact of the strongest basis.
    best: Said<'a>,
    total: Span,
    /// When each protocol said it.
    protocols: BTreeMap<&'a str, Span>,
}

impl<'a> Value<'a> {
    fn new(said: Said<'a>) -> Self {
        let span = Span::of(&said.fact.sighting);
        Self { best: said, total: span, protocols: BTreeMap::from([(said.fact.protocol.as_ref(), span)]) }
    }

    fn add(&mut self, said: Said<'a>) {
        let span = Span::of(&said.fact.sighting);
        self.total.add(span);
        self.protocols.entry(said.fact.protocol.as_ref()).and_modify(|known| known.add(span)).or_insert(span);
        if order(&said) < order(&self.best) {
            self.best = said;
        }
    }

    /// True if a protocol that said this has since said only something else.
    fn is_replaced(&self, latest_starts: &BTreeMap<&str, Time>) -> bool {
        self.protocols
            .iter()
            .any(|(protocol, span)| latest_starts.get(protocol).is_some_and(|start| *start > span.last))
    }
}

/// True if `exact` is the version `coarse` with more numbers behind: `V4.3.1` for `V4.3`.
fn is_coarser(coarse: &str, exact: &str) -> bool {
    let (coarse, exact) = (coarse.trim(), exact.trim());
    let starts_with_number = |text: &str| {
        text.strip_prefix(['V', 'v'])
            .unwrap_or(text)
            .starts_with(|character: char| character.is_ascii_digit())
    };
    starts_with_number(coarse)
        && exact.strip_prefix(coarse).and_then(|rest| rest.strip_prefix('.')).is_some_and(|rest| {
            !rest.is_empty() && rest.bytes().all(|octet| octet.is_ascii_digit() || octet == b'.')
        })
}

/// Strongest basis first, then earliest, then by what does not depend on order of reading.
fn order<'s>(said: &'s Said<'_>) -> impl Ord + use<'s> {
    let fact = said.fact;
    let what = (fact.protocol.as_ref(), fact.rule.as_ref());
    (fact.basis, fact.sighting.first, what, said.capture, &fact.evidence)
}

/// True if `short` is made of the first letters of the words of `long`: `SEL` for `Schweitzer Engineering Laboratories`.
/// Words behind them (`Inc.`) do not matter.
pub(crate) fn is_abbreviation(short: &str, long: &str) -> bool {
    /// One letter abbreviates too much.
    const LETTERS_MIN: usize = 2;
    let initials = long
        .split_whitespace()
        .filter_map(|word| word.chars().next())
        .filter(|letter| letter.is_alphabetic());
    let mut initials = initials.map(|letter| letter.to_ascii_uppercase());
    short.chars().count() >= LETTERS_MIN && short.chars().all(|letter| initials.next() == Some(letter))
}

fn rank(name: &str, values: BTreeMap<&str, Value<'_>>) -> Vec<Candidate> {
    // What another value of the same basis states more exactly is true and says less: it neither wins nor replaces.
    let is_less = match name {
        attribute::VENDOR => is_abbreviation,
        _ if VERSIONS.contains(&name) => is_coarser,
        _ => |_: &str, _: &str| false,
    };
    let coarser: BTreeSet<&str> = values
        .iter()
        .filter(|(text, value)| {
            values
                .iter()
                .any(|(other, exact)| exact.best.fact.basis == value.best.fact.basis && is_less(text, other))
        })
        .map(|(text, _)| *text)
        .collect();
    // When each protocol began to say the value that it began last.
    let mut latest_starts: BTreeMap<&str, Time> = BTreeMap::new();
    let exact = values.iter().filter(|(text, _)| !coarser.contains(*text));
    for (protocol, span) in exact.flat_map(|(_, value)| &value.protocols) {
        latest_starts
            .entry(protocol)
            .and_modify(|start| *start = (*start).max(span.first))
            .or_insert(span.first);
    }
    let mut ranked: Vec<_> = values
        .iter()
        .map(|(text, value)| {
            let fact = value.best.fact;
            let key = (
                fact.basis,
                coarser.contains(*text),
                value.is_replaced(&latest_starts),
                Reverse(value.protocols.len()),
                Reverse(value.total.last),
                Reverse(value.total.count),
                *text,
            );
            (key, value)
        })
        .collect();
    ranked.sort_by(|left, right| left.0.cmp(&right.0));
    ranked.into_iter().map(|(key, value)| candidate(key.6, value)).collect()
}

fn candidate(text: &str, value: &Value<'_>) -> Candidate {
    let fact = value.best.fact;
    Candidate {
        value: text.to_owned(),
        basis: fact.basis,
        protocol: fact.protocol.to_string(),
        first: value.total.first,
        last: value.total.last,
        count: value.total.count,
        proof: Some(Proof {
            capture: value.best.capture.to_owned(),
            evidence: fact.evidence.clone(),
            rule: fact.rule.to_string(),
        }),
        reasons: Vec::new(),
    }
}

/// Makers of the network cards.
fn makers(macs: &[(Mac, Option<Span>)]) -> Vec<Candidate> {
    let mut makers: BTreeMap<&str, Option<Span>> = BTreeMap::new();
    let distinct: BTreeSet<_> = macs.iter().map(|(mac, _)| mac).collect();
    for mac in distinct {
        let Some(maker) = oui::maker(*mac) else { continue };
        let span = makers.entry(maker).or_default();
        macs.iter()
            .filter(|(other, _)| other == mac)
            .filter_map(|(_, seen)| *seen)
            .for_each(|seen| extend(span, seen));
    }
    let mut candidates: Vec<_> = makers
        .into_iter()
        .filter_map(|(maker, span)| {
            let span = span?;
            Some(Candidate {
                value: maker.to_owned(),
                basis: Basis::Inferred,
                protocol: MAC_PROTOCOL.to_owned(),
                first: span.first,
                last: span.last,
                count: span.count,
                proof: None,
                reasons: Vec::new(),
            })
        })
        .collect();
    candidates.sort_by(|left, right| {
        (Reverse(left.last), Reverse(left.count), &left.value).cmp(&(
            Reverse(right.last),
            Reverse(right.count),
            &right.value,
        ))
    });
    candidates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_letters_abbreviate_a_maker() {
        assert!(is_abbreviation("SEL", "Schweitzer Engineering Laboratories, Inc."));
        assert!(is_abbreviation("GE", "General Electric"));
        for (short, long) in
            [("S", "Siemens AG"), ("SA", "Siemens"), ("SEL", "SEL"), ("ABB", "ABB Ltd"), ("", "Siemens")]
        {
            assert!(!is_abbreviation(short, long), "{short} {long}");
        }
    }

    #[test]
    fn a_version_with_more_places_is_the_more_exact_one() {
        assert!(is_coarser("V4.3", "V4.3.1"));
        assert!(is_coarser("20", "20.11.0"));
        for (coarse, exact) in [
            ("V4.3", "V4.3"),
            ("V4.3", "V4.31"),
            ("V4.3", "V4.4.1"),
            ("V4.3", "V4.3."),
            ("V4.3", "V4.3.beta"),
            ("release", "release.1"),
            ("V4.3.1", "V4.3"),
        ] {
            assert!(!is_coarser(coarse, exact), "{coarse} {exact}");
        }
    }
}
