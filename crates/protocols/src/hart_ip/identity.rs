//! What answers say of devices (FCG TS20127 and TS20151; offsets are those of the commands' response data).

use observation::{Basis, Octets, Rule, Station, attribute};

use super::pdu::UniqueAddress;
use super::rules;
use crate::Output;

/// Bytes of a tag in packed characters, of a descriptor, of a long tag.
const TAG: usize = 6;
const DESCRIPTOR: usize = 12;
const LONG_TAG: usize = 32;

/// The identity that command 0 and its like answer with (TS20127, section 6.1).
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity<'a>(Octets<'a>);

impl<'a> Identity<'a> {
    /// The identity, if the data is long enough for the oldest revision and begins with the expansion code.
    pub(super) fn of(data: Octets<'a>) -> Option<Self> {
        (data.len() >= 12 && data.get(0) == Some(254)).then_some(Self(data))
    }

    /// The unique address of the device.
    pub(super) fn address(&self) -> Option<UniqueAddress> {
        UniqueAddress::of(self.0.slice(1, 2)?.bytes, self.0.slice(9, 3)?.bytes)
    }

    pub(super) fn say(&self, station: &Station, output: &mut Output<'_>) {
        let mut say = |name, basis, rule, at, length| {
            if let Some(octets) = self.0.slice(at, length) {
                output.fact(station, name, basis, rule, octets);
            }
        };
        let stated = Basis::Stated;
        // Up to revision 6, the first octet of the type is the manufacturer.
        let manufacturer = if self.0.len() >= 19 { (17, 2) } else { (1, 1) };
        say("hart_ip.expanded_device_type", stated, &rules::DEVICE_TYPE, 1, 2);
        say("hart_ip.device_id", stated, &rules::DEVICE_ID, 9, 3);
        say(attribute::SERIAL_NUMBER, stated, &rules::DEVICE_ID, 9, 3);
        say("hart_ip.manufacturer_id", stated, &rules::MANUFACTURER_ID, manufacturer.0, manufacturer.1);
        // Names are those of the common tables, not the device's own words.
        say(attribute::VENDOR, Basis::Inferred, &rules::MANUFACTURER, manufacturer.0, manufacturer.1);
        say(attribute::MODEL, Basis::Inferred, &rules::MODEL, 1, 2);
        say("hart_ip.universal_revision", stated, &rules::REVISION, 4, 1);
        say("hart_ip.device_revision", stated, &rules::REVISION, 5, 1);
        say(attribute::FIRMWARE_VERSION, stated, &rules::REVISION, 6, 1);
        say(attribute::HARDWARE_REVISION, stated, &rules::HARDWARE_REVISION, 7, 1);
        say("hart_ip.private_label", stated, &rules::MANUFACTURER, 19, 2);
        say(attribute::DEVICE_TYPE, stated, &rules::PROFILE, 21, 1);
    }
}

/// What the other commands that tell something of a device answer.
pub(super) fn say(command: u16, station: &Station, data: Octets<'_>, output: &mut Output<'_>) {
    let mut say = |name, rule: &'static Rule, at, length| {
        if let Some(octets) = data.slice(at, length) {
            output.fact(station, name, Basis::Stated, rule, octets);
        }
    };
    match command {
        12 | 17 => say("hart_ip.message", &rules::PACKED, 0, 24),
        13 | 18 => {
            say("hart_ip.tag", &rules::PACKED, 0, TAG);
            say(attribute::DESCRIPTION, &rules::PACKED, TAG, DESCRIPTOR);
        }
        14 => say("hart_ip.transducer_serial_number", &rules::NUMBER, 0, 3),
        16 | 19 => say("hart_ip.final_assembly_number", &rules::NUMBER, 0, 3),
        20 | 22 => say(attribute::NAME, &rules::TEXT, 0, LONG_TAG),
        74 => say("hart_ip.devices_detected", &rules::NUMBER, 3, 2),
        520 | 521 => say(attribute::PLANT_ID, &rules::TEXT, 0, LONG_TAG),
        _ => {}
    }
}

/// One entry of the list of devices that an I/O system has (TS20151, command 84).
#[derive(Clone, Copy, Debug)]
pub(super) struct SubDevice<'a> {
    /// Number in the list; 0 is the I/O system itself.
    pub(super) index: u16,
    /// I/O card and channel.
    pub(super) place: (u8, u8),
    /// Unique address.
    pub(super) address: UniqueAddress,
    /// Octets that name the device: card, channel, manufacturer, type, device id.
    pub(super) octets: Octets<'a>,
    data: Octets<'a>,
}

impl<'a> SubDevice<'a> {
    pub(super) fn of(data: Octets<'a>) -> Option<Self> {
        let index = u16::from_be_bytes(*data.bytes.first_chunk()?);
        let address = UniqueAddress::of(data.slice(6, 2)?.bytes, data.slice(8, 3)?.bytes)?;
        let place = (data.get(2)?, data.get(3)?);
        Some(Self { index, place, address, octets: data.slice(2, 9)?, data })
    }

    /// The I/O system reports what it knows of the device.
    pub(super) fn say(&self, station: &Station, output: &mut Output<'_>) {
        let mut say = |name, basis, rule, at, length| {
            if let Some(octets) = self.data.slice(at, length) {
                output.fact(station, name, basis, rule, octets);
            }
        };
        let reported = Basis::Reported;
        say("hart_ip.manufacturer_id", reported, &rules::MANUFACTURER_ID, 4, 2);
        say(attribute::VENDOR, Basis::Inferred, &rules::MANUFACTURER, 4, 2);
        say("hart_ip.expanded_device_type", reported, &rules::DEVICE_TYPE, 6, 2);
        say(attribute::MODEL, Basis::Inferred, &rules::MODEL, 6, 2);
        say("hart_ip.device_id", reported, &rules::DEVICE_ID, 8, 3);
        say(attribute::SERIAL_NUMBER, reported, &rules::DEVICE_ID, 8, 3);
        say("hart_ip.universal_revision", reported, &rules::REVISION, 11, 1);
        say(attribute::NAME, reported, &rules::TEXT, 12, LONG_TAG);
        say("hart_ip.device_revision", reported, &rules::REVISION, 44, 1);
        say(attribute::DEVICE_TYPE, reported, &rules::PROFILE, 45, 1);
        say("hart_ip.private_label", reported, &rules::MANUFACTURER, 46, 2);
    }
}
