//! Names of vendors and device types. The tables beside this file name their source and date in the first line.

/// Vendor ids, in ascending order: number, tab, name.
const VENDORS: &str = include_str!("vendors.tsv");

/// Device types, in ascending order.
const DEVICE_TYPES: &str = include_str!("device_types.tsv");

/// What the vendor table calls a number that nobody holds.
const RESERVED: &str = "Reserved";

/// The vendor of that number, if one holds it.
pub(super) fn vendor(number: u16) -> Option<&'static str> {
    find(VENDORS, number).filter(|name| *name != RESERVED)
}

/// The device type of that number. Numbers that each vendor gives at will (CIP Networks Library volume 1, table
/// 6-7.1) have no name here, whatever the table says, since it cannot say whose.
pub(super) fn device_type(number: u16) -> Option<&'static str> {
    let vendor_specific = matches!(number, 0x64..=0xc7 | 0x300..=0x4ff);
    if vendor_specific { None } else { find(DEVICE_TYPES, number) }
}

/// Bisects the lines of a table.
fn find(table: &'static str, number: u16) -> Option<&'static str> {
    let octets = table.as_bytes();
    let (mut low, mut high) = (0_usize, octets.len());
    while low < high {
        let middle = low.midpoint(high);
        let before = octets.get(low..middle)?.iter().rposition(|octet| *octet == b'\n');
        let start = before.map_or(low, |at| low.saturating_add(at).saturating_add(1));
        let after = octets.get(middle..high)?.iter().position(|octet| *octet == b'\n');
        let end = after.map_or(high, |at| middle.saturating_add(at));
        let line = table.get(start..end)?;
        let found = line.split_once('\t').and_then(|(found, name)| Some((found.parse::<u16>().ok()?, name)));
        match found {
            Some((found, name)) if found == number => return Some(name),
            Some((found, _)) if found > number => high = start,
            // Smaller, or the first line, which names the source.
            _ => low = end.saturating_add(1),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_tables_is_found() {
        for (table, rows) in [(VENDORS, 1_494), (DEVICE_TYPES, 53)] {
            let mut lines = table.lines();
            assert!(lines.next().unwrap().contains("icsnpp-enip@6f05f5a"));
            let mut count = 0;
            for line in lines {
                let (number, name) = line.split_once('\t').unwrap();
                assert_eq!(find(table, number.parse().unwrap()), Some(name));
                count += 1;
            }
            assert_eq!(count, rows);
            assert_eq!(find(table, u16::MAX), None);
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
