//! What a frame says about interfaces and about devices on the bus.

use observation::{Basis, Octets, OperationKind, Position, Rule, Station, attribute};

use super::cemi;
use super::rules::{self, ADDRESS, IPV4, MAC, MEDIUM, NUMBER, PROJECT, SERIAL, SERVICES, TEXT, VENDOR};
use super::wire::{self, Pdu};
use crate::{Context, Malformed, Output, Reader, Session};

/// Bus devices of one conversation that are remembered, so that each is shown once. A line has up to 256.
const DEVICES_MAX: usize = 256;

/// Remembers which bus devices were shown.
#[derive(Debug, Default)]
pub(super) struct Knx {
    /// Individual addresses, in order.
    shown: Vec<u16>,
    /// True once one had no room: counted once.
    is_full: bool,
}

impl Session for Knx {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let mut pdu = Pdu::parse(message)?;
        let body = &mut pdu.body;
        // Odd services of a pair answer.
        let asks = matches!(pdu.service, 0x0201 | 0x0203 | 0x0205 | 0x0207 | 0x0209 | 0x020b);
        let answers = matches!(pdu.service, 0x0202 | 0x0204 | 0x0206 | 0x0208 | 0x020c);
        if asks || answers {
            output.server_is = Some(if answers { context.from } else { context.from.other() });
        }
        match pdu.service {
            0x0201 | 0x020b => output.operation(OperationKind::Identify, "search", message),
            0x0203 => output.operation(OperationKind::Identify, "description", message),
            0x0205 => output.operation(OperationKind::Diagnostic, "connect", message),
            0x0202 | 0x020c => {
                // Its control endpoint comes first.
                wire::block(body)?;
                describe(&context.source(), body, output)?;
            }
            0x0204 => describe(&context.source(), body, output)?,
            0x0310 => {
                body.skip(4, "connection header")?;
                // Property write requests of the interface itself (M_PropWrite.req).
                if body.u8("message code")? == 0xf6 {
                    output.operation(OperationKind::Program, "device configuration write", message);
                }
            }
            0x0420 => {
                body.skip(4, "connection header")?;
                self.telegram(context, body, message, output)?;
            }
            0x0530 => self.telegram(context, body, message, output)?,
            _ => {}
        }
        Ok(())
    }
}

impl Knx {
    /// A telegram of the bus, tunnelled or routed.
    fn telegram<'m>(
        &mut self,
        context: &Context,
        body: &mut Reader<'_>,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let Some(telegram) = cemi::telegram(body)? else { return Ok(()) };
        if let Some((kind, name)) = telegram.asks {
            output.operation(kind, name, message);
        }
        if telegram.is_from_bus {
            self.bus_device(context, telegram.source, output);
        }
        Ok(())
    }

    fn bus_device(&mut self, context: &Context, source: Octets<'_>, output: &mut Output<'_>) {
        let Some(name) = source.bytes.try_into().ok().map(u16::from_be_bytes) else { return };
        let Err(place) = self.shown.binary_search(&name) else { return };
        if self.shown.len() >= DEVICES_MAX {
            if !std::mem::replace(&mut self.is_full, true) {
                output.dropped = output.dropped.saturating_add(1);
            }
            return;
        }
        self.shown.insert(place, name);
        if let Some(address) = rules::address(source.bytes) {
            let device = context.source().below([Position::new("device", address)]);
            output.fact(&device, "knxnet_ip.individual_address", Basis::Stated, &ADDRESS, source);
            output.spoke(device);
        }
    }
}

/// Says what description blocks tell of an interface.
fn describe(station: &Station, body: &mut Reader<'_>, output: &mut Output<'_>) -> Result<(), Malformed> {
    let mut say = |attribute, rule: &'static Rule, octets: Option<Octets<'_>>| {
        if let Some(octets) = octets {
            output.fact(station, attribute, Basis::Stated, rule, octets);
        }
    };
    while !body.is_empty() {
        let (kind, block) = wire::block(body)?;
        let at = |start, length| block.slice(start, length);
        match kind {
            0x01 => {
                say("knxnet_ip.medium", &MEDIUM, at(0, 1));
                say("knxnet_ip.individual_address", &ADDRESS, at(2, 2));
                say("knxnet_ip.project", &PROJECT, at(4, 2));
                say(attribute::SERIAL_NUMBER, &SERIAL, at(6, 6));
                say(attribute::VENDOR, &VENDOR, at(6, 2));
                say(attribute::MAC_ADDRESS, &MAC, at(16, 6));
                say(attribute::NAME, &TEXT, at(22, 30));
            }
            0x02 => say("knxnet_ip.services", &SERVICES, Some(block)),
            0x03 | 0x04 => {
                say("knxnet_ip.subnet_mask", &IPV4, at(4, 4));
                say("knxnet_ip.gateway", &IPV4, at(8, 4));
            }
            0x08 => say("knxnet_ip.device_descriptor", &NUMBER, at(4, 2)),
            _ => {}
        }
    }
    Ok(())
}
