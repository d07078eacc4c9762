//! What equipment says of itself, and what hosts ask of it.

use observation::{Basis, End, Octets, OperationKind, Rule, Rules, attribute};

use super::wire::{self, Item, Message};
use crate::{Context, Malformed, Output, Reader, Session};

static TEXT: Rule = Rule { name: "hsms-text", read: Rules::text };
static DEVICE: Rule = Rule { name: "hsms-device", read: Rules::decimal_be };

pub(super) const RULES: &[&Rule] = &[&TEXT, &DEVICE];

/// Primary messages that hosts send (E5 chapter 10, E30).
fn operation(stream: u8, function: u8) -> (OperationKind, &'static str) {
    use OperationKind::{Control, Diagnostic, Identify, Program, Read, Write};
    match (stream, function) {
        (1, 1) => (Identify, "are you there request"),
        (1, 3) => (Read, "selected equipment status request"),
        (1, 11) => (Read, "status variable namelist request"),
        (1, 13) => (Identify, "establish communications request"),
        (1, 15) => (Control, "request off-line"),
        (1, 17) => (Control, "request on-line"),
        (2, 13) => (Read, "equipment constant request"),
        (2, 15) => (Write, "new equipment constant send"),
        (2, 17) => (Diagnostic, "date and time request"),
        (2, 21) => (Control, "remote command send"),
        (2, 23) => (Read, "trace initialize send"),
        (2, 29) => (Read, "equipment constant namelist request"),
        (2, 31) => (Control, "date and time set request"),
        (2, 33) => (Diagnostic, "define report"),
        (2, 35) => (Diagnostic, "link event report"),
        (2, 37) => (Diagnostic, "enable or disable event report"),
        (2, 41) => (Control, "host command send"),
        (2, 49) => (Control, "enhanced remote command"),
        (5, 3) => (Diagnostic, "enable or disable alarm send"),
        (5, 5) => (Read, "list alarms request"),
        (6, 15) => (Read, "event report request"),
        (6, 19) => (Read, "individual report request"),
        (7, 1) => (Program, "process program load inquire"),
        (7, 3) => (Program, "process program send"),
        (7, 5) => (Program, "process program request"),
        (7, 17) => (Program, "delete process program send"),
        (7, 19) => (Program, "current process program dir request"),
        (7, 23) => (Program, "formatted process program send"),
        (7, 25) => (Program, "formatted process program request"),
        (10, 3 | 5) => (Diagnostic, "terminal display"),
        (16, 5) => (Control, "process job command request"),
        (16, 11 | 15) => (Control, "process job create"),
        (14, 9) => (Control, "create object request"),
        _ => (Diagnostic, "primary message"),
    }
}

/// Stateless.
#[derive(Debug)]
pub(super) struct Hsms;

impl Session for Hsms {
    fn message<'m>(
        &mut self,
        context: &Context,
        octets: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let mut message = Message::parse(octets)?;
        match message.kind {
            wire::SELECT_REQUEST => {
                output.server_is = Some(context.from.other());
                output.operation(OperationKind::Diagnostic, "select", octets);
                return Ok(());
            }
            wire::SELECT_RESPONSE => {
                output.server_is = Some(context.from);
                return Ok(());
            }
            wire::DATA => {}
            _ => return Ok(()),
        }
        let is_primary = message.function % 2 == 1;
        if is_primary && context.from == End::Client {
            let (kind, name) = operation(message.stream, message.function);
            output.operation(kind, name, octets);
        }
        match (message.stream, message.function) {
            (1, 2 | 13) => identity(context, &message.session, &mut message.text, output),
            (1, 14) => {
                // The acknowledge code, and what S1F13 has.
                if let Item::List(2) = wire::item(&mut message.text)? {
                    wire::item(&mut message.text)?;
                    return identity(context, &message.session, &mut message.text, output);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Model type and software revision, which equipment alone has: a host sends an empty list.
fn identity(
    context: &Context,
    session: &Octets<'_>,
    text: &mut Reader<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    if text.is_empty() {
        return Ok(());
    }
    let Item::List(2) = wire::item(text)? else { return Ok(()) };
    let equipment = context.source();
    for attribute in [attribute::MODEL, attribute::SOFTWARE_VERSION] {
        if let Item::Text(value) = wire::item(text)? {
            output.fact(&equipment, attribute, Basis::Stated, &TEXT, value);
        }
    }
    output.fact(&equipment, "hsms.device_id", Basis::Stated, &DEVICE, *session);
    Ok(())
}

#[cfg(test)]
mod tests {
    use observation::Transport;

    use super::super::PROTOCOL;
    use super::*;
    use crate::trial::hear;

    #[test]
    fn equipment_tells_model_and_revision_and_hosts_do_not() {
        let messages: [&[u8]; 2] =
            [include_bytes!("messages/s1f2.bin"), include_bytes!("messages/s1f14.bin")];
        for octets in messages {
            let heard = hear(&PROTOCOL, Transport::Tcp, &[(End::Server, octets)]);
            assert!(heard.has("10.0.0.5", "model", "ETCH-9"), "{heard:?}");
            assert!(heard.has("10.0.0.5", "software_version", "4.2.1"));
            assert!(heard.has("10.0.0.5", "hsms.device_id", "7") && heard.malformed.is_empty());
        }
        let host =
            hear(&PROTOCOL, Transport::Tcp, &[(End::Client, include_bytes!("messages/s1f13-host.bin"))]);
        assert!(host.facts.is_empty() && host.malformed.is_empty());
    }

    #[test]
    fn hosts_select_and_command() {
        let heard = hear(
            &PROTOCOL,
            Transport::Tcp,
            &[
                (End::Client, include_bytes!("messages/select-request.bin")),
                (End::Client, include_bytes!("messages/s2f41.bin")),
            ],
        );
        assert_eq!(
            heard.operations,
            [(OperationKind::Diagnostic, "select"), (OperationKind::Control, "host command send")]
        );
        assert_eq!(heard.servers, [End::Server]);
    }

    #[test]
    fn a_cut_answer_says_what_stood_before() {
        let answer = include_bytes!("messages/s1f2.bin");
        let heard = hear(&PROTOCOL, Transport::Tcp, &[(End::Server, &answer[..answer.len() - 2])]);
        assert!(heard.has("10.0.0.5", "model", "ETCH-9") && heard.malformed.len() == 1);
    }
}
