//! How octets of blocks become values.

use observation::{Octets, Rule, Rules};

use crate::{Reader, pi_vendors};

pub(super) static TEXT: Rule = Rule { name: "profinet-cm-text", read: Rules::text };
pub(super) static MAC: Rule = Rule { name: "profinet-cm-mac", read: Rules::mac };
pub(super) static IPV4: Rule = Rule { name: "profinet-cm-ipv4", read: Rules::ipv4 };
pub(super) static VENDOR: Rule = Rule { name: "profinet-cm-vendor", read: pi_vendors::read };
/// A vendor or device number as DCP shows it; 0 and 0xFFFF are none.
pub(super) static NUMBER: Rule = Rule { name: "profinet-cm-number", read: number };
pub(super) static DECIMAL: Rule = Rule { name: "profinet-cm-decimal", read: Rules::decimal_be };
/// Kind of relation, of two octets.
pub(super) static RELATION: Rule = Rule { name: "profinet-cm-relation", read: relation };
/// Number of a module or submodule, of four octets.
pub(super) static MODULE: Rule = Rule { name: "profinet-cm-module", read: module };
pub(super) static MODULE_STATE: Rule = Rule { name: "profinet-cm-module-state", read: module_state };
/// IM_Software_Revision: a letter and three numbers.
pub(super) static VERSION: Rule = Rule { name: "profinet-cm-version", read: version };
/// IM_Profile_ID and IM_Profile_Specific_Type.
pub(super) static PROFILE: Rule = Rule { name: "profinet-cm-profile", read: profile };
/// Peer's port and chassis with their lengths, then the own port.
pub(super) static NEIGHBOUR: Rule = Rule { name: "profinet-cm-neighbour", read: neighbour };
/// Hardware revision in a column of the annotation.
pub(super) static HARDWARE: Rule = Rule { name: "profinet-cm-annotated-hardware", read: hardware };
/// Software revision in a column of the annotation: a letter and three numbers of three digits.
pub(super) static SOFTWARE: Rule = Rule { name: "profinet-cm-annotated-software", read: software };

pub(super) const ALL: &[&Rule] = &[
    &TEXT,
    &MAC,
    &IPV4,
    &VENDOR,
    &NUMBER,
    &DECIMAL,
    &RELATION,
    &MODULE,
    &MODULE_STATE,
    &VERSION,
    &PROFILE,
    &NEIGHBOUR,
    &HARDWARE,
    &SOFTWARE,
];

fn number(octets: &[u8]) -> Option<String> {
    let number = u16::from_be_bytes(octets.try_into().ok()?);
    (!matches!(number, 0 | 0xffff)).then(|| format!("{number:#06x}"))
}

fn relation(octets: &[u8]) -> Option<String> {
    Some(
        match u16::from_be_bytes(octets.try_into().ok()?) {
            0x0001 | 0x0010 | 0x0020 => "IO controller",
            0x0006 => "IO supervisor",
            _ => return None,
        }
        .to_owned(),
    )
}

fn module(octets: &[u8]) -> Option<String> {
    let number = u32::from_be_bytes(octets.try_into().ok()?);
    (number != 0).then(|| format!("{number:#010x}"))
}

fn module_state(octets: &[u8]) -> Option<String> {
    Some(
        match octets {
            [0, 0] => "no module",
            [0, 1] => "wrong module",
            [0, 2] => "proper module",
            [0, 3] => "substitute",
            _ => return None,
        }
        .to_owned(),
    )
}

/// Letters that say what a revision is: released, prototype, in testing, field test, unreleased (PI Profile Guidelines
/// Part 1, chapter 5.1.7). Without one of them the numbers are no version.
const PREFIXES: &[u8] = b"VRPUT";

fn version(octets: &[u8]) -> Option<String> {
    let [prefix, major, minor, patch] = *octets else { return None };
    PREFIXES.contains(&prefix).then(|| format!("{}{major}.{minor}.{patch}", char::from(prefix)))
}

fn profile(octets: &[u8]) -> Option<String> {
    let [a, b, c, d] = *octets else { return None };
    let (id, kind) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    (id != 0 || kind != 0).then(|| format!("{id:#06x} type {kind:#06x}"))
}

fn neighbour(octets: &[u8]) -> Option<String> {
    let mut reader = Reader::new(Octets::unplaced(octets));
    let length = reader.u8("length").ok()?;
    let port = Rules::text(reader.take(length.into(), "port").ok()?.bytes);
    let length = reader.u8("length").ok()?;
    let chassis = Rules::text(reader.take(length.into(), "chassis").ok()?.bytes)?;
    let own = Rules::text(reader.rest().bytes)?;
    let shown = match port {
        Some(port) => format!("{own}: {chassis} {port}"),
        None => format!("{own}: {chassis}"),
    };
    Some(shown.chars().take(observation::VALUE_CHARS_MAX).collect())
}

fn hardware(octets: &[u8]) -> Option<String> {
    let text = Rules::text(octets)?;
    text.bytes().all(|octet| octet.is_ascii_digit()).then_some(text)
}

fn software(octets: &[u8]) -> Option<String> {
    let (prefix, numbers) = octets.split_first()?;
    if !PREFIXES.contains(prefix) {
        return None;
    }
    let numbers: Option<Vec<u16>> =
        numbers.chunks(3).map(|digits| std::str::from_utf8(digits).ok()?.trim().parse().ok()).collect();
    let shown: Vec<_> = numbers?.iter().map(u16::to_string).collect();
    Some(format!("{}{}", char::from(*prefix), shown.join(".")))
}
