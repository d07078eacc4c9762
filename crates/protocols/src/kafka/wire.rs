//! Length and header of requests.

use observation::{Octets, Transport};

use crate::{Frame, Malformed, Probe, Reader};

/// Octets of the length in front.
pub(super) const LENGTH: usize = 4;

/// Octets of a message at most: batches of records are kept below a megabyte unless somebody raises the limit.
const MESSAGE_MAX: usize = 1 << 20;

/// Kinds of requests that are assigned, and versions of any of them, with room for those to come.
const KEY_MAX: u16 = 100;
const VERSION_MAX: u16 = 24;

/// Requests by their keys that are looked into.
pub(super) mod key {
    pub(in super::super) const SASL_HANDSHAKE: u16 = 17;
    pub(in super::super) const API_VERSIONS: u16 = 18;
    pub(in super::super) const SASL_AUTHENTICATE: u16 = 36;
}

/// Delimits a message by its length.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    if transport != Transport::Tcp {
        return Frame::Foreign;
    }
    let Some(length) = octets.first_chunk::<LENGTH>() else { return Frame::Partial(LENGTH) };
    match usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX) {
        length if !(LENGTH..=MESSAGE_MAX).contains(&length) => Frame::Foreign,
        length if length.saturating_add(LENGTH) > octets.len() => {
            Frame::Partial(length.saturating_add(LENGTH))
        }
        length => Frame::Message(length.saturating_add(LENGTH)),
    }
}

/// Certain of the request that opens a connection, with a client that names itself; other requests have little that is
/// fixed.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    let Frame::Message(length) = frame(octets, transport) else { return Probe::Foreign };
    let Some(message) = octets.get(..length) else { return Probe::Foreign };
    match Request::parse(Octets::unplaced(message)) {
        // Every usual client has a name, if only that of its library.
        Ok(request) if request.is_plausible() && request.client.is_some() => {
            if request.key == key::API_VERSIONS { Probe::Certain } else { Probe::Unsure }
        }
        _ => Probe::Foreign,
    }
}

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Request<'a> {
    /// What is asked.
    pub(super) key: u16,
    /// In which version of its layout.
    pub(super) version: u16,
    /// How the client calls itself; `None` if it does not.
    pub(super) client: Option<Octets<'a>>,
    /// Behind the client's name.
    pub(super) body: Reader<'a>,
}

impl<'a> Request<'a> {
    /// Reads a request, or the beginning of one.
    ///
    /// # Errors
    ///
    /// Fails if the header is cut short.
    pub(super) fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut body = Reader::new(octets);
        body.skip(LENGTH, "length")?;
        let key = body.u16_be("api key")?;
        let version = body.u16_be("api version")?;
        body.skip(4, "correlation id")?;
        let client = match body.u16_be("client id")? {
            0 | u16::MAX => None,
            length => Some(body.take(length.into(), "client id")?),
        };
        Ok(Self { key, version, client, body })
    }

    /// True if key, version and name are what a client would send.
    pub(super) fn is_plausible(&self) -> bool {
        self.key <= KEY_MAX
            && self.version <= VERSION_MAX
            && self.client.is_none_or(|client| client.bytes.iter().all(|octet| matches!(octet, 0x20..=0x7e)))
    }
}

/// A text with its length and one before it, in groups of seven bits (compact string).
pub(super) fn compact<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<Octets<'a>, Malformed> {
    let low = reader.u8(what)?;
    let length = match low {
        0..=0x7f => usize::from(low),
        _ => usize::from(low & 0x7f) | usize::from(reader.u8(what)? & 0x7f) << 7,
    };
    reader.take(length.saturating_sub(1), what)
}
