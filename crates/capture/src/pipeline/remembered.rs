//! What was said of stations, and what was counted of each since the last batch: saying it again costs a counter.

use std::borrow::Cow;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use observation::{Basis, Evidence, Fact, Mention, Sighting, Station, Time};
use protocols::SeenFact;

/// What a fact says, without when.
#[derive(Clone, Debug)]
pub(super) struct FactKey {
    pub(super) station: Station,
    pub(super) attribute: &'static str,
    pub(super) value: String,
    pub(super) basis: Basis,
    pub(super) protocol: &'static str,
    pub(super) rule: &'static str,
}

impl FactKey {
    fn is(&self, protocol: &'static str, seen: &SeenFact) -> bool {
        self.value == seen.value
            && self.station == seen.station
            && self.attribute == seen.attribute
            && self.rule == seen.rule
            && self.basis == seen.basis
            && self.protocol == protocol
    }
}

/// Facts by number, in the order they were first stated.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) all: Vec<(FactKey, Evidence)>,
    /// What was counted of each since the last batch, by day; count 0 is nothing. All that stating a fact again touches.
    pub(super) sightings: Vec<Sighting>,
    index: HashTable<u32>,
    seed: RandomState,
}

impl Facts {
    pub(super) fn find(&self, protocol: &'static str, seen: &SeenFact) -> Option<u32> {
        let is = |at: &u32| self.all.get(*at as usize).is_some_and(|(key, _)| key.is(protocol, seen));
        self.index.find(self.hash(&seen.station, seen.attribute, &seen.value), is).copied()
    }

    fn hash(&self, station: &Station, attribute: &'static str, value: &str) -> u64 {
        self.seed.hash_one((station, attribute, value))
    }

    /// Adds a fact and gives its number.
    pub(super) fn insert(&mut self, key: FactKey, evidence: Evidence, time: Time) -> u32 {
        let at = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        let hash = self.hash(&key.station, key.attribute, &key.value);
        self.all.push((key, evidence));
        self.sightings.push(Sighting::once(time));
        let (all, seed) = (&self.all, &self.seed);
        self.index.insert_unique(hash, at, |at| {
            let key = all.get(*at as usize).map(|(key, _)| (&key.station, key.attribute, key.value.as_str()));
            key.map_or(0, |key| seed.hash_one(key))
        });
        at
    }

    pub(super) fn clear(&mut self) {
        self.all.clear();
        self.sightings.clear();
        self.index.clear();
    }
}

/// A mention, without when.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct MentionKey {
    pub(super) station: Station,
    pub(super) by: Station,
    pub(super) protocol: &'static str,
    pub(super) reason: &'static str,
}

/// Something remembered with its evidence and what was counted since the last batch, by day.
#[derive(Clone, Debug)]
pub(super) struct Remembered {
    pub(super) evidence: Evidence,
    /// Count 0: nothing since the last batch.
    pub(super) sighting: Sighting,
}

pub(super) fn fact(key: &FactKey, evidence: &Evidence, sighting: Sighting) -> Fact {
    Fact {
        station: key.station.clone(),
        attribute: Cow::Borrowed(key.attribute),
        value: key.value.clone(),
        basis: key.basis,
        protocol: Cow::Borrowed(key.protocol),
        rule: Cow::Borrowed(key.rule),
        evidence: evidence.clone(),
        sighting,
    }
}

pub(super) fn mention(key: &MentionKey, known: &Remembered) -> Mention {
    Mention {
        station: key.station.clone(),
        by: key.by.clone(),
        protocol: Cow::Borrowed(key.protocol),
        reason: Cow::Borrowed(key.reason),
        sighting: known.sighting,
        evidence: known.evidence.clone(),
    }
}
