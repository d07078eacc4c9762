//! Delimiting messages: bare in a datagram, behind two octets of length in a stream (RFC 1035 section 4.2).

use observation::{Octets, Transport};

use crate::dns_message::{HEADER, Header};
use crate::{Frame, Reader};

/// Octets of the length in a stream.
pub(super) const LENGTH: usize = 2;

/// Delimits a message whose counts its octets can hold.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    let header = |octets| Header::read(&mut Reader::new(Octets::unplaced(octets)));
    match transport {
        Transport::Udp => match header(octets) {
            Ok(header) if header.fits(octets.len().saturating_sub(HEADER)) => Frame::Message(octets.len()),
            // What a snaplen cut cannot hold what it counts.
            Ok(header) if header.fits(usize::MAX) => Frame::Partial(octets.len().saturating_add(1)),
            Ok(_) => Frame::Foreign,
            Err(_) => Frame::Partial(HEADER),
        },
        Transport::Tcp => {
            let Some(length) = octets.first_chunk::<LENGTH>().map(|length| u16::from_be_bytes(*length))
            else {
                return Frame::Partial(LENGTH);
            };
            let (whole, body) =
                (usize::from(length).saturating_add(LENGTH), octets.get(LENGTH..).unwrap_or_default());
            match header(body) {
                Ok(header) if !header.fits(usize::from(length).saturating_sub(HEADER)) => Frame::Foreign,
                _ if usize::from(length) < HEADER => Frame::Foreign,
                _ if whole <= octets.len() => Frame::Message(whole),
                _ => Frame::Partial(whole),
            }
        }
        Transport::Ethernet | Transport::Ip => Frame::Foreign,
    }
}
