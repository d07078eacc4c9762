//! Messages of the domain name system: RFC 1035 section 4, as DNS and multicast DNS use them.
//!
//! Nothing here panics; pointers lead backwards only, so that no name is endless.

use std::net::IpAddr;

use observation::{Octets, Rules};

use crate::{Malformed, Problem, Reader};

/// Octets of the header.
pub(crate) const HEADER: usize = 12;

/// Octets of a name at most (section 2.3.4).
const NAME_OCTETS_MAX: usize = 255;

/// Labels that most names have room in.
const LABELS_USUALLY: usize = 6;

/// Records of one message that are read; datagrams hold a few, a zone transfer is not read.
const RECORDS_MAX: usize = 256;

/// Types of records.
pub(crate) const TYPE_A: u16 = 1;
pub(crate) const TYPE_PTR: u16 = 12;
pub(crate) const TYPE_HINFO: u16 = 13;
pub(crate) const TYPE_TXT: u16 = 16;
pub(crate) const TYPE_AAAA: u16 = 28;
pub(crate) const TYPE_SRV: u16 = 33;
pub(crate) const TYPE_AXFR: u16 = 252;

/// Operation codes (RFC 1035 section 4.1.1, RFC 1996, RFC 2136).
pub(crate) const QUERY: u8 = 0;
pub(crate) const NOTIFY: u8 = 4;
pub(crate) const UPDATE: u8 = 5;

/// The header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    /// True for an answer.
    pub(crate) response: bool,
    /// Operation.
    pub(crate) opcode: u8,
    /// Result; 0 is success.
    pub(crate) rcode: u8,
    /// Questions; the zone of an update.
    pub(crate) questions: u16,
    /// Answers; prerequisites of an update.
    pub(crate) answers: u16,
    /// Authorities; what an update adds and deletes.
    pub(crate) authorities: u16,
    /// Additional records.
    pub(crate) additional: u16,
}

impl Header {
    /// Reads the header.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        reader.skip(2, "transaction id")?;
        let [high, low] = reader.u16_be("flags")?.to_be_bytes();
        let mut count = || reader.u16_be("counts");
        Ok(Self {
            response: high & 0x80 != 0,
            opcode: high >> 3 & 0x0f,
            rcode: low & 0x0f,
            questions: count()?,
            answers: count()?,
            authorities: count()?,
            additional: count()?,
        })
    }

    /// True if the operation is known, there is something in it, and the octets that follow can hold it.
    pub(crate) fn fits(&self, octets: usize) -> bool {
        /// Octets of the smallest question and the smallest record: a root name, and what follows.
        const QUESTION: usize = 5;
        const RECORD: usize = 11;
        let records = [self.answers, self.authorities, self.additional].map(usize::from);
        let records = records.iter().fold(0_usize, |sum, count| sum.saturating_add(*count));
        let needed = usize::from(self.questions)
            .saturating_mul(QUESTION)
            .saturating_add(records.saturating_mul(RECORD));
        let is_empty = self.questions == 0 && records == 0;
        matches!(self.opcode, QUERY | NOTIFY | UPDATE) && (!is_empty || self.response) && needed <= octets
    }
}

/// A name: its labels, each with the octet of its length in front.
#[derive(Clone, Debug, Default)]
pub(crate) struct Name<'a>(pub(crate) Vec<Octets<'a>>);

impl<'a> Name<'a> {
    /// Reads a name, following pointers.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short, too long, or if a pointer does not lead backwards.
    pub(crate) fn read(reader: &mut Reader<'a>, message: Octets<'a>) -> Result<Self, Malformed> {
        let mut labels = Vec::with_capacity(LABELS_USUALLY);
        Self::walk(reader, message, |label| labels.push(label))?;
        Ok(Self(labels))
    }

    /// Walks over a name, following pointers, and gives each label.
    fn walk(
        reader: &mut Reader<'a>,
        message: Octets<'a>,
        mut each: impl FnMut(Octets<'a>),
    ) -> Result<(), Malformed> {
        let (mut octets, mut there) = (0_usize, None::<Reader<'a>>);
        // Most names stand where they are: their labels are gone through at one go, and the loop below has the rest.
        let ahead = reader.peek();
        while let Some(length @ 1..=0x3f) = ahead.get(octets) {
            let whole = usize::from(length).saturating_add(1);
            let end = octets.saturating_add(whole);
            if end > NAME_OCTETS_MAX {
                break;
            }
            let Some(label) = ahead.slice(octets, whole) else { break };
            each(label);
            octets = end;
        }
        reader.skip(octets, "label")?;
        loop {
            let current = match &mut there {
                Some(there) => there,
                None => &mut *reader,
            };
            let (start, ahead) = (current.offset(), current.peek());
            match current.u8("label")? {
                0 => return Ok(()),
                high @ 0xc0..=0xff => {
                    let at = usize::from(u16::from_be_bytes([high & 0x3f, current.u8("pointer")?]));
                    if at >= start {
                        let problem = Problem::Value { value: at as u64 };
                        return Err(Malformed { what: "pointer", offset: start, problem });
                    }
                    // Bounded all the same: every step leads to an earlier octet, and each costs two of the name.
                    octets = octets.saturating_add(2);
                    there = Some(Reader::nested(message.tail(at), at));
                }
                length @ 0..=0x3f => {
                    current.skip(length.into(), "label")?;
                    let whole = usize::from(length).saturating_add(1);
                    octets = octets.saturating_add(whole);
                    each(ahead.head(whole));
                }
                other => {
                    let problem = Problem::Value { value: other.into() };
                    return Err(Malformed { what: "label", offset: start, problem });
                }
            }
            if octets > NAME_OCTETS_MAX {
                let problem = Problem::Trailing { octets: octets.saturating_sub(NAME_OCTETS_MAX) };
                return Err(Malformed { what: "name", offset: start, problem });
            }
        }
    }

    /// The label at a place, without its length.
    pub(crate) fn label(&self, at: usize) -> Option<Octets<'a>> {
        self.0.get(at).map(|label| label.tail(1))
    }

    /// True if the labels from `at` on are these, without regard to case.
    pub(crate) fn is_from(&self, at: usize, labels: &[&str]) -> bool {
        let rest = self.0.get(at..).unwrap_or_default();
        rest.len() == labels.len()
            && rest
                .iter()
                .zip(labels)
                .all(|(own, label)| own.tail(1).bytes.eq_ignore_ascii_case(label.as_bytes()))
    }

    /// The address that a name below `in-addr.arpa` or `ip6.arpa` stands for (RFC 1035 section 3.5, RFC 3596 section 2.5).
    pub(crate) fn reversed_address(&self) -> Option<IpAddr> {
        let texts = |count: usize| {
            self.0
                .get(..count)?
                .iter()
                .rev()
                .map(|label| std::str::from_utf8(label.tail(1).bytes).ok())
                .collect::<Option<Vec<_>>>()
        };
        if self.is_from(4, &["in-addr", "arpa"]) {
            return texts(4)?.join(".").parse().ok();
        }
        if !self.is_from(32, &["ip6", "arpa"]) {
            return None;
        }
        let digits = texts(32)?;
        let number = digits.iter().try_fold(0_u128, |number, digit| {
            let digit = (digit.len() == 1).then(|| u128::from_str_radix(digit, 16).ok())??;
            Some(number << 4 | digit)
        })?;
        Some(IpAddr::from(number.to_be_bytes()))
    }
}

/// A question. Its name is read when it is asked for: of nearly all names the last two labels are enough.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    /// Type.
    pub(crate) kind: u16,
    /// The last two labels of the name, each behind the octet of its length; empty where there is none.
    pub(crate) end: [&'a [u8]; 2],
    start: Reader<'a>,
}

impl<'a> Question<'a> {
    /// Reads a question.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short or its name is of another shape.
    pub(crate) fn read(reader: &mut Reader<'a>, message: Octets<'a>) -> Result<Self, Malformed> {
        let (start, mut end) = (reader.clone(), [&[][..]; 2]);
        Name::walk(reader, message, |label| end = [end[1], label.bytes])?;
        Ok(Self { kind: Self::rest(reader)?, end, start })
    }

    /// The whole name.
    pub(crate) fn name(&self, message: Octets<'a>) -> Name<'a> {
        Name::read(&mut self.start.clone(), message).unwrap_or_default()
    }

    /// Passes over a question and gives its type.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub(crate) fn pass(reader: &mut Reader<'a>, message: Octets<'a>) -> Result<u16, Malformed> {
        Name::walk(reader, message, |_| {})?;
        Self::rest(reader)
    }

    fn rest(reader: &mut Reader<'a>) -> Result<u16, Malformed> {
        let kind = reader.u16_be("type of the question")?;
        reader.skip(2, "class of the question")?;
        Ok(kind)
    }
}

/// A resource record.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    /// Name.
    pub(crate) name: Name<'a>,
    /// Type.
    pub(crate) kind: u16,
    /// Data.
    pub(crate) data: Reader<'a>,
}

impl<'a> Record<'a> {
    /// Reads a record.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short or its name is of another shape.
    pub(crate) fn read(reader: &mut Reader<'a>, message: Octets<'a>) -> Result<Self, Malformed> {
        let name = Name::read(reader, message)?;
        let kind = reader.u16_be("type")?;
        reader.skip(6, "class and time to live")?;
        let length = reader.u16_be("length of the data")?;
        Ok(Self { name, kind, data: reader.sub(length.into(), "data")? })
    }

    /// The octets of an address, and the address.
    pub(crate) fn address(&self) -> Option<(Octets<'a>, IpAddr)> {
        let octets = self.data.peek();
        match self.kind {
            TYPE_A | TYPE_AAAA => Some((octets, crate::ip_address::address(octets.bytes)?)),
            _ => None,
        }
    }
}

/// Reads so many records, at most [`RECORDS_MAX`].
///
/// # Errors
///
/// Fails at the first that is of another shape; `each` has had those before it.
pub(crate) fn records<'a>(
    reader: &mut Reader<'a>,
    message: Octets<'a>,
    count: u16,
    mut each: impl FnMut(Record<'a>),
) -> Result<(), Malformed> {
    for _ in 0..usize::from(count).min(RECORDS_MAX) {
        each(Record::read(reader, message)?);
    }
    Ok(())
}

/// A name from its labels, each behind its length: `plc1.plant.example`. A dot within a label is shown as it is.
pub(crate) fn text(octets: &[u8]) -> Option<String> {
    let mut reader = Reader::new(Octets::unplaced(octets));
    let mut name = Vec::with_capacity(octets.len());
    while !reader.is_empty() {
        let length = reader.u8("label").ok()?;
        let label = reader.take(length.into(), "label").ok()?;
        if !name.is_empty() {
            name.push(b'.');
        }
        name.extend_from_slice(label.bytes);
    }
    Rules::text(&name)
}

/// True for addresses that are never on the internet: of plants and offices.
pub(crate) fn is_inside(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(message: &[u8], at: usize) -> Result<String, Malformed> {
        let octets = Octets::unplaced(message);
        let mut reader = Reader::nested(octets.tail(at), at);
        let name = Name::read(&mut reader, octets)?;
        let wire: Vec<u8> = name.0.iter().flat_map(|label| label.bytes.to_vec()).collect();
        Ok(text(&wire).unwrap_or_default())
    }

    #[test]
    fn names_are_read_over_pointers_that_lead_backwards() {
        let octets = b"\x05plant\x07example\0\x04plc1\xc0\x00\xc0\x0f";
        assert_eq!(name(octets, 0).unwrap(), "plant.example");
        assert_eq!(name(octets, 15).unwrap(), "plc1.plant.example");
        assert_eq!(name(octets, 22).unwrap(), "plc1.plant.example");
        assert_eq!(
            name(b"\xc0\x00", 0).unwrap_err().to_string(),
            "pointer at octet 0: value 0x0 is not allowed"
        );
        assert_eq!(name(b"\x05pl", 0).unwrap_err().to_string(), "label at octet 1: 3 octets missing");
        assert_eq!(name(b"\x40", 0).unwrap_err().to_string(), "label at octet 0: value 0x40 is not allowed");
        let long = b"\x3f".iter().chain(&[b'a'; 63]).copied().collect::<Vec<_>>().repeat(5);
        assert!(name(&long, 0).unwrap_err().to_string().starts_with("name at octet"));
    }

    #[test]
    fn reversed_names_stand_for_addresses() {
        let reversed = |text: &str| {
            let mut wire: Vec<u8> =
                text.split('.').flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat()).collect();
            wire.push(0);
            let octets = Octets::unplaced(&wire);
            Name::read(&mut Reader::new(octets), octets).unwrap().reversed_address().map(|ip| ip.to_string())
        };
        assert_eq!(reversed("50.10.10.10.in-addr.arpa").as_deref(), Some("10.10.10.50"));
        assert_eq!(reversed("x.10.10.10.in-addr.arpa"), None);
        let v6 = format!("1.{}0.8.e.f.IP6.ARPA", "0.".repeat(27));
        assert_eq!(reversed(&v6).as_deref(), Some("fe80::1"));
        assert_eq!(reversed("10.in-addr.arpa"), None);
    }
}
