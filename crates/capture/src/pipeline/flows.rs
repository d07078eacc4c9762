//! The table of flows: one look-up for each packet.
//!
//! The VLAN is no part of the key: a mirror port may tag one direction only, or show both legs of a router. Two flows with
//! equal addresses and ports in two VLANs (identical machines) are told apart by VLAN and MAC together, and chained.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::ahead::Glimpse;
use super::flow::{Fit, Flow, LINE, NONE, Place, Seen};
use super::key::FlowKey;
use super::mark::Copy;
use super::reader::Reader;
use crate::limits::{EVICTION_CANDIDATES, OVER_CANDIDATES};

/// Flows that may share addresses and ports in different VLANs.
const CHAIN_MAX: usize = 8;

/// All flows.
///
/// The index holds places only; the keys stand in the flows. So it fits the processor's caches.
#[derive(Debug)]
pub(crate) struct Flows {
    /// The first flow of each chain.
    index: HashTable<u32>,
    seed: RandomState,
    /// Where flows stand of which packets came lately, by the glimpse that is had of the next packet: few flows carry
    /// most packets, and this stays in the processor's first cache where the index does not.
    recent: Vec<Recent>,
    flows: Vec<Flow>,
    free: Vec<u32>,
    flows_max: usize,
    hand: usize,
}

/// Places remembered; a power of two.
const RECENT: usize = 4096;

/// A flow of which a packet came lately.
#[derive(Clone, std::marker::Copy, Debug)]
struct Recent {
    /// Upper half of the print of its packets.
    tag: u32,
    at: u32,
}

/// Tag and place of a print among the recent ones.
#[expect(clippy::cast_possible_truncation, reason = "a tag and a place, each of half of the print")]
fn recent(print: u64) -> (u32, usize) {
    ((print >> 32) as u32, print as usize & (RECENT - 1))
}

/// A flow that made room for another.
#[derive(Clone, std::marker::Copy, Debug)]
pub(crate) struct Gone {
    pub(crate) at: u32,
    /// False if it had to go for want of room.
    pub(crate) was_over: bool,
}

/// Where a packet belongs.
pub(crate) struct Found {
    pub(crate) at: u32,
    pub(crate) copy: Copy,
}

impl Flows {
    /// Room for all flows is set aside at once: the system gives memory only where it is used, and a table that grew
    /// would be copied again and again.
    pub(crate) fn new(flows_max: usize) -> Self {
        let flows_max = flows_max.max(1);
        Self {
            index: HashTable::with_capacity(flows_max),
            seed: RandomState::default(),
            recent: vec![Recent { tag: 0, at: NONE }; RECENT],
            flows: Vec::with_capacity(flows_max),
            free: Vec::new(),
            flows_max,
            hand: 0,
        }
    }

    pub(crate) fn get(&mut self, at: u32) -> Option<&mut Flow> {
        self.flows.get_mut(at as usize)
    }

    /// The first flow of a key's chain.
    fn head(&self, hash: u64, key: &FlowKey) -> Option<u32> {
        let is_head = |at: &u32| self.flows.get(*at as usize).is_some_and(|flow| flow.key == *key);
        self.index.find(hash, is_head).copied()
    }

    /// Guesses the flow of a packet that comes next, and has its octets fetched from memory meanwhile.
    pub(crate) fn foresee(&self, glimpse: Glimpse) -> Option<u32> {
        let (tag, place) = recent(glimpse.print);
        let recent = self.recent.get(place).filter(|recent| recent.tag == tag && recent.at != NONE)?;
        let flow = self.flows.get(recent.at as usize)?;
        let [low, high] = &flow.sides;
        let own = if glimpse.side == 0 { low } else { high };
        fetch(&flow.key);
        fetch(own);
        fetch(&own.syn);
        Some(recent.at)
    }

    /// Remembers to which flow a packet belonged of which there was a glimpse.
    pub(crate) fn remember(&mut self, glimpse: Glimpse, at: u32) {
        let (tag, place) = recent(glimpse.print);
        if let Some(recent) = self.recent.get_mut(place) {
            *recent = Recent { tag, at };
        }
    }

    /// Has fetched what reads a flow that was foreseen.
    pub(crate) fn foresee_reader(&self, at: u32, side: usize) {
        if let Some(reader) = self.reader(at) {
            fetch(&reader.protocol);
            fetch(&reader.operations);
            if let Some(direction) = reader.directions.get(side) {
                fetch(direction);
            }
        }
    }

    /// Has fetched what a reader that was foreseen keeps elsewhere.
    pub(crate) fn foresee_session(&self, at: u32) {
        if let Some(reader) = self.reader(at) {
            fetch_at(std::ptr::from_ref(&*reader.session).cast::<u8>().addr());
            if let Some(elsewhere) = reader.operations.elsewhere() {
                fetch_at(elsewhere);
                fetch_at(elsewhere.wrapping_add(LINE));
            }
        }
    }

    fn reader(&self, at: u32) -> Option<&Reader> {
        self.flows.get(at as usize)?.reader.as_deref()
    }

    /// The flow of a packet, if there is one; `guess` is what was foreseen.
    pub(crate) fn find(
        &mut self,
        key: &FlowKey,
        side: usize,
        seen: &Seen,
        guess: Option<u32>,
    ) -> Option<Found> {
        // Nearly every packet is of the flow that was guessed, which is alone with its key.
        if let Some(at) = guess
            && let Some(flow) = self.flows.get(at as usize)
            && flow.place == Place::Head
            && flow.next == NONE
            && flow.key == *key
        {
            return match flow.fit(side, seen) {
                Fit::Copy(copy) => Some(Found { at, copy }),
                Fit::Same | Fit::Possible => Some(Found { at, copy: Copy::No }),
                Fit::Foreign => None,
            };
        }
        let mut fallback = None;
        let mut exact = None;
        let mut at = self.head(self.seed.hash_one(key), key)?;
        while let Some(flow) = self.flows.get(at as usize) {
            let fit = flow.fit(side, seen);
            if let Fit::Copy(copy) = fit {
                return Some(Found { at, copy });
            }
            if flow.next == NONE && exact.is_none() && fallback.is_none() {
                // Nearly every flow is alone.
                return (fit != Fit::Foreign).then_some(Found { at, copy: Copy::No });
            }
            if fit == Fit::Same && exact.is_none() {
                exact = Some(at);
            }
            if !flow.has_sent(side) && fallback.is_none() {
                fallback = Some(at);
            }
            at = flow.next;
        }
        exact.or(fallback).map(|at| Found { at, copy: Copy::No })
    }

    /// Adds a flow, for which [`make_room`](Self::make_room) has made room, and gives its place.
    pub(crate) fn insert(&mut self, key: FlowKey, side: usize) -> u32 {
        let mut flow = Flow::new(key, side);
        let hash = self.seed.hash_one(key);
        let head = self.head(hash, &key);
        flow.next = head.filter(|head| self.chain(*head) < CHAIN_MAX).unwrap_or(NONE);
        let at = match self.free.pop() {
            Some(at) => {
                if let Some(place) = self.flows.get_mut(at as usize) {
                    *place = flow;
                }
                at
            }
            None => {
                let at = u32::try_from(self.flows.len()).unwrap_or(NONE);
                self.flows.push(flow);
                at
            }
        };
        match head {
            Some(head) => self.lead(hash, head, at),
            None => {
                let (seed, flows) = (&self.seed, &self.flows);
                let again = |at: &u32| flows.get(*at as usize).map_or(0, |flow| seed.hash_one(flow.key));
                self.index.insert_unique(hash, at, again);
            }
        }
        at
    }

    /// Puts another flow at the head of a chain.
    fn lead(&mut self, hash: u64, head: u32, at: u32) {
        if let Some(place) = self.index.find_mut(hash, |place| *place == head) {
            *place = at;
        }
        for (at, place) in [(head, Place::Behind), (at, Place::Head)] {
            if let Some(flow) = self.flows.get_mut(at as usize) {
                flow.place = place;
            }
        }
    }

    fn chain(&self, head: u32) -> usize {
        let mut length = 0_usize;
        let mut at = head;
        while let Some(flow) = self.flows.get(at as usize) {
            length = length.saturating_add(1);
            at = flow.next;
        }
        length
    }

    /// Makes room for another flow: in the place of one that is over, if a look at a few finds one; else at the end; and
    /// where there is no more room, the longest silent of some has to go. Who goes is not found any more, and its place,
    /// which is given, is the next to be filled. What it counted is still there.
    pub(crate) fn make_room(&mut self, now: i64) -> Option<Gone> {
        if !self.free.is_empty() {
            return None;
        }
        let over = (0..OVER_CANDIDATES).find_map(|_| self.next_candidate(|flow| flow.is_over(now)));
        let gone = match over {
            Some(at) => Gone { at, was_over: true },
            None if self.flows.len() < self.flows_max => {
                self.fetch_candidates(OVER_CANDIDATES);
                return None;
            }
            None => Gone { at: self.longest_silent()?, was_over: false },
        };
        self.unlink(gone.at);
        let flow = self.flows.get_mut(gone.at as usize)?;
        flow.place = Place::Free;
        self.free.push(gone.at);
        self.fetch_candidates(if gone.was_over { OVER_CANDIDATES } else { EVICTION_CANDIDATES });
        Some(gone)
    }

    /// The longest silent of a few.
    fn longest_silent(&mut self) -> Option<u32> {
        let mut oldest: Option<(i64, u32)> = None;
        for _ in 0..EVICTION_CANDIDATES {
            let Some(at) = self.next_candidate(|flow| flow.place != Place::Free) else { continue };
            let last = self.flows.get(at as usize).map_or(i64::MAX, |flow| flow.last);
            if oldest.is_none_or(|(silent, _)| last < silent) {
                oldest = Some((last, at));
            }
        }
        oldest.map(|(_, at)| at)
    }

    /// The next place in turn, if what stands there is one of those asked for.
    fn next_candidate(&mut self, is_one: impl Fn(&Flow) -> bool) -> Option<u32> {
        self.hand = self.hand.saturating_add(1);
        if self.hand >= self.flows.len() {
            self.hand = 0;
        }
        self.flows.get(self.hand).filter(|flow| is_one(flow)).and_then(|_| u32::try_from(self.hand).ok())
    }

    /// The next candidates are looked at soon, and stand in as many lines.
    fn fetch_candidates(&self, count: usize) {
        for next in self.flows.iter().skip(self.hand).take(count.saturating_add(1)) {
            fetch(&next.key);
        }
    }

    fn unlink(&mut self, gone: u32) {
        let Some((key, next)) = self.flows.get(gone as usize).map(|flow| (flow.key, flow.next)) else {
            return;
        };
        let hash = self.seed.hash_one(key);
        let Some(head) = self.head(hash, &key) else { return };
        if head == gone {
            if next != NONE {
                self.lead(hash, head, next);
            } else if let Ok(entry) = self.index.find_entry(hash, |place| *place == gone) {
                entry.remove();
            }
            return;
        }
        let mut at = head;
        while let Some(flow) = self.flows.get_mut(at as usize) {
            if flow.next == gone {
                flow.next = next;
                return;
            }
            at = flow.next;
        }
    }

    /// Every flow.
    pub(crate) fn all(&mut self) -> impl Iterator<Item = &mut Flow> {
        self.flows.iter_mut().filter(|flow| flow.place != Place::Free)
    }

    /// Every flow with something to fold.
    pub(crate) fn dirty(&mut self) -> impl Iterator<Item = &mut Flow> {
        self.flows.iter_mut().filter(|flow| flow.place != Place::Free && flow.dirty)
    }
}

/// Has the line of the processor's cache fetched in which something begins, without waiting for it.
fn fetch<T>(what: &T) {
    prefetch_index::prefetch_index(std::slice::from_ref(what), 0);
}

/// As [`fetch`], of what stands at an address: nothing is read there.
fn fetch_at(address: usize) {
    static HERE: [u8; 1] = [0];
    prefetch_index::prefetch_index(HERE.as_slice(), address.wrapping_sub(HERE.as_ptr().addr()));
}

#[cfg(test)]
mod tests {
    use observation::{Mac, Transport};

    use super::super::key::{Ends, Interface};

    use super::*;
    use crate::limits::EXCHANGE_OVER_NANOS;

    fn ends(source: &str, source_port: u16, destination: &str, destination_port: u16) -> Ends {
        let (source, destination) = (source.parse().unwrap(), destination.parse().unwrap());
        Ends {
            source,
            destination,
            source_port,
            destination_port,
            transport: Transport::Tcp,
            number: 0,
            share: 0,
        }
    }

    fn seen(vlan: Option<u16>, mac: u8) -> Seen {
        Seen { print: 1, hop_limit: 64, nanos: 0, vlan, mac: Interface::of(Some(Mac([2, 0, 0, 0, 0, mac]))) }
    }

    /// Puts a packet in and returns the place of its flow.
    fn put(flows: &mut Flows, ends: &Ends, seen: Seen) -> u32 {
        let (key, side) = ends.key();
        let at =
            flows.find(&key, side, &seen, None).map_or_else(|| flows.insert(key, side), |found| found.at);
        let (own, _) = flows.get(at).unwrap().pair(side);
        (own.seen, own.vlan, own.mac) = (true, seen.vlan, seen.mac);
        flows.get(at).unwrap().touch(seen.nanos);
        at
    }

    #[test]
    fn both_directions_are_one_flow_even_if_one_is_tagged() {
        let mut flows = Flows::new(8);
        let there = put(&mut flows, &ends("10.0.0.1", 5000, "10.0.0.2", 502), seen(Some(10), 1));
        let back = put(&mut flows, &ends("10.0.0.2", 502, "10.0.0.1", 5000), seen(None, 2));
        assert_eq!(there, back);
    }

    #[test]
    fn identical_machines_in_two_vlans_are_two_flows() {
        let mut flows = Flows::new(8);
        let (ask, answer) =
            (ends("10.0.0.1", 5000, "10.0.0.2", 502), ends("10.0.0.2", 502, "10.0.0.1", 5000));
        let first = put(&mut flows, &ask, seen(Some(10), 1));
        let second = put(&mut flows, &ask, seen(Some(20), 3));
        assert_ne!(first, second);
        assert_eq!(put(&mut flows, &answer, seen(Some(20), 4)), second);
        assert_eq!(put(&mut flows, &answer, seen(Some(10), 2)), first);
        assert_eq!(put(&mut flows, &ask, seen(Some(20), 3)), second);
    }

    #[test]
    fn a_short_exchange_that_is_over_makes_room_before_the_table_is_full() {
        let mut flows = Flows::new(8);
        for port in 1..=3 {
            let at = put(&mut flows, &ends("10.0.0.1", port, "10.0.0.2", 53), seen(None, 1));
            flows.get(at).unwrap().is_exchange = port == 2;
        }
        assert!(flows.make_room(EXCHANGE_OVER_NANOS).is_none());
        let over = EXCHANGE_OVER_NANOS + 1;
        let gone = (0..2).find_map(|_| flows.make_room(over)).unwrap();
        assert!(gone.was_over);
        assert_eq!(flows.get(gone.at).unwrap().port(0), 2);
        let (key, side) = ends("10.0.0.1", 2, "10.0.0.2", 53).key();
        assert!(flows.find(&key, side, &seen(None, 1), None).is_none());
        assert_eq!(flows.all().count(), 2);
        // Its place is filled, not one more.
        assert_eq!(flows.insert(key, side), gone.at);
        assert!((0..8).all(|_| flows.make_room(over).is_none()));
    }

    #[test]
    fn a_full_table_gives_up_the_longest_silent_flow() {
        let mut flows = Flows::new(2);
        for (port, nanos) in [(1, 10), (2, 20)] {
            let at =
                put(&mut flows, &ends("10.0.0.1", port, "10.0.0.2", 502), Seen { nanos, ..seen(None, 1) });
            assert!(at < 2);
        }
        let new = ends("10.0.0.1", 3, "10.0.0.2", 502);
        let (key, side) = new.key();
        let evicted = flows.make_room(30).unwrap();
        assert!(!evicted.was_over);
        let evicted = evicted.at;
        assert_eq!(flows.get(evicted).unwrap().port(0), 1);
        assert_eq!(flows.insert(key, side), evicted);
        assert_eq!(flows.get(evicted).unwrap().port(0), new.source_port);
        let (gone, side) = ends("10.0.0.1", 1, "10.0.0.2", 502).key();
        assert!(flows.find(&gone, side, &seen(None, 1), None).is_none());
    }
}
