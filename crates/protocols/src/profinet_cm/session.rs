//! Calls and answers, put together from fragments, and what they say.

use observation::{Basis, End, Octets, OperationKind, Station};

use super::blocks;
use super::connect::{self, Ends};
use super::wire::{Interface, arguments};
use super::{endpoint, identification, operations};
use crate::dcerpc_datagram::{HEADER, Kind, Pdu, Uuid};
use crate::{Assembly, Context, Malformed, Output, Problem, Reader, Session};

/// Octets of one call: PROFINET devices announce at most 64 KiB.
const CALL_OCTETS_MAX: usize = 65_536;

/// Remembers the fragments of one unfinished call in each direction.
#[derive(Debug, Default)]
pub(super) struct Cm {
    calls: [Option<Box<Call>>; 2],
}

/// A call that is not whole yet.
#[derive(Debug)]
struct Call {
    activity: Uuid,
    sequence: u32,
    next: u16,
    assembly: Assembly,
}

impl Session for Cm {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let pdu = Pdu::parse(message)?;
        let interface = Interface::of(&pdu);
        if interface == Interface::Unknown {
            return Ok(());
        }
        // A controller is called by its devices: the one that serves is the device all the same.
        let calls_controller = interface == Interface::Controller;
        if let Some(is_of_server) = pdu.kind.is_of_server() {
            let device_sent = is_of_server != calls_controller;
            output.server_is = Some(if device_sent { context.from } else { context.from.other() });
        }
        let is_response = match pdu.kind {
            Kind::REQUEST => false,
            Kind::RESPONSE => true,
            _ => return Ok(()),
        };
        let (sender, receiver) = (context.source(), context.destination());
        let (controller, device) =
            if is_response != calls_controller { (receiver, sender) } else { (sender, receiver) };
        let call = About { pdu: &pdu, interface, is_response, controller, device, message };
        let cut = (pdu.missing > 0).then(|| Malformed {
            what: "body",
            offset: message.len(),
            problem: Problem::Truncated { missing: pdu.missing },
        });
        let result = match pdu.fragment {
            None => call.read(pdu.body, HEADER, output),
            Some(fragment) => self.fragment(context.from, &call, fragment, output),
        };
        result.and_then(|()| cut.map_or(Ok(()), Err))
    }

    fn gap(&mut self, from: End) {
        if let Some(call) = self.calls.get_mut(from.index()) {
            *call = None;
        }
    }
}

impl Cm {
    /// Puts a fragment to those before it, and reads the call when it is whole.
    fn fragment<'m>(
        &mut self,
        from: End,
        about: &About<'_, 'm>,
        (number, is_last): (u16, bool),
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let pdu = about.pdu;
        let Some(place) = self.calls.get_mut(from.index()) else { return Ok(()) };
        let belongs = |call: &Call| call.activity == pdu.activity && call.sequence == pdu.sequence;
        match place {
            // Sent again while its acknowledgement was under way.
            Some(call) if belongs(call) && number < call.next => {
                output.hold = true;
                return Ok(());
            }
            Some(call) if belongs(call) && number == call.next => {}
            _ => {
                if place.take().is_some() {
                    output.dropped = output.dropped.saturating_add(1);
                }
                if number != 0 {
                    // The beginning was not seen.
                    return Ok(());
                }
                *place = Some(Box::new(Call {
                    activity: pdu.activity,
                    sequence: pdu.sequence,
                    next: 0,
                    assembly: Assembly::new(),
                }));
            }
        }
        let Some(call) = place.as_mut() else { return Ok(()) };
        call.next = call.next.saturating_add(1);
        if !call.assembly.push(pdu.body, CALL_OCTETS_MAX) || pdu.missing > 0 {
            *place = None;
            output.dropped = output.dropped.saturating_add(1);
            return Ok(());
        }
        if !is_last {
            output.hold = true;
            return Ok(());
        }
        let Some(call) = place.take() else { return Ok(()) };
        about.read(call.assembly.octets(), 0, output)
    }
}

/// A call or an answer, and who is who in it.
struct About<'p, 'm> {
    pdu: &'p Pdu<'m>,
    interface: Interface,
    is_response: bool,
    controller: Station,
    device: Station,
    /// The datagram, or the last one of several.
    message: Octets<'m>,
}

impl<'m> About<'_, 'm> {
    /// Reads the whole body, which starts `base` octets into the message.
    fn read(&self, body: Octets<'_>, base: usize, output: &mut Output<'m>) -> Result<(), Malformed> {
        let is_little = self.pdu.is_little;
        if self.interface == Interface::EndpointMapper {
            return match (self.pdu.operation, self.is_response) {
                (endpoint::LOOKUP, true) => endpoint::answer(body, base, is_little, &self.device, output),
                (endpoint::LOOKUP, false) => {
                    output.operation(OperationKind::Identify, "endpoint mapper lookup", self.message);
                    Ok(())
                }
                _ => Ok(()),
            };
        }
        if !self.is_response {
            // Who calls must know vendor and device of the one that it calls.
            let called =
                if self.interface == Interface::Controller { &self.controller } else { &self.device };
            connect::object_numbers(self.pdu.object, is_little, called, Basis::Reported, output);
        }
        let Some(mut reader) = arguments(body, base, is_little, self.is_response)? else { return Ok(()) };
        match (self.pdu.operation, self.is_response) {
            (0 | 1 | 4, _) => self.relation(&mut reader, output),
            (2 | 5, true) => self.answered_record(&mut reader, output),
            (2 | 3 | 5, false) => self.asked_record(&mut reader, output),
            _ => Ok(()),
        }
    }

    /// Connect, Release and Control.
    fn relation(&self, reader: &mut Reader<'_>, output: &mut Output<'m>) -> Result<(), Malformed> {
        let ends = Ends { controller: &self.controller, device: &self.device };
        let mut is_first = true;
        while reader.remaining() >= 6 {
            let block = blocks::next(reader)?;
            if std::mem::take(&mut is_first) && !self.is_response && self.interface == Interface::Device {
                let (kind, name) = match self.pdu.operation {
                    0 => connect::operation(Some(&block)),
                    _ => (OperationKind::Diagnostic, operations::control(command(&block))),
                };
                output.operation(kind, name, self.message);
            }
            connect::block(block, ends, output)?;
        }
        Ok(())
    }

    /// The record that a device answers with.
    fn answered_record(&self, reader: &mut Reader<'_>, output: &mut Output<'m>) -> Result<(), Malformed> {
        let mut head = blocks::next(reader)?;
        if head.kind != 0x8009 {
            return Ok(());
        }
        let target = blocks::target(&mut head.body)?;
        let length = usize::try_from(target.length).unwrap_or(usize::MAX).min(reader.remaining());
        let mut data = reader.sub(length, "record")?;
        identification::record(&mut data, target, &self.device, output)
    }

    /// The record that is asked for or written.
    fn asked_record(&self, reader: &mut Reader<'_>, output: &mut Output<'m>) -> Result<(), Malformed> {
        let mut head = blocks::next(reader)?;
        let target = blocks::target(&mut head.body)?;
        let (kind, name) = match self.pdu.operation {
            3 => operations::write(target),
            _ => operations::read(target),
        };
        output.operation(kind, name, self.message);
        Ok(())
    }
}

/// ControlCommand of a control block, behind reserved octets, ARUUID, SessionKey and reserved octets.
fn command(block: &blocks::Block<'_>) -> u16 {
    let octets = block.body.peek().slice(22, 2);
    octets.and_then(|octets| Some(u16::from_be_bytes(octets.bytes.try_into().ok()?))).unwrap_or(0)
}
