//! Names as NetBox takes them: short enough, and each once.

use std::collections::BTreeSet;

/// The text, cut to a number of characters.
pub(super) fn cut(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect::<String>().trim_end().to_owned()
}

/// Names that are given out once each.
#[derive(Default)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// The name in so many characters; if it is given out already, with `mark` behind it, and with a number if that is
    /// too. NetBox compares without regard to case.
    pub(super) fn give(&mut self, name: &str, mark: &str, chars: usize) -> String {
        let plain = cut(name, chars);
        if !plain.is_empty() && self.0.insert(plain.to_lowercase()) {
            return plain;
        }
        let mut number = 1_usize;
        loop {
            let tail = if number == 1 { format!(" ({mark})") } else { format!(" ({mark} {number})") };
            let room = chars.saturating_sub(tail.chars().count());
            let name = format!("{}{tail}", cut(name, room));
            if self.0.insert(name.to_lowercase()) {
                return name;
            }
            number = number.saturating_add(1);
        }
    }
}

/// A slug: small letters, digits and hyphens, at most 100, each once.
pub(super) fn slug(text: &str, given: &mut Names) -> String {
    let mut slug = String::new();
    for character in text.to_lowercase().chars() {
        if character.is_ascii_alphanumeric() {
            slug.push(character);
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    let slug = cut(slug.trim_end_matches('-'), 90);
    let slug = if slug.is_empty() { "unnamed".to_owned() } else { slug };
    // What marks a second one has to be of a slug's letters too.
    let mut number = 1_usize;
    loop {
        let name = if number == 1 { slug.clone() } else { format!("{slug}-{number}") };
        if given.0.insert(name.clone()) {
            return name;
        }
        number = number.saturating_add(1);
    }
}

/// True if NetBox takes the name as one of the DNS.
pub(super) fn is_dns_name(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.chars().all(|one| one.is_ascii_alphanumeric() || one == '-' || one == '_')
    };
    name.len() <= 255 && name.trim_end_matches('.').split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_given_out_once_and_fit() {
        let mut names = Names::default();
        assert_eq!(names.give("PLC 1", "1d", 64), "PLC 1");
        assert_eq!(names.give("plc 1", "7c", 64), "plc 1 (7c)");
        assert_eq!(names.give("plc 1", "7c", 64), "plc 1 (7c 2)");
        assert_eq!(names.give("", "7c", 64), " (7c)");
        let long = names.give(&"ä".repeat(100), "7c", 64);
        assert_eq!(long.chars().count(), 64);
        let again = names.give(&"ä".repeat(100), "7c", 64);
        assert!(again.chars().count() == 64 && again.ends_with(" (7c)"), "{again}");
    }

    #[test]
    fn slugs_are_of_small_letters_digits_and_hyphens_alone() {
        let mut given = Names::default();
        assert_eq!(slug("Siemens AG", &mut given), "siemens-ag");
        assert_eq!(slug("siemens/ag!", &mut given), "siemens-ag-2");
        assert_eq!(slug("電動機", &mut given), "unnamed");
        assert_eq!(slug("=cmd|' /C", &mut given), "cmd-c");
    }

    #[test]
    fn names_of_the_dns_are_told_from_others() {
        for name in ["plc-1", "a.b.example", "a_b", "a."] {
            assert!(is_dns_name(name), "{name}");
        }
        for name in ["", "a b", "a..b", "<script>", "%n%n%n", "ä"] {
            assert!(!is_dns_name(name), "{name}");
        }
    }
}
