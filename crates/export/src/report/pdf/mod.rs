//! The report as PDF: laid out here, written by `krilla`.
//!
//! `krilla` (which typst writes its documents with) takes glyphs, paths and a tree of meanings, and checks what it
//! writes against PDF/A-2a and PDF/UA-1. typst itself would have laid the pages out, and brings 299 crates for it
//! against 57; the report is headings, tables and boxes, which are 600 lines here.
//!
//! What has no glyph in the fonts, or needs letters that join or run to the left, is written as `\u{96fb}`; the HTML has
//! it as it is.

mod flow;
mod letters;
mod paint;
mod sheets;
mod tables;

use observation::Time;

use self::letters::Letters;
use super::page::Pages;
use crate::error::{Error, Result};
use crate::json::Tool;

/// The octets of the document.
///
/// # Errors
///
/// Fails if the document breaks a rule of PDF/A or PDF/UA that was not thought of.
pub(crate) fn document(pages: &Pages, tool: &Tool<'_>, as_of: Option<Time>) -> Result<Vec<u8>> {
    let letters = Letters::new().ok_or_else(|| Error::Pdf("the fonts are damaged".to_owned()))?;
    let laid = flow::lay_out(pages, &letters);
    paint::paint(pages, &laid, &letters, tool, as_of)
}
