//! Datagrams: a header of the communication module, a message of the controller in it, and a checksum behind.

use observation::{Octets, Transport};

use crate::{Frame, Malformed, Probe, Reader};

/// Octets of the outer header: code, channel, and the length of the message.
const OUTER: usize = 4;

/// Octets of the header of the message, with its own length.
const INNER: usize = 10;

/// Octets of the checksum at the end.
const CHECKSUM: usize = 2;

/// Greatest code of the outer header.
const CODE_MAX: u8 = 11;

/// Outer codes.
pub(super) const CONNECT_REQUEST: u8 = 1;
pub(super) const CONNECT_REPLY: u8 = 2;
pub(super) const DISCONNECT_REPLY: u8 = 3;
pub(super) const DISCONNECT_REQUEST: u8 = 4;
pub(super) const COMMAND: u8 = 5;
pub(super) const PING: u8 = 6;

/// True if the lengths within the datagram are those of it.
fn fits(octets: &[u8]) -> bool {
    let Some([code, _, low, high]) = octets.first_chunk::<OUTER>() else { return false };
    let length = usize::from(u16::from_le_bytes([*low, *high]));
    (CONNECT_REQUEST..=CODE_MAX).contains(code)
        && octets.len() == OUTER.saturating_add(length).saturating_add(CHECKSUM)
        && (length == 0 || length >= INNER)
}

/// A datagram is one message.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    if transport == Transport::Udp && fits(octets) { Frame::Message(octets.len()) } else { Frame::Foreign }
}

/// Certain of a command, whose two lengths, direction and code fit: six octets.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    if transport != Transport::Udp || !fits(octets) {
        return Probe::Foreign;
    }
    match octets {
        [COMMAND, _, low, high, 0 | 1, _, _, _, _, _, _, _, low_again, high_again, ..]
            if (low, high) == (low_again, high_again) =>
        {
            Probe::Certain
        }
        [code, _, 0, 0, ..] if *code != COMMAND => Probe::Unsure,
        _ => Probe::Foreign,
    }
}

/// A message of the controller, or to it.
#[derive(Clone, Debug)]
pub(super) struct Message<'a> {
    /// True if the controller sent it.
    pub(super) by_controller: bool,
    /// Its number.
    pub(super) command: u8,
    /// Behind its header, without the checksum.
    pub(super) data: Octets<'a>,
}

/// Reads the outer code, and the message if there is one.
///
/// # Errors
///
/// Fails if a header is cut short.
pub(super) fn parse(octets: Octets<'_>) -> Result<(u8, Option<Message<'_>>), Malformed> {
    let mut reader = Reader::new(octets);
    let code = reader.u8("code")?;
    reader.skip(1, "channel")?;
    let length = reader.u16_le("length")?;
    if length == 0 {
        return Ok((code, None));
    }
    let by_controller = reader.u8("direction")? == 1;
    reader.skip(1, "connection")?;
    let command = reader.u8("command")?;
    reader.skip(7, "sequence number, checksum, length")?;
    let data = reader.rest().head(usize::from(length).saturating_sub(INNER));
    Ok((code, Some(Message { by_controller, command, data })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_must_be_those_of_the_datagram() {
        let status = include_bytes!("messages/chassis-status-response.bin");
        assert_eq!(frame(status, Transport::Udp), Frame::Message(status.len()));
        assert_eq!(probe(status, Transport::Udp), Probe::Certain);
        assert_eq!(frame(&status[..status.len() - 1], Transport::Udp), Frame::Foreign);
        assert_eq!(frame(status, Transport::Tcp), Frame::Foreign);
        let ping = include_bytes!("messages/ping.bin");
        assert_eq!(
            (frame(ping, Transport::Udp), probe(ping, Transport::Udp)),
            (Frame::Message(6), Probe::Unsure)
        );
        assert_eq!(frame(&[12, 0, 0, 0, 1, 2], Transport::Udp), Frame::Foreign);
    }
}
