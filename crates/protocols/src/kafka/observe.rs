//! What clients say of themselves and ask for.

use observation::{Basis, End, Octets, OperationKind, Rule, Rules};

use super::wire::{self, Request, key};
use crate::told::{Print, Told};
use crate::{Context, Malformed, Output, Session};

static TEXT: Rule = Rule { name: "kafka-text", read: Rules::text };

pub(super) const RULES: &[&Rule] = &[&TEXT];

/// From this version on a request for the versions names the client's library.
const NAMES_LIBRARY: u16 = 3;

/// Reads one connection.
#[derive(Debug, Default)]
pub(super) struct Kafka {
    told: Told<4>,
    /// True if what the client sends next authenticates it, and has no header.
    authenticates: bool,
}

impl Session for Kafka {
    fn message<'m>(
        &mut self,
        context: &Context,
        octets: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        // Answers hold the number of their request, and nothing that tells them apart.
        if context.from == End::Server {
            return Ok(());
        }
        if std::mem::take(&mut self.authenticates) {
            output.secret(octets.tail(wire::LENGTH));
            return Ok(());
        }
        let mut request = Request::parse(octets)?;
        if !request.is_plausible() {
            return Ok(());
        }
        if let Some((kind, name)) = asked(request.key) {
            output.operation(kind, name, octets.head(12));
        }
        let client = context.source();
        if let Some(own) = request.client
            && !own.is_cut()
            && self.told.is_new(Print::new().with(own.bytes))
        {
            output.fact(&client, "kafka.client_id", Basis::Stated, &TEXT, own);
        }
        match request.key {
            key::API_VERSIONS if request.version >= NAMES_LIBRARY => {
                output.server_is = Some(context.from.other());
                // Fields with tags stand behind the header; nobody sends any.
                request.body.skip(1, "tagged fields")?;
                let library = wire::compact(&mut request.body, "client software name")?;
                let version = wire::compact(&mut request.body, "client software version")?;
                output.fact(&client, "kafka.library", Basis::Stated, &TEXT, library);
                output.fact(&client, "kafka.library_version", Basis::Stated, &TEXT, version);
            }
            // Later versions wrap what follows in requests of their own.
            key::SASL_HANDSHAKE => self.authenticates = request.version == 0,
            key::SASL_AUTHENTICATE => output.secret(request.body.rest()),
            _ => {}
        }
        Ok(())
    }
}

/// What a request asks for, by its key; those that only keep a group together are none.
fn asked(key: u16) -> Option<(OperationKind, &'static str)> {
    use OperationKind::{Diagnostic, Identify, Program, Read, Write};
    Some(match key {
        0 => (Write, "produce"),
        1 => (Read, "fetch"),
        2 => (Read, "list offsets"),
        3 => (Identify, "metadata"),
        16 => (Identify, "list groups"),
        key::SASL_HANDSHAKE => (Diagnostic, "sasl handshake"),
        key::API_VERSIONS => (Identify, "api versions"),
        19 => (Program, "create topics"),
        20 => (Program, "delete topics"),
        21 => (Write, "delete records"),
        30 => (Program, "create access lists"),
        31 => (Program, "delete access lists"),
        32 => (Read, "describe configurations"),
        33 | 44 => (Program, "alter configurations"),
        key::SASL_AUTHENTICATE => (Diagnostic, "sasl authenticate"),
        37 => (Program, "create partitions"),
        60 => (Identify, "describe cluster"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use observation::Transport;

    use super::super::PROTOCOL;
    use super::*;
    use crate::Probe;
    use crate::trial::hear;

    const OPENS: &[u8] = include_bytes!("messages/api-versions.bin");

    #[test]
    fn a_client_names_itself_and_its_library() {
        let heard = hear(&PROTOCOL, Transport::Tcp, &[(End::Client, OPENS)]);
        let facts: Vec<_> =
            heard.facts.iter().map(|fact| (fact.0.as_str(), fact.1, fact.2.as_str())).collect();
        assert_eq!(
            facts,
            [
                ("10.0.0.1", "kafka.client_id", "line4-gateway"),
                ("10.0.0.1", "kafka.library", "kafka-python"),
                ("10.0.0.1", "kafka.library_version", "2.0.2"),
            ]
        );
        assert_eq!(heard.operations, [(OperationKind::Identify, "api versions")]);
        assert_eq!((PROTOCOL.probe)(OPENS, Transport::Tcp), Probe::Certain);
        assert_eq!(
            (PROTOCOL.probe)(&[0, 0, 0, 10, 0, 200, 0, 1, 0, 0, 0, 1, 0, 0], Transport::Tcp),
            Probe::Foreign
        );
    }

    #[test]
    fn what_authenticates_is_secret() {
        let plain = include_bytes!("messages/sasl-authenticate.bin");
        let heard = hear(&PROTOCOL, Transport::Tcp, &[(End::Client, plain)]);
        let (from, length) = heard.secrets[0];
        assert_eq!((from + length) as usize, plain.len());
        let at = plain.windows(6).position(|part| part == b"geheim").unwrap();
        assert!(from as usize <= at);
        let (handshake, token) =
            (include_bytes!("messages/sasl-handshake-0.bin"), b"\0\0\0\x0f\0line4\0geheim99");
        let heard = hear(&PROTOCOL, Transport::Tcp, &[(End::Client, handshake), (End::Client, token)]);
        assert_eq!(heard.secrets, [(4, 15)]);
    }

    #[test]
    fn producing_is_writing() {
        let octets = include_bytes!("messages/produce.bin");
        let heard = hear(&PROTOCOL, Transport::Tcp, &[(End::Client, octets)]);
        assert_eq!(heard.operations, [(OperationKind::Write, "produce")]);
        assert!(hear(&PROTOCOL, Transport::Tcp, &[(End::Server, octets)]).facts.is_empty());
    }
}
