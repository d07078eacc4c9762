//! Puts the sections of a report on sheets, top to bottom.

use super::super::drawing::Colour;
use super::super::page::{Block, Cell, Kind, Number, Pages, Section, Tone};
use super::letters::Letters;
use super::sheets::{BOTTOM, Laid, Leads, MARGIN, Mark, Meaning, Outlined, Part, Sheet, TOP};

/// Sizes of letters, in points.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub(super) text: f32,
    pub(super) note: f32,
    pub(super) table: f32,
    pub(super) heading: f32,
    /// Between blocks.
    pub(super) gap: f32,
    /// Within cells, above and below.
    pub(super) padding: f32,
}

const FRONT: Sizes = Sizes { text: 6.4, note: 5.5, table: 5.7, heading: 7.6, gap: 2.0, padding: 0.6 };
const INNER: Sizes = Sizes { text: 8.0, note: 7.0, table: 6.6, heading: 9.5, gap: 5.0, padding: 1.6 };

/// A chapter goes on below another if as much is left of the sheet.
const ROOM_OF_CHAPTER: f32 = 330.0;

/// Height of a line for the size of its letters.
pub(super) const LEADING: f32 = 1.22;

const GREY: Colour = Colour::GREY;

pub(super) fn colour(tone: Tone) -> Colour {
    match tone {
        Tone::Plain => Colour::BLACK,
        Tone::Good => Colour(0x1b, 0x6e, 0x2d),
        Tone::Notice => Colour(0x8a, 0x4b, 0x00),
        Tone::Warning => Colour(0xa8, 0x00, 0x16),
        Tone::Missing => Colour(0x6b, 0x4f, 0x00),
    }
}

pub(super) struct Flow<'l> {
    pub(super) letters: &'l Letters,
    pub(super) laid: Laid,
    pub(super) y: f32,
    pub(super) sizes: Sizes,
    /// The section that blocks go into.
    pub(super) section: Part,
    /// What the section before was.
    before: Option<Kind>,
}

/// Lays out a report.
pub(super) fn lay_out(pages: &Pages, letters: &Letters) -> Laid {
    let laid = Laid { parts: vec![(Meaning::Section, Vec::new())], ..Laid::default() };
    let mut flow = Flow { letters, laid, y: 0.0, sizes: INNER, section: 0, before: None };
    let mut is_listed = false;
    for section in &pages.sections {
        if section.kind != Kind::Front && !is_listed {
            is_listed = true;
            flow.contents(pages);
        }
        flow.section(section);
    }
    flow.laid
}

impl Flow<'_> {
    pub(super) fn part(&mut self, within: Part, meaning: Meaning) -> Part {
        let part = self.laid.parts.len();
        self.laid.parts.push((meaning, Vec::new()));
        if let Some((_, inner)) = self.laid.parts.get_mut(within) {
            inner.push(part);
        }
        part
    }

    pub(super) fn mark(&mut self, mark: Mark) {
        if let Some(sheet) = self.laid.sheets.last_mut() {
            sheet.marks.push(mark);
        }
    }

    /// Width and height of the sheet at hand.
    fn sheet(&self) -> (f32, f32) {
        self.laid.sheets.last().map_or((0.0, 0.0), Sheet::size)
    }

    pub(super) fn width(&self) -> f32 {
        self.sheet().0 - 2.0 * MARGIN
    }

    pub(super) fn room(&self) -> f32 {
        self.sheet().1 - BOTTOM - self.y
    }

    pub(super) fn new_sheet(&mut self, is_wide: bool) {
        self.laid.sheets.push(Sheet { is_wide, ..Sheet::default() });
        self.y = TOP;
    }

    /// Begins a sheet like the one at hand if less than `height` is left.
    pub(super) fn need(&mut self, height: f32) {
        if self.room() < height {
            let is_wide = self.laid.sheets.last().is_some_and(|sheet| sheet.is_wide);
            self.new_sheet(is_wide);
        }
    }

    fn contents(&mut self, pages: &Pages) {
        self.new_sheet(false);
        self.sizes = INNER;
        self.section = self.part(0, Meaning::Section);
        self.heading(2, "Contents", 13.0);
        let list = self.part(self.section, Meaning::List);
        for section in pages.sections.iter().filter(|section| section.kind != Kind::Entry) {
            let item = self.part(list, Meaning::Item);
            let body = self.part(item, Meaning::ItemBody);
            let link = self.part(body, Meaning::Link);
            self.need(14.0);
            let text = self.letters.written(section.title());
            let (y, width) = (self.y + 9.0, self.width());
            self.mark(Mark::Text {
                part: Some(link),
                x: MARGIN,
                y,
                size: 9.0,
                bold: false,
                colour: Colour::BLACK,
                text: text.clone(),
            });
            self.mark(Mark::PageOf {
                part: body,
                x: MARGIN + width,
                y,
                size: 9.0,
                section: section.id.clone(),
            });
            self.lead(link, MARGIN, self.y, width, 12.0, &section.id, &text);
            self.y += 14.0;
        }
        self.before = Some(Kind::Chapter);
    }

    #[expect(clippy::too_many_arguments, reason = "a rectangle, where it leads, and what it is")]
    pub(super) fn lead(&mut self, part: Part, x: f32, y: f32, width: f32, height: f32, to: &str, text: &str) {
        if let Some(sheet) = self.laid.sheets.last_mut() {
            let (section, text) = (to.to_owned(), text.to_owned());
            sheet.leads.push(Leads { part, x, y, width, height, section, text });
        }
    }

    fn section(&mut self, section: &Section) {
        let (level, size) = match section.kind {
            Kind::Front => (1, 13.0),
            Kind::Chapter | Kind::Wide => (2, 13.0),
            Kind::Entry => (3, 10.0),
        };
        self.sizes = if section.kind == Kind::Front { FRONT } else { INNER };
        if section.kind == Kind::Entry {
            self.need(90.0);
            self.y += 8.0;
            let (y, width) = (self.y, self.width());
            self.mark(Mark::Rule { x: MARGIN, y, width });
            self.y += 4.0;
        } else if section.kind == Kind::Chapter
            && self.before == Some(Kind::Chapter)
            && self.room() >= ROOM_OF_CHAPTER
        {
            self.y += 16.0;
        } else {
            self.new_sheet(section.kind == Kind::Wide);
        }
        self.before = Some(section.kind);
        self.section = self.part(0, Meaning::Section);
        let place = (self.laid.sheets.len().saturating_sub(1), self.y);
        self.laid.places.insert(section.id.clone(), place);
        let outlined = Outlined {
            title: self.letters.written(section.title()),
            sheet: place.0,
            y: place.1,
            inner: Vec::new(),
        };
        match self.laid.outline.last_mut() {
            Some(chapter) if section.kind == Kind::Entry => chapter.inner.push(outlined),
            _ => self.laid.outline.push(outlined),
        }
        self.heading(level, section.title(), size);
        for block in &section.blocks {
            self.block(block, level);
        }
    }

    fn heading(&mut self, level: u16, text: &str, size: f32) {
        let part = self.part(self.section, Meaning::Heading(level, self.letters.written(text)));
        self.lines(part, text, size, true, Colour::BLACK);
        self.y += 2.0;
    }

    /// Lines over the whole width.
    pub(super) fn lines(&mut self, part: Part, text: &str, size: f32, bold: bool, colour: Colour) {
        for line in self.letters.lines(text, size, bold, self.width()) {
            self.need(size * LEADING);
            let y = self.y + size;
            self.mark(Mark::Text { part: Some(part), x: MARGIN, y, size, bold, colour, text: line });
            self.y += size * LEADING;
        }
    }

    fn block(&mut self, block: &Block, level: u16) {
        let sizes = self.sizes;
        match block {
            Block::Paragraph(text) => {
                let part = self.part(self.section, Meaning::Paragraph);
                self.lines(part, text, sizes.text, false, Colour::BLACK);
            }
            Block::Note(text) => {
                let part = self.part(self.section, Meaning::Paragraph);
                self.lines(part, text, sizes.note, false, GREY);
            }
            Block::List(texts) => self.list(texts),
            Block::Facts(pairs) => self.facts(pairs),
            Block::Numbers(numbers) => self.numbers(numbers),
            Block::Heading(text) => {
                self.need(sizes.heading * 4.0);
                self.y += sizes.gap;
                self.heading(level.saturating_add(1), text, sizes.heading);
                return;
            }
            Block::Table(table) => self.table(table),
            Block::Drawing(drawing) => self.picture(drawing),
            Block::Signatures(lines) => self.signatures(lines),
        }
        self.y += sizes.gap;
    }

    fn list(&mut self, texts: &[String]) {
        let list = self.part(self.section, Meaning::List);
        let size = self.sizes.text;
        for text in texts {
            let item = self.part(list, Meaning::Item);
            let body = self.part(item, Meaning::ItemBody);
            self.lines(body, &format!("\u{2022} {text}"), size, false, Colour::BLACK);
        }
    }

    /// Pairs in two columns.
    fn facts(&mut self, pairs: &[(String, Cell)]) {
        let size = self.sizes.table + 0.3;
        let column = (self.width() - 10.0) / 2.0;
        let name_width = (column * 0.3).min(92.0);
        for row in pairs.chunks(2) {
            let laid: Vec<_> = row
                .iter()
                .map(|(name, cell)| {
                    let names = self.letters.lines(name, size, false, name_width - 4.0);
                    let values = self.letters.lines(cell.text(), size, false, column - name_width);
                    (names, values, cell)
                })
                .collect();
            let parts: Vec<Part> = laid.iter().map(|_| self.part(self.section, Meaning::Paragraph)).collect();
            let lines =
                laid.iter().map(|(names, values, _)| names.len().max(values.len())).max().unwrap_or(0);
            for line in 0..lines {
                self.need(size * LEADING);
                let y = self.y + size;
                for (at, ((names, values, cell), part)) in laid.iter().zip(&parts).enumerate() {
                    let left = if at == 0 { MARGIN } else { MARGIN + column + 10.0 };
                    let mut put = |x: f32, text: Option<&String>, colour: Colour| {
                        if let Some(text) = text.filter(|text| !text.is_empty()) {
                            let text = text.clone();
                            self.mark(Mark::Text {
                                part: Some(*part),
                                x,
                                y,
                                size,
                                bold: false,
                                colour,
                                text,
                            });
                        }
                    };
                    put(left, names.get(line), GREY);
                    put(left + name_width, values.get(line), colour(cell.tone));
                }
                self.y += size * LEADING;
            }
            self.y += self.sizes.padding;
        }
    }

    /// Three figures side by side.
    fn numbers(&mut self, numbers: &[Number]) {
        let list = self.part(self.section, Meaning::List);
        let (size, small) = (self.sizes.text, self.sizes.note);
        let column = (self.width() - 8.0) / 3.0;
        for row in numbers.chunks(3) {
            let inner = column - 8.0;
            let laid: Vec<_> = row
                .iter()
                .map(|number| {
                    let value_width = self.letters.width(&number.value, size * 1.9, true) + 4.0;
                    (
                        value_width,
                        self.letters.lines(&number.label, size, true, inner - value_width),
                        self.letters.lines(&number.change, small, false, inner),
                        self.letters.lines(&number.formula, small, false, inner),
                        number,
                    )
                })
                .collect();
            let head = size * 2.4;
            let height = laid
                .iter()
                .map(|(_, _, change, formula, _)| {
                    let lines = change.len().saturating_add(formula.len());
                    f32::from(u16::try_from(lines).unwrap_or(u16::MAX)) * small * LEADING + head + 3.0
                })
                .fold(0.0, f32::max);
            self.need(height + 3.0);
            let top = self.y;
            for (at, (value_width, label, change, formula, number)) in laid.into_iter().enumerate() {
                let item = self.part(list, Meaning::Item);
                let part = self.part(item, Meaning::ItemBody);
                let left = MARGIN + f32::from(u16::try_from(at).unwrap_or(0)) * (column + 4.0);
                self.mark(Mark::Frame { x: left, y: top, width: column, height });
                let text = |x: f32, y: f32, size: f32, bold: bool, colour: Colour, text: String| Mark::Text {
                    part: Some(part),
                    x,
                    y,
                    size,
                    bold,
                    colour,
                    text,
                };
                let value = self.letters.written(&number.value);
                self.mark(text(left + 4.0, top + size * 1.9, size * 1.9, true, Colour::BLACK, value));
                let mut y = top + if label.len() > 1 { size * 1.05 } else { size * 1.7 };
                for line in label {
                    self.mark(text(left + 4.0 + value_width, y, size, true, Colour::BLACK, line));
                    y += size * 1.1;
                }
                let mut y = top + head + small * 0.9;
                let change = change.into_iter().map(|line| (line, Colour::BLACK));
                for (line, colour) in change.chain(formula.into_iter().map(|line| (line, GREY))) {
                    self.mark(text(left + 4.0, y, small, false, colour, line));
                    y += small * LEADING;
                }
            }
            self.y = top + height + 3.0;
        }
    }

    fn picture(&mut self, drawing: &super::super::drawing::Drawing) {
        let words = format!("{}. {}", drawing.title, drawing.description);
        let caption = self.letters.lines(&words, self.sizes.note, false, self.width());
        let lines = f32::from(u16::try_from(caption.len()).unwrap_or(u16::MAX));
        let below = lines * self.sizes.note * LEADING + 6.0;
        let whole = self.sheet().1 - BOTTOM - TOP - 24.0 - below;
        let scale = (self.width() / drawing.width).min(whole / drawing.height).min(1.6);
        let height = drawing.height * scale;
        self.need(height + below);
        let part = self.part(self.section, Meaning::Figure(self.letters.written(&words)));
        let drawn = Box::new(drawing.clone());
        let y = self.y;
        self.mark(Mark::Picture { part, x: MARGIN, y, scale, drawing: drawn });
        self.y += height + 4.0;
        let part = self.part(self.section, Meaning::Paragraph);
        self.lines(part, &words, self.sizes.note, false, GREY);
    }
}
