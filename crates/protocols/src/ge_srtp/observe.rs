//! What is asked of controllers, and the status that they add to each answer.

use observation::{Basis, Octets, OperationKind, Rule, attribute};

use super::wire::Packet;
use crate::told::{Print, Told};
use crate::{Context, Malformed, Output, Session};

static VENDOR: Rule = Rule { name: "ge-srtp-vendor", read: |_| Some("GE Fanuc / Emerson".to_owned()) };
static STATE: Rule = Rule { name: "ge-srtp-state", read: state };
static PRIVILEGE: Rule = Rule { name: "ge-srtp-privilege", read: privilege };

pub(super) const RULES: &[&Rule] = &[&VENDOR, &STATE, &PRIVILEGE];

/// State of the CPU, in the highest four bits of the status word.
fn state(octets: &[u8]) -> Option<String> {
    let state = match octets.last()? >> 4 {
        0 => "run, i/o enabled",
        1 => "run, i/o disabled",
        2 => "stop, i/o disabled",
        3 => "stop, faulted",
        4 => "halted",
        5 => "suspended",
        6 => "stop, i/o enabled",
        _ => return None,
    };
    Some(state.to_owned())
}

/// Privilege level of this connection: 0 to 4.
fn privilege(octets: &[u8]) -> Option<String> {
    octets.first().filter(|level| **level <= 4).map(u8::to_string)
}

/// Service request codes (DFRWS 2017, table 2).
fn service(code: u8) -> (OperationKind, &'static str) {
    use OperationKind::{Control, Diagnostic, Identify, Program, Read, Write};
    match code {
        0x00 => (Diagnostic, "plc short status"),
        0x03 => (Identify, "return control program names"),
        0x04 => (Read, "read system memory"),
        0x05 => (Read, "read task memory"),
        0x06 => (Program, "read program memory"),
        0x07 => (Write, "write system memory"),
        0x08 => (Write, "write task memory"),
        0x09 => (Program, "write program block memory"),
        0x20 => (Program, "programmer logon"),
        0x21 => (Program, "change privilege level"),
        0x22 => (Program, "set control id"),
        0x23 => (Control, "set plc state"),
        0x24 => (Control, "set plc time and date"),
        0x25 => (Diagnostic, "return plc time and date"),
        0x38 => (Diagnostic, "return fault table"),
        0x39 => (Control, "clear fault table"),
        0x3f => (Program, "program store"),
        0x40 => (Program, "program load"),
        0x43 => (Identify, "return controller type and id"),
        0x44 => (Control, "toggle force system memory"),
        0x4f => (Diagnostic, "session control"),
        code => (Diagnostic, crate::numbered::function(code)),
    }
}

/// Services whose arguments hold a password.
const WITH_PASSWORD: [u8; 2] = [0x20, 0x21];

/// One connection.
#[derive(Debug, Default)]
pub(super) struct Srtp {
    /// States and privilege levels that were said.
    told: Told<8>,
}

impl Session for Srtp {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        match Packet::parse(message)? {
            Packet::Init { is_ack } => {
                output.server_is = Some(if is_ack { context.from } else { context.from.other() });
            }
            Packet::Request { service: code, arguments } => {
                output.server_is = Some(context.from.other());
                let (kind, name) = service(code);
                output.operation(kind, name, message);
                if WITH_PASSWORD.contains(&code) {
                    for octets in arguments.into_iter().filter(|octets| !octets.is_empty()) {
                        output.secret(octets);
                    }
                }
            }
            Packet::Response { status, is_ack } => {
                output.server_is = Some(context.from);
                self.status(context, status, is_ack, output);
            }
        }
        Ok(())
    }
}

impl Srtp {
    /// Number of the program, privilege level, sweep time in two octets, status word in two.
    fn status(&mut self, context: &Context, status: Octets<'_>, is_ack: bool, output: &mut Output<'_>) {
        let (Some(level), Some(word)) = (status.slice(1, 1), status.slice(4, 2)) else { return };
        let key = [level.get(0).unwrap_or(0), word.get(1).unwrap_or(0) >> 4];
        // A refusal has its error codes elsewhere, and not always a status.
        if !is_ack || !self.told.is_new(Print::of_day(context.time.day()).with(&key)) {
            return;
        }
        let controller = context.source();
        output.fact(&controller, attribute::VENDOR, Basis::Inferred, &VENDOR, status);
        output.fact(&controller, attribute::MODE, Basis::Stated, &STATE, word);
        output.fact(&controller, "ge_srtp.privilege_level", Basis::Stated, &PRIVILEGE, level);
    }
}

#[cfg(test)]
mod tests {
    use observation::{End, Transport};

    use super::super::PROTOCOL;
    use super::*;
    use crate::trial::hear;

    #[test]
    fn requests_are_named_and_the_state_is_said_once() {
        let answer = include_bytes!("messages/read-answer.bin");
        let heard = hear(
            &PROTOCOL,
            Transport::Tcp,
            &[
                (End::Client, include_bytes!("messages/init.bin")),
                (End::Server, include_bytes!("messages/init-ack.bin")),
                (End::Client, include_bytes!("messages/read.bin")),
                (End::Server, answer),
                (End::Server, answer),
                (End::Client, include_bytes!("messages/write-extended.bin")),
                (End::Client, include_bytes!("messages/stop.bin")),
            ],
        );
        assert_eq!(
            heard.operations,
            [
                (OperationKind::Read, "read system memory"),
                (OperationKind::Write, "write system memory"),
                (OperationKind::Control, "set plc state"),
            ]
        );
        assert!(heard.has("10.0.0.5", "mode", "stop, i/o disabled"), "{heard:?}");
        assert!(heard.has("10.0.0.5", "ge_srtp.privilege_level", "2"));
        assert_eq!(heard.facts.len(), 3);
        assert!(heard.servers.iter().all(|end| *end == End::Server));
    }

    #[test]
    fn a_password_is_masked() {
        let request = include_bytes!("messages/privilege.bin");
        let heard = hear(&PROTOCOL, Transport::Tcp, &[(End::Client, request)]);
        let (offset, length) = heard.secrets[0];
        assert!(request[offset as usize..][..length as usize].windows(6).any(|octets| octets == b"SECRET"));
        assert_eq!(heard.operations, [(OperationKind::Program, "change privilege level")]);
    }

    #[test]
    fn a_cut_header_is_malformed() {
        let request = include_bytes!("messages/read.bin");
        let heard = hear(&PROTOCOL, Transport::Tcp, &[(End::Client, &request[..40])]);
        assert_eq!((heard.malformed.len(), heard.operations.len()), (1, 0));
    }
}
