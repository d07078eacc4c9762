//! Packets and their headers ([MS-TDS] section 2.2.3), options of a pre-login (section 2.2.6.5).
//!
//! [`frame`] never answers more octets than there are.

use observation::{Octets, Transport};

use crate::{Frame, Malformed, Probe, Problem, Reader};

/// Octets of the header.
pub(super) const HEADER: usize = 8;

/// Type of a packet (section 2.2.3.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind(pub(super) u8);

impl Kind {
    pub(super) const BATCH: Self = Self(0x01);
    pub(super) const CALL: Self = Self(0x03);
    pub(super) const RESULT: Self = Self(0x04);
    pub(super) const BULK: Self = Self(0x07);
    pub(super) const LOGIN: Self = Self(0x10);
    pub(super) const SSPI: Self = Self(0x11);
    pub(super) const PRE_LOGIN: Self = Self(0x12);

    fn is_known(self) -> bool {
        matches!(self.0, 0x01..=0x04 | 0x06..=0x08 | 0x0e | 0x10..=0x12)
    }
}

/// A packet.
#[derive(Clone, Debug)]
pub(super) struct Packet<'a> {
    /// Type.
    pub(super) kind: Kind,
    /// True for the last packet of a message.
    pub(super) last: bool,
    /// What follows the header.
    pub(super) data: Reader<'a>,
}

impl<'a> Packet<'a> {
    /// Reads a packet; `None` for a record of TLS, which follows a pre-login that agrees on encryption.
    ///
    /// # Errors
    ///
    /// Fails if the packet is cut short, or if its length is that of no packet.
    pub(super) fn parse(message: Octets<'a>) -> Result<Option<Self>, Malformed> {
        /// Status: the last packet of a message.
        const LAST: u8 = 0x01;
        let mut reader = Reader::new(message);
        let kind = Kind(reader.u8("type")?);
        if !kind.is_known() {
            return Ok(None);
        }
        let last = reader.u8("status")? & LAST != 0;
        let length = reader.u16_be("length")?;
        reader.skip(4, "process id, packet id and window")?;
        let Some(length) = usize::from(length).checked_sub(HEADER) else {
            return Err(Malformed {
                what: "length",
                offset: 2,
                problem: Problem::Value { value: length.into() },
            });
        };
        Ok(Some(Self { kind, last, data: reader.part(length, "data")? }))
    }
}

/// Delimits a packet: a known type, status and length; or a record of TLS.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    /// Bits of the status that mean something: end, ignore, and two resets.
    const STATUS: u8 = 0x1b;
    /// Octets of the header of a TLS record, and what a record may hold (RFC 8446 section 5.2).
    const TLS: usize = 5;
    const TLS_MAX: usize = 16_640;
    if transport != Transport::Tcp {
        return Frame::Foreign;
    }
    let length = match octets {
        [0x14..=0x17, 0x03, 0x00..=0x04, high, low, ..] => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            if length > TLS_MAX {
                return Frame::Foreign;
            }
            length.saturating_add(TLS)
        }
        [kind, status, high, low, rest @ ..] if Kind(*kind).is_known() && status & !STATUS == 0 => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            // Process id and packet id are free; the window is always zero.
            if length < HEADER || rest.get(3).is_some_and(|window| *window != 0) {
                return Frame::Foreign;
            }
            length
        }
        [] => HEADER,
        [kind] if Kind(*kind).is_known() || (0x14..=0x17).contains(kind) => HEADER,
        [0x14..=0x17, 0x03, ..] if octets.len() < TLS => TLS,
        [kind, status, ..] if octets.len() < 4 && Kind(*kind).is_known() && status & !STATUS == 0 => HEADER,
        _ => return Frame::Foreign,
    };
    if octets.len() < length || octets.len() < TLS { Frame::Partial(length) } else { Frame::Message(length) }
}

/// Certain for a pre-login that starts with the version and for a login whose length and version agree.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    let Frame::Message(length) = frame(octets, transport) else { return Probe::Foreign };
    match (octets, octets.get(HEADER..length).unwrap_or_default()) {
        // The first option, version, six octets long.
        ([0x04 | 0x12, ..], [0, 0, _, 0, 6, ..]) => Probe::Certain,
        // Length, then the version of the protocol, 7.0 to 7.4.
        ([0x10, ..], [a, b, c, d, _, _, 0, 0x70..=0x74, ..] | [a, b, c, d, _, _, _, 0x70..=0x74, ..])
            if usize::try_from(u32::from_le_bytes([*a, *b, *c, *d]))
                .is_ok_and(|inner| inner.saturating_add(HEADER) == length) =>
        {
            Probe::Certain
        }
        _ => Probe::Foreign,
    }
}

/// The version option of a pre-login: six octets; `None` if it has none.
///
/// # Errors
///
/// Fails if the options are cut short.
pub(super) fn version_option<'a>(data: &Reader<'a>) -> Result<Option<Octets<'a>>, Malformed> {
    /// End of the options; there are about ten.
    const END: u8 = 0xff;
    const OPTIONS_MAX: usize = 32;
    const VERSION: u8 = 0;
    let mut options = data.clone();
    let all = data.peek();
    for _ in 0..OPTIONS_MAX {
        let option = options.u8("option")?;
        if option == END {
            break;
        }
        let (offset, length) =
            (options.u16_be("offset of the option")?, options.u16_be("length of the option")?);
        if option == VERSION && length == 6 {
            return Ok(all.slice(offset.into(), length.into()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRE_LOGIN: &[u8] = include_bytes!("messages/pre-login.bin");

    #[test]
    fn packets_and_records_are_delimited_by_their_length() {
        assert_eq!(frame(PRE_LOGIN, Transport::Tcp), Frame::Message(PRE_LOGIN.len()));
        assert_eq!(frame(&PRE_LOGIN[..9], Transport::Tcp), Frame::Partial(PRE_LOGIN.len()));
        assert_eq!(frame(&PRE_LOGIN[..2], Transport::Tcp), Frame::Partial(HEADER));
        assert_eq!(frame(&[0x17, 3, 3, 0, 1, 9, 9], Transport::Tcp), Frame::Message(6));
        assert_eq!(frame(&[0x17, 3, 3, 0], Transport::Tcp), Frame::Partial(5));
        assert_eq!(frame(&[0x05, 1, 0, 8, 0, 0, 0, 0], Transport::Tcp), Frame::Foreign);
        assert_eq!(frame(&[0x01, 1, 0, 7, 0, 0, 0, 0], Transport::Tcp), Frame::Foreign);
        assert_eq!(frame(&[0x01, 0xff, 0, 9], Transport::Tcp), Frame::Foreign);
    }

    #[test]
    fn only_logins_and_pre_logins_are_certain() {
        assert_eq!(probe(PRE_LOGIN, Transport::Tcp), Probe::Certain);
        assert_eq!(probe(include_bytes!("messages/login.bin"), Transport::Tcp), Probe::Certain);
        assert_eq!(probe(&[0x17, 3, 3, 0, 1, 9], Transport::Tcp), Probe::Foreign);
        assert_eq!(probe(&[0x01, 1, 0, 9, 0, 0, 1, 0, b'S'], Transport::Tcp), Probe::Foreign);
    }
}
