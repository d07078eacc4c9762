//! How values are read from objects.

use observation::{Rule, Rules, attribute};

use super::objects::Saying;
use crate::enterprises::maker;
use crate::{ber, ip_address, system_description};

macro_rules! rules {
    ($($(#[$doc:meta])* $constant:ident = $name:literal, $read:expr;)*) => {
        $($(#[$doc])* pub(super) static $constant: Rule = Rule { name: $name, read: $read };)*

        /// Every rule.
        pub(super) const ALL: &[&Rule] = &[$(&$constant),*];
    };
}

rules! {
    /// Number of the version.
    VERSION = "snmp-version", version;
    /// Text as it is.
    TEXT = "snmp-text", Rules::text;
    /// Text that somebody filled in.
    ITEM = "snmp-item", item;
    /// The name of the system, without what comes from the factory.
    NAME = "snmp-system-name", item;
    /// An object identifier in dotted decimals.
    OBJECT_ID = "snmp-object-id", ber::object_identifier;
    /// Number of the enterprise in an object identifier.
    ENTERPRISE = "snmp-enterprise", |octets| Some(enterprise(octets)?.to_string());
    /// Maker by that number.
    ENTERPRISE_NAME = "snmp-enterprise-name", |octets| maker(enterprise(octets)?);
    /// Engine id in hexadecimal.
    ENGINE_ID = "snmp-engine-id", engine_id;
    /// Enterprise of an engine id.
    ENGINE_ENTERPRISE = "snmp-engine-enterprise", |octets| Some(engine_enterprise(octets)?.to_string());
    /// Maker by that number.
    ENGINE_MAKER = "snmp-engine-maker", |octets| maker(engine_enterprise(octets)?);
    /// MAC address in an engine id.
    ENGINE_MAC = "snmp-engine-mac", |octets| ip_address::unicast_mac(engine_part(octets, FORMAT_MAC)?);
    /// IP address in an engine id.
    ENGINE_ADDRESS = "snmp-engine-address", engine_address;
    /// Name in an engine id.
    ENGINE_TEXT = "snmp-engine-text", |octets| Rules::text(engine_part(octets, FORMAT_TEXT)?);
    /// MAC address of one of its interfaces.
    CARD = "snmp-interface-mac", ip_address::unicast_mac;
    /// IPv4 address of one of its interfaces.
    OWN_ADDRESS = "snmp-interface-address", |octets| (*octets.first()? != 127).then(|| Rules::ipv4(octets))?;
    /// A description of several lines, as one.
    DESCRIPTION = "snmp-description", system_description::one_line;
    /// Operating system in a description.
    SYSTEM = "snmp-description-system", system_description::system;
    /// Version of the operating system in a description.
    SYSTEM_VERSION = "snmp-description-system-version", system_description::system_version;
    /// Maker at the start of a description.
    MAKER = "snmp-description-maker", system_description::maker;
    /// Maker in a description.
    VENDOR = "snmp-description-vendor", system_description::vendor;
    /// Model in a description.
    MODEL = "snmp-description-model", system_description::model;
    /// Order number in a description.
    ORDER_NUMBER = "snmp-description-order-number", system_description::order_number;
    /// Hardware version in a description.
    HARDWARE = "snmp-description-hardware", system_description::hardware;
    /// Firmware version in a description.
    FIRMWARE = "snmp-description-firmware", system_description::firmware;
    /// Software version in a description.
    SOFTWARE = "snmp-description-software", system_description::software;
    /// Serial number in a description.
    SERIAL_NUMBER = "snmp-description-serial-number", system_description::serial_number;
}

/// What a system description says.
pub(super) const DESCRIPTION_SAYS: &[Saying] = &[
    (attribute::DESCRIPTION, &DESCRIPTION),
    (attribute::OS, &SYSTEM),
    (attribute::OS_VERSION, &SYSTEM_VERSION),
    (attribute::VENDOR, &MAKER),
    (attribute::VENDOR, &VENDOR),
    (attribute::MODEL, &MODEL),
    (attribute::ORDER_NUMBER, &ORDER_NUMBER),
    (attribute::HARDWARE_REVISION, &HARDWARE),
    (attribute::FIRMWARE_VERSION, &FIRMWARE),
    (attribute::SOFTWARE_VERSION, &SOFTWARE),
    (attribute::SERIAL_NUMBER, &SERIAL_NUMBER),
];

/// What the object id of the system says.
pub(super) const OBJECT_ID_SAYS: &[Saying] = &[
    ("snmp.object_id", &OBJECT_ID),
    ("snmp.enterprise", &ENTERPRISE),
    (attribute::VENDOR, &ENTERPRISE_NAME),
];

/// What an engine id says.
pub(super) const ENGINE_SAYS: &[Saying] = &[
    ("snmp.engine_id", &ENGINE_ID),
    ("snmp.engine_enterprise", &ENGINE_ENTERPRISE),
    (attribute::VENDOR, &ENGINE_MAKER),
    (attribute::MAC_ADDRESS, &ENGINE_MAC),
    ("snmp.engine_address", &ENGINE_ADDRESS),
    ("snmp.engine_name", &ENGINE_TEXT),
];

fn version(octets: &[u8]) -> Option<String> {
    let name = match ber::number(octets)? {
        0 => "1",
        1 => "2c",
        3 => "3",
        _ => return None,
    };
    Some(name.to_owned())
}

/// What agents answer where nobody filled in anything, in lower case.
const NOT_FILLED_IN: &[&str] = &[
    "(none)",
    "default",
    "localhost",
    "localhost.localdomain",
    "n/a",
    "na",
    "no name",
    "none",
    "not available",
    "not set",
    "not specified",
    "null",
    "sysname not set",
    "unknown",
    "-",
    "0",
];

fn item(octets: &[u8]) -> Option<String> {
    Rules::text(octets).filter(|text| !NOT_FILLED_IN.contains(&text.to_ascii_lowercase().as_str()))
}

/// 1.3.6.1.4.1, below which each enterprise has its number.
const ENTERPRISE_ARC: &[u8] = &[0x2b, 6, 1, 4, 1];

fn enterprise(octets: &[u8]) -> Option<u32> {
    let below = octets.strip_prefix(ENTERPRISE_ARC)?;
    let end = below.iter().position(|octet| octet & 0x80 == 0)?;
    below
        .get(..=end)?
        .iter()
        .try_fold(0_u32, |value, octet| value.checked_mul(128)?.checked_add(u32::from(octet & 0x7f)))
}

/// Formats of engine ids (RFC 3411 section 5).
const FORMAT_IPV4: u8 = 1;
const FORMAT_IPV6: u8 = 2;
const FORMAT_MAC: u8 = 3;
const FORMAT_TEXT: u8 = 4;

/// Lengths of an engine id (RFC 3411 section 5).
const ENGINE_OCTETS: std::ops::RangeInclusive<usize> = 5..=32;

fn engine_id(octets: &[u8]) -> Option<String> {
    let is_set = octets.iter().any(|octet| *octet != 0) && octets.iter().any(|octet| *octet != 0xff);
    Rules::hexadecimal(octets).filter(|_| is_set && ENGINE_OCTETS.contains(&octets.len()))
}

/// The enterprise: 31 bits behind a mark.
fn engine_enterprise(octets: &[u8]) -> Option<u32> {
    engine_id(octets)?;
    let number = u32::from_be_bytes(*octets.first_chunk::<4>()?) & 0x7fff_ffff;
    (number != 0).then_some(number)
}

/// What follows the format, where the first bit says that there is one.
fn engine_part(octets: &[u8], format: u8) -> Option<&[u8]> {
    engine_enterprise(octets)?;
    match octets {
        [0x80..=0xff, _, _, _, found, rest @ ..] if *found == format => Some(rest),
        _ => None,
    }
}

fn engine_address(octets: &[u8]) -> Option<String> {
    let v4 = engine_part(octets, FORMAT_IPV4).filter(|rest| rest.len() == 4);
    ip_address::unicast(v4.or_else(|| engine_part(octets, FORMAT_IPV6).filter(|rest| rest.len() == 16))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_enterprise_of_the_table_is_found() {
        assert_eq!((ENTERPRISE_NAME.read)(&[0x2b, 6, 1, 4, 1, 0xa1, 0x69, 7]).as_deref(), Some("Siemens AG"));
        assert_eq!((ENTERPRISE.read)(&[0x2b, 6, 1, 4, 1, 0xbf, 8, 3]).as_deref(), Some("8072"));
        assert_eq!(
            (ENTERPRISE_NAME.read)(&[0x2b, 6, 1, 4, 1, 0xbf, 8, 3]),
            None,
            "software of agents makes no device"
        );
        assert_eq!((ENTERPRISE.read)(&[0x2b, 6, 1, 4, 1, 0xbf]), None);
    }

    #[test]
    fn engine_ids_of_every_format_are_read() {
        let mac = [0x80, 0, 0, 9, 3, 0, 0x1b, 0x1b, 1, 2, 3];
        let read = |rule: &Rule, octets: &[u8]| (rule.read)(octets).unwrap_or_default();
        assert_eq!(read(&ENGINE_ID, &mac), "8000000903001b1b010203");
        assert_eq!(
            (read(&ENGINE_MAC, &mac), read(&ENGINE_MAKER, &mac)),
            ("00:1b:1b:01:02:03".into(), "Cisco".into())
        );
        assert_eq!((read(&ENGINE_ADDRESS, &mac), read(&ENGINE_TEXT, &mac)), (String::new(), String::new()));
        assert_eq!(read(&ENGINE_ADDRESS, &[0x80, 0, 0, 9, 1, 10, 0, 0, 1]), "10.0.0.1");
        assert_eq!(read(&ENGINE_TEXT, b"\x80\0\0\x09\x04SW1"), "SW1");
        // Of the older form: enterprise and eight octets of its own choice.
        assert_eq!(read(&ENGINE_ENTERPRISE, &[0, 0, 0, 9, 3, 0, 0, 1, 2, 3, 4, 5]), "9");
        assert_eq!(read(&ENGINE_MAC, &[0, 0, 0, 9, 3, 0, 0, 1, 2, 3, 4, 5]), "");
        for unset in [&[][..], &[0; 11], &[0xff; 11], &[1, 2, 3, 4]] {
            assert_eq!((ENGINE_ID.read)(unset), None);
        }
    }
}
