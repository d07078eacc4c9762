//! The system description of SNMP (sysDescr, RFC 3418) and LLDP, where it has the shape of a list.
//!
//! Makers of automation equipment write one line with commas: maker, family, model, order number, then labelled
//! versions, then the serial number: `Siemens, SIMATIC NET, Scalance X208, 6GK5 208-0BA10-2AA3, HW: Version 4, FW:
//! Version V3.10, SVPL6147920`. What is read by its place (maker, model, order and serial number) is read only where a
//! labelled version proves the shape; a sentence with commas has none. Nothing is guessed from the words.

use observation::Rules;

/// Shortest order number, in characters.
const ORDER_CHARS_MIN: usize = 6;

/// Shortest serial number, in characters.
const SERIAL_CHARS_MIN: usize = 6;

/// Labels of versions and numbers, in lower case and without the colon.
const HARDWARE: &[&str] = &["hw", "hardware", "hardware version", "hw version"];
const FIRMWARE: &[&str] = &["fw", "firmware", "firmware version", "fw version"];
const SOFTWARE: &[&str] = &["sw", "software", "software version", "sw version"];
const SERIAL: &[&str] = &["sn", "s/n", "serial", "serial number"];

/// Operating systems by the words that their makers put into the description; the first that fits counts.
const SYSTEMS: &[(&str, &str)] = &[
    ("IOS-XE", "Cisco IOS XE"),
    ("IOS XE", "Cisco IOS XE"),
    ("Cisco IOS Software", "Cisco IOS"),
    ("IOS (tm)", "Cisco IOS"),
    ("NX-OS", "Cisco NX-OS"),
    ("Comware", "Comware"),
    ("Linux", "Linux"),
];

/// Words that a version follows.
const BEFORE_VERSION: &[&str] = &["Version ", "Linux "];

/// Lines joined to one, with a blank between.
pub(crate) fn one_line(octets: &[u8]) -> Option<String> {
    let end = octets.iter().position(|octet| *octet == 0).unwrap_or(octets.len());
    let lines = octets.get(..end)?.split(|octet| matches!(*octet, b'\r' | b'\n' | SEPARATOR));
    let mut joined = Vec::with_capacity(end);
    for line in lines.filter(|line| !line.is_empty()) {
        if !joined.is_empty() {
            joined.push(b' ');
        }
        joined.extend_from_slice(line);
    }
    Rules::text(&joined)
}

/// Cisco's systems separate the lines of a description by this in CDP.
const SEPARATOR: u8 = 0x1e;

/// The operating system, where the description names one of the table.
pub(crate) fn system(octets: &[u8]) -> Option<String> {
    let text = one_line(octets)?;
    SYSTEMS.iter().find(|(word, _)| text.contains(word)).map(|(_, name)| (*name).to_owned())
}

/// The version of that operating system: the word behind "Version" or behind the system's name.
pub(crate) fn system_version(octets: &[u8]) -> Option<String> {
    system(octets)?;
    version(octets)
}

/// The first version that the description names.
pub(crate) fn version(octets: &[u8]) -> Option<String> {
    let text = one_line(octets)?;
    let behind = BEFORE_VERSION.iter().find_map(|word| Some(text.split_once(word)?.1))?;
    let version = behind.split([',', ' ']).next()?;
    version.bytes().any(|octet| octet.is_ascii_digit()).then(|| version.to_owned())
}

/// The maker of systems that begin their description with its name.
pub(crate) fn maker(octets: &[u8]) -> Option<String> {
    let text = one_line(octets)?;
    let (first, _) = text.split_once(' ')?;
    first.eq_ignore_ascii_case("cisco").then(|| "Cisco".to_owned())
}

/// The maker: the first part, if it has no digit.
pub(crate) fn vendor(octets: &[u8]) -> Option<String> {
    let text = text(octets)?;
    let parts = parts(&text);
    first_label(&parts).filter(|at| *at > 0)?;
    let first = parts.first().filter(|first| !first.bytes().any(|octet| octet.is_ascii_digit()));
    first.map(|vendor| (*vendor).to_owned())
}

/// The model: what stands before the order number, or before the first label where there is none; the first part is
/// the maker.
pub(crate) fn model(octets: &[u8]) -> Option<String> {
    let text = text(octets)?;
    let parts = parts(&text);
    let before = first_label(&parts)?.checked_sub(1)?;
    let at = if parts.get(before).is_some_and(|part| is_order_number(part)) {
        before.checked_sub(1)?
    } else {
        before
    };
    parts.get(at).filter(|_| at > 0).map(|model| (*model).to_owned())
}

/// The order number: what stands before the first label, if it is written like one.
pub(crate) fn order_number(octets: &[u8]) -> Option<String> {
    let text = text(octets)?;
    let parts = parts(&text);
    let before = parts.get(first_label(&parts)?.checked_sub(1)?);
    before.filter(|part| is_order_number(part)).map(|order| (*order).to_owned())
}

/// The hardware version behind its label.
pub(crate) fn hardware(octets: &[u8]) -> Option<String> {
    labelled(octets, HARDWARE)
}

/// The firmware version behind its label.
pub(crate) fn firmware(octets: &[u8]) -> Option<String> {
    labelled(octets, FIRMWARE)
}

/// The software version behind its label.
pub(crate) fn software(octets: &[u8]) -> Option<String> {
    labelled(octets, SOFTWARE)
}

/// The serial number: behind its label, or the part after the last labelled version, if it is written like one.
pub(crate) fn serial_number(octets: &[u8]) -> Option<String> {
    if let Some(said) = labelled(octets, SERIAL) {
        return Some(said);
    }
    let text = text(octets)?;
    let parts = parts(&text);
    let last = parts.iter().rposition(|part| {
        [HARDWARE, FIRMWARE, SOFTWARE].iter().any(|labels| value(part, labels).is_some())
    })?;
    parts.get(last.checked_add(1)?).filter(|part| is_serial_number(part)).map(|serial| (*serial).to_owned())
}

fn text(octets: &[u8]) -> Option<String> {
    Rules::text(octets).filter(|text| text.contains(','))
}

fn parts(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// The first part with a label.
fn first_label(parts: &[&str]) -> Option<usize> {
    let is_labelled = |part: &&str| {
        [HARDWARE, FIRMWARE, SOFTWARE, SERIAL].iter().any(|labels| value(part, labels).is_some())
    };
    parts.iter().position(is_labelled)
}

fn labelled(octets: &[u8], labels: &[&str]) -> Option<String> {
    let text = text(octets)?;
    parts(&text).into_iter().find_map(|part| value(part, labels)).map(str::to_owned)
}

/// What stands behind one of the labels, without the word "Version".
fn value<'t>(part: &'t str, labels: &[&str]) -> Option<&'t str> {
    let (label, value) = part.split_once(':')?;
    let label = label.trim().to_ascii_lowercase();
    let value = value.trim();
    let value = value.strip_prefix("Version").map_or(value, str::trim);
    (labels.contains(&label.as_str()) && value.bytes().any(|octet| octet.is_ascii_digit())).then_some(value)
}

/// Capital letters, digits, blanks, dashes and dots, mostly digits or with a dash: `6GK5 208-0BA10-2AA3`, `2701815`.
fn is_order_number(part: &str) -> bool {
    let allowed = |octet: u8| {
        octet.is_ascii_uppercase() || octet.is_ascii_digit() || matches!(octet, b'-' | b' ' | b'/' | b'.')
    };
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    part.len() >= ORDER_CHARS_MIN
        && part.bytes().all(allowed)
        && digits >= 3
        && (part.contains('-') || digits.saturating_mul(2) > part.len())
}

/// Capital letters, digits, blanks and dashes with at least three digits: `SVPL6147920`, `S C-C2UR28922012`.
fn is_serial_number(part: &str) -> bool {
    let allowed =
        |octet: u8| octet.is_ascii_uppercase() || octet.is_ascii_digit() || matches!(octet, b'-' | b' ');
    part.len() >= SERIAL_CHARS_MIN
        && part.bytes().all(allowed)
        && part.bytes().filter(u8::is_ascii_digit).count() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = fn(&[u8]) -> Option<String>;

    fn read(text: &str) -> Vec<String> {
        let readers: [(&str, Read); 7] = [
            ("vendor", vendor),
            ("model", model),
            ("order", order_number),
            ("hw", hardware),
            ("fw", firmware),
            ("sw", software),
            ("serial", serial_number),
        ];
        readers
            .iter()
            .filter_map(|(name, read)| read(text.as_bytes()).map(|value| format!("{name}={value}")))
            .collect()
    }

    #[test]
    fn the_line_of_a_switch_and_of_a_controller_is_read_part_by_part() {
        assert_eq!(
            read(
                "Siemens, SIMATIC NET, Scalance X208, 6GK5 208-0BA10-2AA3, HW: Version 4, FW: Version V3.10, SVPL6000001"
            ),
            [
                "vendor=Siemens",
                "model=Scalance X208",
                "order=6GK5 208-0BA10-2AA3",
                "hw=4",
                "fw=V3.10",
                "serial=SVPL6000001"
            ]
        );
        assert_eq!(
            read("Siemens, SIMATIC S7, CPU-1200, 6ES7 211-1BE40-0XB0, HW: 1, FW: V.4.2.1, S C-F1LAB0000011"),
            [
                "vendor=Siemens",
                "model=CPU-1200",
                "order=6ES7 211-1BE40-0XB0",
                "hw=1",
                "fw=V.4.2.1",
                "serial=S C-F1LAB0000011"
            ]
        );
        assert_eq!(
            read("Exemplum, Coupler PN, 2701815, HW: 05, FW: 1.30"),
            ["vendor=Exemplum", "model=Coupler PN", "order=2701815", "hw=05", "fw=1.30"]
        );
        assert_eq!(
            read("Exemplum, Coupler PN, FW: 1.30"),
            ["vendor=Exemplum", "model=Coupler PN", "fw=1.30"]
        );
        assert_eq!(read("Hirschmann RS20-0800M2M2SDAE, SW: L2P-09.1.00"), ["sw=L2P-09.1.00"]);
    }

    #[test]
    fn the_operating_system_and_its_version_are_read_from_sentences() {
        let cases: [(&str, &str, &str); 5] = [
            (
                "Cisco IOS Software, C3560 Software (C3560-A-M), Version 12.2(44)SE, RELEASE",
                "Cisco IOS",
                "12.2(44)SE",
            ),
            (
                "Cisco Internetwork Operating System Software \u{1e}IOS (tm) C2940 Software, Version 12.1(22)EA14, R",
                "Cisco IOS",
                "12.1(22)EA14",
            ),
            ("H3C Comware Platform Software, Software Version 5.20, Release 1808P08", "Comware", "5.20"),
            ("Ubuntu 14.04.5 LTS Linux 3.13.0-106-generic #153-Ubuntu SMP", "Linux", "3.13.0-106-generic"),
            ("FortiGate-60F v7.2.5", "", ""),
        ];
        for (text, os, version) in cases {
            let read = |rule: Read| rule(text.as_bytes()).unwrap_or_default();
            assert_eq!((read(system).as_str(), read(system_version).as_str()), (os, version), "{text}");
        }
        assert_eq!(one_line(b"A\r\nB\x1eC\0D").as_deref(), Some("A B C"));
        assert_eq!(maker(b"cisco WS-C2940-8TT-S").as_deref(), Some("Cisco"));
        assert_eq!(maker(b"Linux"), None);
    }

    #[test]
    fn a_sentence_with_commas_is_no_list() {
        for text in [
            "Cisco IOS Software, C3560 Software (C3560-ADVIPSERVICESK9-M), Version 12.2(44)SE, RELEASE SOFTWARE (fc1)",
            "VMware, Inc. VMware Virtual Platform, None, VMware-56 4d ab 0e 6e 1d cc 78",
            "Siemens AG SIMATIC S7 MULTIPORT SCALANCE X 200 FAM",
            "Dell Inc. Vostro 3800,,JSJR542",
            "Linux plc1 5.10.0, x86_64",
            ", , ,",
        ] {
            assert!(read(text).is_empty(), "{text}: {:?}", read(text));
        }
    }
}
