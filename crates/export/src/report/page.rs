//! What a report is made of, before it is HTML or PDF: sections of headings, sentences, tables and drawings.
//!
//! Every text goes through [`shown`], so both forms show the same and neither can be made to act.

use super::drawing::Drawing;
use crate::safe_text;

/// Most characters of a text that is shown; what is beyond is counted, not dropped in silence.
pub(crate) const TEXT_CHARS_MAX: usize = 600;

/// A text as a report shows it: what acts is written out, and what is too long ends with how much is missing.
pub(crate) fn shown(text: &str) -> String {
    let safe = safe_text(text);
    let mut characters = safe.char_indices();
    match characters.nth(TEXT_CHARS_MAX) {
        None => safe.into_owned(),
        Some((at, _)) => {
            let more = characters.count().saturating_add(1);
            format!("{}… ({more} more characters)", safe.get(..at).unwrap_or_default())
        }
    }
}

/// How a cell is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it is.
    #[default]
    Plain,
    /// All is there.
    Good,
    /// To look at.
    Notice,
    /// To act on.
    Warning,
    /// Nobody has said it: a gap that counts.
    Missing,
}

/// A text of a table, perhaps a link to a section of the report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    pub(crate) link: Option<String>,
    pub(crate) tone: Tone,
}

impl Cell {
    pub(crate) fn new(text: impl AsRef<str>) -> Self {
        Self { text: shown(text.as_ref()), link: None, tone: Tone::Plain }
    }

    /// A number.
    pub(crate) fn count(number: impl ToString) -> Self {
        Self::new(number.to_string())
    }

    /// What people wrote, or that nobody did.
    pub(crate) fn said(text: &str) -> Self {
        if text.is_empty() {
            Self { tone: Tone::Missing, ..Self::new(inventory::fields::NOT_ASSESSED) }
        } else {
            Self::new(text)
        }
    }

    /// A link to the section with this id.
    pub(crate) fn linked(self, to: Option<String>) -> Self {
        Self { link: to, ..self }
    }

    pub(crate) fn toned(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    head: String,
    /// Its share of the width.
    pub(crate) share: u16,
    /// Numbers stand at the right.
    pub(crate) is_number: bool,
}

impl Column {
    pub(crate) fn head(&self) -> &str {
        &self.head
    }
}

pub(crate) fn column(head: impl AsRef<str>, share: u16) -> Column {
    Column { head: shown(head.as_ref()), share, is_number: false }
}

pub(crate) fn number_column(head: impl AsRef<str>, share: u16) -> Column {
    Column { is_number: true, ..column(head, share) }
}

/// A table. The first cell of each row is its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    caption: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// Most rows of a table: more is no reading matter. Lists of the command line and the workbook have all.
pub(crate) const ROWS_MAX: usize = 1_000;

impl Table {
    /// A table of the first [`ROWS_MAX`] rows; the caption says how many more there are.
    pub(crate) fn new(
        caption: impl AsRef<str>,
        columns: Vec<Column>,
        rows: impl IntoIterator<Item = Vec<Cell>>,
    ) -> Self {
        Self::up_to(ROWS_MAX, caption, columns, rows)
    }

    /// A table of the first rows; the caption says how many more there are.
    pub(crate) fn up_to(
        most: usize,
        caption: impl AsRef<str>,
        columns: Vec<Column>,
        rows: impl IntoIterator<Item = Vec<Cell>>,
    ) -> Self {
        let mut all = rows.into_iter();
        let rows: Vec<Vec<Cell>> = all.by_ref().take(most).collect();
        let more = match all.count() {
            0 => String::new(),
            more => format!("; the first {most} here, {more} left out"),
        };
        Self { caption: shown(&format!("{}{more}", caption.as_ref())), columns, rows }
    }

    pub(crate) fn caption(&self) -> &str {
        &self.caption
    }
}

/// One of the figures that a person looks at first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    pub(crate) value: String,
    pub(crate) label: String,
    /// How it is counted.
    pub(crate) formula: String,
    /// Since when, and by how much.
    pub(crate) change: String,
}

/// A part of a section.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Block {
    /// A sentence or several.
    Paragraph(String),
    /// What must be known to read what stands before it, in smaller letters.
    Note(String),
    /// Sentences of equal weight.
    List(Vec<String>),
    /// Name and value pairs.
    Facts(Vec<(String, Cell)>),
    /// The figures.
    Numbers(Vec<Number>),
    /// A heading within the section.
    Heading(String),
    /// A table.
    Table(Table),
    /// A drawing, and in words what it shows.
    Drawing(Drawing),
    /// Lines to sign on.
    Signatures(Vec<&'static str>),
}

/// The text as a sentence that another may follow.
pub(crate) fn sentence(text: &str) -> String {
    let text = text.trim_end();
    let stop = if text.is_empty() || text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{text}{stop}")
}

pub(crate) fn paragraph(text: impl AsRef<str>) -> Block {
    Block::Paragraph(safe_text(text.as_ref()).into_owned())
}

pub(crate) fn note(text: impl AsRef<str>) -> Block {
    Block::Note(safe_text(text.as_ref()).into_owned())
}

pub(crate) fn heading(text: impl AsRef<str>) -> Block {
    Block::Heading(shown(text.as_ref()))
}

pub(crate) fn list<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Block {
    Block::List(texts.into_iter().map(|text| shown(text.as_ref())).collect())
}

pub(crate) fn facts<K: AsRef<str>>(pairs: impl IntoIterator<Item = (K, Cell)>) -> Block {
    Block::Facts(pairs.into_iter().map(|(name, value)| (shown(name.as_ref()), value)).collect())
}

/// What a section looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The page for the auditor: small letters, all on one sheet as far as it goes.
    Front,
    /// Begins a page.
    #[default]
    Chapter,
    /// Begins a page of its own, on its long side.
    Wide,
    /// Goes on after what is before it: one asset.
    Entry,
}

/// A part of the report that can be linked to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Section {
    /// Letters, digits and dashes.
    pub(crate) id: String,
    title: String,
    pub(crate) kind: Kind,
    pub(crate) blocks: Vec<Block>,
}

impl Section {
    pub(crate) fn new(id: impl Into<String>, title: impl AsRef<str>, kind: Kind, blocks: Vec<Block>) -> Self {
        Self { id: id.into(), title: shown(title.as_ref()), kind, blocks }
    }

    pub(crate) fn title(&self) -> &str {
        &self.title
    }
}

/// A report.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pages {
    pub(crate) title: String,
    /// At the head of each printed page; ASCII letters, digits and marks that mean nothing to a style sheet.
    pub(crate) running: String,
    pub(crate) sections: Vec<Section>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_says_how_much_is_missing() {
        assert_eq!(shown("a\u{202e}b"), "a\\u{202e}b");
        let long = "ä".repeat(TEXT_CHARS_MAX + 7);
        let cut = shown(&long);
        assert!(cut.ends_with("ä… (7 more characters)"), "{cut}");
        assert_eq!(shown(&"b".repeat(TEXT_CHARS_MAX)).len(), TEXT_CHARS_MAX);
    }

    #[test]
    fn a_table_says_how_many_rows_it_leaves_out() {
        let rows = |count: usize| (0..count).map(|at| vec![Cell::count(at)]);
        let whole = Table::new("Findings: 1000", Vec::new(), rows(ROWS_MAX));
        assert_eq!((whole.caption(), whole.rows.len()), ("Findings: 1000", ROWS_MAX));
        let cut = Table::up_to(2, "Findings: 5", Vec::new(), rows(5));
        assert_eq!((cut.caption(), cut.rows.len()), ("Findings: 5; the first 2 here, 3 left out", 2));
    }

    #[test]
    fn a_sentence_ends() {
        assert_eq!(sentence("Halls 1 to 4 "), "Halls 1 to 4.");
        assert_eq!(sentence("All of it."), "All of it.");
        assert_eq!(sentence(""), "");
    }

    #[test]
    fn what_nobody_said_is_a_gap_and_not_empty() {
        assert_eq!(Cell::said("").text(), "Not assessed");
        assert_eq!(Cell::said("").tone, Tone::Missing);
        assert_eq!(Cell::said("Käthe").tone, Tone::Plain);
    }
}
