//! The data unit: TLVs one after another (IEEE 802.1AB clause 8.4).

use observation::Octets;

use crate::{Malformed, Reader};

/// Octets of a TLV's header: type of 7 bits, length of 9.
pub(super) const HEADER: usize = 2;

/// Types of TLVs (IEEE 802.1AB table 8-1).
pub(super) const END: u8 = 0;
pub(super) const CHASSIS_ID: u8 = 1;
pub(super) const PORT_ID: u8 = 2;
pub(super) const PORT_DESCRIPTION: u8 = 4;
pub(super) const SYSTEM_NAME: u8 = 5;
pub(super) const SYSTEM_DESCRIPTION: u8 = 6;
pub(super) const SYSTEM_CAPABILITIES: u8 = 7;
pub(super) const MANAGEMENT_ADDRESS: u8 = 8;
pub(super) const ORGANISATION: u8 = 127;

/// One TLV.
#[derive(Clone, Copy, Debug)]
pub struct Tlv<'a> {
    /// Type.
    pub kind: u8,
    /// Value: 0 to 511 octets.
    pub value: Octets<'a>,
}

/// The value of a TLV of type 127 (IEEE 802.1AB clause 8.6).
#[derive(Clone, Copy, Debug)]
pub struct Organisation<'a> {
    /// Organisationally unique identifier.
    pub oui: [u8; 3],
    /// Subtype, in the numbering of the organisation.
    pub subtype: u8,
    /// The information string.
    pub value: Octets<'a>,
}

impl<'a> Organisation<'a> {
    /// Reads the header of the value.
    ///
    /// # Errors
    ///
    /// Fails if it is shorter than its header.
    pub fn parse(value: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(value);
        let mut oui = [0; 3];
        oui.copy_from_slice(reader.take(3, "organisation")?.bytes);
        let subtype = reader.u8("subtype")?;
        Ok(Self { oui, subtype, value: reader.rest() })
    }
}

/// The TLVs of a data unit up to its end TLV; what follows that is padding. Ends after the first that is cut.
#[derive(Clone, Debug)]
pub struct Tlvs<'a> {
    reader: Reader<'a>,
    is_over: bool,
}

impl<'a> Tlvs<'a> {
    /// Reads from the start of a data unit.
    #[must_use]
    pub fn new(octets: Octets<'a>) -> Self {
        Self { reader: Reader::new(octets), is_over: false }
    }

    fn read(&mut self) -> Result<Tlv<'a>, Malformed> {
        let header = self.reader.u16_be("type and length")?;
        let [kind, _] = (header >> 1).to_be_bytes();
        let value = self.reader.take(usize::from(header & 0x01ff), "value")?;
        Ok(Tlv { kind, value })
    }
}

impl<'a> Iterator for Tlvs<'a> {
    type Item = Result<Tlv<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        // A data unit without end TLV is complete where it ends (clause 8.5.1 has it optional for receivers).
        if self.is_over || self.reader.is_empty() {
            return None;
        }
        let read = self.read();
        self.is_over = !matches!(read, Ok(Tlv { kind, .. }) if kind != END);
        match read {
            Ok(Tlv { kind: END, .. }) => None,
            read => Some(read),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(octets: &[u8]) -> Vec<Result<(u8, usize), String>> {
        Tlvs::new(Octets::unplaced(octets))
            .map(|tlv| tlv.map(|tlv| (tlv.kind, tlv.value.len())).map_err(|error| error.to_string()))
            .collect()
    }

    #[test]
    fn tlvs_are_read_up_to_the_end_tlv() {
        let unit = include_bytes!("messages/scalance.bin");
        let read: Vec<_> = kinds(unit).into_iter().map(|tlv| tlv.unwrap().0).collect();
        assert_eq!(read, [1, 2, 3, 4, 6, 7, 8, 127, 127, 127, 127]);
        assert_eq!(kinds(&[2, 1, 7, 0, 0, 9, 9, 9]), [Ok((1, 1))]);
        assert_eq!(kinds(&[]), []);
    }

    #[test]
    fn a_cut_tlv_ends_the_unit_and_says_what_is_missing() {
        assert_eq!(
            kinds(&[2, 1, 7, 10, 4, b'p', b'l']),
            [Ok((1, 1)), Err("value at octet 5: 2 octets missing".to_owned())]
        );
        assert_eq!(kinds(&[2]), [Err("type and length at octet 0: 1 octet missing".to_owned())]);
    }
}
