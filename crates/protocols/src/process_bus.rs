//! What GOOSE and sampled values share: the header on Ethernet (IEC 61850-8-1 annex C, IEC 61850-9-2 annex C, the same),
//! and the session in which they are routed over UDP (IEC TR 61850-90-5:2012 section 11.3).

use observation::{Octets, Rules, Transport};

use crate::ber::{self, Element};
use crate::{Frame, Malformed, Problem, Reader};

/// Octets of the header on Ethernet: APPID, length, two reserved words.
const HEADER: usize = 8;
/// Connectionless transport: length indicator 1, unit data.
const UNIT_DATA: [u8; 2] = [0x01, 0x40];
/// Session: the common header.
const COMMON_HEADER: u8 = 0x80;
/// Octets of the common header behind its length: SPDU length, number, version, times of keys, security, key.
const COMMON_OCTETS_MIN: usize = 22;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// Session identifier when routed.
    pub(crate) session: u8,
    /// Tag of the payload when routed.
    pub(crate) payload: u8,
}

/// An application protocol data unit with what its header says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit<'a> {
    /// Identifier of the application, two octets.
    pub(crate) app_id: Octets<'a>,
    /// The octet that says whether the publisher is simulated.
    pub(crate) simulation: Octets<'a>,
    /// The data unit.
    pub(crate) pdu: Octets<'a>,
    /// Where it starts in the message.
    pub(crate) at: usize,
    /// Octets that are missing at its end.
    pub(crate) missing: usize,
}

impl Kind {
    /// Delimits one message: the whole payload of a frame, or a datagram of a routed session of this kind.
    pub(crate) fn frame(self, octets: &[u8], transport: Transport) -> Frame {
        match (transport, octets) {
            (Transport::Udp, [1, 0x40, session, ..]) if *session != self.session => Frame::Foreign,
            (Transport::Udp, [1, 0x40, _, ..]) => Frame::Message(octets.len()),
            (Transport::Udp, _) => Frame::Foreign,
            (_, [_, _, high, low, _, _, _, _, ..])
                if usize::from(u16::from_be_bytes([*high, *low])) >= HEADER =>
            {
                Frame::Message(octets.len())
            }
            (_, [_, _, _, _, _, _, _, _, ..]) => Frame::Foreign,
            _ => Frame::Partial(HEADER),
        }
    }

    /// Opens a message; `None` if its data unit is encrypted or of another kind.
    ///
    /// # Errors
    ///
    /// Fails if the header is cut short.
    pub(crate) fn open(
        self,
        message: Octets<'_>,
        transport: Transport,
    ) -> Result<Option<Unit<'_>>, Malformed> {
        let mut reader = Reader::new(message);
        if transport == Transport::Udp {
            self.routed(&mut reader)
        } else {
            on_ethernet(&mut reader).map(Some)
        }
    }

    fn routed<'a>(self, reader: &mut Reader<'a>) -> Result<Option<Unit<'a>>, Malformed> {
        let head = reader.take(UNIT_DATA.len(), "transport header")?;
        let session = reader.u8("session identifier")?;
        if head.bytes != UNIT_DATA || session != self.session {
            return Ok(None);
        }
        reader.skip(1, "session length")?;
        let common = reader.u8("common header")?;
        let length = usize::from(reader.u8("length of the common header")?);
        if common != COMMON_HEADER || length < COMMON_OCTETS_MIN {
            return Err(reader.malformed("common header", Problem::Value { value: common.into() }));
        }
        let security = reader.take(length, "common header")?;
        // Time of the current key follows length, number and version; then minutes to the next, then the algorithms.
        if security.get(16) != Some(0) {
            return Ok(None);
        }
        reader.skip(4, "length of user data")?;
        if reader.u8("payload type")? != self.payload {
            return Ok(None);
        }
        let simulation = reader.take(1, "simulation")?;
        let app_id = reader.take(2, "APPID")?;
        // The length counts its own two octets.
        let length = usize::from(reader.u16_be("APDU length")?).saturating_sub(2);
        Ok(Some(Unit::new(reader, app_id, simulation, length)))
    }
}

fn on_ethernet<'a>(reader: &mut Reader<'a>) -> Result<Unit<'a>, Malformed> {
    let app_id = reader.take(2, "APPID")?;
    let length = usize::from(reader.u16_be("length")?);
    let simulation = reader.take(1, "reserved 1")?;
    reader.skip(3, "reserved")?;
    let Some(length) = length.checked_sub(HEADER) else {
        return Err(reader.malformed("length", Problem::Value { value: length as u64 }));
    };
    Ok(Unit::new(reader, app_id, simulation, length))
}

impl<'a> Unit<'a> {
    fn new(reader: &mut Reader<'a>, app_id: Octets<'a>, simulation: Octets<'a>, length: usize) -> Self {
        let (at, rest) = (reader.offset(), reader.rest());
        let missing = length.saturating_sub(rest.len());
        Self { app_id, simulation, pdu: rest.head(length), at, missing }
    }

    /// The elements of the data unit, which must have this tag.
    ///
    /// # Errors
    ///
    /// Fails if it has another tag.
    pub(crate) fn elements(&self, tag: u8, what: &'static str) -> Result<(Reader<'a>, usize), Malformed> {
        let mut reader = Reader::nested(self.pdu, self.at);
        let (pdu, missing) = Element::read_cut(&mut reader)?;
        if pdu.tag.octet != tag {
            let problem = Problem::Value { value: pdu.tag.octet.into() };
            return Err(Malformed { what, offset: self.at, problem });
        }
        Ok((pdu.elements(), missing.max(self.missing)))
    }
}

/// What the capture or the sender left out, as an error.
pub(crate) fn cut(missing: usize, offset: usize) -> Result<(), Malformed> {
    match missing {
        0 => Ok(()),
        missing => Err(Malformed { what: "APDU", offset, problem: Problem::Truncated { missing } }),
    }
}

/// Reads an APPID: four hexadecimal digits.
pub(crate) fn app_id(octets: &[u8]) -> Option<String> {
    let [high, low]: [u8; 2] = octets.try_into().ok()?;
    Some(format!("0x{high:02x}{low:02x}"))
}

/// Reads the logical device of a reference, in front of the slash: the name of a device and of a part of it.
pub(crate) fn logical_device(octets: &[u8]) -> Option<String> {
    let slash = octets.iter().position(|octet| *octet == b'/')?;
    let name = octets.get(..slash)?;
    let is_name = name.iter().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-'));
    if is_name { Rules::text(name) } else { None }
}

/// Reads two elements one after another, a text and a number: `reference: number`.
pub(crate) fn revision(octets: &[u8]) -> Option<String> {
    let mut reader = Reader::new(Octets::unplaced(octets));
    let text = Rules::text(Element::read(&mut reader).ok()?.contents.bytes)?;
    let number = ber::number(Element::read(&mut reader).ok()?.contents.bytes)?;
    Some(format!("{text}: {number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOSE: Kind = Kind { session: 0xa1, payload: 0x81 };

    #[test]
    fn a_frame_is_delimited_by_what_came_and_its_data_unit_by_the_length() {
        let octets = [0x30, 0x01, 0, 10, 0x80, 0, 0, 0, 0x61, 0, 0, 0];
        assert_eq!(GOOSE.frame(&octets, Transport::Ethernet), Frame::Message(12));
        assert_eq!(GOOSE.frame(&octets[..7], Transport::Ethernet), Frame::Partial(8));
        assert_eq!(GOOSE.frame(&[0, 1, 0, 7, 0, 0, 0, 0], Transport::Ethernet), Frame::Foreign);
        let unit = GOOSE.open(Octets::unplaced(&octets), Transport::Ethernet).unwrap().unwrap();
        assert_eq!(
            (unit.pdu.bytes, unit.missing, unit.simulation.bytes),
            ([0x61, 0].as_slice(), 0, [0x80].as_slice())
        );
        assert_eq!(app_id(unit.app_id.bytes).as_deref(), Some("0x3001"));
        let (elements, missing) = unit.elements(0x61, "goosePdu").unwrap();
        assert!(elements.is_empty() && missing == 0);
        assert_eq!(
            unit.elements(0x60, "savPdu").unwrap_err().to_string(),
            "savPdu at octet 8: value 0x61 is not allowed"
        );
    }

    #[test]
    fn routed_sessions_of_the_other_kind_and_encrypted_ones_are_left_alone() {
        let mut octets = vec![0x01, 0x40, 0xa1, 24, 0x80, 22];
        octets.extend([0; 22]);
        octets.extend([0, 0, 0, 8, 0x81, 0, 0x10, 0, 0, 4, 0x61, 0]);
        let open = |octets: &[u8]| {
            GOOSE
                .open(Octets::unplaced(octets), Transport::Udp)
                .map(|unit| unit.map(|unit| unit.pdu.bytes.to_vec()))
        };
        assert_eq!(open(&octets), Ok(Some(vec![0x61, 0])));
        let sv = Kind { session: 0xa2, payload: 0x82 };
        assert_eq!(sv.frame(&octets, Transport::Udp), Frame::Foreign);
        assert_eq!(GOOSE.frame(&octets, Transport::Udp), Frame::Message(octets.len()));
        octets[6 + 16] = 1;
        assert_eq!(open(&octets), Ok(None));
        octets[5] = 3;
        assert!(open(&octets).is_err());
        assert!(open(&octets[..4]).is_err());
    }

    #[test]
    fn references_and_revisions_are_read() {
        assert_eq!(logical_device(b"AA1C1Q01A1LD0/LLN0$GO$gcb_A").as_deref(), Some("AA1C1Q01A1LD0"));
        assert_eq!(logical_device(b"free text"), None);
        assert_eq!(logical_device(b"a b/c"), None);
        assert_eq!(revision(&[0x80, 1, b'x', 0x88, 1, 7]).as_deref(), Some("x: 7"));
        assert_eq!(revision(&[0x80, 1, b'x']), None);
    }
}
