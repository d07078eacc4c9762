//! The datagrams of port 48899: who is there, and routes to one another.

use observation::{Basis, Octets, OperationKind, attribute};

use super::rules;
use crate::{Context, Malformed, Output, Reader};

/// First octets of every datagram.
pub(super) const MAGIC: [u8; 4] = [0x03, 0x66, 0x14, 0x71];

/// Bit of the service that marks answers.
const ANSWER: u32 = 0x8000_0000;

/// Most tags of one datagram; real ones have up to six.
const TAGS_MAX: u32 = 32;

/// Services.
const IDENTIFY: u32 = 1;
const ADD_ROUTE: u32 = 6;

/// Tags.
const PASSWORD: u16 = 2;
const VERSION: u16 = 3;
const OS: u16 = 4;
const COMPUTER_NAME: u16 = 5;
const ROUTE_NAME: u16 = 12;
const USER_NAME: u16 = 13;
const FINGERPRINT: u16 = 18;

/// Reads one datagram: service, NetId of the sender, tags.
///
/// # Errors
///
/// Fails if it ends before its last tag. What was read before is said.
pub(super) fn observe<'m>(
    context: &Context,
    message: Octets<'m>,
    output: &mut Output<'m>,
) -> Result<(), Malformed> {
    let mut reader = Reader::new(message);
    reader.skip(8, "magic and invoke id")?;
    let service = reader.u32_le("service")?;
    let is_answer = service & ANSWER != 0;
    let service = service & !ANSWER;
    let sender = context.source();
    output.server_is = Some(if is_answer { context.from } else { context.from.other() });
    if !is_answer {
        let (kind, name) = match service {
            IDENTIFY => (OperationKind::Identify, "search"),
            ADD_ROUTE => (OperationKind::Program, "add route"),
            _ => (OperationKind::Diagnostic, "unknown udp service"),
        };
        output.operation(kind, name, message.head(12));
    }
    let net_id = reader.take(6, "net id")?;
    output.fact(&sender, "ads.net_id", Basis::Stated, &rules::NET_ID, net_id);
    reader.skip(2, "port")?;
    let count = reader.u32_le("number of tags")?.min(TAGS_MAX);
    for _ in 0..count {
        let tag = reader.u16_le("tag")?;
        let length = reader.u16_le("tag length")?;
        // What is secret is so even where it is cut.
        if matches!(tag, PASSWORD | USER_NAME) {
            output.secret(reader.peek().head(length.into()));
        }
        let value = reader.take(length.into(), "tag value")?;
        let mut says = |attribute, rule| output.fact(&sender, attribute, Basis::Stated, rule, value);
        match tag {
            COMPUTER_NAME => says(attribute::HOSTNAME, &rules::HOSTNAME),
            VERSION if is_answer => says(attribute::SOFTWARE_VERSION, &rules::VERSION),
            OS if is_answer => {
                says(attribute::OS, &rules::OS);
                says(attribute::OS_VERSION, &rules::OS_VERSION);
            }
            FINGERPRINT if is_answer => says("ads.fingerprint", &rules::FINGERPRINT),
            ROUTE_NAME if !is_answer => says("ads.route_name", &rules::ROUTE_NAME),
            _ => (),
        }
    }
    Ok(())
}
