//! Block driver, datagrams and name service of version 3, and the header of version 2.

use observation::{Octets, Transport};

use crate::{Frame, Malformed, Probe, Problem, Reader};

/// Header of the TCP block driver: magic number, and the length with the header, least significant octet first.
const BLOCK_MAGIC: [u8; 4] = [0x00, 0x01, 0x17, 0xe8];
const BLOCK_HEADER: usize = 8;

/// Longest block that is waited for, in octets.
const BLOCK_MAX: usize = 262_144;

/// First octet of a datagram.
const DATAGRAM_MAGIC: u8 = 0xc5;

/// Octets of the fixed part of a datagram's header, and the fewest 16-bit words that its length may name.
const DATAGRAM_MIN: usize = 6;
const HEADER_WORDS_MIN: u8 = 3;

/// Header of version 2.
const V2_MAGIC: [u8; 2] = [0xbb, 0xbb];
const V2_HEADER: usize = 6;

/// Services of the datagram layer.
pub(super) const NAME_REQUEST: u8 = 3;
pub(super) const NAME_RESPONSE: u8 = 4;
pub(super) const CHANNEL: u8 = 0x40;

/// Packages of the name service.
pub(super) const RESOLVE_NAME: u16 = 0xc201;
pub(super) const RESOLVE_ADDRESS: u16 = 0xc202;
pub(super) const RESOLVE_GATEWAY: u16 = 0xc203;
pub(super) const IDENTIFICATION: u16 = 0xc280;

/// Delimits the first message.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    match transport {
        Transport::Tcp if BLOCK_MAGIC.starts_with(octets.get(..4).unwrap_or(octets)) => block(octets),
        Transport::Tcp => version_2(octets),
        Transport::Udp if is_datagram(octets) => Frame::Message(octets.len()),
        _ => Frame::Foreign,
    }
}

fn block(octets: &[u8]) -> Frame {
    let Some(length) = octets.get(4..BLOCK_HEADER).and_then(|length| length.first_chunk()) else {
        return Frame::Partial(BLOCK_HEADER);
    };
    let whole = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    match whole {
        0..BLOCK_HEADER => Frame::Foreign,
        _ if whole > BLOCK_MAX => Frame::Foreign,
        _ if whole > octets.len() => Frame::Partial(whole),
        _ => Frame::Message(whole),
    }
}

/// What its length counts in answers is not published: where it leads beyond what is there, that is all.
fn version_2(octets: &[u8]) -> Frame {
    if !V2_MAGIC.starts_with(octets.get(..2).unwrap_or(octets)) {
        return Frame::Foreign;
    }
    let Some(length) = octets.get(2..V2_HEADER).and_then(|length| length.first_chunk()) else {
        return Frame::Partial(V2_HEADER);
    };
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    let whole = V2_HEADER.saturating_add(length);
    Frame::Message(if whole <= octets.len() { whole } else { octets.len() })
}

fn is_datagram(octets: &[u8]) -> bool {
    matches!(octets, [DATAGRAM_MAGIC, hops, _, _, _, _, ..] if hops & 7 >= HEADER_WORDS_MIN)
}

/// Certain of the block driver, and of a name service by magic number, service, package and version.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    match transport {
        Transport::Tcp if octets.starts_with(&BLOCK_MAGIC) => match block(octets) {
            Frame::Foreign => Probe::Foreign,
            _ => Probe::Certain,
        },
        Transport::Udp if is_datagram(octets) => {
            let known = Datagram::parse(Octets::unplaced(octets)).and_then(|mut datagram| {
                let package = datagram.body.u16_le("package")?;
                let version = datagram.body.u16_le("version")?;
                Ok(matches!(datagram.service, NAME_REQUEST | NAME_RESPONSE)
                    && matches!(package, RESOLVE_NAME | RESOLVE_ADDRESS | RESOLVE_GATEWAY | IDENTIFICATION)
                    && version & 0xff == 0)
            });
            if known == Ok(true) { Probe::Certain } else { Probe::Foreign }
        }
        _ => Probe::Foreign,
    }
}

/// What a message is.
pub(super) enum Message<'a> {
    /// Of version 3.
    Datagram(Datagram<'a>),
    /// Of version 2, with all its octets.
    Version2(Octets<'a>),
}

impl<'a> Message<'a> {
    /// Reads a whole message, as [`frame`] delimits it, or the beginning of one.
    ///
    /// # Errors
    ///
    /// Fails if a header is cut short or none.
    pub(super) fn parse(octets: Octets<'a>, transport: Transport) -> Result<Self, Malformed> {
        if transport != Transport::Tcp {
            return Datagram::parse(octets).map(Self::Datagram);
        }
        if octets.bytes.starts_with(&V2_MAGIC) {
            return Ok(Self::Version2(octets));
        }
        Datagram::parse(octets.tail(BLOCK_HEADER)).map(Self::Datagram)
    }
}

/// A datagram (layer 3 of version 3).
#[derive(Clone, Debug)]
pub(super) struct Datagram<'a> {
    /// What it is for.
    pub(super) service: u8,
    /// Behind header, addresses and padding.
    pub(super) body: Reader<'a>,
}

impl<'a> Datagram<'a> {
    fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut body = Reader::new(octets);
        if body.u8("magic")? != DATAGRAM_MAGIC {
            return Err(body.malformed("magic", Problem::Unrecognised));
        }
        let words = body.u8("hop information")? & 7;
        body.skip(1, "packet information")?;
        let service = body.u8("service")?;
        body.skip(1, "message id")?;
        let addresses = body.u8("address lengths")?;
        // Lengths are in words of 16 bits, and the body begins at a multiple of 32.
        let words = usize::from(words)
            .saturating_add(usize::from(addresses >> 4))
            .saturating_add(usize::from(addresses & 0x0f));
        let header = words.saturating_mul(2).next_multiple_of(4);
        body.skip(header.saturating_sub(DATAGRAM_MIN), "addresses")?;
        Ok(Self { service, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_are_delimited() {
        let block = include_bytes!("messages/identification.bin");
        assert_eq!(frame(block, Transport::Tcp), Frame::Message(block.len()));
        assert_eq!(frame(&block[..6], Transport::Tcp), Frame::Partial(8));
        assert_eq!(frame(&block[..20], Transport::Tcp), Frame::Partial(block.len()));
        assert_eq!(frame(&[0, 1, 0x17, 0xe8, 7, 0, 0, 0], Transport::Tcp), Frame::Foreign);
        assert_eq!(frame(&[0xbb, 0xbb, 1, 0, 0, 0, 1], Transport::Tcp), Frame::Message(7));
        assert_eq!(frame(&[0xbb, 0xbb, 1, 0, 0, 1, 1], Transport::Tcp), Frame::Message(7));
        assert_eq!(frame(&[0xbb, 0x0b], Transport::Tcp), Frame::Foreign);
        assert_eq!(frame(&[0xc5, 0x7a, 0, 3, 0, 0], Transport::Udp), Frame::Foreign);
    }

    #[test]
    fn the_name_service_is_certain() {
        let datagram = include_bytes!("messages/identification-udp.bin");
        assert_eq!(probe(datagram, Transport::Udp), Probe::Certain);
        assert_eq!(probe(include_bytes!("messages/identification.bin"), Transport::Tcp), Probe::Certain);
        assert_eq!(probe(include_bytes!("messages/v2-identify.bin"), Transport::Tcp), Probe::Foreign);
        let mut other = datagram.to_vec();
        other[3] = CHANNEL;
        assert_eq!(probe(&other, Transport::Udp), Probe::Foreign);
    }
}
