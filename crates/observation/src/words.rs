//! Numbers in sentences.

use std::fmt::Display;

/// A number of things, in words: `1 octet`, `2 octets`, `3 addresses`. `noun` is the regular singular.
#[must_use]
pub fn number_of(count: impl Display + PartialEq + From<u8>, noun: &str) -> String {
    format!("{count} {}", plural_unless_one(count == 1.into(), noun))
}

fn plural_unless_one(is_one: bool, noun: &str) -> String {
    match noun {
        noun if is_one => noun.to_owned(),
        noun if noun.ends_with('s') => format!("{noun}es"),
        noun => match noun.strip_suffix('y') {
            Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
            _ => format!("{noun}s"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular_and_all_else_plural() {
        assert_eq!(number_of(1_usize, "octet"), "1 octet");
        assert_eq!(number_of(0_u64, "octet"), "0 octets");
        assert_eq!(number_of(2_u32, "address"), "2 addresses");
        assert_eq!(number_of(21_u64, "routed copy"), "21 routed copies");
        assert_eq!(number_of(2_u64, "day"), "2 days");
    }
}
