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
pub(crate) fn attributes(facts: &[Said<'_>], macs: &[(Mac, Option<Span>)]) -> Attributes {
    fn name<'f>(said: &Said<'f>) -> &'f str {
        &said.fact.attribute
    }
    // The facts of a station come sorted like this.
    let mut sorted = facts.to_vec();
    sorted.sort_by(|left, right| (name(left), &left.fact.value).cmp(&(name(right), &right.fact.value)));
    let of_name = |same: &[Said<'_>]| {
        let name = same.first().map_or("", name);
        let values = same.chunk_by(|left, right| left.fact.value == right.fact.value);
        (name.to_owned(), rank(name, &values.filter_map(Value::of).collect::<Vec<_>>()))
    };
    let mut attributes: Attributes =
        sorted.chunk_by(|left, right| name(left) == name(right)).map(of_name).collect();
    let makers = makers(macs);
    if !makers.is_empty() {
        attributes.insert(attribute::MAC_VENDOR.to_owned(), makers);
    }
    attributes
}

/// One value of one attribute.
struct Value<'a> {
    text: &'a str,
    /// The earliest fact of the strongest basis.
    best: Said<'a>,
    total: Span,
    /// When each protocol said it; they are few.
    protocols: Vec<(&'a str, Span)>,
}

impl<'a> Value<'a> {
    /// What all facts that say it amount to; `None` if there are none.
    fn of(all: &[Said<'a>]) -> Option<Self> {
        let (first, others) = all.split_first()?;
        let span = Span::of(&first.fact.sighting);
        let protocols = vec![(first.fact.protocol.as_ref(), span)];
        let mut value = Self { text: &first.fact.value, best: *first, total: span, protocols };
        others.iter().for_each(|said| value.add(*said));
        Some(value)
    }

    fn add(&mut self, said: Said<'a>) {
        let (protocol, span) = (said.fact.protocol.as_ref(), Span::of(&said.fact.sighting));
        self.total.add(span);
        match self.protocols.iter_mut().find(|(known, _)| *known == protocol) {
            Some((_, known)) => known.add(span),
            None => self.protocols.push((protocol, span)),
        }
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

fn rank(name: &str, values: &[Value<'_>]) -> Vec<Candidate> {
    // One value has nothing to be compared with, as is the rule.
    if let [only] = values {
        return vec![candidate(only)];
    }
    // What another value of the same basis states more exactly is true and says less: it neither wins nor replaces.
    let is_less: Option<fn(&str, &str) -> bool> = match name {
        attribute::VENDOR => Some(is_abbreviation),
        _ if VERSIONS.contains(&name) => Some(is_coarser),
        _ => None,
    };
    let is_coarser = |value: &Value<'_>| {
        let of_basis = values.iter().filter(|other| other.best.fact.basis == value.best.fact.basis);
        is_less.is_some_and(|is_less| of_basis.into_iter().any(|exact| is_less(value.text, exact.text)))
    };
    let values: Vec<_> = values.iter().map(|value| (is_coarser(value), value)).collect();
    // When each protocol began to say the value that it began last.
    let mut latest_starts: BTreeMap<&str, Time> = BTreeMap::new();
    let exact = values.iter().filter(|(is_coarser, _)| !is_coarser);
    for (protocol, span) in exact.flat_map(|(_, value)| &value.protocols) {
        latest_starts
            .entry(protocol)
            .and_modify(|start| *start = (*start).max(span.first))
            .or_insert(span.first);
    }
    let mut ranked: Vec<_> = values
        .iter()
        .map(|(is_coarser, value)| {
            let key = (
                value.best.fact.basis,
                *is_coarser,
                value.is_replaced(&latest_starts),
                Reverse(value.protocols.len()),
                Reverse(value.total.last),
                Reverse(value.total.count),
                value.text,
            );
            (key, value)
        })
        .collect();
    ranked.sort_by(|left, right| left.0.cmp(&right.0));
    ranked.into_iter().map(|(_, value)| candidate(value)).collect()
}

fn candidate(value: &Value<'_>) -> Candidate {
    let fact = value.best.fact;
    Candidate {
        value: value.text.to_owned(),
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
