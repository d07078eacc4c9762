//! Tables of numbers and names: one line each, number, tab, name, in ascending order of the numbers; the first line names
//! the source and its date.

/// The name of a number, found by bisecting the lines.
pub(crate) fn find(table: &'static str, number: u32) -> Option<&'static str> {
    let octets = table.as_bytes();
    let (mut low, mut high) = (0_usize, octets.len());
    while low < high {
        let middle = low.midpoint(high);
        let before = octets.get(low..middle)?.iter().rposition(|octet| *octet == b'\n');
        let start = before.map_or(low, |at| low.saturating_add(at).saturating_add(1));
        let after = octets.get(middle..high)?.iter().position(|octet| *octet == b'\n');
        let end = after.map_or(high, |at| middle.saturating_add(at));
        let line = table.get(start..end)?;
        let found = line.split_once('\t').and_then(|(found, name)| Some((found.parse::<u32>().ok()?, name)));
        match found {
            Some((found, name)) if found == number => return Some(name),
            Some((found, _)) if found > number => high = start,
            // Smaller, or the first line, which names the source.
            _ => low = end.saturating_add(1),
        }
    }
    None
}

#[cfg(test)]
#[allow(clippy::panic, reason = "a test")]
pub(crate) mod tests {
    use super::*;

    /// Every line of a table is found, and there are so many.
    pub(crate) fn check(table: &'static str, source: &str, rows: usize) {
        let mut lines = table.lines();
        assert!(lines.next().unwrap().contains(source));
        assert_eq!(lines.clone().count(), rows);
        for line in lines {
            let (number, name) = line.split_once('\t').unwrap();
            assert_eq!(find(table, number.parse().unwrap()), Some(name));
        }
        assert_eq!(find(table, u32::MAX), None);
    }

    #[test]
    fn only_whole_numbers_of_the_table_are_found() {
        let table = "# number\tname (source)\n1\tone\n12\ttwelve\n120\thundred and twenty";
        check(table, "source", 3);
        assert_eq!((find(table, 2), find(table, 0), find("", 1)), (None, None, None));
    }
}
