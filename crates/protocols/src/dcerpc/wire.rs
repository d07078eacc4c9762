//! Protocol data units, field by field (C706 section 12.6, [MS-RPCE] section 2.2.2).
//!
//! [`frame`] never answers more octets than there are.

use observation::{Octets, Transport};

use crate::{Frame, Malformed, Probe, Problem, Reader};

/// Octets of the common header.
pub(super) const HEADER: usize = 16;
/// Octets of the trailer before the authentication data.
const TRAILER: usize = 8;

/// Kind of a unit (section 12.6.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind(pub(super) u8);

impl Kind {
    pub(super) const REQUEST: Self = Self(0);
    pub(super) const RESPONSE: Self = Self(2);
    pub(super) const FAULT: Self = Self(3);
    pub(super) const BIND: Self = Self(11);
    pub(super) const BIND_ACK: Self = Self(12);
    pub(super) const BIND_NAK: Self = Self(13);
    pub(super) const ALTER_CONTEXT: Self = Self(14);
    pub(super) const ALTER_CONTEXT_RESPONSE: Self = Self(15);
    pub(super) const AUTH_3: Self = Self(16);

    fn is_known(self) -> bool {
        matches!(self.0, 0 | 2 | 3 | 11..=19)
    }

    /// True for what only servers send; false for what only clients send.
    pub(super) fn is_answer(self) -> Option<bool> {
        match self {
            Self::REQUEST | Self::BIND | Self::ALTER_CONTEXT | Self::AUTH_3 => Some(false),
            Self::RESPONSE | Self::FAULT | Self::BIND_ACK | Self::BIND_NAK | Self::ALTER_CONTEXT_RESPONSE => {
                Some(true)
            }
            _ => None,
        }
    }
}

/// A unit.
#[derive(Clone, Debug)]
pub(super) struct Pdu<'a> {
    /// Kind.
    pub(super) kind: Kind,
    /// True if this is the first and the last fragment.
    pub(super) whole: bool,
    /// True if an object identifier stands in front of the data of a request.
    pub(super) object: bool,
    /// True for the least significant octet first.
    pub(super) little: bool,
    /// Number of the call.
    pub(super) call: u32,
    /// What is between header and authentication; padding is part of it.
    pub(super) body: Reader<'a>,
    /// Authentication data, where there are any.
    pub(super) token: Option<Octets<'a>>,
    /// True if the body is encrypted.
    pub(super) encrypted: bool,
}

impl<'a> Pdu<'a> {
    /// Reads a unit, or what the capture left of one.
    ///
    /// # Errors
    ///
    /// Fails if the header is cut short, or if its lengths contradict each other.
    pub(super) fn parse(message: Octets<'a>) -> Result<Self, Malformed> {
        /// Flags (section 12.6.3.1): first and last fragment, object.
        const WHOLE: u8 = 0x03;
        const OBJECT: u8 = 0x80;
        /// Level of authentication at which bodies are encrypted.
        const PRIVACY: u8 = 6;
        let mut reader = Reader::new(message);
        reader.skip(2, "version")?;
        let kind = Kind(reader.u8("type")?);
        let flags = reader.u8("flags")?;
        let little = reader.u8("data representation")? & 0xf0 != 0;
        reader.skip(3, "data representation")?;
        let u16 =
            |octets: [u8; 2]| if little { u16::from_le_bytes(octets) } else { u16::from_be_bytes(octets) };
        let fragment = usize::from(u16(array(&mut reader, "fragment length")?));
        let token = usize::from(u16(array(&mut reader, "authentication length")?));
        let call = array(&mut reader, "call id")?;
        let call = if little { u32::from_le_bytes(call) } else { u32::from_be_bytes(call) };
        let behind = if token == 0 { 0 } else { token.saturating_add(TRAILER) };
        let Some(body) = fragment.checked_sub(HEADER.saturating_add(behind)) else {
            let problem = Problem::Value { value: token as u64 };
            return Err(Malformed { what: "authentication length", offset: 10, problem });
        };
        let body = reader.part(body, "body")?;
        let trailer = reader.peek();
        Ok(Self {
            kind,
            whole: flags & WHOLE == WHOLE,
            object: flags & OBJECT != 0,
            little,
            call,
            body,
            token: (token > 0).then(|| trailer.tail(TRAILER)),
            encrypted: token > 0 && trailer.get(1) == Some(PRIVACY),
        })
    }
}

fn array<const N: usize>(reader: &mut Reader<'_>, what: &'static str) -> Result<[u8; N], Malformed> {
    let mut octets = [0; N];
    octets.copy_from_slice(reader.take(N, what)?.bytes);
    Ok(octets)
}

/// Delimits a unit: version 5, a known kind, a data representation of integers in two's complement, ASCII and IEEE
/// floating point, lengths that fit each other.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    let fits = |at: usize, is: fn(u8) -> bool| octets.get(at).is_none_or(|octet| is(*octet));
    let header = fits(0, |version| version == 5)
        && fits(1, |minor| minor <= 1)
        && fits(2, |kind| Kind(kind).is_known())
        && fits(4, |order| matches!(order, 0x00 | 0x10))
        && fits(5, |floating| floating == 0)
        && fits(6, |reserved| reserved == 0)
        && fits(7, |reserved| reserved == 0);
    if !header || transport != Transport::Tcp {
        return Frame::Foreign;
    }
    let (Some(&order), Some(lengths)) = (octets.get(4), octets.get(8..12)) else {
        return Frame::Partial(HEADER);
    };
    let length = |at: usize| {
        let pair = lengths.get(at..).and_then(|rest| rest.first_chunk::<2>()).copied().unwrap_or_default();
        usize::from(if order == 0 { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) })
    };
    let (fragment, token) = (length(0), length(2));
    if fragment < HEADER.saturating_add(token) {
        Frame::Foreign
    } else if octets.len() < fragment {
        Frame::Partial(fragment)
    } else {
        Frame::Message(fragment)
    }
}

/// Certain for a whole header: version, kind and data representation are six octets that hardly vary.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    match frame(octets, transport) {
        Frame::Message(_) | Frame::Partial(_) if octets.len() >= HEADER => Probe::Certain,
        _ => Probe::Foreign,
    }
}

/// One of the contexts that a client proposes (section 12.6.3.1, `p_cont_elem_t`).
#[derive(Clone, Copy, Debug)]
pub(super) struct Proposal<'a> {
    /// Number of the context.
    pub(super) context: u16,
    /// Identifier of the interface.
    pub(super) interface: Octets<'a>,
}

/// Calls `each` for every context of a bind or alter context.
///
/// # Errors
///
/// Fails if the list is cut short.
pub(super) fn proposals<'a>(
    mut body: Reader<'a>,
    mut each: impl FnMut(Proposal<'a>),
) -> Result<(), Malformed> {
    /// Octets of a transfer syntax: identifier and version.
    const SYNTAX: usize = 20;
    body.skip(8, "fragment sizes and association group")?;
    let count = body.u8("number of contexts")?;
    body.skip(3, "reserved")?;
    for _ in 0..count {
        let context = body.u16_le("context id")?;
        let syntaxes = body.u8("number of transfer syntaxes")?;
        body.skip(1, "reserved")?;
        let interface = body.take(16, "interface")?;
        body.skip(4, "version of the interface")?;
        body.skip(usize::from(syntaxes).saturating_mul(SYNTAX), "transfer syntaxes")?;
        each(Proposal { context, interface });
    }
    Ok(())
}

/// Calls `each` with the place of every context that a server accepts.
///
/// # Errors
///
/// Fails if the list is cut short.
pub(super) fn accepted(mut body: Reader<'_>, mut each: impl FnMut(usize)) -> Result<(), Malformed> {
    body.skip(8, "fragment sizes and association group")?;
    let port = body.u16_le("length of the secondary address")?;
    body.skip(port.into(), "secondary address")?;
    // What follows is aligned to four octets, counted from the start of the message.
    body.skip(4_usize.wrapping_sub(body.offset()) % 4, "padding")?;
    let count = body.u8("number of results")?;
    body.skip(3, "reserved")?;
    for place in 0..count {
        let result = body.u16_le("result")?;
        body.skip(22, "reason and transfer syntax")?;
        if result == 0 {
            each(place.into());
        }
    }
    Ok(())
}
