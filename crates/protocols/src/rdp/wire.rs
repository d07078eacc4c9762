//! The packets that negotiate: MS-RDPBCGR sections 2.2.1.1 (request), 2.2.1.2 (confirm), 2.2.1.3 (client data).

use observation::{Octets, Transport};

use crate::{Frame, Malformed, Probe, Reader, tls, tpkt};

/// Codes of transport units (X.224 section 13.3 and after), credit in the low half.
mod code {
    pub(super) const REQUEST: u8 = 0xe0;
    pub(super) const CONFIRM: u8 = 0xd0;
    pub(super) const DATA: u8 = 0xf0;
}

/// Octets of references and class behind the code.
const REFERENCES: usize = 5;

/// Octets of a negotiation structure: type, flags, length, protocols.
const NEGOTIATION: usize = 8;

/// What the first packet begins with where a client names its user or a place to be sent to.
const COOKIE: &[u8] = b"Cookie: ms";

/// The key of the server's and client's data in T.124 (MS-RDPBCGR section 4.1.3).
const KEY: &[u8] = b"Duca";

/// Type of the client's core data (section 2.2.1.3.1).
const CORE: u16 = 0xc001;

/// Delimits a packet or record.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    match octets.first() {
        Some(20..=24) => (tls::PROTOCOL.frame)(octets, transport),
        _ => tpkt::frame(octets),
    }
}

/// A request that names the protocols it can, or holds a cookie.
pub(super) fn probe(octets: &[u8]) -> Probe {
    let Frame::Message(length) = tpkt::frame(octets) else { return Probe::Foreign };
    match Unit::parse(Octets::unplaced(octets).head(length)) {
        Ok(Unit::Request { negotiation: Some(_), .. } | Unit::Request { cookie: true, .. }) => Probe::Certain,
        _ => Probe::Foreign,
    }
}

/// One transport unit.
#[derive(Clone, Copy, Debug)]
pub(super) enum Unit<'a> {
    /// A client wants to connect.
    Request {
        /// Protocols it can, four octets.
        negotiation: Option<Octets<'a>>,
        /// True if a cookie comes before.
        cookie: bool,
    },
    /// The server agrees: the protocol it chose, four octets. Old servers say nothing.
    Confirm(Option<Octets<'a>>),
    /// The server refuses: why, four octets.
    Refusal(Octets<'a>),
    /// Data.
    Data(Octets<'a>),
    /// Any other.
    Other,
}

impl<'a> Unit<'a> {
    /// Reads the unit of a TPKT packet.
    ///
    /// # Errors
    ///
    /// Fails if the packet is cut or its lengths disagree.
    pub(super) fn parse(packet: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = tpkt::tpdu(packet)?;
        let length = reader.u8("length indicator")?;
        let mut head = reader.sub(length.into(), "transport header")?;
        match head.u8("transport code")? & 0xf0 {
            code::REQUEST => {
                head.skip(REFERENCES, "references")?;
                let rest = head.rest();
                let cookie = rest.bytes.starts_with(COOKIE);
                // The negotiation stands at the end, behind whatever ends with a line feed.
                let start = rest.len().saturating_sub(NEGOTIATION);
                let before = rest.head(start);
                let placed = before.is_empty() || before.bytes.ends_with(b"\r\n");
                let negotiation = negotiation(rest.tail(start), 1).filter(|_| placed);
                Ok(Self::Request { negotiation, cookie })
            }
            code::CONFIRM => {
                head.skip(REFERENCES, "references")?;
                let rest = head.rest();
                Ok(match negotiation(rest, 3) {
                    Some(reason) => Self::Refusal(reason),
                    None => Self::Confirm(negotiation(rest, 2)),
                })
            }
            code::DATA => Ok(Self::Data(reader.rest())),
            _ => Ok(Self::Other),
        }
    }
}

/// The last four octets of a negotiation structure of this type.
fn negotiation(octets: Octets<'_>, kind: u8) -> Option<Octets<'_>> {
    let &[found, _, 8, 0, _, _, _, _] = octets.bytes else { return None };
    octets.slice(4, 4).filter(|_| found == kind)
}

/// What a client without TLS says of its computer (section 2.2.1.3.2).
#[derive(Clone, Copy, Debug)]
pub(super) struct Core<'a> {
    /// Build of its system, four octets.
    pub(super) build: Octets<'a>,
    /// Name of its computer, UTF-16, 32 octets.
    pub(super) name: Octets<'a>,
}

/// The core data in the client's connect request (T.125 Connect-Initial, whose tag is 0x7f65).
pub(super) fn core(data: Octets<'_>) -> Option<Core<'_>> {
    if !data.bytes.starts_with(&[0x7f, 0x65]) {
        return None;
    }
    let key = data.bytes.windows(KEY.len()).position(|window| window == KEY)?;
    let mut reader = Reader::new(data.tail(key.saturating_add(KEY.len())));
    // A length of the packed encoding rules: one octet, or two with the highest bit set.
    if reader.u8("length").ok()? & 0x80 != 0 {
        reader.skip(1, "length").ok()?;
    }
    while !reader.is_empty() {
        let kind = reader.u16_le("data block type").ok()?;
        let length = usize::from(reader.u16_le("data block length").ok()?).checked_sub(4)?;
        let block = reader.take(length, "data block").ok()?;
        if kind == CORE {
            return Some(Core { build: block.slice(16, 4)?, name: block.slice(20, 32)? });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_with_a_negotiation_or_a_cookie_are_certain() {
        let request = include_bytes!("messages/request.bin");
        assert_eq!(probe(request), Probe::Certain);
        assert_eq!(probe(include_bytes!("messages/request-with-cookie.bin")), Probe::Certain);
        // An S7 connection request on the same transport.
        let s7 = b"\x03\0\0\x16\x11\xe0\0\0\0\x01\0\xc0\x01\x0a\xc1\x02\x01\0\xc2\x02\x01\x02";
        assert_eq!(probe(s7), Probe::Foreign);
        assert_eq!(frame(&request[..9], Transport::Tcp), Frame::Partial(request.len()));
        assert_eq!(frame(&[22, 3, 1, 0, 1, 9], Transport::Tcp), Frame::Message(6));
    }
}
