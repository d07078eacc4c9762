//! Whose turn it is: the state of reading payloads over all flows.

use std::collections::HashSet;

use foldhash::fast::RandomState;
use observation::Transport;
use protocols::{Frame, Room};

use super::desk::Desk;
use super::evidence::Kept;
use super::flow::{Flow, Orientation};
use super::gather::Gathered;
use super::reader::{Ports, Reader, Recognition};
use super::stream::Direction;
use crate::frame::RawFrame;
use crate::limits::{FOREIGN_PAYLOADS_MAX, STREAMS_OCTETS_MAX};
use crate::packet::{Layer, Packet, Tcp};

/// State and counts of reading payloads.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// Room for what a message tells, used again for every message.
    pub(crate) room: Option<Room>,
    /// Octets waiting in all streams.
    waiting: usize,
    /// Operations whose frame was kept, by conversation and name.
    pub(crate) shown: HashSet<u64, RandomState>,
    pub(crate) hasher: RandomState,
    pub(crate) messages: u64,
    pub(crate) retransmitted: u64,
    pub(crate) out_of_order: u64,
    pub(crate) gaps: u64,
    pub(crate) dropped_octets: u64,
    pub(crate) skipped_octets: u64,
    evicted: u64,
    pub(crate) operation_names: u64,
    pub(crate) cut_messages: u64,
    pub(crate) decoder_entries: u64,
}

/// Where rows and frames go.
pub(crate) struct Hands<'h> {
    pub(crate) gathered: &'h mut Gathered,
    pub(crate) kept: &'h mut Kept,
}

impl Turn {
    /// Counts, by name.
    pub(crate) fn counts(&self) -> [(&'static str, u64); 10] {
        [
            ("messages", self.messages),
            ("retransmitted segments", self.retransmitted),
            ("segments out of order", self.out_of_order),
            ("stream gaps", self.gaps),
            ("stream octets dropped", self.dropped_octets),
            ("stream octets skipped", self.skipped_octets),
            ("flows evicted", self.evicted),
            ("operation names dropped", self.operation_names),
            ("messages cut by the capture", self.cut_messages),
            ("decoder entries dropped", self.decoder_entries),
        ]
    }

    /// True if octets of any stream wait to be read.
    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting > 0
    }

    /// Notes who opens a TCP connection, and begins anew where the ports are used again.
    pub(crate) fn opening(&mut self, flow: &mut Flow, side: usize, tcp: Tcp) {
        if !tcp.syn {
            return;
        }
        let other = 1_usize.saturating_sub(side);
        flow.orient(if tcp.ack { other } else { side }, Orientation::Opened);
        let (own, _) = flow.pair(side);
        if own.syn() == Some(tcp.sequence) {
            return;
        }
        let again = own.replace_syn(tcp.sequence).is_some();
        if again && !tcp.ack {
            flow.opened = flow.opened.saturating_add(1);
            // A new connection on the same ports may be for something else; what was counted stays.
            if let Some(old) = flow.reader.take() {
                self.lose(&old);
                let mut reader = Reader::new(old.protocol);
                reader.operations = old.operations;
                flow.reader = Some(reader);
            } else {
                flow.recognition = Recognition::New;
            }
        }
        if let Some(reader) = &mut flow.reader
            && let Some(direction) = reader.directions.get_mut(side)
            && !direction.is_opened_at(tcp.sequence)
        {
            self.waiting = self.waiting.saturating_sub(direction.octets());
            self.dropped_octets = self.dropped_octets.saturating_add(direction.unread() as u64);
            direction.open(tcp.sequence);
        }
    }

    /// Reads the payload of a packet.
    pub(crate) fn payload(
        &mut self,
        ports: &Ports,
        mut hands: Hands<'_>,
        flow: &mut Flow,
        side: usize,
        frame: &RawFrame<'_>,
        packet: &Packet<'_>,
    ) {
        if !matches!(packet.layer, Layer::Tcp(_)) && self.is_repeated(flow, side, frame, packet) {
            return;
        }
        if flow.reader.is_none() && !recognise(ports, flow, side, packet.payload.octets()) {
            return;
        }
        let Some(mut reader) = flow.reader.take_if(|reader| !reader.finished) else { return };
        let before = if flow.transport() == Transport::Tcp { reader.octets() } else { 0 };
        let mut desk = Desk { turn: self, hands: &mut hands, flow, reader: &mut reader, side };
        match packet.layer {
            Layer::Tcp(tcp) => desk.segment(frame, packet, tcp),
            _ => desk.datagram(frame, packet),
        }
        if reader.finished {
            reader.directions = [Direction::default(), Direction::default()];
        }
        if flow.transport() == Transport::Tcp {
            let after = reader.octets();
            self.waiting = self.waiting.saturating_sub(before).saturating_add(after);
            if self.waiting > STREAMS_OCTETS_MAX && after > 0 {
                self.drop_waiting(flow, &mut reader);
            }
        }
        if !reader.is_heard && reader.foreign >= FOREIGN_PAYLOADS_MAX {
            // The port promised a protocol that the content never showed.
            self.lose(&reader);
            flow.recognition = Recognition::GivenUp;
            return;
        }
        flow.reader = Some(reader);
    }

    /// True if a datagram is one message that amounts to no more than a count, which is taken then: most frames of cyclic
    /// data.
    fn is_repeated(
        &mut self,
        flow: &mut Flow,
        side: usize,
        frame: &RawFrame<'_>,
        packet: &Packet<'_>,
    ) -> bool {
        let (octets, from, transport) = (packet.payload.octets(), flow.end(side), flow.transport());
        let Some(reader) = flow.reader.as_deref_mut().filter(|reader| reader.is_heard && !reader.finished)
        else {
            return false;
        };
        let is_repeated = packet.payload_missing == 0
            && (reader.protocol.frame)(octets, transport) == Frame::Message(octets.len())
            && reader.is_repeated(from, transport, octets, frame.time);
        if is_repeated {
            self.messages = self.messages.saturating_add(1);
            reader.foreign = 0;
        }
        is_repeated
    }

    /// Reads what waits in a flow that made room for another and folds it.
    pub(crate) fn gone(&mut self, mut hands: Hands<'_>, flow: &mut Flow, was_over: bool) {
        self.evicted = self.evicted.saturating_add((!was_over).into());
        self.give_up(&mut hands, flow);
        if flow.dirty {
            hands.gathered.fold(flow);
        }
    }

    /// Reads segments that wait for others that will not come.
    pub(crate) fn give_up(&mut self, hands: &mut Hands<'_>, flow: &mut Flow) {
        let Some(mut reader) = flow.reader.take() else { return };
        let before = reader.octets();
        if before > 0 {
            for side in 0..2 {
                Desk { turn: self, hands, flow, reader: &mut reader, side }.due(true);
                if let Some(direction) = reader.directions.get_mut(side) {
                    self.dropped_octets =
                        self.dropped_octets.saturating_add(direction.forget_partial() as u64);
                }
            }
            self.waiting = self.waiting.saturating_sub(before);
            // What was read only now is counted too, though no frame came since the last batch.
            flow.dirty = true;
        }
        flow.reader = Some(reader);
    }

    /// What waits in both directions is dropped.
    fn lose(&mut self, reader: &Reader) {
        self.waiting = self.waiting.saturating_sub(reader.octets());
        self.dropped_octets = self.dropped_octets.saturating_add(reader.unread_octets() as u64);
    }

    fn drop_waiting(&mut self, flow: &Flow, reader: &mut Reader) {
        self.lose(reader);
        for (side, direction) in reader.directions.iter_mut().enumerate() {
            *direction = Direction::default();
            reader.session.gap(flow.end(side));
        }
    }
}

/// Recognises a flow by its payload. True if it can be read.
fn recognise(ports: &Ports, flow: &mut Flow, sender: usize, octets: &[u8]) -> bool {
    let transport = flow.transport();
    let numbers = match transport {
        Transport::Ethernet | Transport::Ip => [flow.number(); 2],
        // The likelier server first.
        _ => [flow.port(flow.server()), flow.port(flow.client())],
    };
    let protocol = match ports.recognise(flow.recognition, transport, numbers, sender, octets) {
        Ok(protocol) => protocol,
        Err(recognition) => {
            flow.recognition = recognition;
            return false;
        }
    };
    flow.recognition = Recognition::Known;
    let mut reader = Reader::new(protocol);
    for (direction, side) in reader.directions.iter_mut().zip(&flow.sides) {
        if let Some(sequence) = side.syn() {
            direction.open(sequence);
        }
    }
    let own = match transport {
        Transport::Tcp => protocol.tcp,
        Transport::Udp => protocol.udp,
        _ => &[],
    };
    let are_own = [0, 1].map(|side| own.contains(&flow.port(side)));
    match are_own {
        [true, false] => flow.orient(1, Orientation::Port),
        [false, true] => flow.orient(0, Orientation::Port),
        _ => {}
    }
    // Between two ports of the protocol, and over TCP, one conversation lasts.
    flow.is_exchange = transport == Transport::Udp
        && are_own[0] != are_own[1]
        && reader.session.stands_alone()
        && flow.sides.iter().all(|side| side.marks.are_few());
    flow.reader = Some(reader);
    true
}
