//! A UMAS message: the function of Modbus, the session's key, the function, its data.

use observation::{Octets, Transport};

use super::function::Function;
use crate::{Frame, Malformed, Probe, Reader};

/// Modbus function that carries UMAS.
pub(super) const FUNCTION: u8 = 90;

/// Function of a response: done.
const OK: u8 = 0xfe;
/// Function of a response: refused, followed by an error code.
const ERROR: u8 = 0xfd;

/// Octets before the data.
pub(super) const HEADER: usize = 3;

/// A bare message, which is as long as what carries it says.
pub(super) fn frame(octets: &[u8], _: Transport) -> Frame {
    match octets.first() {
        Some(&FUNCTION) if octets.len() >= HEADER => Frame::Message(octets.len()),
        Some(&FUNCTION) | None => Frame::Partial(HEADER),
        Some(_) => Frame::Foreign,
    }
}

/// True for a protocol data unit of Modbus that holds UMAS.
pub(crate) fn is_message(pdu: &[u8]) -> bool {
    pdu.first() == Some(&FUNCTION) && pdu.len() >= HEADER
}

/// True for one that holds a response.
pub(crate) fn is_response(pdu: &[u8]) -> bool {
    matches!(pdu, [FUNCTION, _, OK | ERROR, ..])
}

/// It travels in Modbus only.
pub(super) fn probe(_: &[u8], _: Transport) -> Probe {
    Probe::Foreign
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A request, or a response in a stream whose direction is not known.
    Request(Function),
    /// A positive response.
    Done,
    /// A negative response.
    Refused,
}

/// A message.
#[derive(Clone, Debug)]
pub(super) struct Message<'a> {
    /// The octet of the Modbus function.
    pub(super) carrier: Octets<'a>,
    /// Function of a request, or the outcome of a response.
    pub(super) kind: Kind,
    /// Everything up to the function.
    pub(super) head: Octets<'a>,
    /// What follows.
    pub(super) data: Reader<'a>,
}

impl<'a> Message<'a> {
    /// Reads the protocol data unit of function 90, which starts `base` octets into the message.
    ///
    /// # Errors
    ///
    /// Fails if it ends before the function.
    pub(super) fn parse(pdu: Octets<'a>, base: usize) -> Result<Self, Malformed> {
        let mut reader = Reader::nested(pdu, base);
        let carrier = reader.take(1, "modbus function")?;
        reader.skip(1, "umas session key")?;
        let kind = match reader.u8("umas function")? {
            OK => Kind::Done,
            ERROR => Kind::Refused,
            code => Kind::Request(Function(code)),
        };
        Ok(Self { carrier, kind, head: pdu.head(HEADER), data: reader })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_a_function_and_a_response_an_outcome() {
        let request = Message::parse(Octets::unplaced(&[90, 1, 0x41, 0xff, 0]), 7).unwrap();
        assert_eq!(request.kind, Kind::Request(Function(0x41)));
        assert_eq!((request.head.len(), request.data.offset()), (3, 10));
        assert_eq!(Message::parse(Octets::unplaced(&[90, 1, 0xfe]), 7).unwrap().kind, Kind::Done);
        assert_eq!(Message::parse(Octets::unplaced(&[90, 1, 0xfd, 0x80]), 7).unwrap().kind, Kind::Refused);
        let error = Message::parse(Octets::unplaced(&[90, 1]), 7).unwrap_err();
        assert_eq!(error.to_string(), "umas function at octet 9: 1 octet missing");
    }

    #[test]
    fn only_function_90_is_framed() {
        assert_eq!(frame(&[90, 0, 2], Transport::Tcp), Frame::Message(3));
        assert_eq!(frame(&[90], Transport::Tcp), Frame::Partial(3));
        assert_eq!(frame(&[3, 0, 2], Transport::Tcp), Frame::Foreign);
    }
}
