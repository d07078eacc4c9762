//! IP packets put together from fragments: RFC 791 section 3.2, RFC 8200 section 4.5, RFC 5722.
//!
//! Bounded in datagrams, octets, fragments per datagram and observed time. The oldest datagram goes first. Each fragment
//! keeps its frame, so that facts read from the whole still point at the frames that proved them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::IpAddr;

use observation::Time;

use super::datagram::{Datagram, Fragment, Part, Phase, REMEMBER_NANOS, Whole, keep};
use crate::RawFrame;
use crate::counters::{Counters, bump};

/// Octets of one datagram at most: what the length field of IP can say.
const DATAGRAM_OCTETS_MAX: usize = 65_535;

/// How long a datagram waits for its fragments, in nanoseconds of observed time, after the first of them: 30 seconds, as
/// Linux does. A clock that jumps further, in either direction, ends the wait as well.
const WAIT_NANOS: u64 = 30_000_000_000;

/// What fragments of one datagram share. IPv6 leaves the next header out (RFC 8200 section 4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
    pub(crate) protocol: Option<u8>,
    pub(crate) identification: u32,
    pub(crate) vlan: Option<u16>,
}

/// Datagrams that wait for fragments.
#[derive(Debug)]
pub(crate) struct Fragments {
    datagrams_max: usize,
    octets_max: usize,
    /// By the order of their first fragments.
    datagrams: BTreeMap<u64, Datagram>,
    by_key: HashMap<Key, u64>,
    /// Those put together and still remembered, oldest first.
    whole: VecDeque<u64>,
    next: u64,
    octets: usize,
}

impl Fragments {
    pub(crate) fn new(datagrams_max: usize, octets_max: usize) -> Self {
        let (datagrams, by_key, whole) = (BTreeMap::new(), HashMap::new(), VecDeque::new());
        Self { datagrams_max: datagrams_max.max(1), octets_max, datagrams, by_key, whole, next: 0, octets: 0 }
    }

    /// Number of datagrams that are not whole yet.
    pub(crate) fn waiting(&self) -> usize {
        self.datagrams.values().filter(|datagram| datagram.phase == Phase::Waiting).count()
    }

    /// Adds a fragment, whose octets stand behind `fragment.at` of `packet`. `packet` is the frame, or what was put
    /// together of the fragments of a wrapping packet. Gives the datagram and its protocol if that makes it whole.
    pub(crate) fn add(
        &mut self,
        key: Key,
        fragment: Fragment,
        packet: &[u8],
        wrapping: Option<&Whole>,
        frame: &RawFrame<'_>,
        counters: &mut Counters,
    ) -> Option<(u8, Whole)> {
        self.expire(frame.time, counters);
        let octets = packet.get(fragment.at..).unwrap_or_default();
        let end = fragment.start.saturating_add(octets.len());
        // All but the last hold a multiple of eight octets (RFC 791 section 3.2, RFC 8200 section 4.5).
        if end > DATAGRAM_OCTETS_MAX || octets.is_empty() || (fragment.more && octets.len() & 0x07 != 0) {
            bump(&mut counters.fragments_impossible);
            return None;
        }
        let (part, frames) = keep(fragment, octets, wrapping, frame);
        let number = self.number(key, &part, frame.time, counters);
        let datagram = self.datagrams.get_mut(&number)?;
        let before = datagram.octets;
        let whole = datagram.add(&fragment, &part, frames, frame, counters);
        self.octets = self.octets.saturating_sub(before).saturating_add(datagram.octets);
        if whole.is_some() {
            self.whole.push_back(number);
        }
        self.evict(counters);
        whole
    }

    /// The datagram that a fragment belongs to, made if need be.
    fn number(&mut self, key: Key, part: &Part, now: Time, counters: &mut Counters) -> u64 {
        if let Some(number) = self.by_key.get(&key).copied() {
            match self.datagrams.get(&number) {
                // The same identification with other octets: a sender that does not count.
                Some(datagram) if datagram.phase == Phase::Whole && !datagram.remembers(part, now) => {
                    self.remove(number);
                }
                Some(datagram) if datagram.since.0.abs_diff(now.0) > WAIT_NANOS => {
                    if datagram.phase == Phase::Waiting {
                        bump(&mut counters.datagrams_timed_out);
                    }
                    self.remove(number);
                }
                _ => return number,
            }
        }
        let number = self.next;
        self.next = self.next.saturating_add(1);
        self.by_key.insert(key, number);
        self.datagrams.insert(number, Datagram::new(key, now));
        number
    }

    /// Forgets the oldest datagrams whose time is over.
    fn expire(&mut self, now: Time, counters: &mut Counters) {
        while let Some(&number) = self.whole.front() {
            let age =
                self.datagrams.get(&number).map_or(u64::MAX, |datagram| datagram.since.0.abs_diff(now.0));
            if age <= REMEMBER_NANOS && self.whole.len() <= self.datagrams_max {
                break;
            }
            self.whole.pop_front();
            self.remove(number);
        }
        while let Some((&number, datagram)) = self.datagrams.first_key_value() {
            if datagram.since.0.abs_diff(now.0) <= WAIT_NANOS {
                break;
            }
            if datagram.phase == Phase::Waiting {
                bump(&mut counters.datagrams_timed_out);
            }
            self.remove(number);
        }
    }

    /// Forgets datagrams until the rest is within the bounds: first those put together, then the oldest.
    fn evict(&mut self, counters: &mut Counters) {
        while self.datagrams.len() > self.datagrams_max || self.octets > self.octets_max {
            if let Some(number) = self.whole.pop_front() {
                self.remove(number);
                continue;
            }
            let Some((&number, datagram)) = self.datagrams.first_key_value() else { return };
            if datagram.phase == Phase::Waiting {
                bump(&mut counters.datagrams_evicted);
            }
            self.remove(number);
        }
    }

    fn remove(&mut self, number: u64) {
        if let Some(datagram) = self.datagrams.remove(&number) {
            self.octets = self.octets.saturating_sub(datagram.octets);
            self.by_key.remove(&datagram.key);
        }
    }
}
