//! The register as JSON: the contract `tapledger.register/1`.

mod asset;
mod change;
mod coverage;
mod document;
mod traffic;

use std::collections::BTreeSet;
use std::io::{BufWriter, Write};

use inventory::{Change, Finding, Snapshot};

use crate::about::About;
use crate::error::Result;
use crate::filter::Filter;
use crate::order::Sorted;
use document::document;

/// Name and major version of the contract.
pub const SCHEMA: &str = "tapledger.register/1";

/// Name and major version of the contract of [`write_lines`].
pub const LINES_SCHEMA: &str = "tapledger.lines/1";

/// The program that writes a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tool<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
}

/// A list of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `assets`.
    Assets,
    /// `conversations`.
    Conversations,
    /// `findings`.
    Findings,
    /// `changes`.
    Changes,
    /// `coverage`.
    Coverage,
}

/// Writes one list of the document as a JSON array, indented, with a line end after it; of the assets those with the
/// ids in `only`, if that is given.
///
/// # Errors
///
/// As [`write()`].
pub fn write_part(
    snapshot: &Snapshot,
    part: Part,
    only: Option<&BTreeSet<&str>>,
    writer: impl Write,
) -> Result<()> {
    let sorted = Sorted::new(snapshot)?;
    let mut writer = BufWriter::new(writer);
    document::write_part(snapshot, &sorted, part, only, &mut writer)?;
    writer.write_all(b"\n")?;
    writer.flush()?;
    Ok(())
}

/// Writes the changes as JSON lines: one object on each line, as they stand in the document.
///
/// # Errors
///
/// As [`write()`].
pub fn write_changes(snapshot: &Snapshot, writer: impl Write) -> Result<()> {
    let sorted = Sorted::new(snapshot)?;
    let mut writer = BufWriter::new(writer);
    document::write_changes(snapshot, &sorted, &mut writer)?;
    writer.flush()?;
    Ok(())
}

/// One change as it stands in the document, on one line.
pub(crate) fn change_text(sorted: &Sorted<'_>, snapshot: &Snapshot, change: &Change) -> Result<String> {
    Ok(serde_json::to_string(&change::change_out(sorted, snapshot, change))?)
}

/// One finding as it stands in the document, on one line.
pub(crate) fn finding_text(sorted: &Sorted<'_>, finding: &Finding) -> Result<String> {
    Ok(serde_json::to_string(&traffic::finding_out(sorted, finding))?)
}

/// Writes the snapshot as one JSON document, indented, with a line end after it.
///
/// # Errors
///
/// Fails if `writer` does, or if the snapshot refers to assets that it does not hold; then nothing is written.
pub fn write(snapshot: &Snapshot, tool: &Tool<'_>, writer: impl Write) -> Result<()> {
    write_filtered(snapshot, tool, &Filter::default(), writer)
}

/// Writes what a filter holds of the snapshot as one JSON document, indented, with a line end after it.
///
/// # Errors
///
/// As [`write()`].
pub fn write_filtered(
    snapshot: &Snapshot,
    tool: &Tool<'_>,
    filter: &Filter,
    writer: impl Write,
) -> Result<()> {
    let sorted = Sorted::filtered(snapshot, filter)?;
    let mut writer = BufWriter::new(writer);
    serde_json::to_writer_pretty(&mut writer, &document(snapshot, &sorted, tool, filter))?;
    writer.write_all(b"\n")?;
    writer.flush()?;
    Ok(())
}

/// Writes JSON Lines: on the first line what the export says of itself (`"type": "header"`), then one object on each
/// line, captures, assets, conversations and findings as they stand in the document, each with a field `type`.
///
/// # Errors
///
/// As [`write()`].
pub fn write_lines(snapshot: &Snapshot, tool: &Tool<'_>, filter: &Filter, writer: impl Write) -> Result<()> {
    let sorted = Sorted::filtered(snapshot, filter)?;
    let mut writer = BufWriter::new(writer);
    let about = About::new(LINES_SCHEMA, &sorted, snapshot.as_of, tool, filter);
    document::write_lines(&sorted, &about, &mut writer)?;
    writer.flush()?;
    Ok(())
}
