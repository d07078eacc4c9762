//! Makers by the number that PROFIBUS & PROFINET International gives them: the same in PROFINET DCP, in the I&M records
//! of PROFIBUS and PROFINET devices and in the object identifiers of PROFINET IO.

/// Number (hexadecimal), tab, name. The first line names source and date.
const VENDORS: &str = include_str!("pi_vendors.tsv");

/// The maker of that number, if the table knows it.
pub(crate) fn name(number: u16) -> Option<&'static str> {
    VENDORS.lines().find_map(|line| {
        let (found, name) = line.split_once('\t')?;
        (u16::from_str_radix(found, 16).ok()? == number).then_some(name)
    })
}

/// [`name`] of two octets, most significant first.
pub(crate) fn read(octets: &[u8]) -> Option<String> {
    name(u16::from_be_bytes(octets.try_into().ok()?)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_row_is_found_and_none_stands_twice() {
        let mut lines = VENDORS.lines();
        assert!(lines.next().unwrap().starts_with("# "));
        let mut numbers = BTreeSet::new();
        for line in lines {
            let (number, found) = line.split_once('\t').unwrap();
            let number = u16::from_str_radix(number, 16).unwrap();
            assert!(numbers.insert(number), "{number:04x} stands twice");
            assert_eq!(name(number), Some(found));
        }
        assert_eq!(read(&[0x00, 0x2a]).as_deref(), Some("Siemens AG"));
        assert_eq!((name(0), read(&[1])), (None, None));
    }
}
