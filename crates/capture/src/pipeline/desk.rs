//! One payload on the desk: streams put in order, messages delimited.

use observation::{Octets, Piece, Transport};
use protocols::{Frame, Malformed, Problem};

use super::evidence::AtHand;
use super::flow::Flow;
use super::reader::Reader;
use super::stream::{Due, Place, copy};
use super::turn::{Hands, Turn};
use crate::frame::RawFrame;
use crate::limits::STREAM_OCTETS_MAX;
use crate::packet::{Packet, Payload, Segment, Tcp};

/// A flow being read, and which side sent what is read.
pub(crate) struct Desk<'d, 'h> {
    pub(crate) turn: &'d mut Turn,
    pub(crate) hands: &'d mut Hands<'h>,
    pub(crate) flow: &'d mut Flow,
    pub(crate) reader: &'d mut Reader,
    pub(crate) side: usize,
}

impl Desk<'_, '_> {
    /// One TCP segment.
    pub(crate) fn segment(&mut self, frame: &RawFrame<'_>, packet: &Packet<'_>, tcp: Tcp) {
        let other = 1_usize.saturating_sub(self.side);
        if tcp.ack
            && self
                .reader
                .directions
                .get(other)
                .is_some_and(|peer| peer.is_lost(tcp.acknowledgment, frame.time.0))
        {
            let own = std::mem::replace(&mut self.side, other);
            self.due(true);
            self.side = own;
        }
        let sequence = if tcp.syn { tcp.sequence.wrapping_add(1) } else { tcp.sequence };
        let length = packet.payload.octets().len();
        let mut place = self.place(sequence, length, packet.payload_missing);
        if place == Place::Gap {
            self.due(true);
            place = self.place(sequence, length, packet.payload_missing);
        }
        if place == Place::Gap {
            self.turn.gaps = self.turn.gaps.saturating_add(1);
            if let Some(direction) = self.reader.directions.get_mut(self.side) {
                self.turn.dropped_octets =
                    self.turn.dropped_octets.saturating_add(direction.restart(sequence) as u64);
            }
            self.reader.session.gap(self.flow.end(self.side));
            place = self.place(sequence, length, packet.payload_missing);
        }
        match place {
            Place::Now(skip) => self.now(frame, packet, skip),
            Place::Old => self.turn.retransmitted = self.turn.retransmitted.saturating_add(1),
            Place::Early => {
                self.turn.out_of_order = self.turn.out_of_order.saturating_add(1);
                match (packet.payload, self.reader.directions.get_mut(self.side)) {
                    (Payload::Frame { offset, .. }, Some(direction)) => {
                        direction.put_aside(sequence, copy(frame), offset, length, frame.time.0);
                    }
                    // Fragmented and out of order at once: given up.
                    _ => self.turn.dropped_octets = self.turn.dropped_octets.saturating_add(length as u64),
                }
            }
            Place::Gap => self.turn.dropped_octets = self.turn.dropped_octets.saturating_add(length as u64),
        }
    }

    fn place(&mut self, sequence: u32, length: usize, missing: u32) -> Place {
        let direction = self.reader.directions.get_mut(self.side);
        direction.map_or(Place::Old, |direction| direction.place(sequence, length, missing))
    }

    /// A segment that is in order from octet `skip` on.
    fn now(&mut self, frame: &RawFrame<'_>, packet: &Packet<'_>, skip: usize) {
        self.turn.retransmitted = self.turn.retransmitted.saturating_add(u64::from(skip > 0));
        let own = [origin(frame, packet)];
        let (octets, earlier) = placed(packet, &own);
        let at_hand = AtHand { frame, earlier: [earlier, &[]] };
        self.stream(if skip == 0 { octets } else { octets.tail(skip) }, &at_hand);
        if packet.payload_missing > 0 {
            self.cut(&at_hand);
        }
        self.due(false);
    }

    /// Reads segments that waited and are in order now; with `give_up` those after a gap too.
    pub(crate) fn due(&mut self, give_up: bool) {
        let mut give_up = give_up;
        loop {
            let Some(direction) = self.reader.directions.get_mut(self.side) else { return };
            let Some(Due { segment, offset, length, after_gap }) = direction.due(give_up) else { return };
            give_up = false;
            if after_gap {
                self.turn.gaps = self.turn.gaps.saturating_add(1);
                self.turn.dropped_octets =
                    self.turn.dropped_octets.saturating_add(direction.forget_partial() as u64);
                self.reader.session.gap(self.flow.end(self.side));
            }
            let Segment { frame: number, time, link_type, original_length, octets } = &segment;
            let frame = RawFrame {
                number: *number,
                time: *time,
                link_type: *link_type,
                original_length: *original_length,
                octets,
            };
            let from = offset as usize;
            let bytes = octets.get(from..from.saturating_add(length)).unwrap_or_default();
            let pieces = [Piece { at: 0, frame: *number, offset }];
            self.stream(Octets::new(bytes, &pieces), &AtHand { frame: &frame, earlier: [&[], &[]] });
        }
    }

    /// Octets of a stream, in order.
    fn stream(&mut self, octets: Octets<'_>, at_hand: &AtHand<'_>) {
        let Some(direction) = self.reader.directions.get_mut(self.side) else { return };
        if direction.held.is_none() {
            let consumed = self.messages_in(octets, at_hand);
            if consumed < octets.len()
                && let Some(direction) = self.reader.directions.get_mut(self.side)
            {
                direction.hold_back(octets.tail(consumed), at_hand);
            }
            return;
        }
        direction.hold_back(octets, at_hand);
        let Some(held) = direction.held.take() else { return };
        let at_hand = AtHand { frame: at_hand.frame, earlier: [&held.frames, at_hand.earlier[0]] };
        let consumed = self.messages_in(held.octets(), &at_hand);
        if let Some(direction) = self.reader.directions.get_mut(self.side) {
            direction.keep(held, consumed);
        }
    }

    /// Reads every whole message at the start of `octets` and returns how many octets are done with. What is left is
    /// the beginning of a message.
    fn messages_in(&mut self, octets: Octets<'_>, at_hand: &AtHand<'_>) -> usize {
        let (mut at, mut rest) = (0_usize, octets);
        loop {
            if at >= octets.len() || self.reader.finished {
                return octets.len();
            }
            let framed = (self.reader.protocol.frame)(rest.bytes, self.flow.transport());
            let Some(direction) = self.reader.directions.get_mut(self.side) else { return octets.len() };
            match framed {
                Frame::Message(length) if length > 0 && length <= rest.len() => {
                    direction.synchronised = true;
                    self.reader.foreign = 0;
                    // A datagram is its message: where the capture cut the one, it cut the other.
                    if length == rest.len() {
                        self.message(&rest, at_hand);
                        return octets.len();
                    }
                    self.message(&rest.head(length), at_hand);
                    at = at.saturating_add(length);
                    rest = octets.tail(at);
                }
                Frame::Partial(needed) if needed <= STREAM_OCTETS_MAX => return at,
                _ => {
                    // Where no start is known, octets are passed over in silence but for their count.
                    if std::mem::take(&mut direction.synchronised) || self.flow.transport() != Transport::Tcp
                    {
                        self.note(
                            at_hand,
                            &Malformed {
                                what: "start of a message",
                                offset: at,
                                problem: Problem::Unrecognised,
                            },
                        );
                        self.reader.session.gap(self.flow.end(self.side));
                    }
                    self.reader.foreign = self.reader.foreign.saturating_add(1);
                    self.turn.skipped_octets = self.turn.skipped_octets.saturating_add(rest.len() as u64);
                    return octets.len();
                }
            }
        }
    }

    /// The capture cut a segment: what there is of a message is read, and the stream goes on behind it.
    fn cut(&mut self, at_hand: &AtHand<'_>) {
        let Some(direction) = self.reader.directions.get_mut(self.side) else { return };
        let held = direction.held.take();
        direction.forget_partial();
        if let Some(held) = held {
            let at_hand = AtHand { frame: at_hand.frame, earlier: [&held.frames, at_hand.earlier[0]] };
            self.message(&held.octets().cut(), &at_hand);
        }
        self.reader.session.gap(self.flow.end(self.side));
    }

    /// The payload of a datagram or of an Ethernet frame.
    pub(crate) fn datagram(&mut self, frame: &RawFrame<'_>, packet: &Packet<'_>) {
        let own = [origin(frame, packet)];
        let (octets, earlier) = placed(packet, &own);
        let octets = if packet.payload_missing > 0 { octets.cut() } else { octets };
        let at_hand = AtHand { frame, earlier: [earlier, &[]] };
        let consumed = self.messages_in(octets, &at_hand);
        if consumed >= octets.len() {
            return;
        }
        let rest = octets.tail(consumed);
        if packet.payload_missing > 0 {
            self.message(&rest, &at_hand);
            return;
        }
        let missing = match (self.reader.protocol.frame)(rest.bytes, self.flow.transport()) {
            Frame::Partial(needed) => needed.saturating_sub(rest.len()),
            _ => 0,
        };
        self.note(
            &at_hand,
            &Malformed { what: "datagram", offset: consumed, problem: Problem::Truncated { missing } },
        );
    }
}

/// Where a payload starts in the frame at hand.
fn origin(frame: &RawFrame<'_>, packet: &Packet<'_>) -> Piece {
    let offset = match packet.payload {
        Payload::Frame { offset, .. } => offset,
        Payload::Reassembled { .. } => 0,
    };
    Piece { at: 0, frame: frame.number, offset }
}

/// The payload with its origin, and copies of the earlier frames that it was put together from.
fn placed<'p>(packet: &Packet<'p>, own: &'p [Piece]) -> (Octets<'p>, &'p [Segment]) {
    match packet.payload {
        Payload::Frame { octets, .. } => (Octets::new(octets, own), &[]),
        Payload::Reassembled { octets, pieces, frames } => (Octets::new(octets, pieces), frames),
    }
}
