//! Names of makers and products, in a form in which they can be compared.

/// Words of a maker's name that say nothing of who it is.
const VENDOR_NOISE: [&str; 16] = [
    "ag",
    "inc",
    "gmbh",
    "co",
    "kg",
    "ltd",
    "llc",
    "corporation",
    "corp",
    "software",
    "electronics",
    "automation",
    "electric",
    "technologies",
    "the",
    "and",
];

/// Words of a product's name that another spelling leaves out: brands, and what a CPU is anyway.
const PRODUCT_NOISE: [&str; 28] = [
    "simatic",
    "modicon",
    "allen",
    "bradley",
    "rockwell",
    "automation",
    "siemens",
    "schneider",
    "electric",
    "sysmac",
    "omron",
    "series",
    "controller",
    "controllers",
    "family",
    "cpus",
    "with",
    "firmware",
    "the",
    "relay",
    "protection",
    "feeder",
    "generator",
    "transformer",
    "switch",
    "managed",
    "plc",
    "processors",
];

/// The words of a maker's name that tell who it is, in small letters: `siemens`, `schneider`.
pub(crate) fn vendor_words(vendor: &str) -> Vec<String> {
    let words = words(vendor);
    words.into_iter().filter(|word| word.len() > 1 && !VENDOR_NOISE.contains(&word.as_str())).collect()
}

/// True if two makers may be one: they share a word that tells who they are, or one of them is not known.
pub(crate) fn may_be_one(left: &[String], right: &[String]) -> bool {
    left.is_empty() || right.is_empty() || left.iter().any(|word| right.contains(word))
}

/// Runs of letters and digits, in small letters.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|one: char| !one.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The words of a product's name without brands and without what stands in brackets behind it.
pub(crate) fn product_words(name: &str) -> Vec<String> {
    let plain = without_brackets(name);
    words(&plain).into_iter().filter(|word| !PRODUCT_NOISE.contains(&word.as_str())).collect()
}

/// The text without `(…)`: order numbers, `incl. SIPLUS variants`, `signed version`.
pub(crate) fn without_brackets(text: &str) -> String {
    let mut depth = 0_usize;
    let mut plain = String::new();
    for one in text.chars() {
        match one {
            '(' => depth = depth.saturating_add(1),
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => plain.push(one),
            _ => {}
        }
    }
    plain
}

/// An order number without blanks, in capitals: makers print them with and without.
pub(crate) fn number(text: &str) -> String {
    text.chars().filter(|one| !one.is_whitespace()).flat_map(char::to_uppercase).collect()
}

/// Order numbers that stand in a name: Siemens' (`6ES7315-2EH14-0AB0`, `6GK5…`, `6AG1…`), and nothing else that would only
/// look like one.
pub(crate) fn order_numbers_in(name: &str) -> Vec<String> {
    let separators = |one: char| !(one.is_ascii_alphanumeric() || one == '-');
    let is_one = |word: &&str| {
        let starts = ["6ES7", "6GK", "6AG1", "6AG2", "6AT8", "6SL3", "6AV", "6FC5", "6ED1", "6NH"];
        word.len() >= 12 && word.contains('-') && starts.iter().any(|start| word.starts_with(start))
    };
    name.to_uppercase().split(separators).filter(is_one).map(number).collect()
}

/// Catalogue numbers with a hyphen that stand in a name, without series: `1756-EN2T`.
pub(crate) fn catalogue_numbers(name: &str) -> Vec<String> {
    let plain = without_brackets(name).to_uppercase();
    let words = plain.split(|one: char| one.is_whitespace() || matches!(one, ',' | ';' | '/'));
    let is_one = |word: &&str| {
        word.len() >= 7
            && word.contains('-')
            && word.chars().any(|one| one.is_ascii_digit())
            && is_plain(word)
    };
    words.filter(is_one).map(str::to_owned).collect()
}

fn is_plain(word: &str) -> bool {
    word.chars().all(|one| one.is_ascii_alphanumeric() || one == '-')
}

/// Patterns of numbers that stand in a name: `CJ2M-CPU**`, `CJ2M-CPU[][]`, `BMXP34*`, `140CPU65xxxxx`.
pub(crate) fn patterns_in(name: &str) -> Vec<String> {
    let words = name.split(|one: char| one.is_whitespace() || matches!(one, ',' | ';' | '(' | ')'));
    let pattern = |word: &str| {
        let pattern = number(&word.replace("[]", "?")).replace("XX", "??").replace("?X", "??");
        let is_one = pattern.len() >= 5
            && (pattern.contains('*') || pattern.contains('?'))
            && pattern.chars().filter(|one| one.is_ascii_alphanumeric()).count() >= 4
            && pattern.chars().any(|one| one.is_ascii_digit());
        is_one.then_some(pattern)
    };
    words.filter_map(pattern).collect()
}

/// A catalogue number with its series: `1756-EN2T/D`, `1756-EN2T Series A/B/C`, `MicroLogix 1400 B/C`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Catalogue {
    /// The name without the series, as words.
    pub(crate) words: Vec<String>,
    /// The series; empty if none is named.
    pub(crate) series: Vec<String>,
}

impl Catalogue {
    /// Takes a name apart. Only single letters behind the last word are series.
    pub(crate) fn of(name: &str) -> Self {
        let is_series_named = words(name).iter().any(|word| word == "series");
        let mut words = product_words(name);
        let mut series = Vec::new();
        while let Some(last) = words.last() {
            let is_letter = last.len() == 1 && last.chars().all(|one| one.is_ascii_alphabetic());
            let joins = matches!(last.as_str(), "and" | "or") && (is_series_named || !series.is_empty());
            // A letter after a slash or the word Series, not any letter that ends a name.
            let is_told =
                is_series_named || name.to_lowercase().contains(&format!("/{last}")) || !series.is_empty();
            if !(joins || is_letter && is_told && words.len() > 1) {
                break;
            }
            if let Some(word) = words.pop().filter(|_| is_letter) {
                series.push(word);
            }
        }
        series.sort();
        if words.last().is_some_and(|word| word == "all") && is_series_named {
            words.pop();
        }
        Self { words, series }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makers_are_told_by_their_own_words() {
        let one = |left, right| may_be_one(&vendor_words(left), &vendor_words(right));
        assert!(one("Siemens AG", "Siemens"));
        assert!(one("Rockwell Automation/Allen-Bradley", "Rockwell Automation "));
        assert!(one("Schneider Electric", "Schneider Electric Software, LLC"));
        assert!(one("WAGO", "ABB, Phoenix Contact, Schneider Electric, Siemens, and WAGO"));
        assert!(!one("Schneider Electric", "Mitsubishi Electric"));
        assert!(!one("Rockwell Automation", "Hirschmann Automation and Control"));
        assert!(one("", "Siemens"), "not known");
    }

    #[test]
    fn order_numbers_are_found_in_names() {
        let found = order_numbers_in("SIMATIC S7-300 CPU 315-2 PN/DP (6ES7315-2EH14-0AB0)");
        assert_eq!(found, ["6ES7315-2EH14-0AB0"]);
        assert!(order_numbers_in("SIMATIC S7-300 CPU 315-2 PN/DP").is_empty());
        assert_eq!(number("6ES7 315-2EH14-0AB0"), "6ES7315-2EH14-0AB0");
    }

    #[test]
    fn catalogue_numbers_and_patterns_are_found_in_names() {
        assert_eq!(
            catalogue_numbers("1756 ControlLogix EtherNet/IP Communications Modules 1756-EN2T Series D"),
            ["1756-EN2T"]
        );
        assert_eq!(catalogue_numbers("1756-L61/B LOGIX5561"), ["1756-L61"]);
        assert_eq!(patterns_in("SYSMAC CJ2M-CPU[][]"), ["CJ2M-CPU??"]);
        assert_eq!(patterns_in("Modicon M340 CPU (part numbers BMXP34*)"), ["BMXP34*"]);
        assert_eq!(patterns_in("COPRO 140CPU65xxxxx"), ["140CPU65?????"]);
        assert!(patterns_in("SIMATIC S7-300 CPU family").is_empty());
    }

    #[test]
    fn series_are_told_from_names() {
        let of = |name| Catalogue::of(name);
        assert_eq!(of("1756-EN2T/D"), of("1756-EN2T Series D"));
        assert_eq!(of("1756-EN2T, Series A/B/C (signed version)").series, ["a", "b", "c"]);
        assert_eq!(of("1763-L16AWA Series A and B").series, ["a", "b"]);
        assert_eq!(of("MicroLogix 1400 Controllers Series B and C").words, ["micrologix", "1400"]);
        assert_eq!(of("MicroLogix 1400 B/C").series, ["b", "c"]);
        assert_eq!(of("MicroLogix 1400 All series").words, ["micrologix", "1400"]);
        assert_eq!(of("CPU 315-2 PN/DP").words, ["cpu", "315", "2", "pn", "dp"]);
    }
}
