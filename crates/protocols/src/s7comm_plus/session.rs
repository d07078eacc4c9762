//! One conversation: puts fragments together, tells client from server, and reads messages.
//!
//! Requests are remembered only where the answer alone does not say what it is ([`ASKED_MAX`]).

use std::mem;

use observation::{Basis, End, Octets};

use super::observe;
use super::rules;
use super::wire::{self, Message, Opcode, Pdu};
use crate::cotp::{Data, Tpdu};
use crate::pending::Pending;
use crate::tsdu::{OCTETS_MAX, Taken, Tsdus};
use crate::{Assembly, Context, Malformed, Output, Problem, Session};

/// Requests for the operating state that wait for their answer.
const ASKED_MAX: usize = 4;
/// Created objects told of per conversation.
const OBJECTS_MAX: u8 = 64;

/// Reads one conversation.
#[derive(Debug)]
pub(super) struct S7Plus {
    /// What the end with the lower address and port has sent in part, and the other one.
    lower: Lane,
    upper: Lane,
    /// Sequence numbers of requests for the operating state.
    asked: Pending<u16, (), ASKED_MAX>,
    /// Names of created objects that may still be told.
    objects: u8,
    /// True once the client and the server were told apart.
    oriented: bool,
    /// True once the conversation went on in TLS.
    encrypted: bool,
}

impl Default for S7Plus {
    fn default() -> Self {
        Self {
            lower: Lane::default(),
            upper: Lane::default(),
            asked: Pending::default(),
            objects: OBJECTS_MAX,
            oriented: false,
            encrypted: false,
        }
    }
}

/// What one end has sent in part.
#[derive(Debug, Default)]
struct Lane {
    /// The last label of this end.
    from: Option<End>,
    tsdus: Tsdus,
    /// Parts of a message that comes in several protocol data units.
    parts: Assembly,
    /// True while the rest of a message that is too long passes by.
    passing: bool,
}

impl Session for S7Plus {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        self.lane(context).from = Some(context.from);
        let result = match Tpdu::parse(message)? {
            Tpdu::Data(data) => self.data(context, data, output),
            _ => Ok(()),
        };
        output.hold = [&self.lower, &self.upper].iter().any(|lane| lane.waits());
        result
    }

    fn gap(&mut self, from: End) {
        for lane in [&mut self.lower, &mut self.upper] {
            if lane.from == Some(from) {
                *lane = Lane { from: lane.from, ..Lane::default() };
            }
        }
    }
}

impl S7Plus {
    fn data<'m>(
        &mut self,
        context: &Context,
        data: Data<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        if self.is_encrypted(context, &data, output) {
            return Ok(());
        }
        match self.lane(context).tsdus.take(&data)? {
            Taken::Nothing => Ok(()),
            Taken::Whole if data.octets.get(0) != Some(wire::PROTOCOL_ID) => {
                output.hand_over = true;
                Ok(())
            }
            Taken::Whole => self.pdu(context, data.octets, data.at, data.octets, output),
            Taken::Assembled(whole) => self.pdu(context, whole.octets(), 0, data.octets, output),
        }
    }

    /// True for records of TLS and what follows them, until messages come in clear again.
    fn is_encrypted(&mut self, context: &Context, data: &Data<'_>, output: &mut Output<'_>) -> bool {
        if self.encrypted {
            self.encrypted = !wire::is_start(data.octets);
        } else if wire::is_tls(data.octets.bytes) && !self.lane(context).waits() {
            self.encrypted = true;
            output.fact(
                &context.server(),
                "s7comm_plus.encryption",
                Basis::Stated,
                &rules::ENCRYPTION,
                data.octets.head(3),
            );
        }
        self.encrypted
    }

    /// Reads a protocol data unit that `carried` octets of this message complete.
    fn pdu<'m>(
        &mut self,
        context: &Context,
        octets: Octets<'_>,
        base: usize,
        carried: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let pdu = Pdu::parse(octets, base)?;
        if pdu.event {
            return Ok(());
        }
        let lane = self.lane(context);
        if lane.passing {
            lane.passing = !pdu.last;
            return Ok(());
        }
        // A message that the capture cut is not waited for.
        let ends = pdu.last || pdu.missing > 0;
        if lane.parts.is_empty() && ends {
            // The head proves an operation; values that are written stay out of the evidence.
            let whole = carried.len() == octets.len();
            let at = pdu.at.saturating_sub(base);
            let head = carried.tail(at).head(if whole { HEAD } else { usize::MAX });
            return self.read(context, pdu.data, pdu.at, head, output);
        }
        if lane.parts.push(pdu.data, OCTETS_MAX) {
            if !ends {
                return Ok(());
            }
        } else {
            lane.passing = !pdu.last;
            output.malformed(Malformed {
                what: "fragments",
                offset: pdu.at,
                problem: Problem::Trailing { octets: pdu.data.len() },
            });
        }
        // What is too long is read as far as it was kept.
        let parts = mem::take(&mut lane.parts);
        self.read(context, parts.octets(), 0, carried, output)
    }

    fn read<'m>(
        &mut self,
        context: &Context,
        octets: Octets<'_>,
        base: usize,
        carried: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let Some(message) = Message::parse(octets, base)? else { return Ok(()) };
        let is_request = message.opcode == Opcode::REQUEST;
        if !mem::replace(&mut self.oriented, true) {
            output.server_is = Some(if is_request { context.from.other() } else { context.from });
        }
        match message.opcode {
            Opcode::REQUEST => {
                let (client, server) = (context.source(), context.destination());
                let (asked, result) = observe::request(&message, &client, &server, &mut self.objects, output);
                let (kind, name) = asked.named;
                output.operation(kind, name, carried);
                if asked.mode {
                    self.asked.ask(message.sequence, (), output);
                }
                result
            }
            Opcode::RESPONSE | Opcode::RESPONSE_2 => {
                let mode = self.asked.take(&message.sequence).is_some();
                observe::response(&message, mode, &context.source(), output)
            }
            _ => Ok(()),
        }
    }

    fn lane(&mut self, context: &Context) -> &mut Lane {
        let is_lower =
            (context.source, context.source_port) < (context.destination, context.destination_port);
        if is_lower { &mut self.lower } else { &mut self.upper }
    }
}

/// Octets of the head of a request.
const HEAD: usize = 14;

impl Lane {
    /// True while something is put together, whose frames are needed.
    fn waits(&self) -> bool {
        self.tsdus.waits() || !self.parts.is_empty()
    }
}
