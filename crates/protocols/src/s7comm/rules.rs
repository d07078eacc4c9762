//! The rules: which octets give which value.
//!
//! Sections are those of Siemens, "System Software for S7-300/400, System and Standard Functions", volume 2
//! (A5E00739858-01), chapter 33 "System Status Lists".

use std::fmt::Write as _;

use observation::{Rule, Rules};

use super::names;

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $read:expr;)*) => {
        $($(#[$doc])* pub(super) static $name: Rule = Rule { name: $text, read: $read };)*
        /// Every rule above.
        pub(super) const ALL: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    /// Rack, the upper three bits of the second octet of a transport selector.
    TSAP_RACK = "s7-tsap-rack", |octets| position(octets).map(|(rack, _)| rack.to_string());
    /// Slot, the lower five bits of it.
    TSAP_SLOT = "s7-tsap-slot", |octets| position(octets).map(|(_, slot)| slot.to_string());
    /// Connection type, the first octet of a called transport selector.
    TSAP_CONNECTION_TYPE = "s7-tsap-connection-type", connection_type;
    /// A transport selector in letters.
    TSAP_TEXT = "s7-tsap-text", |octets| is_text(octets).then(|| Rules::text(octets)).flatten();

    /// Order number, 20 octets (33.5).
    ORDER_NUMBER = "szl-0011-order-number", Rules::text;
    /// Order number of the basic hardware, 20 octets (33.5).
    HARDWARE_ORDER_NUMBER = "szl-0011-hardware-order-number", Rules::text;
    /// The maker that an order number tells.
    VENDOR_OF_ORDER_NUMBER = "s7-order-number-vendor", |octets| names::vendor(octets).map(str::to_owned);
    /// Version of the module, four octets (33.5).
    HARDWARE_REVISION = "szl-0011-hardware-revision", hardware_revision;
    /// Version of the basic firmware, four octets: `V` and three numbers (33.5).
    FIRMWARE_VERSION = "szl-0011-firmware-version", lettered_version;
    /// Version of the boot loader, four octets.
    BOOT_LOADER_VERSION = "szl-0011-boot-loader-version", lettered_version;

    /// Name of the automation system, 24 octets (33.11).
    STATION_NAME = "szl-001c-plc-name", Rules::text;
    /// Name of the module, 24 octets (33.11).
    MODULE_NAME = "szl-001c-module-name", Rules::text;
    /// Plant identification, 32 octets (33.11).
    PLANT_ID = "szl-001c-plant-id", Rules::text;
    /// Copyright entry, 26 octets (33.11).
    COPYRIGHT = "szl-001c-copyright", Rules::text;
    /// Serial number of the module, 24 octets (33.11).
    SERIAL_NUMBER = "szl-001c-serial-number", Rules::text;
    /// Module type name, 32 octets (33.11).
    MODULE_TYPE = "szl-001c-module-type", Rules::text;
    /// Serial number of the memory card, 32 octets (33.11).
    MEMORY_CARD = "szl-001c-memory-card", memory_card;
    /// Manufacturer id, two octets (33.11).
    MANUFACTURER = "szl-001c-manufacturer", |octets| names::manufacturer(word(octets)?).map(str::to_owned);
    /// OEM copyright, 26 octets (33.11).
    OEM_ID = "szl-001c-oem", Rules::text;
    /// Location designation, 32 octets (33.11).
    LOCATION = "szl-001c-location", Rules::text;

    /// Mode after a transition, the transition octet: list 24 is not in this edition of the manual.
    MODE = "szl-0424-mode", |octets| names::mode(octets.first()? & 0x0f).map(str::to_owned);
    /// Mode that a mode transition reports.
    PUSHED_MODE = "s7-mode-transition", |octets| names::pushed_mode(*octets.first()?).map(str::to_owned);
    /// Largest PDU, two octets.
    PDU_SIZE = "szl-0131-pdu-size", Rules::decimal_be;
    /// Largest number of connections, two octets.
    CONNECTIONS = "szl-0131-connections", Rules::decimal_be;
    /// Protection level set by parameters and level in force, two words (33.19).
    PROTECTION = "szl-0232-protection", protection;
    /// Mode selector, one word (33.19).
    KEY_SWITCH = "szl-0232-key-switch", key_switch;
    /// Checksums of the hardware configuration, four octets (33.19).
    HARDWARE_CHECKSUM = "szl-0232-hardware-checksum", checksum;
    /// Checksums of the user program, four octets (33.19).
    PROGRAM_CHECKSUM = "szl-0232-program-checksum", checksum;

    /// Expected type of a module, one word (33.25).
    MODULE_TYPE_EXPECTED = "szl-0091-type-expected", module_type;
    /// Actual type of a module, one word (33.25).
    MODULE_TYPE_ACTUAL = "szl-0091-type-actual", module_type;
    /// State of a module, one word (33.25).
    MODULE_STATE = "szl-0091-state", module_state;

    /// Block named by a file name, nine octets.
    BLOCK_FILE_NAME = "s7-block-file-name", block_file_name;
    /// Block named by its header: type and number, three octets.
    BLOCK_HEADER = "s7-block-header", |octets| block(*octets.first()?, word(octets.get(1..)?)?);
    /// How many blocks of each type there are: pairs of type in digits and number.
    BLOCK_COUNTS = "s7-block-counts", block_counts;
    /// What block info tells of a block, from the language to the version.
    BLOCK_INFO = "s7-block-info", block_info;
}

/// The two octets of a selector as rack and slot.
pub(super) fn position(selector: &[u8]) -> Option<(u8, u8)> {
    let place = *selector.get(1)?;
    Some((place >> 5, place & 0x1f))
}

/// True for selectors that people read: three characters or more, all printable.
pub(super) fn is_text(selector: &[u8]) -> bool {
    selector.len() >= 3 && selector.iter().all(|octet| octet.is_ascii_graphic() || *octet == b' ')
}

fn connection_type(selector: &[u8]) -> Option<String> {
    Some(match *selector.first()? {
        0 => return None,
        1 => "PG".to_owned(),
        2 => "OP".to_owned(),
        3 => "S7-basic".to_owned(),
        other => format!("other {other:#04x}"),
    })
}

fn word(octets: &[u8]) -> Option<u16> {
    octets.first_chunk().map(|pair| u16::from_be_bytes(*pair))
}

fn hardware_revision(octets: &[u8]) -> Option<String> {
    // By the manual "V" and numbers; the CPUs of 2004 to 2016 that were looked at count upwards from 1 instead.
    lettered_version(octets)
        .or_else(|| word(octets).filter(|version| *version != 0).map(|version| version.to_string()))
}

fn lettered_version(octets: &[u8]) -> Option<String> {
    let [letter, major, minor, patch]: [u8; 4] = octets.try_into().ok()?;
    match (letter, major) {
        (b'A'..=b'Z', b' ') => Some(format!("{}{minor}.{patch}", char::from(letter))),
        (b'A'..=b'Z', _) => Some(format!("{}{major}.{minor}.{patch}", char::from(letter))),
        _ => None,
    }
}

fn memory_card(octets: &[u8]) -> Option<String> {
    // The text ends behind the kind of card where none is plugged.
    Rules::text(octets).filter(|text| !matches!(text.as_str(), "MMC" | "MC" | "SD"))
}

fn protection(octets: &[u8]) -> Option<String> {
    let (parameter, level) = (word(octets)?, word(octets.get(2..)?)?);
    let meaning = match level {
        0 => return None,
        1 => " (full access",
        2 => " (write protection",
        3 => " (read and write protection",
        _ => " (other",
    };
    let password = if parameter == 0 { ", no password" } else { "" };
    Some(format!("level {level}{meaning}{password})"))
}

fn key_switch(octets: &[u8]) -> Option<String> {
    Some(match word(octets)? {
        1 => "RUN".to_owned(),
        2 => "RUN-P".to_owned(),
        3 => "STOP".to_owned(),
        4 => "MRES".to_owned(),
        _ => return None,
    })
}

fn checksum(octets: &[u8]) -> Option<String> {
    // All zeros: nothing is loaded.
    Rules::hexadecimal(octets).filter(|_| octets.iter().any(|octet| *octet != 0))
}

fn module_type(octets: &[u8]) -> Option<String> {
    word(octets).filter(|kind| *kind != 0).map(|kind| format!("{kind:#06x}"))
}

fn module_state(octets: &[u8]) -> Option<String> {
    let status = word(octets)?;
    let states = [
        (0x0002, "exists"),
        (0x0004, "does not exist"),
        (0x0001, "fault"),
        (0x0008, "disabled"),
        (0x0010, "station fault"),
    ];
    let states: Vec<_> =
        states.into_iter().filter(|(bit, _)| status & bit != 0).map(|(_, state)| state).collect();
    (!states.is_empty()).then(|| states.join(", "))
}

fn block(kind: u8, number: u16) -> Option<String> {
    names::block_type(kind).map(|kind| format!("{kind} {number}"))
}

/// `_0A00001P`: an underscore, the type in two hexadecimal digits, the number in five digits, the file system.
fn block_file_name(octets: &[u8]) -> Option<String> {
    let digits = |range| std::str::from_utf8(octets.get(range)?).ok();
    let kind = u8::from_str_radix(digits(1..3)?, 16).ok()?;
    block(kind, digits(3..8)?.parse().ok()?)
}

fn block_counts(octets: &[u8]) -> Option<String> {
    let counts = octets.chunks_exact(4).filter_map(|record| {
        let kind = u8::from_str_radix(std::str::from_utf8(record.get(..2)?).ok()?, 16).ok()?;
        Some(format!("{} {}", names::block_type(kind)?, word(record.get(2..)?)?))
    });
    // There are seven types of blocks.
    let counts: Vec<_> = counts.take(7).collect();
    (!counts.is_empty()).then(|| counts.join(", "))
}

/// Octets that [`BLOCK_INFO`] reads: language 1, type 1, number 2, load memory 4, security 4, time of code 6, time of
/// interface 6, four lengths 8, author 8, family 8, name 8, version 1.
pub(super) const BLOCK_INFO_OCTETS: usize = 57;

fn block_info(octets: &[u8]) -> Option<String> {
    let mut info = block(*octets.get(1)?, word(octets.get(2..)?)?)?;
    let version = octets.get(56)?;
    write!(info, " version {}.{}", version >> 4, version & 0x0f).ok()?;
    if let Some(language) = octets.first().and_then(|code| names::language(*code)) {
        write!(info, ", {language}").ok()?;
    }
    for (what, range) in [("author", 32..40), ("family", 40..48), ("name", 48..56)] {
        if let Some(text) = octets.get(range).and_then(Rules::text) {
            write!(info, ", {what} {text}").ok()?;
        }
    }
    if let Some(time) = octets.get(12..18).and_then(timestamp) {
        write!(info, ", code of {time}").ok()?;
    }
    Some(info)
}

/// Milliseconds since midnight in four octets, days since 1984-01-01 in two; `None` where both are 0.
fn timestamp(octets: &[u8]) -> Option<String> {
    let milliseconds = u32::from_be_bytes(*octets.first_chunk()?);
    let mut days = word(octets.get(4..)?)?;
    if (milliseconds, days) == (0, 0) {
        return None;
    }
    let seconds = milliseconds / 1000;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut year = 1984_u16;
    let leap = |year: u16| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    while let Some(rest) = days.checked_sub(if leap(year) { 366 } else { 365 }) {
        (days, year) = (rest, year.saturating_add(1));
    }
    let mut month = 1_u16;
    for length in [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        let Some(rest) = days.checked_sub(length) else { break };
        (days, month) = (rest, month.saturating_add(1));
    }
    let day = days.saturating_add(1);
    Some(format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rule: &Rule, octets: &[u8]) -> Option<String> {
        (rule.read)(octets)
    }

    #[test]
    fn a_transport_selector_tells_connection_type_rack_and_slot() {
        assert_eq!(read(&TSAP_RACK, &[0x01, 0x44]).as_deref(), Some("2"));
        assert_eq!(read(&TSAP_SLOT, &[0x01, 0x44]).as_deref(), Some("4"));
        assert_eq!(read(&TSAP_CONNECTION_TYPE, &[0x02, 0]).as_deref(), Some("OP"));
        assert_eq!(read(&TSAP_CONNECTION_TYPE, &[0x10, 2]).as_deref(), Some("other 0x10"));
        assert_eq!(read(&TSAP_TEXT, b"SIMATIC-ROOT-ES").as_deref(), Some("SIMATIC-ROOT-ES"));
        assert_eq!(read(&TSAP_TEXT, &[1, 2]), None);
    }

    #[test]
    fn versions_come_with_a_letter_or_as_a_count() {
        assert_eq!(read(&FIRMWARE_VERSION, &[b'V', 3, 2, 6]).as_deref(), Some("V3.2.6"));
        assert_eq!(read(&FIRMWARE_VERSION, &[0, 4, 0, 1]), None);
        assert_eq!(read(&BOOT_LOADER_VERSION, &[b'A', b' ', 9, 9]).as_deref(), Some("A9.9"));
        assert_eq!(read(&HARDWARE_REVISION, &[0, 4, 0, 1]).as_deref(), Some("4"));
        assert_eq!(read(&HARDWARE_REVISION, &[b'V', 1, 0, 2]).as_deref(), Some("V1.0.2"));
        assert_eq!(read(&HARDWARE_REVISION, &[0, 0, 0, 1]), None);
    }

    #[test]
    fn makers_are_told_by_known_families_only() {
        assert_eq!(read(&VENDOR_OF_ORDER_NUMBER, b"6ES7 315-2EH14-0AB0 ").as_deref(), Some("Siemens AG"));
        assert_eq!(read(&VENDOR_OF_ORDER_NUMBER, b"VIPA 315-4NE12      ").as_deref(), Some("VIPA"));
        assert_eq!(read(&VENDOR_OF_ORDER_NUMBER, b"AAAAAAAAAAAAAAAAAAAA"), None);
    }

    #[test]
    fn protection_and_switch_are_put_in_words() {
        assert_eq!(read(&PROTECTION, &[0, 0, 0, 1]).as_deref(), Some("level 1 (full access, no password)"));
        assert_eq!(read(&PROTECTION, &[0, 3, 0, 3]).as_deref(), Some("level 3 (read and write protection)"));
        assert_eq!(read(&KEY_SWITCH, &[0, 2]).as_deref(), Some("RUN-P"));
        assert_eq!(read(&KEY_SWITCH, &[0, 0]), None);
        assert_eq!(read(&MODULE_STATE, &[0xb4, 0x02]).as_deref(), Some("exists"));
        assert_eq!(read(&MODULE_STATE, &[0, 0x05]).as_deref(), Some("does not exist, fault"));
        assert_eq!(read(&MEMORY_CARD, b"MMC \0\0"), None);
    }

    #[test]
    fn blocks_are_named_as_engineers_name_them() {
        assert_eq!(read(&BLOCK_FILE_NAME, b"_0A00001P").as_deref(), Some("DB 1"));
        assert_eq!(read(&BLOCK_FILE_NAME, b"_0E65535A").as_deref(), Some("FB 65535"));
        assert_eq!(read(&BLOCK_FILE_NAME, b"P_PROGRAM"), None);
        assert_eq!(read(&BLOCK_HEADER, &[0x08, 0, 1]).as_deref(), Some("OB 1"));
        assert_eq!(read(&BLOCK_COUNTS, b"08\0\x0100\0\x070A\0\x0c").as_deref(), Some("OB 1, DB 12"));
        assert_eq!(read(&BLOCK_COUNTS, b""), None);
    }

    #[test]
    fn block_times_count_from_1984() {
        let time = |milliseconds: u32, days: u16| {
            timestamp(&[milliseconds.to_be_bytes().as_slice(), &days.to_be_bytes()].concat())
        };
        assert_eq!(time(0, 0), None);
        assert_eq!(time(1000, 0).as_deref(), Some("1984-01-01 00:00:01"));
        assert_eq!(time(86_399_999, 59).as_deref(), Some("1984-02-29 23:59:59"));
        assert_eq!(time(0, 5800).as_deref(), Some("1999-11-18 00:00:00"));
        assert_eq!(time(0, 366).as_deref(), Some("1985-01-01 00:00:00"));
    }
}
