//! The frame of a serial line, as taps send it in datagrams: DLE STX, addresses and functions, DLE ETX, check.

use observation::Octets;

use crate::crc::Crc16;
use crate::{Malformed, Reader};

const DLE: u8 = 0x10;
const STX: u8 = 0x02;
const ETX: u8 = 0x03;

/// CRC-CCITT, least significant bit first, from all ones (appendix on the data link).
static CRC: Crc16 = Crc16::new(0x8408);
const CRC_START: u16 = 0xffff;

/// Bit of the address that says that global addresses follow.
const GLOBAL: u8 = 0x80;

/// The octets between the delimiters; `None` if there are none.
fn body(octets: &[u8]) -> Option<&[u8]> {
    match octets {
        [DLE, STX, body @ .., DLE, ETX, _, _] => Some(body),
        _ => None,
    }
}

/// True for a whole frame whose check is right: it is over the octets without doubled DLEs, and ETX.
pub(super) fn is_frame(octets: &[u8]) -> bool {
    let Some((body, check)) = body(octets).zip(octets.last_chunk::<2>()) else { return false };
    let (mut computed, mut doubled) = (CRC_START, false);
    for octet in body {
        if *octet == DLE && !doubled {
            doubled = true;
        } else {
            // A single DLE within is no frame.
            if doubled && *octet != DLE {
                return false;
            }
            computed = CRC.of(computed, &[*octet]);
            doubled = false;
        }
    }
    !doubled && CRC.of(computed, &[ETX]) == u16::from_le_bytes(*check)
}

/// A frame, its addresses and functions. Doubled DLEs are read as they come: the sequence number may hold one.
#[derive(Clone, Debug)]
pub(super) struct Serial<'a> {
    /// Local address of the node that the frame is for; 0 is the master.
    pub(super) node: u8,
    /// The octet of it.
    pub(super) node_octet: Octets<'a>,
    /// Function that it is for.
    pub(super) destination: u8,
    /// Function that it comes from; links have none.
    pub(super) source: Option<u8>,
    /// Everything up to the destination function.
    pub(super) head: Octets<'a>,
    /// What follows the status of the node.
    pub(super) data: Reader<'a>,
}

/// The next octet, of a doubled DLE the first.
fn octet(reader: &mut Reader<'_>, what: &'static str) -> Result<u8, Malformed> {
    let octet = reader.u8(what)?;
    if octet == DLE {
        reader.skip(1, what)?;
    }
    Ok(octet)
}

impl<'a> Serial<'a> {
    /// Reads a frame.
    ///
    /// # Errors
    ///
    /// Fails if it is none, or ends before its functions.
    pub(super) fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        reader.skip(2, "delimiter")?;
        let length = octets.len().saturating_sub(6);
        let mut reader = reader.sub(length, "frame")?;
        let node_octet = reader.peek().head(1);
        let address = octet(&mut reader, "address")?;
        octet(&mut reader, "serial number")?;
        if address & GLOBAL != 0 {
            for _ in 0..5 {
                octet(&mut reader, "global addresses")?;
            }
        }
        let destination = octet(&mut reader, "destination function")?;
        let head = octets.head(reader.offset());
        let mut source = None;
        if !reader.is_empty() {
            octet(&mut reader, "sequence number")?;
            octet(&mut reader, "sequence number")?;
            source = Some(octet(&mut reader, "source function")?);
            octet(&mut reader, "node status")?;
        }
        Ok(Self { node: address & !GLOBAL, node_octet, destination, source, head, data: reader })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_delimiters_and_a_right_check() {
        let octets = include_bytes!("messages/serial-read-by-name.bin");
        assert!(is_frame(octets) && !is_frame(&octets[..octets.len() - 1]));
        let mut changed = octets.to_vec();
        changed[4] ^= 1;
        assert!(!is_frame(&changed));
        let serial = Serial::parse(Octets::unplaced(octets)).unwrap();
        assert_eq!((serial.node, serial.destination, serial.source), (5, 0xa0, Some(3)));
        assert_eq!(serial.data.peek().get(0), Some(4));
    }

    #[test]
    fn a_doubled_delimiter_is_one_octet() {
        let octets = include_bytes!("messages/serial-doubled.bin");
        assert!(is_frame(octets));
        let serial = Serial::parse(Octets::unplaced(octets)).unwrap();
        assert_eq!((serial.node, serial.destination, serial.source), (5, 0xa0, Some(3)));
        assert!(!is_frame(&[DLE, STX, DLE, 1, DLE, ETX, 0, 0]));
    }
}
