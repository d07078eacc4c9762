//! What was stated before, so that stating it again costs a look: neither the rule runs, nor is a value made.

use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use observation::{Basis, Octets, Rule, Station};

/// Statements remembered; when there are more, all are forgotten once. What was forgotten is read again, which costs time
/// and nothing else.
pub const KNOWN_MAX: usize = 65_536;

/// A statement before its rule has read it: who says what of whom, and by which octets. Two seeded fingerprints: two
/// different statements share both as rarely as memory fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Print {
    of: u64,
    octets: u64,
}

/// What a statement came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The rule read nothing.
    Nothing,
    /// The caller's number of the fact.
    Fact(u32),
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    print: Print,
    outcome: Outcome,
}

/// What was stated before by the sessions of one capture.
#[derive(Debug, Default)]
pub struct Known {
    entries: HashTable<Entry>,
    /// Seeded: whoever sends octets cannot choose them to collide.
    seed: RandomState,
    octets_seed: RandomState,
    protocol: &'static str,
}

/// What is known of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recall {
    /// It was not made before.
    New(Print),
    /// It was made before, and the rule read nothing.
    Nothing,
    /// It was made before, and this is the caller's number of the fact.
    Fact(u32),
}

impl Known {
    /// The protocol whose message is read next.
    pub fn begin(&mut self, protocol: &'static str) {
        self.protocol = protocol;
    }

    /// The caller's number of the fact that a statement came to.
    pub fn learn(&mut self, print: Print, fact: u32) {
        self.insert(print, Outcome::Fact(fact));
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    pub(crate) fn recall(
        &self,
        station: &Station,
        attribute: &'static str,
        basis: Basis,
        rule: &'static Rule,
        inner: Option<&'static str>,
        octets: &[Octets<'_>],
    ) -> Recall {
        let mut of = self.seed.build_hasher();
        station.hash(&mut of);
        // Names are a few static strings: where they stand tells them apart, and at worst one is known twice.
        for name in [attribute, rule.name, inner.unwrap_or_default(), self.protocol] {
            of.write_usize(name.as_ptr().addr());
            of.write_usize(name.len());
        }
        of.write_u8(basis as u8);
        let mut content = self.octets_seed.build_hasher();
        for part in octets {
            content.write(part.bytes);
        }
        let print = Print { of: of.finish(), octets: content.finish() };
        let found = self.entries.find(print.of ^ print.octets, |entry| entry.print == print);
        match found.map(|entry| entry.outcome) {
            None => Recall::New(print),
            Some(Outcome::Nothing) => Recall::Nothing,
            Some(Outcome::Fact(fact)) => Recall::Fact(fact),
        }
    }

    pub(crate) fn learn_nothing(&mut self, print: Print) {
        self.insert(print, Outcome::Nothing);
    }

    fn insert(&mut self, print: Print, outcome: Outcome) {
        if self.entries.len() >= KNOWN_MAX {
            self.entries.clear();
        }
        let hash = |entry: &Entry| entry.print.of ^ entry.print.octets;
        let entry = Entry { print, outcome };
        // One message may say a thing twice.
        if self.entries.find(hash(&entry), |known| known.print == print).is_none() {
            self.entries.insert_unique(hash(&entry), entry, hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use observation::Rules;

    use super::*;
    use crate::{Output, Room};

    static RUNS: AtomicUsize = AtomicUsize::new(0);
    static COUNTED: Rule = Rule {
        name: "counted",
        read: |octets| {
            RUNS.fetch_add(1, Ordering::Relaxed);
            Rules::text(octets)
        },
    };

    /// Says something with what is known lent, and gives what came of it: facts with their prints, and facts again.
    fn say(known: &mut Known, station: &str, parts: &[&[u8]]) -> (Vec<Option<Print>>, Vec<u32>) {
        let station = Station::root(station.parse().unwrap(), None);
        let parts: Vec<_> = parts.iter().map(|part| Octets::unplaced(part)).collect();
        let mut output = Output::in_room_of(Room::default(), Some(Box::new(std::mem::take(known))));
        output.fact_of(&station, "name", Basis::Stated, &COUNTED, &parts);
        *known = *output.known.take().unwrap();
        let said = output.into_said();
        (said.facts.iter().map(|fact| fact.print).collect(), said.again)
    }

    #[test]
    fn a_rule_runs_once_for_the_same_octets_of_the_same_station() {
        let mut known = Known::default();
        known.begin("dns");
        let (facts, again) = say(&mut known, "10.0.0.1", &[b"plc", b"1"]);
        let [Some(print)] = facts[..] else { panic!("{facts:?}") };
        assert!(again.is_empty());
        known.learn(print, 7);
        known.learn(print, 7);
        assert_eq!(say(&mut known, "10.0.0.1", &[b"plc", b"1"]), (vec![], vec![7]));
        assert_eq!(RUNS.load(Ordering::Relaxed), 1);
        // Another station, other octets, another protocol: something else.
        assert_eq!(say(&mut known, "10.0.0.2", &[b"plc", b"1"]).0.len(), 1);
        assert_eq!(say(&mut known, "10.0.0.1", &[b"plc", b"2"]).0.len(), 1);
        known.begin("mdns");
        assert_eq!(say(&mut known, "10.0.0.1", &[b"plc", b"1"]).0.len(), 1);
        // What the rule reads nothing from is remembered too.
        let runs = RUNS.load(Ordering::Relaxed);
        for _ in 0..3 {
            assert_eq!(say(&mut known, "10.0.0.1", &[b" \0"]), (vec![], vec![]));
        }
        assert_eq!(RUNS.load(Ordering::Relaxed), runs.saturating_add(1));
        known.clear();
        known.begin("dns");
        assert_eq!(say(&mut known, "10.0.0.1", &[b"plc", b"1"]).0.len(), 1);
    }

    #[test]
    fn when_full_all_is_forgotten_once() {
        let mut known = Known::default();
        for number in 0..=u64::try_from(KNOWN_MAX).unwrap() {
            known.learn(Print { of: number, octets: 1 }, 0);
        }
        assert_eq!(known.entries.len(), 1);
    }
}
