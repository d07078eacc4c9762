//! The rules by which octets become values, each named and listed once.

use std::net::Ipv4Addr;

use observation::{Octets, Rule, Rules};

use super::epath::{Hop, Segment, Segments};
use super::names;
use crate::Reader;

macro_rules! rules {
    ($($name:ident = $text:literal, $read:expr;)*) => {
        $(pub(super) static $name: Rule = Rule { name: $text, read: $read };)*

        /// Every rule of the protocol.
        pub(super) const RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    // Identity, ListIdentity, electronic key.
    VENDOR_ID = "cip-vendor-id", nonzero;
    VENDOR = "cip-vendor-name", vendor;
    DEVICE_TYPE = "cip-device-type", Rules::decimal_le;
    DEVICE_TYPE_NAME = "cip-device-type-name", device_type;
    PRODUCT_CODE = "cip-product-code", Rules::decimal_le;
    REVISION = "cip-revision", revision;
    STATUS = "cip-identity-status", status;
    SERIAL_NUMBER = "cip-serial-number", serial_number;
    PRODUCT_NAME = "cip-product-name", Rules::text;
    STATE = "cip-identity-state", state;
    MODE = "cip-logix-mode", logix_mode;
    KEY_SWITCH = "cip-logix-key-switch", logix_key_switch;
    EXPECTED_REVISION = "cip-key-revision", expected_revision;
    // ListIdentity, ListServices.
    PROTOCOL_VERSION = "enip-protocol-version", Rules::decimal_le;
    OWN_ADDRESS = "enip-ip-address", Rules::ipv4;
    SOCKET_ADDRESS = "enip-socket-address", socket_address;
    SERVICE = "enip-service", Rules::text;
    // TCP/IP Interface, Ethernet Link, Port.
    IP_ADDRESS = "cip-ip-address", ipv4;
    SUBNET_MASK = "cip-subnet-mask", ipv4;
    GATEWAY = "cip-gateway", ipv4;
    NAME_SERVER = "cip-name-server", ipv4;
    DOMAIN = "cip-domain-name", Rules::text;
    HOSTNAME = "cip-host-name", Rules::text;
    CONFIGURATION_METHOD = "cip-configuration-method", configuration_method;
    MAC_ADDRESS = "cip-physical-address", Rules::mac;
    INTERFACE_LABEL = "cip-interface-label", Rules::text;
    NODE_ADDRESS = "cip-node-address", node_address;
    // Logix controllers.
    CONTROLLER_NAME = "cip-logix-controller-name", Rules::text;
    CONTROLLER_DESCRIPTION = "cip-logix-description", Rules::text;
    // Forward Open.
    ORIGINATOR_VENDOR_ID = "cip-originator-vendor-id", nonzero;
    ORIGINATOR_SERIAL = "cip-originator-serial", serial_number;
    KEY_MISMATCH = "cip-key-mismatch", key_mismatch;
}

fn word(octets: &[u8]) -> Option<u16> {
    octets.try_into().ok().map(u16::from_le_bytes)
}

fn nonzero(octets: &[u8]) -> Option<String> {
    word(octets).filter(|number| *number != 0).map(|number| number.to_string())
}

fn vendor(octets: &[u8]) -> Option<String> {
    let number = word(octets).filter(|number| *number != 0)?;
    Some(names::vendor(number).map_or_else(|| format!("CIP vendor {number}"), str::to_owned))
}

fn device_type(octets: &[u8]) -> Option<String> {
    let number = word(octets)?;
    Some(names::device_type(number).map_or_else(|| format!("CIP device type {number}"), str::to_owned))
}

/// Major and minor revision in decimal, as the standard writes them; 0.0 is none.
fn revision(octets: &[u8]) -> Option<String> {
    match octets {
        [0, 0] => None,
        [major, minor] => Some(format!("{major}.{minor}")),
        _ => None,
    }
}

/// The revision of an electronic key: `20.11`, `20` if any minor revision will do, with `or compatible` where the
/// device may stand in for others (volume 1, table C-1.5).
fn expected_revision(octets: &[u8]) -> Option<String> {
    let [major, minor] = octets else { return None };
    let compatible = if major & 0x80 == 0 { "" } else { " or compatible" };
    match (major & 0x7f, minor) {
        (0, _) => None,
        (major, 0) => Some(format!("{major}{compatible}")),
        (major, minor) => Some(format!("{major}.{minor}{compatible}")),
    }
}

/// Eight hexadecimal digits, as device labels print it; 0 is none.
fn serial_number(octets: &[u8]) -> Option<String> {
    let number = octets.try_into().ok().map(u32::from_le_bytes)?;
    (number != 0).then(|| format!("{number:08x}"))
}

/// The status word (volume 1, tables 5-2.4 and 5-2.5).
fn status(octets: &[u8]) -> Option<String> {
    let word = word(octets)?;
    let bit = |number: u32, name| (word >> number & 1 == 1).then_some(name);
    let extended = match word >> 4 & 0x0f {
        0 => "self-testing or unknown",
        1 => "firmware update in progress",
        2 => "at least one faulted I/O connection",
        3 => "no I/O connections established",
        4 => "non-volatile configuration bad",
        5 => "major fault",
        6 => "at least one I/O connection in run mode",
        7 => "all I/O connections in idle mode",
        _ => "vendor-specific status",
    };
    let words = [
        Some(extended),
        bit(0, "owned"),
        bit(2, "configured"),
        bit(8, "minor recoverable fault"),
        bit(9, "minor unrecoverable fault"),
        bit(10, "major recoverable fault"),
        bit(11, "major unrecoverable fault"),
    ];
    Some(words.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

/// Attribute 8 (volume 1, 5-2.2.1.8).
fn state(octets: &[u8]) -> Option<String> {
    let name = match octets {
        [1] => "device self testing",
        [2] => "standby",
        [3] => "operational",
        [4] => "major recoverable fault",
        [5] => "major unrecoverable fault",
        // A device that answers does exist, whatever 0 says; 255 stands for those that do not know.
        _ => return None,
    };
    Some(name.to_owned())
}

/// Bits 4 to 7 of a Logix controller's status (Rockwell Automation 1756-RM003, ControllerDevice object, Status).
fn logix_mode(octets: &[u8]) -> Option<String> {
    let mode = match word(octets)? >> 4 & 0x0f {
        1 => "firmware update",
        4 => "firmware bad",
        5 => "faulted",
        6 => "run",
        7 => "program",
        _ => return None,
    };
    Some(mode.to_owned())
}

/// Bits 12 and 13 of a Logix controller's status (the same place).
fn logix_key_switch(octets: &[u8]) -> Option<String> {
    let position = match word(octets)? >> 12 & 0x03 {
        1 => "run",
        2 => "program",
        3 => "remote",
        _ => return None,
    };
    Some(position.to_owned())
}

/// An address as a number, least significant octet first; 0.0.0.0 is none.
fn ipv4(octets: &[u8]) -> Option<String> {
    let number = octets.try_into().ok().map(u32::from_le_bytes)?;
    (number != 0).then(|| Ipv4Addr::from_bits(number).to_string())
}

/// Bits 0 to 3 of the configuration control (volume 2, table 5-4.5).
fn configuration_method(octets: &[u8]) -> Option<String> {
    let method = match octets.first()? & 0x0f {
        0 => "static",
        1 => "BOOTP",
        2 => "DHCP",
        _ => return None,
    };
    Some(method.to_owned())
}

/// A port segment: the port of the device and its own address on it.
fn node_address(octets: &[u8]) -> Option<String> {
    match Segments::new(Reader::new(Octets::unplaced(octets))).next()? {
        Ok(Segment::Port(hop)) if hop.port != 0 => {
            Some(format!("port={}/link={}", hop.port, Hop::link_address(hop.link.bytes)))
        }
        _ => None,
    }
}

/// Extended status of a refused connection: the device is not the one that the electronic key asks for (volume 1,
/// table 3-5.29).
fn key_mismatch(octets: &[u8]) -> Option<String> {
    let field = match u16::from_le_bytes(octets.try_into().ok()?) {
        0x0114 => "vendor id or product code",
        0x0115 => "device type",
        0x0116 => "revision",
        _ => return None,
    };
    Some(field.to_owned())
}

/// A socket address: family, port and address, in network order.
fn socket_address(octets: &[u8]) -> Option<String> {
    let [_, _, high, low, address @ ..] = octets else { return None };
    let address = <[u8; 4]>::try_from(address).ok().filter(|address| *address != [0; 4])?;
    Some(format!("{}:{}", Ipv4Addr::from(address), u16::from_be_bytes([*high, *low])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_the_standard_writes_them() {
        assert_eq!(vendor(&[1, 0]).as_deref(), Some("Rockwell Automation/Allen-Bradley"));
        assert_eq!(vendor(&[0x78, 0x56]).as_deref(), Some("CIP vendor 22136"));
        assert_eq!(vendor(&[0, 0]), None);
        assert_eq!(device_type(&[150, 0]).as_deref(), Some("CIP device type 150"));
        assert_eq!(revision(&[32, 11]).as_deref(), Some("32.11"));
        assert_eq!(serial_number(&[0xee, 0xff, 0xc0, 0x00]).as_deref(), Some("00c0ffee"));
        assert_eq!((serial_number(&[0; 4]), revision(&[0; 2]), serial_number(&[1])), (None, None, None));
    }

    #[test]
    fn a_key_revision_tells_exact_any_and_compatible() {
        assert_eq!(expected_revision(&[20, 11]).as_deref(), Some("20.11"));
        assert_eq!(expected_revision(&[0x94, 0]).as_deref(), Some("20 or compatible"));
        assert_eq!(expected_revision(&[0x80, 0]), None);
    }

    #[test]
    fn a_status_word_tells_faults_mode_and_key_switch() {
        let octets = [0x60, 0x30];
        assert_eq!(status(&octets).as_deref(), Some("at least one I/O connection in run mode"));
        assert_eq!(logix_mode(&octets).as_deref(), Some("run"));
        assert_eq!(logix_key_switch(&octets).as_deref(), Some("remote"));
        let octets = [0x75, 0x25];
        assert_eq!(
            status(&octets).as_deref(),
            Some(
                "all I/O connections in idle mode, owned, configured, minor recoverable fault, major recoverable fault"
            )
        );
        assert_eq!(logix_mode(&octets).as_deref(), Some("program"));
        assert_eq!(logix_key_switch(&octets).as_deref(), Some("program"));
        assert_eq!((logix_mode(&[0, 0]), logix_key_switch(&[0, 0])), (None, None));
    }

    #[test]
    fn an_extended_status_tells_what_the_key_missed() {
        assert_eq!(key_mismatch(&[0x15, 0x01]).as_deref(), Some("device type"));
        assert_eq!((key_mismatch(&[0x00, 0x01]), key_mismatch(&[])), (None, None));
    }

    #[test]
    fn addresses_read_in_their_own_byte_order() {
        assert_eq!(ipv4(&[0x79, 0x0a, 0xa8, 0xc0]).as_deref(), Some("192.168.10.121"));
        assert_eq!(socket_address(&[0, 2, 0xaf, 0x12, 192, 168, 1, 5]).as_deref(), Some("192.168.1.5:44818"));
        assert_eq!((ipv4(&[0; 4]), socket_address(&[0; 8]), socket_address(&[])), (None, None, None));
        assert_eq!(node_address(&[0x01, 0x03]).as_deref(), Some("port=1/link=3"));
        assert_eq!(node_address(&[0x20, 0x03]), None);
        assert_eq!(configuration_method(&[2, 0, 0, 0]).as_deref(), Some("DHCP"));
    }
}
