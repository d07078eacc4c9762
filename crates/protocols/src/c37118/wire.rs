//! Frames (IEEE C37.118.2-2011, clause 6.2): fourteen octets, what the type says, and a check.

use observation::{Octets, OperationKind};

use crate::crc::PlainCrc16;
use crate::{Frame, Malformed, Probe, Problem, Reader};

/// First octet of every frame.
const SYNC: u8 = 0xaa;

/// Octets before the data: synchronization, size, identification code, second of century, fraction of second.
pub(super) const HEADER: usize = 14;

/// Octets of the check.
const CHECK: usize = 2;

/// Octets that tell whether it is a frame, and how long.
const START: usize = 4;

/// CRC-CCITT, from -1 (annex B).
static CRC: PlainCrc16 = PlainCrc16::new(0x1021);

/// What a frame holds (table 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameType {
    /// Phasors.
    Data,
    /// Text for people.
    Header,
    /// What a unit can send.
    Configuration1,
    /// What it sends.
    Configuration2,
    /// A command to it.
    Command,
    /// What it sends, in the form of 2011.
    Configuration3,
}

impl FrameType {
    fn from_octet(octet: u8) -> Option<Self> {
        // Versions 1 (2005) and 2 (2011); bit 7 is reserved.
        if !matches!(octet & 0x8f, 1 | 2) {
            return None;
        }
        Some(match octet >> 4 & 0x07 {
            0 => Self::Data,
            1 => Self::Header,
            2 => Self::Configuration1,
            3 => Self::Configuration2,
            4 => Self::Command,
            5 => Self::Configuration3,
            _ => return None,
        })
    }
}

/// The start of a frame.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// What it holds.
    pub kind: FrameType,
    /// Octets of the whole frame.
    pub length: u16,
    /// Identification code of the stream, two octets.
    pub id_code: Octets<'a>,
    /// What stands between time and check.
    pub data: Octets<'a>,
}

impl<'a> Header<'a> {
    /// Reads a frame. One that was cut by the capture is read as far as it goes, without its check.
    ///
    /// # Errors
    ///
    /// Fails if it does not begin as a frame, or if it is whole and its check does not match.
    pub fn parse(message: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(message);
        let forbidden =
            |what, offset, value: u64| Malformed { what, offset, problem: Problem::Value { value } };
        let sync = reader.u8("synchronization")?;
        if sync != SYNC {
            return Err(forbidden("synchronization", 0, sync.into()));
        }
        let kind = reader.u8("frame type")?;
        let kind = FrameType::from_octet(kind).ok_or_else(|| forbidden("frame type", 1, kind.into()))?;
        let length = reader.u16_be("frame size")?;
        let Some(checked) = usize::from(length).checked_sub(CHECK).filter(|checked| *checked >= HEADER)
        else {
            return Err(forbidden("frame size", 2, length.into()));
        };
        if let Some(check) = message.slice(checked, CHECK) {
            let found = check.bytes.iter().fold(0_u16, |value, octet| value << 8 | u16::from(*octet));
            let computed = CRC.of(0xffff, message.head(checked).bytes);
            if found != computed {
                let problem = Problem::Checksum { found: found.into(), computed: computed.into() };
                return Err(Malformed { what: "check", offset: checked, problem });
            }
        }
        let id_code = reader.take(2, "identification code")?;
        reader.skip(8, "time")?;
        Ok(Self { kind, length, id_code, data: message.head(checked).tail(HEADER) })
    }
}

/// Delimits the first frame.
pub(super) fn frame(octets: &[u8]) -> Frame {
    let starts = octets.first().is_none_or(|octet| *octet == SYNC)
        && octets.get(1).is_none_or(|octet| FrameType::from_octet(*octet).is_some());
    match octets.first_chunk::<START>() {
        _ if !starts => Frame::Foreign,
        None => Frame::Partial(START),
        Some([_, _, high, low]) => match usize::from(u16::from_be_bytes([*high, *low])) {
            length if length < HEADER.saturating_add(CHECK) => Frame::Foreign,
            length if length <= octets.len() => Frame::Message(length),
            length => Frame::Partial(length),
        },
    }
}

/// Synchronization, type and version, and the check are more than four octets' worth.
pub(super) fn probe(octets: &[u8]) -> Probe {
    let Frame::Message(length) = frame(octets) else { return Probe::Foreign };
    match Header::parse(Octets::unplaced(octets).head(length)) {
        Ok(_) => Probe::Certain,
        Err(_) => Probe::Foreign,
    }
}

/// What a command asks (table 15).
pub(super) fn operation(command: u16) -> (OperationKind, &'static str) {
    use OperationKind::{Diagnostic, Identify, Read};
    match command {
        1 => (Read, "turn off transmission of data frames"),
        2 => (Read, "turn on transmission of data frames"),
        3 => (Identify, "send header frame"),
        4 => (Identify, "send configuration 1 frame"),
        5 => (Identify, "send configuration 2 frame"),
        6 => (Identify, "send configuration 3 frame"),
        8 => (Diagnostic, "extended frame"),
        0x0100..=0x0fff => (Diagnostic, "user-designated command"),
        _ => (Diagnostic, "reserved command"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_as_long_as_it_says_and_its_check_counts() {
        let octets = include_bytes!("messages/send-configuration-2.bin");
        assert_eq!(frame(octets), Frame::Message(18));
        assert_eq!(frame(&octets[..3]), Frame::Partial(4));
        assert_eq!(frame(&octets[..9]), Frame::Partial(18));
        assert_eq!(probe(octets), Probe::Certain);
        let mut changed = *octets;
        changed[15] ^= 1;
        assert_eq!(probe(&changed), Probe::Foreign);
        assert!(
            Header::parse(Octets::unplaced(&changed))
                .unwrap_err()
                .to_string()
                .starts_with("check at octet 16")
        );
        for foreign in [[0xab, 0x41, 0, 18], [0xaa, 0x43, 0, 18], [0xaa, 0x71, 0, 18], [0xaa, 0x41, 0, 15]] {
            assert_eq!(frame(&foreign), Frame::Foreign);
        }
    }

    #[test]
    fn a_cut_frame_is_read_as_far_as_it_goes() {
        let octets = include_bytes!("messages/send-configuration-2.bin");
        let header = Header::parse(Octets::unplaced(&octets[..16])).unwrap();
        assert_eq!((header.kind, header.length, header.data.bytes), (FrameType::Command, 18, &[0, 5][..]));
    }

    #[test]
    fn commands_have_names() {
        assert_eq!(operation(2), (OperationKind::Read, "turn on transmission of data frames"));
        assert_eq!(operation(0x0200).1, "user-designated command");
        assert_eq!(operation(9).1, "reserved command");
    }
}
