//! The description of a target: XML without attributes, of which a few elements are read as they stand.

use observation::{Basis, Octets, Station, attribute};

use super::rules;
use crate::Output;

/// First element of a description.
const ROOT: &[u8] = b"<TcTargetDesc>";

/// The text of the first element of this name.
pub(super) fn element<'a>(octets: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let find = |within: &[u8], what: &[u8]| within.windows(what.len()).position(|window| window == what);
    let open = format!("<{name}>");
    let start = find(octets, open.as_bytes())?.checked_add(open.len())?;
    let rest = octets.get(start..)?;
    rest.get(..find(rest, format!("</{name}>").as_bytes())?)
}

/// A number without its leading zeros; 0 is none.
pub(super) fn number(octets: &[u8]) -> Option<String> {
    let number = std::str::from_utf8(octets).ok()?.trim().parse::<u64>().ok()?;
    (number != 0).then(|| number.to_string())
}

/// Says what a description tells of the target, if it is one.
pub(super) fn observe(station: &Station, octets: Octets<'_>, output: &mut Output<'_>) {
    if !octets.bytes.starts_with(ROOT) {
        return;
    }
    output.fact(station, attribute::VENDOR, Basis::Inferred, &rules::VENDOR, octets);
    let mut says = |attribute, rule| output.fact(station, attribute, Basis::Stated, rule, octets);
    says(attribute::MODEL, &rules::MODEL);
    says(attribute::SERIAL_NUMBER, &rules::SERIAL);
    says(attribute::HARDWARE_REVISION, &rules::HARDWARE);
    says(attribute::FIRMWARE_VERSION, &rules::IMAGE);
    says(attribute::SOFTWARE_VERSION, &rules::TARGET_VERSION);
    says(attribute::OS, &rules::TARGET_OS);
    says(attribute::OS_VERSION, &rules::TARGET_OS_VERSION);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_the_text_between_its_tags() {
        let xml = b"<A><B>one</B><C></C></A><B>two</B>";
        assert_eq!(element(xml, "B"), Some(&b"one"[..]));
        assert_eq!(element(xml, "C"), Some(&b""[..]));
        assert_eq!(element(xml, "D"), None);
        assert_eq!(element(b"<B>one", "B"), None);
        assert_eq!(number(b" 063667 ").as_deref(), Some("63667"));
        assert_eq!((number(b"0"), number(b"x")), (None, None));
    }
}
