//! Messages (GigE Vision 2.0, chapter 15).

use observation::{Octets, Transport};

use super::CARRIED_BY;
use crate::{Frame, Malformed, Reader};

/// Octets of the header of commands and acknowledgements.
const HEADER: usize = 8;

/// First octet of every command.
const KEY: u8 = 0x42;

/// Octets of a discovery acknowledgement behind the header.
const DISCOVERY: u16 = 0xf8;

/// A message.
#[derive(Clone, Debug)]
pub(super) struct Pdu<'a> {
    /// True for a command, false for its acknowledgement.
    pub(super) is_command: bool,
    /// Status of an acknowledgement; 0 is success.
    pub(super) status: u16,
    /// Number of command or acknowledgement.
    pub(super) number: u16,
    pub(super) body: Reader<'a>,
}

impl<'a> Pdu<'a> {
    /// Reads a message.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short.
    pub(super) fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        let status = reader.u16_be("key or status")?;
        let number = reader.u16_be("command")?;
        reader.skip(4, "length and request number")?;
        let is_command = status >> 8 == u16::from(KEY);
        Ok(Self { is_command, status: if is_command { 0 } else { status }, number, body: reader })
    }
}

/// True for numbers of commands and, one higher, of acknowledgements.
fn is_known(number: u16) -> bool {
    matches!(number, 0x0002..=0x0005 | 0x0040 | 0x0080..=0x0087 | 0x0089 | 0x00c0..=0x00c3 | 0x0100 | 0x0101)
}

/// By the length in the header. Status codes have 0x0 or 0x8 in their highest four bits.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    if transport != CARRIED_BY {
        return Frame::Foreign;
    }
    let Some([first, _, a, b, c, d, _, _]) = octets.first_chunk::<HEADER>() else {
        return match octets.first() {
            Some(first) if *first != KEY && !matches!(first, 0x00 | 0x80) => Frame::Foreign,
            _ => Frame::Partial(HEADER),
        };
    };
    if !matches!(*first, KEY | 0x00 | 0x80) || !is_known(u16::from_be_bytes([*a, *b])) {
        return Frame::Foreign;
    }
    let whole = HEADER.saturating_add(u16::from_be_bytes([*c, *d]).into());
    if whole > octets.len() { Frame::Partial(whole) } else { Frame::Message(octets.len()) }
}

/// True for a discovery and its acknowledgement.
pub(super) fn is_discovery(octets: &[u8]) -> bool {
    let Some([first, second, a, b, c, d, _, _]) = octets.first_chunk::<HEADER>() else { return false };
    let (number, length) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
    match (*first, *second) {
        (KEY, _) => number == 0x0002 && length == 0 && octets.len() == HEADER,
        (0, 0) => number == 0x0003 && length == DISCOVERY,
        _ => false,
    }
}
