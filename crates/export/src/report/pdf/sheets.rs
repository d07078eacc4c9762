//! Sheets of paper with what is on them, and what it means to those who have it read to them.

use std::collections::BTreeMap;

use super::super::drawing::{Colour, Drawing};

/// A4 in points.
pub(super) const SHORT: f32 = 595.28;
pub(super) const LONG: f32 = 841.89;
pub(super) const MARGIN: f32 = 36.0;
pub(super) const TOP: f32 = 40.0;
pub(super) const BOTTOM: f32 = 34.0;

/// What a part of the document is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Meaning {
    Section,
    /// Level and text.
    Heading(u16, String),
    Paragraph,
    List,
    Item,
    ItemBody,
    Table,
    Caption,
    Row,
    /// Of a column, or of a row.
    ColumnHead,
    RowHead,
    Data,
    Link,
    /// In words.
    Figure(String),
}

/// A part of the document; `0` is the whole.
pub(super) type Part = usize;

/// Something on a sheet. What has no part is there for the eye only.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Mark {
    Text {
        part: Option<Part>,
        x: f32,
        y: f32,
        size: f32,
        bold: bool,
        colour: Colour,
        text: String,
    },
    /// The number of the page on which a section begins, flush right.
    PageOf {
        part: Part,
        x: f32,
        y: f32,
        size: f32,
        section: String,
    },
    Rule {
        x: f32,
        y: f32,
        width: f32,
    },
    Ground {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
        colour: Colour,
    },
    Frame {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
    },
    Picture {
        part: Part,
        x: f32,
        y: f32,
        scale: f32,
        drawing: Box<Drawing>,
    },
}

/// A place that leads to a section.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Leads {
    pub(super) part: Part,
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) width: f32,
    pub(super) height: f32,
    pub(super) section: String,
    pub(super) text: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sheet {
    pub(super) is_wide: bool,
    pub(super) marks: Vec<Mark>,
    pub(super) leads: Vec<Leads>,
}

impl Sheet {
    pub(super) fn size(&self) -> (f32, f32) {
        if self.is_wide { (LONG, SHORT) } else { (SHORT, LONG) }
    }
}

/// An entry of the list that a viewer shows beside the pages.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outlined {
    pub(super) title: String,
    pub(super) sheet: usize,
    pub(super) y: f32,
    pub(super) inner: Vec<Outlined>,
}

/// A document on sheets.
#[derive(Debug, Default)]
pub(super) struct Laid {
    pub(super) sheets: Vec<Sheet>,
    /// What each part is, and the parts in it; the first is the whole.
    pub(super) parts: Vec<(Meaning, Vec<Part>)>,
    /// Sheet and height of each section.
    pub(super) places: BTreeMap<String, (usize, f32)>,
    pub(super) outline: Vec<Outlined>,
}
