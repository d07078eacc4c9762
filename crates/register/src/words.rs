//! The program's own words (names of protocols, attributes, rules, reasons), held once for the whole process: a
//! register of some months repeats each of them a million times.

use std::sync::{LazyLock, PoisonError, RwLock};

use foldhash::HashSet;

/// Most words that are held, and their longest in octets. They are never given back; the program has some thousand of
/// them, and a register that holds others (a newer program wrote it, or somebody else) cannot fill memory with them.
const WORDS_MAX: usize = 16_384;
const WORD_OCTETS_MAX: usize = 64;

static WORDS: LazyLock<RwLock<HashSet<&'static str>>> = LazyLock::new(RwLock::default);

/// The word for good; `None` if it is too long, or there are too many.
pub(crate) fn held(word: &str) -> Option<&'static str> {
    if let Some(known) = WORDS.read().unwrap_or_else(PoisonError::into_inner).get(word) {
        return Some(known);
    }
    let mut words = WORDS.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = words.get(word) {
        return Some(known);
    }
    if word.len() > WORD_OCTETS_MAX || words.len() >= WORDS_MAX {
        return None;
    }
    let word: &'static str = Box::leak(word.into());
    words.insert(word);
    Some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_held_once_and_there_is_an_end_to_it() {
        let one = held("modbus").unwrap();
        assert!(std::ptr::eq(one, held(&String::from("modbus")).unwrap()));
        assert_eq!(held(&"x".repeat(WORD_OCTETS_MAX + 1)), None);
        let many = (0..=WORDS_MAX).filter(|number| held(&format!("word {number}")).is_some()).count();
        assert!(many <= WORDS_MAX, "{many}");
        assert_eq!(held("modbus"), Some(one), "what is known stays known");
        assert_eq!(held("one more"), None);
    }
}
