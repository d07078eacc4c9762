//! The rules by which octets become values, each named and listed once.

use observation::{Rule, Rules};

use crate::registry;

/// Manufacturer identification codes (common table 8), in ascending order; the first line names source and date.
const MANUFACTURERS: &str = include_str!("manufacturers.tsv");

/// Expanded device type codes (common table 1): the name, and the manufacturer's as its last word.
const DEVICE_TYPES: &str = include_str!("device_types.tsv");

macro_rules! rules {
    ($($name:ident = $text:literal, $read:expr;)*) => {
        $(pub(super) static $name: Rule = Rule { name: $text, read: $read };)*

        /// Every rule of the protocol.
        pub(super) const RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    MANUFACTURER_ID = "hart-manufacturer-id", manufacturer_id;
    MANUFACTURER = "hart-manufacturer-name-of-id", manufacturer;
    DEVICE_TYPE = "hart-expanded-device-type", device_type;
    MODEL = "hart-name-of-expanded-device-type", model;
    DEVICE_ID = "hart-device-id", device_id;
    REVISION = "hart-revision", revision;
    HARDWARE_REVISION = "hart-hardware-revision", hardware_revision;
    PROFILE = "hart-device-profile", profile;
    PACKED = "hart-packed-ascii", packed;
    TEXT = "hart-latin-1", latin_1;
    NUMBER = "hart-unsigned", number;
}

fn fold(octets: &[u8]) -> u32 {
    octets.iter().fold(0_u32, |value, octet| value << 8 | u32::from(*octet))
}

/// One octet up to revision 6, two from revision 7 on. 250 to 255 and 0 stand for none.
fn known_manufacturer(octets: &[u8]) -> Option<u32> {
    let number = (1..=2).contains(&octets.len()).then(|| fold(octets))?;
    (!matches!(number, 0 | 250..=255 | 0xffff)).then_some(number)
}

fn manufacturer_id(octets: &[u8]) -> Option<String> {
    known_manufacturer(octets).map(|number| number.to_string())
}

fn manufacturer(octets: &[u8]) -> Option<String> {
    let number = known_manufacturer(octets)?;
    let name = registry::find(MANUFACTURERS, number).map(|name| without_number(name, number));
    Some(name.map_or_else(|| format!("HART manufacturer {number}"), str::to_owned))
}

/// Some names of the table begin with their number.
fn without_number(name: &'static str, number: u32) -> &'static str {
    match name.split_once(' ') {
        Some((first, rest)) if first.parse() == Ok(number) => rest,
        _ => name,
    }
}

fn device_type(octets: &[u8]) -> Option<String> {
    let [high, low] = octets else { return None };
    Some(format!("0x{high:02x}{low:02x}"))
}

fn model(octets: &[u8]) -> Option<String> {
    let number = (octets.len() == 2).then(|| fold(octets))?;
    let name = without_number(registry::find(DEVICE_TYPES, number)?, number);
    // Names in capitals end with the manufacturer's.
    let is_coded = !name.chars().any(char::is_lowercase);
    let name = name.rsplit_once(' ').filter(|_| is_coded).map_or(name, |(name, _)| name);
    Some(name.to_owned())
}

/// Six hexadecimal digits; all zeros and all ones are none.
fn device_id(octets: &[u8]) -> Option<String> {
    let is_set = octets.len() == 3 && octets != [0; 3] && octets != [0xff; 3];
    is_set.then(|| Rules::hexadecimal(octets))?
}

/// 255 stands for none.
fn revision(octets: &[u8]) -> Option<String> {
    match octets {
        [u8::MAX] => None,
        [number] => Some(number.to_string()),
        _ => None,
    }
}

/// The upper five bits; the others name the physical signalling.
fn hardware_revision(octets: &[u8]) -> Option<String> {
    match octets {
        [octet] if octet >> 3 != 0x1f => Some((octet >> 3).to_string()),
        _ => None,
    }
}

/// Device profile codes (common table 57).
fn profile(octets: &[u8]) -> Option<String> {
    let [code] = octets else { return None };
    let name = match code {
        1 => "process automation device",
        2 => "discrete device",
        3 => "hybrid process automation and discrete device",
        4 => "I/O system",
        14 => "discrete adapter",
        65 => "HART-IP process automation device",
        66 => "HART-IP discrete device",
        67 => "HART-IP hybrid process automation and discrete device",
        68 => "HART-IP I/O system",
        129 => "WirelessHART process automation device",
        130 => "WirelessHART discrete device",
        131 => "WirelessHART hybrid process automation and discrete device",
        132 => "WirelessHART gateway",
        140 => "WirelessHART access point",
        141 => "WirelessHART process adapter",
        142 => "WirelessHART discrete adapter",
        144 => "WirelessHART handheld maintenance tool",
        _ => return None,
    };
    Some(name.to_owned())
}

/// Characters of six bits, four in three octets (FCG TS20099, packed ASCII). Question marks alone stand for none.
fn packed(octets: &[u8]) -> Option<String> {
    let mut text = String::new();
    for three in octets.chunks_exact(3) {
        let bits = fold(three);
        for shift in [18_u32, 12, 6, 0] {
            let code = u8::try_from(bits >> shift & 0x3f).unwrap_or_default();
            text.push(char::from(if code & 0x20 == 0 { code | 0x40 } else { code }));
        }
    }
    text_of(&text)
}

/// ISO Latin-1; question marks alone stand for none.
fn latin_1(octets: &[u8]) -> Option<String> {
    let end = octets.iter().position(|octet| *octet == 0).unwrap_or(octets.len());
    let text: String = octets.iter().take(end).map(|octet| char::from(*octet)).collect();
    text_of(&text)
}

fn text_of(text: &str) -> Option<String> {
    Rules::text(text.as_bytes()).filter(|text| text.chars().any(|character| character != '?'))
}

/// A number that is set.
fn number(octets: &[u8]) -> Option<String> {
    Rules::decimal_be(octets).filter(|_| octets.iter().any(|octet| *octet != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_tables_is_found() {
        registry::tests::check(MANUFACTURERS, "icsnpp-hart-ip@8d7d002", 579);
        registry::tests::check(DEVICE_TYPES, "icsnpp-hart-ip@8d7d002", 1_762);
    }

    #[test]
    fn names_are_without_their_numbers_and_manufacturers() {
        assert_eq!(manufacturer(&[0x26]).as_deref(), Some("ROSEMOUNT"));
        assert_eq!(manufacturer(&[0, 26]).as_deref(), Some("ABB"));
        assert_eq!(manufacturer(&[0x70, 0]).as_deref(), Some("HART manufacturer 28672"));
        assert_eq!((manufacturer(&[0]), manufacturer(&[0xff, 0xff]), manufacturer(&[])), (None, None, None));
        assert_eq!(model(&[0x26, 0x06]).as_deref(), Some("3051SOR3051"));
        assert_eq!(model(&[0x11, 0x12]).as_deref(), Some("FMP4X"));
        assert_eq!(model(&[0xf9, 0xfd]).as_deref(), Some("FieldComm Group HART-IP FlowDevice"));
        assert_eq!(model(&[0, 0]), None);
        assert_eq!(device_type(&[0x26, 0x06]).as_deref(), Some("0x2606"));
    }

    #[test]
    fn packed_text_is_four_characters_in_three_octets() {
        assert_eq!(packed(&[0x41, 0x4b, 0x71, 0xc3, 0x18, 0x20]).as_deref(), Some("PT-101"));
        assert_eq!(packed(&[0xff; 6]), None, "question marks");
        assert_eq!(packed(&[0x82, 0x08, 0x20]), None, "blanks");
        assert_eq!(latin_1(b"FT-101 \xb0C\0\0").as_deref(), Some("FT-101 °C"));
    }

    #[test]
    fn placeholders_say_nothing() {
        assert_eq!((device_id(&[0; 3]), device_id(&[0xff; 3])), (None, None));
        assert_eq!(device_id(&[0x12, 0x34, 0x56]).as_deref(), Some("123456"));
        assert_eq!((revision(&[255]), hardware_revision(&[0xf8]), number(&[0; 3])), (None, None, None));
        assert_eq!(hardware_revision(&[0x4e]).as_deref(), Some("9"));
        assert_eq!(profile(&[132]).as_deref(), Some("WirelessHART gateway"));
        assert_eq!(profile(&[200]), None);
    }
}
