//! One message (section 1.2): addresses, opcode, length, data, check.

use observation::{Octets, Transport};

use super::opcode::Opcode;
use crate::crc::Crc16;
use crate::{Frame, Malformed, Probe, Problem, Reader};

/// Octets before the data: destination unit and group, source unit and group, opcode, length.
pub(super) const HEADER: usize = 6;

/// Octets of the check behind the data.
const CHECK: usize = 2;

/// CRC-16, polynomial x16+x15+x2+1, least significant bit first (section 1.2). Public clients begin with 0, the
/// recordings of cisagov/icsnpp-roc-plus with all ones.
static CRC: Crc16 = Crc16::new(0xa001);
const CRC_STARTS: [u16; 2] = [0, 0xffff];

/// True if `check` is the check of `octets`.
fn is_check(octets: &[u8], check: u16) -> bool {
    CRC_STARTS.into_iter().any(|start| CRC.of(start, octets) == check)
}

/// True if the last two octets are the check of those before.
fn is_checked(message: &[u8]) -> bool {
    message
        .split_last_chunk::<CHECK>()
        .is_some_and(|(octets, check)| is_check(octets, u16::from_le_bytes(*check)))
}

/// Delimits the first message: by its length, where the opcode is known and the check is right.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    let Some(&[_, _, _, _, opcode, length]) = octets.first_chunk::<HEADER>() else {
        return if transport == Transport::Tcp { Frame::Partial(HEADER) } else { Frame::Foreign };
    };
    if !Opcode(opcode).is_known() {
        return Frame::Foreign;
    }
    let whole = HEADER.saturating_add(length.into()).saturating_add(CHECK);
    match octets.get(..whole) {
        Some(message) if is_checked(message) => Frame::Message(whole),
        Some(_) => Frame::Foreign,
        None if transport == Transport::Tcp => Frame::Partial(whole),
        None => Frame::Foreign,
    }
}

/// A check of two octets, a length and an opcode that fit are less than four octets.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    if frame(octets, transport) == Frame::Message(octets.len()) { Probe::Unsure } else { Probe::Foreign }
}

/// A message.
#[derive(Clone, Debug)]
pub(super) struct Message<'a> {
    /// Unit and group of the sender.
    pub(super) source: Octets<'a>,
    /// Opcode.
    pub(super) opcode: Opcode,
    /// The octet of it.
    pub(super) opcode_octet: Octets<'a>,
    /// Length of the data, as the message says.
    pub(super) length: u8,
    /// The data.
    pub(super) data: Reader<'a>,
}

impl<'a> Message<'a> {
    /// Reads a message as [`frame`] delimits it.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short or its check is wrong.
    pub(super) fn parse(message: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(message);
        reader.skip(2, "destination")?;
        let source = reader.take(2, "source")?;
        let opcode_octet = reader.take(1, "opcode")?;
        let length = reader.u8("length")?;
        let data = reader.sub(length.into(), "data")?;
        let offset = reader.offset();
        let found = reader.u16_le("check")?;
        let checked = message.head(offset).bytes;
        if !is_check(checked, found) {
            let computed = CRC.of(0, checked);
            let problem = Problem::Checksum { found: found.into(), computed: computed.into() };
            return Err(Malformed { what: "check", offset, problem });
        }
        let opcode = Opcode(opcode_octet.get(0).unwrap_or_default());
        Ok(Self { source, opcode, opcode_octet, length, data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_needs_a_known_opcode_and_a_right_check() {
        let octets = include_bytes!("messages/system-configuration.bin");
        assert_eq!(frame(octets, Transport::Tcp), Frame::Message(8));
        assert_eq!(frame(&octets[..7], Transport::Tcp), Frame::Partial(8));
        assert_eq!(frame(&octets[..7], Transport::Udp), Frame::Foreign);
        assert_eq!(probe(octets, Transport::Tcp), Probe::Unsure);
        let mut changed = octets.to_vec();
        changed[0] ^= 1;
        assert_eq!(frame(&changed, Transport::Tcp), Frame::Foreign);
        let error = Message::parse(Octets::unplaced(&changed)).unwrap_err();
        assert!(error.to_string().starts_with("check at octet 6: checksum"));
    }
}
