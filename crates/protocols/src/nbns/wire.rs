//! The packet of the name service, field by field (RFC 1002 section 4.2).
//!
//! [`frame`] never answers more octets than there are; [`Header::read`] never panics.

use observation::{Octets, Transport};

use crate::netbios::Name;
use crate::{Frame, Malformed, Reader};

/// Octets of the header.
pub(super) const HEADER: usize = 12;

/// What a packet is about (section 4.2.1.1, OPCODE).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opcode(pub(super) u8);

impl Opcode {
    /// Query of a name or of the status of a node.
    pub(super) const QUERY: Self = Self(0);
    /// Registration of a name.
    pub(super) const REGISTRATION: Self = Self(5);
    /// Release of a name.
    pub(super) const RELEASE: Self = Self(6);
    /// Wait for acknowledgement.
    pub(super) const WAIT: Self = Self(7);
    /// Refresh of a name; 9 in implementations that follow the table of section 4.2.4.
    pub(super) const REFRESH: [Self; 2] = [Self(8), Self(9)];
    /// Registration of a name with several addresses ([MS-NBTE] 2.2.2).
    pub(super) const MULTIHOMED: Self = Self(15);

    fn is_known(self) -> bool {
        matches!(self, Self::QUERY | Self::REGISTRATION | Self::RELEASE | Self::WAIT | Self::MULTIHOMED)
            || Self::REFRESH.contains(&self)
    }
}

/// Type of a question or record: general name service.
pub(super) const TYPE_NB: u16 = 0x20;
/// Type of a question or record: node status.
pub(super) const TYPE_NBSTAT: u16 = 0x21;

/// The header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    /// True for an answer.
    pub(super) response: bool,
    /// What it is about.
    pub(super) opcode: Opcode,
    /// Result code; 0 is success.
    pub(super) rcode: u8,
    /// Questions.
    pub(super) questions: u16,
    /// Records behind the questions: answers, authorities, additional ones.
    pub(super) records: u16,
}

impl Header {
    /// Reads the header.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        reader.skip(2, "transaction id")?;
        let flags = reader.u16_be("flags")?;
        let mut count = || reader.u16_be("counts");
        let (questions, answers, authorities, additional) = (count()?, count()?, count()?, count()?);
        let [high, low] = flags.to_be_bytes();
        Ok(Self {
            response: high & 0x80 != 0,
            opcode: Opcode(high >> 3 & 0x0f),
            rcode: low & 0x0f,
            questions,
            records: answers.saturating_add(authorities).saturating_add(additional),
        })
    }
}

/// A resource record (section 4.2.1.3).
#[derive(Clone, Debug)]
pub(super) struct Record<'a> {
    /// Name.
    pub(super) name: Name<'a>,
    /// Type.
    pub(super) kind: u16,
    /// Data.
    pub(super) data: Reader<'a>,
}

impl<'a> Record<'a> {
    /// Reads a record.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short or its name is no NetBIOS name.
    pub(super) fn read(reader: &mut Reader<'a>, message: Octets<'a>) -> Result<Self, Malformed> {
        let name = Name::parse(reader, message)?;
        let kind = reader.u16_be("type")?;
        reader.skip(6, "class and time to live")?;
        let length = reader.u16_be("length of the data")?;
        let data = reader.part(length.into(), "data")?;
        Ok(Self { name, kind, data })
    }
}

/// Delimits a datagram: a known operation, few questions, and a NetBIOS name behind the header.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    /// Records that a datagram of 576 octets can hold, with the smallest record of 12 octets.
    const RECORDS_MAX: u16 = 48;
    if transport != Transport::Udp {
        return Frame::Foreign;
    }
    let mut reader = Reader::new(Octets::unplaced(octets));
    let Ok(header) = Header::read(&mut reader) else { return Frame::Partial(HEADER) };
    let counts = header.questions <= 1
        && header.records <= RECORDS_MAX
        && (header.questions > 0 || header.records > 0);
    // A refusal may repeat neither question nor name.
    let refused = header.response && reader.is_empty();
    let named = reader.peek().get(0) == Some(0x20);
    if header.opcode.is_known() && (refused || counts && named) {
        Frame::Message(octets.len())
    } else {
        Frame::Foreign
    }
}
