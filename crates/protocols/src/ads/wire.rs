//! AMS/TCP and AMS headers.

use observation::{Octets, Transport};

use super::discovery;
use crate::{Frame, Malformed, Probe, Problem, Reader};

/// Octets of the AMS/TCP header.
const TCP_HEADER: usize = 6;

/// Octets of the AMS header.
const AMS_HEADER: usize = 32;

/// Longest AMS message that is taken for one. Symbol tables are larger than process images, and rarely than this.
const AMS_MAX: u32 = 1 << 20;

/// State flags: response, ADS command. Others are for internal use.
const RESPONSE: u16 = 0x0001;
const ADS_COMMAND: u16 = 0x0004;

/// Greatest ADS command.
const COMMAND_MAX: u16 = 9;

/// Octets of the header of a datagram: magic, invoke id, service, NetId, port, number of tags.
const DATAGRAM_MIN: usize = 24;

/// Octets up to the length of the data in the AMS header.
const DATA_LENGTH_AT: usize = TCP_HEADER.saturating_add(20);

/// Delimits the first message.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    if transport != Transport::Tcp {
        let fits = octets.starts_with(&discovery::MAGIC) && octets.len() >= DATAGRAM_MIN;
        return if fits { Frame::Message(octets.len()) } else { Frame::Foreign };
    }
    let Some(header) = octets.first_chunk::<TCP_HEADER>() else {
        let zeros = octets.iter().take(2).all(|octet| *octet == 0);
        return if zeros { Frame::Partial(TCP_HEADER) } else { Frame::Foreign };
    };
    let &[0, 0, a, b, c, d] = header else { return Frame::Foreign };
    let length = u32::from_le_bytes([a, b, c, d]);
    if !(32..=AMS_MAX).contains(&length) {
        return Frame::Foreign;
    }
    // The data of an AMS message are as long as what the header in front leaves.
    if let Some(&data) = octets.get(DATA_LENGTH_AT..).and_then(|octets| octets.first_chunk())
        && u32::from_le_bytes(data).checked_add(32) != Some(length)
    {
        return Frame::Foreign;
    }
    let whole = TCP_HEADER.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
    if octets.len() < whole { Frame::Partial(whole) } else { Frame::Message(whole) }
}

/// Two zeros, and two lengths of four octets that agree; in a datagram a magic number of four.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    let framed = match frame(octets, transport) {
        Frame::Message(_) => true,
        Frame::Partial(_) => octets.len() >= TCP_HEADER.saturating_add(AMS_HEADER),
        Frame::Foreign => false,
    };
    if !framed {
        return Probe::Foreign;
    }
    if transport != Transport::Tcp {
        return Probe::Certain;
    }
    match Message::parse(Octets::unplaced(octets)) {
        Ok(message) if message.command <= COMMAND_MAX && message.is_ads => Probe::Certain,
        _ => Probe::Foreign,
    }
}

/// A message.
#[derive(Clone, Debug)]
pub(super) struct Message<'a> {
    /// NetId of the sender.
    pub(super) source: Octets<'a>,
    /// Port of the receiver.
    pub(super) target_port: u16,
    /// Port of the sender.
    pub(super) source_port: u16,
    /// The octets of it.
    pub(super) source_port_octets: Octets<'a>,
    /// Command.
    pub(super) command: u16,
    /// True for a response.
    pub(super) is_response: bool,
    /// True for an ADS command.
    pub(super) is_ads: bool,
    /// Error of AMS; 0 is none.
    pub(super) error: u32,
    /// Number that pairs request and response.
    pub(super) invoke: u32,
    /// Command and flags.
    pub(super) head: Octets<'a>,
    /// What follows.
    pub(super) data: Reader<'a>,
}

impl<'a> Message<'a> {
    /// Reads a message as [`frame`] delimits it, or the beginning of one.
    ///
    /// # Errors
    ///
    /// Fails if it ends before its data, or does not begin with zeros.
    pub(super) fn parse(message: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(message);
        let reserved = reader.u16_le("reserved")?;
        if reserved != 0 {
            let problem = Problem::Value { value: reserved.into() };
            return Err(Malformed { what: "reserved", offset: 0, problem });
        }
        reader.skip(4, "length")?;
        reader.skip(6, "target net id")?;
        let target_port = reader.u16_le("target port")?;
        let source = reader.take(6, "source net id")?;
        let source_port_octets = reader.peek().head(2);
        let source_port = reader.u16_le("source port")?;
        let head = reader.peek().head(4);
        let command = reader.u16_le("command")?;
        let flags = reader.u16_le("state flags")?;
        reader.skip(4, "data length")?;
        let error = reader.u32_le("error code")?;
        let invoke = reader.u32_le("invoke id")?;
        Ok(Self {
            source,
            target_port,
            source_port,
            source_port_octets,
            command,
            is_response: flags & RESPONSE != 0,
            is_ads: flags & ADS_COMMAND != 0,
            error,
            invoke,
            head,
            data: reader,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_lengths_that_agree_make_a_message() {
        let octets = include_bytes!("messages/read-device-info-response.bin");
        assert_eq!(frame(octets, Transport::Tcp), Frame::Message(octets.len()));
        assert_eq!(frame(&octets[..10], Transport::Tcp), Frame::Partial(octets.len()));
        assert_eq!(frame(&octets[..1], Transport::Tcp), Frame::Partial(6));
        assert_eq!(probe(octets, Transport::Tcp), Probe::Certain);
        assert_eq!(probe(&octets[..20], Transport::Tcp), Probe::Foreign);
        let mut changed = octets.to_vec();
        changed[26] ^= 1;
        assert_eq!(frame(&changed, Transport::Tcp), Frame::Foreign);
        assert_eq!(frame(&[0; 40], Transport::Tcp), Frame::Foreign);
    }

    #[test]
    fn a_datagram_has_a_magic_number() {
        let octets = include_bytes!("messages/search-answer-udp.bin");
        assert_eq!(probe(octets, Transport::Udp), Probe::Certain);
        assert_eq!(probe(&octets[..20], Transport::Udp), Probe::Foreign);
        assert_eq!(probe(&octets[1..], Transport::Udp), Probe::Foreign);
    }

    #[test]
    fn a_header_tells_ports_command_and_direction() {
        let octets = include_bytes!("messages/read-device-info-response.bin");
        let message = Message::parse(Octets::unplaced(octets)).unwrap();
        assert_eq!((message.source_port, message.target_port, message.command), (851, 30_000, 1));
        assert!(message.is_response && message.is_ads && message.error == 0);
        assert!(Message::parse(Octets::unplaced(&octets[..37])).is_err());
        assert!(Message::parse(Octets::unplaced(&[1, 0, 0, 0])).is_err());
    }
}
