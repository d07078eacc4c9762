//! What cameras say of themselves, and what is asked of them.

use observation::{Basis, Octets, OperationKind, Rule, Rules, attribute};

use super::wire::Pdu;
use crate::{Context, Malformed, Output, Reader, Session};

static TEXT: Rule = Rule { name: "gvcp-text", read: Rules::text };
static MAC: Rule = Rule { name: "gvcp-mac", read: Rules::mac };
static IPV4: Rule = Rule { name: "gvcp-ipv4", read: Rules::ipv4 };

pub(super) const RULES: &[&Rule] = &[&TEXT, &MAC, &IPV4];

/// Bootstrap registers with text (GigE Vision 2.0, chapter 28): address and length. The discovery acknowledgement holds
/// the first 248 octets of the registers, in the same order.
const TEXTS: [(&str, u32, usize); 6] = [
    (attribute::VENDOR, 0x48, 32),
    (attribute::MODEL, 0x68, 32),
    (attribute::FIRMWARE_VERSION, 0x88, 32),
    (attribute::DESCRIPTION, 0xa8, 48),
    (attribute::SERIAL_NUMBER, 0xd8, 16),
    (attribute::NAME, 0xe8, 16),
];

/// Stateless.
#[derive(Debug)]
pub(super) struct Gvcp;

impl Session for Gvcp {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let mut pdu = Pdu::parse(message)?;
        // Events come from the camera, as commands to its application.
        let is_event = matches!(pdu.number, 0x00c0..=0x00c3);
        let by_camera = pdu.is_command == is_event;
        output.server_is = Some(if by_camera { context.from } else { context.from.other() });
        if pdu.is_command {
            if let Some((kind, name)) = asked(pdu.number) {
                output.operation(kind, name, message);
            }
            return Ok(());
        }
        match (pdu.number, pdu.status) {
            (0x0003, 0) => discovered(context, &mut pdu.body, output),
            (0x0085, 0) => {
                let address = pdu.body.u32_be("address")?;
                registers(context, address, pdu.body.rest(), output);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn asked(number: u16) -> Option<(OperationKind, &'static str)> {
    use OperationKind::{Control, Identify, Program, Read, Write};
    Some(match number {
        0x0002 => (Identify, "discovery"),
        0x0004 => (Program, "force ip"),
        0x0080 => (Read, "read registers"),
        0x0082 => (Write, "write registers"),
        0x0084 => (Read, "read memory"),
        0x0086 => (Write, "write memory"),
        0x0100 => (Control, "action at time"),
        _ => return None,
    })
}

/// A discovery acknowledgement.
fn discovered(context: &Context, body: &mut Reader<'_>, output: &mut Output<'_>) -> Result<(), Malformed> {
    let camera = context.source();
    let whole = body.peek();
    body.skip(10, "version and mode")?;
    output.fact(&camera, attribute::MAC_ADDRESS, Basis::Stated, &MAC, body.take(6, "MAC address")?);
    body.skip(36, "IP configuration")?;
    output.fact(&camera, "gvcp.subnet_mask", Basis::Stated, &IPV4, body.take(4, "subnet mask")?);
    body.skip(12, "reserved")?;
    output.fact(&camera, "gvcp.gateway", Basis::Stated, &IPV4, body.take(4, "gateway")?);
    registers(context, 0, whole, output);
    // Maker to user-defined name.
    body.skip(176, "names")
}

/// Says every text that lies whole in what was read from an address on.
fn registers(context: &Context, address: u32, data: Octets<'_>, output: &mut Output<'_>) {
    for (name, register, length) in TEXTS {
        let at = register.checked_sub(address).and_then(|at| usize::try_from(at).ok());
        if let Some(octets) = at.and_then(|at| data.slice(at, length)) {
            output.fact(&context.source(), name, Basis::Stated, &TEXT, octets);
        }
    }
}
