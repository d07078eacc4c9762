//! Who opens the tunnel and who answers.

use observation::{Basis, Octets, Rule};

use super::wire::{COOKIE, DATA, INITIATION, RESPONSE};
use crate::{Context, Malformed, Output, Problem, Session};

static HANDSHAKE: Rule = Rule { name: "wireguard-message-type", read: handshake };

pub(super) const RULES: &[&Rule] = &[&HANDSHAKE];

/// What the sender of a message does in the handshake.
fn handshake(octets: &[u8]) -> Option<String> {
    let name = match octets {
        [INITIATION, 0, 0, 0] => "initiator",
        [RESPONSE | COOKIE, 0, 0, 0] => "responder",
        _ => return None,
    };
    Some(name.to_owned())
}

/// Remembers how far the first handshake went. Each end may open the next one: the one who opened the first is the
/// client.
#[derive(Debug, Default)]
pub(super) struct WireGuard {
    opened: bool,
    answered: bool,
}

impl Session for WireGuard {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let said = match message.get(0) {
            Some(INITIATION) => &mut self.opened,
            Some(RESPONSE | COOKIE) => &mut self.answered,
            Some(DATA) => {
                // After the first handshake nothing new comes but further handshakes of the same two.
                output.finished = self.answered;
                return Ok(());
            }
            Some(value) => {
                let problem = Problem::Value { value: value.into() };
                return Err(Malformed { what: "type", offset: 0, problem });
            }
            None => {
                return Err(Malformed {
                    what: "type",
                    offset: 0,
                    problem: Problem::Truncated { missing: 1 },
                });
            }
        };
        let Some(header) = message.slice(0, 4) else {
            let missing = 4_usize.saturating_sub(message.len());
            return Err(Malformed {
                what: "reserved",
                offset: message.len(),
                problem: Problem::Truncated { missing },
            });
        };
        let is_first = !std::mem::replace(said, true);
        if is_first {
            output.fact(&context.source(), "wireguard.handshake", Basis::Stated, &HANDSHAKE, header);
        }
        let is_initiation = message.get(0) == Some(INITIATION);
        if is_initiation && is_first && !self.answered {
            output.server_is = Some(context.from.other());
        } else if !is_initiation && is_first && !self.opened {
            output.server_is = Some(context.from);
            self.opened = true;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use observation::{End, Transport};

    use super::*;

    fn say(session: &mut WireGuard, from: End, octets: &[u8]) -> (Vec<String>, Option<End>, bool) {
        let context = Context::of_test(from, ("10.0.0.2", 40_000), ("10.0.0.1", 51_820), Transport::Udp);
        let mut output = Output::default();
        session.message(&context, Octets::unplaced(octets), &mut output).unwrap();
        let facts =
            output.facts.iter().map(|fact| format!("{} {}={}", fact.station, fact.attribute, fact.value));
        (facts.collect(), output.server_is, output.finished)
    }

    #[test]
    fn the_first_initiation_tells_the_client_and_data_after_the_answer_ends_it() {
        let mut session = WireGuard::default();
        let (initiation, data) =
            (include_bytes!("messages/initiation.bin"), include_bytes!("messages/data.bin"));
        assert_eq!(say(&mut session, End::Client, data), (vec![], None, false));
        assert_eq!(
            say(&mut session, End::Client, initiation),
            (vec!["10.0.0.2 wireguard.handshake=initiator".to_owned()], Some(End::Server), false)
        );
        assert_eq!(
            say(&mut session, End::Server, include_bytes!("messages/response.bin")),
            (vec!["10.0.0.1 wireguard.handshake=responder".to_owned()], None, false)
        );
        assert_eq!(say(&mut session, End::Server, initiation), (vec![], None, false));
        assert_eq!(say(&mut session, End::Client, data), (vec![], None, true));
    }

    #[test]
    fn an_answer_alone_tells_the_server() {
        let mut session = WireGuard::default();
        let (facts, server, _) = say(&mut session, End::Client, include_bytes!("messages/cookie.bin"));
        assert_eq!((facts.len(), server), (1, Some(End::Client)));
    }

    #[test]
    fn what_is_cut_or_unknown_is_malformed() {
        let context =
            Context::of_test(End::Client, ("10.0.0.2", 40_000), ("10.0.0.1", 51_820), Transport::Udp);
        let error = |octets: &[u8]| {
            let mut output = Output::default();
            WireGuard::default()
                .message(&context, Octets::unplaced(octets), &mut output)
                .unwrap_err()
                .to_string()
        };
        assert_eq!(error(&[1, 0]), "reserved at octet 2: 2 octets missing");
        assert_eq!(error(&[9]), "type at octet 0: value 0x9 is not allowed");
    }
}
