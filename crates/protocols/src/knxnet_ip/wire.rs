//! Frames and description blocks (KNX Standard 3/8/2, chapters 2 and 7).

use observation::Octets;

use crate::{Frame, Malformed, Reader};

/// Octets of the header, and its first two: length and version 1.0.
pub(super) const HEADER: usize = 6;
const MAGIC: [u8; 2] = [0x06, 0x10];

/// Services of versions 1 and 2 of the specification, secure ones included.
pub(super) fn is_known(octets: &[u8]) -> bool {
    let service = octets.get(2..4).and_then(|octets| octets.try_into().ok()).map(u16::from_be_bytes);
    service.is_some_and(|service| {
        matches!(service, 0x0201..=0x020c | 0x0310 | 0x0311 | 0x0420..=0x0425 | 0x0530..=0x0533 | 0x0950..=0x0955)
    })
}

/// A frame: service and what follows.
#[derive(Clone, Debug)]
pub(super) struct Pdu<'a> {
    pub(super) service: u16,
    pub(super) body: Reader<'a>,
}

impl<'a> Pdu<'a> {
    /// Reads a frame.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short.
    pub(super) fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        reader.skip(2, "header")?;
        let service = reader.u16_be("service")?;
        reader.skip(2, "total length")?;
        Ok(Self { service, body: reader })
    }
}

/// A description block: type and contents.
///
/// # Errors
///
/// Fails if the message ends before it does.
pub(super) fn block<'a>(reader: &mut Reader<'a>) -> Result<(u8, Octets<'a>), Malformed> {
    let length = reader.u8("length of the structure")?;
    let kind = reader.u8("type of the structure")?;
    let contents = reader.take(usize::from(length).saturating_sub(2), "structure")?;
    Ok((kind, contents))
}

/// By the total length in the header.
pub(super) fn frame(octets: &[u8]) -> Frame {
    let known = octets.len().min(MAGIC.len());
    if octets.get(..known) != MAGIC.get(..known) {
        return Frame::Foreign;
    }
    let Some([.., high, low]) = octets.first_chunk::<HEADER>() else { return Frame::Partial(HEADER) };
    match usize::from(u16::from_be_bytes([*high, *low])) {
        length if length < HEADER => Frame::Foreign,
        length if length > octets.len() => Frame::Partial(length),
        length => Frame::Message(length),
    }
}
