//! The rules: which octets give which value.

use observation::{Rule, Rules};

use super::names;
use crate::{pi_vendors, s7comm};

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $read:expr;)*) => {
        $($(#[$doc])* pub(super) static $name: Rule = Rule { name: $text, read: $read };)*
        /// Every rule above.
        pub(super) const ALL: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    /// Order number in the session version string, `1;order number;firmware`.
    SESSION_ORDER_NUMBER = "s7plus-session-order-number", |octets| Rules::text(part(octets, 1)?);
    /// Firmware version in the session version string.
    SESSION_FIRMWARE = "s7plus-session-firmware", |octets| Rules::text(part(octets, 2)?);
    /// The maker that the order number in the session version string tells.
    SESSION_VENDOR = "s7plus-session-vendor",
        |octets| s7comm::names::vendor(part(octets, 1)?.trim_ascii()).map(str::to_owned);

    /// Order number of I&M0, 20 octets.
    IM_ORDER_NUMBER = "s7plus-im0-order-number", Rules::text;
    /// Serial number of I&M0, 16 octets.
    IM_SERIAL_NUMBER = "s7plus-im0-serial-number", Rules::text;
    /// Hardware revision of I&M0, two octets.
    IM_HARDWARE_REVISION = "s7plus-im0-hardware-revision",
        |octets| Rules::decimal_be(octets).filter(|revision| revision != "65535");
    /// Software revision of I&M0: a letter and three numbers.
    IM_FIRMWARE = "s7plus-im0-firmware", software_revision;
    /// Manufacturer id of I&M0, two octets.
    IM_VENDOR = "s7plus-im0-manufacturer", pi_vendors::read;

    /// Operating state, a packed number.
    MODE = "s7plus-operating-state", mode;
    /// Text of the client about itself.
    CLIENT_TEXT = "s7plus-client-text", Rules::text;
    /// Host name in what the client calls its host.
    CLIENT_HOST = "s7plus-client-host", host_name;
    /// Network card in the way to the client, `1:::6.0::TCP/IP -> card`.
    CLIENT_NETWORK_CARD = "s7plus-client-network-card", network_card;
    /// Name of an object that is created.
    OBJECT_NAME = "s7plus-object-name", Rules::text;
    /// Record of TLS: type and version.
    ENCRYPTION = "s7plus-tls-record", |octets| matches!(octets, [0x14..=0x17, 3, _]).then(|| "TLS".to_owned());
}

/// A part of a text between semicolons.
fn part(octets: &[u8], index: usize) -> Option<&[u8]> {
    octets.split(|octet| *octet == b';').nth(index)
}

fn software_revision(octets: &[u8]) -> Option<String> {
    let [letter, major, minor, patch]: [u8; 4] = octets.try_into().ok()?;
    let prefix = match letter {
        b'V' | b'R' | b'P' | b'U' | b'T' => char::from(letter),
        _ => return None,
    };
    ((major, minor, patch) != (0, 0, 0)).then(|| format!("{prefix}{major}.{minor}.{patch}"))
}

fn mode(octets: &[u8]) -> Option<String> {
    match octets {
        [state] => s7comm::names::mode(*state).map(str::to_owned),
        _ => None,
    }
}

/// TIA Portal adds an underscore and a number to the host name. What has blanks in it is the word of a panel.
fn host_name(octets: &[u8]) -> Option<String> {
    /// Digits of that number at least; shorter ones occur in names of hosts.
    const DIGITS_MIN: usize = 6;
    /// What runtimes and libraries put there.
    const PLACEHOLDERS: [&str; 4] = ["YourHost", "localhost", "s7commplus", "HMIHost"];
    let text = Rules::text(octets)?;
    let name = match text.rsplit_once('_') {
        Some((name, number))
            if number.len() >= DIGITS_MIN && number.bytes().all(|octet| octet.is_ascii_digit()) =>
        {
            name
        }
        _ => text.as_str(),
    };
    let is_name = !name.is_empty()
        && name.chars().all(|character| character.is_alphanumeric() || matches!(character, '-' | '_' | '.'));
    (is_name && !PLACEHOLDERS.contains(&name)).then(|| name.to_owned())
}

fn network_card(octets: &[u8]) -> Option<String> {
    let text = Rules::text(octets)?;
    let (_, card) = text.split_once("-> ")?;
    (!card.is_empty()).then(|| card.to_owned())
}

/// Octets of an I&M0 block with its header.
pub(super) const IM_OCTETS: usize = 60;

/// Whether a blob is an I&M0 block: type 0x0020, length 0x38, version 1.0.
pub(super) fn is_identification(octets: &[u8]) -> bool {
    octets.len() >= IM_OCTETS && octets.starts_with(&[0x00, 0x20, 0x00, 0x38, 0x01, 0x00])
}

/// Whether an attribute names what the client says of itself.
pub(super) fn is_of_client(attribute: u32) -> bool {
    matches!(
        attribute,
        names::SESSION_CLIENT | names::SESSION_APPLICATION | names::SESSION_HOST | names::SESSION_COMMENT
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_version_names_order_number_and_firmware() {
        let text = b"1;6ES7 214-1HE30-0XB0 ;V2.2";
        assert_eq!((SESSION_ORDER_NUMBER.read)(text).as_deref(), Some("6ES7 214-1HE30-0XB0"));
        assert_eq!((SESSION_FIRMWARE.read)(text).as_deref(), Some("V2.2"));
        assert_eq!((SESSION_VENDOR.read)(text).as_deref(), Some("Siemens AG"));
        assert_eq!((SESSION_ORDER_NUMBER.read)(b"2;793").as_deref(), Some("793"));
        assert_eq!((SESSION_FIRMWARE.read)(b"2;793"), None);
    }

    #[test]
    fn host_names_lose_the_number_of_tia_portal_and_placeholders_say_nothing() {
        assert_eq!(host_name(b"VORTEX_21032491").as_deref(), Some("VORTEX"));
        assert_eq!(host_name(b"LINE_2024").as_deref(), Some("LINE_2024"));
        assert_eq!(host_name(b"HMI HOST"), None);
        assert_eq!(host_name(b"YourHost"), None);
        assert_eq!(host_name(b"_123456"), None);
        assert_eq!(
            network_card(b"1:::6.0::TCP/IP -> Intel(R) PRO/1000").as_deref(),
            Some("Intel(R) PRO/1000")
        );
        assert_eq!(network_card(b"1:::6.32::"), None);
    }

    #[test]
    fn revisions_and_states_that_are_unset_say_nothing() {
        assert_eq!(software_revision(&[b'V', 4, 3, 1]).as_deref(), Some("V4.3.1"));
        assert_eq!(software_revision(&[b'V', 0, 0, 0]), None);
        assert_eq!(software_revision(&[0, 1, 2, 3]), None);
        assert_eq!((IM_HARDWARE_REVISION.read)(&[0xff, 0xff]), None);
        assert_eq!(mode(&[8]).as_deref(), Some("RUN"));
        assert_eq!(mode(&[4]).as_deref(), Some("STOP"));
    }
}
