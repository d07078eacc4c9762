//! The header of every message (FF-588 section 6.3).

use observation::{Octets, Transport};

use crate::{Frame, Malformed, Probe, Reader};

/// Octets of the header.
pub(super) const HEADER: usize = 12;

/// Octets of a message at most: more fits into no datagram, and what is sent over TCP are the same messages.
const MESSAGE_MAX: usize = 65_535;

/// Version of the protocol.
const VERSION: u8 = 1;

/// Bit of a service number that is set for services with an answer.
const CONFIRMED: u8 = 0x80;

/// The part of the protocol that a message belongs to, by its bits.
pub(super) mod part {
    pub(in super::super) const SESSION: u8 = 0x04;
    pub(in super::super) const MANAGEMENT: u8 = 0x08;
    pub(in super::super) const FMS: u8 = 0x0c;
    pub(in super::super) const REDUNDANCY: u8 = 0x10;
}

/// What kind of message it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A request, or what is sent without being asked.
    Request,
    /// The answer.
    Response,
    /// The answer that refuses.
    Error,
}

/// A message.
#[derive(Clone, Debug)]
pub(super) struct Message<'a> {
    /// Part of the protocol.
    pub(super) part: u8,
    /// Request or answer.
    pub(super) way: Way,
    /// Number of the service without the bit of confirmed ones.
    pub(super) service: u8,
    /// True for a service that is answered.
    pub(super) is_confirmed: bool,
    /// H1 link and node that the message goes to or comes from, where it is about one.
    pub(super) node: Option<(u16, u8)>,
    /// Between header and trailer.
    pub(super) body: Reader<'a>,
}

impl<'a> Message<'a> {
    /// Reads a whole message, as [`frame`] delimits it, or the beginning of one.
    ///
    /// # Errors
    ///
    /// Fails if the header is cut short.
    pub(super) fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        reader.skip(1, "version")?;
        let options = reader.u8("options")?;
        let kind = reader.u8("protocol and type")?;
        let service = reader.u8("service")?;
        let link = reader.u16_be("link of the address")?;
        let node = reader.u8("node of the address")?;
        reader.skip(5, "selector and length")?;
        let body = reader.remaining().saturating_sub(trailer(options));
        let body = if octets.is_cut() { reader.remaining() } else { body };
        let way = match kind & 0x03 {
            0 => Way::Request,
            1 => Way::Response,
            _ => Way::Error,
        };
        Ok(Self {
            part: kind & !0x03,
            way,
            service: service & !CONFIRMED,
            is_confirmed: service & CONFIRMED != 0,
            node: (link > 0 && node > 0).then_some((link, node)),
            body: reader.part(body, "body")?,
        })
    }
}

/// Octets of the trailer: message number, invoke identifier, time stamp and control field, as the options name them.
fn trailer(options: u8) -> usize {
    let fields = [(0x80, 4), (0x40, 4), (0x20, 8), (0x08, 4_usize)];
    let fields = fields.iter().filter(|(bit, _)| options & bit != 0).map(|(_, length)| length);
    fields.sum::<usize>().saturating_add(usize::from(options & 0x07))
}

/// Delimits a message by its length.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    let fits = |at: usize, is: fn(u8) -> bool| octets.get(at).is_none_or(|octet| is(*octet));
    let is_kind = |kind: u8| {
        matches!(kind & !0x03, part::SESSION | part::MANAGEMENT | part::FMS | part::REDUNDANCY)
            && kind & 0x03 != 3
    };
    if !matches!(transport, Transport::Tcp | Transport::Udp)
        || !fits(0, |version| version == VERSION)
        || !fits(1, |options| options & 0x10 == 0)
        || !fits(2, is_kind)
    {
        return Frame::Foreign;
    }
    let Some(length) = octets.get(8..).and_then(|rest| rest.first_chunk::<4>()) else {
        return Frame::Partial(HEADER);
    };
    match usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX) {
        length if !(HEADER..=MESSAGE_MAX).contains(&length) => Frame::Foreign,
        length if length > octets.len() => Frame::Partial(length),
        length => Frame::Message(length),
    }
}

/// Certain of an announcement or answer whose 64 octets of device id and tag are text; header and length of others
/// could be chance.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    let Frame::Message(length) = frame(octets, transport) else { return Probe::Foreign };
    let is_text = |octet: &u8| matches!(octet, 0 | 0x20..=0x7e | 0xa0..);
    match (octets.get(2..4), octets.get(36..100)) {
        (Some([0x08, 0x10] | [0x09, 0x83]), Some(names))
            if names.iter().all(is_text) && names.iter().any(|octet| octet.is_ascii_digit()) =>
        {
            Probe::Certain
        }
        _ if length == octets.len() => Probe::Unsure,
        _ => Probe::Foreign,
    }
}
