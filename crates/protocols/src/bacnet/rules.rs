//! The rules by which octets become values, each named and listed once.

use std::net::Ipv4Addr;

use observation::{Rule, Rules};

use super::tags::Object;
use crate::registry;

/// Vendor ids (ASHRAE, "BACnet Vendor IDs"), in ascending order: number, tab, name; the first line names source and date.
const VENDORS: &str = include_str!("vendors.tsv");

/// What the table calls numbers that nobody holds.
const RESERVED: &str = "Reserved for ASHRAE";

macro_rules! rules {
    ($($name:ident = $text:literal, $read:expr;)*) => {
        $(pub(super) static $name: Rule = Rule { name: $text, read: $read };)*

        /// Every rule of the protocol.
        pub(super) const RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    INSTANCE = "bacnet-device-instance", instance;
    VENDOR_ID = "bacnet-vendor-id", Rules::decimal_be;
    VENDOR = "bacnet-vendor-name-of-id", vendor;
    CHARACTERS = "bacnet-character-string", characters;
    UNSIGNED = "bacnet-unsigned", Rules::decimal_be;
    STATUS = "bacnet-system-status", status;
    OCTETS = "bacnet-octet-string", Rules::hexadecimal;
    IP_ADDRESS = "bacnet-ip-address", Rules::ipv4;
    NETWORK = "bacnet-network-number", network;
    BROADCAST_PEER = "bacnet-broadcast-distribution-entry", broadcast_peer;
    FOREIGN_DEVICE = "bacnet-foreign-device-entry", foreign_device;
    BROADCAST_MANAGEMENT = "bacnet-virtual-link-function", broadcast_management;
}

/// The instance of an object identifier of a device; none for 4194303, which stands for whichever there is.
fn instance(octets: &[u8]) -> Option<String> {
    let object = Object(u32::from_be_bytes(octets.try_into().ok()?));
    let is_one = object.kind() == Object::DEVICE && object.instance() != Object::ANY_INSTANCE;
    is_one.then(|| object.instance().to_string())
}

fn vendor(octets: &[u8]) -> Option<String> {
    let number = (1..=4).contains(&octets.len()).then(|| fold(octets))?;
    let name = registry::find(VENDORS, number).filter(|name| *name != RESERVED);
    Some(name.map_or_else(|| format!("BACnet vendor {number}"), str::to_owned))
}

/// A character string: its first octet names the character set (clause 20.2.9).
fn characters(octets: &[u8]) -> Option<String> {
    let (set, text) = octets.split_first()?;
    let wide = |width: usize| -> Option<String> {
        let scalars = text.chunks_exact(width).map(|octets| char::from_u32(fold(octets)));
        let text: String = scalars.map(|scalar| scalar.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        Rules::text(text.as_bytes())
    };
    match set {
        // DBCS, with the number of its code page.
        1 => Rules::text(text.get(2..)?),
        3 => wide(4),
        4 => wide(2),
        5 => wide(1),
        _ => Rules::text(text),
    }
}

fn fold(octets: &[u8]) -> u32 {
    octets.iter().fold(0_u32, |value, octet| value << 8 | u32::from(*octet))
}

/// BACnetDeviceStatus (clause 21).
fn status(octets: &[u8]) -> Option<String> {
    let [number] = octets else { return Rules::decimal_be(octets) };
    let name = match number {
        0 => "operational",
        1 => "operational, read-only",
        2 => "download required",
        3 => "download in progress",
        4 => "non-operational",
        5 => "backup in progress",
        other => return Some(format!("status {other}")),
    };
    Some(name.to_owned())
}

/// 0 and 65535 are no networks (clause 6.2.2).
fn network(octets: &[u8]) -> Option<String> {
    let number = u16::from_be_bytes(octets.try_into().ok()?);
    (!matches!(number, 0 | u16::MAX)).then(|| number.to_string())
}

/// Address and port.
fn address(octets: &[u8]) -> Option<String> {
    let [a, b, c, d, high, low] = *octets.first_chunk()?;
    let ip = Ipv4Addr::new(a, b, c, d);
    (!ip.is_unspecified()).then(|| format!("{ip}:{}", u16::from_be_bytes([high, low])))
}

fn broadcast_peer(octets: &[u8]) -> Option<String> {
    let [a, b, c, d] = *octets.last_chunk()?;
    (octets.len() == super::bvlc::ENTRY)
        .then(|| address(octets))?
        .map(|peer| format!("{peer} mask {}", Ipv4Addr::new(a, b, c, d)))
}

fn foreign_device(octets: &[u8]) -> Option<String> {
    (octets.len() == super::bvlc::ENTRY).then(|| address(octets))?
}

/// Functions that only a broadcast management device sends (annex J.4).
fn broadcast_management(octets: &[u8]) -> Option<String> {
    matches!(octets, [0x03 | 0x04 | 0x07]).then(|| "broadcast management device".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_found() {
        registry::tests::check(VENDORS, "icsnpp-bacnet@b34b92e", 1_175);
        assert_eq!(vendor(&[5]).as_deref(), Some("Johnson Controls Inc."));
        assert_eq!(vendor(&[0xff, 0xfe]).as_deref(), Some("BACnet vendor 65534"));
        assert_eq!(vendor(&[0x02, 0x2b]).as_deref(), Some("BACnet vendor 555"));
        assert_eq!(vendor(&[]), None);
    }

    #[test]
    fn character_strings_are_read_by_their_set() {
        assert_eq!(characters(b"\0PLC \xc3\xa4").as_deref(), Some("PLC ä"));
        assert_eq!(characters(&[4, 0, b'A', 0, 0xe4]).as_deref(), Some("Aä"));
        assert_eq!(characters(&[3, 0, 0, 0, b'A', 0xff, 0xff, 0xff, 0xff]).as_deref(), Some("A\u{fffd}"));
        assert_eq!(characters(&[5, b'K', 0xf6]).as_deref(), Some("Kö"));
        assert_eq!(characters(&[1, 3, 0x52, b'A']).as_deref(), Some("A"));
        assert_eq!((characters(&[0]), characters(&[]), characters(b"\0  ")), (None, None, None));
    }

    #[test]
    fn placeholders_say_nothing() {
        assert_eq!(instance(&[0x02, 0x3f, 0xff, 0xff]), None);
        assert_eq!(instance(&[0x02, 0, 0x30, 0x39]).as_deref(), Some("12345"));
        assert_eq!(instance(&[0x00, 0x40, 0, 1]), None);
        assert_eq!((network(&[0, 0]), network(&[0xff, 0xff])), (None, None));
        assert_eq!(foreign_device(&[0; 10]), None);
    }

    #[test]
    fn entries_of_tables_are_addresses() {
        let entry = [10, 0, 0, 9, 0xba, 0xc0, 255, 255, 255, 255];
        assert_eq!(broadcast_peer(&entry).as_deref(), Some("10.0.0.9:47808 mask 255.255.255.255"));
        assert_eq!(foreign_device(&entry).as_deref(), Some("10.0.0.9:47808"));
        assert_eq!(status(&[2]).as_deref(), Some("download required"));
        assert_eq!(broadcast_management(&[4]).as_deref(), Some("broadcast management device"));
        assert_eq!(broadcast_management(&[10]), None);
    }
}
