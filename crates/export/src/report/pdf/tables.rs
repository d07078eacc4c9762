//! Tables over sheets: heads again on each, rows that are higher than a sheet go on.

use super::super::drawing::Colour;
use super::super::page::{Cell, Table, column};
use super::flow::{Flow, LEADING, colour};
use super::sheets::{MARGIN, Mark, Meaning, Part};

const HEAD: Colour = Colour(0xe8, 0xed, 0xf2);

/// Lines of a column's head; the whole of it is in the HTML.
const HEAD_LINES_MAX: usize = 20;

/// Left within a cell.
const INSET: f32 = 2.0;

/// What a cell's text keeps free of its width: letters of one column never touch those of the next.
const FREE: f32 = 6.0;

/// Where a column stands.
#[derive(Clone, Copy)]
struct Spot {
    x: f32,
    width: f32,
    is_number: bool,
}

/// A row in lines.
struct Lines<'t> {
    cells: Vec<(&'t Cell, Vec<String>, Option<Part>)>,
}

impl Lines<'_> {
    fn count(&self) -> usize {
        self.cells.iter().map(|(_, lines, _)| lines.len()).max().unwrap_or(0)
    }
}

impl Flow<'_> {
    fn spots(&self, table: &Table) -> Vec<Spot> {
        let all: f32 = table.columns.iter().map(|column| f32::from(column.share)).sum::<f32>().max(1.0);
        let width = self.width();
        let mut x = MARGIN;
        let spots = table.columns.iter().map(|column| {
            let own = width * f32::from(column.share) / all;
            let spot = Spot { x, width: own, is_number: column.is_number };
            x += own;
            spot
        });
        spots.collect()
    }

    pub(super) fn table(&mut self, table: &Table) {
        let (size, padding) = (self.sizes.table, self.sizes.padding);
        let leading = size * LEADING;
        let part = self.part(self.section, Meaning::Table);
        let caption = self.part(part, Meaning::Caption);
        let spots = self.spots(table);
        let heads: Vec<Vec<String>> = table
            .columns
            .iter()
            .zip(&spots)
            .map(|(column, spot)| {
                let mut lines = self.letters.lines(column.head(), size, true, spot.width - FREE);
                if lines.len() > HEAD_LINES_MAX {
                    lines.truncate(HEAD_LINES_MAX);
                    lines.push("\u{2026}".to_owned());
                }
                lines
            })
            .collect();
        let head_lines = heads.iter().map(Vec::len).max().unwrap_or(1);
        // The caption is not left alone at the foot of a sheet.
        self.need(size * 1.5 * LEADING + lines_height(head_lines.saturating_add(2), leading, padding) + 4.0);
        self.lines(caption, table.caption(), size + 0.6, true, Colour::BLACK);
        let row = self.part(part, Meaning::Row);
        let parts: Vec<Part> = table.columns.iter().map(|_| self.part(row, Meaning::ColumnHead)).collect();
        self.head(&heads, &spots, Some(&parts));
        for cells in &table.rows {
            self.row(part, cells, &spots, &heads);
        }
        let (y, width) = (self.y, self.width());
        self.mark(Mark::Rule { x: MARGIN, y, width });
        self.y += 2.0;
    }

    /// The heads of the columns; without parts where they are there again for the eye.
    fn head(&mut self, heads: &[Vec<String>], spots: &[Spot], parts: Option<&[Part]>) {
        let (size, padding) = (self.sizes.table, self.sizes.padding);
        let leading = size * LEADING;
        let height = lines_height(heads.iter().map(Vec::len).max().unwrap_or(1), leading, padding);
        let (top, width) = (self.y, self.width());
        self.mark(Mark::Ground { x: MARGIN, y: top, width, height, colour: HEAD });
        for (at, (lines, spot)) in heads.iter().zip(spots).enumerate() {
            let part = parts.and_then(|parts| parts.get(at)).copied();
            let mut y = top + padding + size;
            for line in lines {
                let x = self.start(line, *spot, size, true);
                let text = line.clone();
                self.mark(Mark::Text { part, x, y, size, bold: true, colour: Colour::BLACK, text });
                y += leading;
            }
        }
        self.y = top + height;
    }

    fn start(&self, line: &str, spot: Spot, size: f32, bold: bool) -> f32 {
        if spot.is_number {
            spot.x + spot.width - (FREE - INSET) - self.letters.width(line, size, bold)
        } else {
            spot.x + INSET
        }
    }

    fn row(&mut self, table: Part, cells: &[Cell], spots: &[Spot], heads: &[Vec<String>]) {
        let (size, padding) = (self.sizes.table, self.sizes.padding);
        let leading = size * LEADING;
        let row = self.part(table, Meaning::Row);
        let mut laid = Vec::new();
        for (at, (cell, spot)) in cells.iter().zip(spots).enumerate() {
            let lines = self.letters.lines(cell.text(), size, false, spot.width - FREE);
            let meaning = if at == 0 { Meaning::RowHead } else { Meaning::Data };
            let mut part = self.part(row, meaning);
            if cell.link.is_some() && !cell.text().is_empty() {
                part = self.part(part, Meaning::Link);
            }
            laid.push((cell, lines, Some(part)));
        }
        let laid = Lines { cells: laid };
        let (mut at, count) = (0, laid.count());
        let mut is_fresh = false;
        while at < count {
            let left = count.saturating_sub(at);
            let fits = lines_that_fit(self.room(), leading, padding);
            // A row is kept together if half a sheet holds it.
            let together = lines_height(left, leading, padding) < 300.0;
            if !is_fresh && (fits == 0 || (fits < left && together)) {
                let wide = self.laid.sheets.last().is_some_and(|sheet| sheet.is_wide);
                self.new_sheet(wide);
                self.head(heads, spots, None);
                is_fresh = true;
                continue;
            }
            is_fresh = false;
            // Whatever the heads took, something of the row stands on each sheet.
            let fits = fits.max(1);
            let until = count.min(at.saturating_add(fits));
            self.some_lines(&laid, spots, at, until);
            at = until;
        }
    }

    /// Lines of a row from one to another.
    fn some_lines(&mut self, row: &Lines<'_>, spots: &[Spot], from: usize, until: usize) {
        let (size, padding) = (self.sizes.table, self.sizes.padding);
        let leading = size * LEADING;
        let (top, width) = (self.y, self.width());
        self.mark(Mark::Rule { x: MARGIN, y: top, width });
        for ((cell, lines, part), spot) in row.cells.iter().zip(spots) {
            let mut y = top + padding + size;
            for line in lines.iter().take(until).skip(from) {
                // A cell without text still is a cell for those who have it read to them.
                let text = if line.is_empty() { " ".to_owned() } else { line.clone() };
                let x = self.start(&text, *spot, size, false);
                let (part, colour) = (*part, colour(cell.tone));
                self.mark(Mark::Text { part, x, y, size, bold: false, colour, text });
                if let (Some(to), Some(part), false) = (&cell.link, part, line.is_empty()) {
                    let width = self.letters.width(line, size, false);
                    self.lead(part, x, y - size, width, leading, to, line);
                }
                y += leading;
            }
        }
        self.y = top + lines_height(until.saturating_sub(from), leading, padding);
    }

    /// Lines to sign on.
    pub(super) fn signatures(&mut self, lines: &[&str]) {
        let columns =
            vec![column("Role", 14), column("Name", 32), column("Date", 16), column("Signature", 38)];
        let rows = lines.iter().map(|line| {
            let mut row = vec![Cell::new(line)];
            row.extend(["", "", ""].map(Cell::new));
            row
        });
        let table = Table::new("Sign-off", columns, rows);
        let padding = std::mem::replace(&mut self.sizes.padding, 3.6);
        self.need(70.0);
        self.table(&table);
        self.sizes.padding = padding;
    }
}

fn lines_height(lines: usize, leading: f32, padding: f32) -> f32 {
    f32::from(u16::try_from(lines).unwrap_or(u16::MAX)) * leading + 2.0 * padding
}

fn lines_that_fit(room: f32, leading: f32, padding: f32) -> usize {
    let mut lines = 0_usize;
    while lines_height(lines.saturating_add(1), leading, padding) <= room && lines < 500 {
        lines = lines.saturating_add(1);
    }
    lines
}
