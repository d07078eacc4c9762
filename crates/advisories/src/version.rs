//! Versions as makers write them, compared where they can be.

use std::cmp::Ordering;

/// A version: numbers, and what comes after them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// What stands before the numbers beside `V`: `R` of SEL's `R324-V2`; empty for most.
    line: String,
    /// The numbers, with how many digits they are written; `None` for an `X` that stands for any.
    numbers: Vec<Option<(u64, usize)>>,
    /// Service pack, update, patch, and other words with a number: in the order of writing.
    tail: Vec<(String, u64)>,
}

/// Most parts of a version; a longer text is none.
const PARTS_MAX: usize = 12;

/// Words after the numbers that say how far the version is patched, as they are compared.
const WORDS: [(&str, &str); 13] = [
    ("sp", "sp"),
    ("servicepack", "sp"),
    ("upd", "update"),
    ("update", "update"),
    ("hf", "hf"),
    ("hotfix", "hf"),
    ("patch", "patch"),
    ("p", "patch"),
    ("build", "build"),
    ("b", "build"),
    ("r", "r"),
    ("v", "v"),
    ("rev", "rev"),
];

impl Version {
    /// Reads a version; `None` if the text is not of the form of one.
    ///
    /// `V3.2.17`, `v.32.011`, `5.001`, `V4.8 SP5`, `V16 Update 3`, `R324-V2`, `V3.X.17`, `FW 2.9`, `01.02.29(09)`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        let mut rest = lower.as_str();
        for word in ["firmware", "version", "versions", "revision", "release", "hios", "fw"] {
            rest = rest.strip_prefix(word).map_or(rest, |rest| rest.trim_start_matches([' ', ':', '.', '-']));
        }
        let rest = rest.strip_prefix('v').map_or(rest, |rest| rest.trim_start_matches([' ', '.', ':']));
        let mut version = Self { line: String::new(), numbers: Vec::new(), tail: Vec::new() };
        let mut parts = parts(rest)?.into_iter().peekable();
        // SEL's R324-V2. Other letters begin the names of products: S7-1211.
        if let Some(Part::Word(word)) = parts.peek() {
            if word != "r" {
                return None;
            }
            version.line.clone_from(word);
            parts.next();
        }
        while let Some(part) = parts.next() {
            match part {
                Part::Number(number, digits) if version.tail.is_empty() => {
                    version.numbers.push(Some((number, digits)));
                }
                Part::Word(word) if word == "x" && version.tail.is_empty() && !version.numbers.is_empty() => {
                    version.numbers.push(None);
                }
                Part::Word(word) => {
                    let (_, known) = WORDS.iter().find(|(written, _)| *written == word)?;
                    match parts.next() {
                        Some(Part::Number(number, _)) => version.tail.push(((*known).to_owned(), number)),
                        _ => return None,
                    }
                }
                // A number after words that no word introduces.
                Part::Number(..) => return None,
            }
        }
        (!version.numbers.is_empty()).then_some(version)
    }

    /// True if it begins with all numbers of a bound and goes on: 4.5.3 and 4.5.
    pub(crate) fn is_begun_by(&self, bound: &Self) -> bool {
        let goes_on = |rest: &[Option<(u64, usize)>]| rest.iter().flatten().any(|(number, _)| *number > 0);
        let ends = self.numbers.get(bound.numbers.len()..).is_some_and(goes_on);
        ends && bound.tail.is_empty()
            && self
                .numbers
                .iter()
                .zip(&bound.numbers)
                .all(|(own, of)| own.zip(*of).is_none_or(|(own, of)| own.0 == of.0))
    }

    /// How it compares; `None` if the two are not of one form. Missing numbers are 0, and a word that is missing counts
    /// as 0 too: `V4.8` is before `V4.8 SP5`. An `X` equals every number.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        if self.line != other.line {
            return None;
        }
        let length = self.numbers.len().max(other.numbers.len());
        // Of two numbers, the second may be a decimal: is 2.70 before 2.9 or after it?
        let may_be_decimal = self.numbers.len() == 2 || other.numbers.len() == 2;
        for at in 0..length {
            let [left, right] =
                [self, other].map(|version| version.numbers.get(at).copied().unwrap_or(Some((0, 1))));
            if let (Some(left), Some(right)) = (left, right)
                && left.0 != right.0
            {
                let ordering = left.0.cmp(&right.0);
                return (at != 1 || !may_be_decimal || is_sure(left, right)).then_some(ordering);
            }
        }
        let mut words: Vec<&String> = Vec::new();
        for (word, _) in self.tail.iter().chain(&other.tail) {
            if !words.contains(&word) {
                words.push(word);
            }
        }
        // Words that only one of them has, beside others that only the other has, cannot be weighed against each other.
        let only = |one: &Self, other: &Self| {
            one.tail.iter().any(|(word, _)| other.tail.iter().all(|(known, _)| known != word))
        };
        if only(self, other) && only(other, self) {
            return None;
        }
        let [left, right] = [self, other].map(|version| {
            let of = |word: &&String| {
                version.tail.iter().find(|(known, _)| known == *word).map_or(0, |(_, number)| *number)
            };
            words.iter().map(of).collect::<Vec<_>>()
        });
        Some(left.cmp(&right))
    }
}

/// True if two different numbers after the first point compare alike as numbers and as decimals. Three digits with a zero
/// before (`11.003`) are a number that is filled up.
fn is_sure(left: (u64, usize), right: (u64, usize)) -> bool {
    let is_filled = |(value, digits): (u64, usize)| {
        digits >= 3
            && value.checked_ilog10().map_or(1, |log| log.saturating_add(1))
                < u32::try_from(digits).unwrap_or(u32::MAX)
    };
    if left.1 == right.1 || left.0 == 0 || right.0 == 0 || is_filled(left) || is_filled(right) {
        return true;
    }
    let decimal = |(value, digits): (u64, usize)| {
        let missing = left.1.max(right.1).saturating_sub(digits);
        value.saturating_mul(10_u64.saturating_pow(u32::try_from(missing).unwrap_or(u32::MAX)))
    };
    decimal(left).cmp(&decimal(right)) == left.0.cmp(&right.0)
}

enum Part {
    /// Its value and its digits.
    Number(u64, usize),
    Word(String),
}

/// Runs of digits and of letters; anything else separates. `None` if there is nothing, too much, or an odd character.
fn parts(text: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = text;
    let mut is_apart = false;
    while let Some(first) = rest.chars().next() {
        let digit = first.is_ascii_digit();
        if !digit && !first.is_ascii_alphabetic() {
            if !matches!(first, '.' | '-' | '_' | ' ' | '(' | ')' | '+' | ',' | '/') {
                return None;
            }
            is_apart |= first == ' ';
            rest = rest.get(first.len_utf8()..)?;
            continue;
        }
        let is_same = |one: char| if digit { one.is_ascii_digit() } else { one.is_ascii_alphabetic() };
        let end = rest.find(|one: char| !is_same(one)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        // "16 20" and "28 - 32" are two versions.
        if digit && matches!(parts.last(), Some(Part::Number(..))) && is_apart {
            return None;
        }
        parts.push(if digit {
            Part::Number(run.parse().ok()?, run.len())
        } else {
            Part::Word(run.to_owned())
        });
        rest = after;
        is_apart = false;
        if parts.len() > PARTS_MAX {
            return None;
        }
    }
    (!parts.is_empty()).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(left: &str, right: &str) -> Option<Ordering> {
        Version::parse(left).unwrap().compare(&Version::parse(right).unwrap())
    }

    #[test]
    fn versions_are_compared_by_number_not_by_text() {
        for (left, right) in [
            ("V3.2.6", "V3.2.17"),
            ("3.9.1", "V3.10.1"),
            ("32.011", "v.32.12"),
            ("11.2", "11.003"),
            ("2.70", "2.90"),
            ("V4.8", "V4.8 SP5"),
            ("V4.8 SP4", "V4.8 SP5"),
            ("V16", "V16 Update 3"),
            ("V14 SP1 Update 13", "V14 SP1 Upd 14"),
            ("R324-V1", "R324-V2"),
            ("R323-V9", "R324-V0"),
            ("01.02.29(09)", "01.02.29(10)"),
            ("V2.6.9", "V3.X.17"),
            ("V3.3.16", "V3.X.17"),
            ("V9.2 SP2", "V9.2 SP2 Upd1"),
            ("HiOS 07.0.02", "07.0.03"),
        ] {
            assert_eq!(compare(left, right), Some(Ordering::Less), "{left} {right}");
            assert_eq!(compare(right, left), Some(Ordering::Greater), "{right} {left}");
        }
        for (left, right) in [
            ("V2.0", "2"),
            ("v32.011", "32.11"),
            ("V3.2.17", "V3.X.17"),
            ("Version V4.4", "V4.4.0"),
            ("FW 2.9", "2.9"),
        ] {
            assert_eq!(compare(left, right), Some(Ordering::Equal), "{left} {right}");
        }
    }

    #[test]
    fn what_is_of_another_form_is_not_compared() {
        assert_eq!(compare("R324-V2", "2.0"), None);
        assert_eq!(compare("V2 SP1", "V2 Update 1"), None);
        assert_eq!(compare("2.70", "2.9"), None, "decimals or numbers");
        assert_eq!(compare("3.9", "3.10"), None);
        for text in [
            "",
            "S7-1211",
            "1766-L32AWA",
            "latest",
            "V",
            "X.17",
            "2 and above",
            "1.0; 2.0",
            "28 - 32",
            "PM554-TP-ETH",
            "*",
        ] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }
}
