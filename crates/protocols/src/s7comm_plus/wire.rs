//! The protocol data unit: header, fragments, digest, and the header of requests and answers.
//!
//! [`Pdu::parse`] and [`Message::parse`] never panic, and what they return was all there.

use observation::Octets;

use crate::{Malformed, Problem, Reader};

/// First octet of every protocol data unit.
pub(super) const PROTOCOL_ID: u8 = 0x72;
/// Version whose data starts with a digest.
const VERSION_WITH_DIGEST: u8 = 3;
/// Version from which on units are system events and keep-alives, not messages.
const VERSION_OF_EVENTS: u8 = 0xfe;
/// Octets of the trailer: protocol id, version, zero length.
const TRAILER: usize = 4;

/// Kind of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opcode(pub(super) u8);

impl Opcode {
    /// Asks.
    pub(super) const REQUEST: Self = Self(0x31);
    /// Answers.
    pub(super) const RESPONSE: Self = Self(0x32);
    /// Is sent by subscription.
    pub(super) const NOTIFICATION: Self = Self(0x33);
    /// Answers, in older firmware, a request that is part of a subscription.
    pub(super) const RESPONSE_2: Self = Self(0x02);
}

/// Function of a request and of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Function(pub(super) u16);

impl Function {
    pub(super) const EXPLORE: Self = Self(0x04bb);
    pub(super) const CREATE_OBJECT: Self = Self(0x04ca);
    pub(super) const DELETE_OBJECT: Self = Self(0x04d4);
    pub(super) const SET_VARIABLE: Self = Self(0x04f2);
    pub(super) const GET_VARIABLE: Self = Self(0x04fc);
    pub(super) const ADD_LINK: Self = Self(0x0506);
    pub(super) const REMOVE_LINK: Self = Self(0x051a);
    pub(super) const GET_LINK: Self = Self(0x0524);
    pub(super) const SET_MULTI_VARIABLES: Self = Self(0x0542);
    pub(super) const GET_MULTI_VARIABLES: Self = Self(0x054c);
    pub(super) const BEGIN_SEQUENCE: Self = Self(0x0556);
    pub(super) const END_SEQUENCE: Self = Self(0x0560);
    pub(super) const INVOKE: Self = Self(0x056b);
    pub(super) const SET_VAR_SUBSTREAMED: Self = Self(0x057c);
    pub(super) const GET_VAR_SUBSTREAMED: Self = Self(0x0586);
    pub(super) const GET_VARIABLES_ADDRESS: Self = Self(0x0590);
    pub(super) const ABORT: Self = Self(0x059a);
    pub(super) const INIT_SSL: Self = Self(0x05b3);

    /// True if public analyses know the function.
    fn is_known(self) -> bool {
        matches!(self.0, 0x04b1..=0x05b3)
    }
}

/// A protocol data unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pdu<'a> {
    /// The message or a part of it, behind the digest.
    pub(super) data: Octets<'a>,
    /// Where it starts in the message.
    pub(super) at: usize,
    /// True if a trailer says that the message ends here.
    pub(super) last: bool,
    /// True for system events and keep-alives, whose data is none of a message.
    pub(super) event: bool,
    /// Octets that the length field promises and that are not there.
    pub(super) missing: usize,
}

impl<'a> Pdu<'a> {
    /// Reads a protocol data unit that starts `base` octets into the message. One that the capture cut is read as far
    /// as it goes.
    ///
    /// # Errors
    ///
    /// Fails if it does not start with 0x72 or if its header is cut short.
    pub(super) fn parse(octets: Octets<'a>, base: usize) -> Result<Self, Malformed> {
        let mut reader = Reader::nested(octets, base);
        let protocol = reader.u8("protocol id")?;
        if protocol != PROTOCOL_ID {
            let problem = Problem::Value { value: protocol.into() };
            return Err(Malformed { what: "protocol id", offset: base, problem });
        }
        let version = reader.u8("protocol version")?;
        let length = usize::from(reader.u16_be("data length")?);
        let missing = length.saturating_sub(reader.remaining());
        let event = version >= VERSION_OF_EVENTS;
        let mut data = reader.sub(length.saturating_sub(missing), "data")?;
        if version == VERSION_WITH_DIGEST {
            let digest = data.u8("digest length")?;
            data.skip(digest.into(), "digest")?;
        }
        let at = data.offset();
        let last = reader.peek().bytes.starts_with(&[PROTOCOL_ID, version, 0, 0]);
        Ok(Self { data: data.rest(), at, last, event, missing })
    }
}

/// Head of a request, an answer or a notification, and what follows it.
#[derive(Clone, Debug)]
pub(super) struct Message<'a> {
    pub(super) opcode: Opcode,
    /// Function; 0 in notifications.
    pub(super) function: Function,
    /// Ties an answer to its request.
    pub(super) sequence: u16,
    /// Session; 0 in answers and notifications.
    pub(super) session: u32,
    /// What follows.
    pub(super) body: Reader<'a>,
}

impl<'a> Message<'a> {
    /// Reads the head of a message that starts `base` octets into what carries it; `None` for what is no message or
    /// one whose beginning was not seen.
    ///
    /// # Errors
    ///
    /// Fails if the head is cut short.
    pub(super) fn parse(octets: Octets<'a>, base: usize) -> Result<Option<Self>, Malformed> {
        let mut reader = Reader::nested(octets, base);
        let opcode = Opcode(reader.u8("opcode")?);
        let (mut function, mut sequence, mut session) = (Function(0), 0, 0);
        match opcode {
            Opcode::REQUEST | Opcode::RESPONSE | Opcode::RESPONSE_2 => {
                let reserved = reader.u16_be("reserved")?;
                function = Function(reader.u16_be("function")?);
                reader.skip(2, "reserved")?;
                sequence = reader.u16_be("sequence number")?;
                if opcode == Opcode::REQUEST {
                    session = reader.u32_be("session id")?;
                }
                reader.skip(1, "transport flags")?;
                if reserved != 0 || !function.is_known() {
                    return Ok(None);
                }
            }
            Opcode::NOTIFICATION => {}
            _ => return Ok(None),
        }
        Ok(Some(Self { opcode, function, sequence, session, body: reader }))
    }
}

/// Whether the octets of a TPDU begin a protocol data unit whose length agrees and whose head is a known one.
pub(super) fn is_start(octets: Octets<'_>) -> bool {
    let Ok(pdu) = Pdu::parse(octets, 0) else { return false };
    let rest = octets.len().saturating_sub(pdu.at.saturating_add(pdu.data.len()));
    let fits = if pdu.last { rest == TRAILER } else { rest == 0 };
    fits && pdu.missing == 0
        && match Message::parse(pdu.data, 0) {
            Ok(Some(message)) => message.opcode != Opcode::NOTIFICATION || pdu.last,
            _ => false,
        }
}

/// Whether the octets of a TPDU are a record of TLS 1.0 to 1.3.
pub(super) fn is_tls(octets: &[u8]) -> bool {
    /// Longest record (RFC 5246 section 6.2.3).
    const RECORD_OCTETS_MAX: u16 = 0x4800;
    match octets {
        [0x14..=0x17, 3, 0..=4, high, low, ..] => {
            (1..=RECORD_OCTETS_MAX).contains(&u16::from_be_bytes([*high, *low]))
        }
        _ => false,
    }
}
