//! The header of every message (FCG TS20085, section 10.2): eight octets, then as many as it says.

use observation::Octets;

use crate::{Frame, Malformed, Problem, Reader};

/// Octets of the header.
const HEADER: usize = 8;

/// Versions of the protocol; 2 came with security.
const VERSIONS: std::ops::RangeInclusive<u8> = 1..=2;

/// What a message is (section 10.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageType {
    /// A client asks.
    Request,
    /// The server answers.
    Response,
    /// The server sends without being asked.
    Publish,
    /// The server refuses.
    Nak,
}

impl MessageType {
    fn from_octet(octet: u8) -> Option<Self> {
        match octet & 0x0f {
            0 => Some(Self::Request),
            1 => Some(Self::Response),
            2 => Some(Self::Publish),
            15 => Some(Self::Nak),
            _ => None,
        }
    }
}

/// What a message carries (section 10.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageId {
    /// Opens a session.
    SessionInitiate,
    /// Ends a session.
    SessionClose,
    /// Keeps a session open.
    KeepAlive,
    /// A frame of the token-passing data link.
    TokenPassing,
    /// Commands to the server itself.
    Direct,
    /// Reads the log of sessions.
    ReadAuditLog,
}

impl MessageId {
    fn from_octet(octet: u8) -> Option<Self> {
        Some(match octet {
            0 => Self::SessionInitiate,
            1 => Self::SessionClose,
            2 => Self::KeepAlive,
            3 => Self::TokenPassing,
            4 => Self::Direct,
            5 => Self::ReadAuditLog,
            _ => return None,
        })
    }
}

/// The header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What it is.
    pub kind: MessageType,
    /// What it carries.
    pub id: MessageId,
    /// Counts requests; the answer repeats it.
    pub sequence: u16,
    /// Octets of the whole message.
    pub length: u16,
}

impl Header {
    /// Reads the header, and leaves the reader behind it.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short, or a field has a value that the specification does not know.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let forbidden =
            |what, offset, value: u64| Malformed { what, offset, problem: Problem::Value { value } };
        let version = reader.u8("version")?;
        if !VERSIONS.contains(&version) {
            return Err(forbidden("version", 0, version.into()));
        }
        let kind = reader.u8("message type")?;
        let kind = MessageType::from_octet(kind).ok_or_else(|| forbidden("message type", 1, kind.into()))?;
        let id = reader.u8("message id")?;
        let id = MessageId::from_octet(id).ok_or_else(|| forbidden("message id", 2, id.into()))?;
        reader.skip(1, "status")?;
        let sequence = reader.u16_be("sequence number")?;
        let length = reader.u16_be("byte count")?;
        if usize::from(length) < HEADER {
            return Err(forbidden("byte count", 6, length.into()));
        }
        Ok(Self { kind, id, sequence, length })
    }
}

/// Delimits the first message.
pub(super) fn frame(octets: &[u8]) -> Frame {
    match Header::read(&mut Reader::new(Octets::unplaced(octets))) {
        Ok(header) => match usize::from(header.length) {
            length if length <= octets.len() => Frame::Message(length),
            length => Frame::Partial(length),
        },
        Err(Malformed { problem: Problem::Truncated { .. }, .. }) => Frame::Partial(HEADER),
        Err(_) => Frame::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_as_long_as_it_says() {
        let octets = [1, 0, 2, 0, 0, 7, 0, 8, 9];
        assert_eq!(frame(&octets), Frame::Message(8));
        assert_eq!(frame(&octets[..5]), Frame::Partial(8));
        assert_eq!(frame(&[1, 0, 3, 0, 0, 2, 0, 13]), Frame::Partial(13));
        for foreign in [
            [3, 0, 2, 0, 0, 7, 0, 8],
            [1, 5, 2, 0, 0, 7, 0, 8],
            [1, 0, 9, 0, 0, 7, 0, 8],
            [1, 0, 2, 0, 0, 7, 0, 7],
        ] {
            assert_eq!(frame(&foreign), Frame::Foreign);
        }
        assert_eq!(frame(&[0x03]), Frame::Foreign);
    }
}
