//! Every rule that SMB's facts are made by.

use std::net::IpAddr;

use observation::{Address, Rule, Rules};

use crate::netbios;

pub(super) static SESSION_NAME: Rule = Rule { name: "smb-session-name", read: netbios::text };
pub(super) static NATIVE_OS: Rule = Rule { name: "smb-native-os", read: Rules::text };
pub(super) static NATIVE_OS_UTF16: Rule = Rule { name: "smb-native-os-utf16", read: Rules::text_utf16_le };
pub(super) static LAN_MANAGER: Rule = Rule { name: "smb-native-lan-manager", read: Rules::text };
pub(super) static LAN_MANAGER_UTF16: Rule =
    Rule { name: "smb-native-lan-manager-utf16", read: Rules::text_utf16_le };
pub(super) static DOMAIN: Rule = Rule { name: "smb-domain", read: Rules::text };
pub(super) static DOMAIN_UTF16: Rule = Rule { name: "smb-domain-utf16", read: Rules::text_utf16_le };
pub(super) static SERVER_NAME: Rule = Rule { name: "smb-server-name", read: Rules::text };
pub(super) static SERVER_NAME_UTF16: Rule =
    Rule { name: "smb-server-name-utf16", read: Rules::text_utf16_le };
pub(super) static DIALECT_1: Rule = Rule { name: "smb-word-count", read: dialect_1 };
pub(super) static DIALECT_2: Rule = Rule { name: "smb-dialect", read: dialect_2 };
pub(super) static GUID: Rule = Rule { name: "smb-guid", read: guid };
pub(super) static START_TIME: Rule = Rule { name: "smb-server-start-time", read: file_time };
pub(super) static INTERFACE: Rule = Rule { name: "smb-interface-address", read: interface };

pub(super) const ALL: &[&Rule] = &[
    &SESSION_NAME,
    &NATIVE_OS,
    &NATIVE_OS_UTF16,
    &LAN_MANAGER,
    &LAN_MANAGER_UTF16,
    &DOMAIN,
    &DOMAIN_UTF16,
    &SERVER_NAME,
    &SERVER_NAME_UTF16,
    &DIALECT_1,
    &DIALECT_2,
    &GUID,
    &START_TIME,
    &INTERFACE,
];

/// The dialect that a negotiate response of SMB 1 shows by its word count ([MS-CIFS] section 2.2.4.52.2).
fn dialect_1(word_count: &[u8]) -> Option<String> {
    (word_count == [17]).then(|| "NT LM 0.12".to_owned())
}

/// [MS-SMB2] section 2.2.4; 0x02ff asks for another negotiation and is no dialect.
fn dialect_2(octets: &[u8]) -> Option<String> {
    let name = match u16::from_le_bytes(octets.try_into().ok()?) {
        0x0202 => "2.0.2",
        0x0210 => "2.1",
        0x0300 => "3.0",
        0x0302 => "3.0.2",
        0x0311 => "3.1.1",
        _ => return None,
    };
    Some(format!("SMB {name}"))
}

/// A GUID as Windows prints it ([MS-DTYP] section 2.3.4); `None` for all zeros or ones.
fn guid(octets: &[u8]) -> Option<String> {
    let octets: [u8; 16] = octets.try_into().ok()?;
    let number = u128::from_le_bytes(octets);
    let [a, b, c, d, e, f, g, h, rest @ ..] = octets;
    let start = format!(
        "{:08x}-{:04x}-{:04x}",
        u32::from_le_bytes([a, b, c, d]),
        u16::from_le_bytes([e, f]),
        u16::from_le_bytes([g, h])
    );
    let end = Rules::hexadecimal(&rest)?;
    let (variant, node) = end.split_at_checked(4)?;
    (number != 0 && number != u128::MAX).then(|| format!("{start}-{variant}-{node}"))
}

/// A time of [MS-DTYP] section 2.3.3, in RFC 3339 without fractions; `None` for 0, which means that it is not told.
fn file_time(octets: &[u8]) -> Option<String> {
    /// Tenths of microseconds in a second, and seconds from 1601 to 1970.
    const TICKS: u64 = 10_000_000;
    const EPOCH: i64 = 11_644_473_600;
    const DAY: i64 = 86_400;
    let ticks = u64::from_le_bytes(octets.try_into().ok()?);
    let seconds = i64::try_from(ticks / TICKS).ok()?.checked_sub(EPOCH)?;
    let (days, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let (year, month, day) = civil(days)?;
    (ticks > 0 && (1970..2200).contains(&year)).then(|| {
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    })
}

/// Year, month and day of a number of days since 1970 in the Gregorian calendar.
fn civil(days: i64) -> Option<(i64, i64, i64)> {
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut left = days;
    let mut year = 1970_i64;
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if left < length {
            break;
        }
        (left, year) = (left.checked_sub(length)?, year.checked_add(1)?);
        if year > 2200 {
            return None;
        }
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1_i64;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        (left, month) = (left.checked_sub(length)?, month.checked_add(1)?);
    }
    (left >= 0).then_some((year, month, left.saturating_add(1)))
}

/// The address of a socket address of Windows ([MS-SMB2] section 2.2.32.5.1), without that of the loopback interface.
pub(super) fn interface_address(octets: &[u8]) -> Option<IpAddr> {
    let ip = match octets {
        [0x02, 0x00, _, _, a, b, c, d, ..] => IpAddr::from([*a, *b, *c, *d]),
        [0x17, 0x00, ..] => IpAddr::from(<[u8; 16]>::try_from(octets.get(8..24)?).ok()?),
        _ => return None,
    };
    Some(ip).filter(|ip| Address::Ip(*ip).is_unicast() && !ip.is_loopback())
}

fn interface(octets: &[u8]) -> Option<String> {
    interface_address(octets).map(|ip| ip.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        let time = |seconds: u64| file_time(&(seconds * 10_000_000 + 116_444_736_000_000_000).to_le_bytes());
        assert_eq!(time(0).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(time(951_782_400).as_deref(), Some("2000-02-29T00:00:00Z"));
        assert_eq!(time(1_735_689_599).as_deref(), Some("2024-12-31T23:59:59Z"));
        assert_eq!(file_time(&[0; 8]), None);
        assert_eq!(file_time(&[0xff; 8]), None);
    }

    #[test]
    fn a_guid_is_printed_as_windows_does() {
        let octets: Vec<u8> = (1..=16).collect();
        assert_eq!(guid(&octets).as_deref(), Some("04030201-0605-0807-090a-0b0c0d0e0f10"));
        assert_eq!(guid(&[0; 16]), None);
    }

    #[test]
    fn dialects_are_named() {
        assert_eq!(dialect_2(&[0x11, 0x03]).as_deref(), Some("SMB 3.1.1"));
        assert_eq!(dialect_2(&[0xff, 0x02]), None);
        assert_eq!(dialect_1(&[17]).as_deref(), Some("NT LM 0.12"));
    }
}
