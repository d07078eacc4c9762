//! The rules by which octets of a diagnostic status become values.

use observation::{Rule, Rules};

macro_rules! rules {
    ($($name:ident = $text:literal, $read:expr;)*) => {
        $(pub(super) static $name: Rule = Rule { name: $text, read: $read };)*

        /// Every rule of the protocol.
        pub(super) const RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    VENDOR = "pccc-vendor", vendor;
    CATALOGUE = "pccc-catalogue-number", Rules::text;
    SERIES = "pccc-series-and-revision", series;
    MODE = "pccc-mode", mode;
    KEY_SWITCH = "pccc-key-switch", key_switch;
    FAULT = "pccc-major-error", fault;
    PLC5_MODEL = "pccc-plc5-model", plc5_model;
    PLC5_MODE = "pccc-plc5-mode", plc5_mode;
    PLC5_KEY_SWITCH = "pccc-plc5-key-switch", plc5_key_switch;
}

/// Type extender of SLC 500 and MicroLogix.
pub(super) const SLC: u8 = 0xee;
/// Type extender of PLC-5.
pub(super) const PLC5: u8 = 0xeb;

/// Only Allen-Bradley's processors have these type extenders.
fn vendor(octets: &[u8]) -> Option<String> {
    matches!(octets, [SLC | PLC5]).then(|| "Rockwell Automation/Allen-Bradley".to_owned())
}

/// Bits 5 to 7: series, bits 0 to 4: revision; 0 is A in both.
fn series(octets: &[u8]) -> Option<String> {
    let [octet] = octets else { return None };
    let letter = |number: u8| char::from(b'A'.saturating_add(number));
    (octet & 0x1f < 26).then(|| format!("series {} revision {}", letter(octet >> 5), letter(octet & 0x1f)))
}

/// Bits 0 to 4 of the status word S:1 (SLC 500 instruction set, 1747-RM001, appendix B).
fn mode(octets: &[u8]) -> Option<String> {
    let [octet] = octets else { return None };
    let mode = match octet & 0x1f {
        0 | 16 => "download",
        1 | 17 => "program",
        3 | 27 => "suspend",
        6 | 30 => "run",
        7..=9 => "test",
        _ => return None,
    };
    Some(mode.to_owned())
}

fn key_switch(octets: &[u8]) -> Option<String> {
    let [octet] = octets else { return None };
    let position = match octet & 0x1f {
        0..=9 => "remote",
        16 | 17 => "program",
        27 | 30 => "run",
        _ => return None,
    };
    Some(position.to_owned())
}

/// Major error word S:6; 0 is none.
fn fault(octets: &[u8]) -> Option<String> {
    let word = octets.try_into().ok().map(u16::from_le_bytes)?;
    (word != 0).then(|| format!("major error {word:04x}h"))
}

/// Expanded processor type of a PLC-5.
fn plc5_model(octets: &[u8]) -> Option<String> {
    let [octet] = octets else { return None };
    let name = match octet {
        0x15 => "PLC-5/40",
        0x22 => "PLC-5/10",
        0x23 => "PLC-5/60",
        0x28 => "PLC-5/40L",
        0x29 => "PLC-5/60L",
        0x31 => "PLC-5/11",
        0x32 => "PLC-5/20",
        0x33 => "PLC-5/30",
        0x4a => "PLC-5/20E",
        0x4b => "PLC-5/40E",
        0x59 => "PLC-5/80E",
        other => return Some(format!("PLC-5 (type {other:02x}h)")),
    };
    Some(name.to_owned())
}

/// Bits 0 to 2 of the operating status.
fn plc5_mode(octets: &[u8]) -> Option<String> {
    let [octet] = octets else { return None };
    let mode = match octet & 0x07 {
        0 | 4 => "program",
        2 | 6 => "run",
        1 | 5 => "test",
        _ => return None,
    };
    Some(mode.to_owned())
}

fn plc5_key_switch(octets: &[u8]) -> Option<String> {
    let [octet] = octets else { return None };
    let position = match octet & 0x07 {
        0 => "program",
        2 => "run",
        4..=6 => "remote",
        _ => return None,
    };
    Some(position.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_mode_and_switch_are_read_from_their_bits() {
        assert_eq!(series(&[0x23]).as_deref(), Some("series B revision D"));
        assert_eq!(series(&[0x1f]), None);
        assert_eq!((mode(&[0x26]).as_deref(), key_switch(&[0x26]).as_deref()), (Some("run"), Some("remote")));
        assert_eq!(
            (mode(&[17]).as_deref(), key_switch(&[17]).as_deref()),
            (Some("program"), Some("program"))
        );
        assert_eq!((mode(&[31]), key_switch(&[31])), (None, None));
        assert_eq!(fault(&[0x20, 0x00]).as_deref(), Some("major error 0020h"));
        assert_eq!(fault(&[0, 0]), None);
    }

    #[test]
    fn a_plc_5_is_named_by_its_type() {
        assert_eq!(plc5_model(&[0x4b]).as_deref(), Some("PLC-5/40E"));
        assert_eq!(plc5_model(&[0x77]).as_deref(), Some("PLC-5 (type 77h)"));
        assert_eq!(
            (plc5_mode(&[6]).as_deref(), plc5_key_switch(&[6]).as_deref()),
            (Some("run"), Some("remote"))
        );
        assert_eq!(vendor(&[0x12]), None);
    }
}
