//! Messages of the three versions (RFC 1157 section 4, RFC 1901 section 3, RFC 3412 section 6, RFC 3414 section 2.4).
//!
//! [`frame`] never answers more octets than there are; nothing here panics.

use observation::{Octets, Transport};

use crate::ber::{self, Element};
use crate::{Frame, Malformed, Probe, Problem, Reader};

/// Universal tags: octet string, and those of [`ber`].
const OCTET_STRING: u8 = 0x04;

/// What a message asks or tells (RFC 3416 section 3; 4 is the trap of version 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PduType(pub(super) u8);

impl PduType {
    pub(super) const GET: Self = Self(0xa0);
    pub(super) const GET_NEXT: Self = Self(0xa1);
    pub(super) const RESPONSE: Self = Self(0xa2);
    pub(super) const SET: Self = Self(0xa3);
    pub(super) const TRAP_V1: Self = Self(0xa4);
    pub(super) const GET_BULK: Self = Self(0xa5);
    pub(super) const INFORM: Self = Self(0xa6);
    pub(super) const TRAP: Self = Self(0xa7);
    pub(super) const REPORT: Self = Self(0xa8);

    /// True for messages that ask an agent for something.
    pub(super) fn is_request(self) -> bool {
        matches!(self, Self::GET | Self::GET_NEXT | Self::SET | Self::GET_BULK)
    }

    /// True for messages that an agent sends unasked.
    pub(super) fn is_notification(self) -> bool {
        matches!(self, Self::TRAP_V1 | Self::TRAP | Self::INFORM)
    }
}

/// One message.
#[derive(Debug)]
pub(super) struct Message<'a> {
    /// 0, 1 or 3 for versions 1, 2c and 3.
    pub(super) version: Octets<'a>,
    /// Community; versions 1 and 2c.
    pub(super) community: Option<Octets<'a>>,
    /// Header of version 3.
    pub(super) security: Option<Security<'a>>,
    /// What it asks or tells; `None` where it is encrypted.
    pub(super) pdu: Option<Pdu<'a>>,
    /// Octets of the message that the capture does not hold.
    pub(super) missing: usize,
}

/// What version 3 says in clear (RFC 3414 section 2.4).
#[derive(Debug)]
pub(super) struct Security<'a> {
    /// msgAuthoritativeEngineID; empty while it is not known to the sender.
    pub(super) engine_id: Octets<'a>,
    /// msgAuthenticationParameters: by it the password can be guessed without asking anybody.
    pub(super) authentication: Octets<'a>,
    /// True if a report is wanted where it is refused: requests and informs, not responses and traps.
    pub(super) reportable: bool,
}

/// A protocol data unit.
#[derive(Debug)]
pub(super) struct Pdu<'a> {
    /// What it asks or tells.
    pub(super) kind: PduType,
    /// Enterprise of a version 1 trap, an object identifier.
    pub(super) enterprise: Option<Octets<'a>>,
    /// Error status; 0 is success, in a response.
    pub(super) error: u32,
    /// The variable bindings.
    pub(super) bindings: Reader<'a>,
}

/// A variable binding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Binding<'a> {
    /// Object identifier, as encoded.
    pub(super) name: Octets<'a>,
    /// First octet of the value.
    pub(super) tag: u8,
    /// Contents of the value.
    pub(super) value: Octets<'a>,
}

impl<'a> Message<'a> {
    /// Reads a message as far as it is there.
    ///
    /// # Errors
    ///
    /// Fails if a header is cut short or of another shape. Bindings are read later.
    pub(super) fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        let (mut inner, mut missing) = open(&mut reader, ber::SEQUENCE, "message")?;
        let version = Element::expect(&mut inner, ber::INTEGER, "version")?;
        let mut message =
            Self { version: version.contents, community: None, security: None, pdu: None, missing: 0 };
        if version.number() == Some(VERSION_3) {
            message.security = Some(security(&mut inner)?);
            if inner.peek().get(0) == Some(ber::SEQUENCE) {
                let (mut scoped, lack) = open(&mut inner, ber::SEQUENCE, "scoped message")?;
                missing = missing.max(lack);
                Element::expect(&mut scoped, OCTET_STRING, "context engine id")?;
                Element::expect(&mut scoped, OCTET_STRING, "context name")?;
                message.pdu = Some(pdu(&mut scoped, &mut missing)?);
            }
        } else {
            message.community = Some(Element::expect(&mut inner, OCTET_STRING, "community")?.contents);
            message.pdu = Some(pdu(&mut inner, &mut missing)?);
        }
        message.missing = missing;
        Ok(message)
    }
}

/// Number of version 3.
const VERSION_3: u32 = 3;

/// Opens a wrapping element: its contents as far as they are there, and how many octets of them are missing.
fn open<'a>(reader: &mut Reader<'a>, tag: u8, what: &'static str) -> Result<(Reader<'a>, usize), Malformed> {
    match reader.peek().get(0) {
        Some(found) if found == tag => {
            let (element, missing) = Element::read_cut(reader)?;
            Ok((element.elements(), missing))
        }
        Some(found) => Err(reader.malformed(what, Problem::Value { value: found.into() })),
        None => Err(reader.malformed(what, Problem::Truncated { missing: 1 })),
    }
}

fn security<'a>(reader: &mut Reader<'a>) -> Result<Security<'a>, Malformed> {
    /// Bit of msgFlags: a report is wanted (RFC 3412 section 6.4).
    const REPORTABLE: u8 = 0x04;
    let mut header = Element::expect(reader, ber::SEQUENCE, "header")?.elements();
    Element::expect(&mut header, ber::INTEGER, "message id")?;
    Element::expect(&mut header, ber::INTEGER, "message size")?;
    let flags = Element::expect(&mut header, OCTET_STRING, "flags")?.contents.get(0).unwrap_or_default();
    let parameters = Element::expect(reader, OCTET_STRING, "security parameters")?;
    let mut fields =
        Element::expect(&mut parameters.elements(), ber::SEQUENCE, "security parameters")?.elements();
    let engine_id = Element::expect(&mut fields, OCTET_STRING, "engine id")?.contents;
    Element::expect(&mut fields, ber::INTEGER, "engine boots")?;
    Element::expect(&mut fields, ber::INTEGER, "engine time")?;
    // The name of a person or of a role: passed over.
    Element::expect(&mut fields, OCTET_STRING, "user name")?;
    let authentication = Element::expect(&mut fields, OCTET_STRING, "authentication parameters")?.contents;
    Ok(Security { engine_id, authentication, reportable: flags & REPORTABLE != 0 })
}

fn pdu<'a>(reader: &mut Reader<'a>, missing: &mut usize) -> Result<Pdu<'a>, Malformed> {
    let kind = PduType(reader.peek().get(0).unwrap_or_default());
    if !(PduType::GET.0..=PduType::REPORT.0).contains(&kind.0) {
        return Err(reader.malformed("message type", Problem::Value { value: kind.0.into() }));
    }
    let (mut fields, lack) = open(reader, kind.0, "message type")?;
    *missing = lack.max(*missing);
    let (mut enterprise, mut error) = (None, 0);
    if kind == PduType::TRAP_V1 {
        enterprise = Some(Element::expect(&mut fields, ber::OBJECT_IDENTIFIER, "enterprise")?.contents);
        for what in ["agent address", "generic trap", "specific trap", "time stamp"] {
            element(&mut fields, what)?;
        }
    } else {
        element(&mut fields, "request id")?;
        error = element(&mut fields, "error status")?.number().unwrap_or_default();
        element(&mut fields, "error index")?;
    }
    let (bindings, lack) = open(&mut fields, ber::SEQUENCE, "variable bindings")?;
    *missing = lack.max(*missing);
    Ok(Pdu { kind, enterprise, error, bindings })
}

/// An element whose tag is of no account.
fn element<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<Element<'a>, Malformed> {
    Element::read(reader).map_err(|malformed| Malformed { what, ..malformed })
}

impl<'a> Binding<'a> {
    /// Reads the next binding.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short or of another shape.
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut binding = Element::expect(reader, ber::SEQUENCE, "variable binding")?.elements();
        let name = Element::expect(&mut binding, ber::OBJECT_IDENTIFIER, "object name")?.contents;
        let value = element(&mut binding, "value")?;
        Ok(Self { name, tag: value.tag.octet, value: value.contents })
    }
}

/// Delimits a datagram: a sequence that begins with a known version and is not longer than the datagram.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    if transport != Transport::Udp {
        return Frame::Foreign;
    }
    let Some((head, length)) = sequence(octets) else {
        return if octets.is_empty() || octets.len() < 6 && octets.starts_with(&[ber::SEQUENCE]) {
            Frame::Partial(octets.len().saturating_add(1))
        } else {
            Frame::Foreign
        };
    };
    let whole = head.saturating_add(length);
    match octets.get(head..head.saturating_add(4)) {
        Some(&[ber::INTEGER, 1, 0 | 1, OCTET_STRING] | &[ber::INTEGER, 1, 3, ber::SEQUENCE]) => {
            if whole <= octets.len() { Frame::Message(whole) } else { Frame::Partial(whole) }
        }
        Some(_) => Frame::Foreign,
        None => Frame::Partial(whole.max(head.saturating_add(4))),
    }
}

/// Octets before the contents of a sequence, and of the contents.
fn sequence(octets: &[u8]) -> Option<(usize, usize)> {
    match *octets {
        [ber::SEQUENCE, short @ 0..=0x7f, ..] => Some((2, short.into())),
        [ber::SEQUENCE, 0x81, length, ..] => Some((3, length.into())),
        [ber::SEQUENCE, 0x82, high, low, ..] => Some((4, u16::from_be_bytes([high, low]).into())),
        // Some agents always write four octets.
        [ber::SEQUENCE, 0x84, 0, 0, high, low, ..] => Some((6, u16::from_be_bytes([high, low]).into())),
        [ber::SEQUENCE, 0x83, 0, high, low, ..] => Some((5, u16::from_be_bytes([high, low]).into())),
        _ => None,
    }
}

/// Certain where the lengths of the message and of the data unit in it end together, at the end of the datagram.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    if frame(octets, transport) != Frame::Message(octets.len()) {
        return Probe::Foreign;
    }
    match Message::parse(Octets::unplaced(octets)) {
        Ok(message) if message.missing == 0 => Probe::Certain,
        _ => Probe::Foreign,
    }
}
