//! One message: header, address, data, check, terminator.
//!
//! The header is 0xF1 to 0xFE and says who sends. Octets from 0xF0 on in between are escaped as 0xF0 and their low half.
//! The check is CRC-16 over header, address and data, unescaped; acknowledgements and short polls have none.

use observation::{Octets, OperationKind, Transport};

use crate::crc::Crc16;
use crate::{Frame, Malformed, Probe, Problem, Reader};

/// Last octet of every message.
const TERMINATOR: u8 = 0xf6;

/// Octet that stands before the low half of one that must not stand there itself.
const ESCAPE: u8 = 0xf0;

/// Longest message that is taken for one; real ones hold an address, up to some tens of pairs, and the check.
const MESSAGE_MAX: usize = 1024;

/// Polynomial x16+x15+x2+1, least significant bit first, from all ones, as recordings show.
static CRC: Crc16 = Crc16::new(0xa001);
const CRC_START: u16 = 0xffff;

/// Header of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header(pub(super) u8);

impl Header {
    const ACKNOWLEDGE: Self = Self(0xf1);
    const POLL: Self = Self(0xfb);

    fn is_known(self) -> bool {
        self.is_of_unit() || self.operation().is_some()
    }

    /// True if a field unit sends it.
    pub(super) fn is_of_unit(self) -> bool {
        matches!(self.0, 0xf1..=0xf3)
    }

    /// What the office asks with it.
    pub(super) fn operation(self) -> Option<(OperationKind, &'static str)> {
        use OperationKind::{Control, Read};
        Some(match self.0 {
            0xf9 => (Control, "common control data"),
            0xfa => (Read, "acknowledge indication and poll"),
            0xfb => (Read, "poll"),
            0xfc => (Control, "control data"),
            0xfd => (Read, "recall"),
            0xfe => (Control, "execute controls"),
            _ => return None,
        })
    }
}

/// The octets between header and terminator as they were meant; `None` where an escape is none.
fn unescaped(octets: &[u8]) -> impl Iterator<Item = Option<u8>> + '_ {
    let mut octets = octets.iter();
    std::iter::from_fn(move || {
        let octet = *octets.next()?;
        Some(match octet {
            ESCAPE => octets.next().filter(|low| **low < 0x10).map(|low| ESCAPE | low),
            0xf1.. => None,
            octet => Some(octet),
        })
    })
}

/// True if what stands between header and terminator is well-formed and the check, where there is one, is right.
fn is_right(header: Header, octets: &[u8]) -> bool {
    let mut count = 0_usize;
    // The check is known only at the end: what went before the last two octets is kept two octets behind.
    let (mut check, mut behind) = (CRC.of(CRC_START, &[header.0]), [0_u8; 2]);
    for octet in unescaped(octets) {
        let Some(octet) = octet else { return false };
        if count >= 2 {
            check = CRC.of(check, &[behind[0]]);
        }
        behind = [behind[1], octet];
        count = count.saturating_add(1);
    }
    match (header, count) {
        (Header::ACKNOWLEDGE | Header::POLL, 1) => true,
        (Header::ACKNOWLEDGE, _) | (_, 0..=2) => false,
        _ => check == u16::from_le_bytes(behind),
    }
}

/// Delimits the first message.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    let header = match octets.first() {
        Some(first) if transport == Transport::Tcp => Header(*first),
        None if transport == Transport::Tcp => return Frame::Partial(3),
        _ => return Frame::Foreign,
    };
    if !header.is_known() {
        return Frame::Foreign;
    }
    let body = octets.get(1..).unwrap_or_default();
    match body.iter().take(MESSAGE_MAX).position(|octet| *octet == TERMINATOR) {
        Some(length) => {
            let is_right = body.get(..length).is_some_and(|body| is_right(header, body));
            if is_right { Frame::Message(length.saturating_add(2)) } else { Frame::Foreign }
        }
        None if octets.len() < MESSAGE_MAX => Frame::Partial(octets.len().saturating_add(1)),
        None => Frame::Foreign,
    }
}

/// Header, terminator and check are less than four octets.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    if frame(octets, transport) == Frame::Message(octets.len()) { Probe::Unsure } else { Probe::Foreign }
}

/// A message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    pub(super) header: Header,
    /// Address of the field unit.
    pub(super) unit: u8,
    /// Header and address.
    pub(super) head: Octets<'a>,
}

impl<'a> Message<'a> {
    /// Reads a message as [`frame`] delimits it.
    ///
    /// # Errors
    ///
    /// Fails if it ends before the address, or the header is none.
    pub(super) fn parse(message: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(message);
        let header = Header(reader.u8("header")?);
        if !header.is_known() {
            let problem = Problem::Value { value: header.0.into() };
            return Err(Malformed { what: "header", offset: 0, problem });
        }
        let first = reader.u8("address")?;
        let (unit, length) = match first {
            ESCAPE => (ESCAPE | reader.u8("address")?, 3),
            unit => (unit, 2),
        };
        Ok(Self { header, unit, head: message.head(length) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_ends_at_its_terminator_and_has_a_right_check() {
        let poll = include_bytes!("messages/poll.bin");
        assert_eq!(frame(poll, Transport::Tcp), Frame::Message(5));
        assert_eq!(frame(&poll[..4], Transport::Tcp), Frame::Partial(5));
        assert_eq!(frame(&[0xf1, 1, 0xf6, 0xfb], Transport::Tcp), Frame::Message(3));
        assert_eq!(probe(poll, Transport::Tcp), Probe::Unsure);
        let mut changed = *poll;
        changed[2] ^= 1;
        assert_eq!(frame(&changed, Transport::Tcp), Frame::Foreign);
        assert_eq!(frame(b"GET", Transport::Tcp), Frame::Foreign);
        assert_eq!(frame(&[0xf6; 4], Transport::Tcp), Frame::Foreign);
    }

    #[test]
    fn escaped_octets_count_as_what_they_stand_for() {
        let octets = include_bytes!("messages/indication-escaped.bin");
        assert_eq!(frame(octets, Transport::Tcp), Frame::Message(octets.len()));
        let message = Message::parse(Octets::unplaced(octets)).unwrap();
        assert_eq!((message.unit, message.header), (0xf3, Header(0xf2)));
        assert!(unescaped(&[0xf0, 0x33]).any(|octet| octet.is_none()));
        assert!(Message::parse(Octets::unplaced(&[0xf2])).is_err());
    }
}
