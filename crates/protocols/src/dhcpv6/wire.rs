//! Messages (RFC 8415 sections 8 and 9) and options (section 21): two octets each of code and length.

use observation::{Octets, Transport};

use crate::{Frame, Malformed, Problem, Reader};

/// Octets before the options of messages between clients and servers, and of a relay agent's.
const HEADER: usize = 4;
const RELAY_HEADER: usize = 34;

/// Types of messages.
pub(super) const SOLICIT: u8 = 1;
const ADVERTISE: u8 = 2;
pub(super) const REQUEST: u8 = 3;
pub(super) const REPLY: u8 = 7;
const RECONFIGURE: u8 = 10;
pub(super) const INFORMATION_REQUEST: u8 = 11;
pub(super) const RELAY_FORWARD: u8 = 12;
pub(super) const RELAY_REPLY: u8 = 13;

/// Options.
pub(super) const CLIENT_ID: u16 = 1;
pub(super) const SERVER_ID: u16 = 2;
pub(super) const ASSOCIATION: u16 = 3;
pub(super) const ADDRESS: u16 = 5;
pub(super) const OPTION_REQUEST: u16 = 6;
pub(super) const RELAYED: u16 = 9;
pub(super) const AUTHENTICATION: u16 = 11;
pub(super) const VENDOR_CLASS: u16 = 16;
pub(super) const INTERFACE_ID: u16 = 18;
pub(super) const NAME_SERVERS: u16 = 23;
pub(super) const SEARCH_LIST: u16 = 24;
pub(super) const REMOTE_ID: u16 = 37;
pub(super) const CLIENT_FQDN: u16 = 39;
pub(super) const CLIENT_LINK_LAYER: u16 = 79;

/// Octets of an association before its options: identifier and two times.
pub(super) const ASSOCIATION_HEADER: usize = 12;

/// Delimits a datagram: all of it is one message.
pub(super) fn frame(octets: &[u8], _: Transport) -> Frame {
    match octets {
        [] => Frame::Partial(HEADER),
        [SOLICIT..=RELAY_REPLY, ..] if octets.len() >= HEADER => Frame::Message(octets.len()),
        [SOLICIT..=RELAY_REPLY, ..] => Frame::Partial(HEADER),
        _ => Frame::Foreign,
    }
}

/// A message.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// Type.
    pub kind: u8,
    /// Address of the client or of the next relay agent, sixteen octets; of relayed messages.
    pub peer: Option<Octets<'a>>,
    /// Options.
    pub options: Options<'a>,
}

impl<'a> Message<'a> {
    /// Reads a message.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short before its options, or of an unknown type.
    pub fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        let kind = reader.u8("message type")?;
        let peer = match kind {
            RELAY_FORWARD | RELAY_REPLY => {
                reader.skip(RELAY_HEADER.saturating_sub(17), "hop count and link address")?;
                Some(reader.take(16, "peer address")?)
            }
            SOLICIT..=INFORMATION_REQUEST => {
                reader.skip(3, "transaction")?;
                None
            }
            _ => return Err(reader.malformed("message type", Problem::Value { value: kind.into() })),
        };
        Ok(Self { kind, peer, options: Options { reader, is_over: false } })
    }

    /// True for what servers send.
    #[must_use]
    pub fn is_of_server(&self) -> bool {
        matches!(self.kind, ADVERTISE | REPLY | RECONFIGURE | RELAY_REPLY)
    }
}

/// Options with their codes; ends after the first that is cut.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    reader: Reader<'a>,
    is_over: bool,
}

impl<'a> Options<'a> {
    /// The options in the value of another one.
    #[must_use]
    pub fn nested(octets: Octets<'a>) -> Self {
        Self { reader: Reader::new(octets), is_over: false }
    }

    fn read(&mut self) -> Result<(u16, Octets<'a>), Malformed> {
        let code = self.reader.u16_be("option code")?;
        let length = self.reader.u16_be("option length")?;
        Ok((code, self.reader.take(length.into(), "option")?))
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = Result<(u16, Octets<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over || self.reader.is_empty() {
            return None;
        }
        let read = self.read();
        self.is_over = read.is_err();
        Some(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_and_relayed_messages_are_read() {
        let octets = include_bytes!("messages/solicit.bin");
        let message = Message::parse(Octets::unplaced(octets)).unwrap();
        assert_eq!((message.kind, message.peer.is_none(), message.is_of_server()), (SOLICIT, true, false));
        let codes: Vec<_> = message.options.map(|option| option.unwrap().0).collect();
        assert_eq!(codes, [8, 1, 3, 39, 16, 6]);
        let octets = include_bytes!("messages/relay_forward.bin");
        let message = Message::parse(Octets::unplaced(octets)).unwrap();
        assert_eq!((message.kind, message.peer.map(|peer| peer.len())), (RELAY_FORWARD, Some(16)));
        assert_eq!(frame(octets, Transport::Udp), Frame::Message(octets.len()));
    }

    #[test]
    fn what_is_no_message_is_refused_and_cut_options_say_what_is_missing() {
        assert_eq!(frame(&[99, 0, 0, 0], Transport::Udp), Frame::Foreign);
        let refused = Message::parse(Octets::unplaced(&[99, 0, 0, 0])).unwrap_err().to_string();
        assert_eq!(refused, "message type at octet 1: value 0x63 is not allowed");
        let mut options = Message::parse(Octets::unplaced(&[1, 0, 0, 0, 0, 1, 0, 9, 7])).unwrap().options;
        assert_eq!(options.next().unwrap().unwrap_err().to_string(), "option at octet 8: 8 octets missing");
        assert!(options.next().is_none());
    }
}
