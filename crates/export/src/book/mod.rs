//! The register as a workbook (XLSX) that an auditor reads and people fill in: eleven sheets, of which the asset register
//! comes back through [`plan`].
//!
//! # What it guarantees
//!
//! - The same snapshot gives the same octets: no clock is read, rows are sorted by id.
//! - Every text is a text cell and never a formula; nothing links out; there are no macros and no merged cells.
//! - What was exported and is read back unchanged changes nothing, whatever the texts are.
//! - Of the asset register only people's columns are read; edits of observed cells are told and ignored.

mod assets;
mod columns;
mod coverage;
mod dates;
mod dictionary;
mod grid;
mod heads;
mod known;
mod lists;
mod page;
mod peers;
mod plan;
mod state;
mod summary;
mod traffic;
mod words;

use std::io::Write;

use inventory::Snapshot;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};

use crate::about::{About, Window};
use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::json::Tool;
use crate::order::Sorted;
use assets::{Register, Row};
use page::{Margins, Page, Styles};

pub(crate) use columns::{ID, STATE_PREFIX};
pub use plan::{CellChange, Conflict, Ignored, NewAsset, Plan, is_register, plan};

/// Name and major version of what this writes; the head of a hidden column says it too.
pub const SCHEMA: &str = "tapledger.workbook/1";

/// The name of the sheet that comes back.
pub const REGISTER_SHEET: &str = "Asset register";

/// The name of the sheet that has every asset of the export.
pub(crate) const INTERFACES_SHEET: &str = "Interfaces";

/// Writes what a filter holds of the register as a workbook.
///
/// # Errors
///
/// Fails if `writer` does, if the register is more than a workbook holds, or if the snapshot refers to assets that it does
/// not hold.
pub fn write(snapshot: &Snapshot, tool: &Tool<'_>, filter: &Filter, mut writer: impl Write) -> Result<()> {
    let sorted = Sorted::filtered(snapshot, filter)?;
    let register = Register::new(snapshot, &sorted);
    let rows = sorted.assets.iter().map(|(asset, identified)| register.row(asset, identified));
    let rows = rows.collect::<Result<Vec<Row>>>()?;
    let mut version = state::digest(rows.iter().map(|row| row.version.as_str()));
    version.truncate(12);
    let about = About::new(SCHEMA, &sorted, snapshot.as_of, tool, filter);
    let octets = build(snapshot, &register, rows, &about, &version)
        .map_err(|error| Error::Workbook(error.to_string()))?;
    writer.write_all(&octets)?;
    writer.flush()?;
    Ok(())
}

fn build(
    snapshot: &Snapshot,
    register: &Register<'_>,
    rows: Vec<Row>,
    about: &About<'_>,
    version: &str,
) -> std::result::Result<Vec<u8>, XlsxError> {
    let sorted = register.sorted;
    let mut book = Workbook::new();
    // The moment of writing would make every file another one.
    let properties = DocProperties::new()
        .set_title("Register of information and other associated assets")
        .set_subject("ISO/IEC 27001:2022 A.5.9")
        .set_creation_datetime(&ExcelDateTime::from_ymd(2000, 1, 1)?);
    book.set_properties(&properties);
    let styles = Styles::new();
    let window = Window::of(sorted);
    let day = |time: &Option<String>| time.as_ref().map(|time| time.chars().take(10).collect::<String>());
    let coverage = match (day(&window.first), day(&window.last)) {
        (Some(first), Some(last)) => format!("Coverage {first} to {last} (UTC)"),
        _ => "Nothing observed".to_owned(),
    };
    let margins = Margins {
        site: if window.sites.is_empty() { "none".to_owned() } else { window.sites.join(", ") },
        coverage,
        made_by: format!("{} {}, register version {version}", about.tool.name, about.tool.version),
    };
    let cover = cover(about, &window, snapshot, version);
    summary::summary(&mut Page::new(&mut book, &styles, "Summary", &margins)?, register, &cover)?;
    grid::write(&mut Page::new(&mut book, &styles, REGISTER_SHEET, &margins)?, SCHEMA, rows)?;
    lists::modules(&mut Page::new(&mut book, &styles, "Modules and slots", &margins)?, sorted)?;
    lists::interfaces(&mut Page::new(&mut book, &styles, INTERFACES_SHEET, &margins)?, sorted)?;
    traffic::communications(&mut Page::new(&mut book, &styles, "Communications", &margins)?, sorted)?;
    traffic::outside(&mut Page::new(&mut book, &styles, "External and remote", &margins)?, register)?;
    lists::changes(&mut Page::new(&mut book, &styles, "Changes", &margins)?, sorted, snapshot)?;
    lists::unidentified(&mut Page::new(&mut book, &styles, "Unidentified", &margins)?, sorted)?;
    coverage::coverage(
        &mut Page::new(&mut book, &styles, "Coverage and limits", &margins)?,
        sorted,
        snapshot,
    )?;
    coverage::evidence(&mut Page::new(&mut book, &styles, "Evidence manifest", &margins)?, sorted)?;
    dictionary::dictionary(&mut Page::new(&mut book, &styles, "Controls and dictionary", &margins)?)?;
    book.save_to_buffer()
}

/// What the first sheet says of the whole.
fn cover(
    about: &About<'_>,
    window: &Window,
    snapshot: &Snapshot,
    version: &str,
) -> Vec<(&'static str, String)> {
    let or_none = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    vec![
        ("Schema", about.schema.to_owned()),
        ("Made by", format!("{} {}", about.tool.name, about.tool.version)),
        ("Register version", format!("{version} (of what the asset register holds)")),
        ("As of", about.as_of.clone().unwrap_or_else(|| "nothing observed".to_owned())),
        ("Coverage", window.words()),
        ("Sites", or_none(&window.sites)),
        ("Sensors", or_none(&window.sensors)),
        ("Filters", about.filters.words()),
        ("Zones", snapshot.policy.text()),
    ]
}
