//! Control information and data units, field by field.
//!
//! The fields of a data unit have the lengths that IEC 60870-5-104 fixes (section 7.1): two octets of cause, the second
//! the originator address, two of common address, three of information object address. [`Apdu::parse`] and
//! [`Asdu::parse`] never panic, and what they return was all there.

use observation::Octets;

use super::types::TypeId;
use crate::{Frame, Malformed, Probe, Problem, Reader};

/// First octet of every message.
const START: u8 = 0x68;
/// Octets behind the length octet: control field alone, and at most.
const LENGTH_MIN: u8 = 4;
const LENGTH_MAX: u8 = 253;
/// Octets of an information object address.
const OBJECT_ADDRESS: usize = 3;
/// Common address of all stations.
pub(super) const BROADCAST: u16 = 0xffff;

/// Functions of the unnumbered format, by the first control octet.
pub(super) const STARTDT_ACT: u8 = 0x07;
pub(super) const STARTDT_CON: u8 = 0x0b;
pub(super) const STOPDT_ACT: u8 = 0x13;
pub(super) const STOPDT_CON: u8 = 0x23;
const TESTFR_ACT: u8 = 0x43;
const TESTFR_CON: u8 = 0x83;

/// Delimits the first message by its start and length octets.
pub(super) fn frame(octets: &[u8]) -> Frame {
    match octets {
        [START, LENGTH_MIN..=LENGTH_MAX, ..] | [START] | [] => {}
        _ => return Frame::Foreign,
    }
    let Some(length) = octets.get(1) else {
        return Frame::Partial(usize::from(LENGTH_MIN).saturating_add(2));
    };
    let length = usize::from(*length).saturating_add(2);
    if octets.len() < length { Frame::Partial(length) } else { Frame::Message(length) }
}

/// Certain for the unnumbered and supervisory messages, whose six octets are all but fixed; a data unit whose type, cause
/// and length fit could be something else.
pub(super) fn probe(octets: &[u8]) -> Probe {
    let Frame::Message(length) = frame(octets) else { return Probe::Foreign };
    let octets = octets.get(..length).unwrap_or_default();
    match octets {
        [
            START,
            4,
            STARTDT_ACT | STARTDT_CON | STOPDT_ACT | STOPDT_CON | TESTFR_ACT | TESTFR_CON,
            0,
            0,
            0,
        ] => Probe::Certain,
        [START, 4, 1, 0, low, _] if low & 1 == 0 => Probe::Unsure,
        [START, _, send, _, receive, _, ..] if send & 1 == 0 && receive & 1 == 0 => {
            match Apdu::parse(Octets::unplaced(octets)) {
                Ok(Apdu::Information(asdu)) if asdu.fits() && (1..=47).contains(&asdu.cause()) => {
                    Probe::Unsure
                }
                _ => Probe::Foreign,
            }
        }
        _ => Probe::Foreign,
    }
}

/// A message.
#[derive(Clone, Copy, Debug)]
pub(super) enum Apdu<'a> {
    /// Numbered information.
    Information(Asdu<'a>),
    /// Acknowledges information.
    Supervisory,
    /// Start, stop, test.
    Unnumbered(u8),
}

/// A data unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asdu<'a> {
    /// Type identification.
    pub(super) type_id: TypeId,
    /// Variable structure qualifier: sequence bit and number of objects.
    structure: u8,
    /// Cause of transmission with its test and negative bits.
    cause: u8,
    /// Originator address, one octet.
    pub(super) originator: Octets<'a>,
    /// Common address, two octets.
    pub(super) common_address: Octets<'a>,
    /// Information objects, as far as they are there.
    pub(super) objects: Octets<'a>,
    /// Type, qualifier, cause and addresses: what an operation is proved by.
    pub(super) head: Octets<'a>,
    /// Where the objects start in the message.
    pub(super) objects_at: usize,
}

impl<'a> Apdu<'a> {
    /// Reads a whole message.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short in its heads, or if its length disagrees with the octets present.
    pub(super) fn parse(message: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(message);
        reader.skip(1, "start")?;
        let length = reader.u8("length of the APDU")?;
        let mut apdu = reader.part(length.into(), "APDU")?;
        reader.finish("APDU")?;
        let first = apdu.u8("control field")?;
        apdu.skip(3, "control field")?;
        match first & 3 {
            1 => Ok(Self::Supervisory),
            3 => Ok(Self::Unnumbered(first)),
            _ => Asdu::parse(apdu).map(Self::Information),
        }
    }
}

impl<'a> Asdu<'a> {
    fn parse(mut reader: Reader<'a>) -> Result<Self, Malformed> {
        let start = reader.peek();
        let type_id = TypeId(reader.u8("type identification")?);
        let structure = reader.u8("variable structure qualifier")?;
        let cause = reader.u8("cause of transmission")?;
        let originator = reader.take(1, "originator address")?;
        let common_address = reader.take(2, "common address")?;
        let (objects_at, head) = (reader.offset(), start.head(6));
        let objects = reader.rest();
        Ok(Self { type_id, structure, cause, originator, common_address, objects, head, objects_at })
    }

    /// Cause of transmission without its bits.
    pub(super) fn cause(&self) -> u8 {
        self.cause & 0x3f
    }

    /// True for tests, which are not carried out.
    pub(super) fn is_test(&self) -> bool {
        self.cause & 0x80 != 0
    }

    /// The common address as a number.
    pub(super) fn station(&self) -> u16 {
        match self.common_address.bytes {
            [low, high] => u16::from_le_bytes([*low, *high]),
            _ => 0,
        }
    }

    /// Octets that the objects should have, where their type fixes it.
    pub(super) fn objects_octets(&self) -> Option<usize> {
        let element = self.type_id.element_octets()?;
        let number = usize::from(self.structure & 0x7f);
        Some(if self.structure & 0x80 == 0 {
            OBJECT_ADDRESS.saturating_add(element).saturating_mul(number)
        } else {
            OBJECT_ADDRESS.saturating_add(element.saturating_mul(number))
        })
    }

    /// True if the objects are as long as their type and number say, or if their type does not fix it.
    pub(super) fn fits(&self) -> bool {
        self.objects_octets().is_some_and(|octets| octets == self.objects.len())
    }

    /// Why the objects are not of the prescribed length.
    ///
    /// # Errors
    ///
    /// Fails if octets are missing or too many.
    pub(super) fn check(&self) -> Result<(), Malformed> {
        let Some(octets) = self.objects_octets() else { return Ok(()) };
        let offset = self.objects_at.saturating_add(self.objects.len());
        let problem = match self.objects.len().checked_sub(octets) {
            Some(0) => return Ok(()),
            Some(octets) => Problem::Trailing { octets },
            None => Problem::Truncated { missing: octets.saturating_sub(self.objects.len()) },
        };
        Err(Malformed { what: "information objects", offset, problem })
    }

    /// The information elements of the first object, where they are all there.
    pub(super) fn first_element(&self) -> Option<Octets<'a>> {
        self.objects.slice(OBJECT_ADDRESS, self.type_id.element_octets()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERROGATION: &[u8] = &[0x68, 0x0e, 0, 0, 0, 0, 100, 1, 6, 5, 47, 0, 0, 0, 0, 20];

    fn asdu(octets: &[u8]) -> Asdu<'_> {
        match Apdu::parse(Octets::unplaced(octets)) {
            Ok(Apdu::Information(asdu)) => asdu,
            other => panic!("no data unit: {other:?}"),
        }
    }

    #[test]
    fn messages_are_delimited_by_their_length() {
        assert_eq!(frame(INTERROGATION), Frame::Message(16));
        assert_eq!(frame(&INTERROGATION[..9]), Frame::Partial(16));
        assert_eq!(frame(&[0x68]), Frame::Partial(6));
        assert_eq!(frame(&[0x68, 3, 0, 0, 0]), Frame::Foreign);
        assert_eq!(frame(&[0x68, 254]), Frame::Foreign);
        assert_eq!(frame(&[0x16]), Frame::Foreign);
    }

    #[test]
    fn a_data_unit_is_read_field_by_field() {
        let asdu = asdu(INTERROGATION);
        assert_eq!((asdu.type_id, asdu.cause(), asdu.station()), (TypeId(100), 6, 47));
        assert_eq!((asdu.originator.bytes, asdu.head.len(), asdu.objects_at), ([5].as_slice(), 6, 12));
        assert!(asdu.fits() && asdu.check().is_ok() && !asdu.is_test());
        assert_eq!(asdu.first_element().unwrap().bytes, [20]);
    }

    #[test]
    fn objects_that_do_not_fit_their_type_are_named() {
        let mut octets = INTERROGATION.to_vec();
        octets[7] = 2;
        assert_eq!(
            asdu(&octets).check().unwrap_err().to_string(),
            "information objects at octet 16: 4 octets missing"
        );
        octets[6] = 102;
        octets[7] = 1;
        assert_eq!(
            asdu(&octets).check().unwrap_err().to_string(),
            "information objects at octet 16: 1 octet too many"
        );
        // A sequence has one address for all elements.
        let sequence = [0x68, 0x13, 0, 0, 0, 0, 13, 0x81, 20, 0, 1, 0, 1, 0, 0, 1, 2, 3, 4, 5, 6];
        assert_eq!(asdu(&sequence).objects_octets(), Some(8));
        let error = Apdu::parse(Octets::unplaced(&INTERROGATION[..10])).unwrap_err();
        assert_eq!(error.to_string(), "APDU at octet 2: 6 octets missing");
    }

    #[test]
    fn content_alone_is_recognised_by_the_fixed_messages() {
        assert_eq!(probe(&[0x68, 4, 7, 0, 0, 0]), Probe::Certain);
        assert_eq!(probe(&[0x68, 4, 7, 0, 0, 1]), Probe::Foreign);
        assert_eq!(probe(&[0x68, 4, 1, 0, 8, 0]), Probe::Unsure);
        assert_eq!(probe(INTERROGATION), Probe::Unsure);
        assert_eq!(probe(&[0x68, 0x0e, 0, 0, 0, 0, 200, 1, 6, 5, 47, 0, 0, 0, 0, 20]), Probe::Foreign);
        assert_eq!(probe(&[0x68, 9, 9, 0x68, 8, 1, 2, 3, 4, 5, 6]), Probe::Foreign);
    }
}
