//! The rules by which octets become values.

use observation::{Mac, Rule, Rules};

macro_rules! rules {
    ($($name:ident = $text:literal, $read:expr;)*) => {
        $(pub(super) static $name: Rule = Rule { name: $text, read: $read };)*

        /// Every rule of the protocol.
        pub(super) const RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    VENDOR = "melsec-vendor", vendor;
    MODEL = "melsec-type-name", Rules::text;
    MODEL_CODE = "melsec-type-code", code_16;
    MODEL_CODE_ASCII = "melsec-type-code-ascii", Rules::text;
    MAC_ADDRESS = "melsec-mac-address", mac;
    HOSTNAME = "melsec-host-name", Rules::text;
    VENDOR_CODE = "melsec-vendor-code", code_16;
    NODE_MODEL_CODE = "melsec-node-model-code", code_32;
    VERSION = "melsec-equipment-version", Rules::decimal_le;
}

/// Mitsubishi Electric's CPUs are called so: `Q03UDVCPU`, `R08CPU`, `FX5U-32MT/ES`. Others speak SLMP, too.
fn vendor(octets: &[u8]) -> Option<String> {
    let name = Rules::text(octets)?;
    let series = ["Q", "L", "R", "A", "FX"].iter().any(|series| name.starts_with(series));
    (name.starts_with("FX") || series && name.contains("CPU")).then(|| "Mitsubishi Electric".to_owned())
}

fn code_16(octets: &[u8]) -> Option<String> {
    let code = octets.try_into().ok().map(u16::from_le_bytes)?;
    (code != 0).then(|| format!("{code:04x}"))
}

fn code_32(octets: &[u8]) -> Option<String> {
    let code = octets.try_into().ok().map(u32::from_le_bytes)?;
    (code != 0).then(|| format!("{code:08x}"))
}

/// A MAC address, last octet first.
fn mac(octets: &[u8]) -> Option<String> {
    let mut octets: [u8; 6] = octets.try_into().ok()?;
    octets.reverse();
    Mac::from_slice(&octets).filter(|mac| !mac.is_zero()).map(|mac| mac.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cpu_of_the_maker_is_known_by_its_name() {
        assert_eq!(vendor(b"R08CPU          ").as_deref(), Some("Mitsubishi Electric"));
        assert_eq!(vendor(b"FX5U-32MT/ES\0\0\0\0").as_deref(), Some("Mitsubishi Electric"));
        assert_eq!((vendor(b"QX-Robot"), vendor(b"IAI RCON")), (None, None));
    }

    #[test]
    fn codes_and_addresses_are_read_last_octet_first() {
        assert_eq!(code_16(&[0x01, 0x48]).as_deref(), Some("4801"));
        assert_eq!(mac(&[0xab, 0x32, 0x22, 0x11, 0x4b, 0x10]).as_deref(), Some("10:4b:11:22:32:ab"));
        assert_eq!((mac(&[0; 6]), code_32(&[0; 4])), (None, None));
    }
}
