//! Makers of network cards by the prefix of their MAC.

use observation::Mac;

/// IEEE registries MA-L, MA-M and MA-S: prefix in upper-case hexadecimal, tab, organisation; sorted by prefix. The
/// first line names the source.
static TABLE: &str = include_str!("../data/oui.tsv");

/// Digits of the prefixes of the three registries, longest first: 36, 28 and 24 bits.
const DIGITS: [usize; 3] = [9, 7, 6];

/// The organisation that the longest registered prefix of the MAC was assigned to; `None` for group and locally
/// administered addresses, which no registry assigns.
pub(crate) fn maker(mac: Mac) -> Option<&'static str> {
    if mac.is_group() || mac.is_local() || mac.is_zero() {
        return None;
    }
    let [a, b, c, d, e, f] = mac.0;
    let digits = format!("{a:02X}{b:02X}{c:02X}{d:02X}{e:02X}{f:02X}");
    let mut common = digits.len();
    for length in DIGITS {
        if length > common {
            continue;
        }
        // A prefix of the address that is in the table stands between itself and the address, where all have it in
        // common: the last row there is the longest one, or shows how long others can be.
        let (key, organisation) = last_up_to(TABLE, digits.get(..length)?)?;
        if digits.starts_with(key) {
            return Some(organisation);
        }
        common = key.bytes().zip(digits.bytes()).take_while(|(own, other)| own == other).count();
    }
    None
}

/// The row of the prefix itself.
#[cfg(test)]
fn look_up<'t>(table: &'t str, prefix: &str) -> Option<&'t str> {
    last_up_to(table, prefix).filter(|(key, _)| *key == prefix).map(|(_, organisation)| organisation)
}

/// The last row whose prefix does not come behind this one, by bisecting the text itself, so that nothing is parsed at
/// the start.
fn last_up_to<'t>(table: &'t str, prefix: &str) -> Option<(&'t str, &'t str)> {
    let mut found = None;
    let octets = table.as_bytes();
    let (mut low, mut high) = (0, octets.len());
    while low < high {
        let middle = low.midpoint(high);
        let start = octets
            .get(..middle)?
            .iter()
            .rposition(|octet| *octet == b'\n')
            .map_or(0, |at| at.saturating_add(1));
        let end = octets
            .get(middle..)?
            .iter()
            .position(|octet| *octet == b'\n')
            .map_or(octets.len(), |at| middle.saturating_add(at));
        let (key, organisation) = table.get(start..end)?.split_once('\t')?;
        match key.cmp(prefix) {
            std::cmp::Ordering::Equal => return Some((key, organisation)),
            std::cmp::Ordering::Less => {
                found = Some((key, organisation));
                low = end.saturating_add(1);
            }
            std::cmp::Ordering::Greater => high = start,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mac: &str, expected: Option<&str>) {
        assert_eq!(maker(mac.parse().unwrap()), expected, "{mac}");
    }

    #[test]
    fn the_longest_prefix_names_the_maker() {
        check("00:00:bc:10:00:12", Some("Rockwell Automation"));
        check("00:00:00:00:00:01", Some("XEROX CORPORATION"));
        check("28:63:36:10:00:11", Some("Siemens AG"));
        check("8c:1f:64:00:10:01", look_up(TABLE, "8C1F64001"));
    }

    #[test]
    fn group_local_and_unregistered_addresses_have_no_maker() {
        for mac in ["ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "02:42:ac:11:00:02", "00:00:00:00:00:00"] {
            check(mac, None);
        }
    }

    #[test]
    fn every_row_of_the_table_is_found() {
        let rows: Vec<_> = TABLE.lines().skip(1).map(|line| line.split_once('\t').unwrap()).collect();
        assert!(rows.len() > 50_000);
        assert!(rows.is_sorted_by(|left, right| left.0 < right.0));
        // The longest of the prefixes that are in the table is found, also beside rows that begin alike.
        let longest = |mac: Mac| {
            let digits = mac.to_string().replace(':', "").to_uppercase();
            DIGITS.into_iter().find_map(|length| look_up(TABLE, &digits[..length]))
        };
        for (prefix, _) in rows.iter().step_by(11) {
            for filled in ["0", "7", "F"] {
                let digits =
                    u64::from_str_radix(&format!("{prefix}{}", filled.repeat(12 - prefix.len())), 16);
                let [.., a, b, c, d, e, f] = digits.unwrap().to_be_bytes();
                let mac = Mac([a, b, c, d, e, f]);
                if !mac.is_group() && !mac.is_local() && !mac.is_zero() {
                    assert_eq!(maker(mac), longest(mac), "{mac}");
                }
            }
        }
        for (prefix, organisation) in rows.iter().step_by(97).chain(rows.first()).chain(rows.last()) {
            assert_eq!(look_up(TABLE, prefix), Some(*organisation), "{prefix}");
        }
    }
}
