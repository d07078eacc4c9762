//! The datagram, field by field (RFC 1002 section 4.4).

use observation::{Octets, Transport};

use crate::netbios::Name;
use crate::{Frame, Malformed, Reader};

/// Octets of the header that all types share.
const HEADER: usize = 10;
/// Where the source name of a datagram with data starts.
pub(super) const NAMES: usize = 14;

/// Type of a datagram (section 4.4.1, MSG_TYPE).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind(pub(super) u8);

impl Kind {
    /// To one name, to a group, to all.
    pub(super) fn has_data(self) -> bool {
        matches!(self.0, 0x10..=0x12)
    }

    /// With data, an error, or a question to a distribution server and its answers.
    fn is_known(self) -> bool {
        matches!(self.0, 0x10..=0x16)
    }
}

/// A datagram with data.
#[derive(Clone, Debug)]
pub(super) struct Datagram<'a> {
    /// True if the sender says that it is a distribution server, which passes on what others send, or a node of mixed
    /// kind, which Windows writes the same way.
    pub(super) may_be_distributed: bool,
    /// Address that the sender gives as its own, four octets.
    pub(super) source: Octets<'a>,
    /// Name of the sender.
    pub(super) from: Name<'a>,
    /// Name that it is for.
    pub(super) to: Name<'a>,
    /// Data; what there is of them.
    pub(super) data: Reader<'a>,
}

impl<'a> Datagram<'a> {
    /// Reads a datagram; `None` for one without data, and for a later fragment.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short before the data, or names are no NetBIOS names.
    pub(super) fn parse(message: Octets<'a>) -> Result<Option<Self>, Malformed> {
        /// Flags (section 4.4.1): first fragment; type of the sender's node, of which 3 is a distribution server.
        const FIRST: u8 = 0x02;
        const NODE: u8 = 0x0c;
        let mut reader = Reader::new(message);
        let kind = Kind(reader.u8("type")?);
        let flags = reader.u8("flags")?;
        reader.skip(2, "datagram id")?;
        let source = reader.take(4, "source address")?;
        reader.skip(2, "source port")?;
        if !kind.has_data() || flags & FIRST == 0 {
            return Ok(None);
        }
        reader.skip(4, "length and offset of the data")?;
        let from = Name::parse(&mut reader, message)?;
        let to = Name::parse(&mut reader, message)?;
        Ok(Some(Self { may_be_distributed: flags & NODE == NODE, source, from, to, data: reader }))
    }
}

/// Delimits a datagram: a known type and flags, and where there are data, the length of a name behind the header.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    match octets {
        _ if transport != Transport::Udp => Frame::Foreign,
        [kind, flags, ..] if !Kind(*kind).is_known() || flags & 0xf0 != 0 => Frame::Foreign,
        [kind, ..] if Kind(*kind).has_data() && octets.get(NAMES).is_some_and(|length| *length != 0x20) => {
            Frame::Foreign
        }
        _ if octets.len() < HEADER => Frame::Partial(HEADER),
        _ => Frame::Message(octets.len()),
    }
}
