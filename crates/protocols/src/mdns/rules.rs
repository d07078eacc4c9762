//! How values are read from names and texts.

use observation::{Mac, Rule, Rules, attribute};

use crate::{dns_message, ip_address};

macro_rules! rules {
    ($($(#[$doc:meta])* $constant:ident = $name:literal, $read:expr;)*) => {
        $($(#[$doc])* pub(super) static $constant: Rule = Rule { name: $name, read: $read };)*

        /// Every rule.
        pub(super) const ALL: &[&Rule] = &[$(&$constant),*];
    };
}

rules! {
    /// One label.
    LABEL = "mdns-label", Rules::text;
    /// Text of a key that somebody filled in.
    ITEM = "mdns-item", item;
    /// Labels with their lengths: `_http._tcp`.
    SERVICE = "mdns-service", dns_message::text;
    /// IPv4 or IPv6 address.
    ADDRESS = "mdns-address", ip_address::unicast;
    /// MAC address in text, also within brackets behind a name.
    MAC = "mdns-mac-address", mac;
    /// Product in round brackets, as printers write it.
    PRODUCT = "mdns-product", |octets| item(octets.strip_prefix(b"(")?.strip_suffix(b")")?);
}

/// What a text says of a device, by the key before the first equals sign, in lower case: those of printers (Bonjour
/// Printing Specification 1.2.1), of `_device-info`, and words that makers of equipment use.
pub(super) const KEYS: &[(&str, &str, &Rule)] = &[
    ("ty", attribute::MODEL, &ITEM),
    ("model", attribute::MODEL, &ITEM),
    ("modelname", attribute::MODEL, &ITEM),
    ("product", attribute::MODEL, &PRODUCT),
    ("usb_mdl", attribute::MODEL, &ITEM),
    ("usb_mfg", attribute::VENDOR, &ITEM),
    ("manufacturer", attribute::VENDOR, &ITEM),
    ("vendor", attribute::VENDOR, &ITEM),
    ("mfg", attribute::VENDOR, &ITEM),
    ("serial", attribute::SERIAL_NUMBER, &ITEM),
    ("serialnumber", attribute::SERIAL_NUMBER, &ITEM),
    ("serialno", attribute::SERIAL_NUMBER, &ITEM),
    ("sn", attribute::SERIAL_NUMBER, &ITEM),
    ("ordernumber", attribute::ORDER_NUMBER, &ITEM),
    ("fw", attribute::FIRMWARE_VERSION, &ITEM),
    ("fwversion", attribute::FIRMWARE_VERSION, &ITEM),
    ("fw_version", attribute::FIRMWARE_VERSION, &ITEM),
    ("firmware", attribute::FIRMWARE_VERSION, &ITEM),
    ("hw", attribute::HARDWARE_REVISION, &ITEM),
    ("hwversion", attribute::HARDWARE_REVISION, &ITEM),
    ("hw_version", attribute::HARDWARE_REVISION, &ITEM),
    ("mac", attribute::MAC_ADDRESS, &MAC),
    ("macaddress", attribute::MAC_ADDRESS, &MAC),
    ("note", attribute::LOCATION, &ITEM),
    ("location", attribute::LOCATION, &ITEM),
    ("uuid", "mdns.uuid", &ITEM),
];

/// What makers leave in, in lower case.
const NOT_FILLED_IN: &[&str] = &["none", "n/a", "unknown", "default", "null", "-", "0"];

fn item(octets: &[u8]) -> Option<String> {
    Rules::text(octets).filter(|text| !NOT_FILLED_IN.contains(&text.to_ascii_lowercase().as_str()))
}

fn mac(octets: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(octets).ok()?;
    let text = text.rsplit_once('[').and_then(|(_, rest)| rest.strip_suffix(']')).unwrap_or(text).trim();
    let digits: String = text.chars().filter(|character| !matches!(character, ':' | '-' | '.')).collect();
    let number = (digits.len() == 12 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
        .then(|| u64::from_str_radix(&digits, 16).ok())??;
    let mac = Mac::from_slice(number.to_be_bytes().get(2..)?)?;
    (!mac.is_zero() && !mac.is_group()).then(|| mac.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mac_addresses_are_read_as_makers_write_them() {
        for text in ["00:1b:1b:10:00:50", "001B1B100050", "00-1B-1B-10-00-50", "HMI [00:1b:1b:10:00:50]"] {
            assert_eq!(mac(text.as_bytes()).as_deref(), Some("00:1b:1b:10:00:50"), "{text}");
        }
        for text in ["", "HMI", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", "+01b1b100050", "001b1b10005"] {
            assert_eq!(mac(text.as_bytes()), None, "{text}");
        }
        assert_eq!((PRODUCT.read)(b"(Exemplum 7)").as_deref(), Some("Exemplum 7"));
        assert_eq!(((PRODUCT.read)(b"Exemplum 7"), item(b"N/A")), (None, None));
    }
}
