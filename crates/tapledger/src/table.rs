//! Lists as tables: one line each, no wider than there is room for.
//!
//! Nothing wraps. What does not fit is cut (`…`), then whole columns are left out, the least needed first; the line
//! below says so. `--wide` shows everything.

use crate::terminal;

/// Characters that a column keeps even where there is no room.
const CHARS_MIN: usize = 12;

/// Characters of a column beside its cells: a blank on both sides and the border to the next.
const BESIDE: usize = 3;

/// Characters of the border before the first column.
const BORDER: usize = 1;

/// Before the address in the name of an asset, which must not be cut off: it tells assets of one name apart.
const AT: &str = " @ ";

/// A column of a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    title: &'static str,
    /// Longer cells are cut.
    chars_max: usize,
    /// The column that goes first for want of room has 1; 0 stays.
    leaves: u8,
}

/// A column that stays.
pub(crate) const fn column(title: &'static str, chars_max: usize) -> Column {
    Column { title, chars_max, leaves: 0 }
}

impl Column {
    /// The same column, the `number`th to be left out where there is no room.
    pub(crate) const fn leaves(self, number: u8) -> Self {
        Self { leaves: number, ..self }
    }
}

/// The table of a list within `room` characters, and what to say below it; with everything if there is no such limit.
pub(crate) fn list(columns: &[Column], rows: Vec<Vec<String>>, room: Option<usize>) -> (String, String) {
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|row| row.iter().map(|cell| export::safe_text(cell).into_owned()).collect())
        .collect();
    let Some(room) = room else {
        let titles: Vec<_> = columns.iter().map(|column| column.title).collect();
        return (terminal::lines(&titles, rows), String::new());
    };
    let mut shown = widths(columns, &rows);
    let total = |shown: &[Shown]| {
        shown.iter().fold(BORDER, |sum, one| sum.saturating_add(one.chars).saturating_add(BESIDE))
    };
    let mut left_out = Vec::new();
    while total(&shown) > room {
        let leaving = shown.iter().enumerate().filter(|(_, one)| one.column.leaves > 0);
        let Some((at, _)) = leaving.min_by_key(|(_, one)| one.column.leaves) else { break };
        left_out.push(shown.remove(at).column.title);
    }
    let mut excess = total(&shown).saturating_sub(room);
    while excess > 0 {
        let Some(widest) = shown.iter_mut().max_by_key(|one| one.chars).filter(|one| one.chars > CHARS_MIN)
        else {
            break;
        };
        widest.chars = widest.chars.saturating_sub(1);
        excess = excess.saturating_sub(1);
    }
    let mut is_cut = false;
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let cells = shown.iter().map(|one| {
                let cell = row.get(one.index).map(String::as_str).unwrap_or_default();
                let short = cut(cell, one.chars);
                is_cut |= short.is_some();
                short.unwrap_or_else(|| cell.to_owned())
            });
            cells.collect()
        })
        .collect();
    let titles: Vec<_> = shown.iter().map(|one| one.column.title).collect();
    (terminal::lines(&titles, rows), note(is_cut, &left_out))
}

/// A column that is shown, as wide as it may be.
struct Shown {
    column: Column,
    /// Which cell of a row.
    index: usize,
    chars: usize,
}

fn widths(columns: &[Column], rows: &[Vec<String>]) -> Vec<Shown> {
    let width = |(index, column): (usize, &Column)| {
        let cells = rows.iter().filter_map(|row| row.get(index)).map(|cell| cell.chars().count());
        let chars = cells.max().unwrap_or(0).min(column.chars_max).max(column.title.chars().count());
        Shown { column: *column, index, chars }
    };
    columns.iter().enumerate().map(width).collect()
}

/// The cell in so many characters, with `…` where it was cut; `None` if it has no more. The address at the end of a
/// name stays if there is room for it and some of the name.
fn cut(cell: &str, chars: usize) -> Option<String> {
    cell.char_indices().nth(chars)?;
    let (_, address) = cell.rfind(AT).map_or((cell, ""), |at| cell.split_at(at));
    let is_address = !address.trim_start_matches(AT).contains(' ');
    let kept = address.chars().count();
    let has_room = kept.saturating_mul(3) < chars.saturating_mul(2);
    let address = if is_address && has_room { address } else { "" };
    let room = chars.saturating_sub(address.chars().count()).saturating_sub(1);
    let mut short: String = cell.chars().take(room).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short.push_str(address);
    Some(short)
}

fn note(is_cut: bool, left_out: &[&str]) -> String {
    let cut = is_cut.then(|| "cells with … are cut".to_owned());
    let left_out = (!left_out.is_empty()).then(|| format!("no room for {}", left_out.join(", ")));
    let parts: Vec<_> = [cut, left_out].into_iter().flatten().collect();
    if parts.is_empty() { String::new() } else { format!("; {} (--wide shows all)", parts.join(", ")) }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use super::*;

    const COLUMNS: [Column; 4] = [
        column("asset", 38),
        column("vendor", 14).leaves(2),
        column("serial", 16),
        column("last", 10).leaves(1),
    ];

    fn rows() -> Vec<Vec<String>> {
        let rows = [
            ["Siemens AG 6ES7 317-2EK14-0AB0 @ 10.40.5.11", "Siemens AG", "S C-F1LAB0000011", "2026-01-05"],
            ["hmi @ 10.40.5.50", "", "", "2026-01-05"],
        ];
        rows.map(|row| row.map(str::to_owned).to_vec()).to_vec()
    }

    fn longest(text: &str) -> usize {
        text.lines().map(|line| line.chars().count()).max().unwrap()
    }

    #[test]
    fn with_room_long_cells_are_cut_and_the_note_says_so() {
        let (text, note) = list(&COLUMNS, rows(), Some(200));
        assert!(text.contains("Siemens AG 6ES7 317-2EK1… @ 10.40.5.11"), "{text}");
        assert!(text.contains("S C-F1LAB0000011"), "{text}");
        assert_eq!(note, "; cells with … are cut (--wide shows all)");
        assert_eq!(text.lines().count(), 2 + 2, "nothing wraps");
    }

    #[test]
    fn without_room_the_least_needed_columns_go_and_then_the_widest_shrink() {
        let (text, note) = list(&COLUMNS, rows(), Some(80));
        assert!(!text.contains("last") && text.contains("vendor"), "{text}");
        assert!(note.contains("no room for last ("), "{note}");
        assert!(longest(&text) <= 80, "{text}");
        let (text, note) = list(&COLUMNS, rows(), Some(50));
        assert!(note.contains("no room for last, vendor ("), "{note}");
        assert_eq!(longest(&text), 50, "{text}");
        assert!(text.contains("… @ 10.40.5.11"), "{text}");
        // Where there is no room at all, columns keep a little.
        let (text, _) = list(&COLUMNS, rows(), Some(1));
        assert_eq!(longest(&text), BORDER + 2 * (CHARS_MIN + BESIDE), "{text}");
        assert!(text.contains("Siemens AG…"), "{text}");
    }

    #[test]
    fn wide_shows_everything() {
        let (text, note) = list(&COLUMNS, rows(), None);
        assert!(text.contains("Siemens AG 6ES7 317-2EK14-0AB0 @ 10.40.5.11") && text.contains("2026-01-05"));
        assert_eq!(note, "");
    }

    #[test]
    fn what_would_act_is_written_out_before_it_is_cut() {
        let rows = vec![vec!["a\u{1b}[2J".to_owned()]];
        let (text, _) = list(&[column("asset", 4)], rows, Some(80));
        assert!(text.contains("a\\x1…") && !text.contains('\u{1b}'), "{text}");
    }
}
