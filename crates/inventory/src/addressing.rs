//! The facts by which addresses are told to be one device or several, picked out of all in one pass: they are few, and
//! several rules look for them.

use observation::{Fact, attribute};

use crate::model::Captured;
use crate::rules::addresses::GROUP_ADDRESSES;

/// A capture with those of its facts that tell an IP address, a MAC, the address of a group or a serial number.
#[derive(Debug)]
pub(crate) struct Addressing<'a> {
    pub(crate) capture: &'a Captured,
    pub(crate) facts: Vec<&'a Fact>,
}

impl<'a> Addressing<'a> {
    /// Of every capture, in their order.
    pub(crate) fn of(captures: &[&'a Captured]) -> Vec<Self> {
        let facts = |capture: &'a Captured| {
            capture.observed.facts.iter().filter(|fact| tells(&fact.attribute)).collect()
        };
        captures.iter().map(|capture| Self { capture, facts: facts(capture) }).collect()
    }

    /// Those of one attribute.
    pub(crate) fn named(&self, name: &'static str) -> impl Iterator<Item = &'a Fact> {
        self.facts.iter().copied().filter(move |fact| fact.attribute == name)
    }
}

fn tells(name: &str) -> bool {
    [attribute::IP_ADDRESS, attribute::MAC_ADDRESS, attribute::SERIAL_NUMBER].contains(&name)
        || GROUP_ADDRESSES.contains(&name)
}
