//! Which attributes tell one device from another, and which values tell nothing.

use std::sync::LazyLock;

use observation::attribute;

/// Attributes of which two different stated values cannot both be true of one device at one time.
pub(crate) const DISTINGUISHING: &[&str] = &[
    attribute::SERIAL_NUMBER,
    attribute::ORDER_NUMBER,
    "cip.vendor_id",
    "cip.device_type",
    "cip.product_code",
    "profinet_dcp.vendor_id",
    "profinet_dcp.device_id",
    "bacnet.instance",
];

/// Attributes that protocols word differently: two values contradict only if the same protocol states both.
pub(crate) const WORDED: &[&str] = &[attribute::VENDOR, attribute::MODEL];

/// The serial number joins stations only within the same maker …
pub(crate) const MAKER: &[&str] = &["cip.vendor_id", "profinet_dcp.vendor_id", attribute::VENDOR];

/// … and the same product.
pub(crate) const PRODUCT: &[&str] =
    &["cip.product_code", "profinet_dcp.device_id", attribute::ORDER_NUMBER, attribute::MODEL];

/// Attributes that say who or what a device is: a station of which others report one of these is worth a row.
pub(crate) const IDENTIFYING: &[&str] = &[
    attribute::VENDOR,
    attribute::MODEL,
    attribute::ORDER_NUMBER,
    attribute::SERIAL_NUMBER,
    attribute::FIRMWARE_VERSION,
    attribute::HARDWARE_REVISION,
    attribute::DEVICE_TYPE,
    attribute::NAME,
    attribute::HOSTNAME,
    attribute::STATION_NAME,
    "cip.vendor_id",
    "cip.device_type",
    "cip.product_code",
    "bacnet.instance",
];

/// Shortest serial number that may join stations, in letters and digits.
pub(crate) const SERIAL_CHARS_MIN: usize = 4;

/// More devices than this with one serial number: it is no serial number, or a copied image.
pub(crate) const SHARED_MAX: usize = 32;

/// Serial numbers that makers and integrators leave in, in letters and digits only, lower case.
pub(crate) const PLACEHOLDERS: &[&str] = &[
    "unknown",
    "none",
    "null",
    "serial",
    "serialnumber",
    "notset",
    "notavailable",
    "default",
    "test",
    "1234",
    "12345",
    "123456",
    "1234567",
    "12345678",
    "123456789",
    "1234567890",
    "0123456789",
    "01234567",
    "012345678",
    "deadbeef",
];

/// Attributes in which the identity of a simulator shows.
pub(crate) const TELLTALE: &[&str] = &[
    attribute::SERIAL_NUMBER,
    attribute::STATION_NAME,
    attribute::NAME,
    attribute::VENDOR,
    attribute::MODEL,
    "modbus.server_id",
];

/// Value in letters and digits and lower case, the program it comes with, and where that is known from, tab-separated.
static DEFAULTS: &str = include_str!("../../data/default_identities.tsv");

/// The simulator or protocol stack that a squashed value comes with; such a value belongs to no device.
pub(crate) fn simulator_of(squashed: &str) -> Option<&'static str> {
    /// Value and program, in the order of the values: a test holds the file to it.
    static ROWS: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
        let rows = DEFAULTS.lines().filter(|line| !line.starts_with('#'));
        rows.filter_map(|line| line.split_once('\t'))
            .filter_map(|(value, rest)| Some((value, rest.split('\t').next()?)))
            .collect()
    });
    let at = ROWS.binary_search_by_key(&squashed, |(value, _)| value).ok()?;
    ROWS.get(at).map(|(_, program)| *program)
}

/// Attributes that only one device has: whoever states the same is one, as long as nothing else they state contradicts.
/// AMS NetId (Beckhoff), host id that a Niagara licence is bound to, identity of a PTP clock (made of its MAC), UUID of a
/// BACnet device.
pub(crate) const STRONG_KEYS: &[&str] =
    &["ads.net_id", "bacnet.device_uuid", "fox.host_id", "ptp.clock_identity"];

/// Attributes that one device has, and every copy of its image or firmware as well: alone and together they may be those
/// of a clone.
pub(crate) const WEAK_KEYS: &[&str] = &[
    "dhcpv6.duid",
    "mdns.uuid",
    "smb.server_guid",
    "snmp.engine_id",
    "ssdp.uuid",
    "ssh.host_key",
    "ws_discovery.endpoint",
    attribute::HOSTNAME,
];

/// Attributes that bear a weak key out, as no image holds them: the moment in which it started, the number of its board.
pub(crate) const BEARING_OUT: &[&str] = &["dhcp.client_uuid", "smb.boot_time"];

/// The MACs of the ports of one device differ by no more than this (Siemens and Hirschmann count up from that of the
/// device).
pub(crate) const NEIGHBOURS_MAX: u8 = 32;

/// Attributes that no two devices of one network may share, by the protocol that requires it: the name of a PROFINET
/// station (IEC 61158-6-10), the instance of a BACnet device (ASHRAE 135 clause 12.11.1).
pub(crate) const UNIQUE: &[(&str, &str)] =
    &[("profinet_dcp", attribute::STATION_NAME), ("bacnet", "bacnet.instance")];

/// Attributes by which a port names the device that it belongs to. Names are often defaults, so they join nothing alone:
/// only ports that state the same address as well.
pub(crate) const DEVICE_NAMES: &[&str] = &["cdp.device_id", "lldp.chassis_id"];

/// Attributes in which a device carries the number that people gave it in their books.
pub(crate) const ASSET_NUMBERS: [&str; 2] = ["lldp.asset_id", "snmp.asset_id"];
#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::squash;

    #[test]
    fn every_default_identity_has_its_program_and_source() {
        let rows: Vec<_> = DEFAULTS.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(rows.is_sorted() && rows.len() > 10, "{rows:?}");
        for row in rows {
            let columns: Vec<_> = row.split('\t').collect();
            let [value, program, source] = columns[..] else { panic!("{row}") };
            assert!(squash(value) == value && !source.is_empty(), "{row}");
            assert_eq!(simulator_of(value), Some(program));
        }
        assert_eq!(simulator_of(""), None);
    }
}
