//! Which devices a family of an advisory is about: a table.

use crate::patterns::is_like;

/// Vendor word, pattern, family; tab-separated. The first line names the sources.
static TABLE: &str = include_str!("../data/families.tsv");

/// The families of a device, by its vendor's word and its order number or model without blanks, in capitals.
pub(crate) fn families(vendor_words: &[String], number: &str) -> Vec<&'static str> {
    let mut families = Vec::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let mut columns = line.split('\t');
        if let (Some(vendor), Some(pattern), Some(family)) = (columns.next(), columns.next(), columns.next())
            && vendor_words.iter().any(|word| word == vendor)
            && is_like(pattern, number)
        {
            families.push(family);
        }
    }
    families
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            assert_eq!(line.split('\t').filter(|cell| !cell.is_empty()).count(), 3, "{line}");
        }
    }

    #[test]
    fn devices_find_their_families() {
        let siemens = ["siemens".to_owned()];
        assert_eq!(families(&siemens, "6ES7315-2EH14-0AB0"), ["S7-300"]);
        assert_eq!(families(&siemens, "6ES7414-3EM07-0AB0"), ["S7-400", "S7-400 PN/DP V7"]);
        assert_eq!(families(&["rockwell".to_owned()], "1756-L83E/B"), ["ControlLogix 5580"]);
        assert!(families(&["abb".to_owned()], "6ES7315-2EH14-0AB0").is_empty());
    }
}
