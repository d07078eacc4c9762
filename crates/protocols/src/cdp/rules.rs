//! How values are read from TLVs.

use observation::{Rule, Rules};

use crate::ip_address::unicast;
use crate::system_description;

macro_rules! rules {
    ($($(#[$doc:meta])* $constant:ident = $name:literal, $read:expr;)*) => {
        $($(#[$doc])* pub(super) static $constant: Rule = Rule { name: $name, read: $read };)*
    };
}

rules! {
    /// Text as it is.
    TEXT = "cdp-text", Rules::text;
    /// The host name in a device id.
    HOST_NAME = "cdp-host-name", host_name;
    /// The serial number in a device id.
    SERIAL_NUMBER = "cdp-serial-number", serial_number;
    /// An IPv4 or IPv6 address.
    IP_ADDRESS = "cdp-ip-address", unicast;
    /// Lines of text as one.
    DESCRIPTION = "cdp-description", system_description::one_line;
    /// Version in the software's description, or all of it where there is none.
    SOFTWARE_VERSION = "cdp-software-version", software_version;
    /// Operating system in the software's description.
    SYSTEM = "cdp-system", system_description::system;
    /// Version of the operating system in the software's description.
    SYSTEM_VERSION = "cdp-system-version", system_description::system_version;
    /// Maker at the start of the platform.
    MAKER = "cdp-maker", system_description::maker;
    /// Two octets; 0 is none.
    VLAN = "cdp-vlan", vlan;
    /// One octet.
    DUPLEX = "cdp-duplex", duplex;
    /// Code, then text.
    LOCATION = "cdp-location", location;
}

macro_rules! capabilities {
    ($($bit:literal $constant:ident $name:literal $rule:literal;)*) => {
        $(static $constant: Rule = Rule { name: $rule, read: |octets| capability(octets, $bit, $name) };)*

        /// One rule for each capability: reads its bit of four octets.
        pub(super) const CAPABILITIES: &[&Rule] = &[$(&$constant),*];

        /// Every rule.
        pub(super) const ALL: &[&Rule] = &[
            &TEXT, &HOST_NAME, &SERIAL_NUMBER, &IP_ADDRESS, &DESCRIPTION, &SOFTWARE_VERSION, &SYSTEM,
            &SYSTEM_VERSION, &MAKER, &VLAN, &DUPLEX, &LOCATION, $(&$constant),*
        ];
    };
}

capabilities! {
    0 ROUTER "router" "cdp-capability-router";
    1 TRANSPARENT_BRIDGE "transparent bridge" "cdp-capability-transparent-bridge";
    2 SOURCE_ROUTE_BRIDGE "source route bridge" "cdp-capability-source-route-bridge";
    3 SWITCH "switch" "cdp-capability-switch";
    4 HOST "host" "cdp-capability-host";
    5 IGMP "igmp capable" "cdp-capability-igmp";
    6 REPEATER "repeater" "cdp-capability-repeater";
    7 TELEPHONE "telephone" "cdp-capability-telephone";
    8 REMOTELY_MANAGED "remotely managed" "cdp-capability-remotely-managed";
    9 CAMERA "camera" "cdp-capability-camera";
    10 TWO_PORT_RELAY "two-port mac relay" "cdp-capability-two-port-mac-relay";
}

fn capability(octets: &[u8], bit: u8, name: &str) -> Option<String> {
    let bits = u32::from_be_bytes(octets.try_into().ok()?);
    (bits >> bit & 1 == 1).then(|| name.to_owned())
}

/// A device id is the host name, in older switches the serial number or a MAC with the host name in parentheses:
/// `009876543(cicswitch)`.
fn host_name(octets: &[u8]) -> Option<String> {
    let text = Rules::text(octets)?;
    match split(&text) {
        Some((_, name)) => Some(name.to_owned()),
        None => Some(text),
    }
}

fn serial_number(octets: &[u8]) -> Option<String> {
    let text = Rules::text(octets)?;
    let (serial, _) = split(&text)?;
    let is_serial = serial.len() >= 6 && serial.bytes().all(|octet| octet.is_ascii_alphanumeric());
    is_serial.then(|| serial.to_owned())
}

/// What stands before parentheses at the end, and what in them.
fn split(text: &str) -> Option<(&str, &str)> {
    let (before, name) = text.strip_suffix(')')?.split_once('(')?;
    (!before.is_empty() && !name.is_empty()).then_some((before, name))
}

fn software_version(octets: &[u8]) -> Option<String> {
    system_description::version(octets).or_else(|| system_description::one_line(octets))
}

fn vlan(octets: &[u8]) -> Option<String> {
    (octets.len() == 2).then(|| Rules::decimal_be(octets)).flatten().filter(|vlan| vlan != "0")
}

fn duplex(octets: &[u8]) -> Option<String> {
    let word = match octets {
        [0] => "half",
        [1] => "full",
        _ => return None,
    };
    Some(word.to_owned())
}

fn location(octets: &[u8]) -> Option<String> {
    Rules::text(octets.split_first()?.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_id_is_a_host_name_or_holds_one() {
        assert_eq!(host_name(b"S1.example").as_deref(), Some("S1.example"));
        assert_eq!(host_name(b"009876543(cell4)").as_deref(), Some("cell4"));
        assert_eq!(serial_number(b"009876543(cell4)").as_deref(), Some("009876543"));
        assert_eq!((serial_number(b"S1.example"), serial_number(b"()")), (None, None));
    }

    #[test]
    fn capabilities_vlans_and_duplex_are_named() {
        let named: Vec<_> = CAPABILITIES.iter().filter_map(|rule| (rule.read)(&[0, 0, 0, 0x29])).collect();
        assert_eq!(named, ["router", "switch", "igmp capable"]);
        assert_eq!((vlan(&[0, 1]).as_deref(), vlan(&[0, 0]), vlan(&[1])), (Some("1"), None, None));
        assert_eq!((duplex(&[1]).as_deref(), duplex(&[7])), (Some("full"), None));
        assert_eq!(software_version(b"FortiGate-60F v7.2.5").as_deref(), Some("FortiGate-60F v7.2.5"));
        assert_eq!(ALL.len(), 12 + CAPABILITIES.len());
    }
}
