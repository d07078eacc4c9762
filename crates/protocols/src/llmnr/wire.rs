//! Header, questions and records (RFC 4795 section 2.1, RFC 1035 section 4.1).

use observation::{Octets, Transport};

use crate::{Frame, Malformed, Probe, Problem, Reader};

/// Octets of the header.
const HEADER: usize = 12;
/// Labels of one name; it has 255 octets at most.
const LABELS_MAX: usize = 128;

/// Type of a record with an IPv4 address.
pub(super) const TYPE_A: u16 = 1;
/// Type of a record with an IPv6 address.
pub(super) const TYPE_AAAA: u16 = 28;
/// Type of a question for all records of a name.
pub(super) const TYPE_ANY: u16 = 255;

/// The header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    /// True for an answer.
    pub(super) response: bool,
    /// Result code; 0 is success.
    pub(super) rcode: u8,
    /// Questions; exactly one.
    pub(super) questions: u16,
    /// Answers.
    pub(super) answers: u16,
}

impl Header {
    /// Reads the header.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        reader.skip(2, "transaction id")?;
        let [high, low] = reader.u16_be("flags")?.to_be_bytes();
        let questions = reader.u16_be("questions")?;
        let answers = reader.u16_be("answers")?;
        reader.skip(4, "authorities and additional records")?;
        Ok(Self { response: high & 0x80 != 0, rcode: low & 0x0f, questions, answers })
    }
}

/// Reads a name and returns its first label: the host name, as names of this protocol have no other.
///
/// # Errors
///
/// Fails if it is cut short, or if a pointer in it does not lead backwards.
pub(super) fn first_label<'a>(reader: &mut Reader<'a>, message: Octets<'a>) -> Result<Octets<'a>, Malformed> {
    let mut first = None;
    for _ in 0..LABELS_MAX {
        let start = reader.offset();
        match reader.u8("label")? {
            0 => return Ok(first.unwrap_or(message.head(0))),
            high @ 0xc0..=0xff => {
                let low = reader.u8("pointer")?;
                let at = usize::from(u16::from_be_bytes([high & 0x3f, low]));
                if let Some(first) = first {
                    return Ok(first);
                }
                let mut there = Reader::nested(message.tail(at), at);
                let length = there.u8("label")?;
                if at >= start || length >= 0xc0 {
                    let problem = Problem::Value { value: at as u64 };
                    return Err(Malformed { what: "pointer", offset: start, problem });
                }
                return there.take(length.into(), "label");
            }
            length => {
                let label = reader.take(length.into(), "label")?;
                first.get_or_insert(label);
            }
        }
    }
    Err(reader.malformed("name", Problem::Unrecognised))
}

/// Type and data of the record that follows its name.
///
/// # Errors
///
/// Fails if it is cut short before the data.
pub(super) fn record<'a>(reader: &mut Reader<'a>) -> Result<(u16, Reader<'a>), Malformed> {
    let kind = reader.u16_be("type")?;
    reader.skip(6, "class and time to live")?;
    let length = reader.u16_be("length of the data")?;
    Ok((kind, reader.part(length.into(), "data")?))
}

/// Delimits a datagram: a standard query of one question, and no more than a few records.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    /// Records of one answer: addresses of one host.
    const RECORDS_MAX: u16 = 64;
    /// Operation code 0; the bits RFC 4795 reserves are ignored by receivers.
    const OPCODE: u8 = 0x78;
    let mut reader = Reader::new(Octets::unplaced(octets));
    let Ok(header) = Header::read(&mut reader) else { return Frame::Partial(HEADER) };
    let is_query = octets.get(2).is_some_and(|flags| flags & OPCODE == 0);
    let counts =
        header.questions == 1 && header.answers <= RECORDS_MAX && (header.response || header.answers == 0);
    match transport {
        Transport::Udp if is_query && counts => Frame::Message(octets.len()),
        _ => Frame::Foreign,
    }
}

/// Never certain: DNS on any port looks the same.
pub(super) fn probe(_: &[u8], _: Transport) -> Probe {
    Probe::Foreign
}
