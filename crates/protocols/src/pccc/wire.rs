//! The CSPv4 header, and the command or reply behind it or in CIP.

use observation::{Octets, Transport};

use super::command::Command;
use crate::{Frame, Malformed, Probe, Reader};

/// Octets of the CSPv4 header: mode, submode, length, connection, status, sixteen octets of the client's own.
const HEADER: usize = 28;

/// Octets between the header and the command: destination, control, source, link service access point.
const LINK: usize = 4;

/// Longest data behind the header that is taken for CSPv4. A command holds at most some 250 octets.
const DATA_MAX: u16 = 1024;

/// Mode: request.
const REQUEST: u8 = 1;
/// Mode: reply.
const REPLY: u8 = 2;
/// Submode: connect.
const CONNECT: u8 = 1;
/// Submode: PCCC.
const PCCC: u8 = 7;

/// Octets of the requester in the PCCC object: length, vendor, serial number. The length may be larger.
const REQUESTER_MIN: u8 = 1;

/// Bit of CMD that marks replies.
const CMD_REPLY: u8 = 0x40;
/// Bits of CMD that are the command.
const CMD_CODE: u8 = 0x0f;

/// STS that says that an extended status follows.
const EXTENDED_STATUS: u8 = 0xf0;

/// Octets of the header that tell it: mode, submode, length.
fn length(octets: &[u8]) -> Option<u16> {
    let &[mode, submode, high, low] = octets.first_chunk()?;
    let length = u16::from_be_bytes([high, low]);
    let plausible = matches!(mode, REQUEST | REPLY)
        && match submode {
            CONNECT => length <= DATA_MAX,
            PCCC => usize::from(length) > LINK && length <= DATA_MAX,
            _ => false,
        };
    plausible.then_some(length)
}

/// Delimits the first CSPv4 message of a stream.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    if transport != Transport::Tcp {
        return Frame::Foreign;
    }
    match length(octets) {
        Some(length) => {
            let whole = HEADER.saturating_add(length.into());
            if octets.len() < whole { Frame::Partial(whole) } else { Frame::Message(whole) }
        }
        None if octets.len() < 4 && octets.first().is_none_or(|mode| matches!(*mode, REQUEST | REPLY)) => {
            Frame::Partial(HEADER)
        }
        None => Frame::Foreign,
    }
}

/// The header has no magic number: a message that fills the segment and whose command is one is all there is.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    let whole = frame(octets, transport) == Frame::Message(octets.len());
    match octets.get(..2) {
        Some(&[mode, PCCC]) if whole => {
            let command = octets.get(HEADER.saturating_add(LINK)).copied().unwrap_or(0xff);
            let fits = (command & CMD_REPLY != 0) == (mode == REPLY) && command & 0xb0 == 0;
            if fits && octets.get(HEADER..HEADER.saturating_add(LINK)) == Some(&[0, 5, 0, 0]) {
                Probe::Unsure
            } else {
                Probe::Foreign
            }
        }
        Some(&[_, CONNECT]) if whole && octets.len() == HEADER => Probe::Unsure,
        _ => Probe::Foreign,
    }
}

/// A CSPv4 message.
#[derive(Clone, Debug)]
pub(super) struct Csp<'a> {
    /// True for a reply.
    pub(super) is_reply: bool,
    /// The command or reply; `None` for those that open a connection.
    pub(super) pccc: Option<Reader<'a>>,
    /// True if it is for the station itself and not for one behind it.
    pub(super) is_local: bool,
}

impl<'a> Csp<'a> {
    /// Reads one whole message, as [`frame`] delimits it.
    ///
    /// # Errors
    ///
    /// Fails if the message ends before the command.
    pub(super) fn parse(message: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(message);
        let is_reply = reader.u8("mode")? == REPLY;
        let submode = reader.u8("submode")?;
        reader.skip(HEADER.saturating_sub(2), "csp header")?;
        if submode != PCCC {
            return Ok(Self { is_reply, pccc: None, is_local: true });
        }
        let link = reader.take(LINK, "link header")?;
        let is_local = matches!(link.bytes, [_, 5, _, 0]);
        Ok(Self { is_reply, pccc: Some(reader), is_local })
    }
}

/// Passes over the requester that a CIP message of the PCCC object begins with.
///
/// # Errors
///
/// Fails if it is cut short.
pub(crate) fn skip_requester(reader: &mut Reader<'_>) -> Result<(), Malformed> {
    let length = reader.u8("requester length")?;
    reader.skip(length.saturating_sub(REQUESTER_MIN).into(), "requester")
}

/// A command or its reply: CMD, STS, TNS, then FNC or data.
#[derive(Clone, Debug)]
pub(super) struct Message<'a> {
    /// True for a reply.
    pub(super) is_reply: bool,
    /// The command; the function is known of requests only.
    pub(super) command: Command,
    /// Status; 0 is success.
    pub(super) status: u8,
    /// Transaction number, which pairs both.
    pub(super) transaction: u16,
    /// CMD to FNC.
    pub(super) head: Octets<'a>,
    /// What follows.
    pub(super) data: Reader<'a>,
}

impl<'a> Message<'a> {
    /// Reads a command or reply that fills `reader`.
    ///
    /// # Errors
    ///
    /// Fails if it ends before the transaction number, or the function that its command must have.
    pub(super) fn parse(mut reader: Reader<'a>) -> Result<Self, Malformed> {
        let whole = reader.peek();
        let cmd = reader.u8("command")?;
        let status = reader.u8("status")?;
        let transaction = reader.u16_le("transaction number")?;
        let (is_reply, code) = (cmd & CMD_REPLY != 0, cmd & CMD_CODE);
        let mut function = None;
        if !is_reply && Command::has_function(code) {
            function = Some(reader.u8("function")?);
        }
        if is_reply && status == EXTENDED_STATUS {
            reader.skip(1, "extended status")?;
        }
        let head = whole.head(if function.is_some() { 5 } else { 4 });
        Ok(Self { is_reply, command: Command { code, function }, status, transaction, head, data: reader })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_csp_message_is_as_long_as_its_header_says() {
        let request = include_bytes!("messages/csp-diagnostic-status.bin");
        assert_eq!(frame(request, Transport::Tcp), Frame::Message(HEADER + 9));
        assert_eq!(frame(&request[..30], Transport::Tcp), Frame::Partial(HEADER + 9));
        assert_eq!(frame(&[1], Transport::Tcp), Frame::Partial(HEADER));
        assert_eq!(frame(b"GET / HTTP/1.1", Transport::Tcp), Frame::Foreign);
        assert_eq!(frame(request, Transport::Udp), Frame::Foreign);
        assert_eq!(probe(request, Transport::Tcp), Probe::Unsure);
        assert_eq!(probe(&request[..30], Transport::Tcp), Probe::Foreign);
    }

    #[test]
    fn a_command_has_a_function_and_a_reply_has_none() {
        let reader = |octets| Reader::new(Octets::unplaced(octets));
        let command = Message::parse(reader(&[0x06, 0, 0xd7, 0xb1, 3])).unwrap();
        assert_eq!((command.command, command.transaction), (Command::DIAGNOSTIC_STATUS, 0xb1d7));
        let reply = Message::parse(reader(&[0x46, 0, 0xd7, 0xb1, 9])).unwrap();
        assert!(reply.is_reply && reply.command.function.is_none() && reply.data.remaining() == 1);
        let refused = Message::parse(reader(&[0x4f, 0xf0, 0, 0, 7])).unwrap();
        assert!(refused.data.is_empty());
        assert!(Message::parse(reader(&[0x06, 0, 0, 0])).is_err());
    }
}
