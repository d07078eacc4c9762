//! Every rule that PTP's facts are made by.

use observation::{Mac, Rule, Rules};

pub(super) static VERSION: Rule = Rule { name: "ptp-version", read: version };
pub(super) static CLOCK: Rule = Rule { name: "ptp-clock-identity", read: identity };
pub(super) static CLOCK_MAC: Rule =
    Rule { name: "ptp-clock-mac", read: |id| mac_of(id).map(|mac| mac.to_string()) };
pub(super) static DOMAIN: Rule = Rule { name: "ptp-domain", read: Rules::decimal_be };
pub(super) static SUBDOMAIN: Rule = Rule { name: "ptp-subdomain", read: Rules::text };
pub(super) static SOURCE_UUID: Rule = Rule { name: "ptp-source-uuid", read: Rules::mac };
pub(super) static GRANDMASTER: Rule = Rule { name: "ptp-grandmaster", read: identity };
pub(super) static ANNOUNCES: Rule = Rule { name: "ptp-announces", read: announces };
pub(super) static STEPS: Rule = Rule { name: "ptp-steps-removed", read: Rules::decimal_be };
pub(super) static CLASS: Rule = Rule { name: "ptp-clock-class", read: class };
pub(super) static ACCURACY: Rule = Rule { name: "ptp-clock-accuracy", read: accuracy };
pub(super) static PRIORITIES: Rule = Rule { name: "ptp-priorities", read: priorities };
pub(super) static TIME_SOURCE: Rule = Rule { name: "ptp-time-source", read: time_source };
pub(super) static PHYSICAL_ADDRESS: Rule = Rule { name: "ptp-physical-address", read: Rules::mac };
pub(super) static PROTOCOL_ADDRESS: Rule = Rule { name: "ptp-protocol-address", read: Rules::ipv4 };
pub(super) static VENDOR: Rule = Rule { name: "ptp-manufacturer", read: |text| part(text, 0) };
pub(super) static MODEL: Rule = Rule { name: "ptp-model", read: |text| part(text, 1) };
pub(super) static INSTANCE: Rule = Rule { name: "ptp-instance", read: |text| part(text, 2) };
pub(super) static HARDWARE: Rule = Rule { name: "ptp-hardware-revision", read: |text| part(text, 0) };
pub(super) static FIRMWARE: Rule = Rule { name: "ptp-firmware-revision", read: |text| part(text, 1) };
pub(super) static SOFTWARE: Rule = Rule { name: "ptp-software-revision", read: |text| part(text, 2) };
pub(super) static NAME: Rule = Rule { name: "ptp-user-name", read: |text| part(text, 0) };
pub(super) static LOCATION: Rule = Rule { name: "ptp-location", read: |text| part(text, 1) };

pub(super) const ALL: &[&Rule] = &[
    &VERSION,
    &CLOCK,
    &CLOCK_MAC,
    &DOMAIN,
    &SUBDOMAIN,
    &SOURCE_UUID,
    &GRANDMASTER,
    &ANNOUNCES,
    &STEPS,
    &CLASS,
    &ACCURACY,
    &PRIORITIES,
    &TIME_SOURCE,
    &PHYSICAL_ADDRESS,
    &PROTOCOL_ADDRESS,
    &VENDOR,
    &MODEL,
    &INSTANCE,
    &HARDWARE,
    &FIRMWARE,
    &SOFTWARE,
    &NAME,
    &LOCATION,
];

/// Minor version in the high, version in the low half.
fn version(octets: &[u8]) -> Option<String> {
    let [octet] = octets else { return None };
    let (minor, major) = (octet >> 4, octet & 0xf);
    Some(if minor == 0 { major.to_string() } else { format!("{major}.{minor}") })
}

/// Eight octets with colons; none for all zeros and for "all clocks" (all ones).
fn identity(octets: &[u8]) -> Option<String> {
    if octets.len() != 8
        || octets.iter().all(|octet| *octet == 0)
        || octets.iter().all(|octet| *octet == 0xff)
    {
        return None;
    }
    Some(octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().join(":"))
}

/// The MAC that an identity is made of: FF-FE stands in its middle (clause 7.5.2.2.2).
pub(super) fn mac_of(octets: &[u8]) -> Option<Mac> {
    let [a, b, c, 0xff, 0xfe, d, e, f] = *octets else { return None };
    Mac::from_slice(&[a, b, c, d, e, f]).filter(|mac| !mac.is_zero() && !mac.is_group())
}

/// What the sender of an Announce message is, by its own identity and that of the grandmaster.
fn announces(octets: &[u8]) -> Option<String> {
    let (own, top) = octets.split_at_checked(8)?;
    identity(top)?;
    Some(if own == top { "grandmaster" } else { "boundary clock" }.to_owned())
}

/// Class of a clock (table 5).
fn class(octets: &[u8]) -> Option<String> {
    let [number] = octets else { return None };
    let name = match number {
        6 => "locked to a primary reference",
        7 => "lost its primary reference, in holdover",
        13 => "locked to an application-specific source",
        14 => "lost its application-specific source, in holdover",
        52 | 187 => "lost its primary reference",
        58 | 193 => "lost its application-specific source",
        248 => "default",
        255 => "slave only",
        _ => return Some(number.to_string()),
    };
    Some(format!("{number} ({name})"))
}

/// Accuracy of a clock (table 6).
fn accuracy(octets: &[u8]) -> Option<String> {
    let within = match octets {
        [0x20] => "25 ns",
        [0x21] => "100 ns",
        [0x22] => "250 ns",
        [0x23] => "1 us",
        [0x24] => "2.5 us",
        [0x25] => "10 us",
        [0x26] => "25 us",
        [0x27] => "100 us",
        [0x28] => "250 us",
        [0x29] => "1 ms",
        [0x2a] => "2.5 ms",
        [0x2b] => "10 ms",
        [0x2c] => "25 ms",
        [0x2d] => "100 ms",
        [0x2e] => "250 ms",
        [0x2f] => "1 s",
        [0x30] => "10 s",
        [0x31] => return Some("worse than 10 s".to_owned()),
        _ => return None,
    };
    Some(format!("within {within}"))
}

/// Both priorities; the lower wins.
fn priorities(octets: &[u8]) -> Option<String> {
    let [first, second] = octets else { return None };
    Some(format!("{first}, {second}"))
}

/// Where a grandmaster has its time from (table 7).
fn time_source(octets: &[u8]) -> Option<String> {
    let name = match octets {
        [0x10] => "atomic clock",
        [0x20] => "GPS",
        [0x30] => "terrestrial radio",
        [0x40] => "PTP",
        [0x50] => "NTP",
        [0x60] => "set by hand",
        [0x90] => "other",
        [0xa0] => "internal oscillator",
        _ => return None,
    };
    Some(name.to_owned())
}

/// One of the parts of a description, which semicolons separate.
fn part(octets: &[u8], place: usize) -> Option<String> {
    Rules::text(octets.split(|octet| *octet == b';').nth(place)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_of_clocks_tell_their_mac() {
        let id = [0x00, 0x1b, 0x1b, 0xff, 0xfe, 0x10, 0x00, 0x50];
        assert_eq!(identity(&id).as_deref(), Some("00:1b:1b:ff:fe:10:00:50"));
        assert_eq!(mac_of(&id).map(|mac| mac.to_string()).as_deref(), Some("00:1b:1b:10:00:50"));
        assert_eq!(mac_of(&[0x00, 0x1b, 0x1b, 0xff, 0xff, 0x10, 0x00, 0x50]), None);
        assert_eq!((identity(&[0; 8]), identity(&[0xff; 8])), (None, None));
    }

    #[test]
    fn numbers_of_tables_have_their_names() {
        assert_eq!(class(&[248]).as_deref(), Some("248 (default)"));
        assert_eq!(class(&[100]).as_deref(), Some("100"));
        assert_eq!(accuracy(&[0x21]).as_deref(), Some("within 100 ns"));
        assert_eq!((accuracy(&[0xfe]), time_source(&[0])), (None, None));
        assert_eq!(time_source(&[0x20]).as_deref(), Some("GPS"));
        assert_eq!((version(&[2]).as_deref(), version(&[0x12]).as_deref()), (Some("2"), Some("2.1")));
        assert_eq!((part(b"a;;c", 1), part(b"a;;c", 2).as_deref()), (None, Some("c")));
    }
}
