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
    VENDOR = "umas-vendor", vendor;
    MODEL = "umas-model", Rules::text;
    FIRMWARE = "umas-firmware", firmware;
    HARDWARE_ID = "umas-hardware-id", hardware_id;
    PROJECT = "umas-project", Rules::text;
    PROJECT_REVISION = "umas-project-revision", revision;
    PROJECT_DATE = "umas-project-date", date;
    PROJECT_TEXTS = "umas-project-texts", texts;
    ENGINEERING_HOST = "umas-engineering-host", engineering_host;
    CARD = "umas-card-info", texts;
    CLIENT_HOST = "umas-client-host", Rules::text;
}

/// Fewest characters that are taken for a text among other octets.
const TEXT_MIN: usize = 3;

/// Function 90 is the maker's own: whoever answers UMAS is of Schneider Electric.
fn vendor(octets: &[u8]) -> Option<String> {
    (octets == [super::wire::FUNCTION]).then(|| "Schneider Electric".to_owned())
}

/// Version of the firmware: minor, then major, as two digits each; 2.70 of `70 02`.
fn firmware(octets: &[u8]) -> Option<String> {
    match octets {
        [0, 0] => None,
        [minor, major] => Some(format!("{major:x}.{minor:02x}")),
        _ => None,
    }
}

fn hardware_id(octets: &[u8]) -> Option<String> {
    let number = octets.try_into().ok().map(u32::from_le_bytes)?;
    (number != 0).then(|| format!("{number:08x}"))
}

/// Three numbers, the last first: `0.0.8` of `08 00 00`.
fn revision(octets: &[u8]) -> Option<String> {
    let [build, minor, major] = octets else { return None };
    (octets != [0; 3]).then(|| format!("{major}.{minor}.{build}"))
}

/// Second, minute, hour, day, month and year of a date: the local time of the programming PC.
fn date(octets: &[u8]) -> Option<String> {
    let [second, minute, hour, day, month, low, high] = octets else { return None };
    let year = u16::from_le_bytes([*low, *high]);
    let valid = *second < 60
        && *minute < 60
        && *hour < 24
        && (1..=31).contains(day)
        && (1..=12).contains(month)
        && (1990..2200).contains(&year);
    valid.then(|| format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"))
}

/// The printable texts among octets: those that lie between zeros or the ends and have at least [`TEXT_MIN`] characters.
fn runs(octets: &[u8]) -> impl Iterator<Item = &str> {
    octets
        .split(|octet| *octet == 0)
        .filter(|run| run.len() >= TEXT_MIN && run.iter().all(|octet| matches!(octet, b' '..=b'~')))
        .filter_map(|run| std::str::from_utf8(run).ok())
}

/// The texts, with commas between.
fn texts(octets: &[u8]) -> Option<String> {
    Rules::text(runs(octets).collect::<Vec<_>>().join(", ").as_bytes())
}

/// Name of the project, name of the PC that made it, version of its software: the PC, if the third is a version.
fn engineering_host(octets: &[u8]) -> Option<String> {
    let mut runs = runs(octets);
    let (_, host, version) = (runs.next()?, runs.next()?, runs.next()?);
    let is_version =
        version.strip_prefix('V').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    is_version.then(|| Rules::text(host.as_bytes()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_dates_read_as_people_write_them() {
        assert_eq!(firmware(&[0x70, 0x02]).as_deref(), Some("2.70"));
        assert_eq!(firmware(&[0, 0]), None);
        assert_eq!(revision(&[8, 0, 0]).as_deref(), Some("0.0.8"));
        assert_eq!(revision(&[0, 0, 0]), None);
        assert_eq!(hardware_id(&[0x5a, 1, 1, 0]).as_deref(), Some("0001015a"));
        let octets = [0x0c, 0x3b, 0x0c, 0x0e, 0x01, 0xde, 0x07];
        assert_eq!(date(&octets).as_deref(), Some("2014-01-14 12:59:12"));
        assert_eq!(date(&[0; 7]), None);
    }

    #[test]
    fn the_programming_pc_is_named_only_beside_a_version() {
        let area = b"\0\0Mixer\0\0\0ENG-7\0\0\0V13.1\0\0";
        assert_eq!(texts(area).as_deref(), Some("Mixer, ENG-7, V13.1"));
        assert_eq!(engineering_host(area).as_deref(), Some("ENG-7"));
        assert_eq!(engineering_host(b"Mixer\0ENG-7\0C:\\x\0"), None);
        assert_eq!(texts(&[0, 1, b'a', b'b', b'c', 2]), None);
    }
}
