//! The rules: which octets give which value.

use observation::{Octets, Rule, Rules};

use crate::ber::{self, Element};
use crate::{Reader, process_bus};

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $read:expr;)*) => {
        $($(#[$doc])* pub(super) static $name: Rule = Rule { name: $text, read: $read };)*
        /// Every rule above.
        pub(super) const ALL: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    /// Vendor name of Identify.
    VENDOR = "mms-identify-vendor", text;
    /// Model name of Identify.
    MODEL = "mms-identify-model", text;
    /// Revision of Identify.
    REVISION = "mms-identify-revision", text;
    /// Value of a part of a name plate.
    PLATE_TEXT = "mms-name-plate", text;
    /// Name of a domain: in IEC 61850 a logical device.
    DOMAIN = "mms-domain", text;
    /// Logical device in a reference, up to the slash.
    REFERENCE_DEVICE = "mms-reference-logical-device", process_bus::logical_device;
    /// What the names of the logical devices of a list begin with: that is the name of the device (IEC 61850-8-1,
    /// 8.1.2: a domain is named by the device and the logical device).
    DEVICE_OF_LIST = "mms-device-of-name-list", common_start;
    /// Title of an application process, an object identifier.
    AP_TITLE = "mms-ap-title", |octets| ber::object_identifier(octets);
    /// TASE.2, by a name of its own.
    TASE2 = "mms-tase2-name", |octets| super::names::is_tase2(octets).then(|| "TASE.2".to_owned());
    /// IEC 61850, by a name of its kind.
    IEC61850 = "mms-iec61850-name", |octets| super::names::is_iec61850(octets).then(|| "IEC 61850".to_owned());
    /// Identifier of the bilateral table of two control centres.
    BILATERAL_TABLE = "mms-bilateral-table", text;
}

/// Text that says something: unset ones are full of blanks, zeros or dashes.
fn text(octets: &[u8]) -> Option<String> {
    Rules::text(octets)
        .filter(|text| !text.chars().all(|character| matches!(character, '-' | '0' | '?' | '.')))
}

/// The longest common start of the names of a list; the name itself if there is but one.
fn common_start(octets: &[u8]) -> Option<String> {
    /// A shorter start is chance.
    const CHARS_MIN: usize = 3;
    let mut names = Reader::new(Octets::unplaced(octets));
    let mut common: Option<&[u8]> = None;
    while !names.is_empty() {
        let name = Element::expect(&mut names, ber::VISIBLE_STRING, "name").ok()?.contents.bytes;
        common = Some(match common {
            None => name,
            Some(common) => {
                let same = common.iter().zip(name).take_while(|(left, right)| left == right).count();
                common.get(..same).unwrap_or_default()
            }
        });
    }
    let common = common.filter(|common| common.len() >= CHARS_MIN)?;
    let text = Rules::text(common)?;
    let name = text.trim_end_matches(['_', '-']);
    (name.len() >= CHARS_MIN).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_device_is_what_its_logical_devices_begin_with() {
        let list = |names: &[&str]| {
            let octets: Vec<u8> = names
                .iter()
                .flat_map(|name| [&[ber::VISIBLE_STRING, name.len() as u8], name.as_bytes()].concat())
                .collect();
            common_start(&octets)
        };
        assert_eq!(list(&["SEL421ACFG", "SEL421APRO", "SEL421AMET"]).as_deref(), Some("SEL421A"));
        assert_eq!(list(&["BAY1_CTRL", "BAY1_PROT"]).as_deref(), Some("BAY1"));
        assert_eq!(list(&["SEL421ACFG"]).as_deref(), Some("SEL421ACFG"));
        assert_eq!(list(&["ABC", "XYZ"]), None);
        assert_eq!(common_start(&[5, 0]), None);
    }

    #[test]
    fn unset_texts_say_nothing() {
        assert_eq!(text(b"----"), None);
        assert_eq!(text(b"R328-V0").as_deref(), Some("R328-V0"));
    }
}
