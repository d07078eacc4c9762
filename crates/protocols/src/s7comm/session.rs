//! One conversation on port 102: puts fragments together, remembers who was called, and reads S7 messages.
//!
//! Jobs and answers are not paired by their reference: each answer repeats its function, and nothing that is said
//! of a station needs the request. What other protocols send in the same transport is named and left alone.

use std::hash::{DefaultHasher, Hash, Hasher};

use observation::{Basis, End, Octets, Station};

use super::lane::{Lane, Taken};
use super::observe::{self, Carrier};
use super::rules;
use super::szl::{self, Cpu, List};
use super::wire::{self, Kind, Pdu, Userdata, Way};
use crate::cotp::{Data, Selectors, Tpdu};
use crate::{Assembly, Context, Malformed, Output, Problem, Session};

/// Octets of a transport selector that are kept; the longest S7 ones name a route in about 30.
const SELECTOR_OCTETS_MAX: usize = 64;
/// Different blocks told of per conversation: enough to show what is worked on, without a register full of a PLC's
/// program. Further ones are counted as dropped.
const BLOCKS_MAX: usize = 64;

/// Reads one conversation.
#[derive(Debug, Default)]
pub(super) struct S7 {
    /// What the end with the lower address and port has sent in part, and the other one: addresses do not change when
    /// it turns out who asks.
    lower: Lane,
    upper: Lane,
    /// The connection request, until the first S7 message shows that its selectors are those of S7.
    call: Option<Call>,
    /// Rack and slot of the end that was called, and whether that is the lower one.
    position: Option<((u8, u8), bool)>,
    /// True once the client and the server were told apart.
    oriented: bool,
    /// True once the CPU at its rack and slot has spoken.
    spoke: bool,
    /// Fingerprints of what was told of blocks.
    blocks: Vec<u64>,
    /// True if the next answer with a system status list is the first of its units.
    szl_begins: bool,
}

/// A connection request.
#[derive(Debug)]
struct Call {
    /// True if the lower end called.
    by_lower: bool,
    /// The selector that is called.
    called: Assembly,
}

impl Session for S7 {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        for lane in [&mut self.lower, &mut self.upper] {
            output.dropped = output.dropped.saturating_add(lane.grow_old());
        }
        self.lane(context).label(context.from);
        let result = match Tpdu::parse(message) {
            Ok(Tpdu::Request(selectors)) => {
                self.request(context, &selectors, output);
                Ok(())
            }
            Ok(Tpdu::Data(data)) => self.data(context, data, output),
            Ok(Tpdu::Confirm(_) | Tpdu::Other) => Ok(()),
            Err(malformed) => Err(malformed),
        };
        // Frames stay needed while anything is put together, whatever passes in between.
        output.hold = self.call.is_some() || [&self.lower, &self.upper].into_iter().any(Lane::waits);
        result
    }

    fn gap(&mut self, from: End) {
        self.lower.gap(from);
        self.upper.gap(from);
    }
}

impl S7 {
    fn request(&mut self, context: &Context, selectors: &Selectors<'_>, output: &mut Output<'_>) {
        let text = [selectors.called, selectors.calling].into_iter().flatten();
        for selector in text.filter(|selector| selector.bytes.starts_with(b"SIMATIC-")) {
            output.fact(&context.source(), "s7comm.tsap", Basis::Stated, &rules::TSAP_TEXT, selector);
        }
        let mut called = Assembly::new();
        let kept = selectors.called.is_some_and(|selector| called.push(selector, SELECTOR_OCTETS_MAX));
        output.dropped = output.dropped.saturating_add((selectors.called.is_some() && !kept).into());
        self.call = kept.then(|| Call { by_lower: is_lower(context), called });
        (self.position, self.spoke) = (None, false);
    }

    fn data<'m>(
        &mut self,
        context: &Context,
        data: Data<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        match self.lane(context).take(&data)? {
            Taken::Nothing => Ok(()),
            Taken::Other => {
                self.call = None;
                output.carries = Some(carried(data.octets.bytes));
                output.hand_over = true;
                Ok(())
            }
            Taken::Whole => self.pdu(context, data.octets, data.octets, data.at, output),
            // That fragments belong together shows in nothing but their lengths, which a cut hides.
            Taken::Assembled(whole) if whole.octets().is_cut() => Ok(()),
            Taken::Assembled(whole) => self.pdu(context, whole.octets(), data.octets, 0, output),
        }
    }

    /// Reads a protocol data unit that `carried` octets of this message complete.
    fn pdu<'m>(
        &mut self,
        context: &Context,
        octets: Octets<'_>,
        carried: Octets<'m>,
        base: usize,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let pdu = Pdu::parse(octets, base)?;
        if pdu.trailing > 0 {
            let offset = pdu.data_at.saturating_add(pdu.data.len());
            output.malformed(Malformed {
                what: "S7 PDU",
                offset,
                problem: Problem::Trailing { octets: pdu.trailing },
            });
        }
        // An operation is proved by header and parameters; values that are written stay out of the evidence.
        let carrier = Carrier(if carried.len() == octets.len() { carried.head(pdu.head) } else { carried });
        self.announce(context, output);
        let sender = pdu.sender();
        if let Some(sender) = sender {
            self.orient(context, sender, output);
        }
        match pdu.kind {
            Kind::JOB => {
                observe::job(&pdu, carrier, output);
                self.block(context, &pdu, output);
            }
            Kind::ACK_DATA => self.block(context, &pdu, output),
            Kind::USERDATA => return self.userdata(context, &pdu, carrier, output),
            _ => {}
        }
        Ok(())
    }

    fn userdata<'m>(
        &mut self,
        context: &Context,
        pdu: &Pdu<'_>,
        carrier: Carrier<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let Some(userdata) = Userdata::parse(pdu) else { return Ok(()) };
        match userdata.way {
            Way::Request => {
                self.szl_begins |= matches!((userdata.group, userdata.subfunction), (4, 1)) && !userdata.long;
                observe::request(pdu, &userdata, carrier, output)
            }
            Way::Push => {
                observe::push(&userdata, &self.cpu(context, End::Server), output);
                Ok(())
            }
            Way::Response if userdata.error == 0 && matches!(userdata.group, 3 | 4) => {
                let Some(answer) = wire::payload(pdu)? else { return Ok(()) };
                let cpu = self.cpu(context, End::Server);
                match (userdata.group, userdata.subfunction) {
                    (4, 1) => self.szl(context, &userdata, answer, &cpu, output),
                    (3, _) => {
                        self.tell(output, |output| observe::block_answer(&userdata, answer, &cpu, output));
                        Ok(())
                    }
                    _ => Ok(()),
                }
            }
            Way::Response => Ok(()),
        }
    }

    /// Reads a system status list, or gathers one unit of it.
    fn szl(
        &mut self,
        context: &Context,
        userdata: &Userdata<'_>,
        answer: Octets<'_>,
        cpu: &Cpu,
        output: &mut Output<'_>,
    ) -> Result<(), Malformed> {
        let begins = std::mem::take(&mut self.szl_begins);
        // Behind a unit that the capture cut, the others do not fit.
        if userdata.unit == 0 || (begins && answer.is_cut()) {
            return szl::observe(answer, cpu, output);
        }
        let gathered = self.lane(context).unit(userdata, answer, &mut output.dropped)?;
        // Where the first units were not seen, what is left is no list.
        match gathered.as_ref().map(Assembly::octets) {
            Some(list) if List::parse(list).is_ok_and(|list| list.is_whole()) => {
                szl::observe(list, cpu, output)
            }
            _ => Ok(()),
        }
    }

    /// Says what the connection request named, now that the conversation has proved to be S7.
    fn announce(&mut self, context: &Context, output: &mut Output<'_>) {
        let Some(call) = self.call.take() else { return };
        let (caller, called_end) = match call.by_lower == is_lower(context) {
            true => (context.source(), context.destination()),
            false => (context.destination(), context.source()),
        };
        let called = call.called.octets();
        match called.bytes {
            // The first octet is the connection type; those of other protocols start with 0.
            [1..=0xff, _] => {
                let position = rules::position(called.bytes);
                let cpu = Cpu { root: called_end, position }.station();
                self.position = position.map(|position| (position, !call.by_lower));
                output.fact(
                    &caller,
                    "s7comm.connection_type",
                    Basis::Stated,
                    &rules::TSAP_CONNECTION_TYPE,
                    called,
                );
                output.fact(&cpu, "s7comm.rack", Basis::Reported, &rules::TSAP_RACK, called);
                output.fact(&cpu, "s7comm.slot", Basis::Reported, &rules::TSAP_SLOT, called);
                output.mentioned(cpu, caller, "connection request", called);
            }
            text if rules::is_text(text) && !text.starts_with(b"SIMATIC-") => {
                output.fact(&caller, "s7comm.tsap", Basis::Stated, &rules::TSAP_TEXT, called);
            }
            _ => {}
        }
    }

    /// Tells the ends apart by the first message that proves them, and says once that the CPU spoke.
    fn orient(&mut self, context: &Context, sender: End, output: &mut Output<'_>) {
        if !self.oriented {
            self.oriented = true;
            output.server_is = Some(if sender == End::Server { context.from } else { context.from.other() });
        }
        if sender == End::Server && !self.spoke {
            let cpu = self.cpu(context, sender);
            if cpu.position.is_some() {
                self.spoke = true;
                output.spoke(cpu.station());
            }
        }
    }

    fn block(&mut self, context: &Context, pdu: &Pdu<'_>, output: &mut Output<'_>) {
        // Only what the CPU sends names a block; most messages are values, for which nothing is made here.
        let names_block =
            matches!(pdu.function(), Some(wire::Function::DOWNLOAD_ENDED | wire::Function::UPLOAD));
        if names_block && pdu.sender() == Some(End::Server) {
            let cpu = self.cpu(context, End::Server);
            self.tell(output, |output| observe::block(pdu, &cpu, output));
        }
    }

    /// Has `read` say what it tells of a block, which it answers; takes that back if there are too many.
    fn tell(&mut self, output: &mut Output<'_>, read: impl FnOnce(&mut Output<'_>) -> bool) {
        let before = output.facts.len();
        let Some(told) = read(output).then(|| output.facts.get(before)).flatten() else { return };
        let mut hasher = DefaultHasher::new();
        (&told.station, told.attribute, &told.value).hash(&mut hasher);
        let print = hasher.finish();
        if self.blocks.contains(&print) {
            return;
        }
        if self.blocks.len() < BLOCKS_MAX {
            self.blocks.push(print);
        } else {
            output.facts.truncate(before);
            output.dropped = output.dropped.saturating_add(1);
        }
    }

    /// The CPU, where `sender` sent this message.
    fn cpu(&self, context: &Context, sender: End) -> Cpu {
        let (root, is_lower): (Station, bool) = match sender {
            End::Server => (context.source(), is_lower(context)),
            End::Client => (context.destination(), !is_lower(context)),
        };
        Cpu {
            root,
            position: self.position.filter(|(_, lower)| *lower == is_lower).map(|(position, _)| position),
        }
    }

    fn lane(&mut self, context: &Context) -> &mut Lane {
        if is_lower(context) { &mut self.lower } else { &mut self.upper }
    }
}

fn is_lower(context: &Context) -> bool {
    (context.source, context.source_port) < (context.destination, context.destination_port)
}

/// The protocol whose data starts with these octets.
fn carried(octets: &[u8]) -> &'static str {
    match octets {
        [wire::PROTOCOL_ID_PLUS, ..] => "s7comm_plus",
        // From TIA Portal V17 on S7comm-plus runs in TLS, inside the same transport: records of types 20 to 23.
        [0x14..=0x17, 0x03, ..] => "s7comm_plus",
        // ISO 8327 session: give tokens and data transfer; connect, accept, refuse, finish, disconnect, abort.
        [0x01, 0x00, 0x01, 0x00, ..] | [0x0d | 0x0e | 0x0c | 0x09 | 0x0a | 0x19, _, ..] => "mms",
        // MMS without session and presentation: a request, response, error, initiation or conclusion of just this length.
        [0xa0..=0xad | 0x8b..=0x8d, length, rest @ ..] if usize::from(*length) == rest.len() => "mms",
        [0xa0..=0xad, 0x81, length, rest @ ..] if usize::from(*length) == rest.len() => "mms",
        [0xa0..=0xad, 0x82, high, low, rest @ ..]
            if usize::from(u16::from_be_bytes([*high, *low])) == rest.len() =>
        {
            "mms"
        }
        _ => "cotp",
    }
}
