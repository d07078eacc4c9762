//! Messages of SMB 1 ([MS-CIFS] section 2.2; with extended security [MS-SMB] section 2.2).
//!
//! A message is a header, then words and bytes; `AndX` commands chain further ones in the same message.

use observation::{Basis, Octets, Rule, Station, attribute};

use super::nbss::HEADER as PACKET_HEADER;
use super::{operations, rules};
use crate::strings::{zero_terminated, zero_terminated_utf16};
use crate::{Context, Malformed, Output, Reader, security_token};

/// Octets of the header (section 2.2.3.1).
const HEADER: usize = 32;
/// Commands in one message; clients chain two or three.
const CHAIN_MAX: usize = 8;

const NEGOTIATE: u8 = 0x72;
const SESSION_SETUP: u8 = 0x73;
const TREE_CONNECT: u8 = 0x75;
const NT_CREATE: u8 = 0xa2;
/// End of a chain.
const NONE: u8 = 0xff;

/// Flags: the message is a response; flags 2: text is UTF-16.
const RESPONSE: u8 = 0x80;
const UNICODE: u16 = 0x8000;
/// Capability of a server with extended security, and of one with UTF-16.
const EXTENDED_SECURITY: u32 = 0x8000_0000;
const UNICODE_CAPABILITY: u32 = 0x0000_0004;

/// One command of a message.
struct Block<'a> {
    word_count: Octets<'a>,
    words: Reader<'a>,
    bytes: Reader<'a>,
    unicode: bool,
}

/// Reads a message; `reader` stands at its header.
///
/// # Errors
///
/// Fails if the message is cut short.
pub(super) fn read<'m>(
    context: &Context,
    packet: Octets<'m>,
    mut reader: Reader<'m>,
    output: &mut Output<'m>,
) -> Result<(), Malformed> {
    let message = reader.peek();
    reader.skip(4, "protocol id")?;
    let mut command = reader.u8("command")?;
    reader.skip(4, "status")?;
    let response = reader.u8("flags")? & RESPONSE != 0;
    let unicode = reader.u16_le("flags 2")? & UNICODE != 0;
    output.server_is = Some(if response { context.from } else { context.from.other() });
    let source = context.source();
    let mut at = HEADER;
    for _ in 0..CHAIN_MAX {
        let mut reader = Reader::nested(message.tail(at), PACKET_HEADER.saturating_add(at));
        let word_count = reader.take(1, "word count")?;
        let words = reader.part(usize::from(word_count.get(0).unwrap_or(0)).saturating_mul(2), "words")?;
        let chain = words.clone();
        let length = reader.u16_le("byte count")?;
        let bytes = reader.part(length.into(), "bytes")?;
        let block = Block { word_count, words, bytes, unicode };
        if response {
            match command {
                NEGOTIATE => negotiated(context, &source, block, output)?,
                SESSION_SETUP => set_up(context, &source, block, output)?,
                _ => {}
            }
        } else {
            request(context, &source, command, packet, block, output)?;
        }
        match next(command, chain) {
            Some((next, offset)) if offset > at => (command, at) = (next, offset),
            _ => break,
        }
    }
    Ok(())
}

/// The next command of a chain and where it is, counted from the header.
fn next(command: u8, mut words: Reader<'_>) -> Option<(u8, usize)> {
    let is_and_x =
        matches!(command, 0x24 | 0x2d | 0x2e | 0x2f | SESSION_SETUP | 0x74 | TREE_CONNECT | NT_CREATE);
    let next = words.u8("AndX command").ok().filter(|next| is_and_x && *next != NONE)?;
    words.skip(1, "AndX reserved").ok()?;
    words.u16_le("AndX offset").ok().map(|offset| (next, offset.into()))
}

fn request<'m>(
    context: &Context,
    source: &Station,
    command: u8,
    packet: Octets<'m>,
    block: Block<'m>,
    output: &mut Output<'m>,
) -> Result<(), Malformed> {
    match command {
        SESSION_SETUP => return set_up_request(context, source, block, output),
        TREE_CONNECT => {
            let Block { mut words, bytes, .. } = block;
            words.skip(6, "AndX block and flags")?;
            let length = words.u16_le("password length")?;
            secret(bytes.peek().head(length.into()), output);
        }
        NT_CREATE => {
            let Block { mut words, mut bytes, unicode, .. } = block;
            words.skip(5, "AndX block")?;
            let length = words.u16_le("name length")?;
            let name = text_octets(&mut bytes, unicode).head(length.into());
            let pipe = if unicode {
                operations::pipe(operations::units(name.bytes))
            } else {
                operations::pipe(name.bytes.iter().map(|octet| u16::from(*octet)))
            };
            if let Some((kind, name)) = pipe {
                output.operation(kind, name, packet);
            }
        }
        _ => {
            if let Some((kind, name)) = operations::smb1(command) {
                output.operation(kind, name, packet);
            }
        }
    }
    Ok(())
}

/// A password or a response to a challenge. A single zero stands for none.
fn secret(octets: Octets<'_>, output: &mut Output<'_>) {
    if octets.bytes.iter().any(|octet| *octet != 0) {
        output.secret(octets);
    }
}

/// Session setup request in its three forms: with extended security, NT and LAN Manager ([MS-SMB] section 2.2.4.6.1;
/// [MS-CIFS] section 2.2.4.53.1).
fn set_up_request(
    context: &Context,
    source: &Station,
    block: Block<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    let Block { word_count, mut words, mut bytes, unicode } = block;
    words.skip(14, "session setup")?;
    match word_count.get(0) {
        Some(12) => {
            let length = words.u16_le("security blob length")?;
            security_token::read(context, bytes.part(length.into(), "security blob")?.peek(), output);
        }
        Some(13) => {
            let (oem, utf16) = (words.u16_le("OEM password length")?, words.u16_le("password length")?);
            for length in [oem, utf16] {
                // Whatever stands there is masked, also where its length is wrong.
                secret(bytes.peek().head(length.into()), output);
                bytes.part(length.into(), "password")?;
            }
            // Account and its domain: names of users are passed over.
            text_octets(&mut bytes, unicode);
            text_octets(&mut bytes, unicode);
        }
        Some(10) => {
            let length = words.u16_le("password length")?;
            // Whatever stands there is masked, also where its length is wrong.
            secret(bytes.peek().head(length.into()), output);
            bytes.part(length.into(), "password")?;
            text_octets(&mut bytes, unicode);
            text_octets(&mut bytes, unicode);
        }
        _ => return Ok(()),
    }
    native(source, &mut bytes, unicode, output);
    Ok(())
}

/// Session setup response ([MS-CIFS] section 2.2.4.53.2; [MS-SMB] section 2.2.4.6.2).
fn set_up(
    context: &Context,
    source: &Station,
    block: Block<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    let Block { word_count, mut words, mut bytes, unicode } = block;
    match word_count.get(0) {
        Some(3) => {}
        Some(4) => {
            words.skip(6, "AndX block and action")?;
            let length = words.u16_le("security blob length")?;
            security_token::read(context, bytes.part(length.into(), "security blob")?.peek(), output);
        }
        // An error without words.
        _ => return Ok(()),
    }
    native(source, &mut bytes, unicode, output);
    let domain = text_octets(&mut bytes, unicode);
    say(source, "smb.domain", unicode, [&rules::DOMAIN, &rules::DOMAIN_UTF16], domain, output);
    Ok(())
}

/// Native operating system and LAN manager.
fn native(source: &Station, bytes: &mut Reader<'_>, unicode: bool, output: &mut Output<'_>) {
    let os = text_octets(bytes, unicode);
    // Who says that it is no Windows gives in NTLM the version of one all the same.
    let windows: &[u8] = if unicode { b"W\0i\0n\0d\0o\0w\0s\0" } else { b"Windows" };
    if !os.is_empty() && !os.bytes.starts_with(windows) {
        output.facts.retain(|fact| !matches!(fact.attribute, attribute::OS | attribute::OS_VERSION));
    }
    say(source, attribute::OS, unicode, [&rules::NATIVE_OS, &rules::NATIVE_OS_UTF16], os, output);
    let manager = text_octets(bytes, unicode);
    let rules = [&rules::LAN_MANAGER, &rules::LAN_MANAGER_UTF16];
    say(source, "smb.native_lan_manager", unicode, rules, manager, output);
}

fn say(
    source: &Station,
    attribute: &'static str,
    unicode: bool,
    [oem, utf16]: [&'static Rule; 2],
    octets: Octets<'_>,
    output: &mut Output<'_>,
) {
    output.fact(source, attribute, Basis::Stated, if unicode { utf16 } else { oem }, octets);
}

/// The octets of the next string.
fn string<'a>(bytes: &mut Reader<'a>, unicode: bool) -> Octets<'a> {
    if unicode { zero_terminated_utf16(bytes) } else { zero_terminated(bytes) }
}

/// The octets of the next string; UTF-16 starts at an even place, counted from the header, which is even itself.
fn text_octets<'a>(bytes: &mut Reader<'a>, unicode: bool) -> Octets<'a> {
    if unicode && bytes.offset() % 2 == 1 && !bytes.is_empty() {
        // Within what is left, as that is not empty.
        let _ = bytes.skip(1, "padding");
    }
    string(bytes, unicode)
}

/// Negotiate response ([MS-CIFS] section 2.2.4.52.2; [MS-SMB] section 2.2.4.5.2).
fn negotiated(
    context: &Context,
    source: &Station,
    block: Block<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    let Block { word_count, mut words, mut bytes, .. } = block;
    if word_count.get(0) != Some(17) {
        return Ok(());
    }
    output.fact(source, "smb.dialect", Basis::Stated, &rules::DIALECT_1, word_count);
    words.skip(19, "dialect, security mode and sizes")?;
    let capabilities = words.u32_le("capabilities")?;
    words.skip(10, "time")?;
    let challenge = words.u8("challenge length")?;
    if capabilities & EXTENDED_SECURITY != 0 {
        output.fact(source, "smb.server_guid", Basis::Stated, &rules::GUID, bytes.take(16, "server GUID")?);
        security_token::read(context, bytes.peek(), output);
        return Ok(());
    }
    bytes.skip(challenge.into(), "challenge")?;
    // These strings follow the challenge without padding, and their form is that of the capabilities.
    let unicode = capabilities & UNICODE_CAPABILITY != 0;
    let (domain, server) = (string(&mut bytes, unicode), string(&mut bytes, unicode));
    say(source, "smb.domain", unicode, [&rules::DOMAIN, &rules::DOMAIN_UTF16], domain, output);
    say(
        source,
        attribute::HOSTNAME,
        unicode,
        [&rules::SERVER_NAME, &rules::SERVER_NAME_UTF16],
        server,
        output,
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use observation::End;

    use super::super::session::tests::said;

    #[test]
    fn a_session_setup_names_both_systems_and_no_user() {
        let octets = include_bytes!("messages/smb1-session-setup-request.bin");
        let (facts, _, secret, result) = said(octets, End::Client);
        assert_eq!(
            facts,
            [
                "10.0.0.1 os=Windows 2002 Service Pack 2 2600",
                "10.0.0.1 smb.native_lan_manager=Windows 2002 5.1"
            ]
        );
        assert_eq!((secret, result), (48, Ok(())));
        let (facts, ..) = said(include_bytes!("messages/smb1-session-setup-response.bin"), End::Server);
        assert_eq!(
            facts,
            [
                "10.0.0.2 os=Windows Server 2003 R2 3790 Service Pack 2",
                "10.0.0.2 smb.native_lan_manager=Windows Server 2003 R2 5.2",
                "10.0.0.2 smb.domain=PLANT",
            ]
        );
    }

    #[test]
    fn chained_commands_are_read_and_their_passwords_are_secret() {
        let octets = include_bytes!("messages/smb1-chain-plain-password.bin");
        let (facts, _, secret, result) = said(octets, End::Client);
        assert_eq!(facts, ["10.0.0.1 os=Unix", "10.0.0.1 smb.native_lan_manager=Samba"]);
        assert_eq!((secret, result), (7 + 6, Ok(())));
        // Where the bytes are cut, what there is of a password is secret.
        assert_eq!(said(&octets[..70], End::Client).2, 7);
    }

    #[test]
    fn a_negotiation_without_extended_security_names_server_and_domain() {
        let (facts, _, _, result) = said(include_bytes!("messages/smb1-negotiate-response.bin"), End::Server);
        assert_eq!(
            facts,
            ["10.0.0.2 smb.dialect=NT LM 0.12", "10.0.0.2 smb.domain=PLANT", "10.0.0.2 hostname=HIST1"]
        );
        assert_eq!(result, Ok(()));
    }

    #[test]
    fn opening_a_pipe_is_an_operation() {
        let (_, operations, ..) = said(include_bytes!("messages/smb1-create-pipe.bin"), End::Client);
        assert_eq!(operations, ["open service control pipe"]);
    }
}
