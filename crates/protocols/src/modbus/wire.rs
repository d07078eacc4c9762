//! The application data unit: a protocol data unit in an MBAP header, or in a serial-line frame.
//!
//! [`Adu::parse`] never panics; what it returns was there, and what is missing it counts. [`frame`] takes octets for a
//! serial-line frame only where a check matches at a length that the function prescribes.

use observation::{Octets, Transport};

use super::pdu::{self, Length};
use crate::crc::Crc16;
use crate::{Frame, Malformed, Problem};

/// Octets of the MBAP header, the unit identifier included.
const MBAP_HEADER: usize = 7;

/// Octets before those that the length field of the MBAP header counts.
const MBAP_UNCOUNTED: usize = 6;

/// Least value of the length field: unit identifier and function code.
const MBAP_LENGTH_MIN: u16 = 2;

/// Greatest value of the length field: unit identifier and a protocol data unit of 253 octets.
const MBAP_LENGTH_MAX: u16 = 254;

/// Octets of a serial-line frame beside the protocol data unit: address in front, check behind.
const RTU_OVERHEAD: usize = 3;

/// Greatest serial-line frame in octets (Serial Line V1.02, section 2.5.1.1).
const RTU_MAX: usize = 256;

/// Octets of the longest message over TCP (Messaging on TCP/IP V1.0b section 4.1).
pub(super) const ADU_MAX: usize = 260;

/// Greatest address of a server on a serial line; 0 is broadcast (Serial Line V1.02, section 2.2).
const RTU_ADDRESS_MAX: u8 = 247;

/// CRC-16/MODBUS (Serial Line V1.02, section 6.2.2).
static CRC: Crc16 = Crc16::new(0xa001);
const CRC_START: u16 = 0xffff;

/// What the protocol data unit travels in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// The header of Modbus/TCP, with the transaction identifier that pairs requests and replies.
    Mbap {
        /// Transaction identifier.
        transaction: u16,
    },
    /// A serial-line frame, carried through TCP as it is.
    Rtu,
}

/// An application data unit.
#[derive(Clone, Copy, Debug)]
pub struct Adu<'a> {
    /// What the protocol data unit travels in.
    pub framing: Framing,
    /// Unit identifier, or address on the serial line.
    pub unit: u8,
    /// Unit identifier and protocol data unit, which lie side by side in both framings.
    pub addressed: Octets<'a>,
    /// Function code and what follows; never empty.
    pub pdu: Octets<'a>,
    /// Octets from the start of the message to the function code.
    pub pdu_offset: usize,
    /// Octets that the length field promises and that are not there.
    pub missing: usize,
}

impl<'a> Adu<'a> {
    /// Reads a message as [`PROTOCOL`](super::PROTOCOL) delimits it, or the beginning of one.
    ///
    /// # Errors
    ///
    /// Fails if it is neither, or if it ends before the function code.
    pub fn parse(message: Octets<'a>) -> Result<Self, Malformed> {
        let length = match mbap(message.bytes) {
            Mbap::Whole(length) => length,
            Mbap::Short if checked(message.bytes) => return Self::rtu(message),
            Mbap::Short => {
                return Err(truncated("MBAP header", message.len(), MBAP_HEADER.saturating_add(1)));
            }
            Mbap::Other(malformed) => {
                return if checked(message.bytes) { Self::rtu(message) } else { Err(malformed) };
            }
        };
        if length != message.len() && checked(message.bytes) {
            return Self::rtu(message);
        }
        let missing = length.saturating_sub(message.len());
        let whole = message.head(length);
        let addressed = whole.tail(MBAP_UNCOUNTED);
        let (Some([high, low]), Some(unit)) = (whole.bytes.first_chunk::<2>(), addressed.get(0)) else {
            return Err(truncated("unit identifier", message.len(), MBAP_HEADER));
        };
        let transaction = u16::from_be_bytes([*high, *low]);
        let pdu = addressed.tail(1);
        if pdu.is_empty() {
            return Err(truncated("function code", message.len(), MBAP_HEADER.saturating_add(1)));
        }
        Ok(Self {
            framing: Framing::Mbap { transaction },
            unit,
            addressed,
            pdu,
            pdu_offset: MBAP_HEADER,
            missing,
        })
    }

    fn rtu(message: Octets<'a>) -> Result<Self, Malformed> {
        let addressed = message.head(message.len().saturating_sub(2));
        let unit = addressed.get(0).ok_or_else(|| truncated("address", message.len(), 1))?;
        Ok(Self { framing: Framing::Rtu, unit, addressed, pdu: addressed.tail(1), pdu_offset: 1, missing: 0 })
    }
}

fn truncated(what: &'static str, present: usize, needed: usize) -> Malformed {
    Malformed {
        what,
        offset: present,
        problem: Problem::Truncated { missing: needed.saturating_sub(present) },
    }
}

/// Delimits the first message.
///
/// The MBAP header decides where it fits the octets exactly. A request of a serial line for register 0 looks like an
/// MBAP header too, so where it does not fit exactly, checks that match up to the last octet win.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    match mbap(octets) {
        Mbap::Whole(length) if length == octets.len() => Frame::Message(length),
        Mbap::Whole(length) => match rtu_run(octets) {
            Some(first) => Frame::Message(first),
            None if length < octets.len() => Frame::Message(length),
            None => Frame::Partial(length),
        },
        Mbap::Short => match rtu_run(octets) {
            Some(first) => Frame::Message(first),
            None => Frame::Partial(MBAP_HEADER.saturating_add(1)),
        },
        Mbap::Other(_) => match rtu_length(octets) {
            Some(length) => Frame::Message(length),
            None if transport == Transport::Tcp => rtu_partial(octets),
            None => Frame::Foreign,
        },
    }
}

/// What the octets are, seen as an MBAP header.
enum Mbap {
    /// A header that announces a message of this many octets in all.
    Whole(usize),
    /// The beginning of one.
    Short,
    /// None.
    Other(Malformed),
}

fn mbap(octets: &[u8]) -> Mbap {
    let value = |at: usize| {
        Some(u16::from_be_bytes([octets.get(at).copied()?, octets.get(at.checked_add(1)?).copied()?]))
    };
    let refuse = |what, offset, value: u16| {
        Mbap::Other(Malformed { what, offset, problem: Problem::Value { value: value.into() } })
    };
    match (value(2), value(4)) {
        (Some(protocol @ 1..), _) => refuse("protocol identifier", 2, protocol),
        (_, Some(length)) if !(MBAP_LENGTH_MIN..=MBAP_LENGTH_MAX).contains(&length) => {
            refuse("length", 4, length)
        }
        (_, Some(length)) if octets.len() > MBAP_HEADER => {
            Mbap::Whole(MBAP_UNCOUNTED.saturating_add(length.into()))
        }
        _ => Mbap::Short,
    }
}

/// True if the last two octets are the check of those before.
fn checked(octets: &[u8]) -> bool {
    (RTU_OVERHEAD.saturating_add(1)..=RTU_MAX).contains(&octets.len())
        && octets
            .split_last_chunk::<2>()
            .is_some_and(|(body, check)| CRC.of(CRC_START, body) == u16::from_le_bytes(*check))
}

/// The length of the serial-line frame at the start: one that its function prescribes and whose check matches.
fn rtu_length(octets: &[u8]) -> Option<usize> {
    let pdu = octets.get(1..)?;
    let whole = octets.len().min(RTU_MAX);
    let prescribed = [pdu::request_length(pdu), pdu::response_length(pdu)].into_iter().flatten().map(
        |length| match length {
            Length::Exactly(length) => length.saturating_add(RTU_OVERHEAD),
            Length::AtLeast(_) | Length::Open => whole,
        },
    );
    prescribed.into_iter().find(|length| octets.get(..*length).is_some_and(checked))
}

/// The length of the first of one or more serial-line frames that fill the octets exactly.
fn rtu_run(octets: &[u8]) -> Option<usize> {
    let first = rtu_length(octets)?;
    let mut rest = octets.get(first..)?;
    while !rest.is_empty() {
        rest = rest.get(rtu_length(rest)?..)?;
    }
    Some(first)
}

/// Whether the octets may be the beginning of a serial-line frame.
fn rtu_partial(octets: &[u8]) -> Frame {
    let (Some(address), Some(pdu)) = (octets.first(), octets.get(1..)) else {
        return Frame::Partial(RTU_OVERHEAD.saturating_add(1));
    };
    if *address > RTU_ADDRESS_MAX {
        return Frame::Foreign;
    }
    let needed =
        [pdu::request_length(pdu), pdu::response_length(pdu)].into_iter().flatten().filter_map(|length| {
            match length {
                Length::Exactly(length) | Length::AtLeast(length) => {
                    Some(length.saturating_add(RTU_OVERHEAD))
                }
                Length::Open => None,
            }
        });
    match needed.filter(|needed| (octets.len().saturating_add(1)..=RTU_MAX).contains(needed)).min() {
        Some(needed) => Frame::Partial(needed),
        None => Frame::Foreign,
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use super::*;

    const REQUEST: &[u8] = include_bytes!("messages/identify-request.bin");
    const RTU_REQUEST: &[u8] = include_bytes!("messages/rtu-read-request.bin");
    const RTU_RESPONSE: &[u8] = include_bytes!("messages/rtu-read-response.bin");

    fn tcp(octets: &[u8]) -> Frame {
        frame(octets, Transport::Tcp)
    }

    #[test]
    fn an_mbap_header_is_read_field_by_field() {
        let adu = Adu::parse(Octets::unplaced(REQUEST)).unwrap();
        assert_eq!(adu.framing, Framing::Mbap { transaction: 1 });
        assert_eq!(
            (adu.unit, adu.pdu.bytes, adu.pdu_offset, adu.missing),
            (1, &[0x2b, 0x0e, 0x01, 0x00][..], 7, 0)
        );
    }

    #[test]
    fn several_messages_in_one_segment_are_delimited_one_by_one() {
        let twice = [REQUEST, REQUEST].concat();
        assert_eq!(tcp(&twice), Frame::Message(REQUEST.len()));
        assert_eq!(tcp(&twice[..REQUEST.len() + 3]), Frame::Message(REQUEST.len()));
    }

    #[test]
    fn a_cut_header_says_how_much_is_needed() {
        assert_eq!(tcp(&REQUEST[..5]), Frame::Partial(8));
        assert_eq!(tcp(&REQUEST[..9]), Frame::Partial(REQUEST.len()));
    }

    #[test]
    fn other_protocol_identifiers_and_lengths_are_foreign() {
        assert_eq!(tcp(b"GET / HTTP/1.1\r\n\r\n"), Frame::Foreign);
        assert_eq!(tcp(&[0, 1, 0, 0, 0, 1, 1, 3, 0, 0]), Frame::Foreign);
        assert_eq!(tcp(&[0, 1, 0, 0, 1, 0, 1, 3, 0, 0]), Frame::Foreign);
        assert_eq!(
            Adu::parse(Octets::unplaced(&[0, 1, 0, 0, 0, 1, 1, 3])).unwrap_err().to_string(),
            "length at octet 4: value 0x1 is not allowed"
        );
    }

    #[test]
    fn serial_line_frames_are_known_by_their_check() {
        assert_eq!(tcp(RTU_REQUEST), Frame::Message(8));
        assert_eq!(tcp(RTU_RESPONSE), Frame::Message(RTU_RESPONSE.len()));
        let adu = Adu::parse(Octets::unplaced(RTU_REQUEST)).unwrap();
        assert_eq!((adu.framing, adu.unit, adu.pdu.len(), adu.pdu_offset), (Framing::Rtu, 17, 5, 1));
        let mut damaged = RTU_RESPONSE.to_vec();
        damaged[4] ^= 1;
        assert_eq!(tcp(&damaged), Frame::Foreign);
    }

    #[test]
    fn a_serial_line_request_for_register_0_is_no_mbap_header() {
        let mut request = vec![17, 3, 0, 0, 0, 10];
        request.extend(CRC.of(CRC_START, &request).to_le_bytes());
        assert_eq!(tcp(&request), Frame::Message(8));
        assert_eq!(Adu::parse(Octets::unplaced(&request)).unwrap().framing, Framing::Rtu);
        // The same octets as an MBAP header announce 16; with all 16 there it is one.
        request.extend([17, 3, 20, 0, 0, 0, 0, 0]);
        assert_eq!(tcp(&request), Frame::Message(16));
    }

    #[test]
    fn a_short_serial_line_frame_is_no_cut_mbap_header() {
        // A function of users with two zeros, whose check begins with 0, has the zeros of an MBAP header.
        let request = (1..=RTU_ADDRESS_MAX)
            .flat_map(|address| (65..=72).map(move |function| (address, function)))
            .map(|(address, function)| {
                let mut request = vec![address, function, 0, 0];
                request.extend(CRC.of(CRC_START, &request).to_le_bytes());
                request
            })
            .find(|request| request[4] == 0 && request[5] > 1);
        let request = request.unwrap();
        assert_eq!(tcp(&request), Frame::Message(6));
        assert_eq!(Adu::parse(Octets::unplaced(&request)).unwrap().framing, Framing::Rtu);
    }

    #[test]
    fn a_serial_line_frame_may_come_in_two_segments_but_not_in_two_datagrams() {
        assert_eq!(tcp(&RTU_RESPONSE[..4]), Frame::Partial(8.min(RTU_RESPONSE.len())));
        assert_eq!(frame(&RTU_RESPONSE[..4], Transport::Udp), Frame::Foreign);
    }
}
