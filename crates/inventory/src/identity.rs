//! What a device says it is, and whether two such statements can be of one device.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use observation::{Basis, attribute};

use crate::gather::Said;
use crate::rules::identity::{
    DISTINGUISHING, MAKER, PLACEHOLDERS, PRODUCT, SERIAL_CHARS_MIN, TELLTALE, WORDED, simulator_of,
};
use crate::span::Span;

/// Letters and digits only, lower case: makers and protocols differ in blanks, dashes and case.
pub(crate) fn squash(text: &str) -> String {
    if text.is_ascii() {
        let octets = text
            .bytes()
            .filter(u8::is_ascii_alphanumeric)
            .map(|octet| char::from(octet.to_ascii_lowercase()));
        return octets.collect();
    }
    text.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// True for the attributes that an identity is read from.
fn is_telling(name: &str) -> bool {
    [DISTINGUISHING, WORDED, MAKER, PRODUCT, TELLTALE].iter().any(|names| names.contains(&name))
}

/// Values that may identify a device, squashed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identity<'a> {
    /// Stated values by attribute.
    stated: BTreeMap<&'a str, BTreeSet<String>>,
    /// Stated values of worded attributes by attribute and protocol.
    worded: BTreeMap<(&'a str, &'a str), BTreeSet<String>>,
    /// Values of any basis of the attributes that name maker and product.
    product: BTreeMap<&'a str, BTreeSet<String>>,
    /// Stated serial numbers as printed, by protocol.
    pub(crate) serials: BTreeMap<&'a str, BTreeMap<&'a str, Span>>,
    /// The simulator whose plate this is.
    pub(crate) simulator: Option<&'static str>,
}

impl<'a> Identity<'a> {
    /// The identity that facts tell.
    pub(crate) fn of(facts: impl Iterator<Item = Said<'a>>) -> Self {
        // The same is said day after day: each statement is read once.
        let mut statements: BTreeMap<(&str, &str, Basis, &str), Span> = BTreeMap::new();
        for Said { fact, .. } in facts.filter(|said| is_telling(&said.fact.attribute)) {
            let statement =
                (fact.attribute.as_ref(), fact.protocol.as_ref(), fact.basis, fact.value.as_str());
            let span = Span::of(&fact.sighting);
            statements.entry(statement).and_modify(|known| known.add(span)).or_insert(span);
        }
        let mut identity = Self::default();
        for ((name, protocol, basis, value), span) in statements {
            identity.read(name, protocol, basis, value, span);
        }
        identity
    }

    fn read(&mut self, name: &'a str, protocol: &'a str, basis: Basis, raw: &'a str, span: Span) {
        let value = squash(raw);
        if MAKER.contains(&name) || PRODUCT.contains(&name) {
            self.product.entry(name).or_default().insert(value.clone());
        }
        if basis != Basis::Stated {
            return;
        }
        if TELLTALE.contains(&name)
            && let Some(program) = simulator_of(&value)
        {
            self.simulator = Some(self.simulator.map_or(program, |other| other.min(program)));
        }
        if name == attribute::SERIAL_NUMBER {
            if is_placeholder(&value) {
                return;
            }
            self.serials.entry(protocol).or_default().insert(raw, span);
        }
        if DISTINGUISHING.contains(&name) {
            self.stated.entry(name).or_default().insert(value);
        } else if WORDED.contains(&name) {
            self.worded.entry((name, protocol)).or_default().insert(value);
        }
    }

    /// True if it says nothing that could tell it from another device.
    pub(crate) fn is_blank(&self) -> bool {
        self.stated.is_empty() && self.worded.is_empty()
    }

    /// The attribute that both state with nothing in common, if there is one.
    pub(crate) fn contradiction(&self, other: &Self) -> Option<&'a str> {
        let distinguishing = self
            .stated
            .iter()
            .find(|(name, values)| other.stated.get(*name).is_some_and(|others| values.is_disjoint(others)));
        let worded = || {
            self.worded
                .iter()
                .find(|(key, values)| other.worded.get(*key).is_some_and(|others| values.is_disjoint(others)))
        };
        distinguishing.map(|(name, _)| *name).or_else(|| worded().map(|((name, _), _)| *name))
    }

    /// True if both state the same serial number.
    pub(crate) fn shares_serial(&self, other: &Self) -> bool {
        let serials =
            |identity: &Self| identity.stated.get(attribute::SERIAL_NUMBER).cloned().unwrap_or_default();
        !serials(self).is_disjoint(&serials(other))
    }

    /// Squashed serial numbers that may join.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.stated.get(attribute::SERIAL_NUMBER).into_iter().flatten().map(String::as_str)
    }

    /// True if one protocol states several serial numbers: then none of them is a key.
    pub(crate) fn is_ambiguous(&self) -> bool {
        self.serials
            .values()
            .any(|serials| serials.keys().map(|serial| squash(serial)).collect::<BTreeSet<_>>().len() > 1)
    }

    /// True if both are of the same maker, as far as one attribute tells it of both.
    pub(crate) fn shares_maker(&self, other: &Self) -> bool {
        self.shares(other, MAKER)
    }

    /// True if both are the same product.
    pub(crate) fn shares_product(&self, other: &Self) -> bool {
        self.shares(other, PRODUCT)
    }

    fn shares(&self, other: &Self, names: &[&str]) -> bool {
        names.iter().any(|name| match (self.product.get(name), other.product.get(name)) {
            (Some(own), Some(others)) => !own.is_disjoint(others),
            _ => false,
        })
    }
}

/// So many identities are compared each with each; further ones only with these. A gateway of serial lines has at most
/// 247 units.
const COMPARED_MAX: usize = 247;

/// The first attribute in which two of the identities cannot be one device.
pub(crate) fn first_contradiction<'a>(identities: &[impl Borrow<Identity<'a>>]) -> Option<&'a str> {
    let spoken: Vec<_> =
        identities.iter().map(Borrow::borrow).filter(|identity| !identity.is_blank()).collect();
    let compared = spoken.iter().take(COMPARED_MAX);
    compared
        .enumerate()
        .find_map(|(index, left)| spoken.iter().skip(index).find_map(|right| left.contradiction(right)))
}

/// True for a serial number that can tell a device from others: no placeholder, and not the one that comes with a
/// simulator.
pub(crate) fn is_serial(raw: &str) -> bool {
    let value = squash(raw);
    !is_placeholder(&value) && simulator_of(&value).is_none()
}

/// True for serial numbers that are none: too short, one character over and over, or what makers leave in.
pub(crate) fn is_placeholder(squashed: &str) -> bool {
    let digits = squashed.strip_prefix("0x").unwrap_or(squashed);
    let mut characters = digits.chars();
    let first = characters.next();
    squashed.chars().count() < SERIAL_CHARS_MIN
        || characters.all(|character| Some(character) == first)
        || PLACEHOLDERS.contains(&digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_no_serial_numbers() {
        for serial in
            ["", "0", "123", "0000000", "ffffffff", "0x00000000", "unknown", "xxxxxxxx", "123456789"]
        {
            assert!(is_placeholder(&squash(serial)), "{serial}");
        }
        for serial in ["00c0ffee", "0x60a1b2c3", "S C-F1LAB0000011", "JCI-00347781", "0001"] {
            assert!(!is_placeholder(&squash(serial)), "{serial}");
        }
    }
}
