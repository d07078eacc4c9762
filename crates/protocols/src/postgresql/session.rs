//! One connection up to the point where the server is ready.

use observation::{Basis, End, Octets, OperationKind, attribute};

use super::rules;
use super::wire::{self, code, kind};
use crate::{Context, Malformed, Output, Reader, Session};

/// Messages of an opening at most: a server tells about fifteen parameters.
const MESSAGES_MAX: u8 = 96;

/// Remembers who asked what.
#[derive(Debug, Default)]
pub(super) struct Postgresql {
    /// The client asked for encryption and was not answered yet.
    asked: bool,
    /// An opening message was seen: the types of further messages are those of an opening.
    opened: bool,
    messages: u8,
}

impl Session for Postgresql {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        self.messages = self.messages.saturating_add(1);
        if self.messages > MESSAGES_MAX {
            output.finished = true;
            return Ok(());
        }
        if message.get(0) == Some(0) {
            return self.opening(context, message, output);
        }
        let mut reader = Reader::new(message);
        let kind = reader.u8("message type")?;
        if reader.is_empty() && !message.is_cut() {
            // Encryption follows, or another try without it.
            output.finished = self.asked && kind != b'N';
            if self.asked {
                output.server_is = Some(context.from);
            }
            self.asked = false;
            return Ok(());
        }
        // A password is a password, whatever came before, and however much of it is there.
        if kind == kind::PASSWORD {
            let secret = message.tail(wire::HEAD);
            if !secret.is_empty() {
                output.secret(secret);
            }
            output.server_is = self.opened.then_some(context.from.other());
            return Ok(());
        }
        reader.skip(4, "message length")?;
        let body = reader.peek();
        match kind {
            kind::AUTHENTICATION => {
                output.server_is = self.opened.then_some(context.from);
            }
            kind::PARAMETER if self.opened || is_version(body) => parameter(context, body, output),
            // By this key anybody may end a statement of the client.
            kind::KEY if self.opened => {
                if let Some(key) = Some(body.tail(4)).filter(|key| !key.is_empty()) {
                    output.secret(key);
                }
            }
            kind::READY => {
                output.finished = true;
            }
            kind::PARAMETER | kind::KEY | kind::ERROR | kind::NOTICE | kind::VERSION => {}
            // Statements, or results: the opening is over, or was missed.
            _ => output.finished = true,
        }
        Ok(())
    }

    fn gap(&mut self, _: End) {
        self.asked = false;
    }
}

impl Postgresql {
    fn opening<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let mut reader = Reader::new(message);
        reader.skip(4, "message length")?;
        let code = reader.u32_be("protocol version")?;
        if wire::opening(&code.to_be_bytes()).is_none() {
            return Ok(());
        }
        output.server_is = Some(context.from.other());
        match code {
            code::TLS | code::GSSAPI => self.asked = true,
            // Process and key.
            code::CANCEL => {
                let key = message.tail(12);
                if !key.is_empty() {
                    output.secret(key);
                }
                output.finished = true;
            }
            _ => {
                (self.opened, self.asked) = (true, false);
                output.operation(OperationKind::Diagnostic, "start session", message.head(8));
                let (client, server) = (context.source(), context.destination());
                for (name, value) in wire::parameters(reader.peek()) {
                    // The name of the user is personal.
                    match name.bytes {
                        b"application_name" | b"fallback_application_name" => {
                            output.fact(
                                &client,
                                "postgresql.application",
                                Basis::Stated,
                                &rules::APPLICATION,
                                value,
                            );
                        }
                        b"database" => {
                            output.fact(
                                &server,
                                "postgresql.database",
                                Basis::Reported,
                                &rules::DATABASE,
                                value,
                            );
                        }
                        _ => {}
                    }
                }
            }
        }
        Ok(())
    }
}

fn is_version(body: Octets<'_>) -> bool {
    body.bytes.starts_with(b"server_version\0")
}

/// A parameter that the server tells: its version, as that of its software.
fn parameter(context: &Context, body: Octets<'_>, output: &mut Output<'_>) {
    if !is_version(body) {
        return;
    }
    output.server_is = Some(context.from);
    if let Some((_, value)) = wire::parameters(body).next() {
        let source = context.source();
        output.fact(&source, attribute::SOFTWARE_VERSION, Basis::Stated, &rules::SERVER_VERSION, value);
        output.fact(&source, "postgresql.product", Basis::Stated, &rules::PRODUCT, value);
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::{Piece, Transport};

    use super::*;
    use crate::Frame;

    #[derive(Debug, Default)]
    struct Said {
        facts: Vec<String>,
        operations: Vec<&'static str>,
        secret: u32,
        finished: bool,
    }

    fn said(streams: &[(End, &[u8])]) -> Said {
        let (mut session, mut said) = (Postgresql::default(), Said::default());
        for (from, stream) in streams {
            let context = Context::of_test(*from, ("10.0.0.1", 50_000), ("10.0.0.2", 5432), Transport::Tcp);
            let mut at = 0;
            while let Frame::Message(length) = wire::frame(&stream[at..], Transport::Tcp) {
                let pieces = [Piece { at: 0, frame: 1, offset: 0 }];
                let mut output = Output::default();
                let message = Octets::new(&stream[at..][..length], &pieces);
                assert_eq!(session.message(&context, message, &mut output), Ok(()));
                let facts = output.facts.iter();
                said.facts
                    .extend(facts.map(|fact| format!("{} {}={}", fact.station, fact.attribute, fact.value)));
                said.operations.extend(output.operations.iter().map(|operation| operation.name));
                let ranges = output.secrets.iter().flat_map(|secret| &secret.ranges);
                said.secret += ranges.map(|range| range.length).sum::<u32>();
                said.finished |= output.finished;
                at += length;
                if at == stream.len() {
                    break;
                }
            }
            assert_eq!(at, stream.len());
        }
        said
    }

    const START: &[u8] = include_bytes!("messages/start-up.bin");
    const ANSWER: &[u8] = include_bytes!("messages/answer.bin");
    const TLS: &[u8] = include_bytes!("messages/tls-request.bin");

    #[test]
    fn an_opening_names_application_and_version_and_masks_the_password() {
        let said = said(&[
            (End::Client, TLS),
            (End::Server, b"N"),
            (End::Client, START),
            (End::Server, b"R\0\0\0\x0c\0\0\0\x05salt"),
            (End::Client, include_bytes!("messages/password.bin")),
            (End::Server, ANSWER),
        ]);
        assert_eq!(
            said.facts,
            [
                "10.0.0.2 postgresql.database=trends",
                "10.0.0.1 postgresql.application=Line 3 trends",
                "10.0.0.2 software_version=15.4 (Debian 15.4-1)",
                "10.0.0.2 postgresql.product=PostgreSQL",
            ]
        );
        assert_eq!(said.operations, ["start session"]);
        // The answer with its zero, the key for cancelling.
        assert_eq!(said.secret, 36 + 4);
        assert!(said.finished);
    }

    #[test]
    fn with_encryption_the_reading_ends() {
        assert!(said(&[(End::Client, TLS), (End::Server, b"S")]).finished);
    }

    #[test]
    fn statements_end_the_reading_and_say_nothing() {
        let said = said(&[(End::Client, b"Q\0\0\0\x0dselect 1\0")]);
        assert!(said.finished && said.facts.is_empty() && said.secret == 0);
    }
}
