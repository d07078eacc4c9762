//! Names of vendors and device types. The tables beside this file name their source and date in the first line.

use crate::registry;

/// Vendor ids, in ascending order: number, tab, name.
const VENDORS: &str = include_str!("vendors.tsv");

/// Device types, in ascending order.
const DEVICE_TYPES: &str = include_str!("device_types.tsv");

/// What the vendor table calls a number that nobody holds.
const RESERVED: &str = "Reserved";

/// The vendor of that number, if one holds it.
pub(super) fn vendor(number: u16) -> Option<&'static str> {
    registry::find(VENDORS, number.into()).filter(|name| *name != RESERVED)
}

/// The device type of that number. Numbers that each vendor gives at will (CIP Networks Library volume 1, table
/// 6-7.1) have no name here, whatever the table says, since it cannot say whose.
pub(super) fn device_type(number: u16) -> Option<&'static str> {
    let vendor_specific = matches!(number, 0x64..=0xc7 | 0x300..=0x4ff);
    if vendor_specific { None } else { registry::find(DEVICE_TYPES, number.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_tables_is_found() {
        for (table, rows) in [(VENDORS, 1_494), (DEVICE_TYPES, 53)] {
            registry::tests::check(table, "icsnpp-enip@6f05f5a", rows);
        }
    }

    #[test]
    fn reserved_and_vendor_specific_numbers_have_no_name() {
        assert_eq!(vendor(1), Some("Rockwell Automation/Allen-Bradley"));
        assert_eq!(vendor(309), Some("Prosoft Technology"));
        assert_eq!((vendor(0), vendor(6)), (None, None));
        assert_eq!(device_type(14), Some("Programmable Logic Controller"));
        assert_eq!((device_type(150), device_type(773)), (None, None));
    }
}
