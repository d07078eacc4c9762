//! The sheet of the asset register: three bands, locked and free cells, what people may choose from, pages.

use std::ops::Range;

use inventory::fields::{Field, FieldKind, field_named};
use rust_xlsxwriter::{
    DataValidation, DataValidationErrorStyle, DataValidationRule, ExcelDateTime, ProtectionOptions, XlsxError,
};

use super::assets::{Register, VERSION_DIGITS};
use super::columns::{NAME, PRINTED_FIELDS, heads, in_order, order};
use super::page::{Band, Head, Page, ROW_LAST};
use super::state::digest;
use super::words::choices;
use crate::error::Result;

/// Empty lines below the table in which people list assets that the wire has not shown.
const FREE_ROWS: u32 = 200;

/// Columns that stay on the screen, at the left.
const FROZEN: u16 = 2;

/// Longest text that people may write, in characters: what the register keeps.
const TEXT_CHARS_MAX: u32 = 4096;

/// Writes the sheet; the line above the heads names the bands, so the heads are in the second line. Gives the version of
/// the whole register.
pub(super) fn write(page: &mut Page<'_>, state: &str, register: &Register<'_>) -> Result<String> {
    let order = order();
    let heads = in_order(heads(state), &order);
    let top = 1;
    let printed = printed(&heads);
    page.printed = printed.clone();
    let mut previous = None;
    for (column, head) in (0_u16..).zip(&heads) {
        let text = if column == printed.start {
            // Where paper begins.
            head.band.title()
        } else if column < printed.start || previous == Some(head.band) {
            ""
        } else if head.band == Band::Observed {
            "OBSERVED ON THE WIRE, MORE (locked)"
        } else {
            head.band.title()
        };
        if let Some(format) = page.styles.band(head.band) {
            page.sheet.write_string_with_format(0, column, text, format)?;
        }
        previous = Some(head.band);
    }
    page.row = top;
    page.make_table("AssetRegister", &heads, top, register.sorted.assets.len())?;
    page.heads(&heads)?;
    let mut versions = Vec::new();
    for (asset, identified) in &register.sorted.assets {
        let row = register.row(asset, identified)?;
        versions.push(row.version.clone());
        page.cells(&heads, &in_order(row.cells(), &order))?;
    }
    let end = page.row;
    if versions.is_empty() {
        page.row = page.row.saturating_add(1);
    }
    let last = page.row.saturating_add(FREE_ROWS).saturating_sub(1);
    for row in end..=last {
        page.sheet.set_row_format(row, page.styles.free())?;
    }
    validate(page, &heads, top.saturating_add(1), last)?;
    let hidden = u16::try_from(heads.len()).unwrap_or(u16::MAX).saturating_sub(2);
    page.sheet.set_column_hidden(hidden)?;
    page.sheet.set_column_hidden(hidden.saturating_add(1))?;
    // Whole columns: what people add below is printed too.
    page.sheet.set_print_area(0, printed.start, ROW_LAST, printed.end.saturating_sub(1))?;
    page.sheet.set_repeat_rows(0, top)?;
    page.sheet.set_freeze_panes(top.saturating_add(1), FROZEN)?;
    // No password: it keeps hands from slipping, not from changing. An import never takes locked cells over.
    page.sheet.protect_with_options(&ProtectionOptions {
        format_cells: true,
        format_columns: true,
        format_rows: true,
        sort: true,
        use_autofilter: true,
        ..ProtectionOptions::new()
    });
    let mut version = digest(&versions);
    version.truncate(VERSION_DIGITS);
    Ok(version)
}

/// The columns on paper: from the name to the last of people's that a print shows. The ID is left out, for it is long and
/// means nothing to a reader.
fn printed(heads: &[Head]) -> Range<u16> {
    let first = heads.iter().position(|head| head.title == NAME).unwrap_or_default();
    let people = heads.iter().position(|head| head.band == Band::People).unwrap_or_default();
    let end = people.saturating_add(PRINTED_FIELDS.len());
    let number = |column: usize| u16::try_from(column).unwrap_or(u16::MAX);
    number(first)..number(end)
}

fn validate(page: &mut Page<'_>, heads: &[Head], first: u32, last: u32) -> Result<()> {
    let columns = (0_u16..).zip(heads).filter(|(_, head)| head.band == Band::People);
    for (column, field) in columns.filter_map(|(column, head)| Some((column, field_named(&head.title)?))) {
        let rule = rule(field)?.set_error_style(DataValidationErrorStyle::Stop);
        page.sheet.add_data_validation(first, column, last, column, &rule)?;
    }
    Ok(())
}

/// What a field may hold, as a spreadsheet checks it.
fn rule(field: &'static Field) -> std::result::Result<DataValidation, XlsxError> {
    let rule = DataValidation::new().set_error_title(field.title)?;
    match field.kind {
        FieldKind::Text => rule
            .allow_text_length(DataValidationRule::LessThanOrEqualTo(TEXT_CHARS_MAX))
            .set_error_message("Text of at most 4096 characters."),
        FieldKind::Date => rule
            .allow_date(DataValidationRule::Between(
                ExcelDateTime::from_ymd(1900, 3, 1)?,
                ExcelDateTime::from_ymd(2999, 12, 31)?,
            ))
            .set_error_message("A day, such as 2026-01-31. Clear the cell for \"Not assessed\"."),
        FieldKind::Number => rule
            .allow_decimal_number(DataValidationRule::GreaterThanOrEqualTo(0.0))
            .set_error_message("A number from 0 on. Clear the cell for \"Not assessed\"."),
        FieldKind::YesNo | FieldKind::List(_) => rule
            .allow_list_strings(&choices(field).unwrap_or_default())?
            .set_error_message("Choose one of the list. Clear the cell for \"Not assessed\"."),
    }
}
