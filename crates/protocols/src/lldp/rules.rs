//! How values are read from TLVs.

use observation::{Rule, Rules};

use crate::ip_address::{address, unicast, unicast_mac};
use crate::system_description;
use crate::wire_text::uuid;

macro_rules! rules {
    ($($(#[$doc:meta])* $constant:ident = $name:literal, $read:expr;)*) => {
        $($(#[$doc])* pub(super) static $constant: Rule = Rule { name: $name, read: $read };)*

        /// Every rule but those of capabilities.
        const PLAIN: &[&Rule] = &[$(&$constant),*];
    };
}

rules! {
    /// Text as it is.
    TEXT = "lldp-text", Rules::text;
    /// Text of an inventory item that somebody filled in.
    ITEM = "lldp-inventory-item", item;
    /// Chassis id with its subtype.
    CHASSIS_ID = "lldp-chassis-id", chassis_id;
    /// Port id with its subtype.
    PORT_ID = "lldp-port-id", port_id;
    /// A locally assigned chassis id that is a PROFINET name of station.
    STATION_NAME = "lldp-station-name", station_name;
    /// Six octets.
    MAC = "lldp-mac-address", unicast_mac;
    /// IANA address family and address.
    NETWORK_ADDRESS = "lldp-network-address", network_address;
    /// Capabilities of the system, all in one.
    SYSTEM_CAPABILITIES = "lldp-system-capabilities", system_capabilities;
    /// VLAN number; 0 is none.
    VLAN = "lldp-vlan", vlan;
    /// VLAN number, length, name.
    VLAN_NAME = "lldp-vlan-name", vlan_name;
    /// A universally unique identifier.
    UUID = "lldp-uuid", uuid;
    /// Class of a LLDP-MED device.
    MED_CLASS = "lldp-med-class", med_class;
    /// Address of a place.
    CIVIC_LOCATION = "lldp-med-civic-location", civic_location;
    /// A system description of several lines, as one.
    DESCRIPTION = "lldp-description", system_description::one_line;
    /// Operating system in a system description.
    DESCRIBED_SYSTEM = "lldp-description-system", system_description::system;
    /// Version of the operating system in a system description.
    DESCRIBED_SYSTEM_VERSION = "lldp-description-system-version", system_description::system_version;
    /// Maker at the start of a system description.
    DESCRIBED_MAKER = "lldp-description-maker", system_description::maker;
    /// Maker in a system description.
    DESCRIBED_VENDOR = "lldp-description-vendor", system_description::vendor;
    /// Model in a system description.
    DESCRIBED_MODEL = "lldp-description-model", system_description::model;
    /// Order number in a system description.
    DESCRIBED_ORDER_NUMBER = "lldp-description-order-number", system_description::order_number;
    /// Hardware version in a system description.
    DESCRIBED_HARDWARE = "lldp-description-hardware", system_description::hardware;
    /// Firmware version in a system description.
    DESCRIBED_FIRMWARE = "lldp-description-firmware", system_description::firmware;
    /// Software version in a system description.
    DESCRIBED_SOFTWARE = "lldp-description-software", system_description::software;
    /// Serial number in a system description.
    DESCRIBED_SERIAL_NUMBER = "lldp-description-serial-number", system_description::serial_number;
}

macro_rules! capabilities {
    ($($bit:literal $constant:ident $name:literal $rule:literal;)*) => {
        $(static $constant: Rule = Rule { name: $rule, read: |octets| capability(octets, $bit, $name) };)*

        /// One rule for each capability: reads its bit of two octets.
        pub(super) const CAPABILITIES: &[&Rule] = &[$(&$constant),*];

        /// Names of the bits.
        const CAPABILITY_NAMES: &[(u8, &str)] = &[$(($bit, $name)),*];

        /// Every rule.
        pub(super) const ALL: &[&Rule] = &all::<{ PLAIN.len().wrapping_add(CAPABILITIES.len()) }>();
    };
}

// IEEE 802.1AB table 8-4.
capabilities! {
    0 OTHER "other" "lldp-capability-other";
    1 REPEATER "repeater" "lldp-capability-repeater";
    2 BRIDGE "bridge" "lldp-capability-bridge";
    3 ACCESS_POINT "wlan access point" "lldp-capability-wlan-access-point";
    4 ROUTER "router" "lldp-capability-router";
    5 TELEPHONE "telephone" "lldp-capability-telephone";
    6 DOCSIS "docsis cable device" "lldp-capability-docsis";
    7 STATION "station only" "lldp-capability-station";
    8 C_VLAN "c-vlan component" "lldp-capability-c-vlan";
    9 S_VLAN "s-vlan component" "lldp-capability-s-vlan";
    10 TWO_PORT_RELAY "two-port mac relay" "lldp-capability-two-port-mac-relay";
}

const fn all<const N: usize>() -> [&'static Rule; N] {
    let mut all: [&'static Rule; N] = [&TEXT; N];
    let mut at = 0_usize;
    while at < N {
        let capability = at.wrapping_sub(PLAIN.len());
        #[expect(
            clippy::indexing_slicing,
            reason = "N is the sum of both lengths, and this runs when compiling"
        )]
        {
            all[at] = if at < PLAIN.len() { PLAIN[at] } else { CAPABILITIES[capability] };
        }
        at = at.wrapping_add(1);
    }
    all
}

fn capability(octets: &[u8], bit: u8, name: &str) -> Option<String> {
    let bits = u16::from_be_bytes(octets.try_into().ok()?);
    (bits >> bit & 1 == 1).then(|| name.to_owned())
}

fn system_capabilities(octets: &[u8]) -> Option<String> {
    let named = CAPABILITY_NAMES.iter().filter_map(|(bit, name)| capability(octets, *bit, name));
    let named: Vec<_> = named.collect();
    (!named.is_empty()).then(|| named.join(", "))
}

/// What integrators and tools leave in inventory items, in lower case.
const NOT_FILLED_IN: &[&str] = &[
    "none",
    "n/a",
    "na",
    "unknown",
    "not specified",
    "not available",
    "not present",
    "default string",
    "to be filled by o.e.m.",
    "system serial number",
    "system product name",
    "system manufacturer",
    "0",
    "-",
];

fn item(octets: &[u8]) -> Option<String> {
    Rules::text(octets).filter(|text| !NOT_FILLED_IN.contains(&text.to_ascii_lowercase().as_str()))
}

/// Subtypes of a chassis id (IEEE 802.1AB table 8-2).
pub(super) const CHASSIS_MAC: u8 = 4;
pub(super) const CHASSIS_NETWORK_ADDRESS: u8 = 5;
const CHASSIS_LOCAL: u8 = 7;

/// Subtypes of a port id (IEEE 802.1AB table 8-3).
const PORT_MAC: u8 = 3;
const PORT_NETWORK_ADDRESS: u8 = 4;

fn chassis_id(octets: &[u8]) -> Option<String> {
    id(octets, CHASSIS_MAC, CHASSIS_NETWORK_ADDRESS)
}

fn port_id(octets: &[u8]) -> Option<String> {
    id(octets, PORT_MAC, PORT_NETWORK_ADDRESS)
}

/// Text, but for the two subtypes that are addresses.
fn id(octets: &[u8], mac: u8, network_address: u8) -> Option<String> {
    let (subtype, id) = octets.split_first()?;
    match *subtype {
        subtype if subtype == mac => Rules::mac(id),
        subtype if subtype == network_address => self::network_address(id),
        _ => Rules::text(id),
    }
}

/// A name of station is of lower-case letters, digits, dots and dashes (IEC 61158-6-10, "NameOfStation"); other names
/// are encoded into these. Devices that put something else into the local chassis id use capitals or blanks.
fn station_name(octets: &[u8]) -> Option<String> {
    let (CHASSIS_LOCAL, name) = octets.split_first().map(|(subtype, name)| (*subtype, name))? else {
        return None;
    };
    let name = Rules::text(name)?;
    let allowed =
        |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || matches!(octet, b'-' | b'.');
    (name.len() <= 240 && name.bytes().all(allowed)).then_some(name)
}

/// IANA "Address Family Numbers".
const FAMILY_V4: u8 = 1;
const FAMILY_V6: u8 = 2;

fn network_address(octets: &[u8]) -> Option<String> {
    let (family, octets) = octets.split_first()?;
    let is_whole = match *family {
        FAMILY_V4 => address(octets)?.is_ipv4(),
        FAMILY_V6 => address(octets)?.is_ipv6(),
        _ => false,
    };
    is_whole.then(|| unicast(octets)).flatten()
}

fn vlan(octets: &[u8]) -> Option<String> {
    Rules::decimal_be(octets).filter(|vlan| vlan != "0")
}

fn vlan_name(octets: &[u8]) -> Option<String> {
    let (number, named) = octets.split_first_chunk::<2>()?;
    let (length, name) = named.split_first()?;
    let name = Rules::text(name.get(..usize::from(*length))?)?;
    Some(format!("{} {name}", u16::from_be_bytes(*number)))
}

/// ANSI/TIA-1057 table 11.
fn med_class(octets: &[u8]) -> Option<String> {
    let name = match octets {
        [1] => "endpoint class 1",
        [2] => "endpoint class 2 (media)",
        [3] => "endpoint class 3 (communication)",
        [4] => "network connectivity",
        _ => return None,
    };
    Some(name.to_owned())
}

/// Length, what it is the place of, country code, then elements of type, length and text (RFC 4776 section 3.1; ANSI/TIA-1057
/// clause 10.2.4.3.2).
fn civic_location(octets: &[u8]) -> Option<String> {
    let (length, octets) = octets.split_first()?;
    let (_, octets) = octets.get(..usize::from(*length).min(octets.len()))?.split_first()?;
    let (country, mut octets) = octets.split_first_chunk::<2>()?;
    let mut words = vec![Rules::text(country)?];
    while let Some(([_, length], rest)) = octets.split_first_chunk::<2>() {
        let (word, rest) = rest.split_at_checked(usize::from(*length))?;
        words.extend(Rules::text(word));
        octets = rest;
    }
    Rules::text(words.join(", ").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_by_their_subtype() {
        assert_eq!(chassis_id(&[4, 0, 0x1b, 0x1b, 0x10, 0, 0x50]).as_deref(), Some("00:1b:1b:10:00:50"));
        assert_eq!(chassis_id(&[5, 1, 10, 0, 0, 1]).as_deref(), Some("10.0.0.1"));
        assert_eq!(chassis_id(b"\x07press-4"), Some("press-4".to_owned()));
        assert_eq!(port_id(&[3, 0, 0x1b, 0x1b, 0x10, 0, 0x51]).as_deref(), Some("00:1b:1b:10:00:51"));
        assert_eq!(port_id(b"\x05FastEthernet0/13").as_deref(), Some("FastEthernet0/13"));
        assert_eq!((chassis_id(&[]), chassis_id(&[4, 1]), port_id(&[4, 1, 10])), (None, None, None));
    }

    #[test]
    fn only_what_can_be_a_name_of_station_is_one() {
        assert_eq!(station_name(b"\x07plcxb1d0ed").as_deref(), Some("plcxb1d0ed"));
        assert_eq!(station_name(b"\x07SCALANCE X208  6GK5 208"), None);
        assert_eq!(station_name(b"\x05plc"), None);
    }

    #[test]
    fn capabilities_are_named_bit_by_bit() {
        assert_eq!(
            system_capabilities(&[0x00, 0x9c]).as_deref(),
            Some("bridge, wlan access point, router, station only")
        );
        let enabled: Vec<_> = CAPABILITIES.iter().filter_map(|rule| (rule.read)(&[0x00, 0x14])).collect();
        assert_eq!(enabled, ["bridge", "router"]);
        assert_eq!(ALL.len(), PLAIN.len() + CAPABILITIES.len());
    }

    #[test]
    fn places_vlans_and_identifiers_are_read_as_people_write_them() {
        let place = b"\x13\x02DE\x03\x06Amberg\x06\x05Halle";
        assert_eq!(civic_location(place).as_deref(), Some("DE, Amberg, Halle"));
        assert_eq!(civic_location(&[9, 0, b'D']), None);
        assert_eq!(vlan_name(b"\x00\x0a\x04cell").as_deref(), Some("10 cell"));
        assert_eq!((vlan(&[0, 0]), vlan(&[0, 20])), (None, Some("20".to_owned())));
        assert_eq!(item(b"To be filled by O.E.M."), None);
        assert_eq!(network_address(&[1, 0, 0, 0, 0]), None);
    }
}
