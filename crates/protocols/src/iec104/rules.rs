//! The rules: which octets give which value.

use observation::{Rule, Rules};

use super::names;

/// Originator address, one octet; 0 is none.
pub(super) static ORIGINATOR: Rule = Rule {
    name: "iec104-originator",
    read: |octets| Rules::decimal_be(octets).filter(|address| octets.len() == 1 && address != "0"),
};

/// Cause of initialisation, one octet.
pub(super) static INITIALISATION: Rule =
    Rule { name: "iec104-cause-of-initialisation", read: initialisation };

/// Every rule above.
pub(super) const ALL: &[&Rule] = &[&ORIGINATOR, &INITIALISATION];

fn initialisation(octets: &[u8]) -> Option<String> {
    let [cause]: [u8; 1] = octets.try_into().ok()?;
    let name = names::initialisation(cause)?;
    // The highest bit: parameters were changed on the spot.
    let changed = if cause & 0x80 == 0 { "" } else { ", after change of local parameters" };
    Some(format!("{name}{changed}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_and_originators_are_read() {
        assert_eq!(initialisation(&[2]).as_deref(), Some("remote reset"));
        assert_eq!(
            initialisation(&[0x80]).as_deref(),
            Some("local power switch on, after change of local parameters")
        );
        assert_eq!(initialisation(&[7]), None);
        assert_eq!((ORIGINATOR.read)(&[0]), None);
        assert_eq!((ORIGINATOR.read)(&[47]).as_deref(), Some("47"));
    }
}
