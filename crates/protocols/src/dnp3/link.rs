//! The data link frame (IEEE 1815-2012, clause 9.2.4): a header of ten octets, then blocks of sixteen, each with a check.
//!
//! What [`LinkFrame::parse`] returns has a header whose check matches; blocks are checked by [`LinkFrame::check`].

use observation::Octets;

use crate::crc::Crc16;
use crate::{Frame, Malformed, Probe, Problem, Reader};

const START: [u8; 2] = [0x05, 0x64];

/// Octets of the header, its check included.
const HEADER: usize = 10;

/// User octets that share one check.
const BLOCK: usize = 16;

/// Octets of a check.
const CHECK: usize = 2;

/// What the length field counts beside user octets: control, destination, source.
const LENGTH_MIN: u8 = 5;

/// Link addresses from here on are reserved, for oneself or for all (clause 9.2.3).
const SPECIAL_MIN: u16 = 0xfff0;

/// CRC-16/DNP (clause 9.2.4.7): inverted.
static CRC: Crc16 = Crc16::new(0xa6bc);

/// The control octet (clause 9.2.4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control(pub u8);

impl Control {
    /// DIR: a master sent it.
    #[must_use]
    pub fn is_from_master(self) -> bool {
        self.0 & 0x80 != 0
    }

    /// PRM: it begins a transaction of the link layer.
    #[must_use]
    pub fn is_primary(self) -> bool {
        self.0 & 0x40 != 0
    }

    /// The function code, whose meaning depends on PRM.
    #[must_use]
    pub fn function(self) -> u8 {
        self.0 & 0x0f
    }

    /// True for confirmed and unconfirmed user octets: the functions that carry the layers above.
    #[must_use]
    pub fn carries_user_octets(self) -> bool {
        self.is_primary() && matches!(self.function(), 3 | 4)
    }
}

/// A data link frame.
#[derive(Clone, Copy, Debug)]
pub struct LinkFrame<'a> {
    /// The control octet.
    pub control: Control,
    /// Link address of the receiver.
    pub destination: u16,
    /// Link address of the sender.
    pub source: u16,
    /// The octets of the control octet.
    pub control_octets: Octets<'a>,
    /// The octets of the destination, least significant first.
    pub destination_octets: Octets<'a>,
    /// The octets of the source, least significant first.
    pub source_octets: Octets<'a>,
    /// Number of user octets that the header announces.
    user_length: usize,
    /// Blocks with their checks.
    blocks: Octets<'a>,
}

impl<'a> LinkFrame<'a> {
    /// Reads the header of a message as [`PROTOCOL`](super::PROTOCOL) delimits it.
    ///
    /// # Errors
    ///
    /// Fails if the header is cut short, does not begin with the start octets, has too small a length or a wrong check.
    pub fn parse(message: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(message);
        let header = message.head(HEADER.saturating_sub(CHECK));
        match reader.u16_be("start octets")? {
            start if start == u16::from_be_bytes(START) => {}
            start => {
                return Err(Malformed {
                    what: "start octets",
                    offset: 0,
                    problem: Problem::Value { value: start.into() },
                });
            }
        }
        let length = reader.u8("length")?;
        let control_octets = reader.take(1, "control")?;
        let destination_octets = reader.take(2, "destination")?;
        let source_octets = reader.take(2, "source")?;
        check(header, &mut reader, "header check")?;
        let Some(user_length) = length.checked_sub(LENGTH_MIN) else {
            return Err(Malformed {
                what: "length",
                offset: 2,
                problem: Problem::Value { value: length.into() },
            });
        };
        Ok(Self {
            control: Control(control_octets.get(0).unwrap_or_default()),
            destination: address(destination_octets),
            source: address(source_octets),
            control_octets,
            destination_octets,
            source_octets,
            user_length: user_length.into(),
            blocks: reader.rest(),
        })
    }

    /// Checks every block, and counts those from the first on that are intact.
    ///
    /// It is malformed if a block is not all there or its check does not match, or if octets are left over.
    pub fn check(&self) -> (usize, Result<(), Malformed>) {
        let mut reader = Reader::nested(self.blocks, HEADER);
        let mut left = self.user_length;
        let mut intact = 0_usize;
        while left > 0 {
            let length = left.min(BLOCK);
            if let Err(malformed) =
                reader.take(length, "user octets").and_then(|block| check(block, &mut reader, "block check"))
            {
                return (intact, Err(malformed));
            }
            left = left.saturating_sub(length);
            intact = intact.saturating_add(1);
        }
        (intact, reader.finish("link frame"))
    }

    /// The user octets that are there, block by block, without checks.
    pub fn user_octets(&self) -> impl Iterator<Item = Octets<'a>> + use<'a> {
        let (blocks, user_length) = (self.blocks, self.user_length);
        (0..user_length.div_ceil(BLOCK)).map(move |number| {
            let length = user_length.saturating_sub(number.saturating_mul(BLOCK)).min(BLOCK);
            blocks.tail(number.saturating_mul(BLOCK.saturating_add(CHECK))).head(length)
        })
    }
}

/// True for an address that names one station; the others are reserved or for all (clause 9.2.3).
pub(super) fn names_one(address: u16) -> bool {
    address < SPECIAL_MIN
}

fn address(octets: Octets<'_>) -> u16 {
    octets.bytes.first_chunk::<2>().map_or(0, |octets| u16::from_le_bytes(*octets))
}

fn check(octets: Octets<'_>, reader: &mut Reader<'_>, what: &'static str) -> Result<(), Malformed> {
    let offset = reader.offset();
    let (found, computed) = (reader.u16_le(what)?, !CRC.of(0, octets.bytes));
    if found == computed {
        return Ok(());
    }
    Err(Malformed {
        what,
        offset,
        problem: Problem::Checksum { found: found.into(), computed: computed.into() },
    })
}

/// Delimits the first link frame. A header whose check does not match is foreign: its length cannot be trusted.
pub(super) fn frame(octets: &[u8]) -> Frame {
    let begins = octets.iter().zip(START).all(|(octet, start)| *octet == start);
    match octets.get(..HEADER) {
        _ if !begins => Frame::Foreign,
        None => Frame::Partial(HEADER),
        Some(header) => match LinkFrame::parse(Octets::unplaced(header)) {
            Err(_) => Frame::Foreign,
            Ok(LinkFrame { user_length, .. }) => {
                let checks = user_length.div_ceil(BLOCK).saturating_mul(CHECK);
                let length = HEADER.saturating_add(user_length).saturating_add(checks);
                if length <= octets.len() { Frame::Message(length) } else { Frame::Partial(length) }
            }
        },
    }
}

/// Start octets and the check of the header are four octets that chance would have to hit.
pub(super) fn probe(octets: &[u8]) -> Probe {
    match frame(octets) {
        Frame::Foreign => Probe::Foreign,
        Frame::Partial(HEADER) if octets.len() < START.len() => Probe::Foreign,
        Frame::Partial(HEADER) if octets.len() < HEADER => Probe::Unsure,
        Frame::Partial(_) | Frame::Message(_) => Probe::Certain,
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use super::*;

    const READ: &[u8] = include_bytes!("messages/read-classes.bin");
    const ATTRIBUTES: &[u8] = include_bytes!("messages/device-attributes.bin");

    #[test]
    fn a_header_is_read_field_by_field() {
        let frame = LinkFrame::parse(Octets::unplaced(READ)).unwrap();
        assert_eq!((frame.control, frame.destination, frame.source), (Control(0xc4), 25, 1));
        assert!(
            frame.control.is_from_master()
                && frame.control.is_primary()
                && frame.control.carries_user_octets()
        );
        assert_eq!(frame.check(), (1, Ok(())));
        let user: Vec<u8> = frame.user_octets().flat_map(|block| block.bytes.to_vec()).collect();
        assert_eq!(user, [0xc0, 0xc0, 0x01, 60, 2, 6, 60, 3, 6, 60, 4, 6, 60, 1, 6]);
    }

    #[test]
    fn blocks_lose_their_checks() {
        let frame = LinkFrame::parse(Octets::unplaced(ATTRIBUTES)).unwrap();
        assert_eq!(frame.check(), (13, Ok(())));
        let blocks: Vec<usize> = frame.user_octets().map(|block| block.len()).collect();
        assert_eq!((blocks.len(), blocks.iter().sum::<usize>()), (13, usize::from(ATTRIBUTES[2]) - 5));
    }

    #[test]
    fn a_frame_is_delimited_and_several_follow_each_other() {
        let several = [READ, ATTRIBUTES].concat();
        assert_eq!(frame(&several), Frame::Message(READ.len()));
        assert_eq!(frame(&READ[..9]), Frame::Partial(10));
        assert_eq!(frame(&READ[..12]), Frame::Partial(READ.len()));
        assert_eq!(frame(b"GET"), Frame::Foreign);
    }

    #[test]
    fn a_wrong_check_of_the_header_is_foreign_and_of_a_block_malformed() {
        let mut header = READ.to_vec();
        header[4] ^= 1;
        assert_eq!(frame(&header), Frame::Foreign);
        let mut block = ATTRIBUTES.to_vec();
        block[30] ^= 1;
        assert_eq!(frame(&block), Frame::Message(block.len()));
        let (intact, result) = LinkFrame::parse(Octets::unplaced(&block)).unwrap().check();
        let error = result.unwrap_err();
        assert_eq!((intact, error.what, error.offset), (1, "block check", 44));
        assert!(matches!(error.problem, Problem::Checksum { .. }));
    }

    #[test]
    fn a_header_is_certain_and_its_start_is_not() {
        assert_eq!(probe(READ), Probe::Certain);
        assert_eq!(probe(&ATTRIBUTES[..40]), Probe::Certain);
        assert_eq!(probe(&READ[..6]), Probe::Unsure);
        assert_eq!(probe(&READ[..1]), Probe::Foreign);
        assert_eq!(probe(b"\x05\x64 anything"), Probe::Foreign);
    }
}
