//! The table of flows: one look-up for each packet, and all that is counted until it is folded into rows.
//!
//! A *flow* is a pair of address and port; it exists only here. Flows of one protocol between two stations are one
//! conversation. The VLAN is no part of the key: a mirror port may tag one direction only, or show both legs of a
//! router. Two flows with equal addresses and ports in two VLANs (identical machines) are told apart by VLAN and MAC
//! together, and chained.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use observation::{Address, End, Transport};

use super::ahead::Glimpse;
use super::key::{Ends, FlowKey, Interface};
use super::mark::{Copy, Marks};
use super::reader::{Reader, Recognition};
use crate::limits::{EVICTION_CANDIDATES, UNDECIDED_BATCHES_MAX};

/// Ends of a chain.
const NONE: u32 = u32::MAX;

/// Flows that may share addresses and ports in different VLANs.
const CHAIN_MAX: usize = 8;

/// What one side sent since it was last folded. It fills two lines of the processor's cache and begins with one.
#[derive(Clone, std::marker::Copy, Debug)]
#[repr(align(64))]
pub(crate) struct Side {
    pub(crate) address: Address,
    pub(crate) port: u16,
    /// True once it sent a frame.
    pub(crate) seen: bool,
    pub(crate) mac: Interface,
    pub(crate) vlan: Option<u16>,
    pub(crate) frames: u64,
    pub(crate) octets: u64,
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) hop_limit: (u8, u8),
    /// Sequence number of its SYN.
    pub(crate) syn: Option<u32>,
    pub(crate) marks: Marks,
}

impl Side {
    fn new(address: Address, port: u16) -> Self {
        Self {
            address,
            port,
            seen: false,
            mac: Interface::default(),
            vlan: None,
            frames: 0,
            octets: 0,
            first: i64::MAX,
            last: i64::MIN,
            hop_limit: (u8::MAX, 0),
            syn: None,
            marks: Marks::default(),
        }
    }

    /// Counts a frame.
    pub(crate) fn count(&mut self, octets: u32, nanos: i64, hop_limit: u8) {
        self.frames = self.frames.saturating_add(1);
        self.octets = self.octets.saturating_add(octets.into());
        self.first = self.first.min(nanos);
        self.last = self.last.max(nanos);
        // Written only where it changes: others read what stands beside it in one piece.
        if hop_limit < self.hop_limit.0 || hop_limit > self.hop_limit.1 {
            self.hop_limit = (self.hop_limit.0.min(hop_limit), self.hop_limit.1.max(hop_limit));
        }
    }

    /// Forgets what was folded.
    pub(crate) fn reset(&mut self) {
        self.frames = 0;
        self.octets = 0;
        self.first = i64::MAX;
        self.last = i64::MIN;
        self.hop_limit = (u8::MAX, 0);
    }
}

/// How it is known which side is the client, weakest first.
#[derive(Clone, std::marker::Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Orientation {
    /// Who spoke first.
    Spoke,
    /// By port number.
    Port,
    /// It opened the connection.
    Opened,
    /// A message proves it.
    Proved,
}

/// One flow. What a look-up needs stands in the first line of the processor's cache, then the sides, then the rest: a
/// packet touches four lines.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Flow {
    key: FlowKey,
    last: i64,
    next: u32,
    used: bool,
    /// True for the first flow of its chain.
    head: bool,
    /// True if something is counted that is not folded.
    pub(crate) dirty: bool,
    /// Batches that what is counted has waited for a name.
    waited: u8,
    pub(crate) sides: [Side; 2],
    /// Transport conversations opened since the last fold.
    pub(crate) opened: u64,
    pub(crate) reader: Option<Box<Reader>>,
    pub(crate) recognition: Recognition,
    /// Which side asks.
    pub(crate) client: usize,
    pub(crate) orientation: Orientation,
    pub(crate) transport: Transport,
    pub(crate) number: u16,
}

/// Octets of a line of the processor's cache, on nearly all of them.
#[cfg(test)]
const LINE: usize = 64;

impl Flow {
    fn new(key: FlowKey, ends: &Ends, side: usize) -> Self {
        let source = Side::new(ends.source, ends.source_port);
        let destination = Side::new(ends.destination, ends.destination_port);
        Self {
            key,
            sides: if side == 0 { [source, destination] } else { [destination, source] },
            transport: ends.transport,
            number: ends.number,
            client: side,
            orientation: Orientation::Spoke,
            recognition: Recognition::New,
            reader: None,
            opened: 1,
            dirty: false,
            waited: 0,
            last: i64::MIN,
            next: NONE,
            used: true,
            head: true,
        }
    }

    /// The side that sends (`index` as given by [`Ends::key`]) and the other.
    pub(crate) fn pair(&mut self, index: usize) -> (&mut Side, &mut Side) {
        let [low, high] = &mut self.sides;
        if index == 0 { (low, high) } else { (high, low) }
    }

    /// The side of an end.
    pub(crate) fn side(&self, end: End) -> &Side {
        let index = match end {
            End::Client => self.client,
            End::Server => 1_usize.saturating_sub(self.client),
        };
        let [low, high] = &self.sides;
        if index == 0 { low } else { high }
    }

    /// True if a side sent a frame.
    fn has_sent(&self, side: usize) -> bool {
        let [low, high] = &self.sides;
        if side == 0 { low.seen } else { high.seen }
    }

    /// How a packet with this flow's key, sent by a side, relates to it.
    #[inline]
    fn fit(&self, side: usize, seen: &Seen) -> Fit {
        let [low, high] = &self.sides;
        let (own, other) = if side == 0 { (low, high) } else { (high, low) };
        match own.marks.look_up(seen.print, seen.hop_limit, seen.nanos) {
            Copy::No => {}
            copy => return Fit::Copy(copy),
        }
        match own.seen {
            true if own.vlan == seen.vlan || own.mac == seen.mac => Fit::Same,
            true => Fit::Foreign,
            false if other.vlan == seen.vlan => Fit::Same,
            false => Fit::Possible,
        }
    }

    /// The end that a side is.
    pub(crate) fn end(&self, index: usize) -> End {
        if index == self.client { End::Client } else { End::Server }
    }

    /// True if what is counted should wait for another batch: a payload may still tell which conversation it is of. A
    /// batch that ends between the handshake and the first payload must not show.
    pub(crate) fn waits(&mut self) -> bool {
        let undecided = matches!(self.recognition, Recognition::New | Recognition::Trying { .. });
        let waits = undecided && self.waited < UNDECIDED_BATCHES_MAX;
        self.waited = if waits { self.waited.saturating_add(1) } else { 0 };
        waits
    }

    /// Marks the flow as active, with something to fold.
    pub(crate) fn touch(&mut self, nanos: i64) {
        self.last = nanos;
        self.dirty = true;
    }

    /// Says that a side is the client, if that is known better than before.
    pub(crate) fn orient(&mut self, client: usize, by: Orientation) {
        if by > self.orientation || (by == self.orientation && by == Orientation::Opened) {
            self.client = client;
            self.orientation = by;
        }
    }
}

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
const RECENT: usize = 2048;

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
        fetch(&own.marks);
        fetch(&flow.reader);
        Some(recent.at)
    }

    /// Remembers to which flow a packet belonged of which there was a glimpse.
    pub(crate) fn remember(&mut self, glimpse: Glimpse, at: u32) {
        let (tag, place) = recent(glimpse.print);
        if let Some(recent) = self.recent.get_mut(place) {
            *recent = Recent { tag, at };
        }
    }

    /// Has fetched what reads a flow.
    pub(crate) fn foresee_reader(&self, at: u32, side: usize) {
        if let Some(reader) = self.flows.get(at as usize).and_then(|flow| flow.reader.as_deref()) {
            fetch(&reader.protocol);
            fetch(&reader.operations);
            if let Some(direction) = reader.directions.get(side) {
                fetch(direction);
            }
        }
    }

    /// The flow of a packet, if there is one; `guess` is what was foreseen.
    pub(crate) fn find(
        &mut self,
        key: &FlowKey,
        side: usize,
        seen: &Seen,
        guess: Option<u32>,
    ) -> Option<Found> {
        let mut fallback = None;
        let mut exact = None;
        let is_head =
            |at: &u32| self.flows.get(*at as usize).is_some_and(|flow| flow.head && flow.key == *key);
        let mut at = match guess.filter(is_head) {
            Some(at) => at,
            None => {
                let hash = self.seed.hash_one(key);
                self.head(hash, key)?
            }
        };
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
    pub(crate) fn insert(&mut self, key: FlowKey, ends: &Ends, side: usize) -> u32 {
        let mut flow = Flow::new(key, ends, side);
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
        for (place, is_head) in [(head, false), (at, true)] {
            if let Some(flow) = self.flows.get_mut(place as usize) {
                flow.head = is_head;
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

    /// Where there is no room for another flow, the longest silent of a few has to go: it is not found any more, and its
    /// place, which is given, is the next to be filled. What it counted is still there.
    pub(crate) fn make_room(&mut self) -> Option<u32> {
        if !self.free.is_empty() || self.flows.len() < self.flows_max {
            return None;
        }
        let mut oldest: Option<(i64, u32)> = None;
        for _ in 0..EVICTION_CANDIDATES {
            self.hand = self.hand.saturating_add(1);
            if self.hand >= self.flows.len() {
                self.hand = 0;
            }
            let Some(flow) = self.flows.get(self.hand) else { continue };
            if flow.used && oldest.is_none_or(|(last, _)| flow.last < last) {
                oldest = Some((flow.last, u32::try_from(self.hand).unwrap_or(NONE)));
            }
        }
        let (_, at) = oldest?;
        self.unlink(at);
        let flow = self.flows.get_mut(at as usize)?;
        (flow.used, flow.head) = (false, false);
        self.free.push(at);
        // The next candidates are looked at soon, and stand in as many lines.
        for next in self.flows.iter().skip(self.hand).take(EVICTION_CANDIDATES.saturating_add(1)) {
            fetch(&next.key);
        }
        Some(at)
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
        self.flows.iter_mut().filter(|flow| flow.used)
    }

    /// Every flow with something to fold.
    pub(crate) fn dirty(&mut self) -> impl Iterator<Item = &mut Flow> {
        self.flows.iter_mut().filter(|flow| flow.used && flow.dirty)
    }
}

/// Has the line of the processor's cache fetched in which something begins, without waiting for it.
fn fetch<T>(what: &T) {
    prefetch_index::prefetch_index(std::slice::from_ref(what), 0);
}

/// How a packet relates to a flow of its key.
#[derive(Clone, std::marker::Copy, Debug, PartialEq, Eq)]
enum Fit {
    /// It was seen before.
    Copy(Copy),
    /// Its VLAN or MAC is that of the flow.
    Same,
    /// The side has not sent yet, and its VLAN may be another than that of the other side.
    Possible,
    /// It is of another flow with equal addresses and ports.
    Foreign,
}

/// What a packet shows of its sender.
#[derive(Clone, std::marker::Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) print: u32,
    pub(crate) hop_limit: u8,
    pub(crate) nanos: i64,
    pub(crate) vlan: Option<u16>,
    pub(crate) mac: Interface,
}

#[cfg(test)]
mod tests {
    use observation::Mac;

    use super::*;

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
        let at = flows
            .find(&key, side, &seen, None)
            .map_or_else(|| flows.insert(key, ends, side), |found| found.at);
        let (own, _) = flows.get(at).unwrap().pair(side);
        (own.seen, own.vlan, own.mac) = (true, seen.vlan, seen.mac);
        flows.get(at).unwrap().touch(seen.nanos);
        at
    }

    #[test]
    fn a_flow_takes_six_lines_of_cache() {
        assert_eq!(size_of::<Side>(), 2 * LINE);
        assert_eq!(size_of::<Flow>(), 6 * LINE);
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
    fn a_full_table_gives_up_the_longest_silent_flow() {
        let mut flows = Flows::new(2);
        for (port, nanos) in [(1, 10), (2, 20)] {
            let at =
                put(&mut flows, &ends("10.0.0.1", port, "10.0.0.2", 502), Seen { nanos, ..seen(None, 1) });
            assert!(at < 2);
        }
        let new = ends("10.0.0.1", 3, "10.0.0.2", 502);
        let (key, side) = new.key();
        let evicted = flows.make_room().unwrap();
        assert_eq!(flows.get(evicted).unwrap().sides[0].port, 1);
        assert_eq!(flows.insert(key, &new, side), evicted);
        assert_eq!(flows.get(evicted).unwrap().sides[0].port, new.source_port);
        let (gone, side) = ends("10.0.0.1", 1, "10.0.0.2", 502).key();
        assert!(flows.find(&gone, side, &seen(None, 1), None).is_none());
    }
}
