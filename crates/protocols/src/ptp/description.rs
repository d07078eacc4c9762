//! The description that a clock gives of itself on request (IEEE 1588-2008 clause 15.5.3.1.2).

use observation::{Basis, Octets, Station, attribute};

use super::rules;
use crate::{Malformed, Output, Reader};

/// Management identifier of the description (table 40).
pub(super) const CLOCK_DESCRIPTION: u16 = 0x0001;

/// Number of IPv4 among network protocols (table 3).
const IPV4: u16 = 1;

/// Says what a description tells of `station`.
pub(super) fn read(station: &Station, data: Octets<'_>, output: &mut Output<'_>) -> Result<(), Malformed> {
    let mut reader = Reader::new(data);
    reader.skip(2, "clock type")?;
    text(&mut reader, "physical layer protocol")?;
    let length = reader.u16_be("length of the physical address")?;
    let mac = reader.take(length.into(), "physical address")?;
    output.fact(station, attribute::MAC_ADDRESS, Basis::Stated, &rules::PHYSICAL_ADDRESS, mac);
    let network = reader.u16_be("network protocol")?;
    let length = reader.u16_be("length of the protocol address")?;
    let address = reader.take(length.into(), "protocol address")?;
    if network == IPV4 {
        output.fact(station, attribute::IP_ADDRESS, Basis::Stated, &rules::PROTOCOL_ADDRESS, address);
    }
    reader.skip(4, "manufacturer identity")?;
    let product = text(&mut reader, "product description")?;
    output.fact(station, attribute::VENDOR, Basis::Stated, &rules::VENDOR, product);
    output.fact(station, attribute::MODEL, Basis::Stated, &rules::MODEL, product);
    // A serial number or a MAC, as its maker likes.
    output.fact(station, "ptp.instance", Basis::Stated, &rules::INSTANCE, product);
    let revision = text(&mut reader, "revision data")?;
    output.fact(station, attribute::HARDWARE_REVISION, Basis::Stated, &rules::HARDWARE, revision);
    output.fact(station, attribute::FIRMWARE_VERSION, Basis::Stated, &rules::FIRMWARE, revision);
    output.fact(station, attribute::SOFTWARE_VERSION, Basis::Stated, &rules::SOFTWARE, revision);
    let user = text(&mut reader, "user description")?;
    output.fact(station, attribute::NAME, Basis::Stated, &rules::NAME, user);
    output.fact(station, attribute::LOCATION, Basis::Stated, &rules::LOCATION, user);
    Ok(())
}

/// A PTPText: its length in one octet, then UTF-8.
fn text<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<Octets<'a>, Malformed> {
    let length = reader.u8(what)?;
    reader.take(length.into(), what)
}
