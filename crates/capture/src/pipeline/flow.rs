//! One flow: what is counted of both sides until it is folded into rows.
//!
//! A *flow* is a pair of address and port; it exists only here. Flows of one protocol between two stations are one
//! conversation.

use observation::{Address, End, Transport};

use super::key::{FlowKey, Interface};
use super::mark::{Copy, Marks};
use super::reader::{Reader, Recognition};
use crate::limits::{EXCHANGE_OVER_NANOS, UNDECIDED_BATCHES_MAX};

/// Ends of a chain.
pub(super) const NONE: u32 = u32::MAX;

/// What one side sent since it was last folded, in 88 octets. Its address and port stand in the key of the flow.
#[derive(Clone, std::marker::Copy, Debug)]
#[repr(C)]
pub(crate) struct Side {
    pub(crate) marks: Marks,
    pub(crate) mac: Interface,
    pub(crate) vlan: Option<u16>,
    /// True once it sent a frame.
    pub(crate) seen: bool,
    /// True if it sent a SYN.
    has_syn: bool,
    pub(crate) hop_limit: (u8, u8),
    pub(crate) octets: u64,
    pub(crate) first: i64,
    pub(crate) last: i64,
    /// Folded before it is full.
    pub(crate) frames: u32,
    /// Sequence number of its SYN.
    pub(super) syn: u32,
}

impl Side {
    fn new() -> Self {
        Self {
            marks: Marks::default(),
            mac: Interface::default(),
            vlan: None,
            seen: false,
            has_syn: false,
            hop_limit: (u8::MAX, 0),
            octets: 0,
            first: i64::MAX,
            last: i64::MIN,
            frames: 0,
            syn: 0,
        }
    }

    /// Sequence number of its SYN.
    pub(crate) fn syn(&self) -> Option<u32> {
        self.has_syn.then_some(self.syn)
    }

    /// Notes its SYN and gives the one before.
    pub(crate) fn replace_syn(&mut self, sequence: u32) -> Option<u32> {
        let before = self.syn();
        (self.has_syn, self.syn) = (true, sequence);
        before
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

/// One flow. What every packet needs besides its side stands in the first line of the processor's cache, then the sides,
/// then what few packets need: a packet touches three lines.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Flow {
    pub(super) key: FlowKey,
    pub(super) last: i64,
    pub(crate) reader: Option<Box<Reader>>,
    pub(super) next: u32,
    pub(super) place: Place,
    /// True if something is counted that is not folded.
    pub(crate) dirty: bool,
    /// True if this may be no more than a question to a port of its protocol and the answer: a few datagrams, each of which
    /// stands alone.
    pub(crate) is_exchange: bool,
    /// Which side asks.
    client: u8,
    pub(crate) sides: [Side; 2],
    pub(crate) recognition: Recognition,
    /// Transport conversations opened since the last fold.
    pub(crate) opened: u32,
    pub(crate) orientation: Orientation,
    /// Batches that what is counted has waited for a name.
    waited: u8,
}

/// Where a flow stands among those of its key.
#[derive(Clone, std::marker::Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It is the first.
    Head,
    /// It is behind another.
    Behind,
    /// It is gone, and another may have its place.
    Free,
}

/// Octets of a line of the processor's cache, on nearly all of them.
pub(super) const LINE: usize = 64;

impl Flow {
    /// A flow whose first packet a side sent.
    pub(super) fn new(key: FlowKey, side: usize) -> Self {
        Self {
            key,
            last: i64::MIN,
            reader: None,
            next: NONE,
            place: Place::Head,
            dirty: false,
            is_exchange: false,
            client: u8::from(side != 0),
            sides: [Side::new(); 2],
            recognition: Recognition::New,
            opened: 1,
            orientation: Orientation::Spoke,
            waited: 0,
        }
    }

    /// Addresses of both sides.
    #[inline]
    pub(crate) fn addresses(&self) -> [Address; 2] {
        self.key.addresses()
    }

    /// Address of a side.
    pub(crate) fn address(&self, side: usize) -> Address {
        let [low, high] = self.key.addresses();
        if side == 0 { low } else { high }
    }

    /// Ports of both sides; 0 where there are none.
    #[inline]
    pub(crate) fn ports(&self) -> [u16; 2] {
        self.key.ports()
    }

    /// Port of a side; 0 where there are none.
    #[inline]
    pub(crate) fn port(&self, side: usize) -> u16 {
        let [low, high] = self.key.ports();
        if side == 0 { low } else { high }
    }

    /// What carries it.
    pub(crate) fn transport(&self) -> Transport {
        self.key.transport()
    }

    /// EtherType or IP protocol number; 0 for TCP and UDP.
    pub(crate) fn number(&self) -> u16 {
        self.key.number()
    }

    /// The side that asks.
    pub(crate) fn client(&self) -> usize {
        self.client.into()
    }

    /// The side that answers.
    pub(crate) fn server(&self) -> usize {
        usize::from(self.client == 0)
    }

    /// The side that sends (`index` as given by [`Ends::key`](super::key::Ends::key)) and the other.
    pub(crate) fn pair(&mut self, index: usize) -> (&mut Side, &mut Side) {
        let [low, high] = &mut self.sides;
        if index == 0 { (low, high) } else { (high, low) }
    }

    /// Which side an end is.
    pub(crate) fn index(&self, end: End) -> usize {
        match end {
            End::Client => self.client(),
            End::Server => self.server(),
        }
    }

    /// The side of an end.
    pub(crate) fn side(&self, end: End) -> &Side {
        let [low, high] = &self.sides;
        if self.index(end) == 0 { low } else { high }
    }

    /// True if a side sent a frame.
    pub(super) fn has_sent(&self, side: usize) -> bool {
        let [low, high] = &self.sides;
        if side == 0 { low.seen } else { high.seen }
    }

    /// How a packet with this flow's key, sent by a side, relates to it.
    #[inline]
    pub(super) fn fit(&self, side: usize, seen: &Seen) -> Fit {
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
        if index == self.client() { End::Client } else { End::Server }
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

    /// True if this was a short exchange, and surely nothing follows.
    pub(super) fn is_over(&self, now: i64) -> bool {
        self.is_exchange && self.place != Place::Free && now.saturating_sub(self.last) > EXCHANGE_OVER_NANOS
    }

    /// Says that a side is the client, if that is known better than before.
    pub(crate) fn orient(&mut self, client: usize, by: Orientation) {
        if by > self.orientation || (by == self.orientation && by == Orientation::Opened) {
            self.client = u8::from(client != 0);
            self.orientation = by;
        }
    }
}

/// How a packet relates to a flow of its key.
#[derive(Clone, std::marker::Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
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
    use super::super::key::Ends;

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

    #[test]
    fn a_flow_takes_four_lines_of_cache() {
        assert_eq!(std::mem::offset_of!(Flow, sides), LINE);
        assert_eq!(size_of::<Side>(), 88);
        assert_eq!(size_of::<Flow>(), 4 * LINE);
    }

    #[test]
    fn a_flow_knows_its_ends() {
        for (source, destination) in
            [("10.0.0.9", "10.0.0.2"), ("02:00:00:00:00:09", "02:00:00:00:00:02"), ("fe80::9", "fe80::2")]
        {
            let ends = ends(source, 5000, destination, 502);
            let (key, side) = ends.key();
            let flow = Flow::new(key, side);
            let (client, server) = (flow.client(), flow.server());
            assert_eq!([flow.address(client), flow.address(server)], [ends.source, ends.destination]);
            assert_eq!([flow.port(client), flow.port(server)], [5000, 502]);
            assert_eq!((flow.transport(), flow.number()), (Transport::Tcp, 0));
        }
        for (transport, number) in [(Transport::Udp, 0), (Transport::Ethernet, 0x88b8), (Transport::Ip, 47)] {
            let (key, side) =
                Ends { transport, number, share: 63, ..ends("10.0.0.9", 0, "10.0.0.2", 0) }.key();
            let flow = Flow::new(key, side);
            assert_eq!((flow.transport(), flow.number()), (transport, number));
        }
    }
}
