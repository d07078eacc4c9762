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
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, Worksheet, XlsxError};

use crate::about::{About, Window};
use crate::error::Result;
use crate::filter::Filter;
use crate::json::Tool;
use crate::order::Sorted;
use assets::Register;
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
    let about = About::new(SCHEMA, &sorted, snapshot.as_of, tool, filter);
    writer.write_all(&build(snapshot, &register, &about)?)?;
    writer.flush()?;
    Ok(())
}

/// Most of the work is packing: this level takes half the time of the usual one, for a file that is a twentieth larger.
const PACKING: u8 = 3;

fn build(snapshot: &Snapshot, register: &Register<'_>, about: &About<'_>) -> Result<Vec<u8>> {
    let sorted = register.sorted;
    let mut book = Workbook::new();
    // The moment of writing would make every file another one.
    let properties = DocProperties::new()
        .set_title("Register of information and other associated assets")
        .set_subject("ISO/IEC 27001:2022 A.5.9")
        .set_creation_datetime(&ExcelDateTime::from_ymd(2000, 1, 1)?);
    book.set_properties(&properties).set_zip_compression_level(PACKING);
    let styles = Styles::new();
    let window = Window::of(sorted);
    let day = |time: &Option<String>| time.as_ref().map(|time| time.chars().take(10).collect::<String>());
    let coverage = match (day(&window.first), day(&window.last)) {
        (Some(first), Some(last)) => format!("Coverage {first} to {last} (UTC)"),
        _ => "Nothing observed".to_owned(),
    };
    // First, because its rows make the version that the first sheet and the foot of every page name.
    let (asset_register, version) =
        sheet(&mut book, &styles, REGISTER_SHEET, |page| grid::write(page, SCHEMA, register))?;
    let cover = cover(about, &window, snapshot, &version);
    type Write<'w> = Box<dyn FnOnce(&mut Page<'_>) -> std::result::Result<(), XlsxError> + 'w>;
    let others: [(&str, Write<'_>); 10] = [
        ("Summary", Box::new(|page| summary::summary(page, register, &cover))),
        ("Modules and slots", Box::new(|page| lists::modules(page, sorted))),
        (INTERFACES_SHEET, Box::new(|page| lists::interfaces(page, sorted))),
        ("Communications", Box::new(|page| traffic::communications(page, sorted))),
        ("External and remote", Box::new(|page| traffic::outside(page, register))),
        ("Changes", Box::new(|page| lists::changes(page, sorted, snapshot))),
        ("Unidentified", Box::new(|page| lists::unidentified(page, sorted))),
        ("Coverage and limits", Box::new(|page| coverage::coverage(page, sorted, snapshot))),
        ("Evidence manifest", Box::new(|page| coverage::evidence(page, sorted))),
        ("Controls and dictionary", Box::new(dictionary::dictionary)),
    ];
    let mut sheets = Vec::new();
    for (name, write) in others {
        sheets.push(sheet(&mut book, &styles, name, |page| Ok(write(page)?))?.0);
    }
    sheets.insert(1, asset_register);
    let margins = Margins {
        site: if window.sites.is_empty() { "none".to_owned() } else { window.sites.join(", ") },
        coverage,
        made_by: format!("{} {}, register version {version}", about.tool.name, about.tool.version),
    };
    for mut sheet in sheets {
        margins.put_on(&mut sheet);
        book.push_worksheet(sheet);
    }
    Ok(book.save_to_buffer()?)
}

/// A sheet that is written from the top down; what is written goes to a temporary file and not into memory.
fn sheet<T>(
    book: &mut Workbook,
    styles: &Styles,
    name: &str,
    write: impl FnOnce(&mut Page<'_>) -> Result<T>,
) -> Result<(Worksheet, T)> {
    let mut sheet = book.new_worksheet_with_low_memory()?;
    let made = write(&mut Page::new(&mut sheet, styles, name)?)?;
    Ok((sheet, made))
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
        (
            "As of",
            about.as_of.as_deref().map_or_else(|| "nothing observed".to_owned(), crate::about::whole_seconds),
        ),
        ("Coverage", window.words()),
        ("Sites", or_none(&window.sites)),
        ("Sensors", or_none(&window.sensors)),
        ("Filters", about.filters.words()),
        ("Zones", snapshot.policy.text()),
    ]
}
