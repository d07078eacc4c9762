//! MMS protocol data units (ISO 9506-2, chapter 7): kind, invoke id, service.

use observation::Octets;

use crate::Malformed;
use crate::ber::{self, Element};

/// Kind of a protocol data unit, its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind(pub(super) u8);

impl Kind {
    /// Asks for a service.
    pub(super) const CONFIRMED_REQUEST: Self = Self(0xa0);
    /// Answers.
    pub(super) const CONFIRMED_RESPONSE: Self = Self(0xa1);
    /// Answers that it cannot.
    pub(super) const CONFIRMED_ERROR: Self = Self(0xa2);
    /// Tells without being asked: reports.
    pub(super) const UNCONFIRMED: Self = Self(0xa3);
    /// Opens the association.
    pub(super) const INITIATE_REQUEST: Self = Self(0xa8);
    /// Agrees.
    pub(super) const INITIATE_RESPONSE: Self = Self(0xa9);
}

/// Whether an octet is the tag of a protocol data unit: the kinds above, reject, cancel, and conclude.
pub(super) fn is_pdu(octet: u8) -> bool {
    matches!(octet, 0xa0..=0xad | 0x85 | 0x86 | 0x8b | 0x8c)
}

/// A confirmed request or response.
#[derive(Clone, Debug)]
pub(super) struct Confirmed<'a> {
    /// Ties an answer to its request.
    pub(super) invoke: u32,
    /// The service; its tag number is that of the service.
    pub(super) service: Element<'a>,
    /// Octets of the service that the capture cut off.
    pub(super) missing: usize,
}

impl<'a> Confirmed<'a> {
    /// Reads the contents of a confirmed request or response.
    ///
    /// # Errors
    ///
    /// Fails if the invoke id is not there, or if the service is cut in its head.
    pub(super) fn parse(pdu: &Element<'a>) -> Result<Self, Malformed> {
        let mut reader = pdu.elements();
        let invoke = Element::expect(&mut reader, ber::INTEGER, "invoke id")?;
        // Modifiers of the request may stand between.
        let (mut service, mut missing) = Element::read_cut(&mut reader)?;
        if service.tag.octet == ber::SEQUENCE && !reader.is_empty() {
            (service, missing) = Element::read_cut(&mut reader)?;
        }
        Ok(Self { invoke: invoke.number().unwrap_or(0), service, missing })
    }
}

/// Services whose answers are read.
pub(super) const GET_NAME_LIST: u32 = 1;
pub(super) const IDENTIFY: u32 = 2;
pub(super) const READ: u32 = 4;
pub(super) const WRITE: u32 = 5;
pub(super) const GET_VARIABLE_ACCESS_ATTRIBUTES: u32 = 6;

/// Whether a protocol data unit is of the shape that its tag says: what content alone is recognised by.
pub(super) fn is_plausible(pdu: &Element<'_>) -> bool {
    match Kind(pdu.tag.octet) {
        Kind::CONFIRMED_REQUEST | Kind::CONFIRMED_RESPONSE => Confirmed::parse(pdu).is_ok_and(|confirmed| {
            let end = confirmed.service.whole;
            confirmed.service.tag.is_context() && pdu.contents.bytes.ends_with(end.bytes)
        }),
        Kind::CONFIRMED_ERROR => pdu.find(0x80).is_some() && pdu.find(0xa2).is_some(),
        Kind::UNCONFIRMED => pdu.find(0xa0).is_some_and(|report| report.elements().remaining() > 4),
        // Versions proposed or agreed, services supported.
        Kind::INITIATE_REQUEST | Kind::INITIATE_RESPONSE => {
            pdu.find(0xa4).is_some_and(|detail| detail.find(0x82).is_some())
        }
        _ => false,
    }
}

/// A variable that a request names (ISO 9506-2, ObjectName), without its domain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name<'a> {
    /// The name; in IEC 61850 logical node, functional constraint, data object and attribute between `$`.
    pub(super) item: Octets<'a>,
}

impl<'a> Name<'a> {
    /// Reads an object name: of the device as a whole, of a domain, or of the association.
    pub(super) fn parse(element: &Element<'a>) -> Option<Self> {
        match element.tag.octet {
            0x80 | 0x82 => Some(Self { item: element.contents }),
            0xa1 => {
                let mut parts = element.elements();
                Element::expect(&mut parts, ber::VISIBLE_STRING, "domain").ok()?;
                let item = Element::expect(&mut parts, ber::VISIBLE_STRING, "item").ok()?;
                Some(Self { item: item.contents })
            }
            _ => None,
        }
    }
}

/// Every variable that a read or write names, in order: a list of variables in a list of names; others count as `None`.
pub(super) fn variables<'a>(specification: &Element<'a>) -> impl Iterator<Item = Option<Name<'a>>> + use<'a> {
    let mut list = specification.elements();
    std::iter::from_fn(move || {
        if list.is_empty() {
            return None;
        }
        let variable = Element::read(&mut list).ok()?;
        Some(variable.find(0xa0).and_then(|named| Name::parse(&Element::read(&mut named.elements()).ok()?)))
    })
}
