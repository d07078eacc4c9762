//! The header of eight octets, and the device that a message is about.

use observation::{Octets, Transport};

use crate::{Frame, Malformed, Probe, Reader};

/// Octets of the header.
const HEADER: usize = 8;

/// Bit of the request number by which an answer is known.
const ANSWER: u8 = 0x80;

/// The search, which names no device.
pub(super) const SEARCH: u8 = 0x01;

/// First three octets of the MAC addresses of Moxa.
const OUI: [u8; 3] = [0x00, 0x90, 0xe8];

/// A datagram is one message, whose length the header holds.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    match octets {
        [_, _, high, low, _, _, _, _, ..]
            if transport == Transport::Udp
                && usize::from(u16::from_be_bytes([*high, *low])) == octets.len() =>
        {
            Frame::Message(octets.len())
        }
        _ => Frame::Foreign,
    }
}

/// Certain of an answer that names a device of Moxa: length and maker's octets.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    if frame(octets, transport) == Frame::Foreign {
        return Probe::Foreign;
    }
    match octets {
        [code, ..] if code & ANSWER != 0 && octets.get(14..17) == Some(&OUI) => Probe::Certain,
        [SEARCH, 0, 0, 8, 0, 0, 0, 0] => Probe::Certain,
        _ => Probe::Foreign,
    }
}

/// A message.
#[derive(Clone, Debug)]
pub(super) struct Message<'a> {
    /// True for an answer.
    pub(super) is_answer: bool,
    /// Number of the request.
    pub(super) request: u8,
    /// 0 unless the request was refused.
    pub(super) status: u8,
    /// Behind the header.
    pub(super) body: Reader<'a>,
}

impl<'a> Message<'a> {
    /// Reads a whole message, as [`frame`] delimits it, or the beginning of one.
    ///
    /// # Errors
    ///
    /// Fails if the header is cut short.
    pub(super) fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut body = Reader::new(octets);
        let code = body.u8("request")?;
        let status = body.u8("status")?;
        body.skip(HEADER.saturating_sub(2), "header")?;
        Ok(Self { is_answer: code & ANSWER != 0, request: code & !ANSWER, status, body })
    }
}

/// The device that a message is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Device<'a> {
    /// Product line and product.
    pub(super) product: Octets<'a>,
    pub(super) hardware: Octets<'a>,
    pub(super) mac: Octets<'a>,
}

impl<'a> Device<'a> {
    /// The next twelve octets.
    ///
    /// # Errors
    ///
    /// Fails if the message ends before them.
    pub(super) fn parse(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(Self {
            product: reader.take(4, "product id")?,
            hardware: reader.take(2, "hardware id")?,
            mac: reader.take(6, "mac address")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_that_of_the_datagram() {
        let search = include_bytes!("messages/search.bin");
        assert_eq!(frame(search, Transport::Udp), Frame::Message(8));
        assert_eq!(frame(&search[..7], Transport::Udp), Frame::Foreign);
        assert_eq!(frame(search, Transport::Tcp), Frame::Foreign);
        assert_eq!(probe(search, Transport::Udp), Probe::Certain);
        assert_eq!(probe(include_bytes!("messages/search-answer.bin"), Transport::Udp), Probe::Certain);
        assert_eq!(probe(include_bytes!("messages/name.bin"), Transport::Udp), Probe::Foreign);
    }
}
