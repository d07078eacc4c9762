//! Messages of SMB 2 and 3 ([MS-SMB2] section 2.2): one or more in a packet, each behind the other.

use observation::{Address, Basis, Octets, Station, attribute};

use super::nbss::HEADER as PACKET_HEADER;
use super::{operations, rules};
use crate::{Context, Malformed, Output, Reader, security_token};

/// Octets of the header (section 2.2.1.2).
const HEADER: usize = 64;
/// Messages in one packet; clients chain three or four.
const CHAIN_MAX: usize = 32;
/// Interfaces told of in one response.
const INTERFACES_MAX: usize = 64;

const NEGOTIATE: u16 = 0;
const SESSION_SETUP: u16 = 1;
const CREATE: u16 = 5;
const IOCTL: u16 = 11;
/// Flag: the message is a response.
const RESPONSE: u32 = 1;
/// Control code: what interfaces the server has (section 2.2.31).
const QUERY_INTERFACES: u32 = 0x0014_01fc;

/// Reads the messages of a packet; `reader` stands at the first header.
///
/// # Errors
///
/// Fails if a message is cut short.
pub(super) fn read<'m>(
    context: &Context,
    packet: Octets<'m>,
    reader: Reader<'m>,
    output: &mut Output<'m>,
) -> Result<(), Malformed> {
    let all = reader.peek();
    let mut at = 0_usize;
    for _ in 0..CHAIN_MAX {
        let message = all.tail(at);
        let mut reader = Reader::nested(message, PACKET_HEADER.saturating_add(at));
        reader.skip(12, "protocol id, size and status")?;
        let command = reader.u16_le("command")?;
        reader.skip(2, "credits")?;
        let response = reader.u32_le("flags")? & RESPONSE != 0;
        let next = reader.u32_le("next command")?;
        reader.skip(HEADER.saturating_sub(24), "header")?;
        output.server_is = Some(if response { context.from } else { context.from.other() });
        let whole = Message { octets: message, body: reader };
        if response {
            answer(context, command, whole, output)?;
        } else {
            request(context, command, packet, whole, output)?;
        }
        match usize::try_from(next) {
            Ok(next) if next >= HEADER && next < message.len() => at = at.saturating_add(next),
            _ => break,
        }
    }
    Ok(())
}

/// One message; offsets in it count from its header.
struct Message<'a> {
    octets: Octets<'a>,
    body: Reader<'a>,
}

impl<'a> Message<'a> {
    /// Octets that a field says the place of, as far as they are there.
    fn at(&self, offset: impl TryInto<usize>, length: impl TryInto<usize>) -> Octets<'a> {
        let offset = offset.try_into().unwrap_or(usize::MAX);
        self.octets.tail(offset).head(length.try_into().unwrap_or(usize::MAX))
    }
}

fn request<'m>(
    context: &Context,
    command: u16,
    packet: Octets<'m>,
    mut message: Message<'m>,
    output: &mut Output<'m>,
) -> Result<(), Malformed> {
    match command {
        // Section 2.2.3.
        NEGOTIATE => {
            message.body.skip(12, "dialect count and security mode")?;
            let guid = message.body.take(16, "client GUID")?;
            output.fact(&context.source(), "smb.client_guid", Basis::Stated, &rules::GUID, guid);
        }
        // Section 2.2.5.
        SESSION_SETUP => {
            message.body.skip(12, "security mode and capabilities")?;
            token(context, &mut message, output)?;
        }
        // Section 2.2.13.
        CREATE => {
            message.body.skip(44, "access and options")?;
            let (offset, length) = (message.body.u16_le("name offset")?, message.body.u16_le("name length")?);
            let name = message.at(offset, length);
            if let Some((kind, name)) = operations::pipe(operations::units(name.bytes)) {
                output.operation(kind, name, packet);
            }
        }
        _ => {
            if let Some((kind, name)) = operations::smb2(command) {
                output.operation(kind, name, packet);
            }
        }
    }
    Ok(())
}

fn answer<'m>(
    context: &Context,
    command: u16,
    mut message: Message<'m>,
    output: &mut Output<'m>,
) -> Result<(), Malformed> {
    /// An error response has this structure size and says nothing of these commands (section 2.2.2).
    const ERROR: u16 = 9;
    let source = context.source();
    let structure = message.body.u16_le("structure size")?;
    match command {
        // Section 2.2.4.
        NEGOTIATE if structure != ERROR => {
            message.body.skip(2, "security mode")?;
            let dialect = message.body.take(2, "dialect revision")?;
            output.fact(&source, "smb.dialect", Basis::Stated, &rules::DIALECT_2, dialect);
            message.body.skip(2, "negotiate contexts")?;
            let guid = message.body.take(16, "server GUID")?;
            output.fact(&source, "smb.server_guid", Basis::Stated, &rules::GUID, guid);
            message.body.skip(24, "capabilities, sizes and system time")?;
            let started = message.body.take(8, "server start time")?;
            output.fact(&source, "smb.boot_time", Basis::Stated, &rules::START_TIME, started);
        }
        // Section 2.2.6; its structure size is that of an error, which has no token.
        SESSION_SETUP => {
            message.body.skip(2, "session flags")?;
            token(context, &mut message, output)?;
        }
        // Section 2.2.32.
        IOCTL if structure != ERROR => {
            message.body.skip(2, "reserved")?;
            let code = message.body.u32_le("control code")?;
            message.body.skip(24, "file id and input")?;
            let (offset, length) =
                (message.body.u32_le("output offset")?, message.body.u32_le("output count")?);
            if code == QUERY_INTERFACES {
                interfaces(context, &source, message.at(offset, length), output)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// A security token whose place the next fields say.
fn token(context: &Context, message: &mut Message<'_>, output: &mut Output<'_>) -> Result<(), Malformed> {
    let offset = message.body.u16_le("security buffer offset")?;
    let length = message.body.u16_le("security buffer length")?;
    security_token::read(context, message.at(offset, length), output);
    Ok(())
}

/// The addresses of the server's interfaces (section 2.2.32.5).
fn interfaces(
    context: &Context,
    source: &Station,
    entries: Octets<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    /// Octets before the socket address: next, index, capability, reserved, link speed.
    const BEFORE: usize = 24;
    /// Octets of an address that matter, IPv6 with family, port and flow.
    const ADDRESS: usize = 24;
    let mut at = 0_usize;
    for _ in 0..INTERFACES_MAX {
        let mut reader = Reader::new(entries.tail(at));
        let next = reader.u32_le("next interface")?;
        reader.skip(BEFORE.saturating_sub(4), "interface")?;
        let address = reader.take(ADDRESS, "address of an interface")?;
        if rules::interface_address(address.bytes).is_some_and(|ip| Address::Ip(ip) != context.source) {
            output.fact(source, attribute::IP_ADDRESS, Basis::Stated, &rules::INTERFACE, address);
        }
        match usize::try_from(next) {
            Ok(next) if next >= BEFORE => at = at.saturating_add(next),
            _ => break,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use observation::End;

    use super::super::session::tests::said;

    #[test]
    fn a_negotiation_tells_dialect_and_guids() {
        let (facts, ..) = said(include_bytes!("messages/smb2-negotiate-request.bin"), End::Client);
        assert_eq!(facts.len(), 1);
        assert!(facts[0].starts_with("10.0.0.1 smb.client_guid="), "{facts:?}");
        let octets = include_bytes!("messages/smb2-negotiate-response.bin");
        let (facts, _, _, result) = said(octets, End::Server);
        assert_eq!(facts[0], "10.0.0.2 smb.dialect=SMB 3.1.1");
        assert_eq!(facts[1], "10.0.0.2 smb.server_guid=31767273-0000-0000-0000-000000000000");
        assert_eq!((facts.len(), result), (2, Ok(())));
        let (facts, _, _, result) = said(&octets[..100], End::Server);
        assert_eq!(facts.len(), 2);
        assert_eq!(
            result.unwrap_err().to_string(),
            "capabilities, sizes and system time at octet 92: 16 octets missing"
        );
    }

    #[test]
    fn a_session_setup_carries_ntlm_whose_responses_are_secret() {
        let (facts, _, secret, _) =
            said(include_bytes!("messages/smb2-session-setup-challenge.bin"), End::Server);
        assert!(facts.contains(&"10.0.0.2 hostname=SRV1".to_owned()), "{facts:?}");
        assert_eq!(secret, 0);
        let octets = include_bytes!("messages/smb2-session-setup-authenticate.bin");
        let (facts, _, secret, _) = said(octets, End::Client);
        assert!(facts.iter().any(|fact| fact.starts_with("10.0.0.1 hostname=")), "{facts:?}");
        assert!(!facts.iter().any(|fact| fact.contains("alice")), "{facts:?}");
        assert_eq!(secret, 24 + 210 + 16);
    }

    #[test]
    fn opening_a_pipe_is_an_operation() {
        let (_, operations, ..) = said(include_bytes!("messages/smb2-create-pipe.bin"), End::Client);
        assert_eq!(operations, ["open server service pipe"]);
    }

    #[test]
    fn a_server_lists_its_interfaces() {
        let (facts, _, _, result) = said(include_bytes!("messages/smb2-interfaces.bin"), End::Server);
        assert_eq!(
            facts,
            ["10.0.0.2 ip_address=192.168.7.50", "10.0.0.2 ip_address=fe80::21b:1bff:fe10:50"],
            "the address it answers from is no news"
        );
        assert_eq!(result, Ok(()));
    }
}
