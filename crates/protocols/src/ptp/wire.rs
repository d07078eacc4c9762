//! Headers of both versions, Announce and Management (IEEE 1588-2008 clauses 13.3, 13.5 and 15.4).

use observation::{Octets, Transport};

use crate::{Frame, Malformed, Reader};

/// Octets of a header of version 2.
pub(super) const HEADER: usize = 34;
/// Octets of a header of version 1.
const HEADER_1: usize = 40;

/// Types of messages (table 19).
pub(super) mod kind {
    pub(crate) const ANNOUNCE: u8 = 0xb;
    pub(crate) const SIGNALING: u8 = 0xc;
    pub(crate) const MANAGEMENT: u8 = 0xd;
}

/// Delimits a datagram or the payload of a frame, which may be padded.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    if !matches!(transport, Transport::Udp | Transport::Ethernet) {
        return Frame::Foreign;
    }
    match octets {
        [] | [_] => Frame::Partial(HEADER),
        [0, 1, ..] if octets.len() < HEADER_1 => Frame::Partial(HEADER_1),
        // The control field of version 1 knows five messages.
        [0, 1, ..] if octets.get(32).is_some_and(|control| *control <= 4) => Frame::Message(octets.len()),
        [first, version, rest @ ..] if version & 0xf == 2 && matches!(first & 0xf, 0..=3 | 8..=0xd) => {
            match rest {
                [high, low, ..] => match usize::from(u16::from_be_bytes([*high, *low])) {
                    length if length < HEADER => Frame::Foreign,
                    length if length > octets.len() => Frame::Partial(length),
                    _ => Frame::Message(octets.len()),
                },
                _ => Frame::Partial(HEADER),
            }
        }
        _ => Frame::Foreign,
    }
}

/// What every message of version 2 begins with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header<'a> {
    /// See [`kind`].
    pub(super) kind: u8,
    /// Minor and major version in one octet.
    pub(super) version: Octets<'a>,
    /// Number of the domain, one octet.
    pub(super) domain: Octets<'a>,
    /// Identity of the sender's clock, eight octets.
    pub(super) clock: Octets<'a>,
}

impl<'a> Header<'a> {
    /// Reads a header and leaves the reader at the body.
    pub(super) fn parse(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let kind = reader.u8("message type")? & 0xf;
        let version = reader.take(1, "version")?;
        reader.skip(2, "message length")?;
        let domain = reader.take(1, "domain")?;
        reader.skip(15, "flags and correction")?;
        let clock = reader.take(8, "clock identity")?;
        reader.skip(6, "port, sequence, control and interval")?;
        Ok(Self { kind, version, domain, clock })
    }
}

/// What a clock that others may follow says of itself and of the one at the top.
#[derive(Clone, Copy, Debug)]
pub(super) struct Announce<'a> {
    /// First priority, one octet.
    pub(super) priority_1: Octets<'a>,
    /// One octet.
    pub(super) class: Octets<'a>,
    /// One octet.
    pub(super) accuracy: Octets<'a>,
    /// Second priority, one octet.
    pub(super) priority_2: Octets<'a>,
    /// Identity of the clock at the top, eight octets.
    pub(super) grandmaster: Octets<'a>,
    /// Clocks between, two octets.
    pub(super) steps: Octets<'a>,
    /// One octet.
    pub(super) source: Octets<'a>,
}

impl<'a> Announce<'a> {
    /// Reads the body of an Announce message.
    pub(super) fn parse(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        reader.skip(13, "time stamp and offset of UTC")?;
        let priority_1 = reader.take(1, "first priority")?;
        let class = reader.take(1, "clock class")?;
        let accuracy = reader.take(1, "clock accuracy")?;
        reader.skip(2, "variance")?;
        Ok(Self {
            priority_1,
            class,
            accuracy,
            priority_2: reader.take(1, "second priority")?,
            grandmaster: reader.take(8, "grandmaster identity")?,
            steps: reader.take(2, "steps removed")?,
            source: reader.take(1, "time source")?,
        })
    }
}

/// A management message up to the data of its first TLV.
#[derive(Clone, Copy, Debug)]
pub(super) struct Management<'a> {
    /// True if a boundary clock has passed it on.
    pub(super) forwarded: bool,
    /// Get 0, set 1, response 2, command 3, acknowledge 4 (table 38).
    pub(super) action: u8,
    /// What is managed (table 40) and its data; `None` without a management TLV.
    pub(super) data: Option<(u16, Octets<'a>)>,
}

/// Actions.
pub(super) mod action {
    pub(crate) const GET: u8 = 0;
    pub(crate) const SET: u8 = 1;
    pub(crate) const RESPONSE: u8 = 2;
    pub(crate) const COMMAND: u8 = 3;
}

/// Type of a TLV that holds management data.
const TLV_MANAGEMENT: u16 = 1;

impl<'a> Management<'a> {
    /// Reads the body of a management message.
    pub(super) fn parse(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        reader.skip(10, "target")?;
        let forwarded = reader.u8("starting boundary hops")? != reader.u8("boundary hops")?;
        let action = reader.u8("action")? & 0xf;
        reader.skip(1, "reserved")?;
        let mut data = None;
        if !reader.is_empty() && reader.u16_be("TLV type")? == TLV_MANAGEMENT {
            let length = reader.u16_be("TLV length")?;
            let mut value = reader.part(length.into(), "management TLV")?;
            data = Some((value.u16_be("management identifier")?, value.rest()));
        }
        Ok(Self { forwarded, action, data })
    }
}

/// Sender and domain of a message of version 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header1<'a> {
    /// Two octets, of which the second is the number.
    pub(super) version: Octets<'a>,
    /// Name of the domain, 16 octets.
    pub(super) subdomain: Octets<'a>,
    /// MAC of the sender, six octets; `None` where it is no Ethernet.
    pub(super) mac: Option<Octets<'a>>,
}

impl<'a> Header1<'a> {
    /// Reads a header of version 1.
    pub(super) fn parse(message: Octets<'a>) -> Result<Self, Malformed> {
        const ETHERNET: u8 = 1;
        let mut reader = Reader::new(message);
        reader.skip(1, "version")?;
        let version = reader.take(1, "version")?;
        reader.skip(2, "network version")?;
        let subdomain = reader.take(16, "subdomain")?;
        reader.skip(1, "message type")?;
        let technology = reader.u8("communication technology")?;
        let mac = reader.take(6, "source UUID")?;
        Ok(Self { version, subdomain, mac: (technology == ETHERNET).then_some(mac) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datagrams_and_padded_frames_are_delimited() {
        let announce = include_bytes!("messages/announce-udp.bin");
        assert_eq!(frame(announce, Transport::Udp), Frame::Message(64));
        assert_eq!(frame(&announce[..40], Transport::Udp), Frame::Partial(64));
        let padded = [announce.as_slice(), &[0; 6]].concat();
        assert_eq!(frame(&padded, Transport::Ethernet), Frame::Message(70));
        assert_eq!(frame(announce, Transport::Tcp), Frame::Foreign);
        assert_eq!(frame(&[0, 3, 0, 44], Transport::Udp), Frame::Foreign);
        assert_eq!(frame(&[0, 2, 0, 3], Transport::Udp), Frame::Foreign);
        assert_eq!(frame(&[7, 2, 0, 44], Transport::Udp), Frame::Foreign);
        assert_eq!(frame(&[0, 1, 0, 1], Transport::Udp), Frame::Partial(40));
    }
}
