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
    VENDOR = "roc-plus-vendor", vendor;
    MODEL = "roc-plus-type", model;
    MODE = "roc-plus-mode", mode;
    TEXT = "roc-plus-text", Rules::text;
    SERIAL_NUMBER = "roc-plus-serial-number", serial_number;
    ADDRESS = "roc-plus-address", address;
}

/// Only Emerson's controllers answer opcode 6.
fn vendor(octets: &[u8]) -> Option<String> {
    (octets == [6]).then(|| "Emerson".to_owned())
}

/// Type of ROC (table 2-2).
fn model(octets: &[u8]) -> Option<String> {
    let [octet] = octets else { return None };
    let name = match octet {
        1 => "ROCPAC ROC300-Series",
        2 => "FloBoss 407",
        3 => "FlashPAC ROC300-Series",
        4 => "FloBoss 503",
        5 => "FloBoss 504",
        6 => "ROC800-Series",
        11 => "DL8000",
        _ => return None,
    };
    Some(name.to_owned())
}

fn mode(octets: &[u8]) -> Option<String> {
    let mode = match octets {
        [0] => "firmware update",
        [1] => "run",
        _ => return None,
    };
    Some(mode.to_owned())
}

fn serial_number(octets: &[u8]) -> Option<String> {
    let number = octets.try_into().ok().map(u32::from_le_bytes)?;
    (number != 0 && number != u32::MAX).then(|| number.to_string())
}

/// Unit and group, as the manual orders them.
fn address(octets: &[u8]) -> Option<String> {
    match octets {
        [0, 0] => None,
        [unit, group] => Some(format!("unit {unit} group {group}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_addresses_have_names() {
        assert_eq!(model(&[6]).as_deref(), Some("ROC800-Series"));
        assert_eq!((model(&[77]), vendor(&[7]), serial_number(&[0; 4])), (None, None, None));
        assert_eq!(address(&[1, 2]).as_deref(), Some("unit 1 group 2"));
        assert_eq!((address(&[0, 0]), mode(&[1]).as_deref()), (None, Some("run")));
    }
}
