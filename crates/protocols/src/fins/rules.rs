//! The rules by which octets become values.

use observation::{Rule, Rules};

macro_rules! rules {
    ($($name:ident = $text:literal, $read:expr;)*) => {
        $(pub(super) static $name: Rule = Rule { name: $text, read: $read };)*

        /// Every rule of the protocol.
        pub(super) const RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    VENDOR = "fins-vendor", vendor;
    MODEL = "fins-model", Rules::text;
    VERSION = "fins-version", Rules::text;
    INTERNAL_VERSION = "fins-internal-version", internal_version;
    PROGRAM_AREA = "fins-program-area", program_area;
    MEMORY_CARD = "fins-memory-card", memory_card;
    STATUS = "fins-status", status;
    MODE = "fins-mode", mode;
    FATAL = "fins-fatal-error", fatal;
    MESSAGE = "fins-error-message", Rules::text;
    NAME = "fins-name", Rules::text;
    ADDRESS = "fins-address", address;
    NODE = "fins-node", node;
}

/// Nobody but Omron's controllers answers "controller data read" in this form.
fn vendor(octets: &[u8]) -> Option<String> {
    (octets == [0x05, 0x01]).then(|| "Omron".to_owned())
}

/// Some series give the version in the first ten of the twenty octets and that of the internal software in the others.
fn internal_version(octets: &[u8]) -> Option<String> {
    let separate = matches!(octets.get(9), Some(0 | b' '));
    octets.get(10..20).filter(|_| separate).and_then(Rules::text)
}

fn program_area(octets: &[u8]) -> Option<String> {
    let size = octets.try_into().ok().map(u16::from_be_bytes)?;
    (size != 0).then(|| format!("{size} Kwords"))
}

/// Kind and size in KB of the memory card.
fn memory_card(octets: &[u8]) -> Option<String> {
    let &[kind, high, low] = octets else { return None };
    let size = u16::from_be_bytes([high, low]);
    let kind = match kind {
        0 => return None,
        1 => "SPRAM".to_owned(),
        2 => "EPROM".to_owned(),
        3 => "EEPROM".to_owned(),
        4 => "flash memory".to_owned(),
        other => format!("kind {other}"),
    };
    Some(if size == 0 { kind } else { format!("{kind}, {size} KB") })
}

fn status(octets: &[u8]) -> Option<String> {
    let status = match octets {
        [0x00] => "stop",
        [0x01] => "run",
        [0x80] => "standby",
        _ => return None,
    };
    Some(status.to_owned())
}

fn mode(octets: &[u8]) -> Option<String> {
    let mode = match octets {
        [0x00] => "program",
        [0x01] => "debug",
        [0x02] => "monitor",
        [0x04] => "run",
        _ => return None,
    };
    Some(mode.to_owned())
}

/// The word of fatal errors; 0 is none.
fn fatal(octets: &[u8]) -> Option<String> {
    let word = octets.try_into().ok().map(u16::from_be_bytes)?;
    (word != 0).then(|| format!("{word:04x}"))
}

/// Network, node and unit, as Omron's tools print them.
fn address(octets: &[u8]) -> Option<String> {
    match octets {
        [0, 0, 0] => None,
        [network, node, unit] => Some(format!("{network}.{node}.{unit}")),
        _ => None,
    }
}

fn node(octets: &[u8]) -> Option<String> {
    let node = octets.try_into().ok().map(u32::from_be_bytes)?;
    (1..=254).contains(&node).then(|| node.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_version_is_read_only_where_there_are_two() {
        assert_eq!(internal_version(b"01.00\0\0\0\0\x0001.06\0\0\0\0\0").as_deref(), Some("01.06"));
        assert_eq!(internal_version(b"02.01               "), None);
        assert_eq!(internal_version(&[b'B'; 20]), None);
    }

    #[test]
    fn cards_modes_and_addresses_read_as_the_manual_names_them() {
        assert_eq!(memory_card(&[4, 0, 48]).as_deref(), Some("flash memory, 48 KB"));
        assert_eq!(memory_card(&[9, 0, 0]).as_deref(), Some("kind 9"));
        assert_eq!((memory_card(&[0, 0, 4]), program_area(&[0, 0])), (None, None));
        assert_eq!((mode(&[4]).as_deref(), status(&[1]).as_deref()), (Some("run"), Some("run")));
        assert_eq!(fatal(&[0x80, 0]).as_deref(), Some("8000"));
        assert_eq!(address(&[0, 200, 16]).as_deref(), Some("0.200.16"));
        assert_eq!((address(&[0; 3]), node(&[0, 0, 1, 0])), (None, None));
    }
}
