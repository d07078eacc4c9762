//! BSAP over IP: a header with the number and kind of messages and two sequence numbers, then the messages, each with
//! its length.

use observation::Octets;

use crate::{Malformed, Reader};

/// Octets of the header, which it states itself.
const HEADER: u16 = 14;

/// Kinds of messages.
const POLL: u16 = 0;
const RESPONSES: [u16; 2] = [1, 5];
const REQUESTS: [u16; 3] = [6, 0x84, 0x86];

/// Most messages of one datagram.
const MESSAGES_MAX: u16 = 64;

/// Octets of a message before its function: length, size of its header, sequence number.
const BEFORE_FUNCTION: usize = 9;

/// Number and kind, if the octets begin with the header and the lengths of the messages end with them.
fn header(octets: &[u8]) -> Option<(u16, u16)> {
    let (head, mut rest) = octets.split_at_checked(HEADER.into())?;
    let word = |at: usize| {
        head.get(at..).and_then(|octets| octets.first_chunk()).map(|octets| u16::from_le_bytes(*octets))
    };
    let (length, number, kind) = (word(0)?, word(2)?, word(4)?);
    let known = kind == POLL || RESPONSES.contains(&kind) || REQUESTS.contains(&kind);
    if length != HEADER || number > MESSAGES_MAX || !known {
        return None;
    }
    for _ in 0..number {
        let length = u32::from_le_bytes(*rest.first_chunk()?);
        let length = usize::try_from(length).ok().filter(|length| *length > BEFORE_FUNCTION)?;
        rest = rest.get(length..)?;
    }
    rest.is_empty().then_some((number, kind))
}

/// True for a whole datagram of BSAP over IP.
pub(super) fn is_message(octets: &[u8]) -> bool {
    header(octets).is_some()
}

/// True if there is a message whose length fits: more than four octets of header and length.
pub(super) fn is_certain(octets: &[u8]) -> bool {
    header(octets).is_some_and(|(number, _)| number > 0)
}

/// What a datagram is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It acknowledges or asks for what waits.
    Poll,
    /// It asks.
    Request,
    /// It answers.
    Response,
}

/// A datagram.
#[derive(Clone, Debug)]
pub(super) struct Datagram<'a> {
    /// What it is.
    pub(super) kind: Kind,
    number: u16,
    reader: Reader<'a>,
}

impl<'a> Datagram<'a> {
    /// Reads a datagram.
    ///
    /// # Errors
    ///
    /// Fails if it ends before its messages.
    pub(super) fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        reader.skip(2, "header length")?;
        let number = reader.u16_le("number of messages")?.min(MESSAGES_MAX);
        let kind = match reader.u16_le("message function")? {
            POLL => Kind::Poll,
            kind if RESPONSES.contains(&kind) => Kind::Response,
            _ => Kind::Request,
        };
        reader.skip(8, "sequence numbers")?;
        Ok(Self { kind, number, reader })
    }

    /// The messages, each from its function on.
    pub(super) fn messages(self) -> impl Iterator<Item = Result<Reader<'a>, Malformed>> {
        let mut reader = self.reader;
        (0..self.number).map(move |_| {
            let length = reader.clone().u32_le("message length")?;
            let mut message = reader.sub(usize::try_from(length).unwrap_or(usize::MAX), "message")?;
            message.skip(BEFORE_FUNCTION, "message header")?;
            Ok(message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_must_end_with_the_datagram() {
        let request = include_bytes!("messages/ip-read-by-name.bin");
        assert!(is_message(request) && is_certain(request));
        assert!(!is_message(&request[..request.len() - 1]));
        let poll = include_bytes!("messages/ip-poll.bin");
        assert!(is_message(poll) && !is_certain(poll));
        let datagram = Datagram::parse(Octets::unplaced(request)).unwrap();
        assert_eq!(datagram.kind, Kind::Request);
        let functions: Vec<_> =
            datagram.messages().map(|message| message.unwrap().u8("function").unwrap()).collect();
        assert_eq!(functions, [0xa0]);
    }
}
