//! Who a device is: the Identity object (CIP Networks Library volume 1, 5-2) and the identity item of ListIdentity
//! (volume 2, 2-4.3.3), which hold the same fields.

use observation::{Basis, Octets, Station, attribute};

use super::{epath::Key, rules};
use crate::{Malformed, Output, Reader};

/// Vendor id and device type of the controllers whose status word also tells mode and key switch.
const LOGIX_VENDOR: [u8; 2] = [1, 0];
const LOGIX_DEVICE_TYPE: [u8; 2] = [14, 0];

/// The fields of an identity that one message holds, each with its octets.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Identity<'a> {
    vendor_id: Option<Octets<'a>>,
    device_type: Option<Octets<'a>>,
    product_code: Option<Octets<'a>>,
    revision: Option<Octets<'a>>,
    status: Option<Octets<'a>>,
    serial_number: Option<Octets<'a>>,
    product_name: Option<Octets<'a>>,
    state: Option<Octets<'a>>,
}

impl<'a> Identity<'a> {
    /// Reads attributes 1 to 7, as Get_Attributes_All returns them (5-2.4.2) and ListIdentity holds them. What was
    /// read before an error stays.
    ///
    /// # Errors
    ///
    /// Fails if the octets end before the end of the product name.
    pub(super) fn read(&mut self, reader: &mut Reader<'a>) -> Result<(), Malformed> {
        (1..=7).try_for_each(|number| self.attribute(number, reader).map(drop))
    }

    /// Reads the state, which follows the product name in ListIdentity and in newer devices.
    ///
    /// # Errors
    ///
    /// Fails if the octets end before it.
    pub(super) fn read_state(&mut self, reader: &mut Reader<'a>) -> Result<(), Malformed> {
        self.attribute(8, reader).map(drop)
    }

    /// Reads one attribute (5-2.2.1); false if its length is not known.
    ///
    /// # Errors
    ///
    /// Fails if the octets end before it.
    pub(super) fn attribute(&mut self, number: u16, reader: &mut Reader<'a>) -> Result<bool, Malformed> {
        match number {
            1 => self.vendor_id = Some(reader.take(2, "vendor id")?),
            2 => self.device_type = Some(reader.take(2, "device type")?),
            3 => self.product_code = Some(reader.take(2, "product code")?),
            4 => self.revision = Some(reader.take(2, "revision")?),
            5 => self.status = Some(reader.take(2, "status")?),
            6 => self.serial_number = Some(reader.take(4, "serial number")?),
            7 => {
                let length = reader.u8("product name length")?;
                self.product_name = Some(reader.take(length.into(), "product name")?);
            }
            8 => self.state = Some(reader.take(1, "state")?),
            9 => reader.skip(2, "configuration consistency value")?,
            10 => reader.skip(1, "heartbeat interval")?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// True if these fields are those of a Logix controller.
    pub(super) fn is_logix_controller(&self) -> bool {
        let is =
            |field: Option<Octets<'_>>, value: [u8; 2]| field.is_some_and(|octets| octets.bytes == value);
        is(self.vendor_id, LOGIX_VENDOR) && is(self.device_type, LOGIX_DEVICE_TYPE)
    }

    /// Says each field of `station`, which states them itself. Mode and key switch are said of Logix controllers.
    pub(super) fn say(&self, station: &Station, logix_controller: bool, output: &mut Output<'_>) {
        let mut say = |attribute, rule, octets: Option<Octets<'_>>| {
            if let Some(octets) = octets {
                output.fact(station, attribute, Basis::Stated, rule, octets);
            }
        };
        say(attribute::VENDOR, &rules::VENDOR, self.vendor_id);
        say("cip.vendor_id", &rules::VENDOR_ID, self.vendor_id);
        say(attribute::DEVICE_TYPE, &rules::DEVICE_TYPE_NAME, self.device_type);
        say("cip.device_type", &rules::DEVICE_TYPE, self.device_type);
        say("cip.product_code", &rules::PRODUCT_CODE, self.product_code);
        say(attribute::FIRMWARE_VERSION, &rules::REVISION, self.revision);
        say(attribute::SERIAL_NUMBER, &rules::SERIAL_NUMBER, self.serial_number);
        say(attribute::MODEL, &rules::PRODUCT_NAME, self.product_name);
        say("cip.status", &rules::STATUS, self.status);
        say("cip.state", &rules::STATE, self.state);
        if logix_controller {
            say(attribute::MODE, &rules::MODE, self.status);
            say(attribute::KEY_SWITCH, &rules::KEY_SWITCH, self.status);
        }
    }
}

/// Says what an electronic key expects of `station`. A field of 0 expects nothing.
pub(super) fn say_key(key: &Key<'_>, station: &Station, output: &mut Output<'_>) {
    let mut say = |attribute, rule, octets: Octets<'_>| {
        if octets.bytes.iter().any(|octet| *octet != 0) {
            output.fact(station, attribute, Basis::Reported, rule, octets);
        }
    };
    say(attribute::VENDOR, &rules::VENDOR, key.vendor_id);
    say("cip.vendor_id", &rules::VENDOR_ID, key.vendor_id);
    say(attribute::DEVICE_TYPE, &rules::DEVICE_TYPE_NAME, key.device_type);
    say("cip.device_type", &rules::DEVICE_TYPE, key.device_type);
    say("cip.product_code", &rules::PRODUCT_CODE, key.product_code);
    say("cip.expected_revision", &rules::EXPECTED_REVISION, key.revision);
    if let Some(serial_number) = key.serial_number {
        say(attribute::SERIAL_NUMBER, &rules::SERIAL_NUMBER, serial_number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cut_short_is_no_name() {
        let octets = [1, 0, 14, 0, 54, 0, 16, 20, 0x60, 0x30, 1, 2, 3, 4, 9, b'1', b'7'];
        let mut identity = Identity::default();
        let error = identity.read(&mut Reader::new(Octets::unplaced(&octets))).unwrap_err();
        assert_eq!(error.to_string(), "product name at octet 15: 7 octets missing");
        assert!(identity.product_name.is_none() && identity.serial_number.is_some());
        assert!(identity.is_logix_controller());
    }
}
