//! How a sheet of the workbook is laid out: title, notes, a table with its head, and what it looks like on paper.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use observation::Time;
use rust_xlsxwriter::{
    Color, Format, FormatAlign, FormatBorder, Table, TableColumn, TableStyle, Worksheet, XlsxError,
};

use super::dates::{NANOS_PER_SECOND, day_serial, moment_serial};
use crate::cells::{FORMULA, cell_text};
use crate::safe_text;
use crate::time::printed;

/// Paper size of A4.
const A4: u8 = 9;

/// Most rows of one table; Excel holds 1,048,576, and titles and notes take some.
const ROWS_MAX: usize = 1_000_000;

/// The last row of a sheet.
pub(super) const ROW_LAST: u32 = 1_048_575;

/// Height of a line of text, in points.
const LINE_POINTS: f64 = 12.8;

/// Letters of 10 points that stand in the width of a digit of 11 points, in which widths are counted: a little fewer than
/// of usual text, so that no line is hidden.
const CHARS_PER_WIDTH: f64 = 1.2;

/// Most lines that a row is high; longer texts are in the cell all the same. Excel takes 409 points.
const LINES_MAX: usize = 28;

/// Most lines that a column needs which is on the screen only.
const LINES_ON_SCREEN: usize = 2;

/// Longest text in a header or footer of a page: Excel takes 255 characters for all three parts.
const MARGIN_CHARS_MAX: usize = 60;

/// Whose columns these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Band {
    /// What the wire says: locked.
    Observed,
    /// What people say: editable.
    People,
    /// How it is known: locked.
    Evidence,
}

impl Band {
    /// As the line above the heads names it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Observed => "OBSERVED ON THE WIRE (locked)",
            Self::People => "ASSIGNED BY PEOPLE (fill in)",
            Self::Evidence => "EVIDENCE (locked)",
        }
    }

    fn head_colour(self) -> Color {
        match self {
            Self::Observed => Color::RGB(0x1F_3864),
            Self::People => Color::RGB(0x7F_6000),
            Self::Evidence => Color::RGB(0x37_5623),
        }
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Text that stays text whatever it looks like.
    Text,
    /// A number of things.
    Number,
    /// A number that names something: a port.
    Port,
    /// A day.
    Day,
    /// A moment, UTC.
    Moment,
}

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    /// Text; never a formula.
    Text(String),
    /// A number.
    Number(f64),
    /// A day, as days since 1970-01-01.
    Day(i64),
    /// A moment.
    Moment(Time),
    /// Nothing, and the words that say why.
    Blank(&'static str),
}

impl Cell {
    /// A number of things.
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts beyond 2^53 lose their last digit in any spreadsheet"
    )]
    pub(super) fn count(count: u64) -> Self {
        Self::Number(count as f64)
    }

    /// Text, or words for nothing.
    pub(super) fn text(text: impl Into<String>, blank: &'static str) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Blank(blank) } else { Self::Text(text) }
    }

    /// A moment, or words for none.
    pub(super) fn moment(time: Option<Time>, blank: &'static str) -> Self {
        time.map_or(Self::Blank(blank), Self::Moment)
    }

    /// What [`crate::sheet`] reads of the cell.
    pub(super) fn read_back(&self) -> Cow<'_, str> {
        let read = match self {
            Self::Text(text) => match cell_text(text) {
                Cow::Borrowed(text) => return Cow::Borrowed(crate::sheet::plain(text)),
                Cow::Owned(text) => crate::sheet::plain(&text).to_owned(),
            },
            Self::Number(number) => number.to_string(),
            Self::Day(day) => printed(Time(day.saturating_mul(86_400 * NANOS_PER_SECOND)), "%Y-%m-%d"),
            Self::Moment(time) if time.0.rem_euclid(86_400 * NANOS_PER_SECOND) < NANOS_PER_SECOND => {
                printed(*time, "%Y-%m-%d")
            }
            Self::Moment(time) => printed(*time, "%Y-%m-%dT%H:%M:%SZ"),
            Self::Blank(words) => return Cow::Borrowed(words),
        };
        Cow::Owned(read)
    }
}

/// The head of a column.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) title: Cow<'static, str>,
    pub(super) kind: Kind,
    /// In characters.
    pub(super) width: f64,
    pub(super) band: Band,
}

/// The head of a column of a list that nobody fills in.
pub(super) fn head(title: &'static str, kind: Kind, width: u16) -> Head {
    Head { title: title.into(), kind, width: width.into(), band: Band::Observed }
}

/// Look of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Look {
    band: Band,
    kind: Kind,
    /// What happens to be nothing.
    is_blank: bool,
    /// Text that would begin a formula where the cell is typed again.
    is_guarded: bool,
}

/// Every format, made once.
pub(super) struct Styles {
    cells: BTreeMap<Look, Format>,
    heads: BTreeMap<Band, Format>,
    bands: BTreeMap<Band, Format>,
    title: Format,
    section: Format,
    note: Format,
    free: Format,
}

impl Styles {
    pub(super) fn new() -> Self {
        const BANDS: [Band; 3] = [Band::Observed, Band::People, Band::Evidence];
        let mut cells = BTreeMap::new();
        for band in BANDS {
            for kind in [Kind::Text, Kind::Number, Kind::Port, Kind::Day, Kind::Moment] {
                for (is_blank, is_guarded) in [(false, false), (true, false), (false, true)] {
                    let look = Look { band, kind, is_blank, is_guarded };
                    cells.insert(look, look.format());
                }
            }
        }
        let head = |band: Band| {
            Format::new()
                .set_bold()
                .set_font_size(10)
                .set_font_color(Color::White)
                .set_background_color(band.head_colour())
                .set_text_wrap()
                .set_align(FormatAlign::Top)
                .set_border(FormatBorder::Thin)
                .set_border_color(Color::White)
        };
        let label = |band: Band| {
            Format::new()
                .set_bold()
                .set_font_size(10)
                .set_font_color(Color::White)
                .set_background_color(band.head_colour())
        };
        Self {
            cells,
            heads: BANDS.map(|band| (band, head(band))).into(),
            bands: BANDS.map(|band| (band, label(band))).into(),
            title: Format::new().set_bold().set_font_size(16),
            section: Format::new().set_bold().set_font_size(12),
            note: Format::new().set_font_size(10).set_font_color(Color::RGB(0x40_4040)),
            free: Format::new().set_unlocked().set_num_format("@").set_font_size(10).set_text_wrap(),
        }
    }

    fn cell(&self, look: Look) -> Option<&Format> {
        self.cells.get(&look)
    }

    pub(super) fn band(&self, band: Band) -> Option<&Format> {
        self.bands.get(&band)
    }

    /// Empty cells that people may fill in.
    pub(super) fn free(&self) -> &Format {
        &self.free
    }
}

impl Look {
    fn format(self) -> Format {
        let mut format = Format::new()
            .set_font_size(10)
            .set_align(FormatAlign::Top)
            .set_border_bottom(FormatBorder::Hair)
            .set_border_bottom_color(Color::RGB(0xA6_A6A6));
        format = match self.kind {
            Kind::Text => format.set_num_format("@").set_text_wrap(),
            // Not at the edge, where the text of the next column begins.
            Kind::Number => format.set_num_format("#,##0.######").set_align(FormatAlign::Right).set_indent(1),
            Kind::Port => format.set_num_format("0").set_align(FormatAlign::Left),
            Kind::Day => format.set_num_format("yyyy\\-mm\\-dd").set_align(FormatAlign::Left),
            Kind::Moment => format.set_num_format("yyyy\\-mm\\-dd\\ hh:mm:ss").set_align(FormatAlign::Left),
        };
        if self.is_blank {
            format = format.set_italic().set_font_color(Color::RGB(0x80_8080)).set_text_wrap();
        }
        if self.is_guarded {
            format = format.set_quote_prefix();
        }
        match self.band {
            Band::Observed => format,
            Band::People => format.set_background_color(Color::RGB(0xFF_F8DC)).set_unlocked(),
            Band::Evidence => format.set_background_color(Color::RGB(0xEE_F4EA)),
        }
    }
}

/// What stands at the top and bottom of every page.
#[derive(Clone, Debug, Default)]
pub(super) struct Margins {
    pub(super) site: String,
    pub(super) coverage: String,
    pub(super) made_by: String,
}

impl Margins {
    /// Puts head and foot on every page of a sheet.
    pub(super) fn put_on(&self, sheet: &mut Worksheet) {
        let name = margin(&sheet.name());
        let (site, coverage) = (margin(&self.site), margin(&self.coverage));
        sheet.set_header(format!("&L&B{name}&B&CSite: {site}&R{coverage}"));
        sheet.set_footer(format!("&L{}&RPage &P of &N", margin(&self.made_by)));
    }
}

/// A text in a header or footer: `&` begins a code there.
fn margin(text: &str) -> String {
    let text = safe_text(text);
    let short: String = text.chars().take(MARGIN_CHARS_MAX).collect();
    let cut = if short.len() < text.len() { "…" } else { "" };
    format!("{}{cut}", short.replace('&', "&&"))
}

/// A sheet that is being written, from the top down.
pub(super) struct Page<'b> {
    pub(super) sheet: &'b mut Worksheet,
    pub(super) styles: &'b Styles,
    pub(super) row: u32,
    /// Widths that are set, in characters.
    widths: BTreeMap<u16, f64>,
    /// The columns that are on paper; a row is as high as they need, and not much higher for others.
    pub(super) printed: Range<u16>,
}

impl<'b> Page<'b> {
    /// A sheet with its set-up for A4: landscape, one page wide.
    pub(super) fn new(sheet: &'b mut Worksheet, styles: &'b Styles, name: &str) -> Result<Self, XlsxError> {
        sheet.set_name(name)?;
        sheet.set_paper_size(A4).set_landscape().set_print_fit_to_pages(1, 0);
        sheet.set_margins(0.4, 0.4, 0.7, 0.6, 0.3, 0.3);
        Ok(Self { sheet, styles, row: 0, widths: BTreeMap::new(), printed: 0..u16::MAX })
    }

    /// The title of the sheet.
    pub(super) fn title(&mut self, text: &str) -> Result<(), XlsxError> {
        self.line(text, |styles| &styles.title)
    }

    /// The title of a part, with an empty line above.
    pub(super) fn section(&mut self, text: &str) -> Result<(), XlsxError> {
        self.row = self.row.saturating_add(1);
        self.line(text, |styles| &styles.section)
    }

    /// A line of explanation; it runs over the empty cells to its right.
    pub(super) fn note(&mut self, text: &str) -> Result<(), XlsxError> {
        self.line(text, |styles| &styles.note)
    }

    fn line(&mut self, text: &str, style: fn(&Styles) -> &Format) -> Result<(), XlsxError> {
        self.sheet.write_string_with_format(self.row, 0, cell_text(text), style(self.styles))?;
        self.row = self.row.saturating_add(1);
        Ok(())
    }

    /// A line of name and value.
    pub(super) fn pair(&mut self, name: &str, value: &str) -> Result<(), XlsxError> {
        self.sheet.write_string_with_format(self.row, 0, name, &self.styles.note.clone().set_bold())?;
        self.sheet.write_string_with_format(self.row, 1, cell_text(value), &self.styles.note)?;
        self.row = self.row.saturating_add(1);
        Ok(())
    }

    /// The only table of a sheet: its head stays on the screen and stands on every page.
    pub(super) fn only_table(
        &mut self,
        name: &str,
        heads: &[Head],
        rows: impl IntoIterator<Item = Vec<Cell>, IntoIter: ExactSizeIterator>,
        empty: &str,
    ) -> Result<(), XlsxError> {
        let top = self.row;
        self.sheet.set_freeze_panes(top.saturating_add(1), 1)?;
        self.sheet.set_repeat_rows(top, top)?;
        self.table(name, heads, rows, empty)
    }

    /// A table below what is there already.
    pub(super) fn table(
        &mut self,
        name: &str,
        heads: &[Head],
        rows: impl IntoIterator<Item = Vec<Cell>, IntoIter: ExactSizeIterator>,
        empty: &str,
    ) -> Result<(), XlsxError> {
        let rows = rows.into_iter();
        let count = rows.len();
        self.make_table(name, heads, self.row, count.min(ROWS_MAX))?;
        self.heads(heads)?;
        for row in rows.take(ROWS_MAX) {
            self.cells(heads, &row)?;
        }
        if count == 0 {
            self.sheet.write_string_with_format(self.row, 0, empty, &self.styles.note)?;
            self.row = self.row.saturating_add(1);
        }
        let left_out = count.saturating_sub(ROWS_MAX);
        if left_out > 0 {
            self.note(&format!("{left_out} more rows do not fit a sheet; the CSV exports hold all"))?;
        }
        Ok(())
    }

    /// Makes a table of a head and so many rows, before they are written: rows that were written cannot be changed.
    pub(super) fn make_table(
        &mut self,
        name: &str,
        heads: &[Head],
        top: u32,
        rows: usize,
    ) -> Result<(), XlsxError> {
        let columns: Vec<TableColumn> = heads
            .iter()
            .map(|head| {
                let column = TableColumn::new().set_header(&*head.title);
                match self.styles.heads.get(&head.band) {
                    Some(format) => column.set_header_format(format),
                    None => column,
                }
            })
            .collect();
        let table = Table::new().set_name(name).set_style(TableStyle::None).set_columns(&columns);
        let last = u16::try_from(heads.len().saturating_sub(1)).unwrap_or(u16::MAX);
        let rows = u32::try_from(rows.max(1)).unwrap_or(u32::MAX);
        self.sheet.add_table(top, 0, top.saturating_add(rows), last, &table)?;
        Ok(())
    }

    /// The line of heads, with the widths of the columns.
    pub(super) fn heads(&mut self, heads: &[Head]) -> Result<(), XlsxError> {
        for (column, head) in (0_u16..).zip(heads) {
            if !self.widths.contains_key(&column) {
                self.sheet.set_column_width(column, head.width)?;
                self.widths.insert(column, head.width);
            }
        }
        let lines = (0_u16..).zip(heads).map(|(column, head)| self.lines(column, &head.title)).max();
        self.height(lines.unwrap_or(1).max(2))?;
        self.row = self.row.saturating_add(1);
        Ok(())
    }

    /// A row of cells.
    pub(super) fn cells(&mut self, heads: &[Head], row: &[Cell]) -> Result<(), XlsxError> {
        let mut lines = 1;
        for ((column, head), cell) in (0_u16..).zip(heads).zip(row) {
            self.cell(column, head, cell)?;
            if let Cell::Text(text) = cell {
                let needed = self.lines(column, text);
                let is_printed = self.printed.contains(&column);
                lines = lines.max(if is_printed { needed } else { needed.min(LINES_ON_SCREEN) });
            }
        }
        self.height(lines)?;
        self.row = self.row.saturating_add(1);
        Ok(())
    }

    /// How many lines a text takes in a column. Not every program finds that out itself when it opens a file.
    fn lines(&self, column: u16, text: &str) -> usize {
        let width = self.widths.get(&column).copied().unwrap_or(8.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a width of at most 255")]
        let width = (width.max(2.0) * CHARS_PER_WIDTH) as usize;
        if text.len() <= width {
            return 1;
        }
        let (mut lines, mut used) = (1_usize, 0_usize);
        for word in text.split(' ') {
            let length = word.chars().count();
            if used > 0 && used.saturating_add(length) > width {
                lines = lines.saturating_add(1);
                used = 0;
            }
            used = used.saturating_add(length).saturating_add(1);
            lines = lines.saturating_add(used.saturating_sub(2).checked_div(width).unwrap_or(0));
            used = if used > width.saturating_add(1) { used.checked_rem(width).unwrap_or(0) } else { used };
            if lines >= LINES_MAX {
                return LINES_MAX;
            }
        }
        lines
    }

    /// Makes the line that is written next so many lines high.
    fn height(&mut self, lines: usize) -> Result<(), XlsxError> {
        if lines > 1 {
            let lines = u8::try_from(lines.min(LINES_MAX)).unwrap_or(u8::MAX);
            self.sheet.set_row_height(self.row, f64::from(lines) * LINE_POINTS + 2.0)?;
        }
        Ok(())
    }

    fn cell(&mut self, column: u16, head: &Head, cell: &Cell) -> Result<(), XlsxError> {
        let mut look = Look { band: head.band, kind: head.kind, is_blank: false, is_guarded: false };
        let as_text = match cell {
            Cell::Text(text) => Some(cell_text(text)),
            Cell::Blank(words) => {
                look.is_blank = true;
                Some(Cow::Borrowed(*words))
            }
            Cell::Number(_) => None,
            // Before the calendar of spreadsheets begins there is text only.
            Cell::Day(day) => day_serial(*day).is_none().then(|| cell.read_back()),
            Cell::Moment(time) => moment_serial(*time).is_none().then(|| cell.read_back()),
        };
        if let Some(text) = as_text {
            look.is_guarded = !look.is_blank && text.trim_start_matches(' ').starts_with(FORMULA);
            let Some(format) = self.styles.cell(look) else { return Ok(()) };
            self.sheet.write_string_with_format(self.row, column, text, format)?;
            return Ok(());
        }
        let number = match cell {
            Cell::Number(number) => Some(*number),
            Cell::Day(day) => day_serial(*day),
            Cell::Moment(time) => moment_serial(*time),
            Cell::Text(_) | Cell::Blank(_) => None,
        };
        if let (Some(number), Some(format)) = (number, self.styles.cell(look)) {
            self.sheet.write_number_with_format(self.row, column, number, format)?;
        }
        Ok(())
    }
}
