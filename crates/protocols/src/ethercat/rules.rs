//! How octets of registers, slave information and objects become values. All numbers are least significant octet first.

use observation::{Rule, Rules};

/// Number (hexadecimal), tab, name. The first line names source and date.
const VENDORS: &str = include_str!("vendors.tsv");

pub(super) static VENDOR: Rule = Rule { name: "ethercat-vendor", read: vendor };
/// A number of four octets in hexadecimal, as makers print vendor, product and revision; 0 and all ones are none.
pub(super) static NUMBER: Rule = Rule { name: "ethercat-number", read: number };
/// A serial number of four octets; 0 and all ones are none.
pub(super) static SERIAL: Rule = Rule { name: "ethercat-serial", read: serial };
pub(super) static TEXT: Rule = Rule { name: "ethercat-text", read: Rules::text };
/// Type, revision and build of the slave controller, of four octets.
pub(super) static CONTROLLER: Rule = Rule { name: "ethercat-controller", read: controller };
/// A second station address that is set at the slave, of two octets; 0 is none.
pub(super) static ALIAS: Rule = Rule { name: "ethercat-alias", read: alias };
/// State of the application layer, of the octet of register 0x0130.
pub(super) static STATE: Rule = Rule { name: "ethercat-state", read: state };
/// Profile in the lower half of object 0x1000, of four octets.
pub(super) static PROFILE: Rule = Rule { name: "ethercat-profile", read: profile };
/// Number of slaves (two octets), then the counted-up position of one.
pub(super) static POSITION: Rule = Rule { name: "ethercat-position", read: position };

pub(super) const ALL: &[&Rule] =
    &[&VENDOR, &NUMBER, &SERIAL, &TEXT, &CONTROLLER, &ALIAS, &STATE, &PROFILE, &POSITION];

fn number32(octets: &[u8]) -> Option<u32> {
    let number = u32::from_le_bytes(octets.try_into().ok()?);
    (!matches!(number, 0 | u32::MAX)).then_some(number)
}

fn vendor(octets: &[u8]) -> Option<String> {
    let number = number32(octets)?;
    VENDORS.lines().find_map(|line| {
        let (found, name) = line.split_once('\t')?;
        (u32::from_str_radix(found, 16).ok()? == number).then(|| name.to_owned())
    })
}

fn number(octets: &[u8]) -> Option<String> {
    number32(octets).map(|number| format!("{number:#010x}"))
}

fn serial(octets: &[u8]) -> Option<String> {
    number32(octets).map(|number| number.to_string())
}

fn controller(octets: &[u8]) -> Option<String> {
    let [kind, revision, low, high] = *octets else { return None };
    let build = u16::from_le_bytes([low, high]);
    (kind != 0).then(|| format!("type {kind:#04x} revision {revision} build {build}"))
}

fn alias(octets: &[u8]) -> Option<String> {
    let number = u16::from_le_bytes(octets.try_into().ok()?);
    (number != 0).then(|| number.to_string())
}

/// Bit 4 says that the slave went back because of an error (ETG.1000.6, chapter 5.3).
fn state(octets: &[u8]) -> Option<String> {
    let octet = *octets.first()?;
    let state = match octet & 0x0f {
        1 => "INIT",
        2 => "PREOP",
        3 => "BOOT",
        4 => "SAFEOP",
        8 => "OP",
        _ => return None,
    };
    Some(if octet & 0x10 == 0 { state.to_owned() } else { format!("{state}, error") })
}

fn profile(octets: &[u8]) -> Option<String> {
    number32(octets)
        .map(|number| number & 0xffff)
        .filter(|profile| *profile != 0)
        .map(|profile| profile.to_string())
}

/// The master counts from 0 downwards, every slave counts up: what comes back is the number of slaves less the place.
fn position(octets: &[u8]) -> Option<String> {
    let [low, high, back_low, back_high] = *octets else { return None };
    let place = u16::from_le_bytes([low, high]).checked_sub(u16::from_le_bytes([back_low, back_high]))?;
    Some(place.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_found() {
        let mut lines = VENDORS.lines();
        assert!(lines.next().unwrap().starts_with("# "));
        for line in lines {
            let (number, name) = line.split_once('\t').unwrap();
            let octets = u32::from_str_radix(number, 16).unwrap().to_le_bytes();
            assert_eq!(vendor(&octets).as_deref(), Some(name));
        }
    }
}
