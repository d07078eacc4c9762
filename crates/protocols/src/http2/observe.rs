//! What headers say in plain text.

use observation::{Basis, Octets, OperationKind, Rule, Rules};

use super::fields::{Field, Name, Text, fields, place};
use super::{PREFACE, kind};
use crate::told::{Print, Told};
use crate::{Context, Malformed, Output, Reader, Session};

static TEXT: Rule = Rule { name: "http2-field", read: Rules::text };

pub(super) const RULES: &[&Rule] = &[&TEXT];

/// Flags of HEADERS.
const PADDED: u8 = 0x08;
const PRIORITY: u8 = 0x20;

/// How the content type of gRPC begins, as it is and compressed: the code of RFC 7541 appendix B has one form for it.
const GRPC: &[u8] = b"application/grpc";
const GRPC_COMPRESSED: &[u8] = &[0x1d, 0x75, 0xd0, 0x62, 0x0d, 0x26, 0x3d, 0x4c, 0x4d, 0x65, 0x64];

/// Reads one connection.
#[derive(Debug, Default)]
pub(super) struct Http2 {
    told: Told<8>,
    is_grpc: bool,
}

impl Session for Http2 {
    fn message<'m>(
        &mut self,
        context: &Context,
        octets: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        if octets.bytes.starts_with(PREFACE) {
            output.server_is = Some(context.from.other());
            return Ok(());
        }
        let mut reader = Reader::new(octets);
        reader.skip(3, "length")?;
        let (kind, flags) = (reader.u8("type")?, reader.u8("flags")?);
        reader.skip(4, "stream")?;
        match kind {
            kind::HEADERS => {
                let padding = if flags & PADDED == 0 { 0 } else { reader.u8("padding")? };
                reader.skip(if flags & PRIORITY == 0 { 0 } else { 5 }, "priority")?;
                let block = reader.peek();
                let length = block.len().saturating_sub(padding.into());
                self.headers(
                    context,
                    if block.is_cut() { block } else { block.head(length) },
                    octets,
                    output,
                );
            }
            // Where fields are torn apart, who knows what they hold.
            kind::CONTINUATION => output.secret(reader.rest()),
            _ => {}
        }
        Ok(())
    }
}

impl Http2 {
    fn headers<'m>(
        &mut self,
        context: &Context,
        block: Octets<'_>,
        frame: Octets<'m>,
        output: &mut Output<'m>,
    ) {
        for field in fields(block) {
            match field {
                Field::Indexed(place::GET) => {
                    output.operation(OperationKind::Read, "get", frame.head(super::HEADER))
                }
                Field::Indexed(place::POST) => {
                    output.operation(OperationKind::Write, "post", frame.head(super::HEADER));
                }
                Field::Indexed(_) | Field::Literal(Name::Other, _) => {}
                Field::Literal(Name::Secret, text) => output.secret(text.octets()),
                Field::Literal(Name::ContentType, text) => {
                    let is_grpc = match text {
                        Text::Plain(octets) => octets.bytes.starts_with(GRPC),
                        Text::Compressed(octets) => octets.bytes == GRPC_COMPRESSED,
                    };
                    if is_grpc && !std::mem::replace(&mut self.is_grpc, true) {
                        output.carries = Some("grpc");
                    }
                }
                Field::Literal(name @ (Name::Server | Name::UserAgent), Text::Plain(octets)) => {
                    let attribute = if name == Name::Server { "http.server" } else { "http.user_agent" };
                    if !octets.is_cut()
                        && self.told.is_new(Print::new().with(attribute.as_bytes()).with(octets.bytes))
                    {
                        output.fact(&context.source(), attribute, Basis::Stated, &TEXT, octets);
                    }
                }
                Field::Literal(..) => {}
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::{End, Transport};

    use super::super::PROTOCOL;
    use super::*;
    use crate::trial::{Heard, hear};
    use crate::{Frame, Probe};

    fn heard(octets: &[u8], from: End) -> Heard {
        let (mut messages, mut at) = (Vec::new(), 0);
        while let Frame::Message(length) = (PROTOCOL.frame)(&octets[at..], Transport::Tcp) {
            messages.push((from, &octets[at..at + length]));
            at += length;
        }
        hear(&PROTOCOL, Transport::Tcp, &messages)
    }

    #[test]
    fn grpc_is_told_by_its_content_type_plain_or_compressed() {
        for octets in
            [&include_bytes!("messages/grpc-plain.bin")[..], include_bytes!("messages/grpc-compressed.bin")]
        {
            let heard = heard(octets, End::Client);
            assert_eq!(heard.carries, Some("grpc"));
            assert_eq!(heard.operations, [(OperationKind::Write, "post")]);
            assert_eq!(heard.servers, [End::Server]);
            assert_eq!((PROTOCOL.probe)(octets, Transport::Tcp), Probe::Certain);
        }
    }

    #[test]
    fn plain_fields_are_read_and_what_may_be_secret_is_masked() {
        let heard = heard(include_bytes!("messages/get.bin"), End::Client);
        assert!(heard.has("10.0.0.1", "http.user_agent", "exemplum-client/7"), "{:?}", heard.facts);
        assert_eq!(heard.operations, [(OperationKind::Read, "get")]);
        // The token, and a key in a field of a name of its own.
        assert_eq!(heard.secrets.iter().map(|secret| secret.1).collect::<Vec<_>>(), [16, 9]);
        assert_eq!(heard.carries, None);
    }
}
