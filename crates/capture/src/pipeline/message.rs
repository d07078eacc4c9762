//! One message: handed to its decoder, and what the decoder says taken into rows.

use std::hash::BuildHasher;

use observation::{End, MalformedMessage, Octets, OperationKind, Sighting, Time, Transport};
use protocols::{Context, Malformed, Operation, Output, Problem};

use super::desk::Desk;
use super::evidence::AtHand;
use super::flow::{Flow, Orientation};
use crate::limits::FACTS_MAX;

impl Desk<'_, '_> {
    /// One whole message, or what the capture left of one.
    pub(crate) fn message<'m>(&mut self, message: &Octets<'m>, at_hand: &AtHand<'_>) {
        self.turn.messages = self.turn.messages.saturating_add(1);
        self.reader.is_heard = true;
        if message.is_cut() {
            self.turn.cut_messages = self.turn.cut_messages.saturating_add(1);
        }
        // Who takes over reads the same message again, which stays one message.
        while self.is_handed_over(message, at_hand) {}
    }

    /// Has the message read. True if another protocol takes over with it.
    fn is_handed_over<'m>(&mut self, message: &Octets<'m>, at_hand: &AtHand<'_>) -> bool {
        let context = context(self.flow, self.side, at_hand.frame.time);
        let room = self.turn.room.take().unwrap_or_default();
        let mut known = self.hands.gathered.known.take();
        if let Some(known) = &mut known {
            known.begin(self.reader.protocol.name);
        }
        let mut output: Output<'m> = Output::in_room_of(room, known);
        if let Err(malformed) = self.reader.session.message(&context, *message, &mut output) {
            self.note_unless_cut(message, at_hand, &malformed);
        }
        self.hands.gathered.known = output.take_known();
        if !output.is_empty() {
            self.take(message, at_hand, &mut output);
        }
        let (hand_over, finished) = (output.hand_over, output.finished);
        self.turn.room = Some(output.into_room());
        let is_handed_over = hand_over && self.reader.hand_over(message.bytes, self.flow.transport());
        self.reader.finished |= finished && !is_handed_over;
        is_handed_over
    }

    /// Takes what a decoder said. Most messages only ask for what was asked for before.
    fn take(&mut self, message: &Octets<'_>, at_hand: &AtHand<'_>, output: &mut Output<'_>) {
        let is_said = output.is_said();
        if is_said {
            self.take_ends(message, at_hand, output);
        }
        for operation in &output.operations {
            match self.reader.count(operation, at_hand.frame.time) {
                Some(false) => {}
                Some(true) => self.show(operation, at_hand),
                None => self.turn.operation_names = self.turn.operation_names.saturating_add(1),
            }
        }
        if is_said {
            self.take_statements(message, at_hand, output);
        }
    }

    /// Takes what goes before the operations: which end is which, what the conversation carries, what must not be stored.
    fn take_ends(&mut self, message: &Octets<'_>, at_hand: &AtHand<'_>, output: &Output<'_>) {
        let says = [(output.server_seems, Orientation::Port), (output.server_is, Orientation::Proved)];
        for (server, by) in says {
            let client = match server {
                None => continue,
                Some(End::Server) => self.flow.client(),
                Some(End::Client) => self.flow.server(),
            };
            self.flow.orient(client, by);
        }
        self.turn.decoder_entries = self.turn.decoder_entries.saturating_add(output.dropped.into());
        if output.carries.is_some() {
            self.reader.carries = output.carries;
        }
        for secret in &output.secrets {
            self.hands.kept.secret(secret, &mut self.hands.gathered.counters);
        }
        if output.hold {
            self.hands.kept.hold(&message.evidence().ranges, at_hand, &mut self.hands.gathered.counters);
        }
    }

    /// Takes what is said of stations.
    fn take_statements(&mut self, message: &Octets<'_>, at_hand: &AtHand<'_>, output: &mut Output<'_>) {
        let time = at_hand.frame.time;
        let name = self.reader.protocol.name;
        for fact in &output.again {
            self.hands.gathered.again(*fact, time);
        }
        if output.only_repeats() {
            return;
        }
        if !output.spoke.is_empty() {
            for spoke in output.spoke.drain(..) {
                self.hands.gathered.spoke(spoke.station, Sighting::once(time), message.len() as u64);
            }
        }
        for mentioned in &output.mentioned {
            if self.hands.gathered.mention(mentioned.protocol.unwrap_or(name), mentioned, time) {
                self.hands.kept.keep(&mentioned.evidence, at_hand, &mut self.hands.gathered.counters);
            }
        }
        for fact in &output.facts {
            if self.hands.gathered.fact(fact.protocol.unwrap_or(name), fact, time) {
                self.hands.kept.keep(&fact.evidence, at_hand, &mut self.hands.gathered.counters);
            }
        }
        for malformed in &output.malformed {
            self.note_unless_cut(message, at_hand, malformed);
        }
    }

    /// Keeps the frame of the first operation of a name between two stations, if it changes something.
    #[cold]
    fn show(&mut self, operation: &Operation<'_>, at_hand: &AtHand<'_>) {
        if !matches!(operation.kind, OperationKind::Write | OperationKind::Program | OperationKind::Control) {
            return;
        }
        if self.turn.shown.len() >= FACTS_MAX {
            self.turn.shown.clear();
        }
        let [client, server] = [self.flow.client(), self.flow.server()].map(|side| self.flow.address(side));
        let print = self.turn.hasher.hash_one((client, server, operation.kind, operation.name));
        if self.turn.shown.insert(print) {
            self.hands.kept.keep(&operation.octets.evidence(), at_hand, &mut self.hands.gathered.counters);
        }
    }

    /// Counts and keeps a malformed message. That octets are missing behind a cut of the capture is not the sender's
    /// fault, and is counted as such.
    fn note_unless_cut(&mut self, message: &Octets<'_>, at_hand: &AtHand<'_>, malformed: &Malformed) {
        if !(message.is_cut() && matches!(malformed.problem, Problem::Truncated { .. })) {
            self.note(at_hand, malformed);
        }
    }

    /// Counts and keeps a malformed message.
    pub(crate) fn note(&mut self, at_hand: &AtHand<'_>, malformed: &Malformed) {
        let time = at_hand.frame.time;
        self.hands.gathered.malformed(MalformedMessage {
            protocol: self.reader.protocol.name.into(),
            frame: at_hand.frame.number,
            time,
            station: Some(context(self.flow, self.side, time).source()),
            problem: malformed.to_string(),
        });
    }
}

#[inline]
fn context(flow: &Flow, side: usize, time: Time) -> Context {
    let from = flow.end(side);
    let [low, high] = &flow.sides;
    let ([low_address, high_address], [low_port, high_port]) = (flow.addresses(), flow.ports());
    let (own, source, source_port, other, destination, other_port) = if side == 0 {
        (low, low_address, low_port, high, high_address, high_port)
    } else {
        (high, high_address, high_port, low, low_address, low_port)
    };
    let transport = flow.transport();
    let destination_port = match transport {
        Transport::Ethernet | Transport::Ip => flow.number(),
        _ => other_port,
    };
    Context {
        source,
        destination,
        vlan: own.vlan,
        destination_vlan: if other.seen { other.vlan } else { own.vlan },
        transport,
        source_port,
        destination_port,
        from,
        time,
    }
}
