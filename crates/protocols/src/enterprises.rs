//! Makers by the private enterprise number that IANA gives them: the same in the object identifiers of SNMP and in the
//! attributes that makers add to RADIUS.

use crate::registry;

/// Number, tab, name, in ascending order. The first line names source and date.
const ENTERPRISES: &str = include_str!("enterprises.tsv");

/// The maker of that number, if the table knows it.
pub(crate) fn maker(number: u32) -> Option<String> {
    registry::find(ENTERPRISES, number).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::arithmetic_side_effects, reason = "a test")]
    fn every_row_is_found() {
        registry::tests::check(ENTERPRISES, "Private Enterprise Numbers", ENTERPRISES.lines().count() - 1);
        assert!(maker(9).is_some_and(|name| name.to_lowercase().contains("cisco")));
        assert_eq!(maker(u32::MAX), None);
    }
}
