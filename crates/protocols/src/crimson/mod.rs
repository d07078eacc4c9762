//! Crimson 3, the configuration protocol of Red Lion's panels and gateways: TCP port 789.
//!
//! The maker publishes no specification. The layout follows the Nmap script `cr3-fingerprint` (cr3-nmap) and the plugin
//! `crimsonv3` of nerva: a length of two octets, a register, a type, and the value. Numbers are most significant octet first.

use observation::{Basis, Octets, OperationKind, Rule, Rules, Transport, attribute};

use crate::{Context, Depth, Frame, Malformed, Output, Probe, Protocol, Reader, Session};

/// Crimson 3.
pub const PROTOCOL: Protocol = Protocol {
    name: "crimson",
    title: "Crimson 3 (Red Lion)",
    specification: "not published by its maker; cr3-nmap cr3-fingerprint, nerva crimsonv3",
    tcp: &[789],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame,
    // Six octets, all of which are fixed.
    probe: |octets, transport| {
        let known = [MANUFACTURER, MODEL].iter().any(|register| octets == question(*register));
        if transport == Transport::Tcp && known { Probe::Certain } else { Probe::Foreign }
    },
    session: || Box::new(Crimson),
    rules: &[&TEXT],
    depth: Depth {
        identity: "registers manufacturer and model",
        operations: "reading these registers as identification, all others as one kind",
        nesting: "",
        not_read: "configuration transfer and other registers (layouts not published)",
        tried_on: "messages made up by the published layout only",
    },
};

static TEXT: Rule = Rule { name: "crimson-text", read: Rules::text };

/// Registers that identify.
const MANUFACTURER: u16 = 0x012b;
const MODEL: u16 = 0x012a;

/// Octets of the length, which does not count itself, and the least value of it: register and type.
const LENGTH: usize = 2;
const COUNTED_MIN: usize = 4;

/// Greatest length that is taken for one.
const COUNTED_MAX: usize = 8192;

/// The question for a register: its type is its lesser octet, sixteen less.
fn question(register: u16) -> [u8; 6] {
    let [high, low] = register.to_be_bytes();
    [0, 4, high, low, low.wrapping_sub(0x10), 0]
}

fn frame(octets: &[u8], transport: Transport) -> Frame {
    if transport != Transport::Tcp {
        return Frame::Foreign;
    }
    let Some([high, low]) = octets.first_chunk::<LENGTH>() else { return Frame::Partial(LENGTH) };
    let counted = usize::from(u16::from_be_bytes([*high, *low]));
    let whole = LENGTH.saturating_add(counted);
    if !(COUNTED_MIN..=COUNTED_MAX).contains(&counted) {
        Frame::Foreign
    } else if octets.len() < whole {
        Frame::Partial(whole)
    } else {
        Frame::Message(whole)
    }
}

/// Stateless.
#[derive(Debug)]
struct Crimson;

impl Session for Crimson {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let mut reader = Reader::new(message);
        reader.skip(LENGTH, "length")?;
        let register = reader.u16_be("register")?;
        reader.skip(2, "type")?;
        let attribute = match register {
            MANUFACTURER => Some(attribute::VENDOR),
            MODEL => Some(attribute::MODEL),
            _ => None,
        };
        if context.from == observation::End::Client {
            let (kind, name) = match attribute {
                Some(_) => (OperationKind::Identify, "read identification"),
                None => (OperationKind::Diagnostic, "request"),
            };
            output.operation(kind, name, message);
        } else if let Some(attribute) = attribute.filter(|_| !reader.is_empty()) {
            output.fact(&context.source(), attribute, Basis::Stated, &TEXT, reader.rest());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use observation::End;

    use super::*;
    use crate::trial::hear;

    #[test]
    fn the_registers_tell_maker_and_model() {
        let heard = hear(
            &PROTOCOL,
            Transport::Tcp,
            &[
                (End::Client, include_bytes!("messages/manufacturer.bin")),
                (End::Server, include_bytes!("messages/manufacturer-answer.bin")),
                (End::Client, include_bytes!("messages/model.bin")),
                (End::Server, include_bytes!("messages/model-answer.bin")),
            ],
        );
        assert!(heard.has("10.0.0.5", "vendor", "Red Lion Controls"), "{heard:?}");
        assert!(heard.has("10.0.0.5", "model", "G310C2"));
        assert_eq!(heard.operations, [(OperationKind::Identify, "read identification"); 2]);
    }

    #[test]
    fn only_the_questions_are_certain_elsewhere() {
        let model = include_bytes!("messages/model.bin");
        assert_eq!((PROTOCOL.probe)(model, Transport::Tcp), Probe::Certain);
        assert_eq!((PROTOCOL.probe)(&model[..5], Transport::Tcp), Probe::Foreign);
        assert_eq!((PROTOCOL.frame)(&[0, 3, 1, 2, 3], Transport::Tcp), Frame::Foreign);
        assert_eq!((PROTOCOL.frame)(&model[..3], Transport::Tcp), Frame::Partial(6));
        assert_eq!(hear(&PROTOCOL, Transport::Tcp, &[(End::Server, &model[..5])]).malformed.len(), 1);
    }
}
