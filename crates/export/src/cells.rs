//! Cells of a table for people: safe in a spreadsheet, of a length that one takes.

use std::borrow::Cow;

use crate::safe_text;

/// Most characters in a cell: Excel's limit is 32,767, and what is cut is said.
const CELL_CHARS_MAX: usize = 32_000;

/// Between the parts of a list in one cell.
const SEPARATOR: &str = "; ";

/// What a spreadsheet reads as the beginning of a formula, or skips before one. The full-width forms count in
/// East Asian versions.
pub(crate) const FORMULA: [char; 11] =
    ['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// The text as a cell: an apostrophe before what would begin a formula, nothing in it that acts, not too long.
pub(crate) fn cell(text: &str) -> Cow<'_, str> {
    let mut cell = safe_text(text);
    // Excel drops blanks before a formula when a file is opened.
    if text.trim_start_matches(' ').starts_with(FORMULA) {
        cell.to_mut().insert(0, '\'');
    }
    if let Some(end) = end_of_cell(&cell) {
        let cell = cell.to_mut();
        cell.truncate(end);
        cell.push_str(" … (cut)");
    }
    cell
}

/// The text as a cell that is text whatever it begins with: nothing in it that acts, not too long.
pub(crate) fn cell_text(text: &str) -> Cow<'_, str> {
    let safe = safe_text(text);
    match end_of_cell(&safe) {
        Some(end) => format!("{} … (cut)", safe.get(..end).unwrap_or_default()).into(),
        None => safe,
    }
}

/// Where a text has to end that is too long for a cell.
fn end_of_cell(text: &str) -> Option<usize> {
    // As many octets at most are as many characters at most.
    if text.len() <= CELL_CHARS_MAX {
        return None;
    }
    text.char_indices().nth(CELL_CHARS_MAX).map(|(end, _)| end)
}

/// Several parts in one cell.
pub(crate) fn list<T: ToString>(parts: impl IntoIterator<Item = T>) -> String {
    let parts: Vec<String> = parts.into_iter().map(|part| part.to_string()).collect();
    parts.join(SEPARATOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_never_begins_as_a_formula() {
        for text in ["=1+1", "+49 30", "-5", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1"] {
            let cell = cell(text);
            assert!(cell.starts_with('\''), "{text:?} became {cell:?}");
            assert!(!cell.contains(['\t', '\r', '\n']));
        }
        assert_eq!(cell("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        for text in ["", "6ES7 315-2EH14-0AB0", "a=b", "'quoted", "10.0.0.1"] {
            assert_eq!(cell(text), text);
        }
    }

    #[test]
    fn a_cell_is_never_longer_than_a_spreadsheet_takes_and_says_what_was_cut() {
        assert_eq!(cell(&"ä".repeat(CELL_CHARS_MAX)).chars().count(), CELL_CHARS_MAX);
        let cut = cell(&"=ä".repeat(CELL_CHARS_MAX)).into_owned();
        assert!(cut.chars().count() < 32_767 && cut.starts_with('\'') && cut.ends_with("… (cut)"));
    }
}
