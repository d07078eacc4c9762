//! Words that the program gives to rows and reads back: names of protocols, attributes, rules, reasons.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};

/// Most words that are kept for the life of the process. All decoders together name some hundreds; only a register
/// that something else has written to can name more.
const WORDS_MAX: usize = 8192;

static WORDS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The word for the life of the process; `None` if there are too many already.
fn keep(word: &str) -> Option<&'static str> {
    let mut words = WORDS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = words.get(word) {
        return Some(known);
    }
    if words.len() >= WORDS_MAX {
        return None;
    }
    let kept: &'static str = Box::leak(word.into());
    words.insert(kept);
    Some(kept)
}

/// A word for a field that holds only what the program itself names.
///
/// # Errors
///
/// Fails if there are more such words than any program names.
pub(crate) fn fixed(word: &str) -> Result<&'static str> {
    keep(word).ok_or_else(|| Error::Damaged(format!("more than {WORDS_MAX} names of protocols and reasons")))
}

/// A word without an allocation for each row.
pub(crate) fn shared(word: &str) -> Cow<'static, str> {
    keep(word).map_or_else(|| Cow::Owned(word.to_owned()), Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_kept_once() {
        let word = String::from("electronic key");
        assert!(std::ptr::eq(fixed(&word).unwrap(), fixed("electronic key").unwrap()));
        assert!(matches!(shared(&word), Cow::Borrowed("electronic key")));
    }
}
