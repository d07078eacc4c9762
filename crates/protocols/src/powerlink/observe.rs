//! What a frame says about nodes.

use observation::{Basis, End, Octets, OperationKind, Rule, Station, attribute};

use super::rules::{DATE, IPV4, KIND, NODE, NUMBER, PROFILE, SERIAL, STATE, TEXT, VENDOR};
use super::wire::{Message, Pdu};
use crate::{Context, Malformed, Output, Session};

/// Remembers what each end said last, so that cyclic frames say nothing twice.
#[derive(Debug, Default)]
pub(super) struct Powerlink {
    /// Node number and NMT state by end of the conversation.
    said: [Option<(u8, u8)>; 2],
}

impl Session for Powerlink {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let pdu = Pdu::parse(message)?;
        let station = || context.source();
        match pdu.message {
            Message::StartOfCycle => self.node(context, pdu.node, None, output),
            Message::PollRequest => output.server_is = Some(context.from.other()),
            Message::PollResponse(state) | Message::StatusResponse(state) => {
                output.server_is = Some(context.from);
                self.node(context, pdu.node, Some(state), output);
            }
            Message::StartOfAsynchronous { state, service } => {
                self.node(context, pdu.node, Some(state), output);
                match service {
                    1 => output.operation(OperationKind::Identify, "ident request", message),
                    2 => output.operation(OperationKind::Diagnostic, "status request", message),
                    _ => {}
                }
            }
            Message::IdentResponse(identity) => {
                output.server_is = Some(context.from);
                self.node(context, pdu.node, identity.slice(2, 1), output);
                ident(&station(), pdu.node, identity, output);
                if identity.len() < IDENT {
                    return Err(Malformed {
                        what: "IdentResponse",
                        offset: message.len(),
                        problem: crate::Problem::Truncated { missing: IDENT.saturating_sub(identity.len()) },
                    });
                }
            }
            Message::NmtCommand(command) => {
                let (kind, name) = nmt(command);
                output.operation(kind, name, message);
            }
            Message::SdoRequest(command) => {
                let (kind, name) = sdo(command);
                output.operation(kind, name, message);
            }
            Message::Other => {}
        }
        Ok(())
    }

    fn gap(&mut self, from: End) {
        let _ = from;
    }
}

impl Powerlink {
    /// Says number, kind and state of the sender, where they are news.
    fn node(
        &mut self,
        context: &Context,
        node: Octets<'_>,
        state: Option<Octets<'_>>,
        output: &mut Output<'_>,
    ) {
        let Some(said) = self.said.get_mut(context.from.index()) else { return };
        let number = node.get(0).unwrap_or(0);
        let now =
            (number, state.and_then(|state| state.get(0)).unwrap_or(said.map_or(0, |(_, state)| state)));
        let before = said.replace(now);
        if before == Some(now) {
            return;
        }
        let station = context.source();
        if before.is_none_or(|(known, _)| known != number) {
            output.fact(&station, "powerlink.node_id", Basis::Stated, &NODE, node);
            output.fact(&station, "powerlink.node", Basis::Stated, &KIND, node);
        }
        if let Some(state) = state {
            output.fact(&station, attribute::MODE, Basis::Stated, &STATE, state);
        }
    }
}

/// Octets of IdentResponse behind the service number.
const IDENT: usize = 110;

/// EPSG DS 301, chapter 7.3.3.2.1.
fn ident(station: &Station, node: Octets<'_>, identity: Octets<'_>, output: &mut Output<'_>) {
    let fields: [(&'static str, &'static Rule, usize, usize); 8] = [
        ("powerlink.profile", &PROFILE, 22, 4),
        (attribute::VENDOR, &VENDOR, 26, 4),
        ("powerlink.vendor_id", &NUMBER, 26, 4),
        ("powerlink.product_code", &NUMBER, 30, 4),
        ("powerlink.revision", &NUMBER, 34, 4),
        (attribute::SERIAL_NUMBER, &SERIAL, 38, 4),
        ("powerlink.application_date", &DATE, 58, 4),
        (attribute::HOSTNAME, &TEXT, 78, 32),
    ];
    for (name, rule, at, length) in fields {
        if let Some(octets) = identity.slice(at, length) {
            output.fact(station, name, Basis::Stated, rule, octets);
        }
    }
    if let Some(address) = identity.slice(66, 4) {
        output.fact_of(station, attribute::IP_ADDRESS, Basis::Stated, &IPV4, &[node, address]);
    }
}

/// Commands of the network management (EPSG DS 301, appendix 3.7). A managing node gives them at every start.
fn nmt(command: u8) -> (OperationKind, &'static str) {
    use OperationKind::{Diagnostic, Program};
    match command {
        0x21 => (Diagnostic, "start node"),
        0x22 => (Diagnostic, "stop node"),
        0x23 => (Diagnostic, "enter pre-operational 2"),
        0x24 => (Diagnostic, "enable ready to operate"),
        0x28 => (Diagnostic, "reset node"),
        0x29 => (Diagnostic, "reset communication"),
        0x2a => (Diagnostic, "reset configuration"),
        0x2b => (Diagnostic, "software reset"),
        0x62 => (Program, "set host name"),
        0x63 => (Diagnostic, "flush arp entry"),
        _ => (Diagnostic, "nmt command"),
    }
}

/// Commands of the service data objects (EPSG DS 301, chapter 6.3.2.4.2).
fn sdo(command: u8) -> (OperationKind, &'static str) {
    match command {
        0x01 => (OperationKind::Write, "write by index"),
        0x02 => (OperationKind::Read, "read by index"),
        0x03 => (OperationKind::Write, "write all by index"),
        0x04 => (OperationKind::Read, "read all by index"),
        0x20 => (OperationKind::Program, "file write"),
        0x21 => (OperationKind::Program, "file read"),
        0x31 => (OperationKind::Write, "write multiple parameters by index"),
        0x32 => (OperationKind::Read, "read multiple parameters by index"),
        _ => (OperationKind::Diagnostic, "sdo command"),
    }
}
