//! The pipeline: frames of one capture in, batches of observations out.
//!
//! One thread, no clock, no I/O. An ordinary packet costs its headers, one look-up and a few counters in the flow's
//! place; rows are made when flows are folded. Everything is bounded by `limits`, and what a bound cost is counted.

mod ahead;
mod desk;
mod evidence;
mod flow;
mod flows;
mod gather;
mod key;
mod mark;
mod message;
mod naming;
mod reader;
mod remembered;
mod stream;
mod turn;
mod words;

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;

use observation::{Address, Batch, MalformedMessage, Sighting, Station, Time, Transport};

use crate::frame::RawFrame;
use crate::limits::FLOWS_MAX;
use crate::packet::{Layer, Network, Outer, Packet};
use crate::{Dissector, Unreadable};
use ahead::Glimpse;
use evidence::Kept;
use flow::{Flow, Orientation, Seen};
use flows::Flows;
use gather::Gathered;
use key::{Ends, FlowKey, Interface};
use mark::Copy;
use reader::{Ports, TUNNEL};
use turn::{Hands, Turn};

/// Nanoseconds of a day without leap seconds, as UTC counts it.
const NANOS_PER_DAY: i64 = 86_400_000_000_000;

/// What a capture amounts to, when it ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Frames given in.
    pub frames: u64,
    /// Their octets on the wire.
    pub octets: u64,
    /// Earliest frame.
    pub first: Option<Time>,
    /// Latest frame.
    pub last: Option<Time>,
    /// Every other count, by name; zero counts are left out.
    pub counters: BTreeMap<String, u64>,
}

/// Reads the frames of one capture.
#[derive(Debug)]
pub struct Pipeline {
    dissector: Dissector,
    ports: Ports,
    flows: Flows,
    gathered: Gathered,
    kept: Kept,
    turn: Turn,
    frames: u64,
    octets: u64,
    mirrored: u64,
    routed: u64,
    fragments: u64,
    unreadable: u64,
    empty: u64,
    first: i64,
    last: i64,
    /// The nanoseconds of the UTC day of the frame before.
    day: Option<RangeInclusive<i64>>,
    /// What is known of the next frame and of the one after it.
    foresight: [Option<Foreseen>; 2],
}

impl Default for Pipeline {
    fn default() -> Self {
        Self::new(FLOWS_MAX)
    }
}

impl Pipeline {
    /// A pipeline that watches at most `flows_max` flows at one time.
    #[must_use]
    pub fn new(flows_max: usize) -> Self {
        Self {
            dissector: Dissector::default(),
            ports: Ports::new(),
            flows: Flows::new(flows_max),
            gathered: Gathered::default(),
            kept: Kept::default(),
            turn: Turn::default(),
            frames: 0,
            octets: 0,
            mirrored: 0,
            routed: 0,
            fragments: 0,
            unreadable: 0,
            empty: 0,
            first: i64::MAX,
            last: i64::MIN,
            day: None,
            foresight: [None; 2],
        }
    }

    /// Reads one frame. Never fails: what cannot be read is counted.
    pub fn frame(&mut self, frame: &RawFrame<'_>) {
        self.frame_ahead_of(frame, &[]);
    }

    /// Reads one frame. `later` are the octets that probably are the frame after the following one: what is known of its
    /// flow is fetched from memory meanwhile, in three steps, as each leads to the next. Wrong octets, or none, cost nothing
    /// but that time.
    pub fn frame_ahead_of(&mut self, frame: &RawFrame<'_>, later: &[u8]) {
        let [foreseen, following] = self.foresight;
        if let Some(Foreseen { at: Some(at), .. }) = foreseen {
            self.flows.foresee_session(at);
        }
        if let Some(Foreseen { glimpse, at: Some(at) }) = following {
            self.flows.foresee_reader(at, glimpse.side);
        }
        let later = ahead::glimpse(frame.link_type, later)
            .map(|glimpse| Foreseen { glimpse, at: self.flows.foresee(glimpse) });
        self.foresight = [following, later];
        self.frames = self.frames.saturating_add(1);
        self.octets = self.octets.saturating_add(frame.original_length.into());
        self.first = self.first.min(frame.time.0);
        self.last = self.last.max(frame.time.0);
        if !self.day.as_ref().is_some_and(|day| day.contains(&frame.time.0)) {
            // Rows are kept by UTC day: what was counted so far belongs to another one.
            self.fold();
            self.day = Some(nanos_of(frame.time));
        }
        // As in `Dissector::packet`, but nothing is copied.
        let plain = Dissector::plain(frame);
        let walked;
        let packet = if let Some(packet) = &plain {
            packet
        } else {
            walked = self.dissector.walked(frame);
            match &walked {
                Ok(packet) => packet,
                Err(unreadable) => {
                    self.unreadable = self.unreadable.saturating_add(1);
                    if !unreadable.is_cut() {
                        self.gathered.malformed(row(frame, None, unreadable));
                    }
                    return;
                }
            }
        };
        let mut reading = Reading {
            ports: &self.ports,
            flows: &mut self.flows,
            gathered: &mut self.gathered,
            kept: &mut self.kept,
            turn: &mut self.turn,
        };
        let count = match reading.packet(frame, packet, foreseen) {
            Read::Counted => return,
            Read::Copy(Copy::Routed) => &mut self.routed,
            Read::Copy(_) => &mut self.mirrored,
            Read::Fragment => &mut self.fragments,
            Read::NoAddress => &mut self.empty,
        };
        *count = count.saturating_add(1);
    }

    /// True if a batch should be taken before memory grows further.
    #[must_use]
    pub fn batch_is_due(&self) -> bool {
        self.gathered.is_due(&self.kept)
    }

    /// Everything observed since the last batch, but for the counts of flows that a payload may still give a name.
    #[must_use]
    pub fn take_batch(&mut self) -> Batch {
        for flow in self.flows.dirty() {
            if !flow.waits() {
                self.gathered.fold(flow);
            }
        }
        self.batch()
    }

    fn batch(&mut self) -> Batch {
        let mut unread = HashMap::new();
        if self.turn.is_waiting() {
            let readers = self.flows.all().filter_map(|flow| flow.reader.as_ref());
            for piece in readers.flat_map(|reader| reader.unread()) {
                unread.entry(piece.frame).or_insert(piece.offset);
            }
        }
        self.gathered.take(&mut self.kept, &unread)
    }

    /// Frames given in so far.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Ends the capture: reads what still waits for segments that will not come, and gives the last batch and the totals.
    #[must_use]
    pub fn finish(mut self) -> (Batch, Totals) {
        let mut reading = Reading {
            ports: &self.ports,
            flows: &mut self.flows,
            gathered: &mut self.gathered,
            kept: &mut self.kept,
            turn: &mut self.turn,
        };
        reading.give_up_all();
        self.fold();
        let batch = self.batch();
        let totals = self.totals();
        (batch, totals)
    }

    /// The totals so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut counters = self.gathered.counters.clone();
        for (name, count) in [
            ("mirror duplicates", self.mirrored),
            ("routed copies", self.routed),
            ("fragments", self.fragments),
            ("unreadable frames", self.unreadable),
            ("frames without address", self.empty),
        ] {
            counters.add(name, count);
        }
        for (name, count) in self.turn.counts() {
            counters.add(name, count);
        }
        let mut counters = counters.into_map();
        counters.extend(self.dissector.counters());
        let times = (self.frames > 0).then_some((Time(self.first), Time(self.last)));
        Totals {
            frames: self.frames,
            octets: self.octets,
            first: times.map(|(first, _)| first),
            last: times.map(|(_, last)| last),
            counters,
        }
    }

    fn fold(&mut self) {
        for flow in self.flows.dirty() {
            self.gathered.fold(flow);
        }
    }
}

/// What is known of a frame to come.
#[derive(Clone, std::marker::Copy, Debug)]
struct Foreseen {
    glimpse: Glimpse,
    /// The flow that it probably belongs to.
    at: Option<u32>,
}

/// What became of a packet.
#[derive(Clone, std::marker::Copy, Debug, PartialEq, Eq)]
enum Read {
    Counted,
    Copy(Copy),
    Fragment,
    NoAddress,
}

/// The parts of the pipeline that read a packet, borrowed apart from the dissector that holds it.
struct Reading<'p> {
    ports: &'p Ports,
    flows: &'p mut Flows,
    gathered: &'p mut Gathered,
    kept: &'p mut Kept,
    turn: &'p mut Turn,
}

impl Reading<'_> {
    fn packet(&mut self, frame: &RawFrame<'_>, packet: &Packet<'_>, foreseen: Option<Foreseen>) -> Read {
        let mac = Interface::of(packet.macs.map(|[source, _]| source));
        for outer in packet.outer {
            self.outer(frame, outer);
        }
        let Some((key, side)) = FlowKey::of(packet, self.ports) else { return Read::NoAddress };
        if let Some(problem) = packet.problem.filter(|problem| !problem.is_cut()) {
            let station = source(packet).map(|source| Station::root(source, packet.vlan));
            self.gathered.malformed(row(frame, station, problem));
        }
        let hop_limit = match packet.network {
            Network::Ip { hop_limit, .. } => hop_limit,
            Network::None => 0,
        };
        if let Layer::Fragment { .. } = packet.layer {
            if let Some(ends) = Ends::of(packet, self.ports) {
                self.count(frame, &ends, mac, packet.vlan, hop_limit);
            }
            return Read::Fragment;
        }
        let guess = foreseen.and_then(|foreseen| foreseen.at);
        let seen =
            Seen { print: mark::print(packet), hop_limit, nanos: frame.time.0, vlan: packet.vlan, mac };
        let at = match self.flows.find(&key, side, &seen, guess) {
            Some(found) if found.copy == Copy::No => found.at,
            Some(found) => {
                if found.copy == Copy::Routed
                    && let Some(source) = source(packet)
                {
                    self.passed(frame, packet.vlan, mac, source, hop_limit);
                }
                return Read::Copy(found.copy);
            }
            None => self.open(&key, side, frame.time.0),
        };
        if let Some(foreseen) = foreseen
            && guess != Some(at)
        {
            self.flows.remember(foreseen.glimpse, at);
        }
        let Some(flow) = self.flows.get(at) else { return Read::NoAddress };
        sent(self.gathered, flow, side, frame, &seen);
        let mut is_cut = false;
        if let Layer::Tcp(tcp) = packet.layer {
            is_cut = tcp.header_cut;
            self.turn.opening(flow, side, tcp);
        }
        if !packet.payload.octets().is_empty() && !is_cut {
            let hands = Hands { gathered: self.gathered, kept: self.kept };
            self.turn.payload(self.ports, hands, flow, side, frame, packet);
        }
        Read::Counted
    }

    /// Counts the sender of a header that was taken off: an end of a tunnel or mirror session.
    fn outer(&mut self, frame: &RawFrame<'_>, outer: &Outer) {
        let interface = Interface::of(outer.macs.map(|[source, _]| source));
        let mac = interface.mac();
        let (source, destination, hop_limit) = match outer.network {
            Network::Ip { source, destination, hop_limit, .. } => {
                (Some(Address::Ip(source)), Some(Address::Ip(destination)), hop_limit)
            }
            Network::None => (mac.map(Address::Mac), None, 0),
        };
        let Some(source) = source else { return };
        if let Some(destination) = destination {
            let ends = Ends {
                source,
                destination,
                source_port: 0,
                destination_port: 0,
                transport: Transport::Ip,
                number: TUNNEL,
                share: 0,
            };
            self.count(frame, &ends, interface, outer.vlan, hop_limit);
        } else {
            let sighting = Sighting::once(frame.time);
            self.gathered.sent(
                interface,
                outer.vlan,
                source,
                sighting,
                frame.original_length.into(),
                (hop_limit, hop_limit),
            );
        }
    }

    /// Counts a packet whose payload is read elsewhere or not at all.
    fn count(&mut self, frame: &RawFrame<'_>, ends: &Ends, mac: Interface, vlan: Option<u16>, hop_limit: u8) {
        let (key, side) = ends.key();
        // Not one of the packets that copies are told by: its fingerprint is its number.
        #[expect(clippy::cast_possible_truncation, reason = "a fingerprint")]
        let seen = Seen { print: frame.number as u32, hop_limit, nanos: frame.time.0, vlan, mac };
        let at = match self.flows.find(&key, side, &seen, None) {
            Some(found) => found.at,
            None => self.open(&key, side, frame.time.0),
        };
        if let Some(flow) = self.flows.get(at) {
            sent(self.gathered, flow, side, frame, &seen);
        }
    }

    /// A new flow; one that had to go for it is folded.
    fn open(&mut self, key: &FlowKey, side: usize, now: i64) -> u32 {
        if let Some(gone) = self.flows.make_room(now)
            && let Some(flow) = self.flows.get(gone.at)
        {
            self.turn.gone(Hands { gathered: self.gathered, kept: self.kept }, flow, gone.was_over);
        }
        let at = self.flows.insert(*key, side);
        if let Some(flow) = self.flows.get(at) {
            orient_by_port(flow, self.ports);
        }
        at
    }

    /// Counts a packet seen before on the other side of a router: its MAC sent a frame, its IP address did not send another.
    fn passed(
        &mut self,
        frame: &RawFrame<'_>,
        vlan: Option<u16>,
        mac: Interface,
        source: Address,
        hop_limit: u8,
    ) {
        let Some(mac) = mac.mac() else { return };
        let sighting = Sighting::once(frame.time);
        self.gathered.presence(mac.into(), vlan, sighting, frame.original_length.into());
        if source.is_unicast() && source != Address::Mac(mac) {
            self.gathered.binding(mac, source, vlan, sighting, (hop_limit, hop_limit));
        }
    }

    /// Reads everything that still waits.
    fn give_up_all(&mut self) {
        if !self.turn.is_waiting() {
            return;
        }
        let mut hands = Hands { gathered: self.gathered, kept: self.kept };
        for flow in self.flows.all() {
            self.turn.give_up(&mut hands, flow);
        }
    }
}

/// Who sent a packet.
fn source(packet: &Packet<'_>) -> Option<Address> {
    match packet.network {
        Network::Ip { source, .. } => Some(Address::Ip(source)),
        Network::None => packet.macs.map(|[source, _]| Address::Mac(source)),
    }
}

/// The nanoseconds of the UTC day of a time.
fn nanos_of(time: Time) -> RangeInclusive<i64> {
    let start = i64::from(time.day().0).saturating_mul(NANOS_PER_DAY);
    start..=start.saturating_add(NANOS_PER_DAY - 1)
}

/// Counts a frame for the side of a flow that sent it.
fn sent(gathered: &mut Gathered, flow: &mut Flow, side: usize, frame: &RawFrame<'_>, seen: &Seen) {
    let (own, _) = flow.pair(side);
    if own.mac != seen.mac || own.vlan != seen.vlan || !own.seen || own.frames == u32::MAX {
        if own.frames > 0 {
            gathered.fold(flow);
        }
        let (own, _) = flow.pair(side);
        (own.seen, own.mac, own.vlan) = (true, seen.mac, seen.vlan);
    }
    let (own, _) = flow.pair(side);
    own.count(frame.original_length, frame.time.0, seen.hop_limit);
    own.marks.remember(seen.print, seen.hop_limit, frame.time.0);
    let are_few = own.marks.are_few();
    flow.is_exchange &= are_few;
    flow.touch(frame.time.0);
}

/// Who is the client, by port number alone: the side without a registered port, else the one with the higher port if
/// only that one is of the dynamic range (RFC 6335 section 6; many systems start theirs at 1024 or 32768).
fn orient_by_port(flow: &mut Flow, ports: &Ports) {
    let transport = flow.transport();
    if !matches!(transport, Transport::Tcp | Transport::Udp) {
        return;
    }
    let [low, high] = [flow.port(0), flow.port(1)];
    let registered = [low, high].map(|port| !ports.at(transport, port).is_empty());
    match registered {
        [true, false] => flow.orient(1, Orientation::Port),
        [false, true] => flow.orient(0, Orientation::Port),
        _ if low < 1024 && high >= 1024 => flow.orient(1, Orientation::Port),
        _ if high < 1024 && low >= 1024 => flow.orient(0, Orientation::Port),
        _ if low < 32_768 && high >= 32_768 => flow.orient(1, Orientation::Port),
        _ if high < 32_768 && low >= 32_768 => flow.orient(0, Orientation::Port),
        _ => {}
    }
}

/// A frame that is not of the prescribed shape below the protocols.
fn row(frame: &RawFrame<'_>, station: Option<Station>, problem: &Unreadable) -> MalformedMessage {
    let (protocol, problem) = (problem.layer().into(), problem.to_string());
    MalformedMessage { protocol, frame: frame.number, time: frame.time, station, problem }
}
