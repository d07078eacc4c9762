//! One message: header, address, data, check, terminator.
//!
//! The header is 0xF1 to 0xFE and says who sends. Octets from 0xF0 on in between are escaped as 0xF0 and their low half,
//! those of the check not always. It is CRC-16 over header, address and data, unescaped; acknowledgements and short polls
//! have none.

use observation::{Octets, OperationKind, Transport};

use crate::crc::Crc16;
use crate::{Frame, Malformed, Probe, Problem, Reader};

/// Last octet of every message.
const TERMINATOR: u8 = 0xf6;

/// Octet that stands before the low half of one that must not stand there itself.
const ESCAPE: u8 = 0xf0;

/// Longest message that is taken for one; real ones hold an address, up to some tens of pairs, and the check.
const MESSAGE_MAX: usize = 1024;

/// Octets of the check.
const CHECK: usize = 2;

/// Terminators that are tried for the end of one message: octets of the check may look like them.
const TERMINATORS_MAX: usize = 4;

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

/// The check of a header and what follows it, unescaped; `None` where an escape is none.
fn check(header: Header, octets: &[u8]) -> Option<u16> {
    unescaped(octets).try_fold(CRC.of(CRC_START, &[header.0]), |check, octet| Some(CRC.of(check, &[octet?])))
}

/// True if what stands between header and terminator is well-formed and the check, where there is one, is right.
///
/// The check itself is found escaped and as it is: recordings have it so even where it holds a terminator.
fn is_right(header: Header, octets: &[u8]) -> bool {
    if matches!(header, Header::ACKNOWLEDGE | Header::POLL) && unescaped(octets).eq([octets.last().copied()])
    {
        return true;
    }
    if header == Header::ACKNOWLEDGE {
        return matches!(octets, [ESCAPE, low] if *low < 0x10);
    }
    let as_it_is = octets.split_last_chunk::<2>().filter(|(body, _)| !body.is_empty());
    if as_it_is.is_some_and(|(body, found)| check(header, body) == Some(u16::from_le_bytes(*found))) {
        return true;
    }
    // Escaped, the check takes three or four octets.
    [3_usize, 4].into_iter().any(|length| {
        let Some((body, found)) = octets.len().checked_sub(length).and_then(|at| octets.split_at_checked(at))
        else {
            return false;
        };
        let mut found = unescaped(found);
        let found = (found.next().flatten(), found.next().flatten(), found.next());
        let (Some(low), Some(high), None) = found else { return false };
        !body.is_empty() && check(header, body) == Some(u16::from_le_bytes([low, high]))
    })
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
    let mut last = None;
    let ends = body.iter().take(MESSAGE_MAX).enumerate().filter(|(_, octet)| **octet == TERMINATOR);
    for (length, _) in ends.take(TERMINATORS_MAX) {
        if body.get(..length).is_some_and(|body| is_right(header, body)) {
            return Frame::Message(length.saturating_add(2));
        }
        last = Some(length);
    }
    // A terminator near the end may be an octet of the check.
    let may_go_on = last.is_none_or(|last| body.len().saturating_sub(last) <= CHECK);
    if may_go_on && octets.len() < MESSAGE_MAX {
        Frame::Partial(octets.len().saturating_add(1))
    } else {
        Frame::Foreign
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
        let mut changed = [poll.as_slice(), &[0xf1, 1, 0]].concat();
        changed[2] ^= 1;
        assert_eq!(frame(&changed, Transport::Tcp), Frame::Foreign);
        assert_eq!(frame(b"GET", Transport::Tcp), Frame::Foreign);
        assert_eq!(frame(&[0xf6; 4], Transport::Tcp), Frame::Foreign);
    }

    #[test]
    fn a_check_may_hold_a_terminator() {
        // Without octets that would be escaped.
        let octets = (0..0xe000_u16).find_map(|pair| {
            let [address, data] = pair.to_be_bytes();
            let check = check(Header(0xf2), &[1, address, data])?.to_le_bytes();
            (check[0] == TERMINATOR && data < 0xf0 && check[1] < 0xf0)
                .then_some([0xf2, 1, address, data, check[0], check[1], TERMINATOR])
        });
        let octets = octets.unwrap();
        assert_eq!(frame(&octets, Transport::Tcp), Frame::Message(7));
        assert_eq!(frame(&octets[..5], Transport::Tcp), Frame::Partial(6));
        assert_eq!(frame(&[octets.as_slice(), &[0xf1, 1, 0xf6]].concat(), Transport::Tcp), Frame::Message(7));
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
